/* str.c: views of text and octets. */
#include "base/str.h"

#include <string.h>

struct str str_from(const char *text)
{
    return (struct str){ text, text ? strlen(text) : 0 };
}

struct str str_of_bytes(struct bytes b)
{
    return (struct str){ (const char *)b.p, b.n };
}

struct bytes bytes_of_str(struct str s)
{
    return (struct bytes){ (const uint8_t *)s.p, s.n };
}

struct bytes bytes_of(const void *p, size_t n)
{
    return (struct bytes){ p, n };
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str a, const char *text)
{
    return str_eq(a, str_from(text));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;

    if (order != 0)
        return order;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq(str_slice(s, 0, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && str_eq(str_skip(s, s.n - suffix.n), suffix);
}

struct str str_skip(struct str s, size_t n)
{
    if (n >= s.n)
        return (struct str){ s.p ? s.p + s.n : NULL, 0 };
    return (struct str){ s.p + n, s.n - n };
}

struct str str_slice(struct str s, size_t from, size_t n)
{
    s = str_skip(s, from);
    if (n < s.n)
        s.n = n;
    return s;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_space(s.p[0]))
        s = str_skip(s, 1);
    while (s.n > 0 && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

size_t str_find(struct str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;

    return hit ? (size_t)(hit - s.p) : s.n;
}

size_t str_find_last(struct str s, char c)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == c)
            return i - 1;
    return s.n;
}

struct str str_split(struct str *rest, char sep)
{
    size_t at = str_find(*rest, sep);
    struct str head = str_slice(*rest, 0, at);

    *rest = at < rest->n ? str_skip(*rest, at + 1) : STR_NONE;
    return head;
}

enum err str_to_u64(struct str s, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;

    if (s.n == 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i < s.n; i++) {
        unsigned digit = (unsigned)((unsigned char)s.p[i] - '0');

        if (digit > 9)
            return ERR_MALFORMED;
        if (digit > max || value > (max - digit) / 10)
            return ERR_TOO_BIG;
        value = value * 10 + digit;
    }
    *out = value;
    return ERR_NONE;
}
