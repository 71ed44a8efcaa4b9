/* fuzz_turn.c: a connection of TURN whose first octet says how it is cut, after an allocation or before. Whatever comes, what leaves is for the anchor, is
 * no longer than a packet, and only while there is a permission; answers are not longer than a few hundred octets each.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "server/turn.h"
#include "server/turn_credential.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void fill(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    memset(out, 7, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t secret[32] = { 1 };
    const struct stun_address place = { .ip = { 192, 0, 2, 1 }, .port = 3478 };
    const struct turn_rules rules = {
        STR("sotto.test"), bytes_of(secret, sizeof secret), &place, 1, { fill, NULL }
    };
    struct turn_now now = { 1000, 1000 };
    enum turn_step step = TURN_MORE;
    struct turn t;
    struct buf out;

    if (size < 2)
        return 0;
    turn_init(&t, &rules, &place);
    buf_init(&out, 1 << 20);
    if (data[0] & 1) { /* as after a right request */
        t.allocated = true;
        t.relayed = place;
        t.until_ms = 100000;
        t.peers[0] = (struct turn_peer){ 50000, data[0] & 2 ? 50000 : 0, data[0] & 2 ? 0x4000 : 0 };
    }
    for (size_t at = 1; at < size && step != TURN_BROKEN;) {
        size_t n = 1u + (data[0] >> 2) * 4u;
        struct bytes in, packet;

        in = bytes_of(data + at, n < size - at ? n : size - at);
        at += in.n;
        for (;;) {
            size_t before = out.n;

            step = turn_next(&t, &in, now, &out, &packet);
            must(out.n - before < 8192);
            if (step == TURN_ASKS)
                turn_grant(&t, data[0] & 1, now, &out);
            else if (step != TURN_PACKET)
                break;
            if (step != TURN_PACKET)
                continue;
            must(packet.n > 0 && packet.n <= RTP_MAX && turn_is_alive(&t, now));
            must(now.steady_ms < t.peers[0].permitted_ms && t.last == 0);
        }
        must(step == TURN_BROKEN || in.n == 0);
        must(t.held.n <= TURN_MESSAGE_MAX);
        (void)turn_deliver(&t, bytes_of(data, size < RTP_MAX ? size : RTP_MAX), now, &out);
        now.steady_ms += 997;
        buf_reset(&out);
    }
    buf_deinit(&out);
    turn_deinit(&t);
    return 0;
}
