/* model.c: chats, and what comes from the world. act.c and its kin have what the person does. */
#include "cli/chat/model.h"

#include <string.h>

#include "cli/attached.h"
#include "cli/chat/calls.h"
#include "cli/lasting.h"
#include "client/call.h"

enum { AWAY_MS = 2 * 60 * 1000, WHY_MAX = 1024, DRAFT_MAX = COMPOSER_MAX };

/* ---- Life ---------------------------------------------------------------------------------------- */

void model_init(struct model *m, struct str own, const struct random *random)
{
    *m = (struct model){ .random = random, .symbols = symbols_of(true), .width = 80, .height = 24 };
    m->own = arena_str(&m->arena, own);
    composer_init(&m->composer);
    panel_init(&m->panel);
    buf_init(&m->selected, ID_MAX_OCTETS);
    buf_init(&m->replying, ID_MAX_OCTETS);
    buf_init(&m->editing, ID_MAX_OCTETS);
    buf_init(&m->why, WHY_MAX);
    buf_init(&m->notice, WHY_MAX);
    list_init(&m->wishes);
}

static void chat_free(struct chat *c)
{
    if (c->draft.p != NULL)
        secure_zero(c->draft.p, c->draft.n);
    buf_deinit(&c->name);
    buf_deinit(&c->draft);
    buf_deinit(&c->divider);
    buf_deinit(&c->bottom);
    buf_deinit(&c->seeking);
    buf_deinit(&c->status);
    timeline_free(c->timeline);
    arena_deinit(&c->arena);
    mem_free(c);
}

void model_deinit(struct model *m)
{
    struct wish *w;

    for (size_t i = 0; i < m->count; i++)
        chat_free(m->chats[i]);
    while ((w = wishes_take(&m->wishes)) != NULL)
        wish_done(w);
    mem_free(m->chats);
    composer_deinit(&m->composer);
    panel_deinit(&m->panel);
    buf_deinit(&m->selected);
    buf_deinit(&m->replying);
    buf_deinit(&m->editing);
    buf_deinit(&m->why);
    buf_deinit(&m->notice);
    arena_deinit(&m->arena);
    arena_deinit(&m->call_arena);
}

void model_resize(struct model *m, int width, int height)
{
    m->width = width;
    m->height = height;
}

static void set(struct buf *b, struct str text)
{
    buf_reset(b);
    buf_add(b, str_slice(text, 0, b->limit));
}

void model_notice(struct model *m, bool alarms, struct str text)
{
    set(&m->notice, text);
    m->notice_alarms = alarms;
    m->notices++;
    m->alarms += alarms;
    m->notice_until_ms = m->now_ms + NOTICE_MS;
}

/* A message that comes to an empty room is not read. */
bool model_is_watched(const struct model *m)
{
    return !m->behind && m->now_ms - m->there_ms < AWAY_MS;
}

/* ---- Time ---------------------------------------------------------------------------------------- */

static bool pass(const struct model *m, uint64_t *until)
{
    bool over = *until != 0 && *until <= m->now_ms;

    if (over)
        *until = 0;
    return over;
}

static bool has_new_draft(const struct model *m)
{
    return m->open != NULL && m->editing.n == 0
           && !str_eq(composer_text(&m->composer), buf_str(&m->open->draft));
}

void model_keep_draft(struct model *m)
{
    struct str text = composer_text(&m->composer);

    if (!has_new_draft(m))
        return;
    set(&m->open->draft, text);
    wishes_add(&m->wishes, WISH_DRAFT, m->open->jid, STR_NONE, text);
}

bool model_now(struct model *m, uint64_t now_ms)
{
    bool changed;

    m->now_ms = now_ms;
    if (now_ms - m->there_ms >= DRAFT_MS)
        model_keep_draft(m);
    changed = pass(m, &m->notice_until_ms);
    if (changed)
        buf_reset(&m->notice);
    changed |= calls_now(m);
    for (size_t i = 0; i < m->count; i++)
        changed |= pass(m, &m->chats[i]->typing_until_ms);
    return changed;
}

