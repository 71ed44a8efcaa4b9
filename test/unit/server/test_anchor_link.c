/* test_anchor_link.c: the server's end of the link: what homes order goes out in order, one SYNCED when all have told, reports
 * reach the home that the call names, and who speaks nonsense is cut off. The anchor is the other end of a socket pair.
 */
#include "test/unit/check.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "server/anchor_link.h"

enum { HOMES = 2, REPORTS = 16, PATIENCE_MS = 5000 };

struct world {
    struct loop *loop;
    struct log *log;
    struct timer *patience;
    struct anchor_link *link;
    int anchor; /* its end */
    struct {
        unsigned home;
        struct anchor_report r;
    } seen[REPORTS];
    size_t count, wanted; /* the loop stops when so many were seen */
};

static void give_up(void *ctx)
{
    loop_stop(((struct world *)ctx)->loop);
}

static void on_report(void *ctx, unsigned home, const struct anchor_report *r)
{
    struct world *w = ctx;

    assert_true(w->count < REPORTS);
    w->seen[w->count].home = home;
    w->seen[w->count++].r = *r;
    if (w->count == w->wanted)
        loop_stop(w->loop);
}

static void run_until(struct world *w, size_t reports)
{
    w->wanted = reports;
    if (w->count >= reports)
        return;
    timer_start(w->patience, PATIENCE_MS);
    loop_run(w->loop);
    timer_stop(w->patience);
    assert_int_equal(w->count, reports);
}

static int connect_new(struct world *w)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    anchor_link_connect(w->link, pair[0]);
    return pair[1];
}

static void report(struct world *w, struct anchor_report r)
{
    uint8_t room[ANCHOR_DATAGRAM_MAX];
    size_t n = anchor_write_report(room, &r);

    assert_int_equal(send(w->anchor, room, n, 0), (ssize_t)n);
}

static void set_up(struct world *w)
{
    static const uint8_t key[HASH_SIZE_MAX];
    struct anchor_link_host host = { .homes = HOMES, .report = on_report, .ctx = w };

    *w = (struct world){ .loop = loop_new() };
    w->log = log_new(STDERR_FILENO, LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, key);
    w->patience = timer_new(w->loop, give_up, w);
    host.loop = w->loop;
    host.log = w->log;
    w->link = anchor_link_new(&host);
    w->anchor = connect_new(w);
}

static void tear_down(struct world *w)
{
    anchor_link_free(w->link);
    timer_free(w->patience);
    loop_free(w->loop);
    log_free(w->log);
    if (w->anchor >= 0)
        close(w->anchor);
}

static void ready(struct world *w)
{
    size_t before = w->count;

    report(w, (struct anchor_report){
                  .kind = ANCHOR_READY, .place_count = 1, .places = { { .address.port = 3478 } } });
    run_until(w, before + HOMES);
    assert_int_equal(w->seen[before].r.place_count, 1);
    assert_true(anchor_link_stats(w->link)->connected);
}

/* The next order that the anchor gets, after a turn of the loop; the kind, or -1: none came. */
static int next_order(struct world *w, struct anchor_order *out)
{
    static uint8_t room[ANCHOR_DATAGRAM_MAX];
    ssize_t n;

    timer_start(w->patience, 20);
    loop_run(w->loop);
    n = recv(w->anchor, room, sizeof room, MSG_DONTWAIT);
    if (n < 0)
        return -1;
    check_err("order", anchor_read_order(bytes_of(room, (size_t)n), out), ERR_NONE);
    return (int)out->kind;
}

static void test_orders(void **state)
{
    struct anchor_order synced = { .kind = ANCHOR_SYNCED }, o;
    struct world w;

    (void)state;
    set_up(&w);
    ready(&w);
    anchor_link_order(w.link, 1, &(struct anchor_order){ .kind = ANCHOR_CALL, .call = 0x101 });
    anchor_link_order(w.link, 1,
                      &(struct anchor_order){ .kind = ANCHOR_GATE, .call = 0x101, .open = true });
    anchor_link_order(w.link, 1, &synced);
    assert_int_equal(next_order(&w, &o), ANCHOR_CALL);
    assert_int_equal(o.call, 0x101);
    assert_int_equal(next_order(&w, &o), ANCHOR_GATE);
    assert_true(o.open);
    assert_int_equal(next_order(&w, &o), -1); /* home 0 has not told yet */
    anchor_link_order(w.link, 0, &synced);
    assert_int_equal(next_order(&w, &o), ANCHOR_SYNCED);
    assert_int_equal(next_order(&w, &o), -1);
    tear_down(&w);
}

