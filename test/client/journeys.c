/* journeys.c: two people with two devices each, whose connections break, whose programs crash and whose stores are slow, at any moment.
 * Whatever a device had stored as written is in the end on all four, once, and readable, and all four show the same of it: as it was
 * corrected, taken back, reacted to.
 *
 * On every fourth journey a third device of somebody joins meanwhile, and takes part from then on. On every fourth one joins, and another is
 * lost and sent away: nothing is lost by that, and of what is written afterwards it can read nothing. On every fourth stores lose their
 * sessions or are copies of an older day: then something may be unreadable, but what is written in the end is not, and nothing is
 * there twice.
 *
 *   journeys [FIRST [COUNT]]      journeys with these seeds (40, from 1 on); one TAP line for each; `make journeys` runs 300
 */
#include <stdio.h>
#include <stdlib.h>

#include "client/ours.h"
#include "client/timeline.h"
#include "test/client/handset.h"

enum {
    DEVICES = 4,
    LOST = 1,           /* the place of the device that is sent away */
    NEWCOMER = DEVICES, /* its place */
    DEVICES_MAX_HERE = DEVICES + 1,
    STEPS = 120,
    JOURNEYS = 40,
    LAST_ROUNDS = 40,
    MESSAGES_MAX = 200,
    RETRY_MS = 90 * 1000
};

enum kind { PLAIN, NEW_DEVICE, LOST_DEVICE, ACCIDENTS };
static const enum kind kinds[] = { PLAIN, NEW_DEVICE, LOST_DEVICE, ACCIDENTS };

static const char *const people[] = { "alice@sotto.test", "alice@sotto.test", "bob@sotto.test",
                                      "bob@sotto.test", "alice@sotto.test" };

struct journey {
    struct world *world;
    enum kind kind;
    struct handset devices[DEVICES_MAX_HERE];
    struct handset *all[DEVICES_MAX_HERE];
    struct book copies[DEVICES]; /* of stores, of an older day */
    size_t entries[DEVICES];     /* that such a store has */
    bool has_copy[DEVICES];
    unsigned count; /* of devices */
    bool lost;      /* that device does not run any more */
    uint64_t dice, now_ms;
    unsigned written, said;
    uint32_t lost_id;
    char why[200];
};

static unsigned roll(struct journey *j, unsigned sides)
{
    return (unsigned)(world_next_random(&j->dice) % sides);
}

static void pass_time(struct journey *j, uint64_t ms)
{
    j->now_ms += ms;
    world_advance(j->world, ms);
    for (unsigned i = 0; i < j->count; i++)
        j->devices[i].now_ms = j->now_ms;
}

/* A few turns, not all: so that what comes next finds things half done. */
static void some_turns(struct journey *j)
{
    for (unsigned n = roll(j, 12); n > 0; n--)
        (void)handset_turn(j->all[roll(j, j->count)]);
}

static void join(struct journey *j)
{
    struct handset *h = j->all[j->count] = &j->devices[j->count];

    handset_init(h, j->world, people[j->count], j->count + 1);
    h->now_ms = j->now_ms;
    handset_start(h);
    j->count++;
    handsets_run(j->all, j->count < DEVICES ? j->count : 0);
}

static void set_out(struct journey *j, uint64_t seed)
{
    struct world_options options = { .homes = 3, .shuffle = seed + 1 };

    *j = (struct journey){ .dice = seed, .now_ms = 1700000000000 };
    j->world = world_new(&options);
    world_account(j->world, STR("alice"), STR("secret"), SCRAM_ITERATIONS_MIN);
    world_account(j->world, STR("bob"), STR("secret"), SCRAM_ITERATIONS_MIN);
    world_roster(j->world, STR("alice"), STR("<item jid='bob@sotto.test' subscription='both'/>"));
    world_roster(j->world, STR("bob"), STR("<item jid='alice@sotto.test' subscription='both'/>"));
    j->kind = kinds[seed % COUNT_OF(kinds)];
    while (j->count < DEVICES)
        join(j);
    handsets_run(j->all, j->count);
}

