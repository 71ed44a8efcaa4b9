/* router.c: the way of a stanza: judged at its origin, judged and committed at its target, delivered, back. */
#include "server/router.h"

#include <string.h>

#include "server/asked.h"
#include "server/caps.h"
#include "server/deliver.h"
#include "server/derivation.h"
#include "server/judge.h"
#include "server/limits.h"
#include "server/pep_events.h"
#include "server/push.h"
#include "server/remote.h"
#include "server/session.h"

struct xml_node *routed_copy_in(struct routed *r, const struct xml_node *node)
{
    return xml_copy(&r->arena, node);
}

/* Rows take effect on the view when they are decided, before they are durable: the next stanza of the same account
 * must not be judged by the old state. If the commit fails, the view is loaded again. */
static void apply_rows(struct view *view, const struct row *from)
{
    for (; from != NULL; from = from->next)
        view_apply(view, from);
}

/* ---- Target home ----------------------------------------------------------------------------------- */

static void router_return(struct routed *r);

/* What a hook did not say of an event, the stanza does. */
static void tell_events(struct routed *r, struct home *here)
{
    for (; r->told != NULL; r->told = r->told->next) {
        struct event *e = &r->told->event;

        if (e->actor.n == 0)
            e->actor = r->sender;
        if (e->target.n == 0 && r->stanza.has_to && r->stanza.to.local.n > 0)
            e->target = jid_bare_text(&r->arena, &r->stanza.to);
        if (str_eq(e->actor, e->target))
            e->target = STR_NONE;
        if (e->bytes == 0)
            e->bytes = r->bytes;
        home_event(here, r->session, e);
    }
}

static void post_back(struct routed *r, struct home *here)
{
    r->stage = ROUTED_RETURNING;
    if (r->session == NULL && r->remote == NULL) {
        tell_events(r, here);
        routed_free(r);
    } else if (r->origin == here->number)
        router_return(r);
    else
        here->host->ops->post(here->host->ctx, r->origin, &r->link);
}

static void push(struct account *a, struct effect *e, struct arena *arena)
{
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if ((s->flags & e->flags) != e->flags)
            continue;
        xml_set(arena, e->node, STR("id"), home_iq_id(a->home, arena));
        xml_set(arena, e->node, STR("to"), s->full);
        session_send_node(s, e->node);
    }
}

static void end_sessions(struct account *a, struct str resource)
{
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (str_eq(s->jid.resource, resource))
            session_fail(s, STREAM_NOT_AUTHORIZED, STR("This device has been signed out."));
    }
}

static void end_sessions_by(struct account *a, struct str grant)
{
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (str_eq(str_from(s->credential), grant))
            session_fail(s, STREAM_NOT_AUTHORIZED, STR("This password was taken back."));
    }
}

static void run_effects(struct effects *effects, struct account *a, struct session *s,
                        struct arena *arena)
{
    for (struct effect *e = effects->first; e != NULL; e = e->next) {
        switch (e->kind) {
        case EFFECT_REPLY:
            if (s != NULL)
                session_send_node(s, e->node);
            break;
        case EFFECT_PUSH: push(a, e, arena); break;
        case EFFECT_ROUTE: router_emit(a->home, e->node, STR_NONE); break;
        case EFFECT_ANNOUNCE: presence_announce(a, e->jid, e->flags != 0); break;
        case EFFECT_SHOW: presence_show(a, e->jid); break;
        case EFFECT_PRESENCE: presence_refresh(a); break;
        case EFFECT_END_DEVICE: end_sessions(a, e->jid); break;
        case EFFECT_END_GRANT: end_sessions_by(a, e->jid); break;
        case EFFECT_END_ACCOUNT: account_end(a); break;
        case EFFECT_NOTIFY: pep_notify(a, &e->pep, e->node); break;
        }
    }
}

static void refuse_uncommitted(struct routed *r)
{
    struct incoming in = { .stanza = &r->stanza };
    struct outcome out = { r, &r->at_origin, 0 };

    r->at_origin = r->at_target = (struct effects){ 0 };
    r->session_set = r->session_clear = 0;
    r->deliver = false;
    r->stale = true;
    outcome_refuse(
        &in, &out, COND_RESOURCE_CONSTRAINT,
        r->writes.op.result == ERR_FULL
            ? STR(
                "There is no room for this: what you may store, or the server's disk, is used up.")
            : STR("The server could not store this. Nothing of it was kept; please try again."));
}

