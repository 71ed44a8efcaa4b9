/* replay_stage.c: see replay_stage.h. */
#include "server/replay_stage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "server/event_keys.h"
#include "server/remote.h"
#include "server/router.h"
#include "server/session.h"
#include "server/settings_fill.h"
#include "server/stored.h"
#include "xmpp/ns.h"

enum { SWEEP_MS = 1000, SWEEPS_MAX = 180, ACCOUNT_AGE_MS = 30u * 24 * 3600 * 1000, OURS = 1 };

#define PASSWORD "replay"

/* One client: its connection is what the engine calls a link. */
struct device {
    struct stage *stage;
    struct str called; /* local@domain/resource, as in the recording: the key in stage->devices */
    struct session *session; /* NULL: its stream has ended */
    bool closing;
    uint64_t wake_at_ms;
};

struct chore {
    struct link link;
    void (*work)(void *), (*done)(void *);
    void *arg;
};

struct stage {
    struct arena arena; /* devices, addresses */
    struct settings settings;
    struct host host;
    struct home home;
    struct store *store;
    struct list completions, own, chores;
    struct map accounts, devices;
    uint64_t now_ms, swept_ms, drawn;
    uint8_t keys_memory[2 * EVENT_KEY_SIZE];
    struct event_keys keys;
    const struct device *speaker; /* whose stanza is in work; NULL: it came from outside */
    struct arena said;            /* of the outcome */
    struct stage_outcome outcome;
};

/* The same for the same recording: nothing here is secret. SplitMix64 (Steele, Lea, Flood 2014). */
static void fill_random(void *ctx, uint8_t *out, size_t n)
{
    struct stage *s = ctx;

    for (size_t i = 0; i < n; i++) {
        uint64_t z = s->drawn += 0x9e3779b97f4a7c15;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        out[i] = (uint8_t)(z >> 32);
    }
}

/* ---- What the engine says -------------------------------------------------------------------------- */

static void note_error(struct stage *s, const struct xml_node *stanza)
{
    const struct xml_node *error = xml_child(stanza, STR(NS_CLIENT), STR("error"));
    const struct xml_node *condition = error ? xml_child_ns(error, STR(NS_STANZA_ERRORS)) : NULL;

    s->outcome.condition = condition != NULL ? condition->name : STR("undefined-condition");
}

static void note_sent(struct device *d, struct str text)
{
    struct stage *s = d->stage;
    struct str copy = arena_str(&s->said, text);
    const struct xml_node *stanza = stored_stanza(&s->said, copy);

    if (d != s->speaker) {
        if (s->outcome.delivered_count < STAGE_DELIVERED_MAX)
            s->outcome.delivered[s->outcome.delivered_count++] = copy;
    } else if (stanza != NULL && str_is(xml_get(stanza, STR("type")), "error")) {
        note_error(s, stanza);
    } else {
        s->outcome.answered = true;
    }
}

static void host_send(void *link, struct blob *b)
{
    note_sent(link, blob_str(b));
    blob_unref(b);
}

/* Stream headers, features and SASL are of no interest here; errors of streams are told by host_event(). */
static void host_write(void *link, struct str text)
{
    (void)link;
    (void)text;
}

static void host_close(void *link)
{
    struct device *d = link;

    d->closing = true;
    if (d == d->stage->speaker)
        d->stage->outcome.ended = true;
}

static size_t host_queued(void *link)
{
    (void)link;
    return 0;
}

static void host_pause(void *link, bool paused)
{
    (void)link;
    (void)paused;
}

static void host_nothing(void *link)
{
    (void)link;
}

static struct binding_data host_binding(void *link, struct arena *a)
{
    (void)link;
    (void)a;
    return (struct binding_data){ 0 };
}

static struct peer host_peer(void *link)
{
    (void)link;
    return (struct peer){ .address = 1 };
}

static void host_wake_at(void *link, uint64_t at_ms)
{
    ((struct device *)link)->wake_at_ms = at_ms;
}

static void host_move(void *link, unsigned home)
{
    (void)link;
    (void)home;
    assert(!"there is one home");
}

static void host_take(void *link, struct session *to)
{
    ((struct device *)link)->session = to;
}

static void host_drop(void *link)
{
    ((struct device *)link)->session = NULL;
}

static void host_offload(void *ctx, void (*work)(void *), void (*done)(void *), void *arg)
{
    struct stage *s = ctx;
    struct chore *c = mem_alloc(sizeof *c);

    *c = (struct chore){ .work = work, .done = done, .arg = arg };
    list_add(&s->chores, &c->link);
}

static void host_post(void *ctx, unsigned home, struct link *parcel)
{
    (void)home;
    home_receive(&((struct stage *)ctx)->home, parcel);
}

