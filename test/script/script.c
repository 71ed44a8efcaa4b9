/* script.c: from text to steps: comments, continued lines, tables. */
#include "test/script/script.h"

#include "base/buf.h"

enum { TABLE_COLUMNS = 12 };

struct parsing {
    struct arena *arena;
    struct script *out;
    struct str *why;
    size_t row; /* to be filled in */
    struct str columns[TABLE_COLUMNS], cells[TABLE_COLUMNS];
    size_t column_count;
};

static enum err refuse(struct parsing *p, unsigned line, const char *why)
{
    p->out->error_line = line;
    *p->why = str_from(why);
    return ERR_MALFORMED;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A comment begins at a '#' behind white space; inside XML, where texts may have one, only after the last '>'. */
static struct str without_comment(struct str line)
{
    size_t from = str_find_last(line, '>');

    for (size_t i = from < line.n ? from : 0; i + 1 < line.n; i++)
        if (is_blank(line.p[i]) && line.p[i + 1] == '#')
            return str_slice(line, 0, i);
    return line;
}

static struct str next_word(struct str *rest)
{
    size_t n = 0;
    struct str word;

    *rest = str_trim(*rest);
    while (n < rest->n && !is_blank(rest->p[n]) && rest->p[n] != '\n')
        n++;
    word = str_slice(*rest, 0, n);
    *rest = str_trim(str_skip(*rest, n));
    return word;
}

/* ---- Tables ---------------------------------------------------------------------------------------- */

static size_t split_cells(struct str line, struct str *cells)
{
    size_t n = 0;

    while (line.p != NULL && n < TABLE_COLUMNS)
        cells[n++] = str_trim(str_split(&line, '|'));
    return n;
}

/* `table NAME | NAME …`, then one row of as many cells per continued line. */
static enum err take_table(struct parsing *p, unsigned line, struct str args)
{
    struct str cells[TABLE_COLUMNS];

    p->column_count = split_cells(str_split(&args, '\n'), p->columns);
    while (args.p != NULL) {
        struct str row = str_split(&args, '\n');

        if (split_cells(row, cells) != p->column_count)
            return refuse(p, line, "a row of the table has too many or too few cells");
        for (size_t i = 0; p->out->rows == p->row && i < p->column_count; i++)
            p->cells[i] = cells[i];
        p->out->rows++;
    }
    p->out->row = p->cells[0];
    return p->out->rows > 0 ? ERR_NONE : refuse(p, line, "the table has no rows");
}

static const struct str *cell_named(const struct parsing *p, struct str name)
{
    for (size_t i = 0; i < p->column_count; i++)
        if (str_eq(p->columns[i], name))
            return &p->cells[i];
    return NULL;
}

/* {column} becomes the row's cell; other braces are left for the run. */
static struct str fill_in(struct parsing *p, struct str text)
{
    struct buf filled;
    struct str result;

    buf_init(&filled, SIZE_MAX / 2);
    while (text.n > 0) {
        size_t open = str_find(text, '{');
        struct str rest = str_skip(text, open + 1);
        size_t close = str_find(rest, '}');
        const struct str *cell = close < rest.n ? cell_named(p, str_slice(rest, 0, close)) : NULL;

        if (cell != NULL) {
            buf_add(&filled, str_slice(text, 0, open));
            buf_add(&filled, *cell);
            text = str_skip(rest, close + 1);
        } else {
            buf_add(&filled, str_slice(text, 0, open + 1));
            text = rest;
        }
    }
    result = arena_str(p->arena, buf_str(&filled));
    buf_deinit(&filled);
    return result;
}

/* ---- Lines ----------------------------------------------------------------------------------------- */

static bool is_command(struct str word)
{
    static const char *const commands[] = { "account", "advance", "anchor", "config", "event",
                                            "ht",      "plain",   "repeat", "roster", "rule",
                                            "store",   "table",   "text" };

    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (str_is(word, commands[i]))
            return true;
    return false;
}

struct str script_account(struct str actor)
{
    return str_slice(actor, 0, str_find(actor, '/'));
}

static enum err note_actor(struct parsing *p, unsigned line, struct str actor)
{
    struct script *s = p->out;

