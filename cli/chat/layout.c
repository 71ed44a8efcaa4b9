/* layout.c: see layout.h. */
#include "cli/chat/layout.h"

#include "cli/chat/calls.h"

enum { LIST_WIDTH = 27, LIST_WIDE_WIDTH = 34, VERY_WIDE = 110, TALL = 16 };

static int rows_to_write(const struct model *m, int width, int height)
{
    int row, column, rows, most = height / 3;

    composer_place(&m->composer, width, &row, &column, &rows);
    return rows < most ? rows : most;
}

struct layout layout_of(const struct model *m)
{
    struct layout l = { .too_small = m->width < WIDTH_MIN || m->height < HEIGHT_MIN };
    int list = m->width < WIDE ? 0 : m->width < VERY_WIDE ? LIST_WIDTH : LIST_WIDE_WIDTH;
    int calls = (int)calls_lines(m), top = 1 + calls, body = m->height - 1 - top, write;

    if (l.too_small)
        return l;
    l.list_lines = m->height < TALL ? 1 : 2;
    l.calls = (struct area){ 0, 1, m->width, calls };
    if (list == 0 && m->focus == FOCUS_LIST) {
        l.list = (struct area){ 0, top, m->width, body };
        return l;
    }
    l.list = (struct area){ 0, top, list, body };
    l.talk = (struct area){ list > 0 ? list + 1 : 0, top, 0, body };
    l.talk.width = m->width - l.talk.x;
    if (m->panel.kind != PANEL_NONE || m->open == NULL)
        return l;
    write = rows_to_write(m, l.talk.width - PROMPT, body);
    l.write = (struct area){ l.talk.x, top + body - write, l.talk.width, write };
    l.rule = (struct area){ l.talk.x, l.write.y - 1, l.talk.width, 1 };
    l.talk.height = body - write - 1;
    return l;
}