static void host_note_login(void *ctx, struct login_note note)
{
    home_login_noted(&((struct stage *)ctx)->home, note);
}

static void host_note_registration(void *ctx, uint64_t address)
{
    home_registration_noted(&((struct stage *)ctx)->home, address);
}

static void host_event(void *ctx, void *link, const struct event *event,
                       const struct event_traits *traits)
{
    struct stage *s = ctx;
    struct event_line *l = &s->outcome.events[s->outcome.event_count];

    (void)link;
    (void)traits;
    if (s->outcome.event_count == STAGE_EVENTS_MAX)
        return;
    s->outcome.event_count++;
    *l = (struct event_line){
        .time_s = s->now_ms / 1000,
        .n = 1,
        .reason = event->reason,
        .rule = str_from(event->rule),
        .era = s->keys.era,
        .actor = event_keys_account(&s->keys, event->actor),
        .target = event_keys_account(&s->keys, event->target),
        .size_bucket = event_size_bucket(event->bytes),
        .has_call = event->call != NULL,
    };
    if (l->has_call)
        l->call = *event->call;
}

/* Media go nowhere: what the gate tells the anchor is heard by nobody. */
static void host_anchor(void *ctx, const struct anchor_order *order)
{
    (void)ctx;
    (void)order;
}

/* To another server: an answer to what it said, or something for it. */
static void host_remote(void *ctx, struct remote_parcel *p)
{
    struct stage *s = ctx;
    const struct xml_node *stanza =
        stored_stanza(&s->said, arena_str(&s->said, blob_str(p->stanza)));

    if (s->speaker == NULL && stanza != NULL && str_is(xml_get(stanza, STR("type")), "error"))
        note_error(s, stanza);
    remote_parcel_free(p);
}

static void host_log(void *ctx, const char *event, struct str account, const char *key,
                     uint64_t value)
{
    (void)ctx;
    (void)event;
    (void)account;
    (void)key;
    (void)value;
}

static const struct host_ops stage_ops = {
    .send = host_send,
    .write = host_write,
    .close = host_close,
    .queued = host_queued,
    .pause = host_pause,
    .start_tls = host_nothing,
    .binding = host_binding,
    .peer = host_peer,
    .logged_in = host_nothing,
    .wake_at = host_wake_at,
    .move = host_move,
    .take = host_take,
    .drop = host_drop,
    .offload = host_offload,
    .post = host_post,
    .note_login = host_note_login,
    .note_registration = host_note_registration,
    .event = host_event,
    .anchor = host_anchor,
    .remote = host_remote,
    .log = host_log,
};

/* ---- Until nothing moves --------------------------------------------------------------------------- */

static bool step_chores(struct stage *s)
{
    struct link *l = list_pop(&s->chores);
    struct chore *c = l ? LIST_ENTRY(l, struct chore, link) : NULL;

    if (c == NULL)
        return false;
    c->work(c->arg);
    c->done(c->arg);
    mem_free(c);
    return true;
}

static bool step_completions(struct stage *s)
{
    if (list_empty(&s->completions))
        return false;
    home_completed(&s->home, &s->completions);
    return true;
}

static bool step_devices(struct stage *s)
{
    struct map_slot slot;

    for (size_t at = 0; map_next(&s->devices, &at, &slot);) {
        struct device *d = slot.value;
        struct session *session = d->session;

        if (session == NULL)
            continue;
        if (d->closing) {
            d->session = NULL;
            d->closing = false;
            session_gone(session);
            return true;
        }
        if (d->wake_at_ms != 0 && d->wake_at_ms <= s->now_ms) {
            d->wake_at_ms = 0;
            session_wake(session);
            return true;
        }
    }
    return false;
}

static void run(struct stage *s)
{
    home_now(&s->home, s->now_ms);
    while (step_completions(s) || step_chores(s) || store_step(s->store) || step_devices(s))
        continue;
}

uint64_t stage_now_ms(const struct stage *s)
{
    return s->now_ms;
}

/* Every second as a server does it, and of a long time its end: whatever was to end then has ended. */
void stage_advance(struct stage *s, uint64_t to_ms)
{
    if (to_ms > s->swept_ms + (uint64_t)SWEEPS_MAX * SWEEP_MS)
        s->swept_ms = to_ms - (uint64_t)SWEEPS_MAX * SWEEP_MS;
    while (s->swept_ms + SWEEP_MS <= to_ms) {
        s->swept_ms += SWEEP_MS;
        s->now_ms = s->swept_ms;
        run(s);
        home_sweep(&s->home);
    }
    if (to_ms > s->now_ms)
        s->now_ms = to_ms;
    event_keys_turn(&s->keys, s->now_ms / 1000);
    run(s);
}

