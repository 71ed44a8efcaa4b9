/* test_drops.c: whose what is dropped was: the anchor tells the server, which makes events of it. */
#include "test/unit/anchor/party.h"

/* What no grammar knows is laid to the party from whose confirmed source it comes; from elsewhere it is nobody's. */
static void test_whose_nonsense(void **state)
{
    static const uint8_t words[40] = { 0xff, 'x' };
    static const uint8_t torn[20] = { 0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42 }; /* attributes missing */
    static const uint8_t question[28] = {
        0x00, 0x01, 0x00, 0x08, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
        0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae, 0x80, 0x28, 0x00, 0x04, 0xfd, 0xf6, 0xae, 0x02
    }; /* to a server of STUN: libnice */
    struct route elsewhere = route_of(99, 4000);
    struct duo *d = duo_running(1000);
    uint32_t drops[ANCHOR_DROPS];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        give(d->core, &d->a.at, words, sizeof words, 1500, &d->box);
        give(d->core, &d->a.at, torn, sizeof torn, 1500, &d->box);
        give(d->core, &elsewhere, words, sizeof words, 1500, &d->box);
        give(d->core, &elsewhere, torn, sizeof torn, 1500, &d->box);
    }
    drops_of(d, CALL, ANCHOR_CALLER, 20000, drops);
    assert_int_equal(drops[ANCHOR_DROP_UNKNOWN], 3);
    assert_int_equal(drops[ANCHOR_DROP_STUN], 3);
    give(d->core, &elsewhere, words, sizeof words, 20500, &d->box);
    give(d->core, &elsewhere, torn, sizeof torn, 20500, &d->box);
    give(d->core, &d->a.at, question, sizeof question, 20500, &d->box);
    drops_of(d, 0, ANCHOR_CALLER, 40000, drops);
    assert_int_equal(drops[ANCHOR_DROP_UNKNOWN], 1);
    assert_int_equal(drops[ANCHOR_DROP_STUN], 2);
    duo_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_whose_nonsense) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
