/* test_file_cipher.c: files in pieces of every length; nothing altered, cut or lengthened opens. */
#include "../check.h"

#include <string.h>

#include "base/encode.h"
#include "client/file_cipher.h"

enum { ROOM = 256 };

static void count_up(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)i;
}

static const struct random numbers = { count_up, NULL };

static size_t seal(struct attachment *f, struct bytes plain, size_t piece, uint8_t *out)
{
    struct file_cipher s;

    file_seal_begin(&s, f, &numbers);
    for (size_t at = 0; at < plain.n; at += piece) {
        size_t n = plain.n - at < piece ? plain.n - at : piece;

        assert_int_equal(file_seal_piece(&s, bytes_of(plain.p + at, n), out + at), ERR_NONE);
    }
    file_seal_end(&s, f, out + plain.n);
    return plain.n + GCM_TAG_SIZE;
}

static enum err unseal(const struct attachment *f, struct bytes sealed, size_t piece, uint8_t *out,
                       size_t *out_n)
{
    struct file_cipher s;
    enum err e;

    *out_n = 0;
    file_open_begin(&s, f, ROOM);
    for (size_t at = 0; at < sealed.n; at += piece) {
        size_t n = sealed.n - at < piece ? sealed.n - at : piece, got = 0;

        e = file_open_piece(&s, bytes_of(sealed.p + at, n), out + *out_n, &got);
        if (e != ERR_NONE) {
            file_cipher_drop(&s);
            return e;
        }
        *out_n += got;
    }
    return file_open_end(&s);
}

/* The same as AES-256-GCM with key 000102…1f and nonce 000102…0b says (computed with python's cryptography). */
static void known(void **state)
{
    struct attachment f = { 0 };
    struct arena a = { 0 };
    uint8_t out[ROOM];

    (void)state;
    assert_int_equal(seal(&f, bytes_of_str(STR("hello")), 2, out), 5 + GCM_TAG_SIZE);
    check_str("sealed", hex_text(&a, bytes_of(out, 21)),
              "2f67ba77aa2797ff353b8a046d28236dcd9d057bbb");
    check_str("hash", hex_text(&a, bytes_of(f.hash, 32)),
              "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    check_str("hash of what is sealed", hex_text(&a, bytes_of(f.sealed_hash, 32)),
              "effcf74fe7c5079be0c1b54c3999a1a254d5392cf3c960bc4cbc5d24b46efdf8");
    arena_deinit(&a);
}

static void pieces(void **state)
{
    uint8_t plain[80], sealed[ROOM], again[ROOM], out[ROOM];
    size_t n, sealed_n;

    (void)state;
    count_up(NULL, plain, sizeof plain);
    for (size_t size = 0; size <= sizeof plain; size++)
        for (size_t piece = 1; piece <= size + GCM_TAG_SIZE; piece++) {
            struct attachment f = { 0 }, other = { 0 };

            sealed_n = seal(&f, bytes_of(plain, size), piece, sealed);
            assert_int_equal(seal(&other, bytes_of(plain, size), size + 1, again), sealed_n);
            assert_memory_equal(sealed, again, sealed_n);
            assert_memory_equal(f.sealed_hash, other.sealed_hash, ATTACHMENT_HASH);
            check_err("opens", unseal(&f, bytes_of(sealed, sealed_n), piece, out, &n), ERR_NONE);
            assert_int_equal(n, size);
            assert_memory_equal(out, plain, size);
        }
}

static void refused(void **state)
{
    uint8_t plain[40], sealed[ROOM], out[ROOM];
    struct attachment f = { 0 }, untold;
    size_t n, sealed_n;

    (void)state;
    count_up(NULL, plain, sizeof plain);
    sealed_n = seal(&f, bytes_of(plain, sizeof plain), 7, sealed);
    untold = f; /* as from an aesgcm address: the tag alone */
    untold.has_size = untold.has_hash = untold.has_sealed_hash = false;
    for (size_t i = 0; i < sealed_n; i++) {
        sealed[i] ^= 1;
        check_err("altered", unseal(&f, bytes_of(sealed, sealed_n), 16, out, &n), ERR_DENIED);
        check_err("altered", unseal(&untold, bytes_of(sealed, sealed_n), 16, out, &n), ERR_DENIED);
        sealed[i] ^= 1;
        check_err("cut", unseal(&f, bytes_of(sealed, i), 16, out, &n), ERR_DENIED);
        check_err("cut", unseal(&untold, bytes_of(sealed, i), 16, out, &n), ERR_DENIED);
    }
    check_err("more than was said", unseal(&f, bytes_of(sealed, sealed_n + 1), 16, out, &n),
              ERR_TOO_BIG);
    check_err("lengthened", unseal(&untold, bytes_of(sealed, sealed_n + 1), 16, out, &n),
              ERR_DENIED);
    f.size--;
    check_err("another size", unseal(&f, bytes_of(sealed, sealed_n), 16, out, &n), ERR_TOO_BIG);
    f.size += 2;
    check_err("another size", unseal(&f, bytes_of(sealed, sealed_n), 16, out, &n), ERR_DENIED);
    f.size--;
    f.hash[0] ^= 1;
    check_err("another hash", unseal(&f, bytes_of(sealed, sealed_n), 16, out, &n), ERR_DENIED);
    f.hash[0] ^= 1;
    f.sealed_hash[0] ^= 1;
    check_err("another hash", unseal(&f, bytes_of(sealed, sealed_n), 16, out, &n), ERR_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),
        cmocka_unit_test(pieces),
        cmocka_unit_test(refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
