/* differential.h: one input held against expat, libxml2 and ourselves.
 *
 * What we accept, both others accept with the same tree. What both accept and we refuse is on the list of
 * lib/xml/README.md, so it is ERR_UNSUPPORTED or begins with a byte order mark. Cuts change nothing, and a
 * tree that was written is read back the same.
 */
#ifndef SOTTO_TEST_DIFFERENTIAL_H
#define SOTTO_TEST_DIFFERENTIAL_H

#include "base/str.h"

struct verdict {
    const char *broken; /* the rule that does not hold, or NULL */
    bool accepted;      /* by us */
};

struct verdict differential_check(struct str in);

#endif
