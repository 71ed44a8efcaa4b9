/* utf8.c: strict UTF-8 by the table of RFC 3629 §4. */
#include "base/utf8.h"

/* Length of the sequence that `lead` starts and the allowed range of its second byte. */
static size_t utf8_shape(uint8_t lead, uint8_t *low, uint8_t *high)
{
    *low = 0x80;
    *high = 0xbf;
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2)
        return 0;
    if (lead < 0xe0)
        return 2;
    if (lead < 0xf0) {
        if (lead == 0xe0)
            *low = 0xa0; /* shorter forms exist */
        if (lead == 0xed)
            *high = 0x9f; /* surrogates */
        return 3;
    }
    if (lead > 0xf4)
        return 0;
    if (lead == 0xf0)
        *low = 0x90;
    if (lead == 0xf4)
        *high = 0x8f; /* U+10FFFF is the last */
    return 4;
}

int32_t utf8_next(struct str *s)
{
    const uint8_t *p = (const uint8_t *)s->p;
    uint8_t low, high;
    size_t n;
    int32_t c;

    if (s->n == 0)
        return UTF8_SHORT;
    n = utf8_shape(p[0], &low, &high);
    if (n == 0)
        return UTF8_BAD;
    c = n == 1 ? p[0] : p[0] & (0x7f >> n);
    for (size_t i = 1; i < n; i++, low = 0x80, high = 0xbf) {
        if (i >= s->n)
            return UTF8_SHORT;
        if (p[i] < low || p[i] > high)
            return UTF8_BAD;
        c = c << 6 | (p[i] & 0x3f);
    }
    *s = str_skip(*s, n);
    return c;
}

bool utf8_valid(struct str s)
{
    while (s.n > 0)
        if (utf8_next(&s) < 0)
            return false;
    return true;
}

bool utf8_is_ascii(struct str s)
{
    unsigned char all = 0;

    for (size_t i = 0; i < s.n; i++)
        all |= (unsigned char)s.p[i];
    return all < 0x80;
}

size_t utf8_put(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}
