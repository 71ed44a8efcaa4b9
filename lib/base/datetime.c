/* datetime.c: civil dates from days since the epoch (Howard Hinnant's algorithm). */
#include "base/datetime.h"

enum { DAY_S = 86400, ERA_DAYS = 146097, EPOCH_SHIFT_DAYS = 719468 };

struct civil {
    int64_t year;
    unsigned month, day;
};

static struct civil civil_from_days(int64_t days)
{
    int64_t z = days + EPOCH_SHIFT_DAYS;
    int64_t era = (z >= 0 ? z : z - ERA_DAYS + 1) / ERA_DAYS;
    unsigned doe = (unsigned)(z - era * ERA_DAYS);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    unsigned month = mp < 10 ? mp + 3 : mp - 9;

    return (struct civil){ (int64_t)yoe + era * 400 + (month <= 2), month,
                           doy - (153 * mp + 2) / 5 + 1 };
}

static int64_t days_from_civil(struct civil c)
{
    int64_t y = c.year - (c.month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (c.month > 2 ? c.month - 3 : c.month + 9) + 2) / 5 + c.day - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * ERA_DAYS + (int64_t)doe - EPOCH_SHIFT_DAYS;
}

struct str datetime_text(struct arena *a, uint64_t at_ms)
{
    uint64_t seconds = at_ms / 1000;
    struct civil c = civil_from_days((int64_t)(seconds / DAY_S));
    unsigned in_day = (unsigned)(seconds % DAY_S);

    return arena_printf(a, "%04d-%02u-%02uT%02u:%02u:%02u.%03uZ", (int)c.year, c.month, c.day,
                        in_day / 3600, in_day / 60 % 60, in_day % 60, (unsigned)(at_ms % 1000));
}

/* Exactly `n` digits, then the literal `after` (0: none). */
static unsigned take(struct str *s, size_t n, char after, bool *failed)
{
    uint64_t value = 0;

    if (s->n < n + (after != 0) || str_to_u64(str_slice(*s, 0, n), 9999, &value) != ERR_NONE
        || (after != 0 && s->p[n] != after)) {
        *failed = true;
        return 0;
    }
    *s = str_skip(*s, n + (after != 0));
    return (unsigned)value;
}

static unsigned take_fraction_ms(struct str *s, bool *failed)
{
    unsigned ms = 0, scale = 100;
    size_t n = 0;

    if (s->n == 0 || s->p[0] != '.')
        return 0;
    for (*s = str_skip(*s, 1); s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9';
         *s = str_skip(*s, 1), n++) {
        ms += scale * (unsigned)(s->p[0] - '0');
        scale /= 10;
    }
    *failed |= n == 0;
    return ms;
}

static int64_t take_offset_s(struct str *s, bool *failed)
{
    char sign = s->n ? s->p[0] : 0;
    unsigned hours, minutes;

    *s = str_skip(*s, 1);
    if (sign == 'Z')
        return 0;
    if (sign != '+' && sign != '-') {
        *failed = true;
        return 0;
    }
    hours = take(s, 2, ':', failed);
    minutes = take(s, 2, 0, failed);
    *failed |= hours > 14 || minutes > 59;
    return (sign == '-' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
}

static unsigned days_in_month(struct civil c)
{
    struct civil next = { c.year + c.month / 12, c.month % 12 + 1, 1 };

    c.day = 1;
    return (unsigned)(days_from_civil(next) - days_from_civil(c));
}

enum err datetime_read(struct str in, uint64_t *out_ms)
{
    bool failed = false;
    struct civil c = { .year = take(&in, 4, '-', &failed) };
    unsigned hour, minute, second, ms;
    int64_t at;

    c.month = take(&in, 2, '-', &failed);
    c.day = take(&in, 2, 'T', &failed);
    hour = take(&in, 2, ':', &failed);
    minute = take(&in, 2, ':', &failed);
    second = take(&in, 2, 0, &failed);
    ms = take_fraction_ms(&in, &failed);
    at = -take_offset_s(&in, &failed);
    if (failed || in.n > 0 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > days_in_month(c)
        || hour > 23 || minute > 59 || second > 60)
        return ERR_MALFORMED;
    at += days_from_civil(c) * DAY_S + hour * 3600 + minute * 60 + second;
    if (at < 0)
        return ERR_MALFORMED;
    *out_ms = (uint64_t)at * 1000 + ms;
    return ERR_NONE;
}