uint64_t model_wake_ms(const struct model *m)
{
    uint64_t wake = m->notice_until_ms != 0 ? m->notice_until_ms : UINT64_MAX;

    if (has_new_draft(m) && m->there_ms + DRAFT_MS < wake)
        wake = m->there_ms + DRAFT_MS;

    for (size_t i = 0; i < m->count; i++)
        if (m->chats[i]->typing_until_ms != 0 && m->chats[i]->typing_until_ms < wake)
            wake = m->chats[i]->typing_until_ms;
    return calls_wake_ms(m) < wake ? calls_wake_ms(m) : wake;
}

/* ---- Chats --------------------------------------------------------------------------------------- */

struct chat *model_find(const struct model *m, struct str jid)
{
    for (size_t i = 0; i < m->count; i++)
        if (str_eq(m->chats[i]->jid, jid))
            return m->chats[i];
    return NULL;
}

static struct chat *chat_new(struct str jid, const struct random *random)
{
    struct chat *c = mem_alloc(sizeof *c);

    c->jid = arena_str(&c->arena, jid);
    buf_init(&c->name, NAME_MAX_OCTETS);
    buf_init(&c->draft, DRAFT_MAX);
    buf_init(&c->divider, ID_MAX_OCTETS);
    buf_init(&c->bottom, ID_MAX_OCTETS);
    buf_init(&c->seeking, ID_MAX_OCTETS);
    buf_init(&c->status, NAME_MAX_OCTETS);
    c->timeline = timeline_new(random);
    return c;
}

struct chat *model_chat(struct model *m, struct str jid)
{
    struct chat *c = model_find(m, jid);

    if (c != NULL)
        return c;
    if (m->count == m->room) {
        m->room = m->room > 0 ? 2 * m->room : 16;
        m->chats = mem_resize(m->chats, m->room * sizeof *m->chats);
    }
    c = chat_new(jid, m->random);
    m->chats[m->count++] = c;
    if (m->pointed == NULL)
        m->pointed = c;
    return c;
}

/* The newest first; those without a message by their names. */
static bool comes_before(const struct chat *a, const struct chat *b)
{
    if (a->last_ms != b->last_ms)
        return a->last_ms > b->last_ms;
    return str_cmp(chat_name(a), chat_name(b)) < 0;
}

static void place(struct model *m, struct chat *c)
{
    size_t at = 0;

    while (at < m->count && m->chats[at] != c)
        at++;
    for (; at > 0 && comes_before(c, m->chats[at - 1]); at--)
        m->chats[at] = m->chats[at - 1];
    m->chats[at] = c;
    for (; at + 1 < m->count && comes_before(m->chats[at + 1], c); at++)
        m->chats[at] = m->chats[at + 1];
    m->chats[at] = c;
}

void model_set_contact(struct model *m, const struct contact *contact)
{
    struct chat *c = model_chat(m, contact->jid);

    set(&c->name, contact->name);
    set(&c->status, contact->status);
    c->show = contact->show;
    c->is_contact = true;
    c->asked = contact->asked;
    place(m, c);
}

void model_no_contact(struct model *m, struct str jid)
{
    struct chat *c = model_find(m, jid);

    if (c == NULL)
        return;
    buf_reset(&c->status);
    c->show = SHOW_OFFLINE;
    c->is_contact = c->asked = false;
}

void model_set_requests(struct model *m, unsigned count)
{
    m->requests = count;
}

struct str show_words(enum show show)
{
    static const char *const words[] = {
        [SHOW_OFFLINE] = "",  [SHOW_XA] = "long away",  [SHOW_DND] = "do not disturb",
        [SHOW_AWAY] = "away", [SHOW_ONLINE] = "online", [SHOW_CHAT] = "likes to talk",
    };

    return str_from(words[show]);
}

