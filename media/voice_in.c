/* voice_in.c: unpacking, decoding, repairing, playing at the right time. */
#include "media/voice_in.h"

#include <assert.h>
#include <opus/opus.h>
#include <string.h>

#include "base/reader.h"
#include "base/mem.h"
#include "media/stretch.h"

enum {
    RED_BLOCKS = 4,
    STALL_MAX = 120 * JITTER_PER_MS, /* wait that long for what may only be late */
    DTX_SIZE = 2,                    /* octets: RFC 6716 §2.1.9, as libopus writes it */
    SLACK_MS = 20,
    STRETCH_EVERY = 80 * JITTER_PER_MS,
    STRETCH_URGENT_MS = 100,
    STRETCH_EVERY_URGENT = VOICE_TICK,
};

void voice_in_init(struct voice_in *v)
{
    int failed;

    memset(v, 0, sizeof *v);
    v->decoder = opus_decoder_create(VOICE_RATE, 1, &failed);
    assert(v->decoder != NULL);
    jitter_reset(&v->jitter);
}

void voice_in_deinit(struct voice_in *v)
{
    opus_decoder_destroy(v->decoder);
    v->decoder = NULL;
}

void voice_in_reset(struct voice_in *v)
{
    opus_decoder_ctl(v->decoder, OPUS_RESET_STATE);
    jitter_reset(&v->jitter);
    v->pending = 0;
    v->playing = false;
}

/* ---- Packets ---- */

static void put(struct voice_in *v, uint32_t timestamp, struct bytes frame, bool redundant,
                uint64_t now_ms)
{
    int samples = opus_packet_get_nb_samples(frame.p, (opus_int32)frame.n, VOICE_RATE);

    if (frame.n == 0 || samples <= 0 || samples > VOICE_PACKET_MAX)
        return;
    jitter_put(&v->jitter, timestamp, (unsigned)samples, frame, redundant, now_ms);
}

/* RFC 2198 §3: headers of 4 octets for copies, of 1 for the packet itself, then all blocks.
 *   |1| type 7 | timestamp offset 14 | length 10 |      |0| type 7 |                            */
static void put_red(struct voice_in *v, uint32_t timestamp, struct bytes payload, uint64_t now_ms)
{
    struct reader r = reader_of(payload);
    struct {
        uint32_t back;
        size_t size;
    } copies[RED_BLOCKS];
    struct bytes blocks[RED_BLOCKS];
    size_t count = 0;

    while (r.left.n > 0 && (r.left.p[0] & 0x80) != 0) {
        uint32_t word = read_u32(&r);

        if (count == RED_BLOCKS)
            return;
        copies[count].back = word >> 10 & 0x3fff;
        copies[count++].size = word & 0x3ff;
    }
    read_u8(&r);
    for (size_t i = 0; i < count; i++)
        blocks[i] = read_bytes(&r, copies[i].size);
    if (r.failed)
        return;
    put(v, timestamp, r.left, false, now_ms);
    for (size_t i = 0; i < count; i++)
        put(v, timestamp - copies[i].back, blocks[i], true, now_ms);
}

void voice_in_packet(struct voice_in *v, uint32_t timestamp, struct bytes payload, bool is_red,
                     uint64_t now_ms)
{
    if (is_red)
        put_red(v, timestamp, payload, now_ms);
    else
        put(v, timestamp, payload, false, now_ms);
}

/* RFC 6716 §4.2.3, §4.2.4: after the frame's VAD flags comes the flag of redundancy (LBRR), for each channel. */
bool voice_has_redundancy(struct bytes packet)
{
    const unsigned char *frames[48];
    opus_int16 sizes[48];
    unsigned char toc;
    int count, pieces, channels;

    if (packet.n == 0)
        return false;
    count = opus_packet_parse(packet.p, (opus_int32)packet.n, &toc, frames, sizes, NULL);
    if (count <= 0 || sizes[0] < 1 || toc >> 3 >= 16) /* CELT alone has none */
        return false;
    pieces = opus_packet_get_samples_per_frame(packet.p, VOICE_RATE) / (20 * JITTER_PER_MS);
    pieces = pieces == 0 ? 1 : pieces;
    channels = toc & 4 ? 2 : 1;
    for (int i = 1; i <= channels; i++)
        if ((frames[0][0] & 0x80 >> (i * (pieces + 1) - 1)) != 0)
            return true;
    return false;
}

/* ---- Decoding ---- */

