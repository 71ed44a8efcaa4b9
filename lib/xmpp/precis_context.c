/* precis_context.c: the contextual rules of RFC 5892 appendix A. */
#include "xmpp/precis_context.h"

#include "base/mem.h"
#include "base/unicode.h"

enum {
    MIDDLE_DOT = 0xb7,
    GREEK_KERAIA = 0x375,
    HEBREW_GERESH = 0x5f3,
    HEBREW_GERSHAYIM = 0x5f4,
    ARABIC_INDIC_ZERO = 0x660,
    EXTENDED_ARABIC_INDIC_ZERO = 0x6f0,
    ZERO_WIDTH_NON_JOINER = 0x200c,
    ZERO_WIDTH_JOINER = 0x200d,
    KATAKANA_MIDDLE_DOT = 0x30fb,
    VIRAMA = 9, /* canonical combining class */
};

struct range {
    uint32_t first, last;
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* Script=Greek among letters and marks. */
static const struct range greek[] = {
    { 0x370, 0x373 },     { 0x375, 0x377 },   { 0x37a, 0x37d },   { 0x37f, 0x37f },
    { 0x384, 0x384 },     { 0x386, 0x386 },   { 0x388, 0x38a },   { 0x38c, 0x38c },
    { 0x38e, 0x3a1 },     { 0x3a3, 0x3e1 },   { 0x3f0, 0x3ff },   { 0x1d26, 0x1d2a },
    { 0x1f00, 0x1f15 },   { 0x1f18, 0x1f1d }, { 0x1f20, 0x1f45 }, { 0x1f48, 0x1f4d },
    { 0x1f50, 0x1f57 },   { 0x1f59, 0x1f59 }, { 0x1f5b, 0x1f5b }, { 0x1f5d, 0x1f5d },
    { 0x1f5f, 0x1f7d },   { 0x1f80, 0x1fb4 }, { 0x1fb6, 0x1fc4 }, { 0x1fc6, 0x1fd3 },
    { 0x1fd6, 0x1fdb },   { 0x1fdd, 0x1fef }, { 0x1ff2, 0x1ff4 }, { 0x1ff6, 0x1ffe },
    { 0x10140, 0x1018e },
};

static const struct range hebrew[] = {
    { 0x591, 0x5c7 },
    { 0x5d0, 0x5ea },
    { 0x5ef, 0x5f4 },
    { 0xfb1d, 0xfb4f },
};

/* Script=Hiragana, Katakana or Han. */
static const struct range japanese[] = {
    { 0x2e80, 0x2e99 },   { 0x2e9b, 0x2ef3 },   { 0x2f00, 0x2fd5 },   { 0x3005, 0x3005 },
    { 0x3007, 0x3007 },   { 0x3021, 0x3029 },   { 0x3038, 0x303b },   { 0x3041, 0x3096 },
    { 0x309d, 0x309f },   { 0x30a1, 0x30fa },   { 0x30fd, 0x30ff },   { 0x31f0, 0x31ff },
    { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xf900, 0xfad9 },   { 0x1aff0, 0x1b122 },
    { 0x1b150, 0x1b167 }, { 0x20000, 0x2fa1d }, { 0x30000, 0x3134a },
};

/* Letters of the Arabic script that join to the letter after them (Joining_Type=Dual_Joining) and
 * those that do not (Right_Joining). The rule for ZWNJ asks for them; Persian and Urdu need it.
 * Other cursive scripts are absent on purpose: there ZWNJ is refused, which is stricter than
 * RFC 5892. */
static const struct range joins_both_sides[] = {
    { 0x620, 0x620 }, { 0x626, 0x626 }, { 0x628, 0x628 }, { 0x62a, 0x62e }, { 0x633, 0x63f },
    { 0x641, 0x647 }, { 0x649, 0x64a }, { 0x66e, 0x66f }, { 0x678, 0x687 }, { 0x69a, 0x6bf },
    { 0x6c1, 0x6c2 }, { 0x6cc, 0x6cc }, { 0x6ce, 0x6ce }, { 0x6d0, 0x6d1 }, { 0x6fa, 0x6fc },
    { 0x6ff, 0x6ff }, { 0x74e, 0x758 }, { 0x75c, 0x76a }, { 0x76d, 0x770 }, { 0x772, 0x772 },
    { 0x775, 0x777 }, { 0x77a, 0x77f },
};
static const struct range joins_before[] = {
    { 0x622, 0x625 }, { 0x627, 0x627 }, { 0x629, 0x629 }, { 0x62f, 0x632 }, { 0x648, 0x648 },
    { 0x671, 0x673 }, { 0x675, 0x677 }, { 0x688, 0x699 }, { 0x6c0, 0x6c0 }, { 0x6c3, 0x6cb },
    { 0x6cd, 0x6cd }, { 0x6cf, 0x6cf }, { 0x6d2, 0x6d3 }, { 0x6d5, 0x6d5 }, { 0x6ee, 0x6ef },
    { 0x759, 0x75b }, { 0x76b, 0x76c }, { 0x771, 0x771 }, { 0x773, 0x774 }, { 0x778, 0x779 },
};

#define IN(c, ranges) in_ranges(c, ranges, COUNT_OF(ranges))

static bool is_arabic_indic(uint32_t c)
{
    return c >= ARABIC_INDIC_ZERO && c < ARABIC_INDIC_ZERO + 10;
}

static bool is_extended_arabic_indic(uint32_t c)
{
    return c >= EXTENDED_ARABIC_INDIC_ZERO && c < EXTENDED_ARABIC_INDIC_ZERO + 10;
}

bool precis_needs_context(uint32_t c)
{
    switch (c) {
    case MIDDLE_DOT:
    case GREEK_KERAIA:
    case HEBREW_GERESH:
    case HEBREW_GERSHAYIM:
    case ZERO_WIDTH_NON_JOINER:
    case ZERO_WIDTH_JOINER:
    case KATAKANA_MIDDLE_DOT: return true;
    default: return is_arabic_indic(c) || is_extended_arabic_indic(c);
    }
}

static bool follows_virama(const uint32_t *points, size_t at)
{
    return at > 0 && unicode_info(points[at - 1]).combining_class == VIRAMA;
}

/* Non-spacing marks lie over a letter and do not part it from its neighbour. */
static bool is_transparent(uint32_t c)
{
    struct unicode_info info = unicode_info(c);

    return info.mark && info.direction == UNICODE_MARK;
}

/* A.1: the joiner stands where two letters would join. */
static bool parts_joining_letters(const uint32_t *points, size_t n, size_t at)
{
    size_t before = at, after = at + 1;

    while (before > 0 && is_transparent(points[before - 1]))
        before--;
    while (after < n && is_transparent(points[after]))
        after++;
    return before > 0 && after < n && IN(points[before - 1], joins_both_sides)
           && (IN(points[after], joins_both_sides) || IN(points[after], joins_before));
}

bool precis_neighbours_allow(const uint32_t *points, size_t n, size_t at)
{
    switch (points[at]) {
    case ZERO_WIDTH_NON_JOINER: /* A.1 */
        return follows_virama(points, at) || parts_joining_letters(points, n, at);
    case ZERO_WIDTH_JOINER: /* A.2 */ return follows_virama(points, at);
    case MIDDLE_DOT: /* A.3: Catalan l·l */
        return at > 0 && at + 1 < n && points[at - 1] == 'l' && points[at + 1] == 'l';
    case GREEK_KERAIA: /* A.4 */ return at + 1 < n && IN(points[at + 1], greek);
    case HEBREW_GERESH: /* A.5 */
    case HEBREW_GERSHAYIM: /* A.6 */ return at > 0 && IN(points[at - 1], hebrew);
    default: /* A.7 to A.9 ask for the whole text */ return true;
    }
}

bool precis_text_allows(const uint32_t *points, size_t n)
{
    bool has_dot = false, has_japanese = false, has_indic = false, has_extended = false;

    for (size_t i = 0; i < n; i++) {
        has_dot |= points[i] == KATAKANA_MIDDLE_DOT;
        has_japanese |= IN(points[i], japanese);
        has_indic |= is_arabic_indic(points[i]);
        has_extended |= is_extended_arabic_indic(points[i]);
    }
    return (!has_dot || has_japanese)       /* A.7 */
           && !(has_indic && has_extended); /* A.8, A.9 */
}
