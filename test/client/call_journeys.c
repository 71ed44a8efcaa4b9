/* call_journeys.c: two people with two devices each call one another while connections break, programs crash and stores are slow, at any
 * moment: when it rings, when it is answered, on two devices at once, when it is set up, talked in, ended.
 *
 * Always: what a caller offers reaches one device of the callee, the same until the call is over. In the end, when everybody has come home:
 * whoever is in a call is in it with one who is in it with him; when they have hung up, the next call is as good as any, and after it no
 * device and no anchor knows of a call; and every chat shows each call once, on all devices of both people if both have it.
 *
 *   call_journeys [FIRST [COUNT]]      journeys with these seeds (40, from 1 on); one TAP line for each; `make journeys` runs 300
 */
#include <stdio.h>
#include <stdlib.h>

#include "client/call_inside.h"
#include "client/timeline.h"
#include "test/client/handset.h"
#include "test/client/telephone.h"

enum {
    DEVICES = 4,
    STEPS = 400,
    JOURNEYS = 40,
    LAST_ROUNDS = 30,
    ROUND_MS = 10 * 1000,
    CALLS_NOTED = 400,
    ORDERS_NOTED = 400,
    ID_OCTETS = 40,
    UNTROUBLED_MS =
        11 * 60 * 1000, /* then calls that nobody answered count no more (docs/calls.md) */
};

static const char *const people[] = { "alice@sotto.test", "alice@sotto.test", "bob@sotto.test",
                                      "bob@sotto.test" };

struct noted { /* a call that was offered to a device */
    char id[ID_OCTETS];
    unsigned device;
};

struct journey {
    struct world *world;
    struct handset devices[DEVICES];
    struct handset *all[DEVICES];
    uint64_t dice, now_ms;
    struct noted offered[CALLS_NOTED];
    size_t offered_count;
    uint64_t at_anchor[ORDERS_NOTED]; /* calls that it was told of, and not yet to end */
    size_t anchor_count;
    unsigned begun, answered, talked, written;
    char why[200];
};

static unsigned roll(struct journey *j, unsigned sides)
{
    return (unsigned)(world_next_random(&j->dice) % sides);
}

static void fail(struct journey *j, const char *what, struct str id, unsigned device)
{
    if (j->why[0] == '\0')
        snprintf(j->why, sizeof j->why, "%s: call %.*s, device %u", what, STR_ARG(id), device + 1);
}

/* ---- What holds at every moment ---------------------------------------------------------------------- */

/* The offer has come to this device: no other has had it, and none will. */
static void note_offered(struct journey *j, struct str id, unsigned device)
{
    size_t i = 0;

    while (i < j->offered_count && !str_is(id, j->offered[i].id))
        i++;
    if (i < j->offered_count) {
        if (j->offered[i].device != device)
            fail(j, "offered to a second device", id, device);
    } else if (i < CALLS_NOTED && id.n < ID_OCTETS) {
        snprintf(j->offered[i].id, ID_OCTETS, "%.*s", STR_ARG(id));
        j->offered[i].device = device;
        j->offered_count++;
    }
}

static void look(struct journey *j)
{
    struct call_info info;

    for (unsigned i = 0; i < DEVICES; i++) {
        struct handset *h = j->all[i];

        h->call_count = 0; /* what it was told is seen in its calls */
        for (size_t at = 0; h->engine != NULL && call_next(h->engine, &at, &info);)
            if (info.side == CALL_CALLEE && info.phase >= CALL_INITIATED)
                note_offered(j, info.id, i);
    }
}

/* ---- Time -------------------------------------------------------------------------------------------- */

static void pass_time(struct journey *j, uint64_t ms)
{
    j->now_ms += ms;
    world_advance(j->world, ms);
    for (unsigned i = 0; i < DEVICES; i++)
        j->devices[i].now_ms = j->now_ms;
}

/* A few turns, not all: so that what comes next finds things half done. */
static void some_turns(struct journey *j)
{
    for (unsigned n = roll(j, 12); n > 0; n--) {
        (void)handset_turn(j->all[roll(j, DEVICES)]);
        look(j);
    }
}

