/* video_out.c: encoding for a call: no frame waits for a later one, one thread, as fast as needed. */
#include "media/video_out.h"

#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include "base/mem.h"

enum {
    CLOCK = 90000,
    SPEED = 10,      /* of 16: 480 lines in about 3 ms */
    KEY_EVERY = 900, /* frames: whole pictures come when they are asked for */
    LOSS_BAD = 26,   /* of 256: a tenth */
    LOSS_GOOD = 5,
};

struct encoder {
    vpx_codec_ctx_t codec;
    vpx_codec_enc_cfg_t settings;
    bool open;
};

enum err video_out_init(struct video_out *v, unsigned width, unsigned height)
{
    struct encoder *e = mem_alloc(sizeof *e);
    vpx_codec_enc_cfg_t *c = &e->settings;

    *v = (struct video_out){
        .encoder = e, .bitrate = VIDEO_BITRATE_START, .width = width, .height = height
    };
    if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), c, 0) != VPX_CODEC_OK)
        return ERR_IO;
    c->g_w = width;
    c->g_h = height;
    c->g_timebase.num = 1;
    c->g_timebase.den = CLOCK;
    c->g_threads = 1;
    c->g_lag_in_frames = 0;
    c->g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
    c->rc_end_usage = VPX_CBR;
    c->rc_target_bitrate = VIDEO_BITRATE_START / 1000;
    c->rc_min_quantizer = 4;
    c->rc_max_quantizer = 56;
    c->rc_buf_sz = 600;
    c->rc_buf_initial_sz = 400;
    c->rc_buf_optimal_sz = 500;
    c->rc_dropframe_thresh = 30;
    c->kf_max_dist = KEY_EVERY;
    e->open = vpx_codec_enc_init(&e->codec, vpx_codec_vp8_cx(), c, 0) == VPX_CODEC_OK;
    if (!e->open || vpx_codec_control(&e->codec, VP8E_SET_CPUUSED, -SPEED) != VPX_CODEC_OK
        || vpx_codec_control(&e->codec, VP8E_SET_STATIC_THRESHOLD, 100) != VPX_CODEC_OK)
        return ERR_IO;
    return ERR_NONE;
}

void video_out_deinit(struct video_out *v)
{
    struct encoder *e = v->encoder;

    if (e != NULL && e->open)
        vpx_codec_destroy(&e->codec);
    mem_free(e);
    v->encoder = NULL;
}

enum err video_out_encode(struct video_out *v, const struct picture *p, uint64_t ticks)
{
    struct encoder *e = v->encoder;
    vpx_image_t image;
    vpx_codec_iter_t iterator = NULL;
    const vpx_codec_cx_pkt_t *packet;
    vpx_enc_frame_flags_t flags = v->whole_wanted ? VPX_EFLAG_FORCE_KF : 0;

    v->frame.n = 0;
    /* libvpx takes pictures by pointers that it does not write through. */
    if (vpx_img_wrap(&image, VPX_IMG_FMT_I420, v->width, v->height, 1, (uint8_t *)p->data) == NULL
        || vpx_codec_encode(&e->codec, &image, (vpx_codec_pts_t)ticks, CLOCK / PICTURE_RATE, flags,
                            VPX_DL_REALTIME)
               != VPX_CODEC_OK)
        return ERR_IO;
    while ((packet = vpx_codec_get_cx_data(&e->codec, &iterator)) != NULL)
        if (packet->kind == VPX_CODEC_CX_FRAME_PKT) {
            v->frame = bytes_of(packet->data.frame.buf, packet->data.frame.sz);
            v->at_beginning = true;
            v->whole_wanted = false;
            v->frames++;
        }
    return ERR_NONE;
}

size_t video_out_next(struct video_out *v, uint8_t out[VP8_DESCRIPTOR + VIDEO_PIECE], bool *last)
{
    size_t n = v->frame.n < VIDEO_PIECE ? v->frame.n : VIDEO_PIECE;

    if (n == 0)
        return 0;
    out[0] = vp8_descriptor(v->at_beginning);
    memcpy(out + VP8_DESCRIPTOR, v->frame.p, n);
    v->at_beginning = false;
    v->frame = bytes_of(v->frame.p + n, v->frame.n - n);
    *last = v->frame.n == 0;
    return VP8_DESCRIPTOR + n;
}

void video_out_ask_whole(struct video_out *v)
{
    v->whole_wanted = true;
}

/* ---- How much the way can take: less at once where packets are lost, more slowly where none are ---- */

static void set_bitrate(struct video_out *v, uint64_t bps)
{
    struct encoder *e = v->encoder;

    if (bps < VIDEO_BITRATE_MIN)
        bps = VIDEO_BITRATE_MIN;
    if (bps > VIDEO_BITRATE_MAX)
        bps = VIDEO_BITRATE_MAX;
    v->bitrate = (unsigned)bps;
    e->settings.rc_target_bitrate = v->bitrate / 1000;
    vpx_codec_enc_config_set(&e->codec, &e->settings);
}

void video_out_report(struct video_out *v, uint8_t fraction_lost)
{
    if (fraction_lost > LOSS_BAD)
        set_bitrate(v, (uint64_t)v->bitrate * (512 - fraction_lost) / 512);
    else if (fraction_lost < LOSS_GOOD)
        set_bitrate(v, (uint64_t)v->bitrate * 108 / 100);
}

void video_out_limit(struct video_out *v, uint64_t bps)
{
    if (bps > 0 && bps < v->bitrate)
        set_bitrate(v, bps);
}
