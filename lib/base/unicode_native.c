/* unicode_native.c: Unicode data from utf8proc. */
#include "base/unicode.h"

#include <string.h>
#include <utf8proc.h>

#include "base/utf8.h"

enum {
    DECOMPOSED_MAX = 18,    /* U+FDFA becomes 18 code points */
    FIRST_COMBINING = 0xcc, /* lead byte of U+0300; all code points below it are NFC */
    DOTTED_CAPITAL_I = 0x130,
    COMBINING_DOT_ABOVE = 0x307,
};

static enum unicode_class class_of(uint32_t c, const utf8proc_property_t *property)
{
    if (property->ignorable || (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef))
        return UNICODE_IGNORABLE;
    switch ((utf8proc_category_t)property->category) {
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC: return UNICODE_LETTER_DIGIT;
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_ME: return UNICODE_OTHER_LETTER;
    case UTF8PROC_CATEGORY_ZS: return UNICODE_SPACE;
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO: return UNICODE_SYMBOL;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO: return UNICODE_PUNCTUATION;
    case UTF8PROC_CATEGORY_CC: return UNICODE_CONTROL;
    case UTF8PROC_CATEGORY_CF: return UNICODE_IGNORABLE;
    case UTF8PROC_CATEGORY_CN: return UNICODE_UNASSIGNED;
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO: break;
    }
    return UNICODE_OTHER;
}

static enum unicode_direction direction_of(const utf8proc_property_t *property)
{
    switch (property->bidi_class) {
    case UTF8PROC_BIDI_CLASS_L: return UNICODE_LEFT;
    case UTF8PROC_BIDI_CLASS_R:
    case UTF8PROC_BIDI_CLASS_AL: return UNICODE_RIGHT;
    case UTF8PROC_BIDI_CLASS_AN: return UNICODE_ARABIC_NUMBER;
    case UTF8PROC_BIDI_CLASS_EN: return UNICODE_NUMBER;
    case UTF8PROC_BIDI_CLASS_NSM: return UNICODE_MARK;
    default: return UNICODE_NEUTRAL;
    }
}

/* Does NFKC turn the code point into something else? */
static bool has_compat(uint32_t c)
{
    utf8proc_int32_t points[DECOMPOSED_MAX];
    utf8proc_ssize_t n;
    int boundary = 0;

    n = utf8proc_decompose_char((utf8proc_int32_t)c, points, DECOMPOSED_MAX,
                                UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary);
    if (n < 0 || n > DECOMPOSED_MAX)
        return true;
    n = utf8proc_normalize_utf32(points, n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    return n != 1 || points[0] != (utf8proc_int32_t)c;
}

static bool is_conjoining_jamo(uint32_t c)
{
    return (c >= 0x1100 && c <= 0x11ff) || (c >= 0xa960 && c <= 0xa97c)
           || (c >= 0xd7b0 && c <= 0xd7c6) || (c >= 0xd7cb && c <= 0xd7fb);
}

static bool is_mark(const utf8proc_property_t *property)
{
    return property->category == UTF8PROC_CATEGORY_MN || property->category == UTF8PROC_CATEGORY_MC
           || property->category == UTF8PROC_CATEGORY_ME;
}

struct unicode_info unicode_info(uint32_t c)
{
    const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)c);

    return (struct unicode_info){
        .class = class_of(c, property),
        .direction = direction_of(property),
        .has_compat = has_compat(c),
        .old_hangul_jamo = is_conjoining_jamo(c),
        .mark = is_mark(property),
        .combining_class = (uint8_t)property->combining_class,
    };
}

static bool is_plainly_nfc(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((uint8_t)s.p[i] >= FIRST_COMBINING)
            return false;
    return true;
}

enum err unicode_nfc(struct arena *a, struct str in, struct str *out)
{
    const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)in.p;
    utf8proc_int32_t *points;
    utf8proc_ssize_t n;

    if (!utf8_valid(in))
        return ERR_MALFORMED;
    if (is_plainly_nfc(in)) {
        *out = arena_str(a, in);
        return ERR_NONE;
    }
    n = utf8proc_decompose(p, (utf8proc_ssize_t)in.n, NULL, 0, options);
    if (n < 0)
        return ERR_MALFORMED;
    points =
        arena_alloc(a, ((size_t)n + 1) * sizeof *points); /* one more: reencode ends with NUL */
    n = utf8proc_decompose(p, (utf8proc_ssize_t)in.n, points, n, options);
    n = utf8proc_reencode(points, n, options);
    if (n < 0)
        return ERR_MALFORMED;
    *out = (struct str){ (const char *)points, (size_t)n };
    return ERR_NONE;
}

enum err unicode_lower(struct arena *a, struct str in, struct str *out)
{
    char *text = arena_raw(a, 2 * in.n); /* two bytes may become three, never more */
    size_t n = 0;

    while (in.n > 0) {
        int32_t c = utf8_next(&in);

        if (c < 0)
            return ERR_MALFORMED;
        if (c == DOTTED_CAPITAL_I) { /* the one letter whose lower case is two code points */
            n += utf8_put('i', text + n);
            n += utf8_put(COMBINING_DOT_ABOVE, text + n);
        } else {
            n += utf8_put((uint32_t)utf8proc_tolower(c), text + n);
        }
    }
    *out = (struct str){ text, n };
    return ERR_NONE;
}
