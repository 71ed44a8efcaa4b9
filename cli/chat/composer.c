/* composer.c: see composer.h. */
#include "cli/chat/composer.h"

#include <string.h>

void composer_init(struct composer *c)
{
    *c = (struct composer){ 0 };
    buf_init(&c->text, COMPOSER_MAX);
    buf_init(&c->cut, COMPOSER_MAX);
}

/* ---- Steps --------------------------------------------------------------------------------------- */

static void wipe(struct composer_step *s)
{
    if (s->text != NULL)
        secure_zero(s->text, s->n);
    mem_free(s->text);
    *s = (struct composer_step){ 0 };
}

static void forget(struct composer_step *steps, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        wipe(&steps[i]);
    *count = 0;
}

/* The text as it is, as the newest step; the oldest gives way. */
static void push(const struct composer *c, struct composer_step *steps, size_t *count)
{
    struct composer_step s = { mem_alloc(c->text.n + 1), c->text.n, c->cursor };

    if (c->text.n > 0)
        memcpy(s.text, c->text.p, c->text.n);
    if (*count == COMPOSER_STEPS) {
        wipe(&steps[0]);
        memmove(steps, steps + 1, (COMPOSER_STEPS - 1) * sizeof *steps);
        --*count;
    }
    steps[(*count)++] = s;
}

/* Before an edit: one that continues the last one belongs to its step. */
static void begin(struct composer *c, enum composer_edit edit)
{
    if (edit != c->last || edit == EDIT_OTHER)
        push(c, c->undo, &c->undo_count);
    forget(c->redo, &c->redo_count);
    c->last = edit;
}

static void replace_all(struct composer *c, struct str text, size_t cursor)
{
    if (c->text.p != NULL)
        secure_zero(c->text.p, c->text.n);
    buf_reset(&c->text);
    buf_add(&c->text, text);
    c->cursor = cursor;
    c->last = EDIT_NONE;
}

static bool step_back(struct composer *c, struct composer_step *from, size_t *from_count,
                      struct composer_step *to, size_t *to_count)
{
    struct composer_step *s;

    if (*from_count == 0)
        return false;
    push(c, to, to_count);
    s = &from[--*from_count];
    replace_all(c, (struct str){ s->text, s->n }, s->cursor);
    wipe(s);
    return true;
}

bool composer_undo(struct composer *c)
{
    return step_back(c, c->undo, &c->undo_count, c->redo, &c->redo_count);
}

bool composer_redo(struct composer *c)
{
    return step_back(c, c->redo, &c->redo_count, c->undo, &c->undo_count);
}

void composer_set(struct composer *c, struct str text)
{
    replace_all(c, str_slice(text, 0, COMPOSER_MAX), 0);
    c->cursor = c->text.n;
    forget(c->undo, &c->undo_count);
    forget(c->redo, &c->redo_count);
}

void composer_deinit(struct composer *c)
{
    composer_set(c, STR_NONE);
    if (c->cut.p != NULL)
        secure_zero(c->cut.p, c->cut.n);
    buf_deinit(&c->text);
    buf_deinit(&c->cut);
}

struct str composer_text(const struct composer *c)
{
    return buf_str(&c->text);
}

/* ---- Edits --------------------------------------------------------------------------------------- */

static bool insert(struct composer *c, struct str s)
{
    size_t after = c->text.n - c->cursor;

    if (s.n > COMPOSER_MAX - c->text.n)
        return false;
    if (s.n == 0)
        return true;
    (void)buf_extend(&c->text, s.n);
    memmove(c->text.p + c->cursor + s.n, c->text.p + c->cursor, after);
    memcpy(c->text.p + c->cursor, s.p, s.n);
    c->cursor += s.n;
    return true;
}

/* Control characters of ASCII and C1 (U+0080-9F, C2 80 to C2 9F in UTF-8), and line ends as other systems write them. */
static void clean(struct buf *out, struct str in)
{
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = (uint8_t)in.p[i];

        if (c == '\r' && (i + 1 == in.n || in.p[i + 1] != '\n'))
            buf_add_char(out, '\n');
        else if (c == '\t')
            buf_add(out, STR("    "));
        else if (c == 0xc2 && i + 1 < in.n && (uint8_t)in.p[i + 1] < 0xa0)
            i++;
        else if (c == '\n' || (c >= 0x20 && c != 0x7f))
            buf_add_char(out, (char)c);
    }
}