/* ---- The store ------------------------------------------------------------------------------------- */

static void deliver(void *ctx, unsigned home, struct list *ops)
{
    struct stage *s = ctx;

    list_splice(home == OURS ? &s->own : &s->completions, ops);
}

static void nothing_more(struct store_op *op)
{
    (void)op;
}

static enum err commit(struct stage *s, struct write_set *set)
{
    set->op.home = OURS;
    set->op.done = nothing_more;
    store_commit(s->store, set);
    while (list_empty(&s->own))
        store_step(s->store);
    list_pop(&s->own);
    return set->op.result;
}

/* The account's number, made if there is none. */
static int64_t account_number(struct stage *s, const struct jid *j)
{
    static const uint8_t salt[SCRAM_SALT_OCTETS] = { 1 };
    struct str bare = jid_bare_text(&s->arena, j);
    int64_t *number = map_get(&s->accounts, bare);
    struct write_set set = { 0 };
    struct row *row;

    if (number != NULL)
        return *number;
    number = ARENA_NEW(&s->arena, int64_t);
    row = write_set_add(&set, ROW_ACCOUNT_NEW, 0);
    row->account_new.local = j->local;
    row->account_new.domain = j->domain;
    row->account_new.created_ms = s->now_ms - ACCOUNT_AGE_MS;
    for (int h = HASH_SHA1; h <= HASH_SHA512; h++)
        scram_derive((enum hash)h, STR(PASSWORD), bytes_of(salt, sizeof salt), 1,
                     &write_set_add(&set, ROW_CREDENTIAL, 0)->credential.keys);
    if (commit(s, &set) == ERR_NONE)
        *number = row->account;
    arena_deinit(&set.op.arena);
    map_put(&s->accounts, bare, number);
    return *number;
}

/* ---- Devices --------------------------------------------------------------------------------------- */

static void feed(struct device *d, struct str octets)
{
    if (d->session != NULL)
        session_received(d->session, octets);
    run(d->stage);
}

static void open_stream(struct device *d, const struct jid *j)
{
    feed(d, arena_printf(&d->stage->said,
                         "<stream:stream xmlns='jabber:client' version='1.0' "
                         "xmlns:stream='http://etherx.jabber.org/streams' to='%.*s'>",
                         STR_ARG(j->domain)));
}

static struct str plain_message(struct arena *a, const struct jid *j)
{
    struct str zero = { "", 1 };

    return base64_text(
        a, bytes_of_str(arena_concat(a, arena_concat(a, arena_concat(a, zero, j->local), zero),
                                     STR(PASSWORD))));
}

/* The way of any client, so that what the engine knows of it is right. */
static void log_in(struct device *d, const struct jid *j)
{
    struct stage *s = d->stage;
    struct arena *a = &s->said;
    struct xml_node *iq = stanza_new(a, STANZA_IQ, "set", STR_NONE, STR_NONE, STR("bind"));
    struct xml_node *bind = xml_add(a, iq, STR(NS_BIND), STR("bind"));

    xml_add_text_child(a, bind, STR(NS_BIND), STR("resource"), j->resource);
    d->session = session_new(&s->home, d, true, STREAM_TCP);
    open_stream(d, j);
    feed(d, arena_printf(a, "<auth xmlns='" NS_SASL "' mechanism='PLAIN'>%.*s</auth>",
                         STR_ARG(plain_message(a, j))));
    open_stream(d, j);
    feed(d, stanza_text(a, iq));
    feed(d, STR("<presence/>"));
}

static struct device *device_of(struct stage *s, const struct jid *j)
{
    struct str called = jid_text(&s->arena, j);
    struct device *d = map_get(&s->devices, called);

    if (d == NULL) {
        d = ARENA_NEW(&s->arena, struct device);
        d->stage = s;
        d->called = called;
        map_put(&s->devices, called, d);
    }
    if (d->session == NULL && account_number(s, j) != 0)
        log_in(d, j);
    return d;
}

struct str stage_device(struct stage *s, const struct jid *j)
{
    const struct device *d = device_of(s, j);

    return d->session != NULL ? arena_str(&s->arena, d->session->full) : d->called;
}

void stage_say(struct stage *s, const struct jid *j, struct str octets)
{
    struct device *d = device_of(s, j);

    stage_forget(s);
    s->speaker = d;
    feed(d, octets);
}

void stage_arrive(struct stage *s, const struct jid *from, const struct xml_node *stanza)
{
    struct remote *line;
    struct arena a = { 0 };
    struct xml_node *copy = xml_copy(&a, stanza);

    stage_forget(s);
    home_now(&s->home, s->now_ms);
    line = remote_new(&s->home, from->domain, REMOTE_PINNED);
    remote_content(copy, STR(NS_CLIENT), STR(NS_SERVER));
    s->outcome.ended =
        remote_receive(line, copy, &a, stanza_text(&s->said, stanza).n) != REMOTE_TAKEN;
    run(s);
    remote_gone(line);
}

