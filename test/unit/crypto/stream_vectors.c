/* stream_vectors.c: sealed streams against reference.py, and what must not pass: chunks that were
 * changed, left out, repeated, reordered; streams of another key or header.
 */
#include <string.h>

#include "base/mem.h"
#include "crypto/stream.h"
#include "vectors.h"

enum { CHUNKS = 4, PLAIN_MAX = 70, CHUNK_MAX = PLAIN_MAX + SEALED_STREAM_OVERHEAD };

/* The key is the octets from 0 on, the header those from 100 on. */
static const struct {
    enum sealed_chunk kind;
    const char *context, *plain, *sealed;
} chunks[CHUNKS] = {
    { SEALED_MORE, "", "", "5fd5ec9f27982984c6c795bc5f0c7c4685" },
    { SEALED_MORE, "1", "6669727374", "4be76079eca914caef586cf17c8af642b8a88a7d3592" },
    { SEALED_MORE, "",
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445",
      "e340c02213000fc07f7f9b8b2b4cbd6d86e5ad3280a17ba0cfbe620c2dc45d8c"
      "f19aa75f7eee83ddca085ed965735e2e7f86fb0af767c0a56fe9d50711eaf54b"
      "94c4343a027bf3d575afada1ad08098d2ad93a220d97bc" },
    { SEALED_FINAL, "end", "746865206c617374206f6e65",
      "a21324fe90fdd7eb03fa032a7b0d36c23f19cba9e25b871604027a687d" },
};

static struct sealed_stream start(uint8_t key_from, uint8_t header_from)
{
    uint8_t key[SEALED_STREAM_KEY_SIZE], header[SEALED_STREAM_HEADER_SIZE];
    struct sealed_stream s;

    for (uint8_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(key_from + i);
    for (uint8_t i = 0; i < sizeof header; i++)
        header[i] = (uint8_t)(header_from + i);
    sealed_stream_init(&s, key, header);
    return s;
}

static struct bytes context(int i)
{
    return bytes_of_str(str_from(chunks[i].context));
}

static enum err pull(struct arena *a, struct sealed_stream *s, int i, enum sealed_chunk *kind,
                     uint8_t *out)
{
    return sealed_stream_pull(s, context(i), vector_octets(a, chunks[i].sealed), kind, out);
}

static void run_rows(struct arena *a, vector_report *report)
{
    struct sealed_stream writer = start(0, 100), reader = start(0, 100);
    uint8_t out[CHUNK_MAX];
    enum sealed_chunk kind;

    for (int i = 0; i < CHUNKS; i++) {
        struct bytes plain = vector_octets(a, chunks[i].plain);

        sealed_stream_push(&writer, chunks[i].kind, context(i), plain, out);
        report("sealed_stream_push", vector_shows(a, out, chunks[i].sealed));
        report("sealed_stream_pull", pull(a, &reader, i, &kind, out) == ERR_NONE
                                         && kind == chunks[i].kind
                                         && memcmp(out, plain.p, plain.n) == 0);
    }
    sealed_stream_drop(&writer);
    report("sealed_stream_drop", vector_only((const uint8_t *)&writer, sizeof writer, 0));
    sealed_stream_drop(&reader);
}

/* A refusal does not move the reader: the right chunk passes afterwards. */
static void run_order(struct arena *a, vector_report *report)
{
    struct sealed_stream reader = start(0, 100);
    uint8_t out[CHUNK_MAX];
    enum sealed_chunk kind;

    for (int i = 0; i < CHUNKS; i++) {
        for (int other = 0; other < CHUNKS; other++)
            if (other != i)
                report("a chunk out of order", pull(a, &reader, other, &kind, out) == ERR_DENIED);
        report("a chunk in order", pull(a, &reader, i, &kind, out) == ERR_NONE);
    }
    sealed_stream_drop(&reader);
}

static void run_damage(struct arena *a, vector_report *report)
{
    struct sealed_stream reader = start(0, 100), other_key = start(1, 100);
    struct sealed_stream other_header = start(0, 101);
    struct bytes sealed = vector_octets(a, chunks[0].sealed);
    uint8_t copy[CHUNK_MAX], out[CHUNK_MAX];
    enum sealed_chunk kind = SEALED_FINAL;
    bool refused = true;

    report("another key", pull(a, &other_key, 0, &kind, out) == ERR_DENIED);
    report("another header", pull(a, &other_header, 0, &kind, out) == ERR_DENIED);
    report("another context",
           sealed_stream_pull(&reader, bytes_of("x", 1), sealed, &kind, out) == ERR_DENIED);
    for (size_t n = 0; n < SEALED_STREAM_OVERHEAD; n++)
        report("a chunk too short",
               sealed_stream_pull(&reader, context(0), bytes_of(sealed.p, n), &kind, out)
                   == ERR_MALFORMED);
    for (size_t bit = 0; bit < sealed.n * 8; bit++) {
        memcpy(copy, sealed.p, sealed.n);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        refused &= sealed_stream_pull(&reader, context(0), bytes_of(copy, sealed.n), &kind, out)
                   == ERR_DENIED;
    }
    report("a bit flipped", refused && kind == SEALED_FINAL);
    report("the chunk itself", pull(a, &reader, 0, &kind, out) == ERR_NONE && kind == SEALED_MORE);
    sealed_stream_drop(&reader);
    sealed_stream_drop(&other_key);
    sealed_stream_drop(&other_header);
}

void stream_vectors_run(vector_report *report)
{
    struct arena a = { 0 };

    run_rows(&a, report);
    run_order(&a, report);
    run_damage(&a, report);
    arena_deinit(&a);
}
