/* test_doorkeeper.c: what an address, and all of them together, are granted at the doors, on a clock of our own. */
#include "test/unit/check.h"

#include <string.h>

#include "server/doorkeeper.h"

enum { START_MS = 1000 * 1000 };

static const uint64_t key[2] = { 1, 2 };

static const struct config *config_of(const char *const *overrides, size_t n)
{
    const struct config *c;
    struct buf problems;

    buf_init(&problems, 4096);
    if (config_load(NULL, overrides, n, &c, &problems) != ERR_NONE)
        fail_msg("%.*s", STR_ARG(buf_str(&problems)));
    buf_deinit(&problems);
    return c;
}

static struct peer v4(const struct doorkeeper *d, uint8_t last)
{
    return doorkeeper_peer(d, (const uint8_t[16]){ [10] = 0xff, 0xff, 192, 0, 2, last });
}

static struct peer v6(const struct doorkeeper *d, uint8_t network, uint8_t last)
{
    return doorkeeper_peer(
        d, (const uint8_t[16]){ 0x20, 0x01, 0x0d, 0xb8, [7] = network, [15] = last });
}

static void test_addresses(void **state)
{
    static const char *const overrides[] = { "limits.exempt=198.51.100.0/24 2001:db8:0:7::/64" };
    const struct config *c = config_of(overrides, 1);
    atomic_size_t open = 0;
    struct doorkeeper d, other;

    (void)state;
    doorkeeper_init(&d, c, key, 1, &open);
    doorkeeper_init(&other, c, (const uint64_t[2]){ 1, 3 }, 1, &open);
    assert_true(v4(&d, 1).address != v4(&d, 2).address);
    assert_true(v6(&d, 1, 1).address == v6(&d, 1, 2).address); /* of one /64 */
    assert_true(v6(&d, 1, 1).address != v6(&d, 2, 1).address);
    assert_true(v4(&d, 1).address != v4(&other, 1).address); /* nobody else can tell */
    assert_false(v4(&d, 1).exempt);
    assert_true(
        doorkeeper_peer(&d, (const uint8_t[16]){ [10] = 0xff, 0xff, 198, 51, 100, 9 }).exempt);
    assert_true(v6(&d, 7, 1).exempt);
    doorkeeper_deinit(&d);
    doorkeeper_deinit(&other);
    config_unref(c);
}

static void test_connections(void **state)
{
    static const char *const overrides[] = { "limits.connections_per_address=3/min",
                                             "limits.streams_per_address=2",
                                             "limits.unauthenticated_per_address=1" };
    const struct config *c = config_of(overrides, COUNT_OF(overrides));
    atomic_size_t open = 0;
    struct doorkeeper d;
    struct peer a, b;

    (void)state;
    doorkeeper_init(&d, c, key, 1, &open);
    a = v4(&d, 1);
    b = v4(&d, 2);
    assert_true(doorkeeper_admit(&d, a, START_MS));
    assert_true(doorkeeper_admit_stranger(&d, a));
    assert_true(doorkeeper_admit(&d, a, START_MS)); /* such as one of HTTP, which never logs in */
    assert_false(doorkeeper_admit_stranger(&d, a));
    assert_false(doorkeeper_admit(&d, a, START_MS)); /* two at a time */
    assert_true(doorkeeper_admit(&d, b, START_MS));
    assert_int_equal(open, 3);
    doorkeeper_login(&d, a);
    assert_true(doorkeeper_admit_stranger(&d, a));
    doorkeeper_leave(&d, a, true);
    doorkeeper_leave(&d, a, false);
    assert_true(doorkeeper_admit(&d, a, START_MS)); /* the third of this minute */
    doorkeeper_leave(&d, a, false);
    assert_false(doorkeeper_admit(&d, a, START_MS));
    assert_true(doorkeeper_admit(&d, a, START_MS + 20 * 1000 + 1));
    doorkeeper_deinit(&d);
    config_unref(c);
}

