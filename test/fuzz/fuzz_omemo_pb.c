/* fuzz_omemo_pb.c: octets that are read as a message of a session are written as the same message. */
#include <stdlib.h>
#include <string.h>

#include "omemo/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static bool is_within(struct bytes part, const uint8_t *data, size_t n)
{
    return part.n == 0 || (part.p >= data && part.n <= n && part.p <= data + n - part.n);
}

static void check_same(const struct codec_key *a, const struct codec_key *b)
{
    check(a->message.n == b->message.n && a->message.previous_n == b->message.previous_n);
    check(memcmp(a->message.ratchet_key, b->message.ratchet_key, OMEMO_KEY) == 0);
    check(a->message.sealed.n == b->message.sealed.n);
    check(a->message.sealed.n == 0
          || memcmp(a->message.sealed.p, b->message.sealed.p, a->message.sealed.n) == 0);
    check(a->exchange.has_prekey == b->exchange.has_prekey);
    check(a->exchange.prekey_id == b->exchange.prekey_id);
    check(a->exchange.signed_prekey_id == b->exchange.signed_prekey_id);
    check(memcmp(a->exchange.ephemeral, b->exchange.ephemeral, OMEMO_KEY) == 0);
    check(memcmp(a->exchange.identity, b->exchange.identity, OMEMO_KEY) == 0);
}

static void read_and_write(enum omemo version, bool is_exchange, const uint8_t *data, size_t n)
{
    uint8_t room[CODEC_OUT_MAX];
    struct codec_key key, again;
    struct codec_message m;
    struct codec_out out;

    if (codec_read(version, is_exchange, bytes_of(data, n), &key) != ERR_NONE)
        return;
    check(is_within(key.message.covered, data, n) && is_within(key.message.mac, data, n));
    check(key.message.mac.n == dialect_of(version)->mac_size);
    m = key.message; /* the covered octets may hold fields that we do not know */
    m.covered = codec_cover(version, &m, room);
    codec_write(version, &m, is_exchange ? &key.exchange : NULL, &out);
    check(codec_read(version, is_exchange, bytes_of(out.octets, out.n), &again) == ERR_NONE);
    check_same(&key, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    for (enum omemo v = OMEMO_03; v <= OMEMO_2; v = (enum omemo)(v + 1)) {
        read_and_write(v, false, data, n);
        read_and_write(v, true, data, n);
    }
    return 0;
}
