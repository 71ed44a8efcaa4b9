/* session_resume.c: taking up a session on a new connection (XEP-0198 §5).
 *
 * The connection moves to the old session, not the other way round: everything that names the session stays right.
 * What the client sent before is counted only when it is durable, so <resumed/> waits for commits under way. What it
 * did not acknowledge is sent again: texts as they are, archived messages from the archive; stanzas that come
 * meanwhile queue behind.
 */
#include <string.h>

#include "server/auth.h"
#include "server/calls.h"
#include "server/deliver.h"
#include "server/limits.h"
#include "server/push.h"
#include "server/sm.h"
#include "server/stored.h"

static struct session *find_resumable(struct session *s, struct str id)
{
    struct arena a = { 0 };
    struct account *account = map_get(&s->home->accounts, jid_bare_text(&a, &s->jid));
    struct session *found = NULL;

    arena_deinit(&a);
    if (account == NULL || id.n == 0)
        return NULL;
    LIST_EACH (&account->sessions, l) {
        struct session *other = LIST_ENTRY(l, struct session, in_account);

        if (other->sm != NULL && !other->sm->overflowed && str_eq(other->sm->id, id)
            && strcmp(other->credential, s->credential) == 0) /* it may do no more than it did */
            found = other;
    }
    return found;
}

/* `from` loses its connection and stream to `to`. */
static void move_connection(struct session *from, struct session *to)
{
    if (to->link != NULL) /* it did not know yet that its old connection is dead */
        to->home->host->ops->drop(to->link);
    list_remove(&to->waiting);
    stream_deinit(&to->stream);
    stream_park(&from->stream);
    to->stream = from->stream;
    stream_init(&from->stream, STREAM_SERVER, STREAM_TCP, STR(NS_CLIENT),
                &(struct xml_limits){ 0 });
    to->exempt = from->exempt;
    to->link = from->link;
    to->exempt = from->exempt;
    from->link = NULL;
    from->state = SESSION_CLOSED;
    to->home->host->ops->take(to->link, to);
    to->home->host->ops->wake_at(to->link, 0);
}

/* The session that <resume/> names, and that can be taken up from where its client says; else NULL. */
static struct session *find_wanted(struct session *s, const struct xml_node *resume)
{
    struct session *old = find_resumable(s, xml_get(resume, STR("previd")));
    uint64_t h;

    if (old == NULL || str_to_u64(xml_get(resume, STR("h")), UINT32_MAX, &h) != ERR_NONE
        || !sm_acknowledge(old, (uint32_t)h)) {
        count(&s->home->counters, COUNTER_NOT_RESUMED);
        return NULL;
    }
    return old;
}

static void take_up(struct session *old, struct session *s)
{
    session_flush(s);
    count(&s->home->counters, COUNTER_RESUMED);
    old->state = SESSION_RESUMING;
    old->replaying = true;
    old->sm->replayed = 0;
    csi_activate(old);
    old->sm->answer = false;
    move_connection(s, old);
    resume_continue(old);
}

void resume_request(struct session *s, const struct xml_node *node)
{
    struct session *old = s->state == SESSION_AUTHENTICATED ? find_wanted(s, node) : NULL;

    if (s->state != SESSION_AUTHENTICATED)
        sm_fail(s, STR("unexpected-request"));
    else if (old == NULL)
        sm_fail(s, STR("item-not-found")); /* the client binds a new session and catches up */
    else
        take_up(old, s);
}

bool resume_inline(struct session *s, const struct xml_node *resume)
{
    struct session *old = find_wanted(s, resume);

    if (old == NULL) {
        s->login->not_resumed = sm_failed(&s->login->arena, STR("item-not-found"));
        return false;
    }
    login_free(old->login); /* another client was just resuming it */
    old->login = s->login;  /* <success/> is written when what the client sent before is durable */
    s->login = NULL;
    take_up(old, s);
    return true;
}

/* ---- Sending again --------------------------------------------------------------------------------- */

struct replay {
    struct store_query query;
    struct session *session;
    uint64_t ids[OFFLINE_PAGE];
};

static void send_text(struct session *s, struct blob *text)
{
    if (s->link != NULL)
        s->home->host->ops->send(s->link, text);
    else
        blob_unref(text);
}

