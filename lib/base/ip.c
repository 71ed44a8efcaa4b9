/* ip.c: reading and writing addresses. */
#include "base/ip.h"

#include <string.h>

enum { GROUPS = 8 };

enum err ip4_read(struct str in, uint8_t out[4])
{
    uint8_t ip[4];

    for (size_t i = 0; i < 4; i++) {
        struct str part = str_split(&in, '.');
        uint64_t value;

        if (str_to_u64(part, 255, &value) != ERR_NONE || (part.n > 1 && part.p[0] == '0'))
            return ERR_MALFORMED;
        ip[i] = (uint8_t)value;
    }
    if (in.p != NULL)
        return ERR_MALFORMED;
    memcpy(out, ip, sizeof ip);
    return ERR_NONE;
}

static enum err group_read(struct str in, uint8_t out[2])
{
    unsigned value = 0;

    if (in.n < 1 || in.n > 4)
        return ERR_MALFORMED;
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];

        if (c >= '0' && c <= '9')
            value = value << 4 | (unsigned)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            value = value << 4 | (unsigned)((c | 0x20) - 'a' + 10);
        else
            return ERR_MALFORMED;
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return ERR_NONE;
}

/* Groups without "::", at most `max` octets of them; the last two may be written as IPv4. */
static enum err groups_read(struct str in, bool may_end_in_ip4, uint8_t *out, size_t max,
                            size_t *out_n)
{
    size_t n = 0;

    while (in.p != NULL) {
        struct str part = str_split(&in, ':');
        bool is_ip4 = in.p == NULL && may_end_in_ip4 && str_find(part, '.') < part.n;
        size_t size = is_ip4 ? 4 : 2;

        if (size > max - n
            || (is_ip4 ? ip4_read(part, out + n) : group_read(part, out + n)) != ERR_NONE)
            return ERR_MALFORMED;
        n += size;
    }
    *out_n = n;
    return ERR_NONE;
}

static size_t find_gap(struct str in)
{
    for (size_t i = 0; i + 1 < in.n; i++)
        if (in.p[i] == ':' && in.p[i + 1] == ':')
            return i;
    return in.n;
}

/* An empty side of "::" has no groups; str_split() wants a view of NULL for that. */
static struct str side(struct str s)
{
    return s.n > 0 ? s : STR_NONE;
}

enum err ip6_read(struct str in, uint8_t out[16])
{
    size_t gap = find_gap(in), head_n = 0, tail_n = 0;
    uint8_t head[16], tail[16];

    if (in.n == 0
        || groups_read(side(str_slice(in, 0, gap)), gap == in.n, head, 16, &head_n) != ERR_NONE)
        return ERR_MALFORMED;
    if (gap == in.n && head_n != 16)
        return ERR_MALFORMED;
    if (gap < in.n /* the gap stands for at least one group: RFC 4291 §2.2 */
        && (head_n > 14
            || groups_read(side(str_skip(in, gap + 2)), true, tail, 14 - head_n, &tail_n)
                   != ERR_NONE))
        return ERR_MALFORMED;
    memset(out, 0, 16);
    memcpy(out, head, head_n);
    memcpy(out + 16 - tail_n, tail, tail_n);
    return ERR_NONE;
}

struct run {
    size_t first, n;
};

/* The longest run of zero groups, the first among equals, if longer than one: RFC 5952 §4.2. */
static struct run longest_zeros(const uint8_t ip[16])
{
    struct run best = { GROUPS, 1 }, now = { 0, 0 };

    for (size_t i = 0; i < GROUPS; i++) {
        if (ip[2 * i] != 0 || ip[2 * i + 1] != 0) {
            now = (struct run){ i + 1, 0 };
            continue;
        }
        if (++now.n > best.n)
            best = now;
    }
    return best;
}

struct str ip6_text(struct arena *a, const uint8_t ip[16])
{
    static const uint8_t mapped_ip4[12] = { [10] = 0xff, [11] = 0xff };
    struct run gap = longest_zeros(ip);
    struct str text = STR("");

    if (memcmp(ip, mapped_ip4, sizeof mapped_ip4) == 0) /* RFC 5952 §5 */
        return arena_printf(a, "::ffff:%u.%u.%u.%u", ip[12], ip[13], ip[14], ip[15]);
    for (size_t i = 0; i < GROUPS; i++) {
        if (i == gap.first) {
            text = arena_concat(a, text, STR("::"));
            i += gap.n - 1;
            continue;
        }
        text = arena_concat(a, text,
                            arena_printf(a, "%s%x", i > 0 && i != gap.first + gap.n ? ":" : "",
                                         (unsigned)(ip[2 * i] << 8 | ip[2 * i + 1])));
    }
    return text;
}
