/* bench_crypto.h: what each primitive is beside: the same work by the library's own call, made as well
 * as that library allows. In wasm there is none: our calls are nearly the library's.
 */
#ifndef SOTTO_BENCH_CRYPTO_H
#define SOTTO_BENCH_CRYPTO_H

#include <stdint.h>

enum { BENCH_ROOM = 1 << 20 };

/* Filled by the program: keys and texts, and room for results. */
struct bench_data {
    uint8_t seed[32], ed[32], scalar[32], u[32], key[32], nonce[24], signature[64], tag[16];
    uint8_t text[BENCH_ROOM], sealed[BENCH_ROOM], out[BENCH_ROOM + 64];
};

struct bench_raw {
    const char *name; /* of the case that it stands beside */
    const char *library;
    void (*run)(struct bench_data *d);
};

/* Ends with a row without a name. */
const struct bench_raw *bench_raw_calls(void);

#endif
