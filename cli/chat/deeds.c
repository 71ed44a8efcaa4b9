/* deeds.c: see deeds.h. */
#include "cli/chat/calls.h"
#include "cli/chat/deeds.h"

#include "cli/chat/lasting_page.h"
#include "cli/chat/when.h"
#include "cli/visible.h"

static struct str name_of(struct model *m, struct arena *a, struct str jid)
{
    const struct chat *c = model_find(m, jid);

    return visible_line(a, c != NULL ? chat_name(c) : jid);
}

static void set(struct buf *b, struct str text)
{
    buf_reset(b);
    buf_add(b, text);
}

/* ---- Messages ------------------------------------------------------------------------------------ */

bool deed_reply(struct model *m, const struct message *message)
{
    if (message->retracted)
        return false;
    buf_reset(&m->editing);
    set(&m->replying, message->entry.id);
    return false;
}

bool deed_edit(struct model *m, const struct message *message)
{
    if (!message->entry.outgoing || message->retracted || message->entry.kind != ENTRY_MESSAGE) {
        model_notice(m, true, STR("Only messages of your own can be corrected"));
        return false;
    }
    buf_reset(&m->replying);
    set(&m->editing, message->entry.id);
    composer_set(&m->composer, message->text);
    return false;
}

/* Kept in the page: the message may move meanwhile. */
static void begin(struct model *m, enum panel_kind kind, struct str title, struct str foot,
                  const struct message *message)
{
    panel_begin(&m->panel, kind, m->open->jid, title, foot);
    set(&m->panel.id, message->entry.id);
}

bool deed_react(struct model *m, const struct message *message)
{
    static const char *const signs[] = { "👍", "❤", "😂", "😮", "😢", "🙏" };

    if (message->retracted)
        return false;
    begin(m, PANEL_REACT, STR("Which sign?"), STR("Or type or paste others; Enter sends"), message);
    m->panel.has_input = true;
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        panel_add_choice(&m->panel, STYLE_TEXT, str_from(signs[i]), str_from(signs[i]));
    panel_add_choice(&m->panel, STYLE_FAINT, STR("none any more"), STR(""));
    return true;
}

bool deed_retract(struct model *m, const struct message *message)
{
    if (!message->entry.outgoing || (message->retracted && !message->only_here)) {
        model_notice(m, true, STR("Only messages of your own can be taken back"));
        return false;
    }
    begin(m, PANEL_RETRACT, STR("Take this message back?"), STR_NONE, message);
    panel_add(&m->panel, STYLE_QUOTE,
              str_slice(message->text, 0, text_fit(message->text, m->width).n));
    panel_add(&m->panel, STYLE_TEXT,
              STR("Programs that honour it will not show it any more. Whoever has read it has read "
                  "it."));
    panel_add_choice(&m->panel, STYLE_TEXT, STR("Keep it"), STR("keep"));
    panel_add_choice(&m->panel, STYLE_ALARM, STR("Take it back"), STR("back"));
    return true;
}

static void react(struct model *m, const struct panel_row *row)
{
    struct str typed = str_trim(composer_text(&m->panel.input));

    if (typed.n == 0 && row != NULL)
        typed = row->value;
    wishes_add(&m->wishes, WISH_REACT, m->panel.chat, buf_str(&m->panel.id), typed);
}

/* As a new message: the other one stays, with the reason. */
bool deed_again(struct model *m, const struct message *message)
{
    const struct entry *e = &message->entry;

    if (!e->outgoing || message->retracted || message->delivery != DELIVERY_FAILED)
        model_notice(m, true, STR("Only what was not sent can be sent again"));
    else if (e->attachment.n > 0)
        model_notice(m, true, STR("The file has to be chosen again: F7"));
    else
        wishes_add(&m->wishes, e->target.n > 0 ? WISH_REPLY : WISH_SEND, m->open->jid, e->target,
                   message->text);
    return false;
}

bool deed_save(struct model *m, const struct message *message)
{
    if (message->entry.attachment.n == 0 || message->retracted)
        model_notice(m, true, STR("This message has no file"));
    else
        wishes_add(&m->wishes, WISH_SAVE, m->open->jid, message->entry.id, STR_NONE);
    return false;
}

/* ---- Search -------------------------------------------------------------------------------------- */

void deed_search(struct model *m)
{
    bool everywhere = m->open == NULL || (m->panel.kind == PANEL_SEARCH && m->panel.chat.n > 0)
                      || m->before_panel == FOCUS_LIST;
    struct arena a = { 0 };

    panel_begin(&m->panel, PANEL_SEARCH, everywhere ? STR_NONE : m->open->jid,
                everywhere ? STR("Search in all chats")
                           : arena_printf(&a, "Search in the chat with %.*s",
                                          STR_ARG(name_of(m, &a, m->open->jid))),
                m->open == NULL ? STR("Enter searches")
                : everywhere    ? STR("Enter searches; F3: in this chat only")
                                : STR("Enter searches; F3: in all chats"));
    m->panel.has_input = true;
    buf_reset(&m->panel.id);
    arena_deinit(&a);
}

