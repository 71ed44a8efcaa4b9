/* secrets.c: that no branch and no address depends on a secret, as valgrind sees it.
 *
 * Secrets are marked as memory that was never written. What is computed from them is marked with
 * them, and valgrind reports each branch on and each access by such a value: that is what an observer
 * of time and caches could see. Each row says how many reports are due: verdicts that are public, such
 * as whether a tag fits. Two controls do what must be reported.
 *
 * Run by test/unit/crypto/secrets-under-valgrind. What runs is the code that the libraries choose for
 * the processor that valgrind shows them. Argon2id has no row: its second half reads memory at places
 * that depend on the passphrase, by design (RFC 9106 §3.4).
 */
#include <stdio.h>
#include <string.h>

#include <valgrind/memcheck.h>

#include "base/mem.h"
#include "crypto/blake2b.h"
#include "crypto/cipher.h"
#include "crypto/curve.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/stream.h"

enum { TEXT = 48 };

/* Set up in the open; `key`, `scalar`, `seed` and `text` are secret while a row runs. */
static struct {
    uint8_t key[32], scalar[32], seed[32], text[TEXT], text2[TEXT];
    uint8_t public_key[32], u[32], nonce[24], tag[16], sealed[128], out[256];
} d;

static volatile uint8_t sink;

static void control_branch(void)
{
    if (d.key[0] & 1)
        sink++;
}

static void control_address(void)
{
    static const uint8_t table[256] = { 1, 2, 3 };

    sink = ((const volatile uint8_t *)table)[d.key[1]];
}

static void do_x25519(void)
{
    sink = (uint8_t)x25519(d.scalar, d.u, d.out);
}

static void do_x25519_public(void)
{
    x25519_public(d.scalar, d.out);
}

static void do_clamp(void)
{
    x25519_clamp(d.scalar);
}

static void do_ed25519_public(void)
{
    ed25519_public(d.seed, d.out);
}

static void do_ed25519_sign(void)
{
    ed25519_sign(d.seed, d.public_key, bytes_of(d.text, TEXT), d.out);
}

static void do_x25519_of_seed(void)
{
    x25519_of_seed(d.seed, d.out);
}

static void do_digests(void)
{
    hash_digest(HASH_SHA1, bytes_of(d.text, TEXT), d.out);
    hash_digest(HASH_SHA256, bytes_of(d.text, TEXT), d.out);
    hash_digest(HASH_SHA512, bytes_of(d.text, TEXT), d.out);
}

static void do_hmac(void)
{
    hmac(HASH_SHA1, bytes_of(d.key, 32), bytes_of(d.text, TEXT), d.out);
    hmac(HASH_SHA256, bytes_of(d.key, 32), bytes_of(d.text, TEXT), d.out);
    hmac(HASH_SHA512, bytes_of(d.key, 32), bytes_of(d.text, TEXT), d.out);
}

static void do_hkdf(void)
{
    hkdf(bytes_of(d.nonce, 24), bytes_of(d.key, 32), STR("info"), d.out, 80);
}

static void do_pbkdf2(void)
{
    pbkdf2(HASH_SHA256, bytes_of(d.key, 32), bytes_of(d.nonce, 24), 3, d.out);
}

static void do_blake2b(void)
{
    blake2b(bytes_of(d.key, 32), bytes_of(d.text, TEXT), d.out, 32);
}

static void do_ct_equal(void)
{
    bool same = ct_equal(d.text, d.text2, TEXT);

    VALGRIND_MAKE_MEM_DEFINED(&same, sizeof same);
    sink = same;
}

static void do_cbc_encrypt(void)
{
    cbc_encrypt(d.key, d.nonce, bytes_of(d.text, TEXT), d.out);
}

static void do_cbc_decrypt(void)
{
    size_t n;
    enum err e = cbc_decrypt(d.key, d.nonce, bytes_of(d.sealed, 64), d.out, &n);

    VALGRIND_MAKE_MEM_DEFINED(&e, sizeof e);
    sink = (uint8_t)e;
}

static void do_gcm_seal(void)
{
    gcm_seal(bytes_of(d.key, 32), bytes_of(d.nonce, 12), bytes_of(d.text, TEXT), d.out, d.tag);
}

