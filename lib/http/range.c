/* range.c: "bytes=0-499", "bytes=500-", "bytes=-500". */
#include "http/range.h"

static bool is_number(struct str text, uint64_t *out)
{
    return str_to_u64(text, UINT64_MAX, out) == ERR_NONE;
}

enum http_range http_range_read(struct str field, uint64_t size, uint64_t *out_from,
                                uint64_t *out_count)
{
    struct str last = str_skip(field, sizeof "bytes=" - 1), first = str_split(&last, '-');
    uint64_t from = 0, to = UINT64_MAX;

    *out_from = 0;
    *out_count = size;
    if (!str_starts(field, STR("bytes=")) || last.p == NULL || first.n + last.n == 0)
        return HTTP_RANGE_ALL;
    if ((first.n > 0 && !is_number(first, &from)) || (last.n > 0 && !is_number(last, &to))
        || (first.n > 0 && from > to))
        return HTTP_RANGE_ALL;
    if (first.n == 0) { /* the last `to` bytes */
        from = to < size ? size - to : 0;
        to = to == 0 ? 0 : UINT64_MAX;
        if (to == 0)
            return HTTP_RANGE_NONE;
    }
    if (from >= size)
        return HTTP_RANGE_NONE;
    *out_from = from;
    *out_count = to < size - 1 ? to - from + 1 : size - from;
    return HTTP_RANGE_PART;
}
