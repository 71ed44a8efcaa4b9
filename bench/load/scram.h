/* scram.h: the client's side of SCRAM (RFC 5802, RFC 7677), straight on OpenSSL.
 *
 * The generator measures servers, so it must not share their SASL code. Salted keys are remembered per
 * (hash, salt, iterations): only the first login of an account costs the generator a key derivation.
 * Owns: what its structs hold, until the deinit.  Threads: one at a time.
 * Errors: ERR_MALFORMED for messages that break the grammar, ERR_DENIED for a server that does not know
 * the password, ERR_UNSUPPORTED for an unknown mechanism, ERR_TOO_BIG for absurd iteration counts.
 */
#ifndef SOTTO_BENCH_SCRAM_H
#define SOTTO_BENCH_SCRAM_H

#include "base/buf.h"
#include "base/map.h"

enum { SCRAM_HASH_MAX = 64, SCRAM_ITERATIONS_MAX = 1000000, SCRAM_MESSAGE_MAX = 4096 };

struct keyring {
    const char *hash;     /* OpenSSL's name */
    const char *password; /* borrowed */
    struct map keys;
};

struct scram {
    struct keyring *ring;
    struct buf transcript; /* client-first-message-bare, later the whole auth-message */
    struct buf nonce;
    uint8_t server_signature[SCRAM_HASH_MAX];
};

CHECKED enum err keyring_init(struct keyring *ring, const char *mechanism, const char *password);
void keyring_deinit(struct keyring *ring);

void scram_init(struct scram *s, struct keyring *ring);
void scram_deinit(struct scram *s);

/* Each appends the base64 text of one message to *out. `nonce` is printable, without comma. */
void scram_first(struct scram *s, struct str user, struct str nonce, struct buf *out);
CHECKED enum err scram_final(struct scram *s, struct str challenge_base64, struct buf *out);

/* Whether the server proved that it knows the account's keys. */
CHECKED enum err scram_verify(const struct scram *s, struct str success_base64);

#endif