static void do_gcm_open(void)
{
    sink = (uint8_t)gcm_open(bytes_of(d.key, 16), bytes_of(d.nonce, 16), bytes_of(d.sealed, TEXT),
                             d.tag, d.out);
}

static void do_xchacha_seal(void)
{
    xchacha_seal(d.key, d.nonce, bytes_of(d.u, 32), bytes_of(d.text, TEXT), d.out);
}

static void do_xchacha_open(void)
{
    sink = (uint8_t)xchacha_open(d.key, d.nonce, bytes_of(d.u, 32), bytes_of(d.sealed, 64), d.out);
}

static void do_stream_push(void)
{
    struct sealed_stream s;

    sealed_stream_init(&s, d.key, d.nonce);
    sealed_stream_push(&s, SEALED_MORE, bytes_of(d.u, 32), bytes_of(d.text, TEXT), d.out);
    sealed_stream_push(&s, SEALED_FINAL, bytes_of(d.u, 32), bytes_of(d.text, TEXT), d.out);
    sealed_stream_drop(&s);
}

static void do_stream_pull(void)
{
    struct sealed_stream s;
    enum sealed_chunk kind;

    sealed_stream_init(&s, d.key, d.nonce);
    sink = (uint8_t)sealed_stream_pull(&s, bytes_of(d.u, 32), bytes_of(d.sealed, 64), &kind, d.out);
    sealed_stream_drop(&s);
}

static const struct {
    const char *name;
    void (*run)(void);
    unsigned due;
} rows[] = {
    { "control: a branch on a secret is reported", control_branch, 1 },
    { "control: an access by a secret is reported", control_address, 1 },
    { "x25519, but for whether the result is zero", do_x25519, 1 },
    { "x25519_public, but for whether the result is zero", do_x25519_public, 1 },
    { "x25519_clamp", do_clamp, 0 },
    { "x25519_of_seed", do_x25519_of_seed, 0 },
    { "ed25519_public", do_ed25519_public, 0 },
    { "ed25519_sign", do_ed25519_sign, 0 },
    { "hash_digest", do_digests, 0 },
    { "hmac", do_hmac, 0 },
    { "hkdf", do_hkdf, 0 },
    { "pbkdf2", do_pbkdf2, 0 },
    { "blake2b", do_blake2b, 0 },
    { "ct_equal", do_ct_equal, 0 },
    { "cbc_encrypt", do_cbc_encrypt, 0 },
    { "cbc_decrypt, padding included", do_cbc_decrypt, 0 },
    { "gcm_seal", do_gcm_seal, 0 },
    { "gcm_open, but for whether the tag fits", do_gcm_open, 1 },
    { "xchacha_seal", do_xchacha_seal, 0 },
    { "xchacha_open, but for whether the tag fits", do_xchacha_open, 1 },
    { "sealed_stream_push", do_stream_push, 0 },
    { "sealed_stream_pull, but for whether the tag fits", do_stream_pull, 1 },
};

static void set_up(void)
{
    memset(&d, 0x5a, sizeof d);
    ed25519_public(d.seed, d.public_key);
    x25519_public(d.scalar, d.u);
}

static unsigned reports_of(void (*run)(void))
{
    unsigned before;

    set_up();
    before = (unsigned)VALGRIND_COUNT_ERRORS;
    VALGRIND_MAKE_MEM_UNDEFINED(d.key, sizeof d.key);
    VALGRIND_MAKE_MEM_UNDEFINED(d.scalar, sizeof d.scalar);
    VALGRIND_MAKE_MEM_UNDEFINED(d.seed, sizeof d.seed);
    VALGRIND_MAKE_MEM_UNDEFINED(d.text, sizeof d.text);
    run();
    VALGRIND_MAKE_MEM_DEFINED(&d, sizeof d);
    return (unsigned)VALGRIND_COUNT_ERRORS - before;
}

int main(void)
{
    int failed = 0;

    if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "secrets: only valgrind can tell\n");
        return 2;
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unsigned reports = reports_of(rows[i].run);
        bool good = reports == rows[i].due;

        printf("%sok %zu - %s (%u reports)\n", good ? "" : "not ", i + 1, rows[i].name, reports);
        failed += !good;
    }
    printf("1..%zu\n", COUNT_OF(rows));
    return failed == 0 ? 0 : 1;
}