/* An archived message that is gone meanwhile, or what came too late, still counts for both sides: an empty message takes its place. */
static struct blob *replay_blob(struct session *s, const struct unacked *u,
                                const struct archive_result *m)
{
    struct account *account = s->account;
    struct arena a = { 0 };
    struct xml_node *node = NULL;
    struct blob *b;

    if (m != NULL)
        node = stored_message(&a, s->home->settings, account->bare, account->view.account, m,
                              u->wrapping == WRAP_NONE ? s->domain : STR_NONE);
    if (node == NULL)
        b = stanza_blob(stanza_new(&a, STANZA_MESSAGE, "headline", s->domain, s->full, STR_NONE));
    else if (u->wrapping == WRAP_NONE)
        b = stanza_blob(node);
    else
        b = carbon_wrap(&a, account->bare, u->wrapping, node);
    arena_deinit(&a);
    return b;
}

static const struct archive_result *find_result(const struct store_query *q, uint64_t seq)
{
    for (size_t i = 0; q->op.result == ERR_NONE && i < q->out.archive.count; i++)
        if (q->out.archive.results[i].seq == seq)
            return &q->out.archive.results[i];
    return NULL;
}

static void replay_came(struct store_op *op)
{
    struct replay *r = CONTAINER_OF(op, struct replay, query.op);
    struct session *s = r->session;

    for (size_t i = 0; s->account != NULL && s->replaying && i < r->query.in.archive.id_count;
         i++) {
        struct unacked *u = sm_queue_at(s->sm, s->sm->replayed);

        if (s->sm->replayed >= s->sm->count || u->seq != r->ids[i])
            break; /* another resumption has started over */
        send_text(s, replay_blob(s, u, find_result(&r->query, u->seq)));
        s->sm->replayed++;
    }
    arena_deinit(&op->arena);
    mem_free(r);
    if (s->account != NULL && s->replaying)
        resume_continue(s);
    session_release(s);
}

static void fetch(struct session *s)
{
    struct replay *r = mem_alloc(sizeof *r);
    struct archive_query *q = &r->query.in.archive;
    struct sm *sm = s->sm;
    size_t n = 0;

    while (n < COUNT_OF(r->ids) && sm->replayed + n < sm->count
           && sm_queue_at(sm, sm->replayed + n)->seq != 0) {
        r->ids[n] = sm_queue_at(sm, sm->replayed + n)->seq;
        n++;
    }
    r->session = s;
    r->query.kind = QUERY_ARCHIVE;
    q->account = s->account->view.account;
    q->shelf = SHELF_ARCHIVE;
    q->part = ARCHIVE_ALL; /* it was sent, whether or not MAM shows it */
    q->ids = r->ids;
    q->id_count = n;
    q->max = (uint32_t)n;
    r->query.op.home = s->home->number;
    r->query.op.done = replay_came;
    session_hold(s);
    store_query(s->home->store, &r->query);
}

static void replay(struct session *s)
{
    struct sm *sm = s->sm;

    for (; sm->replayed < sm->count; sm->replayed++) {
        struct unacked *u = sm_queue_at(sm, sm->replayed);

        if (u->seq != 0) {
            fetch(s);
            return;
        }
        if (u->until_ms != 0 && s->home->now_ms >= u->until_ms)
            send_text(s, replay_blob(s, u, NULL));
        else
            send_text(s, blob_ref(u->text));
    }
    s->replaying = false;
    calls_device_came(s);
    push_device_came(s);
    session_resume_reading(s);
}

static void write_resumed(struct session *s)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR(NS_SM), STR("resumed"));

    xml_set(&a, node, STR("previd"), s->sm->id);
    xml_set(&a, node, STR("h"), arena_printf(&a, "%u", s->submitted));
    if (s->login != NULL)
        sasl2_success(s, &a, node);
    else
        stream_write(&s->stream, node);
    login_free(s->login);
    s->login = NULL;
    session_flush(s);
    arena_deinit(&a);
}

void resume_continue(struct session *s)
{
    if (s->state == SESSION_RESUMING) {
        if (!list_empty(&s->pending))
            return;
        s->state = SESSION_BOUND;
        session_heard(s, 0);
        write_resumed(s);
    }
    replay(s);
}