/* Delivered to whom is there: then it shows who is not. */
static void wake_sleepers(const struct routed *r)
{
    struct account *a = r->account;

    if (!r->wakes || !r->deliver || r->archived == NULL)
        return;
    for (size_t i = 0; i < COUNT_OF(r->archived->message.entry); i++) {
        const struct archive_entry *e = &r->archived->message.entry[i];

        if (e->account == a->view.account && e->shelf == SHELF_ARCHIVE && !(e->flags & ENTRY_SENT))
            push_archived(a, e->seq);
    }
}

static void finish_at_target(struct routed *r)
{
    struct account *a = r->account;
    struct home *here = a->home;

    if (r->writes.first != NULL)
        account_wrote(a);
    if (r->writes.first != NULL && r->writes.op.result != ERR_NONE) {
        if (r->writes.op.result == ERR_FULL)
            outcome_event(&(struct outcome){ .routed = r }, EVENT(EVENT_ROOM));
        refuse_uncommitted(r);
        account_forget_view(a);
    }
    if (r->archived != NULL && r->writes.op.result == ERR_NONE) {
        count(&here->counters, COUNTER_ARCHIVED);
        r->before_seq = a->view.last_seq;
        for (size_t i = 0; i < COUNT_OF(r->archived->message.entry); i++)
            if (r->archived->message.entry[i].account == a->view.account
                && r->archived->message.entry[i].seq > a->view.last_seq)
                a->view.last_seq = r->archived->message.entry[i].seq;
    }
    if (r->deliver && r->target == TARGET_ACCOUNT)
        deliver_stanza(r);
    wake_sleepers(r);
    if (r->deliver && r->target == TARGET_REMOTE)
        remote_leave(r);
    run_effects(&r->at_target, a, NULL, &r->arena);
    r->account = NULL;
    account_unpin(a);
    post_back(r, here);
}

/* In order of arrival, up to the first that is not durable: RFC 6120 §10.1. */
static void drain_settling(struct account *a)
{
    a->pins++;
    for (struct link *l; (l = list_first(&a->settling)) != NULL;) {
        struct routed *r = LIST_ENTRY(l, struct routed, link);

        if (!r->settled)
            break;
        list_remove(l);
        finish_at_target(r);
    }
    account_unpin(a);
}

static void router_committed(struct store_op *op)
{
    struct routed *r = CONTAINER_OF(op, struct routed, writes.op);

    r->settled = true;
    drain_settling(r->account);
}

static void settle(struct routed *r)
{
    struct account *a = r->account;

    list_add(&a->settling, &r->link);
    if (r->writes.first == NULL) {
        r->settled = true;
        drain_settling(a);
        return;
    }
    account_writes(a);
    r->writes.op.home = a->home->number;
    r->writes.op.done = router_committed;
    store_commit(a->home->store, &r->writes);
}

static void judged(struct routed *r, enum verdict v, const struct row *new_rows);

static void run_query(struct routed *r);

static void archive_answered(struct account *a)
{
    struct link *next = list_pop(&a->asking);

    a->archive_queries--;
    if (next != NULL)
        run_query(LIST_ENTRY(next, struct routed, link));
}

static void router_fetched(struct store_op *op)
{
    struct store_query *q = CONTAINER_OF(op, struct store_query, op);
    struct routed *r = q->context;
    struct account *a = r->account;
    struct incoming in = judge_incoming(r, a->home, a);
    struct outcome out = { r, &r->at_target, a->view.account };
    const struct row *last = r->writes.last;
    enum verdict v;

    if (q->kind == QUERY_ARCHIVE)
        archive_answered(a);
    v = r->then(&in, q, &out);
    judged(r, v, last);
}

void router_derived(struct routed *r)
{
    struct account *a = r->account;
    struct derivation *d = r->derivation;
    struct incoming in = judge_incoming(r, a->home, a);
    struct outcome out = { r, &r->at_target, a->view.account };
    const struct row *last = r->writes.last;
    enum verdict v;

    r->derivation = NULL;
    v = derivation_continue(d, &in, &out);
    derivation_free(d);
    judged(r, v, last);
}

/* Reading an archive may be long work for the store, so an account has but some of it done at a time, whatever the
 * number of its devices. */