/* ---- On the way ------------------------------------------------------------------------------------ */

static const char *whom(const struct handset *h)
{
    return str_is(h->config.jid.local, "alice") ? people[2] : people[0];
}

/* A program that is started again finds a store that is not what it left. */
static void accident(struct journey *j)
{
    unsigned at = roll(j, DEVICES);
    struct handset *h = j->all[at];

    handset_crash(h);
    switch (roll(j, 3)) {
    case 0: handset_lose_sessions(h); break;
    case 1:
        if (j->has_copy[at])
            break;
        handset_save(h, &j->copies[at]);
        j->has_copy[at] = true;
        j->entries[at] = h->entry_count;
        break;
    default:
        if (!j->has_copy[at])
            break;
        handset_restore(h, &j->copies[at]);
        h->entry_count = j->entries[at];
    }
    handset_start(h);
}

/* A message that it has; those of its own person are at hand more often. */
static const struct entry *some_message(struct journey *j, const struct handset *h, bool own)
{
    for (int tries = 0; tries < 8 && h->entry_count > 0; tries++) {
        const struct entry *e = &h->entries[roll(j, (unsigned)h->entry_count)];

        if (e->kind == ENTRY_MESSAGE && (e->outgoing || !own))
            return e;
    }
    return NULL;
}

/* One device of each person says things about messages: of two that do so at the same moment nobody could tell who was last. */
static void say(struct journey *j)
{
    struct handset *h = j->all[2 * roll(j, 2)];
    unsigned what = roll(j, 5);
    const struct entry *e = h->engine != NULL ? some_message(j, h, what < 3) : NULL;
    struct arena a = { 0 };
    enum err err = ERR_NONE;
    struct jid to;
    struct str id;

    if (e == NULL || jid_parse(&a, str_from(whom(h)), &to) != ERR_NONE)
        return;
    engine_now(h->engine, h->now_ms);
    if (what == 0)
        err = engine_retract(h->engine, &a, &to, e->id, &id);
    else if (what < 3)
        err = engine_correct(h->engine, &a, &to, e->id, NULL,
                             arena_printf(&a, "other %u", j->said++), &id);
    else if (what == 3)
        err = engine_react(h->engine, &a, &to, e->id,
                           roll(j, 2) == 0 ? STR("\U0001F44D") : STR_NONE, &id);
    else if (e->outgoing)
        engine_typing(h->engine, &to, roll(j, 2) == 0);
    else
        (void)!engine_read(h->engine, &to, e->id);
    if (err != ERR_NONE)
        snprintf(j->why, sizeof j->why, "%s", err_text(err));
    arena_deinit(&a);
}

static bool is_lost(const struct journey *j, unsigned device)
{
    return j->lost && device == LOST;
}

/* Said by the other device of its person, as soon as the two have met. A crash may swallow it, so it is said more than once. */
static enum err send_away(struct journey *j)
{
    struct engine *c = j->all[0]->engine;

    if (c == NULL)
        return ERR_MISSING;
    engine_now(c, j->now_ms);
    return engine_remove_device(c, j->lost_id);
}

static void lose(struct journey *j)
{
    if (j->all[LOST]->engine == NULL)
        return;
    (void)engine_fingerprint(j->all[LOST]->engine, &j->all[LOST]->arena, &j->lost_id);
    handset_crash(j->all[LOST]);
    j->lost = true;
}

static void step(struct journey *j)
{
    unsigned at = roll(j, j->count);
    struct handset *h = j->all[at];
    char text[32];

    if (is_lost(j, at)) {
        (void)!send_away(j);
        return;
    }
    switch (roll(j, 12)) {
    case 0: handset_cut(h); break;
    case 1: handset_crash(h); break;
    case 2: h->hold_commits = !h->hold_commits; break;
    case 3: pass_time(j, roll(j, 20 * 1000)); break;
    case 4:
        if (h->engine == NULL)
            handset_start(h);
        break;
    case 5:
    case 6: say(j); break;
    default:
        if (h->engine == NULL || j->written == MESSAGES_MAX)
            break;
        snprintf(text, sizeof text, "message %u", j->written++);
        handset_write(h, whom(h), text);
    }
    if ((j->kind == NEW_DEVICE || j->kind == LOST_DEVICE) && j->count == DEVICES
        && roll(j, STEPS / 3) == 0)
        join(j);
    if (j->kind == ACCIDENTS && roll(j, STEPS / 6) == 0)
        accident(j);
    if (j->kind == LOST_DEVICE && !j->lost && roll(j, STEPS / 3) == 0)
        lose(j);
    some_turns(j);
}

