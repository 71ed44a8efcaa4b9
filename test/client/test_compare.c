/* test_compare.c: two people compare keys: the number is the same on both sides, changes with the devices, and what was compared is
 * verified; codes of others and of somebody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/compare.h"
#include "test/client/trio.h"

/* It asks for what is missing; then the answer is there. */
static struct comparison compared(struct trio *s, struct handset *h, const char *with)
{
    struct jid who = trio_jid(s, with);
    struct comparison out = { 0 };

    engine_compare_anew(h->engine, &who);
    for (int i = 0; i < 4; i++) {
        engine_now(h->engine, h->now_ms);
        assert_int_equal(engine_compare(h->engine, &s->arena, &who, &out), ERR_NONE);
        trio_run(s);
        if (out.state != COMPARE_WAITS)
            break;
    }
    return out;
}

static size_t verified(struct handset *h, const char *account)
{
    struct engine_key_info k;
    size_t n = 0;

    for (size_t cursor = 0; engine_next_key(h->engine, &cursor, &k);)
        n += str_is(k.account, account) && k.trust == TRUST_VERIFIED;
    return n;
}

static void same_number(void **state)
{
    struct trio *s = *state;
    struct jid alice = trio_jid(s, "alice@sotto.test"), bob = trio_jid(s, "bob@sotto.test");
    struct comparison one, other, later;

    handset_start(&s->alice);
    handset_start(&s->bob);
    trio_run(s);
    one = compared(s, &s->alice, "bob@sotto.test");
    other = compared(s, &s->bob, "alice@sotto.test");
    assert_int_equal(one.state, COMPARE_READY);
    assert_int_equal(one.number.n, 71);
    assert_true(str_eq(one.number, other.number));

    handset_start(&s->alice2);
    trio_run(s);
    later = compared(s, &s->bob, "alice@sotto.test");
    assert_int_equal(later.count, 2);
    assert_false(str_eq(later.number, other.number));
    assert_true(str_eq(later.number, compared(s, &s->alice, "bob@sotto.test").number));
    assert_true(str_eq(later.number, compared(s, &s->alice2, "bob@sotto.test").number));

    /* What was compared before the new device came is not what there is now. */
    assert_int_equal(engine_matched(s->bob.engine, &alice, &other), ERR_CONFLICT);
    assert_int_equal(verified(&s->bob, "alice@sotto.test"), 0);
    assert_int_equal(engine_matched(s->bob.engine, &alice, &later), ERR_NONE);
    assert_int_equal(verified(&s->bob, "alice@sotto.test"), 2);
    assert_int_equal(engine_matched(s->alice.engine, &bob, &one), ERR_CONFLICT);
}

static void nobody_there(void **state)
{
    struct trio *s = *state;

    handset_start(&s->alice);
    trio_run(s);
    assert_int_equal(compared(s, &s->alice, "bob@sotto.test").state, COMPARE_NOTHING);
}

static void codes(void **state)
{
    struct trio *s = *state;
    struct jid bob = trio_jid(s, "bob@sotto.test"), alice = trio_jid(s, "alice@sotto.test");
    struct str code, own;
    char *forged;
    size_t count = 0;

    handset_start(&s->alice);
    handset_start(&s->bob);
    trio_run(s);
    code = engine_code(s->bob.engine, &s->arena);
    own = engine_code(s->alice.engine, &s->arena);
    assert_true(str_starts(code, STR("xmpp:bob@sotto.test?omemo-sid-")));
    /* Of a device that was never met. */
    assert_int_equal(engine_scanned(s->alice.engine, &bob, code, &count), ERR_CONFLICT);
    (void)compared(s, &s->alice, "bob@sotto.test");
    assert_int_equal(engine_scanned(s->alice.engine, &bob, own, &count), ERR_CONFLICT);
    assert_int_equal(engine_scanned(s->alice.engine, &alice, code, &count), ERR_CONFLICT);
    forged = (char *)arena_str(&s->arena, code).p;
    forged[code.n - 1] = forged[code.n - 1] == '0' ? '1' : '0';
    assert_int_equal(engine_scanned(s->alice.engine, &bob, (struct str){ forged, code.n }, &count),
                     ERR_CONFLICT);
    assert_int_equal(verified(&s->alice, "bob@sotto.test"), 0);
    assert_int_equal(engine_scanned(s->alice.engine, &bob, code, &count), ERR_NONE);
    assert_int_equal(count, 1);
    assert_int_equal(verified(&s->alice, "bob@sotto.test"), 1);
    trio_run(s);
}

static void no_codes(void **state)
{
    static const char *const texts[] = {
        "",
        "xmpp:bob@sotto.test",
        "xmpp:bob@sotto.test?",
        "xmpp:bob@sotto.test?message",
        "bob@sotto.test?omemo-sid-1=00",
        "xmpp:bob@sotto.test?omemo-sid-1=0011",
        "xmpp:bob@sotto.test?omemo-sid-x="
        "0000000000000000000000000000000000000000000000000000000000000000",
        "xmpp:bob@sotto.test?omemo-sid-99999999999="
        "0000000000000000000000000000000000000000000000000000000000000000",
        "xmpp:bob%zzsotto.test?omemo-sid-1="
        "0000000000000000000000000000000000000000000000000000000000000000",
        "xmpp:bob%4?omemo-sid-1=0000000000000000000000000000000000000000000000000000000000000000",
    };
    struct trio *s = *state;
    struct jid bob = trio_jid(s, "bob@sotto.test");
    size_t count = 0;

    handset_start(&s->alice);
    trio_run(s);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (engine_scanned(s->alice.engine, &bob, str_from(texts[i]), &count) != ERR_MALFORMED)
            fail_msg("taken for a code: %s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(same_number, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(nobody_there, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(codes, trio_set_up, trio_tear_down),
        cmocka_unit_test_setup_teardown(no_codes, trio_set_up, trio_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
