/* test_traces.c: that no copy of a key stays behind in our memory: neither on the stack nor on the heap
 * that the libraries use.
 *
 * The needle is kept only in another form. After a primitive has run and its caller has overwritten
 * the key, all memory that this process may write is searched. Linux only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/blake2b.h"
#include "crypto/cipher.h"
#include "crypto/curve.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/stream.h"

enum { MASK = 0xa5, PART = 16 }; /* half a key is searched for */

static uint8_t masked[32]; /* the needle, each octet XOR MASK */

/* The key, in the form that HMAC gives it (RFC 2104 §2) if `pad` is not 0. */
static bool is_needle(const uint8_t *p, uint8_t pad)
{
    for (int i = 0; i < PART; i++)
        if (p[i] != (uint8_t)(masked[i] ^ MASK ^ pad))
            return false;
    return true;
}

static struct range {
    uintptr_t from, to;
} ranges[512];

static size_t range_count;

/* Read before the run that counts: to read it needs stack, and would overwrite what is looked for. */
static void read_ranges(void)
{
    static char line[512];
    FILE *maps = fopen("/proc/self/maps", "re");

    assert_non_null(maps);
    range_count = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from, to;
        char rights[5];

        if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) == 3 && strncmp(rights, "rw", 2) == 0) {
            assert_true(range_count < COUNT_OF(ranges));
            ranges[range_count++] = (struct range){ from, to };
        }
    }
    fclose(maps);
}

static size_t count_in_memory(void)
{
    size_t found = 0;

    for (size_t i = 0; i < range_count; i++)
        for (const uint8_t *p = (const uint8_t *)ranges[i].from;
             p + PART <= (const uint8_t *)ranges[i].to; p++)
            found += is_needle(p, 0) || is_needle(p, 0x36) || is_needle(p, 0x5c);
    return found;
}

static uint8_t key[32];

/* Another key each time: what an earlier row left is not counted twice, nor overwritten by luck. */
static void new_key(void)
{
    static uint8_t round;

    round++;
    for (uint8_t i = 0; i < sizeof key; i++) {
        masked[i] = (uint8_t)((i * 151 + round * 59) ^ MASK ^ (i * round));
        key[i] = masked[i] ^ MASK;
    }
}

static uint8_t text[100], out[256], point[32] = { 9 }, nonce[24];

/* One call each, so that the next does not overwrite what this one has left. */
static void do_x25519(void)
{
    assert_int_equal(x25519(key, point, out), ERR_NONE);
}

static void do_x25519_public(void)
{
    x25519_public(key, out);
}

static void do_x25519_of_seed(void)
{
    x25519_of_seed(key, out);
}

static void do_ed25519_public(void)
{
    ed25519_public(key, out);
}

static void do_ed25519_sign(void)
{
    ed25519_sign(key, point, bytes_of(text, 100), out);
}

static void do_hmac(void)
{
    hmac(HASH_SHA256, bytes_of(key, 32), bytes_of(text, 100), out);
}

static void do_hkdf(void)
{
    hkdf(bytes_of(nonce, 24), bytes_of(key, 32), STR("info"), out, 80);
}

static void do_pbkdf2(void)
{
    pbkdf2(HASH_SHA256, bytes_of(key, 32), bytes_of(nonce, 24), 3, out);
}

static void do_blake2b(void)
{
    blake2b(bytes_of(key, 32), bytes_of(text, 100), out, 32);
}

static void do_cbc(void)
{
    size_t n;

    cbc_encrypt(key, nonce, bytes_of(text, 100), out);
    assert_int_equal(cbc_decrypt(key, nonce, bytes_of(out, 112), out, &n), ERR_NONE);
}

static void do_gcm(void)
{
    uint8_t tag[GCM_TAG_SIZE];

    for (size_t key_n = 16; key_n <= 32; key_n += 16)
        for (size_t iv_n = 12; iv_n <= 16; iv_n += 4) {
            struct bytes k = bytes_of(key, key_n), iv = bytes_of(nonce, iv_n);

            gcm_seal(k, iv, bytes_of(text, 100), out, tag);
            assert_int_equal(gcm_open(k, iv, bytes_of(out, 100), tag, out), ERR_NONE);
            assert_int_equal(gcm_open(k, iv, bytes_of(out, 99), tag, out), ERR_DENIED);
        }
}

static void do_xchacha_seal(void)
{
    xchacha_seal(key, nonce, bytes_of(NULL, 0), bytes_of(text, 100), out);
}

static void do_xchacha_open(void)
{
    uint8_t sealed[64] = { 0 };

    assert_int_equal(xchacha_open(key, nonce, bytes_of(NULL, 0), bytes_of(sealed, 64), out),
                     ERR_DENIED);
}

static void do_stream(void)
{
    struct sealed_stream s;

    sealed_stream_init(&s, key, nonce);
    sealed_stream_push(&s, SEALED_FINAL, bytes_of(NULL, 0), bytes_of(text, 100), out);
    sealed_stream_drop(&s);
}

static void do_argon2(void)
{
    struct argon2_cost cost = { 1, 64 };

    assert_int_equal(argon2id(bytes_of(key, 32), nonce, cost, out, 32), ERR_NONE);
}

static __attribute__((noinline)) void run(void (*use)(void))
{
    new_key();
    use();
    secure_zero(key, sizeof key);
}

/* The first run makes what is kept: contexts, stack. */
static size_t traces_of(void (*use)(void))
{
    run(use);
    read_ranges();
    run(use);
    return count_in_memory();
}

static void expect_no_trace(void (*use)(void))
{
    assert_int_equal(traces_of(use), 0);
}

static void test_curves(void **state)
{
    (void)state;
    expect_no_trace(do_x25519);
    expect_no_trace(do_x25519_public);
    expect_no_trace(do_x25519_of_seed);
    expect_no_trace(do_ed25519_public);
    expect_no_trace(do_ed25519_sign);
}

static void test_kdf(void **state)
{
    (void)state;
    expect_no_trace(do_hmac);
    expect_no_trace(do_hkdf);
    expect_no_trace(do_pbkdf2);
    expect_no_trace(do_blake2b);
    expect_no_trace(do_argon2);
}

static void test_ciphers(void **state)
{
    (void)state;
    expect_no_trace(do_cbc);
    expect_no_trace(do_gcm);
    expect_no_trace(do_xchacha_seal);
    expect_no_trace(do_xchacha_open);
    expect_no_trace(do_stream);
}

static __attribute__((noinline)) void leave_on_stack(void)
{
    uint8_t room[1024]; /* the copy is at its lower end, where the search has no frame */

    for (size_t i = 0; i < sizeof key; i++)
        room[i] = key[i];
    __asm__ volatile("" : : "r"(room) : "memory"); /* so that it is written */
}

static uint8_t *left_on_heap;

static void leave_on_heap(void)
{
    mem_free(left_on_heap);
    left_on_heap = mem_alloc(32);
    memcpy(left_on_heap, key, 32);
}

/* The search finds what is there. */
static void test_control(void **state)
{
    (void)state;
    assert_int_equal(traces_of(leave_on_stack), 1);
    assert_int_equal(traces_of(leave_on_heap), 1);
    mem_free(left_on_heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_kdf),
        cmocka_unit_test(test_ciphers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
