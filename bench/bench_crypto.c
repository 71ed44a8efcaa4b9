/* bench_crypto.c: how fast each primitive of lib/crypto is, beside the library's own call. Native and,
 * by tools/build-wasm, under node. One JSON object on standard output.
 *
 * usage: bench_crypto [milliseconds per figure (200)]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "bench/bench_crypto.h"
#include "crypto/blake2b.h"
#include "crypto/cipher.h"
#include "crypto/curve.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/stream.h"

#ifdef CLOCK_PROCESS_CPUTIME_ID
#define CLOCK CLOCK_PROCESS_CPUTIME_ID
#else
#define CLOCK CLOCK_MONOTONIC /* wasi has no other */
#endif

enum { BATCHES = 20, MESSAGE = 200, CHUNK = 64 * 1024 };

static void must(bool ok)
{
    if (!ok) {
        fprintf(stderr, "bench_crypto: a primitive failed\n");
        exit(1);
    }
}

static void run_x25519(struct bench_data *d)
{
    must(x25519(d->scalar, d->u, d->out) == ERR_NONE);
}

static void run_x25519_public(struct bench_data *d)
{
    x25519_public(d->scalar, d->out);
}

static void run_sign(struct bench_data *d)
{
    ed25519_sign(d->seed, d->ed, bytes_of(d->text, 64), d->out);
}

static void run_verify(struct bench_data *d)
{
    must(ed25519_verify(d->ed, bytes_of(d->text, 64), d->signature));
}

static void run_to_montgomery(struct bench_data *d)
{
    must(x25519_of_ed25519(d->ed, d->out) == ERR_NONE);
}

static void run_to_edwards(struct bench_data *d)
{
    must(ed25519_of_x25519(d->u, false, d->out) == ERR_NONE);
}

static void run_hmac(struct bench_data *d)
{
    hmac(HASH_SHA256, bytes_of(d->key, 32), bytes_of(d->text, 1), d->out);
}

static void run_hmac_message(struct bench_data *d)
{
    hmac(HASH_SHA256, bytes_of(d->key, 32), bytes_of(d->text, 150), d->out);
}

static void run_hkdf(struct bench_data *d)
{
    hkdf(bytes_of(d->nonce, 24), bytes_of(d->key, 32), STR("OMEMO Message Key Material"), d->out,
         80);
}

static void run_blake2b(struct bench_data *d)
{
    blake2b(bytes_of(d->key, 32), bytes_of(d->text, 32), d->out, 32);
}

static void run_cbc_encrypt(struct bench_data *d)
{
    cbc_encrypt(d->key, d->nonce, bytes_of(d->text, 48), d->out);
}

/* Both ways: decrypting alone would need a text whose padding is right. */
static void run_cbc_round(struct bench_data *d)
{
    size_t n;

    cbc_encrypt(d->key, d->nonce, bytes_of(d->text, 48), d->out);
    must(cbc_decrypt(d->key, d->nonce, bytes_of(d->out, 64), d->out, &n) == ERR_NONE);
}

static void run_gcm_seal(struct bench_data *d)
{
    gcm_seal(bytes_of(d->key, 16), bytes_of(d->nonce, 12), bytes_of(d->text, MESSAGE), d->out,
             d->tag);
}

static void run_gcm_open(struct bench_data *d)
{
    must(gcm_open(bytes_of(d->key, 16), bytes_of(d->nonce, 12), bytes_of(d->sealed, MESSAGE),
                  d->tag, d->out)
         == ERR_NONE);
}

static void run_gcm_file(struct bench_data *d)
{
    uint8_t tag[GCM_TAG_SIZE];

    gcm_seal(bytes_of(d->key, 32), bytes_of(d->nonce, 12), bytes_of(d->text, BENCH_ROOM), d->out,
             tag);
}

static void run_xchacha(struct bench_data *d)
{
    xchacha_seal(d->key, d->nonce, bytes_of(d->text, 16), bytes_of(d->text, MESSAGE), d->out);
}

static void run_stream(struct bench_data *d)
{
    struct sealed_stream s;

    sealed_stream_init(&s, d->key, d->nonce);
    sealed_stream_push(&s, SEALED_MORE, bytes_of(NULL, 0), bytes_of(d->text, CHUNK), d->out);
    sealed_stream_drop(&s);
}

