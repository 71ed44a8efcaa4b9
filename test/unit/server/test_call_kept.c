/* test_call_kept.c: what is written of a call in which people talk comes back, and damaged texts do not. */
#include "test/unit/check.h"

#include <string.h>

#include "server/call_kept.h"

static struct call_kept example(void)
{
    struct call_kept k = { .callee = STR("bob@sotto.test"), .alive_ms = 1700000060000 };
    struct call_media *m = &k.media;

    k.ledger = (struct ledger){ .id = STR("ca3cf894-5325+/_"),
                                .caller = STR("alice@sotto.test/<\"&'>"),
                                .device = STR("bob@sotto.test/b"),
                                .media = JINGLE_AUDIO | JINGLE_VIDEO,
                                .proposed_ms = 1700000000000,
                                .talk_ms = 1700000010000 };
    m->number = UINT64_C(0xfedcba9876543201);
    m->bundled = m->knows_tcp[1] = true;
    m->content_count = 2;
    m->content_of[1] = 1;
    for (unsigned i = 0; i < 2; i++) {
        m->contents[i] = (struct call_content){ .name = i == 0 ? STR("a") : STR("v"),
                                                .transport = i,
                                                .video = i == 1 };
        for (unsigned side = 0; side <= i; side++)
            m->contents[i].of[side] = (struct call_stream){ .ufrag = STR("their"),
                                                            .pwd = STR("asd88fgpdd777uzjYhagZg"),
                                                            .payload_types = { [13] = 0x80 },
                                                            .setup = JINGLE_ACTIVE,
                                                            .known = true };
        memcpy(m->legs[i][i].ufrag, "0123456789abcdef", ANCHOR_UFRAG);
        memcpy(m->legs[i][i].pwd, "0123456789abcdefghijklmn", ANCHOR_PWD);
        m->legs[i][i].made = true;
        m->legs[i][i].two_components = i == 1;
    }
    return k;
}

static void test_back(void **state)
{
    struct arena a = { 0 };
    struct call_kept k = example(), back = { 0 };
    struct str text = call_kept_write(&a, &k);

    (void)state;
    check_err("parse", call_kept_parse(text, &back), ERR_NONE);
    check_str("caller", back.ledger.caller, "alice@sotto.test/<\"&'>");
    check_str("device", back.ledger.device, "bob@sotto.test/b");
    check_str("callee", back.callee, "bob@sotto.test");
    assert_int_equal(back.ledger.phase, CALL_ACTIVE);
    assert_int_equal(back.ledger.talk_ms, k.ledger.talk_ms);
    assert_int_equal(back.alive_ms, k.alive_ms);
    assert_true(back.media.number == k.media.number);
    assert_true(back.media.told && back.media.answered && back.media.bundled);
    assert_memory_equal(back.media.legs, k.media.legs, sizeof k.media.legs);
    assert_int_equal(back.media.content_of[1], 1);
    assert_true(!back.media.knows_tcp[0] && back.media.knows_tcp[1]);
    assert_true(back.media.contents[1].of[0].known && !back.media.contents[0].of[1].known);
    assert_memory_equal(back.media.contents[1].of[1].payload_types,
                        k.media.contents[1].of[1].payload_types, 16);
    assert_true(str_eq(call_kept_write(&a, &back), text));
    ledger_close(&back.ledger);
    arena_deinit(&a);
}

/* Whatever a disk makes of it: an error, and nothing else. */
static void test_damage(void **state)
{
    struct arena a = { 0 };
    struct call_kept k = example();
    struct str text = call_kept_write(&a, &k);
    char *copy = arena_alloc(&a, text.n);

    (void)state;
    for (size_t n = 0; n < text.n; n++) {
        struct call_kept back = { 0 };

        assert_int_equal(call_kept_parse(str_slice(text, 0, n), &back), ERR_MALFORMED);
        ledger_close(&back.ledger);
    }
    for (size_t i = 0; i < text.n; i++) {
        struct call_kept back = { 0 };

        memcpy(copy, text.p, text.n);
        copy[i] = copy[i] == '9' ? 'x' : '9';
        if (call_kept_parse((struct str){ copy, text.n }, &back) == ERR_NONE)
            assert_true(back.media.content_count <= JINGLE_CONTENTS && back.callee.n > 0);
        ledger_close(&back.ledger);
    }
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back),
        cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
