/* test_sasl_loop.c: our client against our server: each hash with each binding, names, wrong
 * passwords, wrong channels, users who do not exist, and somebody in between who changes single
 * octets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sasl_exchange.h"

static const enum hash hashes[] = { HASH_SHA1, HASH_SHA256, HASH_SHA512 };
static const enum channel_binding bindings[] = { BINDING_NONE, BINDING_TLS_EXPORTER,
                                                 BINDING_TLS_SERVER_END_POINT };

static bool same_keys(const struct scram_keys *a, const struct scram_keys *b)
{
    return a->salt_n == b->salt_n && memcmp(a->salt, b->salt, a->salt_n) == 0
           && memcmp(a->stored_key, b->stored_key, hash_size(a->hash)) == 0
           && memcmp(a->server_key, b->server_key, hash_size(a->hash)) == 0;
}

static void for_each_form(void (*test)(enum hash h, enum channel_binding b))
{
    for (size_t i = 0; i < COUNT_OF(hashes); i++)
        for (size_t j = 0; j < COUNT_OF(bindings); j++)
            test(hashes[i], bindings[j]);
}

static void right_and_wrong_password(enum hash h, enum channel_binding b)
{
    struct exchange x;

    exchange_init(&x, h, b, 1);
    assert_int_equal(exchange_to_end(&x, STR("user"), STR("pencil")), ERR_NONE);
    assert_true(str_is(x.server.username, "user"));
    exchange_deinit(&x);

    exchange_init(&x, h, b, 2);
    assert_int_equal(exchange_to_end(&x, STR("user"), STR("Pencil")), ERR_DENIED);
    assert_int_equal(x.server_final.n, 0);
    exchange_deinit(&x);
}

static void test_passwords(void **state)
{
    (void)state;
    for_each_form(right_and_wrong_password);
}

static void test_names(void **state)
{
    static const char *const names[] = {
        "a", "=", ",", "=2C", "a=3D,b", "r=x,i=1", "Bücher, 猫=🐈", "\x01 "
    };
    struct exchange x;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        exchange_init(&x, HASH_SHA1, BINDING_NONE, i);
        assert_int_equal(exchange_to_end(&x, str_from(names[i]), STR("pencil")), ERR_NONE);
        assert_true(str_is(x.server.username, names[i]));
        exchange_deinit(&x);
    }
}

/* Somebody in the middle has two TLS connections, so the two ends know different octets. */
static void other_channel(enum hash h, enum channel_binding b)
{
    static const uint8_t other[32] = "octets of somebody else";
    static const struct bytes wrong[] = { { other, sizeof other }, { other, 1 }, { NULL, 0 } };

    for (size_t i = 0; i < COUNT_OF(wrong) && b != BINDING_NONE; i++) {
        struct exchange x;
        struct binding_data seen = { wrong[i], wrong[i] };

        exchange_init(&x, h, b, i);
        assert_int_equal(exchange_to_proof(&x, STR("user"), STR("pencil")), ERR_NONE);
        assert_int_equal(
            scram_server_final(&x.server, &x.arena, x.client_final, &seen, &x.server_final),
            wrong[i].n > 0 ? ERR_DENIED : ERR_UNSUPPORTED);
        assert_int_equal(x.server_final.n, 0);
        exchange_deinit(&x);
    }
}

static void test_other_channel(void **state)
{
    (void)state;
    for_each_form(other_channel);
}

/* The longest octets that both know as a prefix are not enough either. */
static void test_longer_channel_data(void **state)
{
    struct exchange x;

    (void)state;
    exchange_init(&x, HASH_SHA256, BINDING_TLS_EXPORTER, 3);
    assert_int_equal(exchange_to_proof(&x, STR("user"), STR("pencil")), ERR_NONE);
    x.bound.exporter.n--;
    assert_int_equal(
        scram_server_final(&x.server, &x.arena, x.client_final, &x.bound, &x.server_final),
        ERR_DENIED);
    exchange_deinit(&x);
}

static void test_client_without_channel_data(void **state)
{
    struct exchange x;

    (void)state;
    for (int known = 0; known < 2; known++) {
        exchange_init(&x, HASH_SHA1, BINDING_TLS_EXPORTER, 4);
        assert_int_equal(exchange_to_challenge(&x, STR("user")), ERR_NONE);
        x.bound.exporter.n = 0;
        assert_int_equal(scram_client_final(&x.client, &x.arena, x.server_first, STR("pencil"),
                                            known ? &x.bound : NULL, &x.client_final),
                         ERR_UNSUPPORTED);
        exchange_deinit(&x);
    }
}