/* ---- Relations ------------------------------------------------------------------------------------- */

bool stage_serves(const struct stage *s, const struct jid *j)
{
    return settings_serves(&s->settings, j->domain);
}

static void write_relation(struct stage *s, int64_t owner, struct str other,
                           const struct relation *r)
{
    struct write_set set = { 0 };

    if (r->has_subscription)
        write_set_add(&set, ROW_ROSTER, owner)->roster = (struct roster_item){
            .jid = other, .subscription = r->subscription, .listed = true, .version = 1
        };
    if (r->has_blocked)
        write_set_add(&set, r->blocked ? ROW_BLOCK : ROW_BLOCK_GONE, owner)->block.jid = other;
    if (set.first != NULL && commit(s, &set) != ERR_NONE)
        abort(); /* a store in memory has no reason to refuse */
    arena_deinit(&set.op.arena);
}

void stage_relate(struct stage *s, const struct jid *owner, const struct jid *other,
                  const struct relation *relation)
{
    struct str bare = jid_bare_text(&s->said, other);
    struct account *a;

    if (!stage_serves(s, owner) || account_number(s, owner) == 0)
        return;
    write_relation(s, account_number(s, owner), bare, relation);
    home_now(&s->home, s->now_ms);
    a = account_get(&s->home, owner);
    account_forget_view(a);
    run(s);
    if (relation->wrote)
        view_wrote(&a->view, bare);
    account_unpin(a);
}

/* ---- The outcome ----------------------------------------------------------------------------------- */

const struct stage_outcome *stage_outcome(struct stage *s)
{
    return &s->outcome;
}

void stage_forget(struct stage *s)
{
    arena_deinit(&s->said);
    s->speaker = NULL;
    s->outcome = (struct stage_outcome){
        .delivered = arena_alloc(&s->said, STAGE_DELIVERED_MAX * sizeof *s->outcome.delivered),
        .events = arena_alloc(&s->said, STAGE_EVENTS_MAX * sizeof *s->outcome.events),
    };
}

/* ---- Life ------------------------------------------------------------------------------------------ */

static void report_anchor(struct stage *s)
{
    struct anchor_report ready = { .kind = ANCHOR_READY, .place_count = 1 };

    ready.places[0].address = (struct stun_address){ .ip = { 192, 0, 2, 1 }, .port = 3478 };
    home_anchor_reported(&s->home, &ready);
}

struct stage *stage_new(const struct config *config, uint64_t now_ms)
{
    struct stage *s = mem_alloc(sizeof *s);
    struct str why = STR("");
    const struct random random = { fill_random, s };

    s->now_ms = s->swept_ms = now_ms;
    settings_fill(&s->settings, config);
    s->settings.mechanism_plain = true;
    s->settings.web_url = STR("https://replay.invalid");
    s->settings.web_host = STR("replay.invalid");
    list_init(&s->completions);
    list_init(&s->own);
    list_init(&s->chores);
    map_init(&s->accounts, NULL);
    map_init(&s->devices, NULL);
    s->host = (struct host){ .ops = &stage_ops, .ctx = s, .random = random, .home_count = 1 };
    if (store_open(&(struct store_options){ .url = STR("sqlite::memory:"),
                                            .inline_run = true,
                                            .retention_days = -1,
                                            .deliver = deliver,
                                            .deliver_ctx = s },
                   &s->store, &why, &s->arena)
        != ERR_NONE) {
        arena_deinit(&s->arena);
        mem_free(s);
        return NULL;
    }
    event_keys_init(&s->keys, -1, &random, s->keys_memory);
    event_keys_turn(&s->keys, now_ms / 1000);
    home_init(&s->home, &s->host, &s->settings, s->store, 0);
    home_now(&s->home, now_ms);
    stage_forget(s);
    report_anchor(s);
    return s;
}

static void end_devices(struct stage *s)
{
    struct map_slot slot;

    for (size_t at = 0; map_next(&s->devices, &at, &slot);) {
        const struct device *d = slot.value;

        if (d->session != NULL)
            session_shutdown(d->session);
    }
    run(s);
}

void stage_free(struct stage *s)
{
    if (s == NULL)
        return;
    end_devices(s);
    home_deinit(&s->home);
    store_close(s->store);
    map_deinit(&s->accounts);
    map_deinit(&s->devices);
    arena_deinit(&s->said);
    arena_deinit(&s->arena);
    mem_free(s);
}
