/* late.c: see late.h. */
#include "cli/late.h"

#include "base/datetime.h"

enum { DAY = 10, MINUTE_AT = 11, MINUTE = 5 }; /* of 2026-11-20T10:15:00.000Z */

struct str late_words(struct arena *a, const struct entry *e)
{
    struct str at;

    if (e->said_ms == 0)
        return STR("");
    at = datetime_text(a, e->said_ms);
    return arena_printf(a, " (written %.*s %.*s UTC)", STR_ARG(str_slice(at, 0, DAY)),
                        STR_ARG(str_slice(at, MINUTE_AT, MINUTE)));
}
