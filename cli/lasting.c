/* lasting.c: see lasting.h. */
#include "cli/lasting.h"

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, WEEK = 7 * DAY };
#define LONGEST (10u * 365 * DAY)

static const struct {
    uint32_t seconds;
    char letter;
    const char *one, *many;
} units[] = { { WEEK, 'w', "week", "weeks" },
              { DAY, 'd', "day", "days" },
              { HOUR, 'h', "hour", "hours" },
              { MINUTE, 'm', "minute", "minutes" },
              { 1, 's', "second", "seconds" } };

struct str lasting_words(struct arena *a, uint32_t seconds)
{
    size_t i = 0;

    while (i + 1 < COUNT_OF(units)
           && (seconds < units[i].seconds || seconds % units[i].seconds != 0))
        i++;
    return arena_printf(a, "%u %s", (unsigned)(seconds / units[i].seconds),
                        seconds == units[i].seconds ? units[i].one : units[i].many);
}

enum err lasting_read(struct str text, uint32_t *out_seconds)
{
    uint64_t n = 0, unit = 1;

    if (str_is(text, "off")) {
        *out_seconds = 0;
        return ERR_NONE;
    }
    for (size_t i = 0; text.n > 0 && i < COUNT_OF(units); i++)
        if (text.p[text.n - 1] == units[i].letter) {
            unit = units[i].seconds;
            text.n--;
            break;
        }
    if (str_to_u64(text, UINT32_MAX, &n) != ERR_NONE)
        return ERR_MALFORMED;
    if (n > LONGEST / unit)
        return ERR_TOO_BIG;
    *out_seconds = (uint32_t)(n * unit);
    return ERR_NONE;
}
