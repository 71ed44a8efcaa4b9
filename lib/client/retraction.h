/* retraction.h: which entries of a chat lose their words because somebody took them back (XEP-0424): not hidden, gone.
 *
 * A store shows all entries of the chat twice: then it knows what corrects what, and which words go. By the rules of timeline.h:
 * only its author takes a message back, and nothing unsealed takes what was sealed. Of a message its corrections go, too, and the
 * quotes of it in answers. What comes later than its retraction is asked for by the names under which that is remembered.
 *
 * Owns: names.  Threads: pure.  Errors: none.
 */
#ifndef SOTTO_CLIENT_RETRACTION_H
#define SOTTO_CLIENT_RETRACTION_H

#include "base/map.h"
#include "client/entry.h"

struct correction_link;

struct retraction {
    struct arena arena;
    struct map names; /* of what is taken back; whether what was sealed is */
    struct correction_link *links;
};

void retraction_init(struct retraction *r,
                     const uint64_t seed[2]); /* against ids that are chosen to collide */
void retraction_deinit(struct retraction *r);
void retraction_add(struct retraction *r,
                    const struct entry *e); /* others than retractions: nothing */

/* The first pass, and its end. */
void retraction_learn(struct retraction *r, const struct entry *e);
void retraction_follow(struct retraction *r);
/* The second one. True: of this entry *out remains. */
bool retraction_takes(const struct retraction *r, const struct entry *e, struct entry *out);

/* What is to be remembered, after the first pass: by name, one octet. */
bool retraction_next(const struct retraction *r, size_t *cursor, struct str *out_name,
                     uint8_t *out_mark);
/* The names that an entry which comes later is to be asked for by; those that are remembered go into a retraction of its own. */
enum { RETRACTION_NAMES = 3 };
size_t retraction_names(struct arena *a, const struct entry *e, struct str out[RETRACTION_NAMES]);
void retraction_remember(struct retraction *r, struct str name, uint8_t mark);

#endif
