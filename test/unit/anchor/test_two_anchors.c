/* test_two_anchors.c: a call between two servers, each with an anchor: one begins, the other waits. Times and randomness are ours.
 *
 *   alice (caller) <--> core of x <--> core of y <--> bob (callee)          to x the callee is y, to y the caller is x
 */
#include "test/unit/anchor/party.h"

struct pair {
    struct duo *x, *y;
    size_t x_at, y_at; /* of their boxes: what has gone over to the other */
};

static void introduce(struct duo *d, struct party *p, const struct party *other_leg, uint8_t host)
{
    p->ufrag = other_leg->our_ufrag;
    p->pwd = other_leg->our_pwd;
    p->at = route_of(host, 3478);
    tell_client(d, p, 0);
}

static struct pair pair_new(void)
{
    struct pair p = { .x = duo_new(), .y = duo_new() };

    p.y->seed = 7;
    introduce(p.x, &p.x->b, &p.y->a, 20);
    introduce(p.y, &p.y->a, &p.x->b, 10);
    return p;
}

static void pair_free(struct pair *p)
{
    duo_free(p->x);
    duo_free(p->y);
}

/* What one has sent to the other since the last time. */
static bool carry(struct duo *from, size_t *at, const struct party *to_other, struct duo *to,
                  const struct party *to_us, uint64_t now_ms)
{
    bool some = false;

    for (; *at < from->box.count; ++*at) {
        if (!same_route(&from->box.items[*at].to, &to_other->at))
            continue;
        some = true;
        give(to->core, &to_us->at, from->box.items[*at].octets, from->box.items[*at].n, now_ms,
             &to->box);
    }
    return some;
}

static void shuttle(struct pair *p, uint64_t now_ms)
{
    bool some;

    do {
        some = carry(p->x, &p->x_at, &p->x->b, p->y, &p->y->a, now_ms);
        some |= carry(p->y, &p->y_at, &p->y->a, p->x, &p->x->b, now_ms);
    } while (some);
}

static void forget_sent(struct pair *p)
{
    p->x->box.count = p->y->box.count = p->x_at = p->y_at = 0;
}

static void tick(struct pair *p, uint64_t now_ms)
{
    duo_tick(p->x, now_ms);
    duo_tick(p->y, now_ms);
    shuttle(p, now_ms);
}

static void reach(struct pair *p, uint64_t now_ms)
{
    order(p->x->core,
          (struct anchor_order){
              .kind = ANCHOR_REACH, .call = CALL, .side = ANCHOR_CALLEE, .peer = p->x->b.at.peer },
          now_ms, &p->x->box);
}

static void test_begins(void **state)
{
    struct pair p = pair_new();

    (void)state;
    tell_gate(p.x, true, 1000);
    tell_gate(p.y, true, 1000);
    party_connect(&p.x->a, 1000, &p.x->box);
    party_connect(&p.y->b, 1000, &p.y->box);
    reach(&p, 1000);
    assert_int_equal(core_tick_ms(p.x->core), 60);
    tick(&p, 1060);
    tick(&p, 1120);
    assert_int_equal(core_tick_ms(p.x->core), 250); /* it was answered */
    send_finished(p.x, &p.x->a.at, 1200);
    send_finished(p.y, &p.y->b.at, 1200);
    shuttle(&p, 1200);
    forget_sent(&p);
    for (unsigned i = 0; i < 20; i++) {
        send_media(p.x, &p.x->a.at, 7, i, 1300 + i * 20);
        send_media(p.y, &p.y->b.at, 8, i, 1300 + i * 20);
        shuttle(&p, 1300 + i * 20);
    }
    assert_int_equal(sent_to(&p.y->box, &p.y->b.at), 20);
    assert_int_equal(sent_to(&p.x->box, &p.x->a.at), 20);
    pair_free(&p);
}

/* Consent between the two goes on like that of a client. */
static void test_stays(void **state)
{
    struct pair p = pair_new();

    (void)state;
    tell_gate(p.x, true, 1000);
    tell_gate(p.y, true, 1000);
    reach(&p, 1000);
    for (uint64_t now = 1060; now <= 60000; now += 60) {
        tick(&p, now);
        if (now > 2000) {
            assert_true(p.x->box.count + p.y->box.count <= 8);
            forget_sent(&p);
        }
    }
    party_connect(&p.x->a, 60000, &p.x->box);
    party_connect(&p.y->b, 60000, &p.y->box);
    forget_sent(&p);
    send_finished(p.x, &p.x->a.at, 60000);
    shuttle(&p, 60000);
    assert_int_equal(sent_to(&p.y->box, &p.y->b.at), 1);
    pair_free(&p);
}

static unsigned silent_reports(struct duo *d)
{
    struct anchor_report r;
    unsigned silent = 0;

    while (core_next_report(d->core, &r))
        silent += r.kind == ANCHOR_SILENT;
    return silent;
}

/* Both wait: nothing is said, and after 30 s each is told that nobody came. */
static void test_both_wait(void **state)
{
    struct pair p = pair_new();
    unsigned x = 0, y = 0;

    (void)state;
    tell_gate(p.x, true, 1000);
    tell_gate(p.y, true, 1000);
    for (uint64_t now = 1000; now <= 40000; now += 250) {
        tick(&p, now);
        x += silent_reports(p.x);
        y += silent_reports(p.y);
        assert_true((x == 0 && y == 0) || now > 30000);
    }
    assert_int_equal(x, 2);
    assert_int_equal(y, 2);
    assert_int_equal(p.x->box.count + p.y->box.count, 0);
    pair_free(&p);
}

/* Nobody is there: thirty checks, 60 ms apart, to the one place; then none. */
static void test_nobody(void **state)
{
    struct pair p = pair_new();
    size_t sent = 0;

    (void)state;
    tell_gate(p.x, true, 1000);
    reach(&p, 1000);
    for (uint64_t now = 1000; now <= 20000; now += 20) {
        size_t before = p.x->box.count;

        duo_tick(p.x, now);
        assert_true(p.x->box.count - before <= 1);
        if (p.x->box.count > before) {
            assert_true(same_route(&p.x->box.items[before].to, &p.x->b.at));
            assert_true(now < 1000 + 31 * 60);
            sent++;
        }
    }
    assert_int_equal(sent, 30);
    pair_free(&p);
}

/* Before somebody has accepted nothing goes out, not even to another server. */
static void test_shut(void **state)
{
    struct pair p = pair_new();

    (void)state;
    reach(&p, 1000);
    for (uint64_t now = 1000; now <= 5000; now += 60)
        tick(&p, now);
    assert_int_equal(p.x->box.count, 0);
    tell_gate(p.x, true, 5000);
    tell_gate(p.y, true, 5000);
    tick(&p, 5060);
    assert_true(p.x->box.count > 0);
    pair_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begins),    cmocka_unit_test(test_stays),
        cmocka_unit_test(test_both_wait), cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_shut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
