/* test_write_sets.c: whole or not at all, in order, once: what the store promises about
 * write-sets. */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

enum { HOMES = 4 };

static bool has_account(struct harness *h, const char *local)
{
    struct call *c = call_new(h);

    c->query.in.account.local = str_from(local);
    c->query.in.account.domain = STR("sotto.test");
    return ask(c, QUERY_ACCOUNT) == ERR_NONE;
}

static size_t archived(struct harness *h, int64_t account)
{
    struct call *c = call_new(h);

    c->query.in.archive = (struct archive_query){ .account = account, .want_count = true };
    assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
    return c->query.out.archive.total;
}

static void expect_tally(struct harness *h, uint64_t accounts, uint64_t messages, uint64_t entries)
{
    struct call *c = call_new(h);

    assert_int_equal(ask(c, QUERY_STATS), ERR_NONE);
    assert_int_equal(c->query.out.stats.accounts, accounts);
    assert_int_equal(c->query.out.stats.messages, messages);
    assert_int_equal(c->query.out.stats.entries, entries);
}

/* ---- Atomicity ------------------------------------------------------------------------------- */

/* What stands in a write-set after rows that would succeed, and spoils it. */
enum spoiler {
    TAKEN_NAME,
    UNKNOWN_ACCOUNT,
    UNKNOWN_NODE,
    UNKNOWN_INVITE,
    GONE_BEFORE,
    UNKNOWN_RECIPIENT,
    NO_ACCOUNT
};

static const struct {
    enum spoiler spoiler;
    enum err result;
} spoilers[] = {
    { TAKEN_NAME, ERR_EXISTS },    { UNKNOWN_ACCOUNT, ERR_MISSING },
    { UNKNOWN_NODE, ERR_MISSING }, { UNKNOWN_INVITE, ERR_MISSING },
    { GONE_BEFORE, ERR_MISSING },  { UNKNOWN_RECIPIENT, ERR_MISSING },
    { NO_ACCOUNT, ERR_MISSING },
};

static void add_spoiler(struct call *c, enum spoiler spoiler, int64_t alice)
{
    struct row *row;

    switch (spoiler) {
    case TAKEN_NAME:
        row = call_row(c, ROW_ACCOUNT_NEW, 0);
        row->account_new.local = STR("alice");
        row->account_new.domain = STR("sotto.test");
        break;
    case UNKNOWN_ACCOUNT: call_row(c, ROW_BLOCK, 12345)->block.jid = STR("x.test"); break;
    case UNKNOWN_NODE: call_row(c, ROW_PEP_ITEM, alice)->pep_item.item.node = STR("none"); break;
    case UNKNOWN_INVITE:
        call_row(c, ROW_INVITE_USED, 0)->invite.invite.token_hash = bytes_of("x", 1);
        break;
    case GONE_BEFORE:
        call_row(c, ROW_ACCOUNT_GONE, alice);
        call_row(c, ROW_BLOCK, alice)->block.jid = STR("x.test");
        break;
    case UNKNOWN_RECIPIENT: add_message(c, 12345, "a@b.test", 0, "", 1, STR("lost")); break;
    case NO_ACCOUNT: call_row(c, ROW_BLOCK, 0)->block.jid = STR("x.test"); break;
    }
}

static void atomicity(struct harness *h)
{
    int64_t alice = make_account(h, "alice");
    struct store_stats stats;

    for (size_t i = 0; i < COUNT_OF(spoilers); i++) {
        struct call *c = call_new(h), *good = call_new(h);
        struct row *row;

        add_message(c, alice, "new@peer.test/x", 0, "", 1, STR("half"));
        call_row(c, ROW_BLOCK, alice)->block.jid = STR("y.test");
        if (spoilers[i].spoiler != NO_ACCOUNT) {
            row = call_row(c, ROW_ACCOUNT_NEW, 0);
            row->account_new.local = STR("bob");
            row->account_new.domain = STR("sotto.test");
            call_row(c, ROW_BLOCK, 0)->block.jid = STR("z.test");
        }
        add_spoiler(c, spoilers[i].spoiler, alice);
        add_message(good, alice, "new@peer.test/x", 0, "", 1, STR("whole"));

        /* Both in one transaction: the spoiled one leaves nothing, the other everything. */
        call_submit(c);
        call_submit(good);
        assert_int_equal(call_wait(c), spoilers[i].result);
        assert_int_equal(call_wait(good), ERR_NONE);
        assert_false(has_account(h, "bob"));
        assert_true(has_account(h, "alice"));
        assert_int_equal(archived(h, alice), i + 1);
        expect_tally(h, 1, i + 1, i + 1);
    }
    store_stats(h->store, &stats);
    assert_int_equal(stats.failed, 0); /* they were answered */
    harness_reopen(h);
    assert_int_equal(archived(h, alice), COUNT_OF(spoilers));
}