static void rest(struct journey *j)
{
    for (int i = 0; i < LAST_ROUNDS; i++) {
        handsets_run(j->all, j->count);
        pass_time(j, RETRY_MS / LAST_ROUNDS + 5000);
    }
}

static void come_home(struct journey *j)
{
    for (unsigned i = 0; i < j->count; i++) {
        j->devices[i].hold_commits = false;
        if (j->devices[i].engine == NULL && !is_lost(j, i))
            handset_start(j->all[i]);
    }
    rest(j);
    if (j->lost && send_away(j) != ERR_NONE)
        snprintf(j->why, sizeof j->why, "the lost device cannot be sent away");
    rest(j);
}

/* Everybody speaks once more. */
static void speak(struct journey *j, const char *what)
{
    for (unsigned i = 0; i < j->count; i++) {
        char text[32];

        if (is_lost(j, i))
            continue;
        snprintf(text, sizeof text, "%s of %u", what, i + 1);
        handset_write(j->all[i], whom(j->all[i]), text);
    }
    rest(j);
}

static size_t copies(const struct handset *h, const char *text)
{
    return handset_count(h, text, false) + handset_count(h, text, true);
}

static bool arrived(struct journey *j, unsigned number)
{
    size_t found[DEVICES_MAX_HERE] = { 0 }, least = j->kind == ACCIDENTS ? 0 : 1;
    bool anywhere = false;
    char text[32];

    snprintf(text, sizeof text, "message %u", number);
    for (unsigned i = 0; i < j->count; i++) {
        found[i] = copies(j->all[i], text);
        anywhere |= found[i] > 0 && !is_lost(j, i);
    }
    for (unsigned i = 0; i < j->count && anywhere; i++)
        if (found[i] > 1 || (found[i] < least && i != NEWCOMER && !is_lost(j, i))) {
            /* if nowhere, its writer crashed before he had it, or was lost; the newcomer was not always there */
            snprintf(j->why, sizeof j->why, "%s: %zu %zu %zu %zu %zu copies", text, found[0],
                     found[1], found[2], found[3], found[4]);
            return false;
        }
    return true;
}

/* Which devices are new is another matter on each. */
static struct timeline *chat_of(const struct handset *h)
{
    struct timeline *t = timeline_new(&h->random);

    for (size_t i = 0; i < h->entry_count; i++)
        if (h->entries[i].kind != ENTRY_DEVICE)
            timeline_add(t, &h->entries[i]);
    return t;
}

static struct str reaction_of(const struct message *m, struct str author)
{
    for (size_t i = 0; i < m->reaction_count; i++)
        if (str_eq(m->reactions[i].author, author))
            return m->reactions[i].emojis;
    return STR_NONE;
}

static bool same_message(const struct message *a, const struct message *b)
{
    return str_eq(a->text, b->text) && a->edited == b->edited && a->retracted == b->retracted
           && str_eq(reaction_of(a, str_from(people[0])), reaction_of(b, str_from(people[0])))
           && str_eq(reaction_of(a, str_from(people[2])), reaction_of(b, str_from(people[2])));
}

