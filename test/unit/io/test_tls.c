/* test_tls.c: certificates and keys on disk, and the contexts made of them. */
#include "net.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/tls_inside.h"

static int setup(void **state)
{
    struct identity *i = mem_alloc(sizeof *i);

    identity_make(i);
    *state = i;
    return 0;
}

static int teardown(void **state)
{
    identity_remove(*state);
    mem_free(*state);
    return 0;
}

/* ---- Contexts ----------------------------------------------------------------------------------- */

static enum err context_of(const char *certificate, const char *key, const char *alpn)
{
    struct tls_context *c = NULL;
    struct arena a = { 0 };
    struct str why = STR_NONE;
    enum err e = tls_context_new(certificate, key, alpn, &c, &why, &a);

    if (e == ERR_NONE)
        assert_non_null(c);
    else
        assert_true(why.n > 10 && c == NULL);
    tls_context_unref(c);
    arena_deinit(&a);
    return e;
}

static void write_pem(const char *path, EVP_PKEY *key, X509 *x, const char *passphrase)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    if (x != NULL)
        assert_true(PEM_write_X509(f, x));
    else
        assert_true(PEM_write_PKCS8PrivateKey(f, key, passphrase ? EVP_aes_128_cbc() : NULL,
                                              passphrase, passphrase ? (int)strlen(passphrase) : 0,
                                              NULL, NULL));
    fclose(f);
}

static void test_contexts(void **state)
{
    struct identity *i = *state;
    struct arena a = { 0 };
    const char *other = arena_printf(&a, "%s/other.pem", i->folder).p;
    char long_name[300];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct tls_context *c = identity_context(i, "a b");

    tls_context_unref(tls_context_ref(c));
    tls_context_unref(c);
    tls_context_unref(NULL);
    assert_int_equal(context_of(i->certificate, i->key, ""), ERR_NONE);
    assert_int_equal(context_of("/nonexistent", i->key, ""), ERR_IO);
    assert_int_equal(context_of(i->certificate, "/nonexistent", ""), ERR_CONFLICT);
    assert_int_equal(context_of(i->key, i->key, ""), ERR_IO);
    write_pem(other, key, NULL, NULL); /* of another certificate */
    assert_int_equal(context_of(i->certificate, other, ""), ERR_CONFLICT);
    write_pem(other, key, NULL, "secret"); /* must not ask anybody */
    assert_int_equal(context_of(i->certificate, other, ""), ERR_CONFLICT);
    memset(long_name, 'a', sizeof long_name);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(context_of(i->certificate, i->key, long_name), ERR_MALFORMED);
    unlink(other);
    EVP_PKEY_free(key);
    arena_deinit(&a);
}

/* ---- tls-server-end-point ------------------------------------------------------------------------ */

static const struct {
    const char *key, *digest,
        *expected; /* NULL digest: the key's own; NULL expected: RFC 5929 defines none */
} end_points[] = {
    { "EC", "SHA256", "SHA256" },  { "EC", "SHA384", "SHA384" }, { "EC", "SHA1", "SHA256" },
    { "RSA", "SHA512", "SHA512" }, { "RSA", "SHA1", "SHA256" },  { "RSA", "MD5", "SHA256" },
    { "ED25519", NULL, NULL },
};

static EVP_PKEY *generate(const char *kind)
{
    if (strcmp(kind, "EC") == 0)
        return EVP_EC_gen("P-256");
    return strcmp(kind, "RSA") == 0 ? EVP_RSA_gen(2048) : EVP_PKEY_Q_keygen(NULL, NULL, kind);
}

static X509 *sign_self(EVP_PKEY *key, const char *digest)
{
    X509 *x = X509_new();

    X509_set_version(x, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, digest ? EVP_get_digestbyname(digest) : NULL) > 0);
    return x;
}

static void test_end_points(void **state)
{
    struct identity *i = *state, own = *i;
    struct arena a = { 0 };

    snprintf(own.certificate, sizeof own.certificate, "%s/c", i->folder);
    snprintf(own.key, sizeof own.key, "%s/k", i->folder);
    for (size_t n = 0; n < COUNT_OF(end_points); n++) {
        EVP_PKEY *key = generate(end_points[n].key);
        X509 *x = sign_self(key, end_points[n].digest);
        struct tls_context *c;
        uint8_t expected[64];
        unsigned expected_n = 0;

        write_pem(own.certificate, NULL, x, NULL);
        write_pem(own.key, key, NULL, NULL);
        c = identity_context(&own, "");
        if (end_points[n].expected != NULL)
            assert_true(X509_digest(x, EVP_get_digestbyname(end_points[n].expected), expected,
                                    &expected_n));
        assert_int_equal(tls_context_end_point(c).n, expected_n);
        assert_memory_equal(tls_context_end_point(c).p, expected, expected_n);
        tls_context_unref(c);
        X509_free(x);
        EVP_PKEY_free(key);
    }
    unlink(own.certificate);
    unlink(own.key);
    arena_deinit(&a);
}

