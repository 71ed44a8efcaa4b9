/* stream.h: a long secret in chunks (libsodium's secretstream: XChaCha20-Poly1305), for backups.
 *
 * Chunks cannot be changed, reordered, repeated or left out unnoticed; the last one says so, and a
 * stream that ends without it was cut. Who reads must insist on SEALED_FINAL.
 *
 *     header 24 ‖ (tag of the chunk and its text, encrypted, +17)…
 *
 * Owns: nothing; the state holds the key and is forgotten by sealed_stream_drop().
 * Threads: pure.  Units: octets.
 * Errors: ERR_DENIED when a chunk does not fit: nothing was written and the state has not moved;
 * ERR_MALFORMED when it is too short to be one.
 */
#ifndef SOTTO_CRYPTO_STREAM_H
#define SOTTO_CRYPTO_STREAM_H

#include "base/err.h"
#include "base/str.h"

enum {
    SEALED_STREAM_KEY_SIZE = 32,
    SEALED_STREAM_HEADER_SIZE = 24,
    SEALED_STREAM_OVERHEAD = 17, /* of each chunk */
};

enum sealed_chunk { SEALED_MORE, SEALED_FINAL };

struct sealed_stream {
    uint8_t state[52];
};

/* The header is random, never the same twice with one key, and stands before the chunks. Both who
 * writes and who reads begin so. */
void sealed_stream_init(struct sealed_stream *s, const uint8_t key[SEALED_STREAM_KEY_SIZE],
                        const uint8_t header[SEALED_STREAM_HEADER_SIZE]);
void sealed_stream_drop(struct sealed_stream *s);

/* `context` is authenticated with the chunk, not stored. out: plain.n + SEALED_STREAM_OVERHEAD. */
void sealed_stream_push(struct sealed_stream *s, enum sealed_chunk kind, struct bytes context,
                        struct bytes plain, uint8_t *out);
/* out: sealed.n - SEALED_STREAM_OVERHEAD. */
CHECKED enum err sealed_stream_pull(struct sealed_stream *s, struct bytes context,
                                    struct bytes sealed, enum sealed_chunk *out_kind, uint8_t *out);

#endif
