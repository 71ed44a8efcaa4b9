/* home.c: accounts of one worker: loading, keeping and forgetting their views. */
#include "server/home.h"

#include <string.h>

#include "server/calls.h"
#include "server/caps.h"
#include "server/limits.h"
#include "server/push.h"
#include "server/router.h"
#include "server/session.h"

/* ---- Dispatch table of iq handlers ----------------------------------------------------------------- */

static struct str handler_key(struct arena *a, enum stanza_type type, struct str ns,
                              struct str name)
{
    return arena_printf(a, "%d %.*s %.*s", (int)type, STR_ARG(ns), STR_ARG(name));
}

static void home_add_handlers(struct home *h, const struct module *m)
{
    for (const struct iq_handler *i = m->iqs; i != NULL && i->handle != NULL; i++)
        map_put(&h->handlers, handler_key(&h->constants, i->type, i->ns, i->name), (void *)i);
}

const struct iq_handler *home_handler(const struct home *h, enum stanza_type type,
                                      enum iq_target to, const struct xml_node *payload)
{
    struct arena a = { 0 };
    const struct iq_handler *i =
        map_get(&h->handlers, handler_key(&a, type, payload->ns, payload->name));

    if (i == NULL)
        i = map_get(&h->handlers, handler_key(&a, type, payload->ns, STR("")));
    arena_deinit(&a);
    return i != NULL && (i->to & to) ? i : NULL;
}

/* ---- Life ------------------------------------------------------------------------------------------ */

void home_init(struct home *h, const struct host *host, const struct settings *settings,
               struct store *store, unsigned number)
{
    *h = (struct home){ .host = host, .settings = settings, .store = store, .number = number };
    random_fill(&host->random, h->seed, sizeof h->seed);
    map_init(&h->accounts, h->seed);
    map_init(&h->handlers, NULL);
    for (size_t i = 0; all_modules[i] != NULL; i++)
        home_add_handlers(h, all_modules[i]);
    list_init(&h->dirty);
    list_init(&h->waiting);
    list_init(&h->servers);
    list_init(&h->lagging);
    list_init(&h->heard);
    list_init(&h->asked);
    list_init(&h->calls);
    list_init(&h->dialled);
    list_init(&h->components);
    list_init(&h->waking);
    list_init(&h->pushes);
    random_fill(&host->random, &h->first_call, sizeof h->first_call);
    h->last_call = h->first_call;
    call_budget_init(&h->call_budget, &host->random);
    remote_calls_init(&h->remote_calls, &host->random);
    h->caps = caps_cache_new(&host->random);
    budget_init(&h->budget, &host->random);
    fetch_desk_init(&h->fetches, &host->random, number);
    login_guard_init(&h->guard);
    registration_guard_init(&h->registrations);
}

static void account_free(struct account *a)
{
    view_deinit(&a->view);
    push_forget(a);
    arena_deinit(&a->load.op.arena);
    mem_free(a);
}

void home_deinit(struct home *h)
{
    struct map_slot slot;

    calls_free(h);
    push_free(h);
    call_budget_deinit(&h->call_budget);
    remote_calls_deinit(&h->remote_calls);
    for (size_t at = 0; map_next(&h->accounts, &at, &slot);)
        account_free(slot.value);
    map_deinit(&h->accounts);
    map_deinit(&h->handlers);
    arena_deinit(&h->constants);
    caps_cache_free(h->caps);
    budget_deinit(&h->budget);
    fetch_desk_deinit(&h->fetches);
    login_guard_deinit(&h->guard);
    registration_guard_deinit(&h->registrations);
}

unsigned home_of(const struct home *h, const struct jid *account)
{
    struct arena a = { 0 };
    unsigned home = (unsigned)(map_hash((const uint64_t[2]){ 0, 0 }, jid_bare_text(&a, account))
                               % h->host->home_count);

    arena_deinit(&a);
    return home;
}

void home_now(struct home *h, uint64_t now_ms)
{
    h->now_ms = now_ms;
}

void home_event(struct home *h, const struct session *s, const struct event *event)
{
    struct event_traits traits = { 0 };

    if (s != NULL)
        traits = (struct event_traits){ caps_announced(s), s->steps };
    count_more(&h->counters, COUNTER_EVENTS + event->reason, event->n > 0 ? event->n : 1);
    h->host->ops->event(h->host->ctx, s != NULL ? s->link : NULL, event, &traits);
}

struct str home_iq_id(struct home *h, struct arena *a)
{
    return arena_printf(a, "s%u-%llu", h->number, (unsigned long long)++h->next_id);
}

