/* test_archive.c: pages of the archive against a shadow copy, over random writes and every kind
 * of question. */
#include "harness.h"

#include <string.h>

enum { ACCOUNTS = 3, PEERS = 6, SHADOW_MAX = 3000, STEPS = 600, SEEDS = 3, ASKED_PER_STEP = 4 };

/* With resources, one address that begins like another, and one without a local part. */
static const char *const peers[PEERS] = { "eve@else.test",      "eve@else.test/phone",
                                          "eve@else.test/desk", "evelyn@else.test/x",
                                          "else.test",          "al@b.test/a/b" };

struct shadow_entry {
    uint64_t seq, ts, sent;
    unsigned flags;
    const char *peer;
    struct str body;
    bool gone;
};

struct shadow_shelf {
    struct shadow_entry entries[SHADOW_MAX];
    size_t n;
};

struct shadow {
    uint64_t random;
    uint64_t clock;
    int64_t account[ACCOUNTS];
    struct shadow_shelf shelf[ACCOUNTS][2];
};

/* xorshift64* (Vigna 2016): the seed is printed with a failure, so a run can be repeated. */
static uint64_t below(struct shadow *s, uint64_t n)
{
    s->random ^= s->random >> 12;
    s->random ^= s->random << 25;
    s->random ^= s->random >> 27;
    return (s->random * 0x2545f4914f6cdd1dU >> 16) % n;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static struct shadow_entry *shadow_add(struct shadow_shelf *shelf)
{
    assert_true(shelf->n < SHADOW_MAX);
    return &shelf->entries[shelf->n++];
}

static unsigned random_flags(struct shadow *s)
{
    static const unsigned flags[] = { 0,
                                      0,
                                      ENTRY_SENT,
                                      ENTRY_OFFLINE,
                                      ENTRY_OFFLINE | ENTRY_HIDDEN,
                                      ENTRY_HIDDEN,
                                      ENTRY_RECEIPT,
                                      ENTRY_GROUPCHAT };

    return flags[below(s, COUNT_OF(flags))];
}

static void random_message(struct harness *h, struct shadow *s)
{
    struct call *c = call_new(h);
    unsigned who[2] = { (unsigned)below(s, ACCOUNTS), (unsigned)below(s, ACCOUNTS) };
    enum shelf shelves[2] = { below(s, 4) == 0 ? SHELF_REQUESTS : SHELF_ARCHIVE, SHELF_ARCHIVE };
    const char *from = peers[below(s, PEERS)], *to = peers[below(s, PEERS)];
    bool both = below(s, 2) == 0;
    struct str body = arena_printf(&h->arena, "message at %llu", (unsigned long long)s->clock);
    struct row *row = add_message(c, s->account[who[0]], from, both ? s->account[who[1]] : 0, to,
                                  s->clock - below(s, 20), body); /* clocks jitter */

    s->clock += below(s, 30);
    for (int i = 0; i < 2; i++) {
        row->message.entry[i].shelf = shelves[i];
        row->message.entry[i].flags = random_flags(s);
        /* Hidden from both kinds of question, it could not be learned again when it moves. */
        if (shelves[i] == SHELF_REQUESTS)
            row->message.entry[i].flags |= ENTRY_OFFLINE;
    }
    assert_int_equal(commit(c), ERR_NONE);
    for (int i = 0; i < 1 + both; i++) {
        const struct archive_entry *e = &row->message.entry[i];

        *shadow_add(&s->shelf[who[i]][shelves[i]]) = (struct shadow_entry){
            e->seq, row->message.at_ms, row->message.at_ms, e->flags, i ? to : from, body, false
        };
    }
}

static void random_removal(struct harness *h, struct shadow *s)
{
    unsigned who = (unsigned)below(s, ACCOUNTS);
    enum shelf which = (enum shelf)below(s, 2);
    struct shadow_shelf *shelf = &s->shelf[who][which];
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_ENTRY_GONE, s->account[who]);
    size_t i;

    row->entry.shelf = which;
    if (below(s, 40) == 0 || shelf->n == 0) {
        for (i = 0; i < shelf->n; i++)
            shelf->entries[i].gone = true;
    } else {
        i = below(s, shelf->n);
        row->entry.seq = shelf->entries[i].seq;
        shelf->entries[i].gone = true;
    }
    assert_int_equal(commit(c), ERR_NONE);
}

static bool same_bare(const char *a, const char *b)
{
    size_t n = strcspn(a, "/");

    return n == strcspn(b, "/") && memcmp(a, b, n) == 0;
}

static bool matches_address(const char *peer, const char *with)
{
    return with[strcspn(with, "/")] == '/' ? strcmp(peer, with) == 0 : same_bare(peer, with);
}

/* The store chooses seqs and times of moved entries; the shadow learns them by their bodies,
 * which are unique. */
