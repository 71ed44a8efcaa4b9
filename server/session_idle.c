/* session_idle.c: clients that have said nothing for limits.idle_s are asked for a sign of life: an <r/> (XEP-0198 §4) or
 * a ping (XEP-0199 §4.1). Who does not answer is gone without a word: his connection ends, his session may be resumed.
 *
 * One list in order of silence costs two pointers a session; a timer for each would cost more than the rest of it.
 */
#include "server/limits.h"
#include "server/sm.h"
#include "xmpp/ns.h"

static void move(struct session *s, struct list *to)
{
    list_remove(&s->silent);
    s->heard_ms = s->home->now_ms;
    list_add(to, &s->silent);
}

void session_heard(struct session *s, size_t n)
{
    if (s->state != SESSION_BOUND || s->link == NULL)
        return;
    rate_bytes(s, n);
    move(s, &s->home->heard);
}

void idle_forget(struct session *s)
{
    list_remove(&s->silent);
}

static void ping(struct session *s)
{
    struct arena a = { 0 };
    struct xml_node *iq =
        stanza_new(&a, STANZA_IQ, "get", s->domain, s->full, home_iq_id(s->home, &a));

    xml_add(&a, iq, STR(NS_PING), STR("ping"));
    stream_write(&s->stream, iq);
    session_flush(s);
    arena_deinit(&a);
}

static void ask(struct session *s)
{
    move(s, &s->home->asked); /* from now on it counts how long the answer takes */
    if (s->sm != NULL)
        sm_probe(s);
    else
        ping(s);
}

static struct session *first_silent(struct list *l, uint64_t for_ms, uint64_t now_ms)
{
    struct link *first = list_first(l);
    struct session *s = first ? LIST_ENTRY(first, struct session, silent) : NULL;

    return s != NULL && now_ms - s->heard_ms >= for_ms ? s : NULL;
}

void idle_sweep(struct home *h)
{
    uint64_t idle_ms = (uint64_t)h->settings->idle_s * 1000;
    struct session *s;

    if (idle_ms == 0)
        return;
    while ((s = first_silent(&h->heard, idle_ms, h->now_ms)) != NULL) {
        if (session_reads(s))
            ask(s);
        else
            move(s, &h->heard); /* it is we who do not listen */
    }
    while ((s = first_silent(&h->asked, IDLE_ANSWER_MS, h->now_ms)) != NULL) {
        h->host->ops->drop(s->link);
        session_gone(s);
    }
}
