/* test_sasl_refusals.c: every kind of SCRAM message that is not answered, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "sasl_exchange.h"

/* clang-format off */
static const struct { bool plus; const char *text; enum err err; } firsts[] = {
    { false, "n,,n=user,r=abc", ERR_NONE },
    { false, "n,a=admin,n=user,r=abc", ERR_NONE },
    { false, "n,,n=user,r=abc,x=1,Y==,z=a=b", ERR_NONE },                /* optional extensions */
    { false, "n,,n=us=2Cer=3D,r=~!+-", ERR_NONE },
    { true,  "p=tls-exporter,,n=user,r=abc", ERR_NONE },
    { true,  "p=tls-server-end-point,a=b,n=user,r=abc", ERR_NONE },

    /* RFC 5802 §6: flag and mechanism */
    { false, "y,,n=user,r=abc", ERR_DENIED },                            /* -PLUS was offered */
    { false, "p=tls-exporter,,n=user,r=abc", ERR_MALFORMED },
    { true,  "n,,n=user,r=abc", ERR_MALFORMED },
    { true,  "y,,n=user,r=abc", ERR_MALFORMED },
    { true,  "p=tls-unique,,n=user,r=abc", ERR_UNSUPPORTED },
    { true,  "p=TLS-EXPORTER,,n=user,r=abc", ERR_UNSUPPORTED },
    { true,  "p=tls-exporters,,n=user,r=abc", ERR_UNSUPPORTED },
    { true,  "p=,,n=user,r=abc", ERR_MALFORMED },
    { true,  "p=tls_exporter,,n=user,r=abc", ERR_MALFORMED },
    { true,  "p=tls-exporter=,,n=user,r=abc", ERR_MALFORMED },
    { true,  "p,,n=user,r=abc", ERR_MALFORMED },

    /* gs2-header */
    { false, "", ERR_MALFORMED },
    { false, "n", ERR_MALFORMED },
    { false, "n,", ERR_MALFORMED },
    { false, "n,,", ERR_MALFORMED },
    { false, ",,n=user,r=abc", ERR_MALFORMED },
    { false, "N,,n=user,r=abc", ERR_MALFORMED },
    { false, "nn,,n=user,r=abc", ERR_MALFORMED },
    { false, "n=,,n=user,r=abc", ERR_MALFORMED },
    { false, "x,,n=user,r=abc", ERR_MALFORMED },
    { false, "n,n=user,r=abc", ERR_MALFORMED },                          /* one comma short */
    { false, "n,a=,n=user,r=abc", ERR_MALFORMED },
    { false, "n,a=x=2,n=user,r=abc", ERR_MALFORMED },
    { false, "n,b=admin,n=user,r=abc", ERR_MALFORMED },
    { false, "n,admin,n=user,r=abc", ERR_MALFORMED },
    { false, "F,n,,n=user,r=abc", ERR_MALFORMED }, /* nonstd flag: only in GSS-API */

    /* §5.1: mandatory extensions, wherever they stand */
    { false, "n,,m=x,n=user,r=abc", ERR_UNSUPPORTED },
    { false, "n,,n=user,m=x,r=abc", ERR_UNSUPPORTED },
    { false, "n,,n=user,r=abc,m=x", ERR_UNSUPPORTED },
    { false, "n,,m=,n=user,r=abc", ERR_MALFORMED },

    /* saslname */
    { false, "n,,n=,r=abc", ERR_MALFORMED },
    { false, "n,,n=a=b,r=abc", ERR_MALFORMED },
    { false, "n,,n=a=2c,r=abc", ERR_MALFORMED },                         /* upper case only */
    { false, "n,,n=a=3d,r=abc", ERR_MALFORMED },
    { false, "n,,n=a=2,r=abc", ERR_MALFORMED },
    { false, "n,,n=a=,r=abc", ERR_MALFORMED },
    { false, "n,,n=a=00,r=abc", ERR_MALFORMED },
    { false, "n,,n=\xc3(,r=abc", ERR_MALFORMED },                        /* not UTF-8 */
    { false, "n,,n=\xed\xa0\x80,r=abc", ERR_MALFORMED },                 /* surrogate */

    /* nonce, order, rest */
    { false, "n,,r=abc,n=user", ERR_MALFORMED },
    { false, "n,,n=user", ERR_MALFORMED },
    { false, "n,,n=user,", ERR_MALFORMED },
    { false, "n,,n=user,r=", ERR_MALFORMED },
    { false, "n,,n=user,r=a b", ERR_MALFORMED },
    { false, "n,,n=user,r=a\x7f", ERR_MALFORMED },
    { false, "n,,n=user,r=\xc3\xa4", ERR_MALFORMED },
    { false, "n,,n=user,R=abc", ERR_MALFORMED },
    { false, "n,,n=user,r=abc,", ERR_MALFORMED },
    { false, "n,,n=user,r=abc,x", ERR_MALFORMED },
    { false, "n,,n=user,r=abc,x=", ERR_MALFORMED },
    { false, "n,,n=user,r=abc,1=x", ERR_MALFORMED },
    { false, "n,,n=user,r=abc,xx=1", ERR_MALFORMED },
    { false, "n,,n=user,r=abc,r=abc", ERR_MALFORMED },
    { false, "n,,n=user,r=abc,x=1,n=other", ERR_MALFORMED },
};

