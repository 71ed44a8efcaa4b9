/* target.c: percent-encoding, once and in one place. */
#include "http/target.h"

#include <string.h>

#include "base/encode.h"
#include "base/ip.h"
#include "base/utf8.h"

static bool is_one_of(char c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_unreserved(char c) /* RFC 3986 §2.3 */
{
    return is_alnum(c) || is_one_of(c, "-._~");
}

static bool is_pchar(char c) /* RFC 3986 §3.3, without "%" */
{
    return is_unreserved(c) || is_one_of(c, "!$&'()*+,;=:@");
}

/* The octet that "%XX" at the beginning of `s` stands for, or -1. */
static int escaped(struct str s)
{
    int high = s.n >= 3 ? hex_digit(s.p[1]) : -1, low = s.n >= 3 ? hex_digit(s.p[2]) : -1;

    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* ---- Paths ----------------------------------------------------------------------------------------- */

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || (unsigned char)c == 0x7f;
}

static enum err segment_read(struct arena *a, struct str in, struct str *out)
{
    char *text = arena_raw(a, in.n);
    size_t n = 0;

    for (struct str s = in; s.n > 0;) {
        int octet = s.p[0] == '%' ? escaped(s) : is_pchar(s.p[0]) ? s.p[0] : -1;

        if (octet < 0 || is_control((char)octet) || octet == '/' || octet == '\\')
            return ERR_MALFORMED;
        s = str_skip(s, s.p[0] == '%' ? 3 : 1);
        text[n++] = (char)octet;
    }
    *out = (struct str){ text, n };
    if (n == 0 || str_is(*out, ".") || str_is(*out, "..") || !utf8_valid(*out))
        return ERR_MALFORMED;
    return ERR_NONE;
}

enum err http_path_read(struct arena *a, struct str path, size_t max, const struct str **out,
                        size_t *out_count)
{
    struct str rest = str_skip(path, 1), *segments = arena_alloc(a, max * sizeof *segments);
    size_t n = 0;
    enum err e;

    if (path.n == 0 || path.p[0] != '/')
        return ERR_MALFORMED;
    while (rest.n > 0) {
        struct str segment = str_split(&rest, '/');

        if (n == max)
            return ERR_TOO_BIG;
        if ((e = segment_read(a, segment, &segments[n++])) != ERR_NONE)
            return e;
        if (rest.p != NULL && rest.n == 0) /* "/a/" is not "/a": one name for one thing */
            return ERR_MALFORMED;
    }
    *out = segments;
    *out_count = n;
    return ERR_NONE;
}

bool http_is_query(struct str query)
{
    for (size_t i = 0; i < query.n; i++) {
        if (query.p[i] == '%' && escaped(str_skip(query, i)) < 0)
            return false;
        if (query.p[i] != '%' && !is_pchar(query.p[i]) && !is_one_of(query.p[i], "/?"))
            return false;
    }
    return true;
}

struct str http_percent_encode(struct arena *a, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_raw(a, 3 * text.n);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        unsigned char octet = (unsigned char)text.p[i];

        if (is_unreserved(text.p[i])) {
            out[n++] = text.p[i];
            continue;
        }
        out[n++] = '%';
        out[n++] = digits[octet >> 4];
        out[n++] = digits[octet & 15];
    }
    return (struct str){ out, n };
}

/* ---- Hosts ----------------------------------------------------------------------------------------- */

static bool is_port(struct str text)
{
    uint64_t port;

    return text.n > 0 && text.n <= 5 && str_to_u64(text, UINT16_MAX, &port) == ERR_NONE;
}

static bool is_host_name(struct str host)
{
    uint8_t ip[16];

    if (host.n > 2 && host.p[0] == '[')
        return host.p[host.n - 1] == ']'
               && ip6_read(str_slice(host, 1, host.n - 2), ip) == ERR_NONE;
    for (size_t i = 0; i < host.n; i++)
        if (!is_alnum(host.p[i]) && !is_one_of(host.p[i], "-._"))
            return false;
    return host.n > 0 && host.n <= 253;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

enum err http_host_read(struct arena *a, struct str field, struct str *out)
{
    size_t colon = str_find_last(field, ':'), bracket = str_find_last(field, ']');
    bool has_port = colon < field.n && (bracket == field.n || colon == bracket + 1);
    struct str host = has_port ? str_slice(field, 0, colon) : field;
    char *text = arena_raw(a, host.n);

    if (!is_host_name(host) || (has_port && !is_port(str_skip(field, colon + 1))))
        return ERR_MALFORMED;
    for (size_t i = 0; i < host.n; i++)
        text[i] = lower(host.p[i]);
    *out = (struct str){ text, host.n };
    return ERR_NONE;
}

/* ---- Forms ----------------------------------------------------------------------------------------- */

static struct str form_decode(struct arena *a, struct str in)
{
    char *text = arena_raw(a, in.n);
    size_t n = 0;

    for (struct str s = in; s.n > 0;) {
        int octet = s.p[0] == '%' ? escaped(s) : s.p[0] == '+' ? ' ' : (unsigned char)s.p[0];

        if (octet < 0)
            return STR_NONE;
        s = str_skip(s, s.p[0] == '%' ? 3 : 1);
        text[n++] = (char)octet;
    }
    return utf8_valid((struct str){ text, n }) ? (struct str){ text, n } : STR_NONE;
}

struct str http_form_value(struct arena *a, struct str form, const char *name)
{
    struct str found = STR_NONE;

    while (form.n > 0) {
        struct str value = str_split(&form, '&'), key = form_decode(a, str_split(&value, '='));

        if (!str_is(key, name))
            continue;
        if (found.p != NULL)
            return STR_NONE; /* said twice */
        found = form_decode(a, value.p != NULL ? value : STR(""));
        if (found.p == NULL)
            return STR_NONE;
    }
    return found;
}
