/* go_page.c: see go_page.h. */
#include "cli/chat/go_page.h"

#include "cli/chat/page_deeds.h"
#include "cli/chat/words.h"
#include "cli/visible.h"
#include "xmpp/jid.h"

static bool contains(struct str text, struct str part)
{
    for (size_t i = 0; part.n <= text.n && i <= text.n - part.n; i++)
        if (str_eq_nocase(str_slice(text, i, part.n), part))
            return true;
    return false;
}

/* ---- Chats --------------------------------------------------------------------------------------- */

static void add_chat(struct model *m, const struct chat *c)
{
    struct arena a = { 0 };
    struct str name = visible_line(&a, chat_name(c)), jid = visible_line(&a, c->jid);

    panel_add_choice(
        &m->panel, STYLE_TEXT,
        c->name.n > 0 ? arena_printf(&a, "%.*s  %.*s", STR_ARG(name), STR_ARG(jid)) : jid, c->jid);
    arena_deinit(&a);
}

static void list_chats(struct model *m, struct str typed)
{
    struct arena a = { 0 };

    for (size_t i = 0; i < m->count; i++)
        if (contains(chat_name(m->chats[i]), typed) || contains(m->chats[i]->jid, typed))
            add_chat(m, m->chats[i]);
    if (typed.n > 0 && str_find(typed, '@') < typed.n && model_find(m, typed) == NULL)
        panel_add_choice(&m->panel, STYLE_GOOD,
                         arena_printf(&a, "Write to %.*s", STR_ARG(visible_line(&a, typed))),
                         typed);
    if (m->panel.count == 0 && typed.n > 0)
        panel_add(&m->panel, STYLE_TEXT,
                  STR("No chat is called so. What you type here is sent to nobody: it looks for a "
                      "chat, or begins one with an address such as name@example.org."));
    arena_deinit(&a);
}

/* ---- Commands ------------------------------------------------------------------------------------ */

static bool is_command(struct str typed)
{
    return str_starts(typed, STR("/"));
}

static void list_commands(struct model *m, struct str typed)
{
    struct str rest = str_skip(typed, 1), word = str_split(&rest, ' ');
    struct arena a = { 0 };
    struct word_help h;

    panel_add(&m->panel, STYLE_STRONG,
              m->open == NULL ? STR("No chat is open")
                              : arena_printf(&a, "In the chat with %.*s",
                                             STR_ARG(visible_line(&a, chat_name(m->open)))));
    for (size_t cursor = 0; words_next_help(&cursor, &h);)
        if (rest.p == NULL ? str_starts(str_from(h.word), word) : str_is(word, h.word))
            panel_add(&m->panel, STYLE_TEXT,
                      arena_printf(&a, "/%s%s%s: %s", h.word, h.argument[0] != '\0' ? " " : "",
                                   h.argument, h.what));
    arena_deinit(&a);
}

/* What was refused stays, to be mended; the text is out of the way before. */
static void run(struct model *m, struct str typed)
{
    struct arena a = { 0 };
    enum words came;

    typed = arena_str(&a, typed);
    page_end(m);
    if (m->open != NULL) /* it is about the open chat, as the page says */
        m->focus = FOCUS_WRITE;
    came = words_run(m, typed);
    if (came == WORDS_NONE)
        model_notice(m, true, STR("From here nothing is sent: open a chat first"));
    if (came != WORDS_DONE && m->panel.kind == PANEL_NONE) {
        page_begin(m);
        go_page(m);
        composer_set(&m->panel.input, typed);
        go_page(m);
    }
    secure_zero((void *)typed.p, typed.n);
    arena_deinit(&a);
}

/* ---- All ----------------------------------------------------------------------------------------- */

void go_page(struct model *m)
{
    struct str typed;
    bool commands;

    if (m->panel.kind != PANEL_GO) /* nothing is typed yet */
        panel_begin(&m->panel, PANEL_GO, STR_NONE, STR_NONE, STR_NONE);
    commands = is_command(str_trim(composer_text(&m->panel.input)));
    panel_begin(&m->panel, PANEL_GO, STR_NONE,
                commands ? STR("What is to be done?") : STR("To which chat?"),
                commands ? STR("Enter does it") : STR("A name, or a new address; Enter opens"));
    m->panel.has_input = true;
    typed = str_trim(composer_text(&m->panel.input));
    if (commands)
        list_commands(m, typed);
    else
        list_chats(m, typed);
    if (m->panel.cursor >= m->panel.count)
        m->panel.cursor = 0;
}

void go_typed(struct model *m)
{
    if (m->panel.kind == PANEL_GO)
        go_page(m);
}

void go_chosen(struct model *m, const struct panel_row *row)
{
    struct str typed = str_trim(composer_text(&m->panel.input));
    struct arena a = { 0 };
    struct str address = arena_str(&a, row != NULL ? row->value : typed); /* it is the panel's */
    struct jid jid;

    if (is_command(typed)) {
        run(m, typed);
    } else if (jid_parse(&a, address, &jid) == ERR_NONE && jid.local.n > 0) {
        page_end(m);
        (void)model_open(m, address);
    } else {
        model_notice(m, true, STR("An address looks like this: name@example.org"));
    }
    arena_deinit(&a);
}