/* An account, its password, its invitation: the registration. */
static void registration(struct harness *h)
{
    struct call *invite = call_new(h), *c = call_new(h), *again = call_new(h);
    struct row *row = call_row(invite, ROW_INVITE, 0);

    row->invite.invite = (struct invite_record){ .token_hash = bytes_of("token", 5),
                                                 .account = true,
                                                 .expires_ms = 9 };
    assert_int_equal(commit(invite), ERR_NONE);
    row = call_row(c, ROW_ACCOUNT_NEW, 0);
    row->account_new.local = STR("carol");
    row->account_new.domain = STR("sotto.test");
    call_row(c, ROW_CREDENTIAL, 0)->credential.keys.salt_n = 8;
    call_row(c, ROW_INVITE_USED, 0)->invite.invite.token_hash = bytes_of("token", 5);
    assert_int_equal(commit(c), ERR_NONE);
    assert_true(c->set.first->account > 0);
    assert_int_equal(c->set.first->next->account, c->set.first->account);
    assert_true(has_account(h, "carol"));

    row = call_row(again, ROW_ACCOUNT_NEW, 0);
    row->account_new.local = STR("dave");
    row->account_new.domain = STR("sotto.test");
    call_row(again, ROW_INVITE_USED, 0)->invite.invite.token_hash = bytes_of("token", 5);
    assert_int_equal(commit(again), ERR_CONFLICT);
    assert_false(has_account(h, "dave"));
    expect_tally(h, 1, 0, 0);
}

/* ---- Order ----------------------------------------------------------------------------------- */

static void order(struct harness *h)
{
    enum { SETS = 400 };
    int64_t alice = make_account(h, "alice");
    struct call *calls[SETS];
    unsigned last[HOMES] = { 0 }, before = h->deliveries;
    uint64_t seq = 0;

    for (unsigned i = 0; i < SETS; i++) {
        calls[i] = call_new(h);
        calls[i]->op.home = i * 7 % HOMES;
        if (i % 10 == 9)
            call_row(calls[i], ROW_BLOCK, 777)->block.jid = STR("x.test");
        else
            add_message(calls[i], alice, "b@c.test", 0, "", i, STR("x"));
    }
    for (unsigned i = 0; i < SETS; i++)
        call_submit(calls[i]);
    for (unsigned i = 0; i < SETS; i++) {
        unsigned home = calls[i]->op.home;

        assert_int_equal(call_wait(calls[i]), i % 10 == 9 ? ERR_MISSING : ERR_NONE);
        assert_true(calls[i]->order > last[home]);
        last[home] = calls[i]->order;
        if (i % 10 == 9)
            continue;
        assert_true(calls[i]->set.first->message.entry[0].seq > seq);
        seq = calls[i]->set.first->message.entry[0].seq;
    }
    if (h->options.inline_run) /* one batch, one call per home */
        assert_int_equal(h->deliveries - before, HOMES);
    assert_int_equal(archived(h, alice), SETS - SETS / 10);
}

/* ---- What nobody waits for ------------------------------------------------------------------- */

static struct call *submit_soon(struct harness *h, int64_t account)
{
    struct call *c = call_new(h);

    add_message(c, account, "b@c.test", 0, "", 1, STR("x"));
    store_commit_soon(h->store, &c->set);
    return c;
}