/* ---- Self-signed -------------------------------------------------------------------------------- */

static enum err make(const char *certificate, const char *key, const struct str *names, size_t n)
{
    struct arena a = { 0 };
    struct str why = STR_NONE;
    enum err e = tls_make_self_signed(certificate, key, names, n, &why, &a);

    assert_true(e == ERR_NONE || why.n > 10);
    arena_deinit(&a);
    return e;
}

static const struct {
    const char *name;
    bool in;
} names_in[] = {
    { "example.org", true },  { "EXAMPLE.org", true }, { "conference.example.org", true },
    { "192.0.2.7", true },    { "2001:db8::1", true }, { "192.0.2.8", false },
    { "xample.org", false },  { "org", false },        { "a.example.org", false },
    { "2001:db8::2", false }, { "", false },
};

static void test_self_signed(void **state)
{
    static const struct str names[] = { STR_INIT("example.org"), STR_INIT("192.0.2.7"),
                                        STR_INIT("2001:db8::1"),
                                        STR_INIT("conference.example.org") };
    static const uint64_t day_ms = 24 * 3600 * 1000ull;
    struct identity *i = *state;
    struct arena a = { 0 };
    struct stat st;
    uint64_t end_ms;

    assert_int_equal(chmod(i->key, 0644), 0);
    assert_int_equal(make(i->certificate, i->key, names, COUNT_OF(names)),
                     ERR_NONE); /* replaces both */
    assert_int_equal(stat(i->key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(arena_printf(&a, "%s.new", i->key).p, &st), -1);
    assert_int_equal(context_of(i->certificate, i->key, ""), ERR_NONE);
    for (size_t n = 0; n < COUNT_OF(names_in); n++) {
        bool has = !names_in[n].in;

        assert_int_equal(
            tls_certificate_info(i->certificate, str_from(names_in[n].name), &end_ms, &has),
            ERR_NONE);
        if (has != names_in[n].in)
            fail_msg("%s", names_in[n].name);
        assert_true(end_ms > clock_wall_ms() + 3640 * day_ms
                    && end_ms < clock_wall_ms() + 3660 * day_ms);
    }
    arena_deinit(&a);
}

static void test_self_signed_refusals(void **state)
{
    static const struct str bad[] = { STR_INIT(""), STR_INIT("a b"),
                                      STR_INIT("b\xc3\xbc"
                                               "cher.example"),
                                      STR_INIT("a\nb") };
    static const struct str good = STR_INIT("example.org");
    struct identity *i = *state;
    struct str long_name = { (char[300]){ 0 }, 300 };
    struct stat before, after;
    bool has;
    uint64_t end_ms;

    memset((char *)long_name.p, 'a', 300);
    assert_int_equal(stat(i->key, &before), 0);
    for (size_t n = 0; n < COUNT_OF(bad); n++)
        assert_int_equal(make(i->certificate, i->key, &bad[n], 1), ERR_MALFORMED);
    assert_int_equal(make(i->certificate, i->key, &long_name, 1), ERR_MALFORMED);
    assert_int_equal(make(i->certificate, i->key, &good, 0), ERR_MALFORMED);
    assert_int_equal(make("/nonexistent/c", "/nonexistent/k", &good, 1), ERR_IO);
    assert_int_equal(stat(i->key, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino); /* untouched */
    assert_int_equal(tls_certificate_info("/nonexistent", good, &end_ms, &has), ERR_MISSING);
    assert_int_equal(tls_certificate_info(i->key, good, &end_ms, &has), ERR_MALFORMED);
}

static void test_random(void **state)
{
    uint8_t a[64] = { 0 }, b[64] = { 0 };

    (void)state;
    tls_random(NULL, a, sizeof a);
    tls_random(NULL, b, sizeof b);
    assert_memory_not_equal(a, b, sizeof a);
    tls_random(NULL, a, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contexts),    cmocka_unit_test(test_end_points),
        cmocka_unit_test(test_self_signed), cmocka_unit_test(test_self_signed_refusals),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
