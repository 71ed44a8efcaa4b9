/* emoji.c: see emoji.h. The grammar is that of UTS #51 §1.4.9, without zero-width joiners at the ends:
 *
 *   flag     two regional indicators
 *   keycap   [0-9#*] FE0F? 20E3
 *   else     element (200D element)*, element = base (FE0F | skin tone)? tag*
 */
#include "client/emoji.h"

#include "base/utf8.h"

enum {
    JOINER = 0x200d,
    AS_EMOJI = 0xfe0f, /* variation selector 16 */
    KEYCAP = 0x20e3,
    TAG_FIRST = 0xe0020,
    TAG_LAST = 0xe007f,
    TONE_FIRST = 0x1f3fb,
    TONE_LAST = 0x1f3ff,
    FLAG_FIRST = 0x1f1e6,
    FLAG_LAST = 0x1f1ff,
    ELEMENTS_MAX = 10,
};

/* Blocks whose members are emojis or could become some (Extended_Pictographic), but for single letters among them. */
static const struct {
    int32_t first, last;
} bases[] = {
    { 0x00a9, 0x00a9 },   { 0x00ae, 0x00ae },   { 0x203c, 0x203c },   { 0x2049, 0x2049 },
    { 0x2122, 0x2122 },   { 0x2139, 0x2139 },   { 0x2194, 0x2199 },   { 0x21a9, 0x21aa },
    { 0x231a, 0x231b },   { 0x2328, 0x2328 },   { 0x23cf, 0x23cf },   { 0x23e9, 0x23f3 },
    { 0x23f8, 0x23fa },   { 0x24c2, 0x24c2 },   { 0x25aa, 0x25ab },   { 0x25b6, 0x25b6 },
    { 0x25c0, 0x25c0 },   { 0x25fb, 0x25fe },   { 0x2600, 0x27bf },   { 0x2934, 0x2935 },
    { 0x2b05, 0x2b07 },   { 0x2b1b, 0x2b1c },   { 0x2b50, 0x2b50 },   { 0x2b55, 0x2b55 },
    { 0x3030, 0x3030 },   { 0x303d, 0x303d },   { 0x3297, 0x3297 },   { 0x3299, 0x3299 },
    { 0x1f000, 0x1f0ff }, { 0x1f170, 0x1f171 }, { 0x1f17e, 0x1f17f }, { 0x1f18e, 0x1f18e },
    { 0x1f191, 0x1f19a }, { 0x1f201, 0x1f202 }, { 0x1f21a, 0x1f21a }, { 0x1f22f, 0x1f22f },
    { 0x1f232, 0x1f23a }, { 0x1f250, 0x1f251 }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
    { 0x1f7e0, 0x1f7f0 }, { 0x1f90c, 0x1f9ff }, { 0x1fa70, 0x1faff },
};

static bool is_between(int32_t c, int32_t first, int32_t last)
{
    return c >= first && c <= last;
}

static bool is_base(int32_t c)
{
    for (size_t i = 0; i < COUNT_OF(bases); i++)
        if (is_between(c, bases[i].first, bases[i].last))
            return true;
    return false;
}

/* The code point that `rest` begins with; 0 at its end or if there is none. */
static int32_t peek(struct str rest)
{
    int32_t c = rest.n > 0 ? utf8_next(&rest) : 0;

    return c > 0 ? c : 0;
}

static bool take(struct str *rest, int32_t first, int32_t last)
{
    if (!is_between(peek(*rest), first, last))
        return false;
    (void)utf8_next(rest);
    return true;
}

static bool take_element(struct str *rest)
{
    if (!is_base(peek(*rest)))
        return false;
    (void)utf8_next(rest);
    if (!take(rest, AS_EMOJI, AS_EMOJI))
        (void)take(rest, TONE_FIRST, TONE_LAST);
    while (take(rest, TAG_FIRST, TAG_LAST)) {
    }
    return true;
}

static bool is_flag(struct str rest)
{
    unsigned letters = 0;

    while (take(&rest, FLAG_FIRST, FLAG_LAST))
        letters++;
    return letters == 2 && rest.n == 0;
}

static bool is_keycap(struct str rest)
{
    if (!take(&rest, '0', '9') && !take(&rest, '#', '#') && !take(&rest, '*', '*'))
        return false;
    (void)take(&rest, AS_EMOJI, AS_EMOJI);
    return take(&rest, KEYCAP, KEYCAP) && rest.n == 0;
}

static bool is_sequence(struct str rest)
{
    for (int i = 0; i < ELEMENTS_MAX && take_element(&rest); i++) {
        if (rest.n == 0)
            return true;
        if (!take(&rest, JOINER, JOINER))
            return false;
    }
    return false;
}

bool emoji_valid(struct str text)
{
    return text.n > 0 && text.n <= EMOJI_MAX
           && (is_sequence(text) || is_flag(text) || is_keycap(text));
}

struct str emoji_add(struct arena *a, struct str list, struct str emoji)
{
    struct str rest = list;
    size_t n = 0;

    if (!emoji_valid(emoji))
        return list;
    while (rest.n > 0) {
        n++;
        if (str_eq(str_split(&rest, ' '), emoji))
            return list;
    }
    if (n >= REACTIONS_MAX)
        return list;
    return list.n > 0 ? arena_concat(a, arena_concat(a, list, STR(" ")), emoji)
                      : arena_str(a, emoji);
}
