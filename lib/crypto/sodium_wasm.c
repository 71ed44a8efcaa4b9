/* sodium_wasm.c: libsodium's portable code needs no start. Of the file that has it, there is only the
 * function that ends the program at our own bugs, kept here without what else stands in that file.
 */
#include "crypto/sodium.h"

#include <stdlib.h>

#include <sodium/core.h>

void sodium_ready(void)
{
}

void sodium_misuse(void)
{
    abort();
}
