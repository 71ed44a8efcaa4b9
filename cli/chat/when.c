/* when.c: see when.h. */
#include "cli/chat/when.h"

#include <time.h>

enum { DAY_MS = 24 * 3600 * 1000, DAYS_OF_NAMES = 6 };

static const char *const days[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                    "Thursday", "Friday", "Saturday" };
static const char *const months[] = { "January",   "February", "March",    "April",
                                      "May",       "June",     "July",     "August",
                                      "September", "October",  "November", "December" };

static struct tm local(uint64_t at_ms)
{
    time_t at = (time_t)(at_ms / 1000);
    struct tm out = { 0 };

    (void)localtime_r(&at, &out);
    return out;
}

bool when_same_day(uint64_t one_ms, uint64_t other_ms)
{
    struct tm one = local(one_ms), other = local(other_ms);

    return one.tm_yday == other.tm_yday && one.tm_year == other.tm_year;
}

struct str when_clock(struct arena *a, uint64_t at_ms)
{
    struct tm t = local(at_ms);

    return arena_printf(a, "%02d:%02d", t.tm_hour, t.tm_min);
}

struct str when_day(struct arena *a, uint64_t at_ms, uint64_t now_ms)
{
    struct tm t = local(at_ms);

    if (when_same_day(at_ms, now_ms))
        return STR("Today");
    if (now_ms > DAY_MS && when_same_day(at_ms, now_ms - DAY_MS))
        return STR("Yesterday");
    return arena_printf(a, "%s, %d %s %d", days[t.tm_wday], t.tm_mday, months[t.tm_mon],
                        t.tm_year + 1900);
}

struct str when_short(struct arena *a, uint64_t at_ms, uint64_t now_ms)
{
    struct tm t = local(at_ms), now = local(now_ms);

    if (when_same_day(at_ms, now_ms))
        return when_clock(a, at_ms);
    if (at_ms < now_ms && now_ms - at_ms < (uint64_t)DAYS_OF_NAMES * DAY_MS)
        return arena_printf(a, "%.3s", days[t.tm_wday]);
    if (t.tm_year == now.tm_year)
        return arena_printf(a, "%d %.3s", t.tm_mday, months[t.tm_mon]);
    return arena_printf(a, "%d", t.tm_year + 1900);
}
