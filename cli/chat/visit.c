/* visit.c: see visit.h. */
#include "cli/chat/visit.h"

#include "cli/chat/writing.h"
#include "xmpp/jid.h"

enum { FIRST_PAGE = 100 };

void visit_older(struct model *m, struct chat *c)
{
    if (c->loading || c->complete)
        return;
    c->loading = true;
    wishes_add(&m->wishes, WISH_OLDER, c->jid, STR_NONE, STR_NONE);
}

void visit_leave(struct model *m)
{
    if (m->open == NULL)
        return;
    writing_stop(m);
    model_keep_draft(m);
    if (m->typing)
        wishes_add(&m->wishes, WISH_TYPING, m->open->jid, STR_NONE, STR_NONE);
    m->typing = false;
    buf_reset(&m->open->divider);
    buf_reset(&m->open->bottom);
    buf_reset(&m->open->seeking);
    composer_set(&m->composer, STR_NONE);
    m->open = NULL;
}

void visit_chat(struct model *m, struct chat *c)
{
    if (c != m->open) {
        visit_leave(m);
        m->open = m->pointed = c;
        composer_set(&m->composer, buf_str(&c->draft));
        chat_mark_new(c);
        wishes_add(&m->wishes, WISH_KEYS, c->jid, STR_NONE, STR_NONE);
        if (timeline_count(c->timeline) < FIRST_PAGE)
            visit_older(m, c);
    }
    m->focus = FOCUS_WRITE;
}

bool model_open(struct model *m, struct str address)
{
    struct arena a = { 0 };
    struct jid jid;
    bool ok = jid_parse(&a, address, &jid) == ERR_NONE && jid.local.n > 0;

    if (ok)
        visit_chat(m, model_chat(m, jid_bare_text(&a, &jid)));
    arena_deinit(&a);
    return ok;
}

static size_t index_of(const struct model *m, const struct chat *c)
{
    size_t i = 0;

    while (i < m->count && m->chats[i] != c)
        i++;
    return i;
}

struct chat *visit_neighbour(const struct model *m, const struct chat *c, int by)
{
    size_t at = index_of(m, c);

    if (m->count == 0)
        return NULL;
    if (at == m->count)
        return m->chats[0];
    if (by < 0)
        return m->chats[at > 0 ? at - 1 : 0];
    return m->chats[at + 1 < m->count ? at + 1 : at];
}

void visit_unread(struct model *m)
{
    size_t from = m->open != NULL ? index_of(m, m->open) + 1 : 0;

    for (size_t i = 0; i < m->count; i++) {
        struct chat *c = m->chats[(from + i) % m->count];

        if (c->unread > 0 && c != m->open) {
            visit_chat(m, c);
            return;
        }
    }
    model_notice(m, false, STR("Nothing new in the other chats"));
}

void model_seen(struct model *m)
{
    struct chat *c = m->open;
    const struct message *newest = c != NULL ? chat_newest(c) : NULL;

    if (newest == NULL || c->unread == 0 || c->loading) /* what is new is not all there yet */
        return;
    if (c->divider.n == 0)
        chat_mark_new(c);
    c->unread = 0;
    wishes_add(&m->wishes, WISH_READ, c->jid, newest->entry.id, STR_NONE);
}
void visit_beside(struct model *m, int by)
{
    struct chat *c = visit_neighbour(m, m->open != NULL ? m->open : m->pointed, by);

    if (c != NULL)
        visit_chat(m, c);
}