static void run_query(struct routed *r)
{
    struct account *a = r->account;
    struct home *h = a->home;

    if (r->query->kind == QUERY_ARCHIVE) {
        if (a->archive_queries >= h->settings->archive_queries) {
            list_add(&a->asking, &r->link);
            return;
        }
        a->archive_queries++;
        count(&h->counters, COUNTER_ARCHIVE_QUERIES);
    }
    r->query->op.home = h->number;
    r->query->op.done = router_fetched;
    r->query->context = r;
    store_query(h->store, r->query);
}

static void run_what_it_waits_for(struct routed *r)
{
    if (r->derivation != NULL)
        derivation_run(r->derivation);
    else
        run_query(r);
}

/* A person who asks for his history sees in it what he sent just before: questions to the own account wait until
 * everything earlier of the same session is done (RFC 6120 §10.1). */
static bool must_wait_its_turn(const struct routed *r)
{
    return r->session != NULL && r->account == r->sender_home
           && list_first(&r->session->pending) != &r->pending;
}

static void run_held(struct session *s)
{
    struct link *first = list_first(&s->pending);
    struct routed *r = first ? LIST_ENTRY(first, struct routed, pending) : NULL;

    if (r != NULL && r->held) {
        r->held = false;
        run_what_it_waits_for(r);
    }
}

/* Rows appended since `last_row` (NULL: all) belong to this home's view. */
static void judged(struct routed *r, enum verdict v, const struct row *last_row)
{
    struct account *a = r->account;

    apply_rows(&a->view, last_row ? last_row->next : r->writes.first);
    if (v == WAIT) {
        r->held = must_wait_its_turn(r);
        if (!r->held)
            run_what_it_waits_for(r);
        return;
    }
    r->deliver = v == PASS;
    settle(r);
}

static void judge(struct routed *r)
{
    struct account *a = r->account;
    struct incoming in = judge_incoming(r, a->home, a);
    struct outcome out = { r, &r->at_target, a->view.account };
    const struct row *last = r->writes.last;

    if (r->stage == ROUTED_ASKING || r->stage == ROUTED_OFFERING) {
        if (r->stage == ROUTED_ASKING)
            pep_send_newest(a, r);
        else
            pep_offered(a, r);
        account_unpin(a);
        routed_free(r);
        return;
    }
    judged(r, judge_at_target(r, &in, &out), last);
}

void router_receive(struct home *h, struct routed *r)
{
    if (r->stage == ROUTED_RETURNING) {
        router_return(r);
        return;
    }
    if (r->target == TARGET_SERVER && r->sender_home != NULL) {
        r->account = r->sender_home;
        r->account->pins++;
    } else {
        r->account = account_get(h, &r->stanza.to); /* of a domain: nobody, and soon forgotten */
    }
    if (r->account->state == ACCOUNT_READY && list_empty(&r->account->waiting))
        judge(r);
    else
        list_add(&r->account->waiting, &r->link);
}

void router_account_ready(struct account *a)
{
    a->pins++;
    for (struct link *l; (l = list_pop(&a->arriving)) != NULL;) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        bind_complete(s);
        session_resume_reading(s);
    }
    for (struct link *l; a->state == ACCOUNT_READY && (l = list_pop(&a->waiting)) != NULL;)
        judge(LIST_ENTRY(l, struct routed, link));
    account_unpin(a);
}

/* What the server is asked, any home can answer; what it is answered, only the one that asked. */
static unsigned home_for_server(const struct home *h, const struct routed *r)
{
    unsigned to;

    return push_is_answer(&r->stanza, h->host->home_count, &to) ? to : h->number;
}

void router_post(struct home *h, struct routed *r)
{
    unsigned to = r->target == TARGET_SERVER ? home_for_server(h, r) : home_of(h, &r->stanza.to);

    if (to == h->number)
        router_receive(h, r);
    else
        h->host->ops->post(h->host->ctx, to, &r->link);
}

/* ---- Origin home ----------------------------------------------------------------------------------- */

/* Ends here: nothing for the target. Keeps its place behind what the session sent before. */
static void end_at_origin(struct routed *r)
{
    r->deliver = false;
    r->account = r->sender_home;
    r->account->pins++;
    settle(r);
}

static bool is_refused(const struct routed *r)
{
    for (const struct effect *e = r->at_origin.first; e != NULL && !r->deliver; e = e->next)
        if (e->kind == EFFECT_REPLY)
            return true;
    return false;
}