void model_found(struct model *m, const struct entry *const *entries, size_t count)
{
    struct panel *p = &m->panel;
    struct arena a = { 0 };

    if (p->kind != PANEL_SEARCH)
        return;
    panel_begin(p, PANEL_SEARCH, p->chat, p->title, p->foot);
    p->has_input = true;
    p->cursor = p->top = 0;
    for (size_t i = count; i-- > 0;) { /* the newest first */
        const struct entry *e = entries[i];

        panel_add_choice(p, STYLE_TEXT,
                         arena_printf(&a, "%.*s %.*s: %.*s",
                                      STR_ARG(when_short(&a, e->time_ms, m->now_ms)),
                                      STR_ARG(e->outgoing ? STR("You") : name_of(m, &a, e->chat)),
                                      STR_ARG(visible_line(&a, e->text))),
                         arena_printf(&a, "%.*s\n%.*s", STR_ARG(e->chat), STR_ARG(e->id)));
    }
    if (count == 0)
        panel_add(p, STYLE_FAINT, STR("Nothing found"));
    arena_deinit(&a);
}

/* The first Enter looks, the next one, with the same words, goes where the cursor is. */
static void search(struct model *m, const struct panel_row *row)
{
    struct str words = str_trim(composer_text(&m->panel.input)), id;
    struct arena a = { 0 };

    if (words.n == 0)
        return;
    if (!str_eq(words, buf_str(&m->panel.id))) {
        set(&m->panel.id, words);
        wishes_add(&m->wishes, WISH_SEARCH, m->panel.chat, STR_NONE, words);
    } else if (row != NULL) {
        id = arena_str(&a, row->value);
        m->before_panel = FOCUS_WRITE;
        panel_end(&m->panel);
        m->focus = FOCUS_WRITE;
        words = str_split(&id, '\n');
        model_go_to(m, words, id);
    }
    arena_deinit(&a);
}

/* ---- People -------------------------------------------------------------------------------------- */

static const struct {
    const char *verb, *words;
    bool for_contact, for_others;
} verbs[] = {
    { "add", "Add to the contacts: both see when the other is there", false, true },
    { "name", "Change the name", true, false },
    { "keys", "Devices and safety number", true, true },
    { "lasting", "Messages that disappear", true, true },
    { "block", "Block: not heard any more, and not answered", true, true },
    { "remove", "Remove from the contacts; the chat stays", true, false },
};

void deed_person(struct model *m)
{
    const struct chat *c = m->before_panel == FOCUS_LIST ? m->pointed : m->open;
    struct panel *p = &m->panel;
    struct arena a = { 0 };

    if (c == NULL)
        return;
    panel_begin(p, PANEL_PERSON, c->jid, visible_line(&a, chat_name(c)), STR("Enter does it"));
    panel_add(p, STYLE_TEXT, visible_line(&a, c->jid));
    if (c->is_contact)
        panel_add(p, STYLE_FAINT,
                  c->asked                  ? STR("was asked to show when they are there")
                  : c->show != SHOW_OFFLINE ? show_words(c->show)
                                            : STR("not there, or does not show it"));
    else
        panel_add(p, STYLE_FAINT, STR("not a contact"));
    if (c->status.n > 0)
        panel_add(p, STYLE_FAINT, visible_line(&a, buf_str(&c->status)));
    panel_add(p, STYLE_TEXT, STR_NONE);
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (c->is_contact ? verbs[i].for_contact : verbs[i].for_others)
            panel_add_choice(p, STYLE_TEXT, str_from(verbs[i].words), str_from(verbs[i].verb));
    arena_deinit(&a);
}

static void ask_name(struct model *m)
{
    const struct chat *c = model_find(m, m->panel.chat);

    panel_begin(&m->panel, PANEL_NAME, m->panel.chat, STR("What do you call them?"),
                STR("Enter keeps it; only you see it"));
    m->panel.has_input = true;
    if (c != NULL)
        composer_set(&m->panel.input, buf_str(&c->name));
}

static void ask_block(struct model *m)
{
    struct arena a = { 0 };

    panel_begin(&m->panel, PANEL_BLOCK, m->panel.chat,
                arena_printf(&a, "Block %.*s?", STR_ARG(name_of(m, &a, m->panel.chat))), STR_NONE);
    panel_add(&m->panel, STYLE_TEXT,
              STR("The server takes nothing from them any more and does not show them when you are "
                  "there. They are not told. F6 lists whom you block, and lets them in again."));
    panel_add_choice(&m->panel, STYLE_TEXT, STR("No"), STR("no"));
    panel_add_choice(&m->panel, STYLE_ALARM, STR("Block"), STR("block"));
    arena_deinit(&a);
}