/* $ stands for the nonce of both, % for the client's alone, # for the right proof over this very
 * text: nothing but what a row is about is wrong in it. c=biws is "n,,". */
static const struct { const char *text; enum err err; } finals[] = {
    { "c=biws,r=$,p=#", ERR_NONE },
    { "c=biws,r=$,x=1,p=#", ERR_NONE },        /* an optional extension */
    { "c=eSws,r=$,p=#", ERR_DENIED },          /* "y,," */
    { "c=biwsAA==,r=$,p=#", ERR_DENIED },      /* more octets than the header */
    { "c=biw=,r=$,p=#", ERR_DENIED },          /* fewer */
    { "c=cD10bHMtZXhwb3J0ZXIsLA==,r=$,p=#", ERR_DENIED },
    { "c=biws,r=$x,p=#", ERR_DENIED },
    { "c=biws,r=x$,p=#", ERR_DENIED },
    { "c=biws,r=x,p=#", ERR_DENIED },
    { "c=biws,r=%,p=#", ERR_DENIED },
    { "c=biws,r=012345678901234567890123456789012345678901234567,p=#", ERR_DENIED }, /* as long */
    { "c=biws,r=$,p=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", ERR_DENIED },
    { "", ERR_MALFORMED },
    { ",", ERR_MALFORMED },
    { "p=#", ERR_MALFORMED },
    { "c=biws", ERR_MALFORMED },
    { "c=biws,r=$", ERR_MALFORMED },
    { "c=biws,p=#", ERR_MALFORMED },
    { "r=$,p=#", ERR_MALFORMED },
    { "r=$,c=biws,p=#", ERR_MALFORMED },
    { "c=biws,r=$,", ERR_MALFORMED },
    { "c=biws,r=$,p=", ERR_MALFORMED },
    { "c=biws,r=$,p=#,", ERR_MALFORMED },
    { "c=biws,r=$,p=#,x=1", ERR_MALFORMED },   /* the proof comes last */
    { "c=biws,r=$,p=#,p=#", ERR_MALFORMED },
    { "c=biws,r=$,c=biws,p=#", ERR_MALFORMED },
    { "c=biws,r=$,x,p=#", ERR_MALFORMED },
    { "c=biws,r=$,m=1,p=#", ERR_UNSUPPORTED },
    { "m=1,c=biws,r=$,p=#", ERR_UNSUPPORTED },
    { "c=biw,r=$,p=#", ERR_MALFORMED },        /* base64: length, alphabet, unused bits */
    { "c=bi!s,r=$,p=#", ERR_MALFORMED },
    { "c=biwsAB==,r=$,p=#", ERR_MALFORMED },
    { "c=,r=$,p=#", ERR_MALFORMED },
    { "c=biws,r=,p=#", ERR_MALFORMED },
    { "c=biws,r=$,p=AAAA", ERR_MALFORMED },    /* shorter and longer than a SHA-1 */
    { "c=biws,r=$,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ERR_MALFORMED },
    { "c=biws,r=$,p=####", ERR_MALFORMED },
    { "c=biws,r=$,q=#", ERR_MALFORMED },
    { "c=biws,r=$,x=\xff,p=#", ERR_MALFORMED },
};

/* $ stands for the client's nonce. */
static const struct { const char *text; enum err err; } challenges[] = {
    { "r=$S,s=c2FsdA==,i=4096", ERR_NONE },
    { "r=$S,s=c2FsdA==,i=10000,h=abc,x==", ERR_NONE },
    { "r=$,s=c2FsdA==,i=4096", ERR_DENIED },             /* nothing of the server's own */
    { "r=S$,s=c2FsdA==,i=4096", ERR_DENIED },
    { "r=S,s=c2FsdA==,i=4096", ERR_DENIED },
    { "r=$S,s=c2FsdA==,i=4095", ERR_UNSUPPORTED },
    { "r=$S,s=c2FsdA==,i=1", ERR_UNSUPPORTED },
    { "r=$S,s=c2FsdA==,i=10000001", ERR_TOO_BIG },
    { "r=$S,s=c2FsdA==,i=99999999999999999999999", ERR_TOO_BIG },
    { "r=$S,s=c2FsdA==,i=0", ERR_MALFORMED },
    { "r=$S,s=c2FsdA==,i=04096", ERR_MALFORMED },
    { "r=$S,s=c2FsdA==,i=+4096", ERR_MALFORMED },
    { "r=$S,s=c2FsdA==,i=4096 ", ERR_MALFORMED },
    { "r=$S,s=c2FsdA==,i=", ERR_MALFORMED },
    { "r=$S,s=c2FsdA==", ERR_MALFORMED },
    { "r=$S,s=c2FsdA,i=4096", ERR_MALFORMED },
    { "r=$S,s=,i=4096", ERR_MALFORMED },
    { "r=$S,s====,i=4096", ERR_MALFORMED },
    { "r=$S,i=4096", ERR_MALFORMED },
    { "r=$S,i=4096,s=c2FsdA==", ERR_MALFORMED },
    { "s=c2FsdA==,r=$S,i=4096", ERR_MALFORMED },
    { "r=$ S,s=c2FsdA==,i=4096", ERR_MALFORMED },
    { "r=$S,s=c2FsdA==,i=4096,", ERR_MALFORMED },
    { "r=$S,s=c2FsdA==,i=4096,i=4096", ERR_MALFORMED },
    { "r=$S,s=c2FsdA==,i=4096,x", ERR_MALFORMED },
    { "m=x,r=$S,s=c2FsdA==,i=4096", ERR_UNSUPPORTED },
    { "r=$S,s=c2FsdA==,i=4096,m=x", ERR_UNSUPPORTED },
    { "e=other-error", ERR_MALFORMED },                  /* its place is the server-final message */
    { "", ERR_MALFORMED },
};

/* # stands for the right signature. */
static const struct { const char *text; enum err err; } verdicts[] = {
    { "v=#", ERR_NONE },
    { "v=#,x=1", ERR_NONE },
    { "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", ERR_DENIED },
    { "v=AAAA", ERR_DENIED },
    { "e=invalid-proof", ERR_DENIED },
    { "e=", ERR_DENIED },
    { "e=x,v=#", ERR_DENIED },
    { "v=#,e=x", ERR_MALFORMED },
    { "v=#,", ERR_MALFORMED },
    { "v=#,v=#", ERR_MALFORMED },
    { "v=", ERR_MALFORMED },
    { "#", ERR_MALFORMED },
    { "p=#", ERR_MALFORMED },
    { "x=1,v=#", ERR_MALFORMED },
    { "m=x,v=#", ERR_UNSUPPORTED },
    { "v=#,m=x", ERR_UNSUPPORTED },
    { "", ERR_MALFORMED },
};
/* clang-format on */

static struct str expanded(struct arena *a, struct str text, char mark, struct str value)
{
    struct str out = str_split(&text, mark);

    while (text.p != NULL) {
        out = arena_concat(a, out, value);
        out = arena_concat(a, out, str_split(&text, mark));
    }
    return out;
}

/* ClientProof of RFC 5802 §3 over everything before the last attribute, from the formulas. */
static struct str right_proof(struct exchange *x, struct str client_final)
{
    struct str without_proof = str_slice(client_final, 0, str_find_last(client_final, ','));
    struct bytes message =
        bytes_of_str(arena_printf(&x->arena, "%.*s,%.*s,%.*s", STR_ARG(x->client.client_first_bare),
                                  STR_ARG(x->server_first), STR_ARG(without_proof)));
    uint8_t salted[20], key[20], signature[20];

    pbkdf2(HASH_SHA1, bytes_of("pencil", 6), bytes_of(x->keys.salt, x->keys.salt_n),
           x->keys.iterations, salted);
    hmac(HASH_SHA1, bytes_of(salted, 20), bytes_of("Client Key", 10), key);
    hmac(HASH_SHA1, bytes_of(x->keys.stored_key, 20), message, signature);
    for (size_t i = 0; i < sizeof key; i++)
        key[i] ^= signature[i];
    return base64_text(&x->arena, bytes_of(key, sizeof key));
}

static void expect(const char *text, enum err got, enum err wanted)
{
    if (got != wanted)
        fail_msg("%s: %s, not %s", text, err_text(got), err_text(wanted));
}

static void test_client_first(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(firsts); i++) {
        struct scram_server s;

        scram_server_init(&s, HASH_SHA256, firsts[i].plus, true);
        expect(firsts[i].text, scram_server_first(&s, &a, str_from(firsts[i].text)), firsts[i].err);
    }
    arena_deinit(&a);
}