/* What the first device shows, another shows, too. */
static bool same_chat(struct journey *j, int device)
{
    struct timeline *first = chat_of(j->all[0]), *t = chat_of(j->all[device]);
    bool same = timeline_count(first) == timeline_count(t);

    if (!same)
        snprintf(j->why, sizeof j->why, "device %d shows %zu messages instead of %zu", device + 1,
                 timeline_count(t), timeline_count(first));
    for (size_t i = 0; i < timeline_count(first) && same; i++) {
        const struct message *m = timeline_at(first, i), *o = timeline_find(t, m->entry.id);

        if (o != NULL && same_message(m, o))
            continue;
        same = false;
        snprintf(j->why, sizeof j->why, "device %d shows '%.*s' instead of '%.*s'", device + 1,
                 o != NULL ? (int)o->text.n : 0, o != NULL ? o->text.p : "", STR_ARG(m->text));
    }
    timeline_free(first);
    timeline_free(t);
    return same;
}

static bool heard(struct journey *j, const char *what)
{
    for (unsigned from = 0; from < j->count; from++)
        for (unsigned at = 0; at < j->count; at++) {
            char text[32];

            snprintf(text, sizeof text, "%s of %u", what, from + 1);
            if (is_lost(j, from) || is_lost(j, at) || copies(j->all[at], text) == 1)
                continue;
            snprintf(j->why, sizeof j->why, "device %u: %zu copies of: %s", at + 1,
                     copies(j->all[at], text), text);
            return false;
        }
    return true;
}

static bool is_sealed(struct journey *j)
{
    for (int i = 0; i < DEVICES && j->kind != ACCIDENTS; i++) {
        const struct entry *sealed = handset_last(j->all[i], ENTRY_SEALED);

        if (sealed == NULL || is_lost(j, (unsigned)i))
            continue;
        snprintf(j->why, sizeof j->why, "device %d: %.*s", i + 1, STR_ARG(sealed->text));
        return true;
    }
    return false;
}

static bool is_well(struct journey *j)
{
    if (is_sealed(j) || !heard(j, "last word"))
        return false;
    for (unsigned i = 0; i < j->written; i++)
        if (!arrived(j, i))
            return false;
    for (int i = 1; i < DEVICES && j->kind != ACCIDENTS; i++)
        if (!is_lost(j, (unsigned)i) && !same_chat(j, i))
            return false;
    return j->kind == ACCIDENTS || j->why[0] == '\0';
}

/* Whoever has found it, and can log in, reads nothing that was written since. */
static bool finder_reads(struct journey *j)
{
    char text[32];

    if (!j->lost)
        return false;
    handset_start(j->all[LOST]);
    rest(j);
    for (unsigned i = 0; i < j->count; i++) {
        snprintf(text, sizeof text, "last word of %u", i + 1);
        if (copies(j->all[LOST], text) == 0)
            continue;
        snprintf(j->why, sizeof j->why, "the lost device reads: %s", text);
        return true;
    }
    return false;
}

static bool travel(uint64_t seed, struct journey *j)
{
    const char *leak = NULL;
    bool well;

    set_out(j, seed);
    for (int i = 0; i < STEPS; i++)
        step(j);
    come_home(j);
    if (j->kind == ACCIDENTS) /* who cannot read the one mends what is broken before the other */
        speak(j, "first word"), speak(j, "second word");
    speak(j, "last word");
    well = is_well(j) && !finder_reads(j);
    for (unsigned i = 0; i < j->count; i++)
        handset_deinit(j->all[i]);
    for (int i = 0; i < DEVICES; i++)
        if (j->has_copy[i])
            book_deinit(&j->copies[i]);
    if (!world_free(j->world, &leak) && well) {
        snprintf(j->why, sizeof j->why, "%s", leak);
        well = false;
    }
    return well;
}

int main(int argc, char **argv)
{
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : JOURNEYS;
    bool ok = true;

    printf("1..%llu\n", (unsigned long long)count);
    for (uint64_t i = 0; i < count; i++) {
        struct journey j;
        bool well = travel(first + i, &j);

        ok &= well;
        if (!well)
            printf("# %s\n", j.why);
        printf("%sok %llu - journey %llu: %u messages\n", well ? "" : "not ",
               (unsigned long long)i + 1, (unsigned long long)(first + i), j.written);
        fflush(stdout);
    }
    return ok ? 0 : 1;
}