static void test_requests(void **state)
{
    static const char *const overrides[] = { "limits.requests_per_address=2/10s",
                                             "limits.exempt=192.0.2.9/32" };
    const struct config *c = config_of(overrides, COUNT_OF(overrides));
    atomic_size_t open = 0;
    struct doorkeeper d;

    (void)state;
    doorkeeper_init(&d, c, key, 1, &open);
    for (int i = 0; i < 2; i++)
        assert_int_equal(doorkeeper_request(&d, v6(&d, 1, (uint8_t)i), START_MS), 0);
    for (int i = 0; i < 100; i++) /* asking again makes it no longer */
        assert_int_equal(doorkeeper_request(&d, v6(&d, 1, 3), START_MS), 5001);
    assert_int_equal(doorkeeper_request(&d, v6(&d, 2, 1), START_MS), 0);
    assert_int_equal(doorkeeper_request(&d, v6(&d, 1, 3), START_MS + 5001), 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(doorkeeper_request(&d, v4(&d, 9), START_MS), 0);
    doorkeeper_deinit(&d);
    config_unref(c);
}

/* Whichever worker is knocked at, and wherever a connection moves. */
static void test_all(void **state)
{
    static const char *const overrides[] = { "limits.connections=3", "limits.exempt=192.0.2.9/32" };
    const struct config *c = config_of(overrides, COUNT_OF(overrides));
    atomic_size_t open = 0;
    struct doorkeeper d[2];

    (void)state;
    for (int i = 0; i < 2; i++)
        doorkeeper_init(&d[i], c, key, 2, &open);
    assert_true(doorkeeper_admit(&d[0], v4(&d[0], 1), START_MS));
    assert_true(doorkeeper_admit(&d[0], v4(&d[0], 2), START_MS));
    assert_true(doorkeeper_admit(&d[1], v4(&d[1], 3), START_MS));
    assert_false(doorkeeper_admit(&d[0], v4(&d[0], 4), START_MS));
    assert_false(doorkeeper_admit(&d[1], v4(&d[1], 4), START_MS));
    assert_true(doorkeeper_admit(&d[1], v4(&d[1], 9), START_MS)); /* exempt, and counted */
    doorkeeper_leave(&d[0], v4(&d[0], 1), false);
    doorkeeper_arrive(&d[1], v4(&d[1], 1));
    assert_int_equal(open, 4);
    doorkeeper_leave(&d[1], v4(&d[1], 1), false);
    assert_false(doorkeeper_admit(&d[1], v4(&d[1], 4), START_MS));
    doorkeeper_leave(&d[1], v4(&d[1], 9), false);
    assert_true(doorkeeper_admit(&d[0], v4(&d[0], 4), START_MS));
    for (int i = 0; i < 2; i++)
        doorkeeper_deinit(&d[i]);
    config_unref(c);
}

/* Addresses by the million leave a bounded table behind. */
static void test_bounded(void **state)
{
    const struct config *c = config_of(NULL, 0);
    atomic_size_t open = 0;
    struct doorkeeper d;

    (void)state;
    doorkeeper_init(&d, c, key, 1, &open);
    for (uint64_t i = 0; i < 100 * 1000; i++) {
        struct peer peer = { .address = i };

        assert_true(doorkeeper_admit(&d, peer, START_MS));
        assert_true(doorkeeper_admit_stranger(&d, peer));
        assert_int_equal(doorkeeper_request(&d, peer, START_MS), 0);
        doorkeeper_leave(&d, peer, true);
    }
    assert_int_equal(open, 0);
    assert_true(d.connections.entries.n <= 16 * 1024);
    assert_true(d.strangers.entries.n <= 16 * 1024);
    assert_true(d.requests.entries.n <= 16 * 1024);
    doorkeeper_deinit(&d);
    config_unref(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_connections),
        cmocka_unit_test(test_requests),  cmocka_unit_test(test_all),
        cmocka_unit_test(test_bounded),
    };

    return cmocka_run_group_tests_name("doorkeeper", tests, NULL, NULL);
}
