/* grid.c: see grid.h. */
#include "cli/chat/grid.h"

#include "base/buf.h"

static const struct cell blank = { .sign = { .text = " ", .n = 1, .width = 1 } };

static struct cell *at(const struct grid *g, int x, int y)
{
    return &g->cells[(size_t)y * (size_t)g->width + (size_t)x];
}

void grid_init(struct grid *g, int width, int height)
{
    size_t n = (size_t)width * (size_t)height;

    *g = (struct grid){ .width = width, .height = height, .cursor_x = -1 };
    g->cells = mem_alloc(n * sizeof *g->cells);
    for (size_t i = 0; i < n; i++)
        g->cells[i] = blank;
}

void grid_deinit(struct grid *g)
{
    mem_free(g->cells);
    *g = (struct grid){ 0 };
}

static int put_sign(struct grid *g, int x, int y, enum style style, const struct sign *s)
{
    *at(g, x, y) = (struct cell){ *s, (uint8_t)style };
    for (int i = 1; i < s->width; i++)
        *at(g, x + i, y) = (struct cell){ .style = (uint8_t)style };
    return x + s->width;
}

int grid_put(struct grid *g, int x, int y, int end, enum style style, struct str text)
{
    struct str character;
    struct sign s;

    if (end > g->width)
        end = g->width;
    if (x < 0 || y < 0 || y >= g->height)
        return x;
    while (text_next(&text, &character))
        while (text_sign(&character, &s)) {
            if (x + s.width > end)
                return x;
            x = put_sign(g, x, y, style, &s);
        }
    return x;
}

int grid_put_cut(struct grid *g, int x, int y, int end, enum style style, struct str text,
                 struct str ellipsis)
{
    struct str head;

    if (text_width(text) <= end - x)
        return grid_put(g, x, y, end, style, text);
    head = text_fit(text, end - x - text_width(ellipsis));
    x = grid_put(g, x, y, end, style, head);
    return grid_put(g, x, y, end, style, ellipsis);
}

void grid_fill(struct grid *g, int x, int y, int end, enum style style, struct str sign)
{
    for (int next; x < end; x = next) {
        next = grid_put(g, x, y, end, style, sign);
        if (next == x)
            return;
    }
}

struct str grid_text(const struct grid *g, struct arena *a)
{
    struct buf b;
    struct str out;

    buf_init(&b, (size_t)g->width * (size_t)g->height * SIGN_OCTETS + (size_t)g->height);
    for (int y = 0; y < g->height; y++) {
        for (int x = 0; x < g->width; x++)
            buf_add(&b, (struct str){ at(g, x, y)->sign.text, at(g, x, y)->sign.n });
        while (b.n > 0 && b.p[b.n - 1] == ' ')
            buf_cut(&b, b.n - 1);
        buf_add_char(&b, '\n');
    }
    out = arena_str(a, buf_str(&b));
    buf_deinit(&b);
    return out;
}