/* A message sent again while it was on its way (XEP-0359 §5) is acknowledged when its original is durable, not before;
 * if that was refused, its client may have gone without hearing of it. */
static void answer_repeats(struct routed *original)
{
    for (struct link *l; (l = list_pop(&original->twins)) != NULL;) {
        struct routed *r = LIST_ENTRY(l, struct routed, twin);
        struct incoming in = { .stanza = &r->stanza };
        struct outcome out = { r, &r->at_origin, 0 };

        if (is_refused(original))
            outcome_refuse(
                &in, &out, COND_RESOURCE_CONSTRAINT,
                STR("The server did not take this when it came first; please try again."));
        end_at_origin(r);
    }
}

/* True if it waits for its original now. */
static bool joins_original(struct routed *r)
{
    LIST_EACH (&r->sender_home->originals, l) {
        struct routed *original = LIST_ENTRY(l, struct routed, twin);

        if (memcmp(original->origin_hash, r->origin_hash, sizeof r->origin_hash) != 0)
            continue;
        list_add(&original->twins, &r->twin);
        return true;
    }
    return false;
}

static void router_return(struct routed *r)
{
    struct session *s = r->session;
    struct account *a = r->sender_home;

    if (r->remote != NULL) {
        tell_events(r, r->remote->home);
        remote_returned(r);
        return;
    }
    if (r->has_origin && !r->deliver)
        view_forget_origin(&a->view, r->origin_hash); /* sent again, it is no repetition */
    list_remove(&r->twin);
    answer_repeats(r);
    if (r->sender_writes)
        account_wrote(a);
    if (r->stale && a->view.account != 0)
        account_forget_view(a);
    s->flags = (s->flags | r->session_set) & ~r->session_clear;
    if (r->deliver && r->stanza.kind == STANZA_MESSAGE)
        deliver_sent_carbons(r);
    tell_events(r, s->home);
    if ((r->notes & NOTE_VAIN) != 0 && !s->exempt)
        budget_vain(&s->home->budget, a->view.account, s->home->now_ms);
    run_effects(&r->at_origin, a, s, &r->arena);
    if (r->pending.next != NULL || r->alone) {
        list_remove(&r->pending);
        s->pending_count--;
        s->pending_bytes -= r->bytes;
        run_held(s);
    }
    routed_free(r);
    account_unpin(a);
    sm_durable(s);
    if (s->state == SESSION_BOUND)
        session_resume_reading(s);
    session_release(s);
}

static enum stanza_condition choose_target(struct routed *r, const struct session *s)
{
    struct stanza *st = &r->stanza;

    if (!st->has_to) { /* RFC 6120 §10.3: handled on behalf of the account */
        st->to = jid_bare(&s->jid);
        r->target = TARGET_ACCOUNT;
    } else if (!settings_serves(s->home->settings, st->to.domain)) {
        if (!remote_reaches(s->home->settings, st->to.domain))
            return COND_REMOTE_SERVER_NOT_FOUND;
        r->target = TARGET_REMOTE;
    } else if (st->to.local.n == 0) {
        r->target = TARGET_SERVER;
        if (!jid_is_bare(&st->to))
            return COND_SERVICE_UNAVAILABLE;
    } else {
        r->target = TARGET_ACCOUNT;
    }
    return COND_NONE;
}

/* True if the session itself has dealt with it: its own presence, answers to our questions. */
static bool session_takes(struct session *s, struct routed *r)
{
    const struct stanza *st = &r->stanza;

    if (presence_is_own(st)) {
        presence_own(s, r);
        return true;
    }
    if (st->kind == STANZA_IQ && (st->type == IQ_RESULT || st->type == IQ_ERROR)
        && (!st->has_to || jid_is_bare(&st->to)))
        return caps_answer(s, st) || true; /* answers to our pushes need no answer */
    return false;
}

/* Its sender is acknowledged as if it were done, and goes on; in the queue even to the own home, for what it brings about there may take
 * long. It counts among those under way until it is back. */
static void go_alone(struct session *s, struct routed *r)
{
    r->alone = true;
    list_remove(&r->pending);
    router_post_behind(s->home, r);
    sm_durable(s);
    run_held(s);
}

/* To another server: it goes when what is kept of it here is durable. */
static void go_on(struct home *h, struct routed *r)
{
    if (r->target != TARGET_REMOTE) {
        router_post(h, r);
        return;
    }
    r->account = r->sender_home;
    r->account->pins++;
    settle(r);
}

