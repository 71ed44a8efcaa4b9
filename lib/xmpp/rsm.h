/* rsm.h: Result Set Management (XEP-0059): which page is asked for, and how the answer says it.
 *
 * Owns: nothing.  Threads: pure.  Errors: ERR_MALFORMED.
 */
#ifndef SOTTO_XMPP_RSM_H
#define SOTTO_XMPP_RSM_H

#include "xml/tree.h"

struct rsm {
    bool present;
    bool has_max, has_index;
    uint64_t max, index;
    bool has_before;          /* <before/> empty: the last page */
    struct str before, after; /* n == 0 if absent or empty */
};

/* The <set/> child of `parent`; its absence is fine. */
CHECKED enum err rsm_read(struct arena *a, const struct xml_node *parent, struct rsm *out);

struct rsm_answer {
    struct str first, last;
    bool has_index, has_count;
    uint64_t index, count;
};
void rsm_write(struct arena *a, struct xml_node *parent, const struct rsm_answer *answer);

#endif
