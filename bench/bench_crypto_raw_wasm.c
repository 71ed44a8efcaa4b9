/* bench_crypto_raw_wasm.c: nothing to stand beside in wasm. */
#include <stddef.h>

#include "bench/bench_crypto.h"

const struct bench_raw *bench_raw_calls(void)
{
    static const struct bench_raw none = { NULL, NULL, NULL };

    return &none;
}
