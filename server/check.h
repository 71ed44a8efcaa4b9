/* check.h: what a configuration gives up compared to the defaults, and what of it cannot work.
 *
 * Used by `sottod --check`, at every start (risks go to the log) and by `sottoctl check`.
 * Owns: nothing; findings live in the arena.  Threads: blocking: reads the certificate.
 */
#ifndef SOTTO_SERVER_CHECK_H
#define SOTTO_SERVER_CHECK_H

#include "server/config.h"

enum finding_kind {
    FINDING_RISK,    /* allowed, and weaker than the default */
    FINDING_UNBUILT, /* set, but the feature does not exist yet */
    FINDING_ERROR,   /* cannot work */
};

struct finding {
    enum finding_kind kind;
    struct str key, value, text; /* value: as configured, may be empty */
};

struct findings {
    struct finding *items;
    size_t count;
};

struct check_facts {
    const char *certificate; /* path; NULL: the self-signed one is still to be made */
    const char *key;         /* path; NULL: not to be looked at */
    bool self_signed;
    uint64_t now_ms;
};

struct findings check_config(const struct config *c, const struct check_facts *facts,
                             struct arena *a);
const char *finding_kind_name(enum finding_kind kind);             /* "risk", "unbuilt", "error" */
struct str finding_line(const struct finding *f, struct arena *a); /* "key = value: text" */

#endif
