/* sodium.h: libsodium's start. Natively it chooses the code for this processor, which it must have
 * done before its first use; in wasm there is nothing to choose.
 *
 * Internal to lib/crypto.  Threads: safe.
 */
#ifndef SOTTO_CRYPTO_SODIUM_H
#define SOTTO_CRYPTO_SODIUM_H

void sodium_ready(void);

#endif
