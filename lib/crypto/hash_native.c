/* hash_native.c: the running state over OpenSSL's EVP.
 *
 * Looking an algorithm up by name costs more than hashing a block, so the three are fetched once
 * per process and kept. That table is the one thing here which is not on the caller's stack: it is
 * written under a once-guard before its first use and never changes, so it is a constant that could
 * only be computed at run time, not state. OpenSSL releases it with the process. EVP refuses only
 * when memory is short or the library is broken: both stop the process (mem.h).
 */
#include "crypto/hash.h"

#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

static CRYPTO_ONCE fetched = CRYPTO_ONCE_STATIC_INIT;
static EVP_MD *algorithms[HASH_COUNT];

static void must(int ok)
{
    if (ok != 1)
        abort();
}

static void fetch_algorithms(void)
{
    static const char *const names[HASH_COUNT] = {
        [HASH_SHA1] = "SHA1", [HASH_SHA256] = "SHA2-256", [HASH_SHA512] = "SHA2-512"
    };

    for (int i = 0; i < HASH_COUNT; i++) {
        algorithms[i] = EVP_MD_fetch(NULL, names[i], NULL);
        must(algorithms[i] != NULL);
    }
}

void hash_init(struct hash_state *s, enum hash h)
{
    must(CRYPTO_THREAD_run_once(&fetched, fetch_algorithms));
    s->kind = h;
    s->u.native = EVP_MD_CTX_new();
    must(s->u.native != NULL);
    must(EVP_DigestInit_ex2(s->u.native, algorithms[h], NULL));
}

void hash_update(struct hash_state *s, struct bytes in)
{
    must(EVP_DigestUpdate(s->u.native, in.p, in.n));
}

void hash_end(struct hash_state *s, uint8_t *out)
{
    must(EVP_DigestFinal_ex(s->u.native, out, NULL));
}

void hash_copy(struct hash_state *s, const struct hash_state *from)
{
    must(EVP_MD_CTX_copy_ex(s->u.native, from->u.native));
}

void hash_drop(struct hash_state *s)
{
    EVP_MD_CTX_free(s->u.native); /* which clears it: the state may hold a key's block */
    s->u.native = NULL;
}