static void learn_moved(struct harness *h, const struct archive_query *in, struct shadow_shelf *to,
                        size_t first, uint64_t clock)
{
    struct call *c = call_new(h);

    c->query.in.archive = *in;
    assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
    for (size_t i = 0; i < c->query.out.archive.count; i++) {
        const struct archive_result *r = &c->query.out.archive.results[i];

        for (size_t j = first; j < to->n; j++) {
            struct shadow_entry *e = &to->entries[j];

            if (!str_eq(e->body, r->body))
                continue;
            assert_true(r->at_ms >= clock);
            assert_int_equal(r->sent_ms, e->sent);
            e->seq = r->seq;
            e->ts = r->at_ms;
        }
    }
}

static void random_move(struct harness *h, struct shadow *s)
{
    unsigned who = (unsigned)below(s, ACCOUNTS);
    const char *peer = peers[below(s, PEERS)];
    struct shadow_shelf *from = &s->shelf[who][SHELF_REQUESTS], *to = &s->shelf[who][SHELF_ARCHIVE];
    struct archive_query in = { .account = s->account[who],
                                .max = 1000,
                                .after = to->n ? to->entries[to->n - 1].seq : 0 };
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_ENTRY_MOVE, s->account[who]);
    size_t first = to->n;

    row->entry.peer = str_from(peer);
    row->entry.at_ms = s->clock;
    assert_int_equal(commit(c), ERR_NONE);
    for (size_t i = 0; i < from->n; i++) {
        if (from->entries[i].gone || !matches_address(from->entries[i].peer, peer))
            continue;
        *shadow_add(to) = from->entries[i];
        to->entries[to->n - 1].seq = 0;
        from->entries[i].gone = true;
    }
    learn_moved(h, &in, to, first, s->clock);
    in.part = ARCHIVE_WAITING;
    learn_moved(h, &in, to, first, s->clock);
    for (size_t i = first; i < to->n; i++)
        assert_true(to->entries[i].seq > (i > 0 ? to->entries[i - 1].seq : 0));
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static bool is_in(unsigned flags, enum archive_part part)
{
    switch (part) {
    case ARCHIVE_SHOWN: return !(flags & ENTRY_HIDDEN);
    case ARCHIVE_WAITING: return flags & ENTRY_OFFLINE;
    case ARCHIVE_UNSHOWN: return flags & ENTRY_OFFLINE && flags & ENTRY_HIDDEN;
    case ARCHIVE_ALL: break;
    }
    return true;
}

static bool matches(const struct shadow_entry *e, const struct archive_query *in)
{
    bool named = in->id_count == 0;

    for (size_t i = 0; i < in->id_count; i++)
        named |= in->ids[i] == e->seq;
    return !e->gone && named && is_in(e->flags, in->part)
           && (in->with.n == 0 || matches_address(e->peer, in->with.p))
           && (!in->has_start || e->ts >= in->start_ms) && (!in->has_end || e->ts <= in->end_ms);
}

static void check_result(const struct archive_result *r, const struct shadow_entry *e)
{
    assert_int_equal(r->seq, e->seq);
    assert_int_equal(r->at_ms, e->ts);
    assert_int_equal(r->sent_ms, e->sent);
    assert_int_equal(r->flags, e->flags);
    assert_str(r->peer, e->peer);
    assert_true(str_eq(r->body, e->body));
}

static void check_ends(const struct store_query *q, const struct shadow_shelf *shelf)
{
    uint64_t first = 0, last = 0, first_ms = 0, last_ms = 0;

    for (size_t i = 0; i < shelf->n; i++) {
        const struct shadow_entry *e = &shelf->entries[i];

        if (e->gone || e->flags & ENTRY_HIDDEN)
            continue;
        if (first == 0) {
            first = e->seq;
            first_ms = e->ts;
        }
        last = e->seq;
        last_ms = e->ts;
    }
    assert_int_equal(q->out.archive.first_seq, first);
    assert_int_equal(q->out.archive.first_ms, first_ms);
    assert_int_equal(q->out.archive.last_seq, last);
    assert_int_equal(q->out.archive.last_ms, last_ms);
}

/* The page that the shadow would give. */
static void check_page(struct harness *h, const struct shadow_shelf *shelf,
                       const struct archive_query *in)
{
    const struct shadow_entry *hits[SHADOW_MAX];
    size_t n = 0, total = 0, first, count;
    struct call *c = call_new(h);

    for (size_t i = 0; i < shelf->n; i++) {
        const struct shadow_entry *e = &shelf->entries[i];

        if (!matches(e, in))
            continue;
        total++;
        if (e->seq > in->after && (in->before == 0 || e->seq < in->before))
            hits[n++] = e;
    }
    count = n < in->max ? n : in->max;
    first = in->newest ? n - count : 0;

    c->query.in.archive = *in;
    assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
    assert_int_equal(c->query.out.archive.count, count);
    assert_int_equal(c->query.out.archive.complete, n <= in->max);
    if (in->want_count)
        assert_int_equal(c->query.out.archive.total, total);
    for (size_t i = 0; i < count; i++)
        check_result(&c->query.out.archive.results[i], hits[first + i]);
    check_ends(&c->query, shelf);
}

