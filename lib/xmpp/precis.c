/* precis.c: code points allowed in identifiers and in free text, and the profiles built of them. */
#include "xmpp/precis.h"

#include "base/unicode.h"
#include "base/utf8.h"
#include "xmpp/precis_context.h"

enum validity { VALID, VALID_IN_CONTEXT, VALID_IN_FREEFORM, INVALID };

/* Single code points that the categories misjudge: RFC 5892 §2.6. */
static bool is_exception(uint32_t c, enum validity *out)
{
    switch (c) {
    case 0xdf:
    case 0x3c2:
    case 0x6fd:
    case 0x6fe:
    case 0xf0b:
    case 0x3007: *out = VALID; return true;
    case 0x640:
    case 0x7fa:
    case 0x302e:
    case 0x302f:
    case 0x3031:
    case 0x3032:
    case 0x3033:
    case 0x3034:
    case 0x3035:
    case 0x303b: *out = INVALID; return true;
    default: *out = VALID_IN_CONTEXT; return precis_needs_context(c);
    }
}

/* RFC 8264 §8. The joiners, which §8 lists apart, are among the exceptions here. */
static enum validity validity_of(uint32_t c)
{
    enum validity exception;
    struct unicode_info info;

    if (is_exception(c, &exception))
        return exception;
    if (c < 0x80)
        return c == ' ' ? VALID_IN_FREEFORM : c > ' ' && c < 0x7f ? VALID : INVALID;
    info = unicode_info(c);
    if (info.class == UNICODE_UNASSIGNED || info.class == UNICODE_IGNORABLE
        || info.class == UNICODE_CONTROL || info.class == UNICODE_OTHER || info.old_hangul_jamo)
        return INVALID;
    if (info.has_compat)
        return VALID_IN_FREEFORM;
    return info.class == UNICODE_LETTER_DIGIT ? VALID : VALID_IN_FREEFORM;
}

enum err precis_check(struct arena *a, struct str text, enum precis_class class)
{
    uint32_t *points = arena_alloc(a, text.n * sizeof *points);
    size_t n = 0;

    while (text.n > 0) {
        int32_t c = utf8_next(&text);

        if (c < 0)
            return ERR_MALFORMED;
        points[n++] = (uint32_t)c;
    }
    for (size_t i = 0; i < n; i++) {
        enum validity v = validity_of(points[i]);

        if (v == INVALID || (v == VALID_IN_FREEFORM && class != PRECIS_FREEFORM)
            || (v == VALID_IN_CONTEXT && !precis_neighbours_allow(points, n, i)))
            return ERR_MALFORMED;
    }
    return n > 0 && precis_text_allows(points, n) ? ERR_NONE : ERR_MALFORMED;
}

bool precis_has_right_to_left(struct str text)
{
    while (text.n > 0) {
        enum unicode_direction d = unicode_info((uint32_t)utf8_next(&text)).direction;

        if (d == UNICODE_RIGHT || d == UNICODE_ARABIC_NUMBER)
            return true;
    }
    return false;
}

bool precis_obeys_bidi_rule(struct str text)
{
    enum unicode_direction first = UNICODE_NEUTRAL;
    enum unicode_direction last = UNICODE_NEUTRAL; /* marks do not count */
    unsigned seen = 0;
    bool ends_well;

    while (text.n > 0) {
        enum unicode_direction d = unicode_info((uint32_t)utf8_next(&text)).direction;

        if (seen == 0)
            first = d;
        if (d != UNICODE_MARK)
            last = d;
        seen |= 1u << d;
    }
    ends_well = last == first || last == UNICODE_NUMBER;
    if (first == UNICODE_LEFT) /* conditions 5 and 6 */
        return ends_well && !(seen & (1u << UNICODE_RIGHT | 1u << UNICODE_ARABIC_NUMBER));
    if (first == UNICODE_RIGHT) /* conditions 2, 3 and 4 */
        return (ends_well || last == UNICODE_ARABIC_NUMBER) && !(seen & 1u << UNICODE_LEFT)
               && !(seen & 1u << UNICODE_NUMBER && seen & 1u << UNICODE_ARABIC_NUMBER);
    return false; /* condition 1 */
}

/* Sorting marks takes time in the square of their number. Thirty over one letter are more than any
 * script needs: UAX #15 §13. */
static bool is_readable(struct str text)
{
    enum { MARKS_MAX = 30 };
    size_t marks = 0;

    while (text.n > 0) {
        int32_t c = utf8_next(&text);

        marks = c >= 0x80 && unicode_info((uint32_t)c).mark ? marks + 1 : 0;
        if (c < 0 || marks > MARKS_MAX)
            return false;
    }
    return true;
}

/* Some marks come apart into two, so the result is judged too: it must pass when prepared again. */
static enum err compose(struct arena *a, struct str in, struct str *out)
{
    struct str composed;

    if (!is_readable(in) || unicode_nfc(a, in, &composed) != ERR_NONE || !is_readable(composed))
        return ERR_MALFORMED;
    *out = composed;
    return ERR_NONE;
}

enum err precis_map(struct arena *a, struct str in, struct str *out)
{
    struct str narrow, lower;
    enum err e;

    if ((e = unicode_width_map(a, in, &narrow)) != ERR_NONE
        || (e = unicode_lower(a, narrow, &lower)) != ERR_NONE)
        return e;
    return compose(a, lower, out);
}

enum err precis_username(struct arena *a, struct str in, struct str *out)
{
    struct str mapped;
    enum err e;

    if ((e = precis_map(a, in, &mapped)) != ERR_NONE
        || (e = precis_check(a, mapped, PRECIS_IDENTIFIER)) != ERR_NONE)
        return e;
    if (precis_has_right_to_left(mapped) && !precis_obeys_bidi_rule(mapped))
        return ERR_MALFORMED;
    *out = mapped;
    return ERR_NONE;
}

/* All kinds of space become U+0020: RFC 8265 §4.2.2. */
static enum err map_spaces(struct arena *a, struct str in, struct str *out)
{
    char *text = arena_raw(a, in.n);
    size_t n = 0;

    while (in.n > 0) {
        int32_t c = utf8_next(&in);

        if (c < 0)
            return ERR_MALFORMED;
        if (c >= 0x80 && unicode_info((uint32_t)c).class == UNICODE_SPACE)
            c = ' ';
        n += utf8_put((uint32_t)c, text + n);
    }
    *out = (struct str){ text, n };
    return ERR_NONE;
}

enum err precis_opaque(struct arena *a, struct str in, struct str *out)
{
    struct str spaced, mapped;
    enum err e;

    if ((e = map_spaces(a, in, &spaced)) != ERR_NONE
        || (e = compose(a, spaced, &mapped)) != ERR_NONE
        || (e = precis_check(a, mapped, PRECIS_FREEFORM)) != ERR_NONE)
        return e;
    *out = mapped;
    return ERR_NONE;
}
