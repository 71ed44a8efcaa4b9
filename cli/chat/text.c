/* text.c: see text.h. */
#include "cli/chat/text.h"

#include <string.h>
#include <utf8proc.h>
#include <wchar.h>

#include "base/utf8.h"

enum {
    MARKS_MAX = 4, /* what a cell of ncurses holds beside its base */
    JOINER = 0x200d,
    NON_JOINER = 0x200c,
    SKIN_FIRST = 0x1f3fb,
    SKIN_LAST = 0x1f3ff,
    REPLACEMENT = 0xfffd,
};

/* Invalid octets count as one character each. */
static int32_t take(struct str *s)
{
    int32_t point = utf8_next(s);

    if (point < 0) {
        *s = str_skip(*s, 1);
        return REPLACEMENT;
    }
    return point;
}

bool text_next(struct str *rest, struct str *out)
{
    struct str start = *rest, ahead;
    utf8proc_int32_t state = 0;
    int32_t before, next;

    if (rest->n == 0)
        return false;
    before = take(rest);
    for (ahead = *rest; rest->n > 0; *rest = ahead, before = next) {
        next = take(&ahead);
        if (utf8proc_grapheme_break_stateful(before, next, &state))
            break;
    }
    *out = str_slice(start, 0, start.n - rest->n);
    return true;
}

size_t text_last(struct str s)
{
    struct str character = STR_NONE;

    while (text_next(&s, &character))
        ;
    return character.n;
}

/* ---- Signs --------------------------------------------------------------------------------------- */

static bool is_left_out(int32_t point)
{
    return point == JOINER || point == NON_JOINER || (point >= 0xfe00 && point <= 0xfe0f)
           || (point >= SKIN_FIRST && point <= SKIN_LAST);
}

static void add(struct sign *s, int32_t point)
{
    char octets[4];
    size_t n = utf8_put((uint32_t)point, octets);

    memcpy(s->text + s->n, octets, n);
    s->n = (uint8_t)(s->n + n);
}

/* A mark that has lost its base stands on a space. A lone tone or joiner is shown as what it is: something. */
bool text_sign(struct str *character, struct sign *out)
{
    int marks = 0;
    bool any = false;

    *out = (struct sign){ 0 };
    while (character->n > 0) {
        struct str ahead = *character;
        int32_t point = take(&ahead);
        int width = wcwidth((wchar_t)point);

        if (is_left_out(point)) {
            *character = ahead;
            continue;
        }
        if (width != 0 && any)
            break;
        *character = ahead;
        if (width < 0)
            point = REPLACEMENT, width = 1;
        if (width == 0 && !any)
            add(out, ' '), out->width = 1, any = true;
        if (width > 0)
            add(out, point), out->width = (uint8_t)width, any = true;
        else if (marks++ < MARKS_MAX)
            add(out, point);
    }
    return any;
}

static int width_of(struct str character)
{
    struct sign s;
    int width = 0;

    while (text_sign(&character, &s))
        width += s.width;
    return width;
}

int text_width(struct str s)
{
    struct str character;
    int width = 0;

    while (text_next(&s, &character))
        width += width_of(character);
    return width;
}

struct str text_fit(struct str s, int width)
{
    struct str rest = s, before = s, character;

    while (text_next(&rest, &character)) {
        width -= width_of(character);
        if (width < 0)
            return str_slice(s, 0, s.n - before.n);
        before = rest;
    }
    return s;
}

/* ---- Lines --------------------------------------------------------------------------------------- */

bool text_line(struct str *rest, int width, struct str *out)
{
    struct str start = *rest, ahead = *rest, character;
    size_t fits = 0, space = 0; /* octets up to the last character, and behind the last space */
    int used = 0;

    if (rest->p == NULL)
        return false;
    while (text_next(&ahead, &character)) {
        size_t end = start.n - ahead.n;

        if (str_is(character, "\n")) {
            *out = str_slice(start, 0, end - 1);
            *rest = ahead;
            return true;
        }
        used += width_of(character);
        if (str_is(character, " "))
            space = end; /* a space at the end may hang over */
        else if (used > width)
            break;
        fits = end;
        if (ahead.n == 0) {
            *out = start;
            *rest = STR_NONE;
            return true;
        }
    }
    if (start.n == 0) {
        *out = start;
        *rest = STR_NONE;
        return true;
    }
    if (space > 0)
        fits = space;
    else if (fits == 0)
        fits = character.n; /* wider than the line: it is cut when drawn */
    *out = str_slice(start, 0, fits);
    *rest = str_skip(start, fits);
    if (rest->n == 0)
        *rest = STR_NONE;
    return true;
}