static void run_argon2(struct bench_data *d)
{
    struct argon2_cost cost = { .passes = 3, .memory_kib = 64 * 1024 };

    must(argon2id(bytes_of(d->text, 20), d->nonce, cost, d->out, 32) == ERR_NONE);
}

static const struct bench_case {
    const char *name;
    void (*run)(struct bench_data *d);
    size_t octets; /* of text, where throughput matters */
} cases[] = {
    { "x25519", run_x25519, 0 },
    { "x25519_public", run_x25519_public, 0 },
    { "ed25519_sign", run_sign, 0 },
    { "ed25519_verify", run_verify, 0 },
    { "x25519_of_ed25519", run_to_montgomery, 0 },
    { "ed25519_of_x25519", run_to_edwards, 0 },
    { "hmac_sha256_1", run_hmac, 0 },
    { "hmac_sha256_150", run_hmac_message, 0 },
    { "hkdf_80", run_hkdf, 0 },
    { "blake2b_32", run_blake2b, 0 },
    { "cbc_encrypt_48", run_cbc_encrypt, 0 },
    { "cbc_encrypt_decrypt_48", run_cbc_round, 0 },
    { "gcm_seal_200", run_gcm_seal, 0 },
    { "gcm_open_200", run_gcm_open, 0 },
    { "gcm_seal_1MiB", run_gcm_file, BENCH_ROOM },
    { "xchacha_seal_200", run_xchacha, 0 },
    { "stream_push_64KiB", run_stream, CHUNK },
    { "argon2id_64MiB_3", run_argon2, 0 },
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double batch_s(void (*run)(struct bench_data *), struct bench_data *d, long count)
{
    double start = now_s();

    for (long i = 0; i < count; i++)
        run(d);
    return now_s() - start;
}

/* Seconds per call: the best of many batches, since what disturbs the machine only ever adds. */
static double measure(void (*run)(struct bench_data *), struct bench_data *d, double budget_s)
{
    long count = 1;
    double took = batch_s(run, d, 1), spent, best;

    while (took < budget_s / BATCHES) {
        count *= 2;
        took = batch_s(run, d, count);
    }
    spent = best = took;
    while (spent < budget_s) {
        took = batch_s(run, d, count);
        best = took < best ? took : best;
        spent += took;
    }
    return best / (double)count;
}

static const struct bench_raw *raw_of(const char *name)
{
    for (const struct bench_raw *r = bench_raw_calls(); r->name != NULL; r++)
        if (strcmp(r->name, name) == 0)
            return r;
    return NULL;
}

static void print_case(const struct bench_case *c, struct bench_data *d, double budget_s, bool last)
{
    const struct bench_raw *raw = raw_of(c->name);
    double s = measure(c->run, d, budget_s);

    printf("  \"%s\": { \"us\": %.3f, \"per_second\": %.0f", c->name, s * 1e6, 1 / s);
    if (c->octets > 0)
        printf(", \"mb_per_second\": %.0f", (double)c->octets / s / 1e6);
    if (raw != NULL)
        printf(", \"raw_us\": %.3f, \"raw\": \"%s\"", measure(raw->run, d, budget_s) * 1e6,
               raw->library);
    printf(" }%s\n", last ? "" : ",");
}

static void fill(struct bench_data *d)
{
    for (size_t i = 0; i < sizeof d->text; i++)
        d->text[i] = (uint8_t)(i * 31);
    memcpy(d->seed, "a seed for a benchmark, not more", 32);
    memcpy(d->key, "a key for a benchmark, no secret", 32);
    ed25519_public(d->seed, d->ed);
    x25519_of_seed(d->seed, d->scalar);
    x25519_public(d->scalar, d->u);
    ed25519_sign(d->seed, d->ed, bytes_of(d->text, 64), d->signature);
    gcm_seal(bytes_of(d->key, 16), bytes_of(d->nonce, 12), bytes_of(d->text, MESSAGE), d->sealed,
             d->tag);
}

int main(int argc, char **argv)
{
    long budget_ms = argc > 1 ? strtol(argv[1], NULL, 10) : 200;
    struct bench_data *d = mem_alloc(sizeof *d);

    if (budget_ms <= 0) {
        fprintf(stderr, "usage: bench_crypto [milliseconds per figure]\n");
        return 2;
    }
    fill(d);
    printf("{\n");
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        print_case(&cases[i], d, (double)budget_ms / 1000, i == COUNT_OF(cases) - 1);
    printf("}\n");
    mem_free(d);
    return 0;
}