/* What a home says to an anchor that died is not the word for the next one. */
static void test_another_anchor(void **state)
{
    struct anchor_order synced = { .kind = ANCHOR_SYNCED }, o;
    struct world w;

    (void)state;
    set_up(&w);
    ready(&w);
    close(w.anchor);
    run_until(&w, 2 * HOMES);
    assert_int_equal(w.seen[HOMES].r.kind, ANCHOR_READY);
    assert_int_equal(w.seen[HOMES].r.place_count, 0); /* it is gone */
    assert_false(anchor_link_stats(w.link)->connected);
    w.anchor = connect_new(&w);
    ready(&w);
    for (unsigned i = 0; i < HOMES; i++) /* the answers to the first */
        anchor_link_order(w.link, i, &synced);
    assert_int_equal(next_order(&w, &o), -1);
    for (unsigned i = 0; i < HOMES; i++)
        anchor_link_order(w.link, i, &synced);
    assert_int_equal(next_order(&w, &o), ANCHOR_SYNCED);
    assert_int_equal(anchor_link_stats(w.link)->starts, 2);
    tear_down(&w);
}

static void test_reports(void **state)
{
    struct anchor_report drops = { .kind = ANCHOR_DROPPED, .counts = { [ANCHOR_DROP_SHUT] = 3 } };
    struct world w;

    (void)state;
    set_up(&w);
    ready(&w);
    report(&w, drops); /* nobody's: the first home notes them */
    report(&w, (struct anchor_report){ .kind = ANCHOR_FLOWS, .call = 0x7701 });
    report(&w, (struct anchor_report){ .kind = ANCHOR_FLOWS, .call = 0x77ff }); /* no such home */
    report(&w, (struct anchor_report){ .kind = ANCHOR_TOTALS, .totals = { 9 } });
    drops.call = 0x100;
    report(&w, drops);
    run_until(&w, HOMES + 3);
    assert_int_equal(w.seen[HOMES].home, 0);
    assert_int_equal(w.seen[HOMES].r.kind, ANCHOR_DROPPED);
    assert_int_equal(w.seen[HOMES].r.call, 0);
    assert_int_equal(w.seen[HOMES + 1].home, 1);
    assert_int_equal(w.seen[HOMES + 1].r.kind, ANCHOR_FLOWS);
    assert_int_equal(w.seen[HOMES + 2].home, 0);
    assert_int_equal(w.seen[HOMES + 2].r.call, 0x100);
    assert_int_equal(anchor_link_stats(w.link)->drops[ANCHOR_DROP_SHUT], 6);
    assert_int_equal(anchor_link_stats(w.link)->totals[ANCHOR_TOTAL_CALLS], 9);
    tear_down(&w);
}

static void test_nonsense(void **state)
{
    struct world w;
    char octet;

    (void)state;
    set_up(&w);
    ready(&w);
    assert_int_equal(send(w.anchor, "\x09", 1, 0), 1);
    run_until(&w, 2 * HOMES);
    assert_int_equal(w.seen[HOMES].r.place_count, 0);
    assert_int_equal(recv(w.anchor, &octet, 1, 0), 0); /* the other end is closed */
    tear_down(&w);
}

/* More orders than the socket takes at once: all arrive, in their order. */
static void test_many(void **state)
{
    enum { MANY = 5000 };
    struct anchor_order o;
    struct world w;
    uint64_t expected = 1;

    (void)state;
    set_up(&w);
    ready(&w);
    for (uint64_t i = 1; i <= MANY; i++)
        anchor_link_order(w.link, 0, &(struct anchor_order){ .kind = ANCHOR_END, .call = i });
    for (unsigned rounds = 0; expected <= MANY && rounds < MANY; rounds++) {
        uint8_t room[ANCHOR_DATAGRAM_MAX];
        ssize_t n;

        timer_start(w.patience, 1);
        loop_run(w.loop);
        while ((n = recv(w.anchor, room, sizeof room, MSG_DONTWAIT)) > 0) {
            check_err("order", anchor_read_order(bytes_of(room, (size_t)n), &o), ERR_NONE);
            assert_int_equal(o.call, expected++);
        }
    }
    assert_int_equal(expected, MANY + 1);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),  cmocka_unit_test(test_another_anchor),
        cmocka_unit_test(test_reports), cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
