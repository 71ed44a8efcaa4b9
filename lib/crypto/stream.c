/* stream.c: secretstream over libsodium, in both backends.
 *
 * libsodium draws the header itself when it begins to write; randomness is an input here, so both
 * sides begin as its reader does, which sets the same state.
 */
#include "crypto/stream.h"

#include <stdlib.h>
#include <string.h>

#include <sodium/crypto_secretstream_xchacha20poly1305.h>

#include "base/mem.h"
#include "crypto/sodium.h"

typedef crypto_secretstream_xchacha20poly1305_state state;

_Static_assert(sizeof(state) == sizeof(struct sealed_stream), "a state fits");
_Static_assert(_Alignof(state) == 1, "a state is octets");
_Static_assert(SEALED_STREAM_OVERHEAD == crypto_secretstream_xchacha20poly1305_ABYTES, "overhead");

enum {
    TAG_MORE = crypto_secretstream_xchacha20poly1305_TAG_MESSAGE,
    TAG_FINAL = crypto_secretstream_xchacha20poly1305_TAG_FINAL,
};

static state *state_of(struct sealed_stream *s)
{
    return (state *)s->state;
}

void sealed_stream_init(struct sealed_stream *s, const uint8_t key[SEALED_STREAM_KEY_SIZE],
                        const uint8_t header[SEALED_STREAM_HEADER_SIZE])
{
    sodium_ready();
    if (crypto_secretstream_xchacha20poly1305_init_pull(state_of(s), header, key) != 0)
        abort(); /* no input makes it fail */
}

void sealed_stream_drop(struct sealed_stream *s)
{
    secure_zero(s, sizeof *s);
}

void sealed_stream_push(struct sealed_stream *s, enum sealed_chunk kind, struct bytes context,
                        struct bytes plain, uint8_t *out)
{
    uint8_t tag = kind == SEALED_FINAL ? TAG_FINAL : TAG_MORE;

    if (crypto_secretstream_xchacha20poly1305_push(state_of(s), out, NULL, plain.p, plain.n,
                                                   context.p, context.n, tag)
        != 0)
        abort(); /* nor this one */
}

enum err sealed_stream_pull(struct sealed_stream *s, struct bytes context, struct bytes sealed,
                            enum sealed_chunk *out_kind, uint8_t *out)
{
    uint8_t tag;

    if (sealed.n < SEALED_STREAM_OVERHEAD)
        return ERR_MALFORMED;
    if (crypto_secretstream_xchacha20poly1305_pull(state_of(s), out, NULL, &tag, sealed.p, sealed.n,
                                                   context.p, context.n)
        != 0)
        return ERR_DENIED;
    *out_kind = tag == TAG_FINAL ? SEALED_FINAL : SEALED_MORE;
    return ERR_NONE;
}