static void test_client_final(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(finals); i++) {
        struct exchange x;
        struct str text;

        exchange_init(&x, HASH_SHA1, BINDING_NONE, i);
        assert_int_equal(exchange_to_challenge(&x, STR("user")), ERR_NONE);
        text = expanded(&x.arena, str_from(finals[i].text), '$', x.server.nonce);
        text = expanded(&x.arena, text, '%', x.client.nonce);
        text = expanded(&x.arena, text, '#', right_proof(&x, text));
        expect(finals[i].text, scram_server_final(&x.server, &x.arena, text, NULL, &x.server_final),
               finals[i].err);
        assert_int_equal(x.server_final.n > 0, finals[i].err == ERR_NONE);
        exchange_deinit(&x);
    }
}

static void test_challenge(void **state)
{
    struct str out;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(challenges); i++) {
        struct exchange x;
        struct str text;

        exchange_init(&x, HASH_SHA1, BINDING_NONE, i);
        assert_int_equal(exchange_to_challenge(&x, STR("user")), ERR_NONE);
        text = expanded(&x.arena, str_from(challenges[i].text), '$', x.client.nonce);
        expect(challenges[i].text,
               scram_client_final(&x.client, &x.arena, text, STR("pencil"), NULL, &out),
               challenges[i].err);
        exchange_deinit(&x);
    }
}

