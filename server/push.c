/* push.c: see push.h. First who sleeps and when he is woken, then what is sent, then what comes back. */
#include "server/push.h"

#include <string.h>

#include "server/router.h"
#include "server/session.h"
#include "server/stored.h"

#define ID_PREFIX "push-"

/* A device of an account that has asked to be woken. */
struct sleeper {
    struct link in_account;
    uint64_t told_seq;   /* it knows, or was told, that there is something up to here */
    uint64_t pushed_seq; /* it was pushed for what is up to here, and has not come since */
    uint64_t silent_ms; /* since when it is connected and owes an acknowledgement; 0: it does not */
    uint64_t next_ms;   /* no push for messages before */
    uint64_t gap_ms;    /* so long is the way to next_ms */
    uint64_t due_ms;    /* during one round: when to wake it; 0: not */
    bool woken, held;   /* the same: by one registration; one of them has to wait */
    struct str resource; /* behind it in memory */
};

enum push_kind { PUSH_MESSAGE, PUSH_CALL };

/* A question to the store: whom to wake. */
struct round {
    struct store_query query;
    struct account *account; /* pinned */
    enum push_kind kind;
};

/* A push that waits for its answer. */
struct flight {
    struct link in_home;
    struct account *account; /* pinned */
    struct arena arena;
    struct push_record record;
    struct str id;
    uint64_t sent_ms;
};

/* ---- Who sleeps ------------------------------------------------------------------------------------ */

static struct sleeper *sleeper_find(struct account *a, struct str resource)
{
    LIST_EACH (&a->sleepers, l) {
        struct sleeper *s = LIST_ENTRY(l, struct sleeper, in_account);

        if (str_eq(s->resource, resource))
            return s;
    }
    return NULL;
}

static struct sleeper *sleeper_get(struct account *a, struct str resource)
{
    struct sleeper *s = sleeper_find(a, resource);

    if (s != NULL)
        return s;
    s = mem_alloc(sizeof *s + resource.n);
    memcpy(s + 1, resource.p, resource.n);
    s->resource = (struct str){ (const char *)(s + 1), resource.n };
    s->told_seq = a->wake_from;
    list_add(&a->sleepers, &s->in_account);
    return s;
}

static struct session *session_of(struct account *a, struct str resource)
{
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (str_eq(s->jid.resource, resource))
            return s;
    }
    return NULL;
}

/* A telephone that lies still keeps its connection and does not read from it; without acknowledgements only its own word for
 * that is known (XEP-0352). */
static bool is_away(const struct session *s)
{
    return s == NULL || s->link == NULL || ((s->flags & SESSION_INACTIVE) && s->sm == NULL);
}

static bool owes_answer(const struct session *s)
{
    return s->sm != NULL && (sm_first_unacked(s) != 0 || s->lagging_since_ms != 0);
}

/* When the device is to be told of what has come; 0: it knows, or is awake and has it. */
static uint64_t due_of(struct account *a, struct sleeper *d)
{
    const struct session *s = session_of(a, d->resource);
    uint64_t now_ms = a->home->now_ms, at_ms = now_ms;

    if (d->told_seq >= a->wake_seq)
        return 0;
    if (!is_away(s)) {
        if (!owes_answer(s)) {
            d->told_seq = a->wake_seq;
            d->silent_ms = 0;
            return 0;
        }
        if (d->silent_ms == 0)
            d->silent_ms = now_ms;
        at_ms = d->silent_ms + PUSH_ACK_MS;
    }
    return at_ms > d->next_ms ? at_ms : d->next_ms;
}

/* ---- What is sent ---------------------------------------------------------------------------------- */

static void flight_free(struct flight *f)
{
    list_remove(&f->in_home);
    arena_deinit(&f->arena);
    account_unpin(f->account);
    mem_free(f);
}

static struct flight *flight_new(struct account *a, const struct push_record *p)
{
    struct home *h = a->home;
    struct flight *f = mem_alloc(sizeof *f);

