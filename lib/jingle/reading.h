/* reading.h: the parts of jingle_read(), each in a file of its own.
 *
 * Owns: nothing.  Threads: pure.  Errors: false: malformed, and `why` is set.
 */
#ifndef SOTTO_JINGLE_READING_H
#define SOTTO_JINGLE_READING_H

#include "jingle/jingle.h"
#include "jingle/token.h"

struct reading {
    struct arena *arena;
    unsigned left_out;
    enum err err;
    const char *why; /* NULL: all is well */
};

/* Always false, so that it can be returned. The first word counts. */
static inline bool reading_fails(struct reading *r, const char *why)
{
    if (r->why == NULL) {
        r->why = why;
        r->err = ERR_MALFORMED;
    }
    return false;
}

static inline bool reading_lacks(struct reading *r, const char *why)
{
    bool result = reading_fails(r, why);

    if (r->why == why)
        r->err = ERR_UNSUPPORTED;
    return result;
}

/* An attribute that may be absent: `otherwise` then. */
bool reading_number(struct reading *r, const struct xml_node *n, const char *name, uint64_t least,
                    uint64_t most, uint32_t otherwise, uint32_t *out, const char *why);
bool reading_senders(struct reading *r, const struct xml_node *n, enum jingle_senders *out);

bool reading_description(struct reading *r, const struct xml_node *n,
                         struct jingle_description *out);
bool reading_transport(struct reading *r, const struct xml_node *n, struct jingle_transport *out);

extern const char *const jingle_senders_names[4];
extern const char *const jingle_setup_names[3];

#endif
