/* world.c: queues and time. */
#include "test/script/world_state.h"

#include "server/session.h"

enum {
    START_MS_PER_DAY = 24 * 3600 * 1000,
    START_DAYS = 20454, /* 2026-01-01 */
    SWEEP_MS = 1000,
    MINUTE_MS = 60 * 1000,
};

/* SplitMix64 (Steele, Lea, Flood 2014): small, and good enough for ids. */
uint64_t world_next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void fill_random(void *ctx, uint8_t *out, size_t n)
{
    struct world *w = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(world_next_random(&w->random) >> 32);
}

/* ---- Queues ---------------------------------------------------------------------------------------- */

static bool step_parcels(struct world *w)
{
    for (unsigned i = 0; i < w->options.homes; i++) {
        struct link *parcel = list_pop(&w->places[i].parcels);

        if (parcel != NULL) {
            home_now(&w->places[i].home, w->now_ms);
            home_receive(&w->places[i].home, parcel);
            return true;
        }
    }
    return false;
}

static bool step_completions(struct world *w)
{
    for (unsigned i = 0; i < w->options.homes; i++) {
        struct place *p = &w->places[i];

        if (!list_empty(&p->completions)) {
            home_now(&p->home, w->now_ms);
            home_completed(&p->home, &p->completions);
            return true;
        }
    }
    return false;
}

static bool step_arrivals(struct world *w)
{
    for (unsigned i = 0; i < w->options.homes; i++)
        if (place_arrival(&w->places[i]))
            return true;
    return false;
}

static bool step_chores(struct world *w)
{
    struct link *l = list_pop(&w->chores);
    struct chore *c;

    if (l == NULL)
        return false;
    c = LIST_ENTRY(l, struct chore, link);
    c->work(c->arg);
    home_now(&c->place->home, w->now_ms);
    c->done(c->arg);
    mem_free(c);
    return true;
}

/* Starts at a drawn one, so that no client is always first. */
static bool step_wires(struct world *w)
{
    size_t count = 0, first, i = 0;

    LIST_EACH (&w->wires, l)
        count++;
    first = w->options.shuffle && count ? world_next_random(&w->lots) % count : 0;
    for (size_t round = 0; round < 2; round++) {
        LIST_EACH (&w->wires, l) {
            if (i++ >= first && wire_step(LIST_ENTRY(l, struct wire, in_world)))
                return true;
        }
    }
    return false;
}

static bool step_wakes(struct world *w)
{
    LIST_EACH (&w->wires, l) {
        struct wire *wire = LIST_ENTRY(l, struct wire, in_world);

        if (wire->wake_at_ms != 0 && wire->wake_at_ms <= w->now_ms) {
            wire_wake(wire);
            return true;
        }
    }
    return false;
}

static bool step_store(struct world *w)
{
    return world_store_step(w);
}

bool world_step(struct world *w)
{
    static bool (*const steps[])(struct world *) = {
        step_completions, step_parcels, step_arrivals, step_chores,
        step_store,       step_wakes,   step_wires,    world_remote_step,
    };
    size_t first = w->options.shuffle ? world_next_random(&w->lots) % COUNT_OF(steps) : 0;

    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if (steps[(first + i) % COUNT_OF(steps)](w))
            return true;
    return false;
}

void world_run(struct world *w)
{
    while (world_step(w))
        continue;
}

/* ---- Time ------------------------------------------------------------------------------------------ */

static uint64_t next_deadline(const struct world *w)
{
    uint64_t at = w->sweep_at_ms < w->minute_at_ms ? w->sweep_at_ms : w->minute_at_ms;

    for (const struct link *l = list_first(&w->wires); l != NULL; l = list_next(&w->wires, l)) {
        const struct wire *wire = LIST_ENTRY(l, const struct wire, in_world);

        if (wire->wake_at_ms != 0 && wire->wake_at_ms < at)
            at = wire->wake_at_ms;
    }
    return at;
}

static void sweep(struct world *w)
{
    for (unsigned i = 0; w->sweep_at_ms <= w->now_ms && i < w->options.homes; i++) {
        home_now(&w->places[i].home, w->now_ms);
        home_sweep(&w->places[i].home);
    }
    if (w->sweep_at_ms <= w->now_ms)
        w->sweep_at_ms = w->now_ms + SWEEP_MS;
    if (w->minute_at_ms <= w->now_ms) {
        store_expire(w->store, w->now_ms);
        w->minute_at_ms = w->now_ms + MINUTE_MS;
    }
}

