/* voice_out.c: encoding, and how much redundancy goes along. */
#include "media/voice_out.h"

#include <assert.h>
#include <opus/opus.h>
#include <string.h>

enum {
    LOSS_START_PERCENT = 10, /* until we know better: enough for libopus to put redundancy in */
    LOSS_MAX_PERCENT = 30,
    LOSSY = 3,         /* of 256 */
    CALM_REPORTS = 10, /* without losses in a row: a calm network */
    COMPLEXITY = 9,
    LOSSY_PACKET_MS = 20,
    MIDDLE_PACKET_MS =
        40, /* on the way to longer ones, so that the other side's buffer can grow with them */
    MIDDLE_REPORTS = 3,
    DATAGRAM_MAX = 1200,
};

static void set(struct voice_out *v, int request, opus_int32 value)
{
    int failed = opus_encoder_ctl(v->encoder, request, value);

    assert(failed == OPUS_OK);
    (void)failed;
}

void voice_out_init(struct voice_out *v, const struct voice_out_config *config, uint32_t timestamp)
{
    int failed;

    memset(v, 0, sizeof *v);
    v->config = *config;
    v->timestamp = timestamp;
    v->encoder = opus_encoder_create(VOICE_RATE, 1, OPUS_APPLICATION_VOIP, &failed);
    assert(v->encoder != NULL);
    v->lossy = true;
    v->loss_percent = LOSS_START_PERCENT;
    set(v, OPUS_SET_BITRATE_REQUEST, (opus_int32)config->bitrate);
    set(v, OPUS_SET_VBR_REQUEST, 0);
    set(v, OPUS_SET_DTX_REQUEST, config->dtx);
    set(v, OPUS_SET_INBAND_FEC_REQUEST, 1);
    set(v, OPUS_SET_SIGNAL_REQUEST, OPUS_SIGNAL_VOICE);
    set(v, OPUS_SET_COMPLEXITY_REQUEST, COMPLEXITY);
    set(v, OPUS_SET_PACKET_LOSS_PERC_REQUEST, (opus_int32)v->loss_percent);
}

void voice_out_deinit(struct voice_out *v)
{
    opus_encoder_destroy(v->encoder);
    v->encoder = NULL;
}

/* ---- RED: heads of copies, then of the packet itself, then all of them in this order (RFC 2198 §3) ---- */

static size_t put_head(const struct voice_copy *copy, uint32_t timestamp, uint8_t type,
                       uint8_t *out)
{
    uint32_t head =
        (0x80u | type) << 24 | (timestamp - copy->timestamp) << 10 | (uint32_t)copy->size;

    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(head >> (24 - 8 * i));
    return 4;
}

static size_t put_copies(const struct voice_out *v, uint32_t timestamp, uint8_t type, uint8_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < VOICE_COPIES; i++)
        if (v->copies[i].size > 0)
            n += put_head(&v->copies[i], timestamp, type, out + n);
    out[n++] = type;
    for (size_t i = 0; i < VOICE_COPIES; i++) {
        memcpy(out + n, v->copies[i].data, v->copies[i].size);
        n += v->copies[i].size;
    }
    return n;
}

/* A frame that is too long for a copy goes without: it is of a call that was asked to be rich. */
static void keep_copy(struct voice_out *v, uint32_t timestamp, struct bytes frame)
{
    struct voice_copy *last = &v->copies[VOICE_COPIES - 1];

    memmove(v->copies, v->copies + 1, (VOICE_COPIES - 1) * sizeof *v->copies);
    last->timestamp = timestamp;
    last->size = frame.n <= VOICE_COPY_MAX ? frame.n : 0;
    memcpy(last->data, frame.p, last->size);
}

/* ---- Packets ---- */

/* How the next packet will be; only between two packets. */
static void choose_way(struct voice_out *v, bool may_red)
{
    unsigned most = v->lossy                                  ? LOSSY_PACKET_MS
                    : v->calm < CALM_REPORTS + MIDDLE_REPORTS ? MIDDLE_PACKET_MS
                                                              : v->config.packet_ms;
    unsigned ms = v->config.packet_ms < most ? v->config.packet_ms : most;
    bool red = v->lossy && may_red;

    v->packet_samples = ms * JITTER_PER_MS;
    if (red != v->red) /* copies make the coarse ones superfluous, which would cost quality */
        set(v, OPUS_SET_INBAND_FEC_REQUEST, !red);
    v->red = red;
}

static void write_packet(struct voice_out *v, struct bytes frame, uint8_t type,
                         struct voice_packet *out)
{
    size_t n = v->red ? put_copies(v, out->timestamp, type, out->data) : 0;

    if (n + frame.n > DATAGRAM_MAX)
        n = 0;
    out->is_red = n > 0;
    memcpy(out->data + n, frame.p, frame.n);
    out->size = n + frame.n;
}

bool voice_out_feed(struct voice_out *v, const int16_t in[VOICE_TICK], bool may_red,
                    uint8_t opus_type, struct voice_packet *out)
{
    uint8_t frame[JITTER_FRAME_MAX];
    int n;

    if (v->filled == 0)
        choose_way(v, may_red);
    memcpy(v->pcm + v->filled, in, VOICE_TICK * sizeof *in);
    v->filled += VOICE_TICK;
    if (v->filled < v->packet_samples)
        return false;
    v->filled = 0;
    out->timestamp = v->timestamp;
    v->timestamp += v->packet_samples;
    n = opus_encode(v->encoder, v->pcm, (int)v->packet_samples, frame, sizeof frame);
    if (n <= 0 || (v->config.dtx && n <= 2)) /* DTX: nothing is to be sent */
        return false;
    write_packet(v, bytes_of(frame, (size_t)n), opus_type, out);
    keep_copy(v, out->timestamp, bytes_of(frame, (size_t)n));
    return true;
}

/* ---- What comes back ---- */

void voice_out_report(struct voice_out *v, uint8_t fraction_lost)
{
    unsigned percent = (fraction_lost * 100u + 255) / 256;

    v->calm = fraction_lost >= LOSSY ? 0 : v->calm + 1;
    if (v->calm == 0)
        v->lossy = true;
    else if (v->calm >= CALM_REPORTS)
        v->lossy = false;
    /* Up at once, down slowly: losses come in bursts. */
    percent = percent < LOSS_MAX_PERCENT ? percent : LOSS_MAX_PERCENT;
    v->loss_percent = percent > v->loss_percent ? percent : (v->loss_percent * 3 + percent) / 4;
    set(v, OPUS_SET_PACKET_LOSS_PERC_REQUEST,
        (opus_int32)(v->loss_percent < 2 ? 2 : v->loss_percent));
}
