/* test_schedules.c: two people write to each other over a network that loses, delays, reorders and
 * repeats, on devices that die at any moment, begin anew and are replaced; both may begin at once.
 * For each seed:
 *
 *   - what arrived is read, once, and is what was written; what arrived again is not read again;
 *   - no octets of a message leave in clear;
 *   - when the network has come to rest, both use the same session, and neither repeats its beginning.
 *
 * test_schedules [FIRST COUNT] runs these seeds instead of the first 500; `make journeys` runs 2,000.
 */
#include "../check.h"

#include <stdlib.h>
#include <string.h>

#include "actor.h"

enum {
    STEPS = 60,
    MATERIAL = 48,
    FLYING_MAX = 64,
    LATEST = 8, /* so many messages may overtake one: fewer than five turns of the ratchets */
    BEGINNINGS = 4,
};

struct flying {
    int to, from_contact; /* as the receiver knows the sender */
    bool is_exchange, was_read, is_empty;
    struct codec_out out;
    uint8_t plain[MATERIAL];
    unsigned number;
};

struct world {
    uint64_t seed;
    enum omemo version;
    struct actor dice; /* chance of its own, so that the schedule does not depend on the keys */
    struct actor people[2];
    struct flying flying[FLYING_MAX];
    int count;
    unsigned sent;
    int beginnings;
    int slot
        [2]; /* under which contact the other one knows this device; changes when it is replaced */
    bool is_calm;     /* nobody dies any more */
    bool was_rotated; /* two signed prekeys are kept, so one may be replaced */
};

#define CHECK(w, condition)                                                                        \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("seed %llu: %s", (unsigned long long)(w)->seed, #condition);                  \
    } while (0)

static bool chance(struct world *w, unsigned percent)
{
    return actor_chance(&w->dice, 100) < percent;
}

static bool contains(const struct codec_out *out, const uint8_t *plain)
{
    for (size_t i = 0; i + 16 <= out->n; i++)
        if (memcmp(out->octets + i, plain, 16) == 0)
            return true;
    return false;
}

static void forget(struct world *w, int place)
{
    w->count--;
    memmove(w->flying + place, w->flying + place + 1,
            (size_t)(w->count - place) * sizeof w->flying[0]);
}

static void answer(struct world *w, int person, size_t session);

/* It arrives. A device that dies before it commits gets it again. */
static void arrive(struct world *w, int place)
{
    struct flying m = w->flying[place];
    struct actor *to = &w->people[m.to];
    struct bytes octets = bytes_of(m.out.octets, m.out.n);
    struct remote_received got;
    enum err e;

    if (chance(w, 10)) {
        e = actor_try(to, m.from_contact, m.is_exchange, octets, &got);
        CHECK(w, (e == ERR_NONE) == !m.was_read);
    }
    e = actor_receive(to, m.from_contact, m.is_exchange, octets, &got);
    CHECK(w, (e == ERR_NONE) == !m.was_read);
    w->flying[place].was_read = true;
    if (e != ERR_NONE)
        return;
    CHECK(w, got.message.plain_n == MATERIAL && memcmp(got.message.plain, m.plain, MATERIAL) == 0);
    if (got.wants_answer && m.from_contact == w->slot[1 - m.to])
        answer(w, m.to, got.session);
}

/* The oldest must not be overtaken by more. */
static void make_room(struct world *w)
{
    while (w->count > 0 && w->sent - w->flying[0].number >= LATEST) {
        struct flying *oldest = &w->flying[0];

        oldest->number = w->sent; /* its arrival may send an answer, which comes here again */
        if (!oldest->was_read && !chance(w, 20))
            arrive(w, 0);
        forget(w, 0);
    }
}

static void write_in(struct world *w, int person, size_t session, bool is_empty)
{
    struct actor *from = &w->people[person];
    struct flying m = { .to = 1 - person, .from_contact = w->slot[person], .is_empty = is_empty };
    enum err e;

    random_fill(&w->dice.random, m.plain, sizeof m.plain);
    e = actor_send(from, w->slot[1 - person], session, bytes_of(m.plain, MATERIAL), &m.out);
    CHECK(w, e == ERR_NONE);
    CHECK(w, !contains(&m.out, m.plain));
    m.is_exchange = m.out.is_exchange;
    m.number = w->sent++;
    if (!w->is_calm && chance(w, 5))
        return; /* it dies between committing and sending */
    CHECK(w, w->count < FLYING_MAX);
    w->flying[w->count++] = m;
}