/* ---- Accounts -------------------------------------------------------------------------------------- */

static void account_load(struct account *a);

static void reload_if_due(struct account *a)
{
    if (!a->load_again || a->writing > 0 || a->state != ACCOUNT_READY)
        return;
    a->load_again = false;
    account_load(a);
}

void account_writes(struct account *a)
{
    a->writing++;
    a->load_again |= a->state == ACCOUNT_LOADING;
}

void account_wrote(struct account *a)
{
    a->writing--;
    reload_if_due(a);
}

static void account_loaded(struct store_op *op)
{
    struct account *a = CONTAINER_OF(op, struct account, load.op);

    /* Missing is an answer too: a view without account refuses everything. An unreadable store is the same for
     * the peer, if there is no older view; the store itself has reported it. */
    if (op->result == ERR_NONE)
        view_reload(&a->view, &a->load.out.account);
    else if (op->result == ERR_MISSING)
        view_deinit(&a->view);
    arena_deinit(&op->arena);
    a->state = ACCOUNT_READY;
    reload_if_due(a);
    if (a->state == ACCOUNT_READY)
        router_account_ready(a);
    account_unpin(a);
}

static void account_load(struct account *a)
{
    a->state = ACCOUNT_LOADING;
    a->pins++;
    a->load = (struct store_query){ .kind = QUERY_ACCOUNT };
    a->load.in.account.local = a->jid.local;
    a->load.in.account.domain = a->jid.domain;
    a->load.op.home = a->home->number;
    a->load.op.done = account_loaded;
    store_query(a->home->store, &a->load);
}

static struct account *account_new(struct home *h, const struct jid *jid)
{
    struct account *a = mem_alloc(sizeof *a + jid->local.n + 1 + jid->domain.n);
    char *text = (char *)(a + 1);
    size_t at = jid->local.n ? jid->local.n + 1 : 0;

    memcpy(text, jid->local.p, jid->local.n);
    text[jid->local.n] = '@';
    memcpy(text + at, jid->domain.p, jid->domain.n);
    a->home = h;
    a->bare = (struct str){ text, at + jid->domain.n };
    a->jid =
        (struct jid){ .local = { text, jid->local.n }, .domain = { text + at, jid->domain.n } };
    list_init(&a->sessions);
    list_init(&a->waiting);
    list_init(&a->arriving);
    list_init(&a->settling);
    list_init(&a->asking);
    list_init(&a->calls);
    list_init(&a->dialled);
    list_init(&a->originals);
    list_init(&a->sleepers);
    view_init(&a->view, a->bare, h->seed);
    map_put(&h->accounts, a->bare, a);
    account_load(a);
    return a;
}

struct account *account_get(struct home *h, const struct jid *jid)
{
    struct arena scratch = { 0 };
    struct account *a = map_get(&h->accounts, jid_bare_text(&scratch, jid));

    arena_deinit(&scratch);
    if (a == NULL)
        a = account_new(h, jid);
    a->pins++;
    return a;
}

static void account_drop(struct account *a)
{
    map_remove(&a->home->accounts, a->bare);
    account_free(a);
}

void account_unpin(struct account *a)
{
    if (--a->pins > 0 || !list_empty(&a->sessions))
        return;
    a->idle_since_ms = a->home->now_ms;
    if (a->state == ACCOUNT_READY && a->view.account == 0)
        account_drop(a); /* made-up names leave nothing behind */
}

void account_forget_view(struct account *a)
{
    if (a->state == ACCOUNT_LOADING)
        return;
    a->load_again = a->writing > 0;
    account_load(a);
}

void account_changed(struct account *a)
{
    a->load_again |= a->state == ACCOUNT_LOADING;
    account_forget_view(a);
}

/* XEP-0077 §3.2: whoever leaves takes his subscriptions along. */
static void cancel_subscriptions(struct account *a)
{
    struct map_slot slot;

    for (size_t at = 0; map_next(&a->view.roster, &at, &slot);) {
        const struct roster_item *item = slot.value;
        struct arena scratch = { 0 };

        if (view_sees_them(&a->view, item->jid) || item->ask)
            router_emit(
                a->home,
                stanza_new(&scratch, STANZA_PRESENCE, "unsubscribe", a->bare, item->jid, STR_NONE),
                STR_NONE);
        if (view_sees_us(&a->view, item->jid) || item->pending_in)
            router_emit(
                a->home,
                stanza_new(&scratch, STANZA_PRESENCE, "unsubscribed", a->bare, item->jid, STR_NONE),
                STR_NONE);
        arena_deinit(&scratch);
    }
}

