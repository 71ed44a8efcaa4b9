/* domain.c: labels of letters, digits and hyphens, of Unicode, and address literals. */
#include "xmpp/domain.h"

#include <string.h>

#include "base/ip.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "xmpp/precis.h"
#include "xmpp/punycode.h"

static const struct str ace_prefix = STR_INIT("xn--"); /* RFC 5890 §2.3.2.5 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_ldh(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-';
}

/* Places 3 and 4 are kept for prefixes: RFC 5891 §4.2.3.1. Places are characters, but of an ASCII
 * label they are bytes. */
static bool has_prefix_hyphens(struct str label)
{
    return label.n >= 4 && label.p[2] == '-' && label.p[3] == '-';
}

static bool has_hyphen_at_end(struct str label)
{
    return label.p[0] == '-' || label.p[label.n - 1] == '-';
}

static bool is_ace(struct str label) /* in lower case */
{
    return has_prefix_hyphens(label) && str_starts(label, ace_prefix);
}

/* No top-level name is a number, so what ends in one is an address or a typing error. */
static bool ends_in_number(struct str name)
{
    size_t dot = str_find_last(name, '.');
    struct str last = dot < name.n ? str_skip(name, dot + 1) : name;

    for (size_t i = 0; i < last.n; i++)
        if (!is_digit(last.p[i]))
            return false;
    return last.n > 0;
}

static struct str without_final_dot(struct str name)
{
    if (name.n > 0 && name.p[name.n - 1] == '.')
        name.n--;
    return name;
}

/* Copies in lower case; letters, digits, hyphens and dots only. */
static enum err copy_ldh(struct str in, char *out)
{
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];

        if ((unsigned char)c >= 0x80 || c == '[')
            return ERR_UNSUPPORTED;
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        if (c != '.' && !is_ldh(out[i]))
            return ERR_MALFORMED;
    }
    return ERR_NONE;
}

static enum err check_ldh_label(struct str label)
{
    if (label.n > DOMAIN_LABEL_MAX)
        return ERR_TOO_BIG;
    if (label.n == 0)
        return ERR_MALFORMED;
    if (is_ace(label))
        return ERR_UNSUPPORTED;
    return has_hyphen_at_end(label) || has_prefix_hyphens(label) ? ERR_MALFORMED : ERR_NONE;
}

enum err domain_prepare_ascii(struct str in, char *out, size_t *out_n)
{
    struct str name, rest;
    uint8_t ip[4];
    enum err e;

    name = rest = (struct str){ out, without_final_dot(in).n };
    if (name.n > DOMAIN_NAME_MAX)
        return utf8_is_ascii(in) ? ERR_TOO_BIG : ERR_UNSUPPORTED;
    if ((e = copy_ldh((struct str){ in.p, name.n }, out)) != ERR_NONE)
        return e;
    while (rest.p != NULL)
        if ((e = check_ldh_label(str_split(&rest, '.'))) != ERR_NONE)
            return e;
    if (ends_in_number(name) && ip4_read(name, ip) != ERR_NONE)
        return ERR_MALFORMED;
    *out_n = name.n;
    return ERR_NONE;
}

static enum err ip6_literal(struct arena *a, struct str in, struct str *out)
{
    uint8_t ip[16];

    if (in.n < 2 || in.p[in.n - 1] != ']' || ip6_read(str_slice(in, 1, in.n - 2), ip) != ERR_NONE)
        return ERR_MALFORMED;
    *out = arena_concat(a, arena_concat(a, STR("["), ip6_text(a, ip)), STR("]"));
    return ERR_NONE;
}

static bool has_only_ldh_in_ascii(struct str label)
{
    for (size_t i = 0; i < label.n; i++)
        if ((unsigned char)label.p[i] < 0x80 && !is_ldh(label.p[i]))
            return false;
    return true;
}

/* A label with letters beyond ASCII, mapped already: RFC 5891 §4.2, RFC 5892. */
static enum err check_u_label(struct arena *a, struct str label)
{
    struct str rest = label;
    uint32_t first = (uint32_t)utf8_next(&rest);

    if (unicode_info(first).mark || has_hyphen_at_end(label) || !has_only_ldh_in_ascii(label))
        return ERR_MALFORMED;
    if (utf8_next(&rest) >= 0 && str_starts(rest, STR("--")))
        return ERR_MALFORMED;
    return precis_check(a, label, PRECIS_IDENTIFIER);
}

