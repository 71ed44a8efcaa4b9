/* test_sasl_tokens.c: HT-SHA-256 (proofs computed by another program: Python's hmac), and the hash of XEP-0474. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "xmpp/sasl.h"

#define TOKEN "secret-token:fast-Bq7vQqTlyvA"

static const struct {
    enum ht_side side;
    struct str binding;
    const char *proof;
} proofs[] = {
    { HT_INITIATOR, STR_INIT(""),
      "d2d11286262425c8c69c9c881194709fd887fa6b8310107c2899e3a2ed7175fb" },
    { HT_RESPONDER, STR_INIT(""),
      "08e1e6ba7c6c19d3bfedd62bcde1a98b9b492b8374af54fd8af66282ce1323c8" },
    { HT_INITIATOR, STR_INIT("tls data"),
      "3707c44665fea48322f635a858658dd378c94b692d937afca78ed91ae8396da0" },
};

static void test_proofs(void **state)
{
    struct arena a = { 0 };
    uint8_t proof[HT_PROOF_OCTETS];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(proofs); i++) {
        sasl_ht_proof(STR(TOKEN), proofs[i].side, bytes_of_str(proofs[i].binding), proof);
        assert_true(str_is(hex_text(&a, bytes_of(proof, sizeof proof)), proofs[i].proof));
    }
    arena_deinit(&a);
}

#define PROOF "0123456789abcdef0123456789abcdef"

static const struct {
    struct str message;
    enum err err;
    const char *user;
} messages[] = {
    { STR_INIT("alice\0" PROOF), ERR_NONE, "alice" },
    { STR_INIT("a\0\0"
               "123456789abcdef0123456789abcdef"),
      ERR_NONE, "a" }, /* the proof may hold a NUL */
    { STR_INIT(""), ERR_MALFORMED, "-" },
    { STR_INIT("alice"), ERR_MALFORMED, "-" },
    { STR_INIT("alice\0"), ERR_MALFORMED, "-" },
    { STR_INIT("\0" PROOF), ERR_MALFORMED, "-" },
    { STR_INIT("alice\0" PROOF "0"), ERR_MALFORMED, "-" },
    { STR_INIT("alice" PROOF), ERR_MALFORMED, "-" },
};

static void test_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(messages); i++) {
        struct str user = STR("-");
        struct bytes proof;

        assert_int_equal(sasl_ht_read(messages[i].message, &user, &proof), messages[i].err);
        assert_true(str_is(user, messages[i].user));
        if (messages[i].err == ERR_NONE)
            assert_int_equal(proof.n, HT_PROOF_OCTETS);
    }
}

static void test_round_trip(void **state)
{
    struct arena a = { 0 };
    struct bytes binding = bytes_of_str(STR("tls data")), proof;
    struct str first = sasl_ht_first(&a, STR("alice"), STR(TOKEN), binding), user;
    uint8_t expected[HT_PROOF_OCTETS];

    (void)state;
    assert_int_equal(sasl_ht_read(first, &user, &proof), ERR_NONE);
    sasl_ht_proof(STR(TOKEN), HT_INITIATOR, binding, expected);
    assert_true(str_is(user, "alice"));
    assert_memory_equal(proof.p, expected, sizeof expected);
    arena_deinit(&a);
}

/* XEP-0474 §4.3, whatever the order of the lists; without bindings there is no separator for them. */
static void test_downgrade(void **state)
{
    struct arena a = { 0 };
    struct str mechanisms[] = { STR("SCRAM-SHA-1-PLUS"), STR("SCRAM-SHA-1") };
    struct str bindings[] = { STR("tls-server-end-point"), STR("tls-exporter") };
    struct sasl_offer offer = { mechanisms, bindings, 2, 2 };

    (void)state;
    assert_true(str_is(sasl_downgrade_hash(&a, HASH_SHA1, &offer), "G6k/rBLDqgOhRRaCuuatSDFkJ08="));
    offer.binding_count = 0;
    assert_true(str_is(sasl_downgrade_hash(&a, HASH_SHA256, &offer),
                       "Uuua9QJnTss43LMyJpE0esh43d9r8DB6N89DXs91aFo="));
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proofs),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_downgrade),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