static void test_verdict(void **state)
{
    struct exchange x;
    struct str signature;

    (void)state;
    exchange_init(&x, HASH_SHA1, BINDING_NONE, 1);
    assert_int_equal(exchange_to_end(&x, STR("user"), STR("pencil")), ERR_NONE);
    signature = str_skip(x.server_final, 2);
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        struct str text = expanded(&x.arena, str_from(verdicts[i].text), '#', signature);

        expect(verdicts[i].text, scram_client_verify(&x.client, &x.arena, text), verdicts[i].err);
    }
    exchange_deinit(&x);
}

/* A server that skips its turn has shown nothing, whatever it signs with. */
static void test_verdict_too_early(void **state)
{
    struct exchange x;

    (void)state;
    exchange_init(&x, HASH_SHA1, BINDING_NONE, 1);
    assert_int_equal(exchange_to_challenge(&x, STR("user")), ERR_NONE);
    assert_int_equal(
        scram_client_verify(&x.client, &x.arena, STR("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
        ERR_DENIED);
    exchange_deinit(&x);
}

static void test_nul(void **state)
{
    struct arena a = { 0 };
    struct scram_server s;
    struct exchange x;

    (void)state;
    exchange_init(&x, HASH_SHA1, BINDING_NONE, 1);
    assert_int_equal(exchange_to_challenge(&x, STR("us\0er")), ERR_MALFORMED);
    exchange_deinit(&x);
    scram_server_init(&s, HASH_SHA1, false, false);
    assert_int_equal(scram_server_first(&s, &a, STR("n,,n=us\0er,r=abc")), ERR_MALFORMED);
    scram_server_init(&s, HASH_SHA1, false, false);
    assert_int_equal(scram_server_first(&s, &a, STR("n,,n=user,r=abc,x=\0")), ERR_MALFORMED);
    arena_deinit(&a);
}

/* Every message may be SCRAM_MESSAGE_MAX long and no octet longer. */
static void test_length(void **state)
{
    static const char start[] = "n,,n=user,r=";
    static char text[SCRAM_MESSAGE_MAX + 1];
    struct exchange x;

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, start, sizeof start - 1);
    exchange_init(&x, HASH_SHA1, BINDING_NONE, 1);
    assert_int_equal(exchange_to_end(&x, STR("user"), STR("pencil")), ERR_NONE);
    assert_int_equal(
        scram_server_first(&x.server, &x.arena, (struct str){ text, SCRAM_MESSAGE_MAX }), ERR_NONE);
    assert_int_equal(scram_server_first(&x.server, &x.arena, (struct str){ text, sizeof text }),
                     ERR_TOO_BIG);
    x.server.keys = &x.keys;
    assert_int_equal(scram_server_final(&x.server, &x.arena, (struct str){ text, sizeof text },
                                        NULL, &x.server_final),
                     ERR_TOO_BIG);
    assert_int_equal(scram_client_final(&x.client, &x.arena, (struct str){ text, sizeof text },
                                        STR("pencil"), NULL, &x.client_final),
                     ERR_TOO_BIG);
    assert_int_equal(scram_client_verify(&x.client, &x.arena, (struct str){ text, sizeof text }),
                     ERR_TOO_BIG);
    exchange_deinit(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_first),
        cmocka_unit_test(test_client_final),
        cmocka_unit_test(test_challenge),
        cmocka_unit_test(test_verdict),
        cmocka_unit_test(test_verdict_too_early),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