void world_advance(struct world *w, uint64_t ms)
{
    uint64_t end = w->now_ms + ms;

    for (uint64_t at; (at = next_deadline(w)) <= end;) {
        w->now_ms = at > w->now_ms ? at : w->now_ms;
        sweep(w);
        world_run(w);
    }
    w->now_ms = end;
}

/* ---- Events ---------------------------------------------------------------------------------------- */

void world_note_event(struct world *w, const struct event *event)
{
    struct noted_event *n = ARENA_NEW(&w->arena, struct noted_event), **at = &w->events;

    n->event = *event;
    n->event.actor = arena_str(&w->arena, event->actor);
    n->event.target = arena_str(&w->arena, event->target);
    if (event->call != NULL) {
        n->call = *event->call;
        n->event.call = &n->call;
    }
    while (*at != NULL)
        at = &(*at)->next;
    *at = n;
}

const struct event *world_take_event(struct world *w, enum event_reason reason)
{
    for (struct noted_event **at = &w->events; *at != NULL; at = &(*at)->next) {
        struct noted_event *n = *at;

        if (n->event.reason == reason) {
            *at = n->next;
            return &n->event;
        }
    }
    return NULL;
}

/* ---- Life ------------------------------------------------------------------------------------------ */

static void open_place(struct world *w, unsigned number)
{
    struct place *p = &w->places[number];

    p->world = w;
    p->host = (struct host){ .ops = &world_host_ops,
                             .disk = &w->disk,
                             .ctx = p,
                             .random = { fill_random, w },
                             .home_count = w->options.homes };
    list_init(&p->parcels);
    list_init(&p->completions);
    list_init(&p->arrivals);
    home_init(&p->home, &p->host, &w->settings, w->store, number);
    home_now(&p->home, w->now_ms);
}

struct world *world_new(const struct world_options *options)
{
    struct world *w = mem_alloc(sizeof *w);

    w->options = *options;
    w->now_ms = (uint64_t)START_DAYS * START_MS_PER_DAY;
    w->sweep_at_ms = w->now_ms + SWEEP_MS;
    w->minute_at_ms = w->now_ms + MINUTE_MS;
    w->random = 1;
    w->lots = options->shuffle;
    list_init(&w->wires);
    list_init(&w->chores);
    list_init(&w->orders);
    map_init(&w->accounts, NULL);
    world_standard_settings(&w->settings);
    world_open_store(w);
    for (unsigned i = 0; i < w->options.homes; i++)
        open_place(w, i);
    return w;
}

static const char *what_is_left(const struct world *w)
{
    struct map_slot slot;

    for (unsigned i = 0; i < w->options.homes; i++) {
        const struct home *h = &w->places[i].home;

        if (counter_get(&h->counters, COUNTER_SESSIONS) != 0)
            return "a session outlives its connection";
        if (!list_empty(&h->waiting))
            return "a session still waits to be resumed";
        for (size_t at = 0; map_next(&h->accounts, &at, &slot);)
            if (((const struct account *)slot.value)->pins != 0)
                return "an account is still pinned";
            else if (((const struct account *)slot.value)->view.account == 0)
                return "a name that nobody has is still remembered";
    }
    return NULL;
}

static void shut_down(struct world *w)
{
    LIST_EACH (&w->wires, l) {
        struct wire *wire = LIST_ENTRY(l, struct wire, in_world);

        if (wire->session == NULL || wire->closing || wire->moving)
            continue;
        home_now(&wire->place->home, w->now_ms);
        session_shutdown(wire->session);
    }
    world_run(w);
}

bool world_free(struct world *w, const char **why)
{
    world_fail_commits(w, 0);
    world_hold_store(w, HOLD_NOTHING);
    world_run(w); /* nobody is between two homes any more */
    shut_down(w);
    world_advance(w, (uint64_t)w->settings.resume_s * 1000 + 2 * SWEEP_MS);
    *why = what_is_left(w);
    store_close(w->store);
    world_remote_close(w);
    for (unsigned i = 0; i < w->options.homes; i++)
        home_deinit(&w->places[i].home);
    wires_free(w);
    world_anchor_free(w);
    map_deinit(&w->accounts);
    arena_deinit(&w->arena);
    mem_free(w);
    return *why == NULL;
}

struct transport world_transport(struct world *w)
{
    return (struct transport){ &world_transport_ops, w };
}