struct str chat_name(const struct chat *c)
{
    return c->name.n > 0 ? buf_str(&c->name) : c->jid;
}

void model_set_state(struct model *m, struct str jid, unsigned unread, struct str draft)
{
    struct chat *c = model_chat(m, jid);

    c->unread = unread;
    set(&c->draft, draft);
    if (c == m->open && m->composer.text.n == 0)
        composer_set(&m->composer, draft);
}

void model_ready(struct model *m)
{
    m->ready = true;
    if (m->count > 0 && m->open == NULL)
        m->pointed = m->chats[0];
}

/* ---- Entries ------------------------------------------------------------------------------------- */

static bool is_said(const struct entry *e)
{
    return e->kind == ENTRY_MESSAGE || e->kind == ENTRY_SEALED;
}

/* On another device of ours: what came after this message is left. */
static void read_elsewhere(struct chat *c, struct str id)
{
    unsigned after = 0;

    for (size_t i = timeline_count(c->timeline); i-- > 0;) {
        const struct entry *e = &timeline_at(c->timeline, i)->entry;

        if (str_eq(e->id, id)) {
            c->unread = after < c->unread ? after : c->unread;
            return;
        }
        after += !e->outgoing && is_said(e);
    }
}

void model_set_timer(struct model *m, struct str jid, uint32_t seconds)
{
    struct chat *c = model_find(m, jid);

    if (c != NULL)
        c->timer_s = seconds;
}

static void timer_came(struct chat *c, const struct entry *e)
{
    const struct message *newest = NULL;

    for (size_t i = timeline_count(c->timeline); i-- > 0 && newest == NULL;)
        if (timeline_at(c->timeline, i)->entry.kind == ENTRY_TIMER)
            newest = timeline_at(c->timeline, i);
    c->timer_s = newest != NULL ? newest->entry.expires_s : e->expires_s;
}

static void message_came(struct model *m, struct chat *c, const struct entry *e, bool live)
{
    if (live && e->outgoing) {
        c->unread = 0; /* who answers has read what came before */
    } else if (live && is_said(e)) {
        c->unread++;
        c->typing_until_ms = 0;
        m->bell = true;
    }
    if (e->time_ms > c->last_ms) {
        c->last_ms = e->time_ms;
        place(m, c);
    }
}

static void entry_came(struct model *m, const struct entry *e, bool live, uint64_t number)
{
    struct chat *c;
    size_t before;

    if (e->kind == ENTRY_DEVICE)
        return; /* the screen makes its lines of the keys that were met, in every chat that they concern (devices.c) */
    c = model_chat(m, e->chat);
    before = timeline_count(c->timeline);
    if (live)
        timeline_add(c->timeline, e);
    else
        timeline_add_kept(c->timeline, e, number);
    if (timeline_count(c->timeline) > before)
        message_came(m, c, e, live);
    else if (e->kind == ENTRY_READ && e->outgoing)
        read_elsewhere(c, e->target);
    if (e->kind == ENTRY_TIMER)
        timer_came(c, e);
}

void model_entry(struct model *m, const struct entry *e)
{
    entry_came(m, e, true, 0);
}

void model_kept(struct model *m, const struct entry *e, uint64_t number)
{
    entry_came(m, e, false, number);
}

void model_loaded(struct model *m, struct str jid, uint64_t oldest, bool complete)
{
    struct chat *c = model_chat(m, jid);

    c->loading = false;
    c->oldest = oldest;
    c->complete = complete;
    if (c == m->open && c->divider.n == 0)
        chat_mark_new(c);
    if (c == m->open && c->seeking.n > 0)
        model_seek(m);
}

void model_typing(struct model *m, struct str jid, bool on)
{
    struct chat *c = model_find(m, jid);

    if (c != NULL)
        c->typing_until_ms = on ? m->now_ms + TYPING_MS : 0;
}