    for (size_t i = 0; i < s->actor_count; i++)
        if (str_eq(s->actors[i], actor))
            return ERR_NONE;
    if (s->actor_count == SCRIPT_ACTORS)
        return refuse(p, line, "too many actors");
    s->actors[s->actor_count++] = actor;
    return ERR_NONE;
}

/* Between two elements nothing, between two attributes a space. */
static struct str join_lines(struct arena *a, struct str text)
{
    struct buf joined;
    struct str result;

    buf_init(&joined, SIZE_MAX / 2);
    while (text.p != NULL) {
        struct str line = str_trim(str_split(&text, '\n'));

        if (joined.n > 0 && !str_ends(buf_str(&joined), STR(">")))
            buf_add_char(&joined, ' ');
        buf_add(&joined, line);
    }
    result = arena_str(a, buf_str(&joined));
    buf_deinit(&joined);
    return result;
}

static enum err take_line(struct parsing *p, unsigned line, struct str text);

/* `repeat N LINE`: the line N times, {n} being which time it is. */
static enum err take_repeat(struct parsing *p, unsigned line, struct str text)
{
    uint64_t times;
    enum err e = str_to_u64(next_word(&text), SCRIPT_STEPS, &times);

    if (e != ERR_NONE || p->column_count == TABLE_COLUMNS)
        return refuse(p, line, "repeated how often?");
    p->columns[p->column_count++] = STR("n");
    for (uint64_t i = 1; i <= times && e == ERR_NONE; i++) {
        p->cells[p->column_count - 1] = arena_printf(p->arena, "%llu", (unsigned long long)i);
        e = take_line(p, line, text);
    }
    p->column_count--;
    return e;
}

/* A line with its continued lines, which '\n' separates. */
static enum err take_line(struct parsing *p, unsigned line, struct str text)
{
    struct script *s = p->out;
    struct str rest = p->column_count > 0 ? fill_in(p, text) : text;
    struct str first = next_word(&rest);
    struct step step = { .line = line };
    enum err e;

    if (first.n == 0)
        return ERR_NONE;
    if (str_is(first, "table"))
        return take_table(p, line, rest);
    if (str_is(first, "repeat"))
        return take_repeat(p, line, rest);
    if (is_command(first)) {
        step.verb = first;
    } else {
        step.actor = first;
        step.verb = next_word(&rest);
        if (step.verb.n == 0)
            return refuse(p, line, "the actor does nothing");
        if ((e = note_actor(p, line, first)) != ERR_NONE)
            return e;
    }
    if (s->count == SCRIPT_STEPS)
        return refuse(p, line, "too many steps");
    step.args = join_lines(p->arena, rest);
    s->steps[s->count++] = step;
    return ERR_NONE;
}

static void take_comment(struct script *s, struct str text)
{
    if (str_starts(text, STR("module:")))
        s->module = str_trim(str_skip(text, 7));
    else if (str_starts(text, STR("kind:")))
        s->kind = str_trim(str_skip(text, 5));
    else if (str_starts(text, STR("engine:")))
        s->engine = str_trim(str_skip(text, 7));
    else if (s->title.n == 0)
        s->title = text;
}

enum err script_parse(struct arena *a, struct str text, size_t row, struct script *out,
                      struct str *why)
{
    struct parsing p = { .arena = a, .out = out, .why = why, .row = row };
    struct str pending = STR("");
    unsigned number = 0, started = 0;
    enum err e;

    *out = (struct script){ .steps = arena_alloc(a, SCRIPT_STEPS * sizeof(struct step)) };
    while (text.p != NULL) {
        struct str line = str_split(&text, '\n');

        number++;
        if (str_starts(line, STR("#"))) {
            take_comment(out, str_trim(str_skip(line, 1)));
            continue;
        }
        line = without_comment(line);
        if (str_trim(line).n == 0)
            continue;
        if (is_blank(line.p[0])) {
            pending = arena_concat(a, arena_concat(a, pending, STR("\n")), line);
            continue;
        }
        if ((e = take_line(&p, started, pending)) != ERR_NONE)
            return e;
        pending = line;
        started = number;
    }
    return take_line(&p, started, pending);
}