    if (h->pushes_under_way++ >= PUSHES_UNDER_WAY) {
        h->pushes_under_way--;
        flight_free(LIST_ENTRY(list_first(&h->pushes), struct flight, in_home));
    }
    f->account = a;
    a->pins++;
    f->record = (struct push_record){ .service = arena_str(&f->arena, p->service),
                                      .node = arena_str(&f->arena, p->node),
                                      .device = arena_str(&f->arena, p->device),
                                      .failures = p->failures };
    /* By chance: of a number, the app server would learn how many others there are. */
    f->id = arena_printf(&f->arena, ID_PREFIX "%u-%.*s", h->number,
                         STR_ARG(random_token(&h->host->random, &f->arena, 16)));
    f->sent_ms = h->now_ms;
    list_add(&h->pushes, &f->in_home);
    return f;
}

/* XEP-0357 §7, in the name of the server: whose device it is the app server knows, or is not to know. Of calls it hears that there
 * is hurry, in the one word that app servers know for it. */
static struct xml_node *push_new(struct arena *a, struct str from, const struct push_record *p,
                                 struct str id, enum push_kind kind)
{
    struct xml_node *iq = stanza_new(a, STANZA_IQ, "set", from, p->service, id);
    struct xml_node *pubsub = xml_add(a, iq, STR(NS_PUBSUB), STR("pubsub"));
    struct xml_node *publish = xml_add(a, pubsub, STR(NS_PUBSUB), STR("publish"));
    struct xml_node *item = xml_add(a, publish, STR(NS_PUBSUB), STR("item"));
    struct xml_node *notification = xml_add(a, item, STR(NS_PUSH), STR("notification"));

    if (p->node.n > 0)
        xml_set(a, publish, STR("node"), p->node);
    if (kind == PUSH_CALL)
        xml_add_text_child(a, notification, STR(NS_PUSH_PRIORITY), STR("priority"), STR("high"));
    if (p->options.n > 0)
        xml_append(pubsub, stored_element(a, p->options));
    return iq;
}

static void send_push(struct account *a, const struct push_record *p, enum push_kind kind)
{
    struct flight *f = flight_new(a, p);
    struct arena scratch = { 0 };

    count(&a->home->counters, COUNTER_PUSHES);
    router_emit(a->home, push_new(&scratch, a->jid.domain, p, f->id, kind), STR_NONE);
    arena_deinit(&scratch);
}

/* ---- When ------------------------------------------------------------------------------------------ */

static void wake_later(struct account *a, uint64_t at_ms)
{
    if (a->wake_ms != 0 && a->wake_ms <= at_ms)
        return;
    if (a->wake_ms == 0) {
        a->pins++;
        list_add(&a->home->waking, &a->waking);
    }
    a->wake_ms = at_ms;
}

static void earlier(uint64_t *at_ms, uint64_t other_ms)
{
    if (*at_ms == 0 || other_ms < *at_ms)
        *at_ms = other_ms;
}

static void was_woken(struct sleeper *d, const struct account *a)
{
    if (!d->held)
        d->told_seq = d->pushed_seq = a->wake_seq;
    d->silent_ms = 0;
    d->gap_ms = d->gap_ms == 0 ? PUSH_GAP_MS : d->gap_ms * 2;
    if (d->gap_ms > PUSH_GAP_MAX_MS)
        d->gap_ms = PUSH_GAP_MAX_MS;
    d->next_ms = a->home->now_ms + d->gap_ms;
}

/* By one registration, or later. */
static void tell_message(struct account *a, const struct push_record *p, uint64_t *later_ms)
{
    struct sleeper *d = sleeper_get(a, p->device);
    uint64_t at_ms = d->due_ms;

    if (at_ms == 0)
        return;
    if (at_ms < p->retry_ms)
        at_ms = p->retry_ms;
    if (at_ms > a->home->now_ms) {
        d->held = true;
        earlier(later_ms, at_ms);
        return;
    }
    d->woken = true;
    send_push(a, p, PUSH_MESSAGE);
}

static bool is_registered(const struct sleeper *d, const struct push_record *pushes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(pushes[i].device, d->resource))
            return true;
    return false;
}

/* All registrations of a device are used; while one of them has to wait, the device is not done. */
static void tell_messages(struct account *a, const struct push_record *pushes, size_t count)
{
    uint64_t later_ms = 0;

    for (size_t i = 0; i < count; i++) {
        struct sleeper *d = sleeper_get(a, pushes[i].device);

        d->due_ms = due_of(a, d);
        d->woken = d->held = false;
    }
    for (size_t i = 0; i < count; i++)
        tell_message(a, &pushes[i], &later_ms);
    LIST_EACH (&a->sleepers, l) {
        struct sleeper *d = LIST_ENTRY(l, struct sleeper, in_account);

        if (!is_registered(d, pushes, count)) {
            list_remove(&d->in_account);
            mem_free(d);
        } else if (d->woken) {
            was_woken(d, a);
        }
    }
    if (later_ms != 0)
        wake_later(a, later_ms);
}

