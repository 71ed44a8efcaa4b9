/* punycode.c: RFC 3492 §6 with its parameters for IDNA (§5). */
#include "xmpp/punycode.h"

#include <string.h>

enum {
    BASE = 36,
    THRESHOLD_MIN = 1,
    THRESHOLD_MAX = 26,
    SKEW = 38,
    DAMP = 700,
    INITIAL_BIAS = 72,
    INITIAL_POINT = 0x80,
    LAST_POINT = 0x10ffff,
};

/* §6.1 */
static uint32_t adapt(uint32_t delta, size_t n, bool first)
{
    uint32_t k = 0;

    delta = first ? delta / DAMP : delta / 2;
    delta += delta / (uint32_t)n;
    for (; delta > (BASE - THRESHOLD_MIN) * THRESHOLD_MAX / 2; k += BASE)
        delta /= BASE - THRESHOLD_MIN;
    return k + (BASE - THRESHOLD_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
    if (k <= bias + THRESHOLD_MIN)
        return THRESHOLD_MIN;
    return k >= bias + THRESHOLD_MAX ? THRESHOLD_MAX : k - bias;
}

static char digit_of(uint32_t value)
{
    return (char)(value < 26 ? 'a' + value : '0' + value - 26);
}

static uint32_t value_of(char c) /* BASE if it is no digit */
{
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a');
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0' + 26);
    return BASE;
}

/* One delta as digits of growing weight. */
static enum err put_delta(uint32_t delta, uint32_t bias, char *out, size_t *at)
{
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = threshold(k, bias);
        bool last = delta < t;

        if (*at == PUNYCODE_MAX)
            return ERR_TOO_BIG;
        out[(*at)++] = digit_of(last ? delta : t + (delta - t) % (BASE - t));
        if (last)
            return ERR_NONE;
        delta = (delta - t) / (BASE - t);
    }
}

static uint32_t least_from(const uint32_t *points, size_t n, uint32_t from)
{
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; i < n; i++)
        if (points[i] >= from && points[i] < least)
            least = points[i];
    return least;
}

enum err punycode_encode(const uint32_t *points, size_t n, char out[PUNYCODE_MAX], size_t *out_n)
{
    uint32_t point = INITIAL_POINT, delta = 0, bias = INITIAL_BIAS;
    size_t at = 0, basic, done;

    if (n >= PUNYCODE_MAX) /* also keeps delta far from overflow: 59 * 0x110000 < 2^32 */
        return ERR_TOO_BIG;
    for (size_t i = 0; i < n; i++)
        if (points[i] < INITIAL_POINT)
            out[at++] = (char)points[i];
    basic = done = at;
    if (basic > 0)
        out[at++] = '-';
    for (; done < n; point++, delta++) {
        uint32_t next = least_from(points, n, point);

        delta += (next - point) * (uint32_t)(done + 1);
        point = next;
        for (size_t i = 0; i < n; i++) {
            enum err e;

            delta += points[i] < point;
            if (points[i] != point)
                continue;
            if ((e = put_delta(delta, bias, out, &at)) != ERR_NONE)
                return e;
            bias = adapt(delta, done + 1, done == basic);
            delta = 0;
            done++;
        }
    }
    *out_n = at;
    return ERR_NONE;
}

/* Adds one delta to *i. */
static enum err take_delta(struct str *in, uint32_t bias, uint32_t *i)
{
    uint32_t weight = 1;

    for (uint32_t k = BASE;; k += BASE) {
        uint32_t digit = in->n > 0 ? value_of(in->p[0]) : BASE, t = threshold(k, bias);

        if (digit == BASE || digit > (UINT32_MAX - *i) / weight)
            return ERR_MALFORMED;
        *in = str_skip(*in, 1);
        *i += digit * weight;
        if (digit < t)
            return ERR_NONE;
        if (weight > UINT32_MAX / (BASE - t))
            return ERR_MALFORMED;
        weight *= BASE - t;
    }
}

enum err punycode_decode(struct str in, uint32_t out[PUNYCODE_MAX], size_t *out_n)
{
    size_t basic = str_find_last(in, '-'), n = 0;
    uint32_t point = INITIAL_POINT, i = 0, bias = INITIAL_BIAS;

    if (in.n > PUNYCODE_MAX)
        return ERR_TOO_BIG;
    if (basic < in.n) {
        for (; n < basic; n++) {
            if ((uint8_t)in.p[n] >= INITIAL_POINT)
                return ERR_MALFORMED;
            out[n] = (uint8_t)in.p[n];
        }
        in = str_skip(in, basic + 1);
    }
    for (; in.n > 0; n++, i++) {
        uint32_t before = i;
        enum err e = take_delta(&in, bias, &i);

        if (e != ERR_NONE)
            return e;
        bias = adapt(i - before, n + 1, before == 0);
        if (i / (n + 1) > LAST_POINT - point)
            return ERR_MALFORMED;
        point += i / (uint32_t)(n + 1);
        i %= (uint32_t)(n + 1);
        memmove(out + i + 1, out + i, (n - i) * sizeof *out);
        out[i] = point;
    }
    *out_n = n;
    return ERR_NONE;
}