/* RFC 5802 §6: the client could bind, and an offer of -PLUS did not reach it. */
static void test_downgrade(void **state)
{
    struct exchange x;

    (void)state;
    for (int offered = 0; offered < 2; offered++) {
        exchange_init(&x, HASH_SHA256, BINDING_NONE, 5);
        x.client.server_lacks_plus = true;
        x.server.plus_offered = offered;
        assert_int_equal(exchange_to_end(&x, STR("user"), STR("pencil")),
                         offered ? ERR_DENIED : ERR_NONE);
        exchange_deinit(&x);
    }
}

/* From outside, a user who does not exist differs in nothing from a wrong password. */
static void decoy(enum hash h, enum channel_binding b)
{
    struct exchange real, x;
    size_t nonce_end;

    exchange_init(&real, h, b, 6);
    assert_int_equal(exchange_to_end(&real, STR("user"), STR("wrong")), ERR_DENIED);
    exchange_init(&x, h, b, 7);
    scram_decoy(h, bytes_of("secret", 6), STR("user"), EXCHANGE_ITERATIONS, &x.keys);
    assert_int_equal(exchange_to_end(&x, STR("user"), STR("pencil")), ERR_DENIED);
    assert_int_equal(x.server_first.n, real.server_first.n);
    nonce_end = str_find(x.server_first, ',');
    assert_int_equal(nonce_end, str_find(real.server_first, ','));
    assert_true(str_ends(x.server_first, STR("==,i=4096")));
    assert_true(str_ends(real.server_first, STR("==,i=4096")));
    exchange_deinit(&real);
    exchange_deinit(&x);
}

static void test_decoy(void **state)
{
    (void)state;
    for_each_form(decoy);
}

static void test_decoy_is_stable(void **state)
{
    struct bytes secret = bytes_of("secret", 6), other = bytes_of("Secret", 6);
    struct scram_keys a, b;

    (void)state;
    scram_decoy(HASH_SHA256, secret, STR("user"), 4096, &a);
    scram_decoy(HASH_SHA256, secret, STR("user"), 4096, &b);
    assert_true(same_keys(&a, &b));
    assert_int_equal(a.iterations, 4096);
    assert_int_equal(a.salt_n, SCRAM_SALT_OCTETS);
    assert_memory_not_equal(a.stored_key, a.server_key, 32);
    scram_decoy(HASH_SHA256, secret, STR("users"), 4096, &b);
    assert_memory_not_equal(a.salt, b.salt, SCRAM_SALT_OCTETS);
    scram_decoy(HASH_SHA256, other, STR("user"), 4096, &b);
    assert_memory_not_equal(a.salt, b.salt, SCRAM_SALT_OCTETS);
    scram_decoy(HASH_SHA1, secret, STR("user"), 4096, &b);
    assert_memory_not_equal(a.salt, b.salt, SCRAM_SALT_OCTETS);
}

static void test_fresh_keys_differ(void **state)
{
    struct exchange x, y;
    struct scram_keys again;

    (void)state;
    exchange_init(&x, HASH_SHA1, BINDING_NONE, 8);
    exchange_init(&y, HASH_SHA1, BINDING_NONE, 9);
    assert_false(same_keys(&x.keys, &y.keys));
    scram_derive(HASH_SHA1, STR("pencil"), bytes_of(x.keys.salt, x.keys.salt_n), x.keys.iterations,
                 &again);
    assert_true(same_keys(&x.keys, &again));
}

