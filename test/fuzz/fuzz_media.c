/* fuzz_media.c: what comes out of the sealed packets of an accepted peer: reports, VP8 pieces, payloads of Opus and RED. The first octet
 * says which; the rest is cut into packets by lengths of one octet. */
#include <stdlib.h>

#include "base/reader.h"
#include "media/video_in.h"
#include "media/voice_in.h"

static void hear(struct reader *r)
{
    struct voice_in v;
    int16_t pcm[VOICE_TICK];
    uint64_t now = 1000;

    voice_in_init(&v);
    while (r->left.n > 3) {
        uint32_t timestamp = read_u16(r) * 120u;
        uint8_t size = read_u8(r);

        voice_in_packet(&v, timestamp, read_bytes(r, size < r->left.n ? size : r->left.n),
                        timestamp % 240 == 0, now += 10);
        voice_in_play(&v, now, pcm);
        if (v.pending > COUNT_OF(v.pcm))
            abort();
    }
    voice_in_deinit(&v);
}

static void see(struct reader *r)
{
    struct rtcp_wish wish = { 0 };
    struct video_frame frame;
    struct video_in v;
    uint64_t now = 1000;

    video_in_init(&v);
    while (r->left.n > 4) {
        uint8_t flags = read_u8(r), size;
        struct rtp_header h = { .marker = flags & 1,
                                .sequence = read_u16(r),
                                .timestamp = flags >> 1 };

        size = read_u8(r);
        video_in_packet(&v, &h, read_bytes(r, size < r->left.n ? size : r->left.n), now += 20);
        while (video_in_next(&v, now, &frame))
            if (frame.data.n == 0 || frame.data.n > VIDEO_FRAME_MAX)
                abort();
        wish.nack_count = 0;
        (void)video_in_wish(&v, true, now, &wish);
        if (wish.nack_count > RTCP_NACKS)
            abort();
    }
    video_in_deinit(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of((struct bytes){ data, size });
    struct rtcp_news news;

    switch (read_u8(&r) % 3) {
    case 0:
        if (rtcp_read_news(r.left, 0x01020304, &news) == ERR_NONE && news.nack_count > RTCP_NACKS)
            abort();
        break;
    case 1: hear(&r); break;
    default: see(&r); break;
    }
    return 0;
}