/* "xn--…" to what it stands for, which must be written in the one right way. */
static enum err decode_ace(struct arena *a, struct str label, struct str *out)
{
    uint32_t points[PUNYCODE_MAX];
    struct str decoded, mapped;
    size_t n, at = 0;
    char *text;
    enum err e;

    if ((e = punycode_decode(str_skip(label, ace_prefix.n), points, &n)) != ERR_NONE)
        return e;
    text = arena_raw(a, 4 * n);
    for (size_t i = 0; i < n; i++) {
        if (points[i] >= 0xd800 && points[i] <= 0xdfff)
            return ERR_MALFORMED;
        at += utf8_put(points[i], text + at);
    }
    decoded = (struct str){ text, at };
    if (utf8_is_ascii(decoded) || precis_map(a, decoded, &mapped) != ERR_NONE
        || !str_eq(decoded, mapped))
        return ERR_MALFORMED;
    *out = decoded;
    return ERR_NONE;
}

static enum err encode_label(struct arena *a, struct str label, struct str *out)
{
    uint32_t points[DOMAIN_LABEL_MAX];
    char ace[PUNYCODE_MAX];
    size_t n = 0, ace_n;
    enum err e;

    if (utf8_is_ascii(label)) {
        *out = label;
        return label.n > DOMAIN_LABEL_MAX ? ERR_TOO_BIG : ERR_NONE;
    }
    while (label.n > 0) {
        if (n == COUNT_OF(points))
            return ERR_TOO_BIG;
        points[n++] = (uint32_t)utf8_next(&label);
    }
    if ((e = punycode_encode(points, n, ace, &ace_n)) != ERR_NONE)
        return e;
    *out = arena_concat(a, ace_prefix, (struct str){ ace, ace_n });
    return ERR_NONE;
}

static enum err prepare_label(struct arena *a, struct str label, struct str *out)
{
    enum err e;

    if (is_ace(label) && (e = decode_ace(a, label, &label)) != ERR_NONE)
        return e;
    *out = label;
    if (!utf8_is_ascii(label))
        return check_u_label(a, label);
    return has_only_ldh_in_ascii(label) ? check_ldh_label(label) : ERR_MALFORMED;
}

/* Where one label runs from right to left, all must keep the Bidi Rule: RFC 5893 §2. */
static bool labels_obey_bidi_rule(struct str name)
{
    if (!precis_has_right_to_left(name))
        return true;
    while (name.p != NULL)
        if (!precis_obeys_bidi_rule(str_split(&name, '.')))
            return false;
    return true;
}

/* Does to each label of `name` what `convert` does, and joins the results. */
static enum err convert_labels(struct arena *a, struct str name, size_t max,
                               enum err (*convert)(struct arena *, struct str, struct str *),
                               struct str *out)
{
    char *text = arena_raw(a, max);
    size_t n = 0;

    while (name.p != NULL) {
        struct str label;
        enum err e = convert(a, str_split(&name, '.'), &label);

        if (e != ERR_NONE)
            return e;
        if (label.n + 1 > max - n)
            return ERR_TOO_BIG;
        memcpy(text + n, label.p, label.n);
        n += label.n;
        text[n++] = '.';
    }
    *out = (struct str){ text, n - 1 };
    return ERR_NONE;
}

static enum err prepare_name(struct arena *a, struct str in, struct str *out)
{
    struct str name, ascii;
    enum err e;

    if ((e = precis_map(a, in, &name)) != ERR_NONE
        || (e = convert_labels(a, without_final_dot(name), 4 * DOMAIN_NAME_MAX + 1, prepare_label,
                               &name))
               != ERR_NONE
        || (e = domain_to_ascii(a, name, &ascii)) != ERR_NONE)
        return e;
    if (ends_in_number(name) || !labels_obey_bidi_rule(name))
        return ERR_MALFORMED;
    *out = name;
    return ERR_NONE;
}

enum err domain_prepare(struct arena *a, struct str in, struct str *out)
{
    char *text;
    size_t n;
    enum err e;

    if (in.n > 0 && in.p[0] == '[')
        return ip6_literal(a, in, out);
    text = arena_raw(a, in.n);
    e = domain_prepare_ascii(in, text, &n);
    if (e == ERR_UNSUPPORTED)
        return prepare_name(a, in, out);
    if (e == ERR_NONE)
        *out = (struct str){ text, n };
    return e;
}

enum err domain_to_ascii(struct arena *a, struct str prepared, struct str *out)
{
    if (prepared.n > 0 && prepared.p[0] == '[') {
        *out = prepared;
        return ERR_NONE;
    }
    return convert_labels(a, prepared, DOMAIN_NAME_MAX + 1, encode_label, out);
}
