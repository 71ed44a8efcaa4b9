/* visible.c: see visible.h. */
#include "cli/visible.h"

#include "base/buf.h"
#include "base/unicode.h"
#include "base/utf8.h"

#define INDENT      "\n    "
#define REPLACEMENT "\xef\xbf\xbd"

enum { GROWTH = sizeof INDENT }; /* of one octet at most */

/* Joiners shape words (U+200C, U+200D); selectors choose how a sign is drawn (U+FE00-FE0F). */
static bool shapes(uint32_t point)
{
    return point == 0x200c || point == 0x200d || (point >= 0xfe00 && point <= 0xfe0f);
}

static bool is_harmless(uint32_t point)
{
    if (point < 0x80)
        return point >= 0x20 && point < 0x7f;
    switch (unicode_info(point).class) {
    case UNICODE_LETTER_DIGIT:
    case UNICODE_OTHER_LETTER:
    case UNICODE_SPACE:
    case UNICODE_SYMBOL:
    case UNICODE_PUNCTUATION: return true;
    case UNICODE_CONTROL:
    case UNICODE_IGNORABLE:
    case UNICODE_UNASSIGNED:
    case UNICODE_OTHER: break;
    }
    return shapes(point);
}

static struct str visible(struct arena *a, struct str text, struct str line_break)
{
    struct str out;
    struct buf b;

    buf_init(&b, text.n * GROWTH + 1);
    while (text.n > 0) {
        struct str before = text;
        int32_t point = utf8_next(&text);

        if (point < 0) {
            buf_add(&b, STR(REPLACEMENT));
            text = str_skip(text, 1);
        } else if (point == '\n') {
            buf_add(&b, line_break);
        } else if (point == '\t') {
            buf_add_char(&b, ' ');
        } else if (is_harmless((uint32_t)point)) {
            buf_add(&b, str_slice(before, 0, before.n - text.n));
        } else {
            buf_add(&b, STR(REPLACEMENT));
        }
    }
    out = arena_str(a, buf_str(&b));
    buf_deinit(&b);
    return out;
}

struct str visible_line(struct arena *a, struct str text)
{
    return visible(a, text, STR(" "));
}

struct str visible_text(struct arena *a, struct str text)
{
    return visible(a, text, STR(INDENT));
}
