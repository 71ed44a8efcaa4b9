/* test_sasl_vectors.c: SCRAM conversations word by word: RFC 5802 §5, RFC 7677 §3, and our own for
 * what no RFC shows (SHA-512, channel bindings, authzid). Those were computed by this, which yields
 * the two RFC rows as well:
 *
 *   from base64 import b64decode, b64encode
 *   from hashlib import new, pbkdf2_hmac
 *   from hmac import digest
 *   def scram(h, gs2, data, first, server, password):
 *       nonce, salt, i = (x[2:] for x in server.split(','))
 *       final = 'c=' + b64encode(gs2 + data).decode() + ',r=' + nonce
 *       salted = pbkdf2_hmac(h, password, b64decode(salt), int(i))
 *       key = digest(salted, b'Client Key', h)
 *       message = ','.join((first, server, final)).encode()
 *       mask = digest(new(h, key).digest(), message, h)
 *       proof = bytes(x ^ y for x, y in zip(key, mask))
 *       v = digest(digest(salted, b'Server Key', h), message, h)
 *       return final + ',p=' + b64encode(proof).decode(), 'v=' + b64encode(v).decode()
 *
 * with bytes(range(32)) from the exporter and bytes(range(100, 132)) for the end point.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "xmpp/sasl.h"

/* clang-format off */
#define NONCES_5802 "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
#define FIRST_5802 "n=user,r=fyko+d2lbbFgONRv9qkxdawL"
#define SERVER_5802 "r=" NONCES_5802 ",s=QSXCR+Q6sek8bf92,i=4096"
#define NONCES_7677 "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define FIRST_7677 "n=user,r=rOprNGfwEbeRWgbNEkqO"
#define SERVER_7677 "r=" NONCES_7677 ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"

static const struct vector {
    enum hash hash; enum channel_binding binding; bool lacks_plus;
    const char *gs2, *authzid, *first_bare, *server_first, *final, *server_final;
} vectors[] = {
    { HASH_SHA1, BINDING_NONE, false, "n,,", "", FIRST_5802, SERVER_5802, /* RFC 5802 §5 */
      "c=biws,r=" NONCES_5802 ",p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
      "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
    { HASH_SHA256, BINDING_NONE, false, "n,,", "", FIRST_7677, SERVER_7677, /* RFC 7677 §3 */
      "c=biws,r=" NONCES_7677 ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
    { HASH_SHA512, BINDING_NONE, false, "n,,", "", FIRST_7677, SERVER_7677,
      "c=biws,r=" NONCES_7677 ",p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC"
      "6wdp6dybEmDYXYTxwnYPJQ==",
      "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==" },
    { HASH_SHA512, BINDING_NONE, true, "y,,", "", FIRST_7677, SERVER_7677,
      "c=eSws,r=" NONCES_7677 ",p=VrNrCclW9AD/Yk8l31V4OqUMu/q7GisSWUiLQyCJ/FbAjX0cz0yg5fP8qfMm6C+A"
      "NjP+JcgB3IS6alx/nEu6Zg==",
      "v=9ljM8X8/k7XVI8iXtN0M6JKGwlfsiNfKI2LXo41m0hFjx9B+x1naDQ5NGcCm5lXjSgW3MM/3IGsl62659FI3Vg==" },
    { HASH_SHA1, BINDING_TLS_EXPORTER, false, "p=tls-exporter,,", "", FIRST_5802, SERVER_5802,
      "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,r=" NONCES_5802
      ",p=i0z2xFi+ITaJvbLXpcWyruGx26U=",
      "v=YgmPUhdXTCPY9I7+PKzEdnp1cdo=" },
    { HASH_SHA256, BINDING_TLS_SERVER_END_POINT, false, "p=tls-server-end-point,,", "", FIRST_7677,
      SERVER_7677,
      "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=,r=" NONCES_7677
      ",p=8Srm5uW/CXKLh6dTdSor0NvubfQPXbubEnzUl7J3o04=",
      "v=qRUdh+3aN0uwbklQILtAo2RGwTMYDI1iUtqP6sbwEAk=" },
    { HASH_SHA512, BINDING_TLS_EXPORTER, false, "p=tls-exporter,a=ad=2Cmin,", "ad,min", FIRST_7677,
      SERVER_7677,
      "c=cD10bHMtZXhwb3J0ZXIsYT1hZD0yQ21pbiwAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==,r=" NONCES_7677
      ",p=JF8vHs/QmMpnXLVOJAvunBXtxpo5GbUAARKoSw3Uulzt/5uGCs9exeamMN7nfJy0Lscw2bY9SpsD/wzaOD1RTA==",
      "v=7Ra6tNuOA6UqnjDR3t/jbb4zFOfGoapV2FtDnYZ3DN2v/PuqnDUFMM6Bi16VViqRMi62C70DI7e4aDuwK4RCdw==" },
};
/* clang-format on */

static struct binding_data bound_of_vectors(void)
{
    static uint8_t octets[132];

    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)i;
    return (struct binding_data){ { octets, 32 }, { octets + 100, 32 } };
}

static struct str after(struct str text, const char *mark)
{
    struct str found = str_from(strstr(text.p, mark));

    return str_skip(found, strlen(mark));
}

static struct str nonce_in(const char *server_first)
{
    struct str rest = str_skip(str_from(server_first), 2);

    return str_split(&rest, ',');
}

static void fill_zero(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 0, n);
}