static void all_turns(struct journey *j)
{
    bool moved = true;

    while (moved) {
        moved = false;
        for (unsigned i = 0; i < DEVICES; i++)
            moved |= handset_turn(j->all[i]);
        look(j);
    }
}

/* ---- Setting out --------------------------------------------------------------------------------------- */

static void set_out(struct journey *j, uint64_t seed)
{
    struct world_options options = { .homes = 3, .shuffle = seed + 1 };

    *j = (struct journey){ .dice = seed, .now_ms = 1700000000000 };
    j->world = world_new(&options);
    (void)world_config(j->world, STR("limits.exempt"), STR("0.0.0.0/0 ::/0"));
    world_anchor_ready(j->world, true);
    world_account(j->world, STR("alice"), STR("secret"), SCRAM_ITERATIONS_MIN);
    world_account(j->world, STR("bob"), STR("secret"), SCRAM_ITERATIONS_MIN);
    world_roster(j->world, STR("alice"), STR("<item jid='bob@sotto.test' subscription='both'/>"));
    world_roster(j->world, STR("bob"), STR("<item jid='alice@sotto.test' subscription='both'/>"));
    for (unsigned i = 0; i < DEVICES; i++) {
        struct handset *h = j->all[i] = &j->devices[i];

        handset_init(h, j->world, people[i], i + 1);
        h->now_ms = j->now_ms;
        h->takes_calls = true;
        handset_start(h);
        handsets_run(j->all, i + 1);
    }
}

static const char *whom(const struct handset *h)
{
    return str_is(h->config.jid.local, "alice") ? people[2] : people[0];
}

/* ---- What people and media processes do ---------------------------------------------------------------- */

static void begin(struct journey *j, struct handset *h)
{
    struct arena a = { 0 };
    struct jid to;
    struct str id;

    if (jid_parse(&a, str_from(whom(h)), &to) == ERR_NONE
        && call_begin(h->engine, &a, &to, JINGLE_AUDIO, &id) == ERR_NONE)
        j->begun++;
    arena_deinit(&a);
}

static bool a_call(struct journey *j, const struct handset *h, struct call_info *out)
{
    struct call_info info;
    unsigned n = 0;

    for (size_t at = 0; call_next(h->engine, &at, &info);)
        if (roll(j, ++n) == 0)
            *out = info;
    return n > 0;
}

static void answer(struct journey *j, struct handset *h, const struct call_info *info)
{
    if (call_answer(h->engine, info->id) == ERR_NONE)
        j->answered++;
}

/* What its media process has to say next, if it is its turn. */
static void media(struct journey *j, struct handset *h, const struct call_info *info)
{
    const struct call *call = call_of(h->engine, info->id);
    bool calls = info->side == CALL_CALLER;

    if (info->phase == CALL_ACTIVE && info->talk_ms == 0) {
        if (call_connected(h->engine, info->id) == ERR_NONE)
            j->talked++;
    } else if (call->local.content_count == 0
               && info->phase == (calls ? CALL_ACCEPTED : CALL_INITIATED)
               && (calls || call->remote.content_count > 0)) {
        (void)!call_describe(
            h->engine, info->id,
            calls ? STR(OFFER(DIGEST_OF_CALLER, "")) : STR(ANSWER(DIGEST_OF_CALLEE, "")), NULL);
    }
}

static void media_everywhere(struct journey *j)
{
    struct call_info info;

    for (unsigned i = 0; i < DEVICES; i++)
        for (size_t at = 0;
             j->all[i]->engine != NULL && call_next(j->all[i]->engine, &at, &info);) {
            engine_now(j->all[i]->engine, j->now_ms);
            media(j, j->all[i], &info);
        }
}

