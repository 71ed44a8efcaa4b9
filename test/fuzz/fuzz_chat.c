/* fuzz_chat.c: whatever people write, are called and press: no control character gets into a cell of the screen, and no sign is wider
 * than its cells. The first two octets are a size; then each line is a step: m message, n name, k key, p paste, t text typed. */
#include <assert.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/unicode.h"
#include "base/utf8.h"
#include "cli/chat/keys.h"
#include "cli/chat/view.h"

enum { WIDTH_SPAN = 140, HEIGHT_SPAN = 50, STEPS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void fill(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 1, n);
}

static void message(struct model *m, struct str text, unsigned step)
{
    char id = (char)('0' + step);
    struct entry e = { .kind = ENTRY_MESSAGE,
                       .time_ms = 1000 + step,
                       .chat = STR("you@example.org"),
                       .author = STR("you@example.org"),
                       .id = { &id, 1 },
                       .text = text };

    e.outgoing = step % 3 == 2;
    e.target = step % 5 == 4 ? STR("0") : STR_NONE;
    model_entry(m, &e);
}

static void press(struct model *m, uint8_t octet)
{
    static const uint32_t named[] = { PRESS_ENTER,     PRESS_ESCAPE,    PRESS_UP, PRESS_DOWN,
                                      PRESS_PAGE_UP,   PRESS_PAGE_DOWN, PRESS_F1, PRESS_F2,
                                      PRESS_F3,        PRESS_F4,        PRESS_F5, PRESS_F6,
                                      PRESS_BACKSPACE, PRESS_TAB };
    uint32_t key = octet < 0x20   ? PRESS_CTRL | (octet + 0x60u)
                   : octet < 0x7f ? octet
                                  : named[octet % COUNT_OF(named)];

    model_act(m, keys_action(m, key));
}

static void step(struct model *m, struct str line, unsigned number)
{
    struct contact contact = { .jid = STR("you@example.org"), .name = str_skip(line, 1) };
    struct str text = str_skip(line, 1);

    switch (line.n > 0 ? line.p[0] : 0) {
    case 'm': message(m, text, number); break;
    case 'n': model_set_contact(m, &contact); break;
    case 'k':
        for (size_t i = 0; i < text.n && i < STEPS_MAX; i++)
            press(m, (uint8_t)text.p[i]);
        break;
    case 'p': model_paste(m, text); break;
    case 't': model_type(m, text); break;
    default: break;
    }
}

static void check_screen(struct model *m)
{
    struct grid g;

    grid_init(&g, m->width, m->height);
    view_draw(m, &g);
    for (int i = 0; i < g.width * g.height; i++) {
        struct str rest = { g.cells[i].sign.text, g.cells[i].sign.n };

        check(rest.n > 0 || g.cells[i].sign.width == 0);
        while (rest.n > 0) {
            int32_t point = utf8_next(&rest);

            check(point >= 0x20 && unicode_info((uint32_t)point).class != UNICODE_CONTROL);
            check(point < 0x202a || point > 0x202e);
        }
    }
    grid_deinit(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct random random = { fill, NULL };
    struct str rest = { (const char *)data + 2, size - 2 };
    struct model m;
    struct wish *w;

    if (size < 2 || setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return 0;
    model_init(&m, STR("me@example.org"), &random);
    model_now(&m, 2000);
    model_resize(&m, 1 + data[0] % WIDTH_SPAN, 1 + data[1] % HEIGHT_SPAN);
    m.ready = true;
    for (unsigned i = 0; i < STEPS_MAX && rest.p != NULL; i++) {
        step(&m, str_split(&rest, '\n'), i);
        check_screen(&m);
        while ((w = wishes_take(&m.wishes)) != NULL)
            wish_done(w);
    }
    model_deinit(&m);
    return 0;
}