static bool person_chosen(struct model *m, struct str verb)
{
    if (str_is(verb, "name")) {
        ask_name(m);
        return false;
    }
    if (str_is(verb, "keys")) {
        model_act(m, ACT_KEYS);
        return false;
    }
    if (str_is(verb, "lasting")) {
        model_act(m, ACT_LASTING);
        return false;
    }
    if (str_is(verb, "block")) {
        ask_block(m);
        return false;
    }
    wishes_add(&m->wishes, str_is(verb, "add") ? WISH_ADD : WISH_REMOVE, m->panel.chat, STR_NONE,
               STR_NONE);
    return true;
}

void deed_people(struct model *m)
{
    panel_begin(&m->panel, PANEL_PEOPLE, STR_NONE, STR("Who wants to reach you"),
                STR("a accept, x refuse"));
    wishes_add(&m->wishes, WISH_PEOPLE, STR_NONE, STR_NONE, STR_NONE);
}

static struct str person_words(struct arena *a, const struct person_view *p, struct str jid)
{
    switch (p->kind) {
    case PERSON_ASKS: return arena_printf(a, "%.*s asks to be a contact", STR_ARG(jid));
    case PERSON_BLOCKED:
        return arena_printf(a, "%.*s is blocked; a lets them in again", STR_ARG(jid));
    case PERSON_WROTE: break;
    }
    if (p->text.n == 0)
        return arena_printf(a, "%.*s wrote, as the chat shows", STR_ARG(jid));
    return arena_printf(a, "%.*s wrote: %.*s", STR_ARG(jid), STR_ARG(visible_line(a, p->text)));
}

void model_set_people(struct model *m, const struct person_view *people, size_t count)
{
    struct panel *p = &m->panel;
    struct arena a = { 0 };

    if (p->kind != PANEL_PEOPLE)
        return;
    panel_begin(p, PANEL_PEOPLE, STR_NONE, p->title, p->foot);
    for (size_t i = 0; i < count; i++) {
        struct str jid = visible_line(&a, people[i].jid);

        panel_add_choice(p, people[i].kind == PERSON_BLOCKED ? STYLE_FAINT : STYLE_TEXT,
                         person_words(&a, &people[i], jid), people[i].jid);
    }
    if (count == 0)
        panel_add(p, STYLE_FAINT, STR("Nobody."));
    else
        panel_add(p, STYLE_FAINT,
                  STR("Whom you accept may see when you are there. Whom you refuse is not told."));
    arena_deinit(&a);
}

void deed_answer(struct model *m, bool accept)
{
    const struct panel_row *row = panel_chosen(&m->panel);

    if (m->panel.kind != PANEL_PEOPLE || row == NULL)
        return;
    wishes_add(&m->wishes, WISH_ANSWER, row->value, STR_NONE, STR_NONE)->on = accept;
    wishes_add(&m->wishes, WISH_PEOPLE, STR_NONE, STR_NONE, STR_NONE);
}

/* ---- Files --------------------------------------------------------------------------------------- */

void deed_file(struct model *m)
{
    if (m->open == NULL)
        return;
    panel_begin(&m->panel, PANEL_FILE, m->open->jid, STR("Which file?"), STR("Enter sends it"));
    m->panel.has_input = true;
    panel_add(&m->panel, STYLE_TEXT,
              STR("Its path; ~/ is your folder. It is sealed on this device before it leaves, and "
                  "pictures lose what tells where they were taken. The name of the file is sent as "
                  "well."));
}

/* ---- Enter --------------------------------------------------------------------------------------- */

bool deed_chosen(struct model *m, const struct panel_row *row)
{
    switch (m->panel.kind) {
    case PANEL_REACT: react(m, row); return true;
    case PANEL_RETRACT:
        if (row != NULL && str_is(row->value, "back"))
            wishes_add(&m->wishes, WISH_RETRACT, m->panel.chat, buf_str(&m->panel.id), STR_NONE);
        return true;
    case PANEL_FILE:
        if (str_trim(composer_text(&m->panel.input)).n > 0)
            wishes_add(&m->wishes, WISH_FILE, m->panel.chat, STR_NONE,
                       str_trim(composer_text(&m->panel.input)));
        return true;
    case PANEL_TIMER: lasting_chosen(m, row); return true;
    case PANEL_SEARCH: search(m, row); return false;
    case PANEL_PERSON: return row != NULL && person_chosen(m, row->value);
    case PANEL_BLOCK:
        if (row != NULL && str_is(row->value, "block"))
            wishes_add(&m->wishes, WISH_BLOCK, m->panel.chat, STR_NONE, STR_NONE)->on = true;
        return true;
    case PANEL_CALLS: return calls_chosen(m, row);
    case PANEL_NAME:
        wishes_add(&m->wishes, WISH_RENAME, m->panel.chat, STR_NONE,
                   str_trim(composer_text(&m->panel.input)));
        return true;
    default: return false;
    }
}
