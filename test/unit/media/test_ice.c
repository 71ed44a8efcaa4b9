/* test_ice.c: two of our engines against each other, on good and bad networks; those who do not know the password. */
#include "test/unit/check.h"

#include <string.h>

#include "media/ice.h"
#include "test/unit/media/randoms.h"

static const struct stun_address somewhere = { .ip = { 127, 0, 0, 1 }, .port = 4000 };

struct world {
    uint64_t dice;
    struct random random;
    struct ice a, b;
    uint64_t now_ms;
    unsigned loss_percent;
    unsigned sent;
};

static void open_world(struct world *w, bool a_controls, bool b_controls)
{
    static const uint32_t priorities[] = { 200, 100 };

    *w = (struct world){ .dice = 7, .now_ms = 1000 };
    w->random = (struct random){ fill_random, &w->dice };
    ice_init(&w->a, &w->random, a_controls);
    ice_init(&w->b, &w->random, b_controls);
    ice_start(&w->a, str_from(w->b.local_ufrag), str_from(w->b.local_pwd), priorities, 2,
              w->now_ms);
    ice_start(&w->b, str_from(w->a.local_ufrag), str_from(w->a.local_pwd), priorities, 2,
              w->now_ms);
}

static void carry(struct world *w, struct ice *from, struct ice *to)
{
    struct ice_packet p;

    while (ice_next(from, w->now_ms, &p)) {
        w->sent++;
        if (!is_lost(&w->dice, w->loss_percent))
            ice_receive(to, p.pair, &somewhere, bytes_of(p.data, p.n), w->now_ms);
    }
}

static void run(struct world *w, unsigned ms)
{
    for (uint64_t end = w->now_ms + ms; w->now_ms < end; w->now_ms++) {
        carry(w, &w->a, &w->b);
        carry(w, &w->b, &w->a);
    }
}

static void test_connects(void **state)
{
    static const struct {
        bool a, b;
        unsigned loss, within_ms;
    } rows[] = {
        { true, false, 0, 3 },
        { false, true, 0, 3 },
        { true, false, 30, 3000 },
        { false, true, 60, 10000 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world w;

        open_world(&w, rows[i].a, rows[i].b);
        w.loss_percent = rows[i].loss;
        run(&w, rows[i].within_ms);
        assert_int_equal(ice_selected(&w.a), 0); /* of the two, the one of higher priority */
        assert_int_equal(ice_selected(&w.b), 0);
        assert_false(ice_failed(&w.a, w.now_ms));
    }
}

/* Consent goes on, at its own pace, and is missed when it stops. */
static void test_consent(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, true, false);
    run(&w, 100);
    w.sent = 0;
    run(&w, 60000);
    assert_in_range(w.sent, 2 * 2 * 2 * 20,
                    2 * 2 * 2 * 28); /* checks and answers, two pairs, two sides */
    w.loss_percent = 100;
    run(&w, ICE_SILENT_MS - ICE_CONSENT_MS - 100);
    assert_false(ice_failed(&w.a, w.now_ms));
    run(&w, ICE_CONSENT_MS + 200);
    assert_true(ice_failed(&w.a, w.now_ms));
}

static void test_nobody_answers(void **state)
{
    struct world w;

    (void)state;
    open_world(&w, true, false);
    w.loss_percent = 100;
    run(&w, ICE_FAIL_MS);
    assert_false(ice_failed(&w.a, w.now_ms));
    run(&w, 10);
    assert_true(ice_failed(&w.a, w.now_ms));
    assert_int_equal(ice_selected(&w.a), ICE_NO_PAIR);
}

/* A stranger who knows the names but not the password gets no octet and changes nothing. */
static void test_stranger(void **state)
{
    struct world w;
    struct ice stranger;
    struct ice_packet p;

    (void)state;
    open_world(&w, true, false);
    ice_init(&stranger, &w.random, true);
    memcpy(stranger.local_ufrag, w.b.local_ufrag, sizeof stranger.local_ufrag);
    ice_start(&stranger, str_from(w.a.local_ufrag), STR("not the password of a"),
              (const uint32_t[]){ 1 }, 1, w.now_ms);
    while (ice_next(&w.a, w.now_ms, &p))
        ;
    while (ice_next(&stranger, w.now_ms, &p))
        ice_receive(&w.a, 0, &somewhere, bytes_of(p.data, p.n), w.now_ms);
    assert_false(ice_next(&w.a, w.now_ms, &p));
    assert_int_equal(ice_selected(&w.a), ICE_NO_PAIR);
    /* Nor does he who answers our check. */
    w.now_ms += 1000;
    assert_true(ice_next(&w.a, w.now_ms, &p));
    ice_receive(&stranger, 0, &somewhere, bytes_of(p.data, p.n), w.now_ms);
    while (ice_next(&stranger, w.now_ms, &p))
        ice_receive(&w.a, 0, &somewhere, bytes_of(p.data, p.n), w.now_ms);
    assert_int_equal(ice_selected(&w.a), ICE_NO_PAIR);
}

/* The other side comes back with other credentials: the old ones are worth nothing. */
static void test_restart(void **state)
{
    static const uint32_t priorities[] = { 200, 100 };
    struct world w;
    struct ice again;

    (void)state;
    open_world(&w, true, false);
    run(&w, 100);
    ice_init(&again, &w.random, false);
    ice_start(&again, str_from(w.a.local_ufrag), str_from(w.a.local_pwd), priorities, 2, w.now_ms);
    w.b = again;
    w.now_ms += ICE_CONSENT_MS;
    run(&w, 1000);
    assert_true(w.now_ms - w.a.heard_ms >= 1000); /* the old password is not taken */
    ice_start(&w.a, str_from(w.b.local_ufrag), str_from(w.b.local_pwd), priorities, 2, w.now_ms);
    assert_int_equal(ice_selected(&w.a), ICE_NO_PAIR);
    run(&w, 1100);
    assert_int_equal(ice_selected(&w.a), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connects),       cmocka_unit_test(test_consent),
        cmocka_unit_test(test_nobody_answers), cmocka_unit_test(test_stranger),
        cmocka_unit_test(test_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
