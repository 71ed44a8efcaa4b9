/* sodium_wasm.c: only libsodium's portable code is compiled in, which needs no start. */
#include "crypto/sodium.h"

void sodium_ready(void)
{
}