static const struct random zeroes = { fill_zero, NULL };

static void assert_str(struct str text, const char *expected)
{
    assert_int_equal(text.n, strlen(expected));
    assert_memory_equal(text.p, expected, text.n);
}

static void derive_for(struct arena *a, const struct vector *v, struct scram_keys *out)
{
    struct str rest = after(str_from(v->server_first), ",s=");
    struct bytes salt;

    assert_int_equal(base64_read(a, str_split(&rest, ','), &salt), ERR_NONE);
    scram_derive(v->hash, STR("pencil"), salt, 4096, out);
}

/* The published nonces are not of our making: they are put into the structs between the steps. */
static void server_side(struct arena *a, const struct vector *v)
{
    struct binding_data bound = bound_of_vectors();
    struct str first = arena_concat(a, str_from(v->gs2), str_from(v->first_bare)), answer;
    struct scram_keys keys;
    struct scram_server s;

    derive_for(a, v, &keys);
    scram_server_init(&s, v->hash, v->binding != BINDING_NONE, !v->lacks_plus);
    assert_int_equal(scram_server_first(&s, a, first), ERR_NONE);
    assert_str(s.username, "user");
    assert_str(s.authzid, v->authzid);
    assert_str(s.gs2_header, v->gs2);
    assert_int_equal(s.binding, v->binding);
    (void)scram_server_challenge(&s, a, &keys, 1, &zeroes);
    s.nonce = nonce_in(v->server_first);
    s.server_first = str_from(v->server_first);
    assert_int_equal(scram_server_final(&s, a, str_from(v->final), &bound, &answer), ERR_NONE);
    assert_str(answer, v->server_final);
}

static void client_side(struct arena *a, const struct vector *v)
{
    struct binding_data bound = bound_of_vectors();
    struct str final;
    struct scram_client c;

    scram_client_init(&c, v->hash, v->binding, v->lacks_plus);
    (void)scram_client_first(&c, a, STR("user"), &zeroes);
    if (v->authzid[0] == '\0')
        assert_str(c.gs2_header, v->gs2);
    c.gs2_header = str_from(v->gs2);
    c.nonce = after(str_from(v->first_bare), ",r=");
    c.client_first_bare = str_from(v->first_bare);
    assert_int_equal(
        scram_client_final(&c, a, str_from(v->server_first), STR("pencil"), &bound, &final),
        ERR_NONE);
    assert_str(final, v->final);
    assert_int_equal(scram_client_verify(&c, a, str_from(v->server_final)), ERR_NONE);
}

static void test_conversations(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        server_side(&a, &vectors[i]);
        client_side(&a, &vectors[i]);
    }
    arena_deinit(&a);
}

/* What we write ourselves: nonce of 18 octets appended, salt, iterations, the extra attribute. */
static void test_challenge(void **state)
{
    static const char *const extras[] = { "", "h=abc" };
    struct scram_keys keys = {
        .hash = HASH_SHA1, .iterations = 10000, .salt = "salt", .salt_n = 4
    };
    struct arena a = { 0 };
    struct scram_server s;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(extras); i++) {
        scram_server_init(&s, HASH_SHA1, false, true);
        s.extra = str_from(extras[i]);
        assert_int_equal(scram_server_first(&s, &a, STR("n,,n=u,r=cn")), ERR_NONE);
        assert_str(scram_server_challenge(&s, &a, &keys, 1, &zeroes),
                   i == 0 ? "r=cnAAAAAAAAAAAAAAAAAAAAAAAA,s=c2FsdA==,i=10000"
                          : "r=cnAAAAAAAAAAAAAAAAAAAAAAAA,s=c2FsdA==,i=10000,h=abc");
    }
    arena_deinit(&a);
}

static void test_binding_names(void **state)
{
    (void)state;
    assert_string_equal(channel_binding_name(BINDING_TLS_EXPORTER), "tls-exporter");
    assert_string_equal(channel_binding_name(BINDING_TLS_SERVER_END_POINT), "tls-server-end-point");
    assert_string_equal(channel_binding_name(BINDING_NONE), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_challenge),
        cmocka_unit_test(test_binding_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