static void patience(struct harness *h)
{
    int64_t alice = make_account(h, "alice");
    struct call *alone = submit_soon(h, alice), *early, *late, *urgent = call_new(h);

    assert_int_equal(call_wait(alone), ERR_NONE);
    early = submit_soon(h, alice);
    late = submit_soon(h, alice);
    add_message(urgent, alice, "b@c.test", 0, "", 1, STR("x"));
    assert_int_equal(commit(urgent), ERR_NONE);
    /* Who waits for a commit has what was submitted before it. */
    assert_true(early->finished && late->finished);
    assert_true(early->order < late->order && late->order < urgent->order);
    assert_int_equal(archived(h, alice), 4);
    submit_soon(h, alice);
    harness_reopen(h);
    if (harness_on_disk(h))
        assert_int_equal(archived(h, alice), 5);
}

/* ---- Many submitters ------------------------------------------------------------------------- */

enum { EACH = 250, WINDOW = 16, CROWD_ACCOUNTS = 5 };

struct crowd {
    struct harness *harness;
    unsigned home;
    const int64_t *accounts;
    struct call *calls[EACH], *queries[EACH];
};

static void crowd_submit(struct crowd *crowd, unsigned i)
{
    const int64_t *accounts = crowd->accounts;
    struct call *c = crowd->calls[i], *q = crowd->queries[i];

    c->op.home = q->op.home = crowd->home;
    add_message(c, accounts[i % CROWD_ACCOUNTS], "b@c.test/r", accounts[(i + 1) % CROWD_ACCOUNTS],
                "d@c.test", i, STR("x"));
    call_submit(c);
    q->query.in.archive =
        (struct archive_query){ .account = accounts[i % CROWD_ACCOUNTS], .max = 3, .newest = true };
    call_ask(q, QUERY_ARCHIVE);
}

static void crowd_main(void *ctx)
{
    struct crowd *crowd = ctx;

    for (unsigned i = 0; i < EACH; i++) {
        crowd_submit(crowd, i);
        if (i >= WINDOW) {
            call_wait(crowd->calls[i - WINDOW]);
            call_wait(crowd->queries[i - WINDOW]);
        }
    }
    for (unsigned i = EACH - WINDOW; i < EACH; i++) {
        call_wait(crowd->calls[i]);
        call_wait(crowd->queries[i]);
    }
}

static int order_of_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* All seqs that one owner got, from all homes, are different. */
static void check_unique(struct crowd *crowds, int64_t account)
{
    static uint64_t seqs[HOMES * EACH * 2];
    size_t n = 0;

    for (unsigned home = 0; home < HOMES; home++)
        for (unsigned i = 0; i < EACH; i++)
            for (int side = 0; side < 2; side++) {
                const struct archive_entry *e =
                    &crowds[home].calls[i]->set.first->message.entry[side];

                if (e->account == account)
                    seqs[n++] = e->seq;
            }
    qsort(seqs, n, sizeof *seqs, order_of_u64);
    for (size_t i = 1; i < n; i++)
        assert_true(seqs[i] > seqs[i - 1]);
}

static void concurrency(struct harness *h)
{
    static const char *const names[CROWD_ACCOUNTS] = { "a", "b", "c", "d", "e" };
    struct crowd crowds[HOMES];
    struct thread *threads[HOMES];
    int64_t accounts[CROWD_ACCOUNTS];

    if (h->options.inline_run) /* nobody else may step meanwhile */
        return;
    for (unsigned i = 0; i < CROWD_ACCOUNTS; i++)
        accounts[i] = make_account(h, names[i]);
    for (unsigned home = 0; home < HOMES; home++) {
        crowds[home] = (struct crowd){ .harness = h, .home = home, .accounts = accounts };
        for (unsigned i = 0; i < EACH; i++) {
            crowds[home].calls[i] = call_new(h);
            crowds[home].queries[i] = call_new(h);
        }
    }
    for (unsigned home = 0; home < HOMES; home++)
        assert_int_equal(thread_start("crowd", crowd_main, &crowds[home], &threads[home]),
                         ERR_NONE);
    for (unsigned home = 0; home < HOMES; home++)
        thread_join(threads[home]);
    for (unsigned home = 0; home < HOMES; home++)
        for (unsigned i = 0; i < EACH; i++) {
            assert_int_equal(crowds[home].calls[i]->op.result, ERR_NONE);
            assert_int_equal(crowds[home].queries[i]->op.result, ERR_NONE);
            assert_true(i == 0 || crowds[home].calls[i]->order > crowds[home].calls[i - 1]->order);
        }
    for (unsigned i = 0; i < CROWD_ACCOUNTS; i++)
        check_unique(crowds, accounts[i]);
    expect_tally(h, CROWD_ACCOUNTS, HOMES * EACH, 2 * HOMES * EACH);
}