static void append(struct voice_in *v, struct bytes packet, bool repair, unsigned samples)
{
    int n = opus_decode(v->decoder, packet.p, (opus_int32)packet.n, v->pcm + v->pending,
                        (int)samples, repair);

    if (n < 0) /* a frame that is none: as if it had not come */
        n = opus_decode(v->decoder, NULL, 0, v->pcm + v->pending, (int)samples, 0);
    if (n > 0)
        v->pending += (unsigned)n;
}

static void conceal(struct voice_in *v, unsigned samples)
{
    append(v, (struct bytes){ 0 }, false, samples);
    if (!v->silent_sender)
        v->concealed += samples;
}

static unsigned whole_pieces(int64_t samples)
{
    const int64_t piece = 5 * JITTER_PER_MS / 2; /* Opus knows no shorter time than 2.5 ms */
    int64_t n = samples / piece * piece;

    n = n == 0 ? piece : n;
    return n > VOICE_PACKET_MAX ? VOICE_PACKET_MAX : (unsigned)n;
}

/* `after` is the next packet that is there, `gap` samples of what comes before it are not. */
static void fill_gap(struct voice_in *v, const struct jitter_frame *after, int64_t gap,
                     uint64_t now_ms)
{
    struct bytes packet = { after->data, after->size };
    bool repairs = !after->redundant && gap == after->samples && voice_has_redundancy(packet);
    unsigned samples;

    jitter_note_loss(&v->jitter, now_ms);
    if (repairs) {
        samples = after->samples;
        append(v, packet, true, samples);
        v->recovered += samples;
    } else {
        samples = whole_pieces(gap > after->samples ? gap - after->samples : gap);
        conceal(v, samples);
    }
    jitter_pass(&v->jitter, samples);
}

static void decode_more(struct voice_in *v, uint64_t now_ms)
{
    struct jitter_frame frame;
    int64_t gap;

    switch (jitter_take(&v->jitter, &frame, &gap)) {
    case JITTER_FRAME:
        append(v, bytes_of(frame.data, frame.size), false, frame.samples);
        if (frame.redundant)
            v->recovered += frame.samples;
        if (frame.redundant)
            jitter_note_loss(&v->jitter, now_ms);
        v->silent_sender = frame.size <= DTX_SIZE;
        v->starved = 0;
        break;
    case JITTER_GAP:
        fill_gap(v, &frame, gap, now_ms);
        v->starved = 0;
        break;
    case JITTER_NOTHING:
        /* Late or lost? The first moments count as late: what is played then is not skipped. */
        conceal(v, VOICE_TICK);
        v->starved += VOICE_TICK;
        if (v->starved > STALL_MAX || v->silent_sender)
            jitter_pass(&v->jitter, VOICE_TICK);
        break;
    }
}

/* ---- Playing ---- */

static void approach_target(struct voice_in *v, uint64_t now_ms)
{
    int64_t off = jitter_delay_ms(&v->jitter, v->pending, now_ms) - (int64_t)v->jitter.target_ms;
    unsigned pause = off > STRETCH_URGENT_MS ? STRETCH_EVERY_URGENT : STRETCH_EVERY;

    v->since_stretch += VOICE_TICK;
    if (v->since_stretch < pause)
        return;
    while (off > SLACK_MS && v->pending < STRETCH_INPUT && jitter_has_next(&v->jitter))
        decode_more(v, now_ms);
    if (v->pending < STRETCH_INPUT)
        return;
    if (off > SLACK_MS)
        v->pending = (unsigned)stretch_shorten(v->pcm, v->pending);
    else if (off < 0)
        v->pending = (unsigned)stretch_lengthen(v->pcm, v->pending, COUNT_OF(v->pcm));
    else
        return;
    v->since_stretch = 0;
}

bool voice_in_play(struct voice_in *v, uint64_t now_ms, int16_t out[VOICE_TICK])
{
    if (!v->playing && v->jitter.started)
        v->playing = jitter_delay_ms(&v->jitter, 0, now_ms) >= (int64_t)v->jitter.target_ms;
    if (!v->playing) {
        memset(out, 0, VOICE_TICK * sizeof *out);
        return false;
    }
    while (v->pending < VOICE_TICK)
        decode_more(v, now_ms);
    approach_target(v, now_ms);
    while (v->pending < VOICE_TICK) /* what was shortened */
        decode_more(v, now_ms);
    memcpy(out, v->pcm, VOICE_TICK * sizeof *out);
    v->pending -= VOICE_TICK;
    memmove(v->pcm, v->pcm + VOICE_TICK, v->pending * sizeof *v->pcm);
    v->played += VOICE_TICK;
    return true;
}
