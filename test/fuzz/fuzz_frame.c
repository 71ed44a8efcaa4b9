/* fuzz_frame.c: a stream of framed packets, read whole and read in pieces whose sizes the input says: the same packets, none longer than may be. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rtp/frame.h"

enum { PIECES = 8, PACKETS = 4096 };

struct heard {
    size_t count, sizes[PACKETS];
    uint32_t sum;
    bool broken;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void hear(struct heard *h, struct frame_reader *r, struct bytes in)
{
    struct bytes packet;
    enum frame_verdict v;

    if (h->broken)
        return;
    while ((v = frame_next(r, &in, &packet)) == FRAME_PACKET) {
        must(packet.n <= RTP_MAX);
        for (size_t i = 0; i < packet.n; i++)
            h->sum = h->sum * 31 + packet.p[i];
        if (h->count < PACKETS)
            h->sizes[h->count] = packet.n;
        h->count++;
    }
    h->broken = v == FRAME_BROKEN;
    must(h->broken || in.n == 0);
    must(r->held < FRAME_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct heard whole, cut;
    struct frame_reader a = { 0 }, b = { 0 };

    memset(&whole, 0, sizeof whole);
    memset(&cut, 0, sizeof cut);
    if (size < PIECES)
        return 0;
    hear(&whole, &a, bytes_of(data + PIECES, size - PIECES));
    for (size_t at = PIECES, i = 0; at < size; i++) {
        size_t n = 1u + data[i % PIECES] * 8u;

        n = n < size - at ? n : size - at;
        hear(&cut, &b, bytes_of(data + at, n));
        at += n;
    }
    must(whole.count == cut.count && whole.sum == cut.sum && whole.broken == cut.broken);
    must(memcmp(whole.sizes, cut.sizes, sizeof whole.sizes) == 0);
    return 0;
}