static bool put(struct composer *c, struct str text, enum composer_edit edit)
{
    struct buf clear;
    bool ok;

    buf_init(&clear, COMPOSER_MAX);
    clean(&clear, text);
    ok = !clear.failed && clear.n <= COMPOSER_MAX - c->text.n;
    if (ok && clear.n > 0) {
        begin(c, edit);
        insert(c, buf_str(&clear));
    }
    if (clear.p != NULL)
        secure_zero(clear.p, clear.n);
    buf_deinit(&clear);
    return ok;
}

bool composer_type(struct composer *c, struct str text)
{
    bool ok = put(c, text, EDIT_TYPED);

    if (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\n'))
        c->last = EDIT_NONE; /* the next word is another step */
    return ok;
}

bool composer_paste(struct composer *c, struct str text)
{
    return put(c, text, EDIT_OTHER);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n';
}

static size_t target(const struct composer *c, enum composer_to to)
{
    struct str all = composer_text(c), before = str_slice(all, 0, c->cursor);
    struct str after = str_skip(all, c->cursor), one = STR_NONE;
    size_t at = c->cursor;

    switch (to) {
    case TO_LEFT: return at - text_last(before);
    case TO_RIGHT: return text_next(&after, &one) ? at + one.n : at;
    case TO_WORD_LEFT:
        while (at > 0 && is_blank(all.p[at - 1]))
            at--;
        while (at > 0 && !is_blank(all.p[at - 1]))
            at--;
        return at;
    case TO_WORD_RIGHT:
        while (at < all.n && is_blank(all.p[at]))
            at++;
        while (at < all.n && !is_blank(all.p[at]))
            at++;
        return at;
    case TO_LINE_START:
        while (at > 0 && all.p[at - 1] != '\n')
            at--;
        return at;
    case TO_LINE_END: return at + str_find(after, '\n');
    case TO_START: return 0;
    case TO_END: return all.n;
    }
    return at;
}

void composer_move(struct composer *c, enum composer_to to)
{
    c->cursor = target(c, to);
    c->last = EDIT_NONE;
}

static void keep_cut(struct composer *c, struct str what)
{
    if (c->cut.p != NULL)
        secure_zero(c->cut.p, c->cut.n);
    buf_reset(&c->cut);
    buf_add(&c->cut, what);
}

void composer_delete(struct composer *c, enum composer_to to)
{
    size_t other = target(c, to), from = other < c->cursor ? other : c->cursor;
    size_t end = other < c->cursor ? c->cursor : other;
    bool is_single = to == TO_LEFT || to == TO_RIGHT;

    if (from == end)
        return;
    begin(c, is_single ? EDIT_DELETED : EDIT_OTHER);
    if (!is_single)
        keep_cut(c, str_slice(composer_text(c), from, end - from));
    memmove(c->text.p + from, c->text.p + end, c->text.n - end);
    buf_cut(&c->text, c->text.n - (end - from));
    c->cursor = from;
}

void composer_put_back(struct composer *c)
{
    if (c->cut.n > 0 && c->cut.n <= COMPOSER_MAX - c->text.n) {
        begin(c, EDIT_OTHER);
        insert(c, buf_str(&c->cut));
    }
}

/* ---- Lines --------------------------------------------------------------------------------------- */

void composer_place(const struct composer *c, int width, int *out_row, int *out_column,
                    int *out_rows)
{
    struct str all = composer_text(c), rest = all.n > 0 ? all : STR(""), line;

    *out_row = *out_column = *out_rows = 0;
    while (text_line(&rest, width, &line)) {
        size_t from = all.n > 0 ? (size_t)(line.p - all.p) : 0;

        if (c->cursor >= from) {
            size_t in_line = c->cursor - from < line.n ? c->cursor - from : line.n;

            *out_row = *out_rows;
            *out_column = text_width(str_slice(line, 0, in_line));
        }
        ++*out_rows;
    }
    if (*out_column >= width) /* behind a full line, on the space that hangs over */
        *out_column = width - 1;
}

bool composer_move_row(struct composer *c, int width, int by)
{
    struct str all = composer_text(c), rest = all, line;
    int row, column, rows, wanted;

    composer_place(c, width, &row, &column, &rows);
    wanted = row + by;
    if (wanted < 0 || wanted >= rows || all.n == 0)
        return false;
    for (int i = 0; text_line(&rest, width, &line); i++)
        if (i == wanted) {
            struct str head = text_fit(line, column);

            /* The space at which a line was broken belongs to it, but the place behind it to the next one. */
            if (rest.p != NULL && head.n == line.n && head.n > 0 && rest.p == line.p + line.n)
                head.n -= text_last(head);
            c->cursor = (size_t)(line.p - all.p) + head.n;
        }
    c->last = EDIT_NONE;
    return true;
}
