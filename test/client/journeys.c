/* journeys.c: two people with two devices each, whose connections break, whose programs crash and whose stores are slow, at any moment.
 * Whatever a device had stored as written is in the end on all four, once, and readable.
 *
 *   journeys [FIRST [COUNT]]      journeys with these seeds; one TAP line for each
 */
#include <stdio.h>
#include <stdlib.h>

#include "test/client/handset.h"

enum {
    DEVICES = 4,
    STEPS = 120,
    JOURNEYS = 40,
    LAST_ROUNDS = 40,
    MESSAGES_MAX = 200,
    RETRY_MS = 90 * 1000
};

static const char *const people[DEVICES] = { "alice@sotto.test", "alice@sotto.test",
                                             "bob@sotto.test", "bob@sotto.test" };

struct journey {
    struct world *world;
    struct handset devices[DEVICES];
    struct handset *all[DEVICES];
    uint64_t dice, now_ms;
    unsigned written;
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
    for (int i = 0; i < DEVICES; i++)
        j->devices[i].now_ms = j->now_ms;
}

/* A few turns, not all: so that what comes next finds things half done. */
static void some_turns(struct journey *j)
{
    for (unsigned n = roll(j, 12); n > 0; n--)
        (void)handset_turn(j->all[roll(j, DEVICES)]);
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
    for (unsigned i = 0; i < DEVICES; i++) {
        j->all[i] = &j->devices[i];
        handset_init(j->all[i], j->world, people[i], i + 1);
        handset_start(j->all[i]);
        handsets_run(j->all, i + 1);
    }
}

static void step(struct journey *j)
{
    struct handset *h = j->all[roll(j, DEVICES)];
    char text[32];

    switch (roll(j, 10)) {
    case 0: handset_cut(h); break;
    case 1: handset_crash(h); break;
    case 2: h->hold_commits = !h->hold_commits; break;
    case 3: pass_time(j, roll(j, 20 * 1000)); break;
    case 4:
        if (h->engine == NULL)
            handset_start(h);
        break;
    default:
        if (h->engine == NULL || j->written == MESSAGES_MAX)
            break;
        snprintf(text, sizeof text, "message %u", j->written++);
        handset_write(h, people[h < &j->devices[2] ? 2 : 0], text);
    }
    some_turns(j);
}

static void come_home(struct journey *j)
{
    for (int i = 0; i < DEVICES; i++) {
        j->devices[i].hold_commits = false;
        if (j->devices[i].engine == NULL)
            handset_start(j->all[i]);
    }
    for (int i = 0; i < LAST_ROUNDS; i++) {
        handsets_run(j->all, DEVICES);
        pass_time(j, RETRY_MS / LAST_ROUNDS + 5000);
    }
}

static size_t copies(const struct handset *h, const char *text)
{
    return handset_count(h, text, false) + handset_count(h, text, true);
}

static bool arrived(struct journey *j, unsigned number)
{
    size_t found[DEVICES];
    bool anywhere = false;
    char text[32];

    snprintf(text, sizeof text, "message %u", number);
    for (int i = 0; i < DEVICES; i++) {
        found[i] = copies(j->all[i], text);
        anywhere |= found[i] > 0;
    }
    for (int i = 0; i < DEVICES && anywhere; i++)
        if (found[i] != 1) { /* if nowhere, its writer crashed before he had it */
            snprintf(j->why, sizeof j->why, "%s: %zu %zu %zu %zu copies", text, found[0], found[1],
                     found[2], found[3]);
            return false;
        }
    return true;
}

static bool is_well(struct journey *j)
{
    for (int i = 0; i < DEVICES; i++) {
        const struct entry *sealed = handset_last(j->all[i], ENTRY_SEALED);

        if (sealed == NULL)
            continue;
        snprintf(j->why, sizeof j->why, "device %d: %.*s", i + 1, STR_ARG(sealed->text));
        return false;
    }
    for (unsigned i = 0; i < j->written; i++)
        if (!arrived(j, i))
            return false;
    return true;
}

static bool travel(uint64_t seed, struct journey *j)
{
    const char *leak = NULL;
    bool well;

    set_out(j, seed);
    for (int i = 0; i < STEPS; i++)
        step(j);
    come_home(j);
    well = is_well(j);
    for (int i = 0; i < DEVICES; i++)
        handset_deinit(j->all[i]);
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