/* ---- Sequences ------------------------------------------------------------------------------- */

/* Numbers grow over restarts, also where the newest entries are gone: a client never sees one
 * twice. */
static void sequences(struct harness *h)
{
    int64_t alice = make_account(h, "alice");
    uint64_t last = 0;

    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 30; i++) {
            struct call *c = call_new(h), *gone = call_new(h);
            struct row *row = add_message(c, alice, "b@c.test", 0, "", 1, STR("x"));

            assert_int_equal(commit(c), ERR_NONE);
            assert_true(row->message.entry[0].seq > last);
            last = row->message.entry[0].seq;
            call_row(gone, ROW_ENTRY_GONE, alice)->entry.seq = last;
            assert_int_equal(commit(gone), ERR_NONE);
        }
        harness_reopen(h);
    }
    expect_tally(h, 1, 0, 0);
}

/* One write-set larger than any cache, so that the engine writes parts of it before the end, and
 * reads them again. */
static void huge(struct harness *h)
{
    enum { MESSAGES = 1500, BODY = 20000 };
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    struct call *c = call_new(h), *page = call_new(h), *small = call_new(h);
    char *body = mem_alloc(BODY);

    for (unsigned i = 0; i < MESSAGES; i++) {
        memset(body, 'a' + (int)(i % 26), BODY);
        add_message(c, i % 2 ? alice : bob, arena_printf(&h->arena, "peer%u@c.test", i % 700).p, 0,
                    "", i, arena_str(&c->op.arena, (struct str){ body, BODY }));
    }
    assert_int_equal(commit(c), ERR_NONE);
    add_message(small, alice, "peer@c.test", 0, "", MESSAGES, STR("small"));
    assert_int_equal(commit(small), ERR_NONE);
    page->query.in.archive = (struct archive_query){ .account = alice, .max = MESSAGES };
    assert_int_equal(ask(page, QUERY_ARCHIVE), ERR_NONE);
    assert_int_equal(page->query.out.archive.count, MESSAGES / 2 + 1);
    for (unsigned i = 0; i < MESSAGES / 2; i++) {
        memset(body, 'a' + (int)((2 * i + 1) % 26), BODY);
        assert_true(str_eq(page->query.out.archive.results[i].body, (struct str){ body, BODY }));
    }
    mem_free(body);
}

/* What is still queued at the end is done, and said so, before store_close() returns. */
static void closing(struct harness *h)
{
    struct call *calls[50];

    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        struct row *row;

        calls[i] = call_new(h);
        row = call_row(calls[i], ROW_ACCOUNT_NEW, 0);
        row->account_new.local = arena_printf(&h->arena, "user%zu", i);
        row->account_new.domain = STR("sotto.test");
        call_submit(calls[i]);
    }
    store_close(h->store);
    h->store = NULL;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        assert_true(calls[i]->finished);
        assert_int_equal(calls[i]->op.result, ERR_NONE);
    }
}

static const struct store_test tests[] = {
    { "atomicity", atomicity },     { "registration", registration }, { "order", order },
    { "concurrency", concurrency }, { "sequences", sequences },       { "huge write-set", huge },
    { "closing", closing },         { "patience", patience },
};

int main(void)
{
    return harness_run(tests, COUNT_OF(tests));
}