static void judge_at_origin(struct session *s, struct routed *r, enum stanza_condition malformed)
{
    struct account *a = s->account;
    struct incoming in = judge_incoming(r, s->home, a);
    struct outcome out = { r, &r->at_origin, a->view.account };
    enum stanza_condition why = malformed;
    enum verdict v;

    if (why == COND_NONE && !presence_is_sound(&r->arena, &r->stanza))
        why = COND_BAD_REQUEST;
    if (why == COND_NONE && session_takes(s, r)) {
        end_at_origin(r);
        return;
    }
    if (why == COND_NONE)
        why = choose_target(r, s);
    if (why != COND_NONE) {
        outcome_refuse(&in, &out, why, STR_NONE);
        end_at_origin(r);
        return;
    }
    in.leaves = r->target == TARGET_REMOTE;
    v = judge_hooks(HOOK_OUT, &in, &out);
    apply_rows(&a->view, r->writes.first);
    if (r->writes.first != NULL) {
        r->sender_writes = true;
        account_writes(a);
    }
    if (v != PASS) {
        if (!r->repeats || !joins_original(r))
            end_at_origin(r);
        return;
    }
    if (r->has_origin)
        list_add(&a->originals, &r->twin);
    if (r->target == TARGET_ACCOUNT)
        asked_here(s, &r->stanza);
    if (!presence_sent(s, r)) {
        outcome_full(&in, &out, "presence",
                     STR("You show your presence to too many people who are no contacts."));
        end_at_origin(r);
        return;
    }
    if ((r->notes & NOTE_ALONE) != 0 && r->target == TARGET_ACCOUNT)
        go_alone(s, r);
    else
        go_on(s->home, r);
}

/* Subscriptions are between accounts, whatever resource the client wrote: RFC 6121 §3.1.2. */
static void use_bare_addresses(struct routed *r, struct xml_node *node)
{
    struct stanza *st = &r->stanza;

    st->from = jid_bare(&st->from);
    xml_set(&r->arena, node, STR("from"), r->sender);
    if (st->has_to) {
        st->to = jid_bare(&st->to);
        xml_set(&r->arena, node, STR("to"), jid_bare_text(&r->arena, &st->to));
    }
}

/* RFC 6120 §8.1.2.1: from must be the session's own address, or absent; we stamp the full one. */
static bool stamp_from(struct session *s, struct routed *r, struct xml_node *node)
{
    struct stanza *st = &r->stanza;

    if (st->has_from && !jid_same_account(&st->from, &s->jid))
        return false;
    if (st->has_from && !jid_is_bare(&st->from) && !str_eq(st->from.resource, s->jid.resource))
        return false;
    st->has_from = true;
    st->from = jid_copy(&r->arena, &s->jid);
    r->sender = jid_bare_text(&r->arena, &st->from);
    xml_set(&r->arena, node, STR("from"), arena_str(&r->arena, s->full));
    if (stanza_is_subscription(st))
        use_bare_addresses(r, node);
    return true;
}

void router_submit(struct session *s, struct xml_node *node, struct arena *arena, size_t bytes)
{
    struct routed *r = routed_new();
    enum stanza_condition why = COND_NONE;
    enum err e;

    r->arena = arena_move(arena);
    e = stanza_parse(&r->arena, node, &r->stanza, &why);
    /* A client's stream carries jabber:client only; hooks look for its children there. */
    if (e == ERR_UNSUPPORTED || !str_eq(node->ns, STR(NS_CLIENT))) {
        session_fail(s, STREAM_UNSUPPORTED_STANZA_TYPE, STR("That is no stanza."));
        routed_free(r);
        return;
    }
    if (!stamp_from(s, r, node)) {
        session_fail(s, STREAM_INVALID_FROM, STR("The from address is not yours."));
        routed_free(r);
        return;
    }
    session_hold(s);
    r->session = s;
    r->origin = s->home->number;
    r->limited = credential_is_limited(str_from(s->credential));
    r->sender_account = s->account->view.account;
    r->sender_home = s->account;
    s->account->pins++;
    r->bytes = bytes;
    r->serial = ++s->submitted;
    list_add(&s->pending, &r->pending);
    s->pending_count++;
    s->pending_bytes += bytes;
    count(&s->home->counters, COUNTER_STANZAS_IN + r->stanza.kind);
    judge_at_origin(s, r, e == ERR_NONE ? COND_NONE : why);
}
