/* test_secrets.c: nothing in reading and writing messages branches on a secret or indexes by one.
 *
 * Under valgrind each secret is marked as memory that was never written, and so is all that is
 * computed from it; valgrind then complains of every branch and every address that depends on it.
 * What becomes public on purpose is marked as written: public keys, octets on the wire, the verdict
 * on a MAC, a product or a padding. The linker puts our __wrap_ functions in front of the functions
 * that give those. Without valgrind the same talk is held, and nothing is marked.
 */
#include "../check.h"

#include <string.h>
#include <valgrind/memcheck.h>

#include "crypto/cipher.h"
#include "crypto/curve.h"
#include "crypto/hash.h"
#include "omemo/remote.h"

enum { MATERIAL = 48 };

static void secret(void *p, size_t n)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static void publish(void *p, size_t n)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

bool __real_ct_equal(const void *a, const void *b, size_t n);
bool __wrap_ct_equal(const void *a, const void *b, size_t n);
void __real_x25519_public(const uint8_t scalar[CURVE_KEY_SIZE], uint8_t out[CURVE_KEY_SIZE]);
void __wrap_x25519_public(const uint8_t scalar[CURVE_KEY_SIZE], uint8_t out[CURVE_KEY_SIZE]);
int __real_crypto_scalarmult_curve25519(uint8_t *q, const uint8_t *n, const uint8_t *p);
int __wrap_crypto_scalarmult_curve25519(uint8_t *q, const uint8_t *n, const uint8_t *p);
enum err __real_cbc_decrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes sealed,
                            uint8_t *out, size_t *out_n);
enum err __wrap_cbc_decrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes sealed,
                            uint8_t *out, size_t *out_n);

bool __wrap_ct_equal(const void *a, const void *b, size_t n)
{
    bool verdict = __real_ct_equal(a, b, n);

    publish(&verdict, sizeof verdict);
    return verdict;
}

void __wrap_x25519_public(const uint8_t scalar[CURVE_KEY_SIZE], uint8_t out[CURVE_KEY_SIZE])
{
    __real_x25519_public(scalar, out);
    publish(out, CURVE_KEY_SIZE);
}

/* Zero or not: the other side chose its key so, and knows. */
int __wrap_crypto_scalarmult_curve25519(uint8_t *q, const uint8_t *n, const uint8_t *p)
{
    int verdict = __real_crypto_scalarmult_curve25519(q, n, p);

    publish(&verdict, sizeof verdict);
    return verdict;
}

/* Only what a MAC has authenticated is decrypted, so the length is the sender's. */
enum err __wrap_cbc_decrypt(const uint8_t key[32], const uint8_t iv[AES_BLOCK], struct bytes sealed,
                            uint8_t *out, size_t *out_n)
{
    enum err verdict = __real_cbc_decrypt(key, iv, sealed, out, out_n);

    publish(&verdict, sizeof verdict);
    publish(out_n, sizeof *out_n);
    return verdict;
}

/* Keys are secret; a choice among prekeys (eight octets) is not. */
static void fill(void *ctx, uint8_t *out, size_t n)
{
    uint8_t *next = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(*next += 73);
    if (n == OMEMO_KEY)
        secret(out, n);
}

struct end {
    struct identity self;
    struct prekey signed_prekey, prekey;
    struct remote other;
    struct kept_key kept;
    bool has_kept;
};

static void end_init(struct end *e, enum omemo version, const struct random *random, uint8_t seed)
{
    uint8_t octets[OMEMO_KEY] = { seed };

    memset(e, 0, sizeof *e);
    identity_init(&e->self, seed, octets);
    secret(e->self.seed, OMEMO_KEY);
    secret(e->self.scalar, OMEMO_KEY);
    prekey_make(&e->signed_prekey, 1, random);
    prekey_make(&e->prekey, 2, random);
    remote_init(&e->other, version);
}

static struct codec_out write_of(struct end *from)
{
    uint8_t material[MATERIAL] = { 0 };
    struct codec_out out;

    secret(material, sizeof material);
    assert_int_equal(
        remote_encrypt(&from->other, 0, &from->self, bytes_of(material, MATERIAL), &out), ERR_NONE);
    publish(out.octets, sizeof out.octets);
    return out;
}

static enum err read_by(struct end *to, const struct codec_out *m, const struct random *random)
{
    struct remote_rows rows = { &to->signed_prekey, &to->prekey, NULL };
    struct remote_received got;
    struct remote_wants wants;
    struct codec_key key;
    enum err e;

    assert_int_equal(codec_read(to->other.version, m->is_exchange, bytes_of(m->octets, m->n), &key),
                     ERR_NONE);
    remote_wants(&to->other, &key, &wants);
    if (wants.kept && to->has_kept && wants.n == to->kept.n)
        rows.kept = &to->kept;
    e = remote_decrypt(&to->other, &to->self, &key, &rows, random, &got);
    if (e == ERR_NONE) {
        to->other = got.remote;
        to->has_kept = kept_next(&got.message.add, &to->kept) || to->has_kept;
    }
    return e;
}

/* A beginning, turns, a jump and the message that was jumped over, and one that is not genuine. */
static void talk(enum omemo version)
{
    uint8_t dice = 1;
    struct random random = { fill, &dice };
    struct end a, b;
    struct bundle bundle;
    struct bundle_prekey published = { .id = 2 };
    struct session_end ended;
    struct codec_out m, late, bad;

    end_init(&a, version, &random, 1);
    end_init(&b, version, &random, 2);
    memcpy(published.key, b.prekey.public_key, OMEMO_KEY);
    publish(b.self.seed, OMEMO_KEY); /* signing is another matter */
    bundle_make(version, &b.self, &b.signed_prekey, &published, 1, &bundle);
    assert_int_equal(remote_start(&a.other, &a.self, &bundle, &random, &ended), ERR_NONE);
    for (int i = 0; i < 3; i++) {
        m = write_of(&a);
        assert_int_equal(read_by(&b, &m, &random), ERR_NONE);
        m = write_of(&b);
        assert_int_equal(read_by(&a, &m, &random), ERR_NONE);
    }
    late = write_of(&a);
    m = write_of(&a);
    bad = m;
    bad.octets[bad.n - 12] ^= 1;
    assert_int_not_equal(read_by(&b, &bad, &random), ERR_NONE);
    assert_int_equal(read_by(&b, &m, &random), ERR_NONE);
    assert_int_equal(read_by(&b, &late, &random), ERR_NONE);
}

static void no_secret_decides(void **state)
{
    unsigned before = VALGRIND_COUNT_ERRORS;

    (void)state;
    talk(OMEMO_03);
    talk(OMEMO_2);
    assert_int_equal(VALGRIND_COUNT_ERRORS, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(no_secret_decides) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
