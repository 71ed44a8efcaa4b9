/* quote.c: see quote.h. */
#include "client/quote.h"

#include "base/buf.h"
#include "base/utf8.h"

enum { LINES_MAX = 4, CHARACTERS_MAX = 280, QUOTE_MAX = 4096 };

/* The first characters of a text. */
static struct str head(struct str text, size_t characters)
{
    struct str rest = text;

    while (characters-- > 0 && rest.n > 0 && utf8_next(&rest) >= 0) {
    }
    return (struct str){ text.p, text.n - rest.n };
}

static size_t characters_of(struct str text)
{
    size_t n = 0;

    while (text.n > 0 && utf8_next(&text) >= 0)
        n++;
    return n;
}

struct str quote_write(struct arena *a, struct str text, size_t *out_n)
{
    size_t left = CHARACTERS_MAX, lines = 0;
    struct str out;
    struct buf b;

    buf_init(&b, QUOTE_MAX);
    while (text.n > 0 && lines < LINES_MAX && left > 0) {
        struct str line = str_trim(str_split(&text, '\n')), start = head(line, left);

        if (line.n == 0 || line.p[0] == '>') /* a quote of a quote helps nobody */
            continue;
        buf_add(&b, STR("> "));
        buf_add(&b, start);
        buf_add(&b, start.n < line.n ? STR("…\n") : STR("\n"));
        left -= characters_of(start);
        lines++;
    }
    out = arena_str(a, buf_str(&b));
    buf_deinit(&b);
    *out_n = characters_of(out);
    return out;
}

/* Without marks, and lines that do not fit; p == NULL if a line has none. */
static struct str unmarked(struct arena *a, struct str region)
{
    struct str out = STR("");
    struct buf b;

    buf_init(&b, QUOTE_MAX);
    while (region.n > 0) {
        struct str line = str_split(&region, '\n');

        if (line.n == 0)
            continue;
        if (line.p[0] != '>') {
            buf_deinit(&b);
            return STR_NONE;
        }
        line = str_skip(line, line.n > 1 && line.p[1] == ' ' ? 2 : 1);
        if (b.n > 0)
            buf_add(&b, STR("\n"));
        buf_add(&b, head(line, CHARACTERS_MAX));
    }
    if (b.n > 0)
        out = arena_str(a, buf_str(&b));
    buf_deinit(&b);
    return out;
}

bool quote_read(struct arena *a, struct str text, uint64_t end, struct str *out_quote,
                struct str *out_rest)
{
    struct str rest = text, region, quote;
    uint64_t n = 0;

    while (n < end && rest.n > 0 && utf8_next(&rest) >= 0)
        n++;
    region = (struct str){ text.p, text.n - rest.n };
    if (n < end || region.n == 0 || rest.n == 0)
        return false;
    if (!str_ends(region, STR("\n"))) {
        if (rest.p[0] != '\n')
            return false;
        rest = str_skip(rest, 1);
    }
    quote = unmarked(a, region);
    if (quote.p == NULL || str_trim(rest).n == 0)
        return false;
    *out_quote = quote;
    *out_rest = rest;
    return true;
}
