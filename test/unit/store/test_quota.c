/* test_quota.c: how much of the archive an account has, and how many octets of PEP items. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t today = 1700000000000;

static void add_messages(struct harness *h, int64_t to, int64_t from, unsigned n, uint64_t at_ms)
{
    for (unsigned i = 0; i < n; i++) {
        struct call *c = call_new(h);

        add_message(c, to, "bob@s.test/x", from, "alice@s.test", at_ms + i, STR("<message/>"));
        assert_int_equal(commit(c), ERR_NONE);
    }
}

static size_t count(struct harness *h, int64_t account, uint64_t *first_ms)
{
    struct call *c = call_new(h);

    c->query.in.archive =
        (struct archive_query){ .account = account, .max = 1000, .want_count = true };
    assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
    *first_ms = c->query.out.archive.first_ms;
    return c->query.out.archive.count;
}

/* The oldest go; the other account's copies of the same messages stay. */
static void oldest_messages_go(struct harness *h)
{
    uint64_t first_ms;
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");

    store_close(h->store);
    h->options.archive_messages = 10;
    assert_int_equal(harness_open(h, &(struct str){ 0 }), ERR_NONE);
    if (!harness_on_disk(h)) {
        alice = make_account(h, "alice");
        bob = make_account(h, "bob");
    }
    add_messages(h, alice, 0, 9, today);
    add_messages(h, bob, 0, 3, today);
    store_expire(h->store, today);
    harness_settle(h, 12);
    add_messages(h, alice, bob, 6, today + 100);
    store_expire(h->store, today);
    harness_settle(h, 19);
    assert_int_equal(count(h, alice, &first_ms), 10);
    assert_int_equal(first_ms, today + 5);
    assert_int_equal(count(h, bob, &first_ms), 9);
    assert_int_equal(first_ms, today);
}

/* A restored archive has a wide gap in its positions: what is too much is found on both sides of it. */
static void oldest_go_across_a_gap(struct harness *h)
{
    uint64_t first_ms;
    int64_t alice;
    char copy[100], command[4 * sizeof copy];

    if (!harness_on_disk(h))
        return;
    snprintf(copy, sizeof copy, "%s.copy", h->path);
    alice = make_account(h, "alice");
    add_messages(h, alice, 0, 7, today);
    assert_int_equal(store_backup(h->store, copy), ERR_NONE);
    store_close(h->store);
    snprintf(command, sizeof command, "mv '%s' '%s' && rm -f '%s-wal' '%s-shm'", copy, h->path,
             h->path, h->path);
    assert_int_equal(system(command), 0);
    h->options.archive_messages = 10;
    assert_int_equal(harness_open(h, &(struct str){ 0 }), ERR_NONE);
    add_messages(h, alice, 0, 3, today + 100);
    store_expire(h->store, today);
    harness_settle(h, 10);
    assert_int_equal(count(h, alice, &first_ms), 10);
    assert_int_equal(first_ms, today);
    harness_reopen(h); /* that round is over */
    add_messages(h, alice, 0, 5, today + 200);
    store_expire(h->store, today);
    harness_settle(h, 10);
    assert_int_equal(count(h, alice, &first_ms), 10);
    assert_int_equal(first_ms, today + 5);
}

/* More than one step of housekeeping takes. */
static void many_go(struct harness *h)
{
    uint64_t first_ms;
    int64_t alice;

    store_close(h->store);
    h->options.archive_messages = 1;
    assert_int_equal(harness_open(h, &(struct str){ 0 }), ERR_NONE);
    alice = make_account(h, "alice");
    add_messages(h, alice, 0, 600, today);
    store_expire(h->store, today);
    harness_settle(h, 1);
    assert_int_equal(count(h, alice, &first_ms), 1);
    assert_int_equal(first_ms, today + 599);
}

static enum err publish(struct harness *h, int64_t account, const char *node, const char *id,
                        size_t bytes, uint64_t keep)
{
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_PEP_NODE, account);
    char *payload = arena_alloc(&h->arena, bytes);

    for (size_t i = 0; i < bytes; i++)
        payload[i] = 'x';
    row->pep_node.name = str_from(node);
    row = call_row(c, ROW_PEP_ITEM, account);
    row->pep_item.item = (struct pep_item){ .node = str_from(node),
                                            .id = str_from(id),
                                            .payload = { payload, bytes } };
    row->pep_item.keep_items = keep;
    row->pep_item.max_bytes = 100;
    return commit(c);
}

static void items_have_room(struct harness *h)
{
    static const struct {
        const char *node, *id;
        size_t bytes, keep;
        enum err result;
    } steps[] = {
        { "a", "1", 101, 9, ERR_FULL }, /* alone too much */
        { "a", "1", 60, 9, ERR_NONE },
        { "a", "2", 40, 9, ERR_NONE }, /* exactly as much as there may be */
        { "a", "3", 1, 9, ERR_FULL },
        { "b", "1", 1, 9, ERR_FULL },  /* of all nodes together */
        { "a", "1", 60, 9, ERR_NONE }, /* in its own place; now the newest */
        { "a", "1", 61, 9, ERR_FULL },
        { "a", "3", 40, 2, ERR_NONE },  /* 2 makes room */
        { "a", "4", 100, 1, ERR_NONE }, /* everything does */
        { "b", "1", 1, 9, ERR_FULL },
        { "a", "4", 10, 1, ERR_NONE },
        { "b", "1", 90, 9, ERR_NONE },
    };
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");

    for (size_t i = 0; i < COUNT_OF(steps); i++)
        assert_int_equal(
            publish(h, alice, steps[i].node, steps[i].id, steps[i].bytes, steps[i].keep),
            steps[i].result);
    assert_int_equal(publish(h, bob, "a", "1", 100, 9), ERR_NONE); /* each has his own */
}

static const struct store_test tests[] = {
    { "oldest messages go", oldest_messages_go },
    { "the oldest go across a gap", oldest_go_across_a_gap },
    { "many go", many_go },
    { "items have room", items_have_room },
};

int main(void)
{
    return harness_run(tests, COUNT_OF(tests));
}