/* Accepts only the proof itself: every other proof at a distance of one bit is refused. */
static void proof_bits(enum hash h, enum channel_binding b)
{
    struct exchange x;
    struct str proof_end;
    char *text;

    exchange_init(&x, h, b, 10);
    assert_int_equal(exchange_to_proof(&x, STR("user"), STR("pencil")), ERR_NONE);
    text = (char *)x.client_final.p;
    proof_end = str_skip(x.client_final, str_find_last(x.client_final, ',') + 3);
    for (size_t i = 0; i < proof_end.n; i++) {
        static const char digits[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        char *at = text + (proof_end.p - text) + i, before = *at;
        const char *digit = strchr(digits, before);

        for (unsigned bit = 1; bit < 64 && digit != NULL; bit *= 2) {
            struct scram_server s = x.server;
            enum err e;

            *at = digits[(size_t)(digit - digits) ^ bit];
            e = scram_server_final(&s, &x.arena, x.client_final, &x.bound, &x.server_final);
            assert_true(e == ERR_DENIED || (e == ERR_MALFORMED && i + 4 >= proof_end.n));
        }
        *at = before;
    }
    assert_int_equal(
        scram_server_final(&x.server, &x.arena, x.client_final, &x.bound, &x.server_final),
        ERR_NONE);
    assert_int_equal(scram_client_verify(&x.client, &x.arena, x.server_final), ERR_NONE);
    exchange_deinit(&x);
}

static void test_proof_bits(void **state)
{
    (void)state;
    for_each_form(proof_bits);
}

enum change { CHANGE_OCTET, INSERT_OCTET, DELETE_OCTET, CUT_HERE, CHANGES };

/* The copy may equal `text` only if an inserted or deleted octet is one of a run. */
static struct str changed(struct exchange *x, struct str text, size_t at, enum change c)
{
    struct str head = str_slice(text, 0, at), tail = str_skip(text, at);
    char octet[1];

    do
        octet[0] = (char)seeded_u64(&x->seed);
    while (octet[0] == text.p[at]);
    if (c == CUT_HERE)
        return head;
    if (c != DELETE_OCTET)
        head = arena_concat(&x->arena, head, (struct str){ octet, 1 });
    return arena_concat(&x->arena, head, c == INSERT_OCTET ? tail : str_skip(tail, 1));
}

/* One of the four messages is changed on its way; did both ends accept? */
static bool accepted_with_change(struct exchange *x, int message, size_t at, enum change c)
{
    struct str texts[4] = { x->client_first, x->server_first, x->client_final, x->server_final };
    struct str *text = &texts[message], original = *text;

    *text = changed(x, original, at, c);
    if (str_eq(*text, original))
        return false;
    if (message == 0) {
        scram_server_init(&x->server, x->keys.hash, x->server.plus, true);
        if (scram_server_first(&x->server, &x->arena, texts[0]) != ERR_NONE)
            return false;
        texts[1] = scram_server_challenge(&x->server, &x->arena, &x->keys, 1, &x->random);
    }
    x->server.keys = &x->keys;
    x->client.proof_sent = message == 3;
    if (message < 2
        && scram_client_final(&x->client, &x->arena, texts[1], STR("pencil"), &x->bound, &texts[2])
               != ERR_NONE)
        return false;
    if (message < 3
        && scram_server_final(&x->server, &x->arena, texts[2], &x->bound, &texts[3]) != ERR_NONE)
        return false;
    return scram_client_verify(&x->client, &x->arena, texts[3]) == ERR_NONE;
}

static void somebody_in_between(enum hash h, enum channel_binding b)
{
    static const int rounds[4] = { 1, 1, 8, 8 }; /* the first two cost a PBKDF2 each */
    struct exchange x;

    for (int message = 0; message < 4; message++) {
        exchange_init(&x, h, b, 11);
        assert_int_equal(exchange_to_end(&x, STR("us,er"), STR("pencil")), ERR_NONE);
        for (int round = 0; round < rounds[message]; round++) {
            struct str texts[4] = { x.client_first, x.server_first, x.client_final,
                                    x.server_final };

            for (size_t at = 0; at < texts[message].n; at++)
                for (enum change c = 0; c < CHANGES; c++)
                    assert_false(accepted_with_change(&x, message, at, c));
        }
        exchange_deinit(&x);
    }
}

static void test_somebody_in_between(void **state)
{
    (void)state;
    somebody_in_between(HASH_SHA1, BINDING_NONE);
    somebody_in_between(HASH_SHA256, BINDING_TLS_EXPORTER);
}

/* A user has several passwords, which share a salt: the server finds out which, and signs with its keys. */
static void test_several_passwords(void **state)
{
    static const char *const passwords[] = { "first", "pencil", "third" };

    (void)state;
    for (size_t used = 0; used <= COUNT_OF(passwords); used++) {
        struct exchange x;
        struct scram_keys keys[COUNT_OF(passwords)];
        const char *password = used < COUNT_OF(passwords) ? passwords[used] : "fourth";

        exchange_init(&x, HASH_SHA256, BINDING_TLS_EXPORTER, 5);
        for (size_t i = 0; i < COUNT_OF(keys); i++)
            scram_derive(HASH_SHA256, str_from(passwords[i]), bytes_of(x.keys.salt, x.keys.salt_n),
                         EXCHANGE_ITERATIONS, &keys[i]);
        assert_int_equal(exchange_to_proof(&x, STR("user"), str_from(password)), ERR_NONE);
        x.server.keys = keys;
        x.server.key_count = COUNT_OF(keys);
        assert_int_equal(
            scram_server_final(&x.server, &x.arena, x.client_final, &x.bound, &x.server_final),
            used < COUNT_OF(keys) ? ERR_NONE : ERR_DENIED);
        if (used < COUNT_OF(keys)) {
            assert_int_equal(x.server.fitted, used);
            assert_int_equal(scram_client_verify(&x.client, &x.arena, x.server_final), ERR_NONE);
        }
        exchange_deinit(&x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passwords),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_other_channel),
        cmocka_unit_test(test_longer_channel_data),
        cmocka_unit_test(test_client_without_channel_data),
        cmocka_unit_test(test_downgrade),
        cmocka_unit_test(test_decoy),
        cmocka_unit_test(test_decoy_is_stable),
        cmocka_unit_test(test_fresh_keys_differ),
        cmocka_unit_test(test_proof_bits),
        cmocka_unit_test(test_several_passwords),
        cmocka_unit_test(test_somebody_in_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