static void answer(struct world *w, int person, size_t session)
{
    write_in(w, person, session, true);
}

static size_t sessions_of(struct world *w, int person)
{
    struct remote r;

    actor_load(&w->people[person], w->slot[1 - person], &r);
    return r.count;
}

static void begin(struct world *w, int person)
{
    struct bundle bundle;

    actor_bundle(&w->people[1 - person], w->version, &bundle);
    CHECK(w, actor_start(&w->people[person], w->slot[1 - person], &bundle) == ERR_NONE);
    w->beginnings++;
}

static void write_message(struct world *w, int person)
{
    make_room(w);
    if (sessions_of(w, person) == 0)
        begin(w, person);
    write_in(w, person, 0, false);
}

/* A new device in place of the old one. What is under way to the old one is lost; what it wrote is
 * not. */
static void replace(struct world *w, int person)
{
    for (int i = w->count; i-- > 0;)
        if (w->flying[i].to == person)
            forget(w, i);
    actor_deinit(&w->people[person]);
    actor_init(&w->people[person], w->version, w->seed * 4 + 2 + (uint64_t)person);
    w->people[person].keeps_prekeys = true;
    w->slot[person]++;
    w->beginnings = 0;
}

static void step(struct world *w)
{
    uint64_t what = actor_chance(&w->dice, 100);
    int person = (int)actor_chance(&w->dice, 2);
    int place = w->count > 0 ? (int)actor_chance(&w->dice, (uint64_t)w->count) : 0;

    if (what < 45) {
        write_message(w, person);
    } else if (what < 92 && w->count > 0) {
        place = chance(w, 40) ? 0 : chance(w, 50) ? w->count - 1 : place;
        arrive(w, place);
        if (chance(w, 75)) /* else it comes again */
            forget(w, place);
    } else if (what < 95 && w->count > 0) {
        forget(w, place);
    } else if (what < 97 && w->beginnings < BEGINNINGS) {
        begin(w, person);
    } else if (what < 98 && !w->was_rotated) {
        actor_rotate(&w->people[person]);
        w->was_rotated = true;
    } else if (what == 99 && w->slot[person] == 0) {
        replace(w, person);
    }
}

static void rest(struct world *w)
{
    while (w->count > 0) {
        arrive(w, 0);
        forget(w, 0);
    }
}

static void agree(struct world *w)
{
    struct remote one, two;

    w->is_calm = true;
    for (int i = 0; i < 4; i++) { /* each writes twice, with nothing in between */
        if (sessions_of(w, i % 2) == 0)
            begin(w, i % 2);
        write_in(w, i % 2, 0, false);
        rest(w);
    }
    actor_load(&w->people[0], w->slot[1], &one);
    actor_load(&w->people[1], w->slot[0], &two);
    CHECK(w, memcmp(one.sessions[0].id, two.sessions[0].id, SESSION_ID) == 0);
    CHECK(w, !one.sessions[0].is_pending && !two.sessions[0].is_pending);
}

static struct actor templates[OMEMO_VERSIONS]
                             [2]; /* making a hundred prekeys takes longer than a schedule */

static void run_seed(uint64_t seed)
{
    static struct world w;

    memset(&w, 0, sizeof w);
    w.seed = seed;
    w.version = seed % 2 == 0 ? OMEMO_03 : OMEMO_2;
    w.dice.seed = seed;
    w.dice.random = (struct random){ templates[0][0].random.fill, &w.dice.seed };
    for (int i = 0; i < 2; i++) {
        w.people[i] = templates[w.version][i];
        w.people[i].seed = seed * 4 + (uint64_t)i;
        w.people[i].random.ctx = &w.people[i].seed;
        w.people[i].keeps_prekeys = true;
    }
    for (int i = 0; i < STEPS; i++)
        step(&w);
    rest(&w);
    agree(&w);
    actor_deinit(&w.people[0]);
    actor_deinit(&w.people[1]);
}

static uint64_t first = 1, count = 500;

static void schedules(void **state)
{
    (void)state;
    for (uint64_t seed = first; seed < first + count; seed++)
        run_seed(seed);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(schedules) };

    if (argc == 3) {
        first = strtoull(argv[1], NULL, 10);
        count = strtoull(argv[2], NULL, 10);
    }
    for (int i = 0; i < 2; i++) {
        actor_init(&templates[OMEMO_03][i], OMEMO_03, (uint64_t)i);
        actor_init(&templates[OMEMO_2][i], OMEMO_2, (uint64_t)i + 2);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