void account_end(struct account *a)
{
    a->pins++;
    a->ending = true;
    LIST_EACH (&a->sessions, l)
        session_fail(LIST_ENTRY(l, struct session, in_account), STREAM_NOT_AUTHORIZED,
                     STR("This account has been removed."));
    a->ending = false;
    cancel_subscriptions(a);
    account_forget_view(a);
    account_unpin(a);
}

/* ---- Cursors of offline messages ------------------------------------------------------------------- */

/* They may lag behind: a client then sees a message again and knows it by its stanza-id (XEP-0359). So they are
 * written now and then and not per message. */
void account_delivered(struct account *a, uint64_t seq)
{
    if (seq <= a->view.cursor)
        return;
    a->view.cursor = seq;
    if (a->dirty.next == NULL) {
        a->pins++;
        list_add(&a->home->dirty, &a->dirty);
    }
}

static void cursor_stored(struct store_op *op)
{
    struct write_set *w = CONTAINER_OF(op, struct write_set, op);

    arena_deinit(&op->arena);
    mem_free(w);
}

static void store_cursors(struct home *h)
{
    for (struct link *l; (l = list_pop(&h->dirty)) != NULL;) {
        struct account *a = LIST_ENTRY(l, struct account, dirty);
        struct write_set *w = mem_alloc(sizeof *w);

        write_set_add(w, ROW_CURSOR, a->view.account)->entry.seq = a->view.cursor;
        w->op.home = h->number;
        w->op.done = cursor_stored;
        store_commit_soon(h->store, w);
        account_unpin(a);
    }
}

static void end_unresumed(struct home *h)
{
    uint64_t waiting = 0;

    LIST_EACH (&h->waiting, l) {
        struct session *s = LIST_ENTRY(l, struct session, waiting);

        if (h->now_ms >= sm_waits_until_ms(s))
            session_close(s);
        else
            waiting++;
    }
    counter_set(&h->counters, COUNTER_RESUMABLE, waiting);
}

/* The connection ends, the session may still be resumed: it holds positions, not copies. */
static void end_lagging(struct home *h)
{
    LIST_EACH (&h->lagging, l) {
        struct session *s = LIST_ENTRY(l, struct session, lagging);

        if (s->link == NULL
            || h->now_ms - s->lagging_since_ms < (uint64_t)h->settings->lagging_s * 1000)
            continue;
        h->host->ops->drop(s->link);
        list_remove(&s->lagging);
        session_gone(s);
    }
}

/* Collects first, because dropping changes the map. */
void home_sweep(struct home *h)
{
    struct account *idle[256];
    struct map_slot slot;
    size_t n = 0;

    end_unresumed(h);
    end_lagging(h);
    idle_sweep(h);
    calls_sweep(h);
    push_sweep(h);
    store_cursors(h);
    fetch_desk_sweep(&h->fetches, h->now_ms);
    for (size_t at = 0; n < COUNT_OF(idle) && map_next(&h->accounts, &at, &slot);) {
        struct account *a = slot.value;

        if (a->pins == 0 && list_empty(&a->sessions) && a->state == ACCOUNT_READY
            && h->now_ms - a->idle_since_ms >= ACCOUNT_IDLE_MS && rate_is_full(a)
            && push_may_forget(a))
            idle[n++] = a;
    }
    for (size_t i = 0; i < n; i++)
        account_drop(idle[i]);
}

/* ---- What other threads send ----------------------------------------------------------------------- */

void home_receive(struct home *h, struct link *parcel)
{
    router_receive(h, LIST_ENTRY(parcel, struct routed, link));
}

void home_login_noted(struct home *h, struct login_note note)
{
    login_guard_note(&h->guard, h->settings, note, h->now_ms);
}

void home_registration_noted(struct home *h, uint64_t address)
{
    registration_guard_note(&h->registrations, h->settings, address, h->now_ms);
}

uint64_t home_begin_registration(struct home *h, struct peer peer)
{
    uint64_t wait_ms = registration_guard_wait_ms(&h->registrations, h->settings, peer, h->now_ms);

    if (wait_ms == 0 && !peer.exempt)
        h->host->ops->note_registration(h->host->ctx, peer.address);
    return wait_ms;
}

void home_completed(struct home *h, struct list *ops)
{
    (void)h;
    for (struct link *l; (l = list_pop(ops)) != NULL;) {
        struct store_op *op = LIST_ENTRY(l, struct store_op, link);

        op->done(op);
    }
}