/* Who rings does not ask whether the app server has failed before. */
static void tell_call(struct account *a, const struct push_record *pushes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct session *s = session_of(a, pushes[i].device);

        if (is_away(s) || (s->flags & SESSION_INACTIVE) != 0)
            send_push(a, &pushes[i], PUSH_CALL);
    }
}

static void asked(struct store_op *op)
{
    struct round *r = CONTAINER_OF(op, struct round, query.op);
    const struct push_record *pushes = r->query.out.pushes.pushes;
    size_t count = op->result == ERR_NONE ? r->query.out.pushes.count : 0;

    if (r->kind == PUSH_CALL)
        tell_call(r->account, pushes, count);
    else
        tell_messages(r->account, pushes, count);
    account_unpin(r->account);
    arena_deinit(&op->arena);
    mem_free(r);
}

static void ask(struct account *a, enum push_kind kind)
{
    struct round *r = mem_alloc(sizeof *r);

    r->kind = kind;
    r->account = a;
    a->pins++;
    r->query.kind = QUERY_PUSHES;
    r->query.in.pushes.account = a->view.account;
    r->query.op.home = a->home->number;
    r->query.op.done = asked;
    store_query(a->home->store, &r->query);
}

static bool has_registrations(const struct account *a)
{
    return a->state == ACCOUNT_READY && a->view.account != 0 && a->view.has_pushes;
}

void push_archived(struct account *a, uint64_t seq)
{
    if (!has_registrations(a) || seq <= a->wake_seq)
        return;
    if (a->wake_seq == 0)
        a->wake_from = seq - 1;
    a->wake_seq = seq;
    ask(a, PUSH_MESSAGE);
}

void push_ring(struct account *a)
{
    if (has_registrations(a))
        ask(a, PUSH_CALL);
}

/* It will find what there is. */
void push_device_came(struct session *s)
{
    struct sleeper *d = sleeper_find(s->account, s->jid.resource);

    if (d == NULL)
        return;
    d->told_seq = s->account->wake_seq;
    d->pushed_seq = d->silent_ms = d->gap_ms = 0;
}

/* What was sent to it may have got nowhere. Copies of what other devices sent wake nobody. */
void push_device_gone(struct session *s)
{
    struct account *a = s->account;
    uint64_t seq = sm_last_unseen(s);
    struct sleeper *d;

    if (seq == 0 || !has_registrations(a))
        return;
    if (a->wake_seq == 0)
        a->wake_from = seq;
    if (a->wake_seq < seq)
        a->wake_seq = seq;
    d = sleeper_get(a, s->jid.resource);
    if (seq <= d->pushed_seq)
        return;
    d->told_seq = 0;
    ask(a, PUSH_MESSAGE);
}

/* ---- What comes back ------------------------------------------------------------------------------- */

bool push_is_answer(const struct stanza *s, unsigned homes, unsigned *out_home)
{
    struct str rest = str_skip(s->id, sizeof ID_PREFIX - 1);
    uint64_t home;

    if (s->kind != STANZA_IQ || (s->type != IQ_RESULT && s->type != IQ_ERROR)
        || !str_starts(s->id, STR(ID_PREFIX))
        || str_to_u64(str_slice(rest, 0, str_find(rest, '-')), homes - 1, &home) != ERR_NONE)
        return false;
    *out_home = (unsigned)home;
    return true;
}

static void noted(struct store_op *op)
{
    struct write_set *w = CONTAINER_OF(op, struct write_set, op);

    arena_deinit(&op->arena);
    mem_free(w);
}

/* A registration that was taken away meanwhile stays so. */
static void note(const struct flight *f, enum row_kind kind, uint32_t failures, uint64_t retry_ms)
{
    struct home *h = f->account->home;
    struct write_set *w = mem_alloc(sizeof *w);
    struct row *row = write_set_add(w, kind, f->account->view.account);
    struct arena *a = &w->op.arena;

    row->push.record = (struct push_record){ .service = arena_str(a, f->record.service),
                                             .node = arena_str(a, f->record.node),
                                             .failures = failures,
                                             .retry_ms = retry_ms };
    w->op.home = h->number;
    w->op.done = noted;
    store_commit_soon(h->store, w);
}