static uint64_t random_seq(struct shadow *s, const struct shadow_shelf *shelf)
{
    static const uint64_t odd[] = { 0, 1, INT64_MAX, UINT64_MAX };

    if (shelf->n == 0 || below(s, 10) == 0)
        return odd[below(s, COUNT_OF(odd))];
    return shelf->entries[below(s, shelf->n)].seq + below(s, 3) - 1;
}

static uint64_t random_time(struct shadow *s, const struct shadow_shelf *shelf)
{
    static const uint64_t odd[] = { 0, 1, INT64_MAX, UINT64_MAX };

    if (shelf->n == 0 || below(s, 10) == 0)
        return odd[below(s, COUNT_OF(odd))];
    return shelf->entries[below(s, shelf->n)].ts + below(s, 3) - 1;
}

static void random_question(struct harness *h, struct shadow *s)
{
    unsigned who = (unsigned)below(s, ACCOUNTS);
    enum shelf which = (enum shelf)(below(s, 4) == 0);
    const struct shadow_shelf *shelf = &s->shelf[who][which];
    struct archive_query in = { .account = s->account[who], .shelf = which };
    uint64_t ids[5];

    in.max = (uint32_t)below(s, 3) ? (uint32_t)below(s, 12) : (uint32_t)below(s, 400);
    in.newest = below(s, 2);
    in.want_count = below(s, 2);
    in.part = below(s, 2) ? ARCHIVE_SHOWN : (enum archive_part)below(s, ARCHIVE_ALL + 1);
    in.with = below(s, 2) ? str_from(peers[below(s, PEERS)]) : STR("");
    in.has_start = below(s, 3) == 0;
    in.has_end = below(s, 3) == 0;
    in.start_ms = random_time(s, shelf);
    in.end_ms = random_time(s, shelf);
    in.after = below(s, 2) ? random_seq(s, shelf) : 0;
    in.before = below(s, 2) ? random_seq(s, shelf) : 0;
    in.id_count = below(s, 4) ? 0 : 1 + below(s, COUNT_OF(ids));
    in.ids = ids;
    for (size_t i = 0; i < in.id_count; i++)
        ids[i] = random_seq(s, shelf);
    check_page(h, shelf, &in);
}

static void random_run(struct harness *h, uint64_t seed)
{
    struct shadow *s = mem_alloc(sizeof *s);

    s->random = seed;
    s->clock = 1700000000000;
    for (unsigned i = 0; i < ACCOUNTS; i++)
        s->account[i] =
            make_account(h, arena_printf(&h->arena, "user%u-%llu", i, (unsigned long long)seed).p);
    for (unsigned step = 0; step < STEPS; step++) {
        uint64_t choice = below(s, 100);

        if (choice < 80)
            random_message(h, s);
        else if (choice < 90)
            random_removal(h, s);
        else if (choice < 98)
            random_move(h, s);
        else
            harness_reopen(h);
        for (unsigned i = 0; i < ASKED_PER_STEP; i++)
            random_question(h, s);
    }
    mem_free(s);
}

static void random_runs(struct harness *h)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        random_run(h, seed);
    }
}

/* Every page of a walk, forwards and backwards, joins the next without a gap or an overlap. */
static void walk(struct harness *h)
{
    enum { MESSAGES = 57, PAGE = 10 };
    int64_t alice = make_account(h, "alice");
    uint64_t last = 0;
    size_t seen = 0;
    bool complete = false;

    for (int i = 0; i < MESSAGES; i++) {
        struct call *c = call_new(h);

        add_message(c, alice, i % 2 ? peers[0] : peers[4], 0, "", 1000 + (uint64_t)i, STR("x"));
        assert_int_equal(commit(c), ERR_NONE);
    }
    while (!complete) {
        struct call *c = call_new(h);

        c->query.in.archive =
            (struct archive_query){ .account = alice, .after = last, .max = PAGE };
        assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
        for (size_t i = 0; i < c->query.out.archive.count; i++, seen++)
            assert_int_equal(c->query.out.archive.results[i].at_ms, 1000 + seen);
        last = c->query.out.archive.results[c->query.out.archive.count - 1].seq;
        complete = c->query.out.archive.complete;
    }
    assert_int_equal(seen, MESSAGES);
    last = 0;
    for (complete = false; !complete;) {
        struct call *c = call_new(h);

        c->query.in.archive =
            (struct archive_query){ .account = alice, .before = last, .max = PAGE, .newest = true };
        assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
        for (size_t i = c->query.out.archive.count; i > 0; i--)
            assert_int_equal(c->query.out.archive.results[i - 1].at_ms, 1000 + --seen);
        last = c->query.out.archive.results[0].seq;
        complete = c->query.out.archive.complete;
    }
    assert_int_equal(seen, 0);
}

static const struct store_test tests[] = { { "walk through all pages", walk },
                                           { "random pages", random_runs } };

int main(void)
{
    return harness_run(tests, COUNT_OF(tests));
}