/* Somebody does something about a call. */
static void act(struct journey *j, struct handset *h)
{
    struct call_info info;

    if (h->engine == NULL)
        return;
    engine_now(h->engine, h->now_ms);
    if (!a_call(j, h, &info)) {
        if (roll(j, 3) == 0)
            begin(j, h);
        return;
    }
    if (roll(j, 12) == 0)
        (void)!call_end(h->engine, info.id, NULL, STR_NONE);
    else if (info.side == CALL_CALLEE && info.phase <= CALL_RINGS)
        answer(j, h, &info);
    else
        media(j, h, &info);
}

static void disturb(struct journey *j, struct handset *h)
{
    char text[32];

    switch (roll(j, 6)) {
    case 0: handset_cut(h); break;
    case 1: handset_crash(h); break;
    case 2: h->hold_commits = !h->hold_commits; break;
    case 3: pass_time(j, roll(j, 20 * 1000)); break;
    case 4:
        if (h->engine != NULL) {
            snprintf(text, sizeof text, "message %u", j->written++);
            handset_write(h, whom(h), text);
        }
        break;
    default: break;
    }
}

static void step(struct journey *j)
{
    struct handset *h = j->all[roll(j, DEVICES)];

    if (h->engine == NULL && roll(j, 3) == 0)
        handset_start(h);
    if (roll(j, 8) == 0)
        disturb(j, h);
    else if (roll(j, 8) == 0)
        pass_time(j, roll(j, 4000));
    else
        act(j, h);
    look(j);
    some_turns(j);
}

/* ---- Home ---------------------------------------------------------------------------------------------- */

static void rest(struct journey *j)
{
    for (int i = 0; i < LAST_ROUNDS; i++) {
        all_turns(j);
        media_everywhere(j);
        pass_time(j, ROUND_MS);
    }
}

static void come_home(struct journey *j)
{
    for (unsigned i = 0; i < DEVICES; i++) {
        j->devices[i].hold_commits = false;
        if (j->devices[i].engine == NULL)
            handset_start(j->all[i]);
    }
    rest(j);
}

/* Whether the other end of it is in the same call. */
static bool has_other_end(struct journey *j, unsigned device, const struct call_info *info)
{
    struct call_info other;
    unsigned ends = 0;

    for (unsigned i = 0; i < DEVICES; i++)
        if (i / 2 != device / 2 && call_find(j->all[i]->engine, info->id, &other)
            && other.phase == CALL_ACTIVE && other.side != info->side)
            ends++;
    return info->phase == CALL_ACTIVE && ends == 1;
}

static void hang_up(struct journey *j)
{
    struct call_info info;

    for (unsigned i = 0; i < DEVICES; i++)
        for (size_t at = 0; call_next(j->all[i]->engine, &at, &info);)
            if (!has_other_end(j, i, &info))
                fail(j, "nobody is at the other end", info.id, i);
    for (unsigned i = 0; i < DEVICES; i++)
        for (size_t at = 0; call_next(j->all[i]->engine, &at, &info); at = 0) {
            engine_now(j->all[i]->engine, j->now_ms);
            if (call_end(j->all[i]->engine, info.id, NULL, STR_NONE) != ERR_NONE)
                break;
        }
    rest(j);
    for (unsigned i = 0; i < DEVICES; i++)
        for (size_t at = 0; call_next(j->all[i]->engine, &at, &info);)
            fail(j, "it never ends", info.id, i);
}

/* ---- The anchor ---------------------------------------------------------------------------------------- */

static void anchor_call(struct journey *j, uint64_t call, bool ends)
{
    size_t i = 0;

    while (i < j->anchor_count && j->at_anchor[i] != call)
        i++;
    if (!ends && i == j->anchor_count && i < ORDERS_NOTED)
        j->at_anchor[j->anchor_count++] = call;
    else if (ends && i < j->anchor_count)
        j->at_anchor[i] = j->at_anchor[--j->anchor_count];
}