/* The app server knows the device no more, or does not want us: it will not change its mind (XEP-0357 §7.1). Other conditions
 * are what servers answer in trouble, too. */
static bool is_final(const struct stanza *answer)
{
    static const char *const final[] = { "item-not-found",   "gone",
                                         "forbidden",        "not-authorized",
                                         "not-allowed",      "jid-malformed",
                                         "policy-violation", "registration-required" };
    const struct xml_node *error = xml_child(answer->node, answer->node->ns, STR("error"));

    for (size_t i = 0; error != NULL && i < COUNT_OF(final); i++)
        if (xml_child(error, STR(NS_STANZA_ERRORS), str_from(final[i])) != NULL)
            return true;
    return false;
}

static uint64_t backoff_ms(uint32_t failures)
{
    uint64_t ms = PUSH_RETRY_MS;

    while (--failures > 0 && ms < PUSH_RETRY_MAX_MS)
        ms *= 2;
    return ms < PUSH_RETRY_MAX_MS ? ms : PUSH_RETRY_MAX_MS;
}

static void failed(const struct flight *f, const struct stanza *answer)
{
    struct account *a = f->account;
    uint32_t failures = f->record.failures + 1;
    struct sleeper *d = sleeper_find(a, f->record.device);
    uint64_t retry_ms;

    count(&a->home->counters, COUNTER_PUSHES_FAILED);
    if (is_final(answer) || failures >= PUSH_FAILURES_MAX) {
        note(f, ROW_PUSH_GONE, 0, 0);
        return;
    }
    retry_ms = a->home->now_ms + backoff_ms(failures);
    note(f, ROW_PUSH_FAILED, failures, retry_ms);
    if (d != NULL) /* it has not been told */
        d->told_seq = d->pushed_seq = 0;
    wake_later(a, retry_ms);
}

void push_answered(struct home *h, const struct stanza *answer)
{
    struct arena a = { 0 };
    struct str from = jid_text(&a, &answer->from);

    LIST_EACH (&h->pushes, l) {
        struct flight *f = LIST_ENTRY(l, struct flight, in_home);

        if (!str_eq(f->id, answer->id) || !str_eq(f->record.service, from))
            continue;
        if (answer->type == IQ_ERROR)
            failed(f, answer);
        else if (f->record.failures > 0)
            note(f, ROW_PUSH_FAILED, 0, 0);
        h->pushes_under_way--;
        flight_free(f);
        break;
    }
    arena_deinit(&a);
}

/* ---- Time ------------------------------------------------------------------------------------------ */

bool push_may_forget(const struct account *a)
{
    for (const struct link *l = list_first(&a->sleepers); l != NULL; l = list_next(&a->sleepers, l))
        if (LIST_ENTRY(l, const struct sleeper, in_account)->next_ms > a->home->now_ms)
            return false;
    return true;
}

void push_forget(struct account *a)
{
    for (struct link *l; (l = list_pop(&a->sleepers)) != NULL;)
        mem_free(LIST_ENTRY(l, struct sleeper, in_account));
}

static void stop_waking(struct account *a)
{
    list_remove(&a->waking);
    a->wake_ms = 0;
    account_unpin(a);
}

void push_sweep(struct home *h)
{
    LIST_EACH (&h->waking, l) {
        struct account *a = LIST_ENTRY(l, struct account, waking);

        if (a->wake_ms > h->now_ms)
            continue;
        if (has_registrations(a))
            ask(a, PUSH_MESSAGE);
        stop_waking(a);
    }
    for (struct link *l; (l = list_first(&h->pushes)) != NULL;) {
        struct flight *f = LIST_ENTRY(l, struct flight, in_home);

        if (h->now_ms - f->sent_ms < PUSH_ANSWER_MS)
            break;
        h->pushes_under_way--;
        flight_free(f);
    }
}

void push_free(struct home *h)
{
    for (struct link *l; (l = list_first(&h->waking)) != NULL;)
        stop_waking(LIST_ENTRY(l, struct account, waking));
    for (struct link *l; (l = list_first(&h->pushes)) != NULL;)
        flight_free(LIST_ENTRY(l, struct flight, in_home));
}