void model_set_connection(struct model *m, enum connection state, struct str why)
{
    m->connection = state;
    set(&m->why, why);
}

/* The line above what is new, until the chat is left. */
void chat_mark_new(struct chat *c)
{
    unsigned left = c->unread;

    buf_reset(&c->divider);
    for (size_t i = timeline_count(c->timeline); i-- > 0 && left > 0;) {
        const struct entry *e = &timeline_at(c->timeline, i)->entry;

        if (!e->outgoing && is_said(e) && --left == 0)
            buf_add(&c->divider, e->id);
    }
}

/* ---- Words ----------------------------------------------------------------------------------------- */

/* One in which nobody talked is worth nothing. */
static struct str call_worth(const struct entry *e)
{
    struct call_record r;

    if (call_record_read(e->text, &r) != ERR_NONE || r.outcome != CALL_TALKED)
        return STR_NONE;
    return e->trust == ENTRY_TRUST_VERIFIED  ? STR("encrypted, verified")
           : e->trust == ENTRY_TRUST_TRUSTED ? STR("encrypted, not verified")
                                             : STR("unverified call");
}

bool message_is_said(const struct message *m)
{
    return m->entry.kind != ENTRY_TIMER && m->entry.kind != ENTRY_DEVICE;
}

const struct message *chat_newest(const struct chat *c)
{
    for (size_t i = timeline_count(c->timeline); i-- > 0;)
        if (message_is_said(timeline_at(c->timeline, i)))
            return timeline_at(c->timeline, i);
    return NULL;
}

struct str timer_words(struct arena *a, const struct entry *e)
{
    if (e->expires_s == 0)
        return STR("messages stay");
    return arena_printf(a, "messages disappear after %.*s",
                        STR_ARG(lasting_words(a, e->expires_s)));
}

static struct str voice_words(struct arena *a, const struct attachment *f)
{
    unsigned seconds = (f->duration_ms + 500) / 1000;

    if (seconds == 0)
        return STR("voice message");
    return arena_printf(a, "voice message, %u:%02u", seconds / 60, seconds % 60);
}

/* [photo.jpg, 1.2 MB] before the text that came with it. */
static struct str with_file(struct arena *a, const struct message *m)
{
    struct attachment f;
    struct str what;

    if (!attached_of(&m->entry, &f))
        return m->text;
    what = f.is_voice ? voice_words(a, &f) : f.name.n > 0 ? f.name : STR("file");
    if (f.has_size)
        what = arena_printf(a, "%.*s, %.*s", STR_ARG(what), STR_ARG(attached_size(a, f.size)));
    return arena_printf(a, "[%.*s]%s%.*s", STR_ARG(what), m->text.n > 0 ? "\n" : "",
                        STR_ARG(m->text));
}

struct str message_words(struct arena *a, const struct message *m)
{
    if (m->entry.kind == ENTRY_CALL)
        return call_record_words(a, &m->entry);
    return m->entry.attachment.n > 0 ? with_file(a, m) : m->text;
}

struct str message_trust_words(const struct message *m)
{
    const struct entry *e = &m->entry;

    if (e->kind == ENTRY_SEALED || !message_is_said(m))
        return STR_NONE;
    if (e->kind == ENTRY_CALL)
        return call_worth(e);
    if (e->outgoing && m->delivery == DELIVERY_WAITING)
        return STR_NONE;
    if (e->outgoing && m->delivery == DELIVERY_FAILED)
        return STR_NONE;
    if (e->encryption == ENCRYPTION_NONE)
        return STR("NOT ENCRYPTED");
    if (e->outgoing)
        return STR("encrypted");
    switch (e->trust) {
    case ENTRY_TRUST_VERIFIED: return STR("encrypted, verified");
    case ENTRY_TRUST_TRUSTED: return STR("encrypted, not verified");
    case ENTRY_TRUST_NONE:
    case ENTRY_TRUST_UNDECIDED: break;
    }
    return STR("encrypted, device not trusted");
}