static void ask_anchor(struct journey *j)
{
    struct arena a = { 0 };
    struct xml_node *order;

    while ((order = world_anchor_next(j->world, &a)) != NULL) {
        uint64_t call = 0;

        if (str_to_u64(xml_get(order, STR("call")), UINT64_MAX, &call) == ERR_NONE
            && (str_is(order->name, "call") || str_is(order->name, "end")))
            anchor_call(j, call, str_is(order->name, "end"));
    }
    if (j->anchor_count > 0)
        fail(j, "the anchor goes on with it", STR("of somebody"), 0);
    arena_deinit(&a);
}

/* ---- What the chats show --------------------------------------------------------------------------------- */

static size_t shown(const struct handset *h, struct str id)
{
    struct timeline *t = timeline_new(&h->random);
    size_t n = 0;

    for (size_t i = 0; i < h->entry_count; i++)
        timeline_add(t, &h->entries[i]);
    for (size_t i = 0; i < timeline_count(t); i++) {
        const struct entry *e = &timeline_at(t, i)->entry;

        n += e->kind == ENTRY_CALL && str_eq(e->id, id);
    }
    timeline_free(t);
    return n;
}

static void look_at_record(struct journey *j, struct str id)
{
    size_t n[DEVICES];

    for (unsigned i = 0; i < DEVICES; i++) {
        n[i] = shown(j->all[i], id);
        if (n[i] > 1)
            fail(j, "it is shown twice", id, i);
    }
    for (unsigned i = 0; i < DEVICES && n[0] + n[1] > 0 && n[2] + n[3] > 0; i++)
        if (n[i] == 0)
            fail(j, "it is missing in a chat", id, i);
}

static void look_at_records(struct journey *j)
{
    for (unsigned i = 0; i < DEVICES; i++)
        for (size_t k = 0; k < j->all[i]->entry_count; k++)
            if (j->all[i]->entries[k].kind == ENTRY_CALL)
                look_at_record(j, j->all[i]->entries[k].id);
}

/* Whatever happened before: somebody calls, somebody answers, they talk, and all four chats have it. */
static void last_call(struct journey *j)
{
    struct handset *from = j->all[roll(j, 2)], *to = j->all[2 + roll(j, 2)];
    struct call_info call = { 0 }, ring;
    struct arena a = { 0 };
    struct str id = STR("none");
    unsigned before = j->talked;

    pass_time(j, UNTROUBLED_MS);
    all_turns(j);
    begin(j, from);
    all_turns(j);
    if (a_call(j, from, &call))
        id = arena_str(&a, call.id);
    if (call_find(to->engine, id, &ring))
        answer(j, to, &ring);
    rest(j);
    if (j->talked != before + 2)
        fail(j, "the last call does not come about", id, 0);
    hang_up(j);
    for (unsigned i = 0; i < DEVICES; i++)
        if (shown(j->all[i], id) != 1)
            fail(j, "the last call is not in a chat", id, i);
    arena_deinit(&a);
}

/* ---- A journey ------------------------------------------------------------------------------------------- */

static bool travel(uint64_t seed, struct journey *j)
{
    const char *leak = NULL;

    set_out(j, seed);
    for (int i = 0; i < STEPS; i++)
        step(j);
    come_home(j);
    hang_up(j);
    last_call(j);
    ask_anchor(j);
    look_at_records(j);
    for (unsigned i = 0; i < DEVICES; i++)
        handset_deinit(j->all[i]);
    if (!world_free(j->world, &leak) && j->why[0] == '\0')
        snprintf(j->why, sizeof j->why, "%s", leak);
    return j->why[0] == '\0';
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : JOURNEYS;
    struct journey *j = mem_alloc(sizeof *j);
    bool ok = true;

    printf("1..%llu\n", (unsigned long long)count);
    for (uint64_t i = 0; i < count; i++) {
        bool well = travel(first + i, j);

        ok &= well;
        if (!well)
            printf("# %s\n", j->why);
        printf("%sok %llu - journey %llu: %u calls, %u answers, %u talks\n", well ? "" : "not ",
               (unsigned long long)i + 1, (unsigned long long)(first + i), j->begun, j->answered,
               j->talked);
        fflush(stdout);
    }
    mem_free(j);
    return ok ? 0 : 1;
}
