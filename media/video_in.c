/* video_in.c: order, patience, frames. */
#include "media/video_in.h"

#include <string.h>

enum { ASK_EVERY_MS = 500 };

void video_in_init(struct video_in *v)
{
    memset(v, 0, sizeof *v);
    v->waiting = mem_alloc(VIDEO_WAITING * sizeof *v->waiting);
    buf_init(&v->frame, VIDEO_FRAME_MAX);
    v->broken = v->wants_whole = true;
}

void video_in_deinit(struct video_in *v)
{
    mem_free(v->waiting);
    v->waiting = NULL;
    buf_deinit(&v->frame);
}

void video_in_reset(struct video_in *v)
{
    for (size_t i = 0; i < VIDEO_WAITING; i++)
        v->waiting[i].used = false;
    v->started = v->in_frame = false;
    v->broken = v->wants_whole = true;
    v->held_since_ms = 0;
}

static struct video_packet *slot(struct video_in *v, uint16_t sequence)
{
    return &v->waiting[sequence % VIDEO_WAITING];
}

static bool is_there(struct video_in *v, uint16_t sequence)
{
    const struct video_packet *p = slot(v, sequence);

    return p->used && p->sequence == sequence;
}

void video_in_packet(struct video_in *v, const struct rtp_header *h, struct bytes payload,
                     uint64_t now_ms)
{
    struct video_packet *p = slot(v, h->sequence);
    int16_t ahead;

    (void)now_ms;
    if (payload.n == 0 || payload.n > sizeof p->data) /* without payload: padding that probes */
        payload.n = 0;
    if (!v->started) {
        v->started = true;
        v->next = v->newest = h->sequence;
    }
    ahead = (int16_t)(h->sequence - v->next);
    if (ahead < 0)
        return;                   /* too late, or twice */
    if (ahead >= VIDEO_WAITING) { /* more is missing than can wait */
        video_in_reset(v);
        v->started = true;
        v->next = v->newest = h->sequence;
        p = slot(v, h->sequence);
    }
    if ((int16_t)(h->sequence - v->newest) > 0)
        v->newest = h->sequence;
    p->used = true;
    p->marker = h->marker;
    p->sequence = h->sequence;
    p->timestamp = h->timestamp;
    p->size = (uint16_t)payload.n;
    memcpy(p->data, payload.p, payload.n);
}

/* ---- Frames ---- */

static void break_off(struct video_in *v)
{
    if (v->in_frame)
        v->dropped++;
    v->in_frame = false;
    v->broken = v->wants_whole = true;
}

static void begin_frame(struct video_in *v, const struct video_packet *p)
{
    if (v->in_frame) /* its end never came */
        break_off(v);
    buf_reset(&v->frame);
    v->in_frame = true;
    v->frame_timestamp = p->timestamp;
}

/* True: a frame is complete. */
static bool take_piece(struct video_in *v, const struct video_packet *p)
{
    struct vp8_piece piece;

    if (p->size == 0)
        return false;
    if (vp8_read_piece(bytes_of(p->data, p->size), &piece) != ERR_NONE) {
        break_off(v);
        return false;
    }
    if (piece.begins)
        begin_frame(v, p);
    if (!v->in_frame || p->timestamp != v->frame_timestamp) {
        break_off(v);
        return false;
    }
    buf_add_bytes(&v->frame, piece.data);
    if (v->frame.failed)
        break_off(v);
    return v->in_frame && p->marker;
}

static bool end_frame(struct video_in *v, struct video_frame *out)
{
    uint32_t step = v->frame_timestamp - v->last_timestamp;

    v->in_frame = false;
    if (vp8_read_head(buf_bytes(&v->frame), &out->head) != ERR_NONE) {
        break_off(v);
        return false;
    }
    if (v->broken && !out->head.whole) {
        v->dropped++;
        v->wants_whole = true;
        return false;
    }
    v->broken = v->wants_whole = false;
    if (v->frames > 0)
        v->ticks += step < 10 * VIDEO_CLOCK ? step : VIDEO_CLOCK / 30;
    v->last_timestamp = v->frame_timestamp;
    v->frames++;
    v->whole_frames += out->head.whole;
    out->data = buf_bytes(&v->frame);
    out->ticks = v->ticks;
    return true;
}

bool video_in_next(struct video_in *v, uint64_t now_ms, struct video_frame *out)
{
    while (v->started && (int16_t)(v->newest - v->next) >= 0) {
        struct video_packet *p = slot(v, v->next);

        if (is_there(v, v->next)) {
            v->held_since_ms = 0;
            v->next++;
            p->used = false;
            if (take_piece(v, p) && end_frame(v, out))
                return true;
            continue;
        }
        if (v->held_since_ms == 0)
            v->held_since_ms = now_ms;
        if (now_ms - v->held_since_ms < VIDEO_PATIENCE_MS)
            return false;
        break_off(v);
        v->held_since_ms = 0;
        while ((int16_t)(v->newest - v->next) > 0 && !is_there(v, v->next))
            v->next++;
    }
    return false;
}

/* ---- Asking ---- */

bool video_in_wish(struct video_in *v, bool may_nack, uint64_t now_ms, struct rtcp_wish *out)
{
    bool wish = false;

    if (v->started && v->wants_whole && now_ms - v->asked_ms > ASK_EVERY_MS) {
        v->asked_ms = now_ms;
        out->whole_picture = wish = true;
    }
    if (may_nack && v->held_since_ms != 0 && now_ms - v->nacked_ms > VIDEO_NACK_EVERY_MS) {
        v->nacked_ms = now_ms;
        for (uint16_t s = v->next; s != v->newest && out->nack_count < RTCP_NACKS; s++)
            if (!is_there(v, s))
                out->nacks[out->nack_count++] = s;
        wish = wish || out->nack_count > 0;
    }
    return wish;
}
