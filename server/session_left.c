/* session_left.c: what a client never acknowledged, when its session has ended for good (XEP-0198 §4).
 *
 * What is archived lies there for whoever comes next. Of the rest, requests are answered, so that nobody waits, and messages
 * that were not archived because somebody was there are judged once more, now that nobody is.
 */
#include "server/router.h"
#include "server/sm.h"
#include "server/stored.h"

static bool is_followed(const struct account *a)
{
    for (const struct link *l = list_first(&a->sessions); l != NULL; l = list_next(&a->sessions, l))
        if (session_follows(LIST_ENTRY(l, const struct session, in_account)))
            return true;
    return false;
}

/* Somebody's device, and not the server in its own name or in the account's. */
static bool is_of_somebody(const struct session *s, const struct stanza *st)
{
    bool bare = st->has_from && jid_is_bare(&st->from);

    return st->has_from && !(bare && jid_same_account(&st->from, &s->jid))
           && !(st->from.local.n == 0 && settings_serves(s->home->settings, st->from.domain));
}

/* Of that the ledger knows (calls.h). */
static bool is_of_call(const struct stanza *st)
{
    return xml_child_ns(st->node, STR(NS_JINGLE)) != NULL
           || xml_child_ns(st->node, STR(NS_JINGLE_MESSAGE)) != NULL;
}

static void answer(struct session *s, struct arena *a, const struct stanza *iq)
{
    if (iq->type == IQ_GET || iq->type == IQ_SET)
        router_emit(s->home, stanza_error(a, iq, COND_SERVICE_UNAVAILABLE, STR_NONE), STR_NONE);
}

/* If there is another device, it has it. */
static void keep(struct session *s, const struct account *a, const struct stanza *m)
{
    if ((m->type == MESSAGE_CHAT || m->type == MESSAGE_NORMAL)
        && !jid_same_account(&m->from, &s->jid) && !is_followed(a))
        router_emit(s->home, m->node, STR_NONE);
}

static void leave(struct session *s, const struct account *a, const struct unacked *u)
{
    struct arena scratch = { 0 };
    struct xml_node *node = stored_stanza(&scratch, blob_str(u->text));
    enum stanza_condition why;
    struct stanza st;

    if (node != NULL && stanza_parse(&scratch, node, &st, &why) == ERR_NONE && st.has_to
        && is_of_somebody(s, &st) && !is_of_call(&st)) {
        if (st.kind == STANZA_IQ)
            answer(s, &scratch, &st);
        else if (st.kind == STANZA_MESSAGE)
            keep(s, a, &st);
    }
    arena_deinit(&scratch);
}

void sm_left(struct session *s, const struct account *a)
{
    for (size_t i = 0; s->sm != NULL && !a->ending && i < s->sm->count; i++) {
        const struct unacked *u = sm_queue_at(s->sm, i);

        if (u->text != NULL && u->wrapping == WRAP_NONE && u->until_ms == 0)
            leave(s, a, u);
    }
}
