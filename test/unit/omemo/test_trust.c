/* test_trust.c: trust, healing, the safety number, prekeys: pure decisions. */
#include "../check.h"

#include <string.h>

#include "omemo/healing.h"
#include "omemo/prekey.h"
#include "omemo/safety.h"
#include "omemo/trust.h"

static void new_keys(void **state)
{
    static const struct {
        enum trust_policy policy;
        bool has_verified;
        enum trust trust;
        enum trust_event event;
    } cases[] = {
        { TRUST_BLIND_BEFORE_VERIFICATION, false, TRUST_TRUSTED, TRUST_EVENT_NEW_DEVICE },
        { TRUST_BLIND_BEFORE_VERIFICATION, true, TRUST_UNDECIDED, TRUST_EVENT_NEEDS_APPROVAL },
        { TRUST_ALWAYS_ASK, false, TRUST_UNDECIDED, TRUST_EVENT_NEEDS_APPROVAL },
        { TRUST_ALWAYS_ASK, true, TRUST_UNDECIDED, TRUST_EVENT_NEEDS_APPROVAL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct trust_account account = { cases[i].policy, cases[i].has_verified };
        enum trust_event event;

        assert_int_equal(trust_of_new_key(&account, &event), cases[i].trust);
        assert_int_equal(event, cases[i].event);
    }
}

static void actions(void **state)
{
    static const enum trust after[4][4] = {
        /* before:         approve         verify          distrust          forget */
        [TRUST_UNDECIDED] = { TRUST_TRUSTED, TRUST_VERIFIED, TRUST_DISTRUSTED, TRUST_UNDECIDED },
        [TRUST_TRUSTED] = { TRUST_TRUSTED, TRUST_VERIFIED, TRUST_DISTRUSTED, TRUST_UNDECIDED },
        [TRUST_VERIFIED] = { TRUST_VERIFIED, TRUST_VERIFIED, TRUST_DISTRUSTED, TRUST_UNDECIDED },
        [TRUST_DISTRUSTED] = { TRUST_TRUSTED, TRUST_VERIFIED, TRUST_DISTRUSTED, TRUST_UNDECIDED },
    };

    (void)state;
    for (unsigned t = 0; t < 4; t++)
        for (unsigned action = 0; action < 4; action++)
            assert_int_equal(trust_after((enum trust)t, (enum trust_action)action),
                             after[t][action]);
}

static void sending(void **state)
{
    static const struct {
        unsigned undecided, trusted, verified, distrusted;
        enum trust_send send;
    } cases[] = {
        { 0, 0, 0, 0, TRUST_SEND_NOBODY }, { 0, 1, 0, 0, TRUST_SEND },
        { 0, 0, 1, 0, TRUST_SEND },        { 0, 1, 1, 1, TRUST_SEND },
        { 1, 1, 1, 0, TRUST_SEND_ASK },    { 1, 0, 0, 0, TRUST_SEND_ASK },
        { 0, 0, 0, 2, TRUST_SEND_NOBODY },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const unsigned counts[] = { cases[i].undecided, cases[i].trusted, cases[i].verified,
                                    cases[i].distrusted };
        struct trust_tally tally = { 0 };

        for (unsigned t = 0; t < 4; t++)
            for (unsigned n = 0; n < counts[t]; n++)
                trust_count(&tally, (enum trust)t);
        assert_int_equal(trust_may_send(&tally), cases[i].send);
    }
}

static void healing(void **state)
{
    static const struct {
        const char *what;
        enum err why;
        bool archive, trusted, due;
    } cases[] = {
        { "fits no session", ERR_DENIED, true, true, true },
        { "no session", ERR_MISSING, true, true, true },
        { "too far ahead", ERR_TOO_BIG, true, true, true },
        { "archive not read", ERR_DENIED, false, true, false },
        { "not trusted", ERR_DENIED, true, false, false },
        { "read before", ERR_EXISTS, true, true, false },
        { "another identity", ERR_CONFLICT, true, true, false },
        { "no message", ERR_MALFORMED, true, true, false },
        { "nothing happened", ERR_NONE, true, true, false },
    };
    struct healing h;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        h = (struct healing){ false, false };
        healing_note(&h, cases[i].why);
        if (healing_is_due(&h, cases[i].archive, cases[i].trusted) != cases[i].due)
            fail_msg("%s", cases[i].what);
    }
    h = (struct healing){ false, false };
    healing_note(&h, ERR_DENIED);
    healing_note(&h, ERR_NONE); /* a later message was read: all is well */
    assert_false(healing_is_due(&h, true, true));
    healing_note(&h, ERR_DENIED);
    assert_true(healing_is_due(&h, true, true));
    healing_note(&h, ERR_DENIED);
    assert_false(healing_is_due(&h, true, true)); /* once a connection */
}

static void safety(void **state)
{
    struct identity_key keys[3] = { { .curve = { 3 } }, { .curve = { 1 } }, { .curve = { 2 } } };
    struct identity_key turned[3] = { keys[2], keys[0], keys[1] };
    struct safety_side alice = { STR("alice@sotto.test"), keys, 3 };
    struct safety_side alice_turned = { STR("alice@sotto.test"), turned, 3 };
    struct safety_side bob = { STR("bob@sotto.test"), keys, 1 };
    struct safety_side nobody = { STR("bob@sotto.test"), keys, 0 };
    struct arena a = { 0 };
    struct str one, two, other;

    (void)state;
    assert_int_equal(safety_number(&a, &alice, &bob, &one), ERR_NONE);
    /* SHA-512 5,200 times, computed with Python's hashlib. */
    check_str("known", one,
              "84464 66351 69279 24673 56512 51778 88683 09857 91614 23278 34313 49469");
    assert_int_equal(safety_number(&a, &bob, &alice_turned, &two), ERR_NONE);
    assert_true(str_eq(one, two));
    alice.count = 2;
    assert_int_equal(safety_number(&a, &alice, &bob, &other), ERR_NONE);
    assert_false(str_eq(one, other));
    assert_int_equal(safety_number(&a, &alice, &nobody, &other), ERR_MALFORMED);
    arena_deinit(&a);
}

static void signed_prekeys(void **state)
{
    const uint64_t day = 24 * 60 * 60 * 1000, made = 1700000000000;

    (void)state;
    assert_false(signed_prekey_is_due(made, made + SIGNED_PREKEY_DAYS * day - 1));
    assert_true(signed_prekey_is_due(made, made + SIGNED_PREKEY_DAYS * day));
    assert_false(signed_prekey_is_due(made, 0)); /* a clock that was set back */
    assert_false(signed_prekey_is_expired(made, made + SIGNED_PREKEY_KEPT_DAYS * day - 1));
    assert_true(signed_prekey_is_expired(made, made + SIGNED_PREKEY_KEPT_DAYS * day));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_keys), cmocka_unit_test(actions), cmocka_unit_test(sending),
        cmocka_unit_test(healing),  cmocka_unit_test(safety),  cmocka_unit_test(signed_prekeys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
