/* call_video.c: pictures both ways. */
#include <string.h>
#include <unistd.h>

#include "media/call.h"

enum {
    TICKS_PER_MS = VIDEO_CLOCK / 1000,
    PACKETS_PER_TICK = 6, /* of 10 ms: a whole picture leaves as a stream, not as a burst */
    BACKLOG_MAX = 200,    /* packets that wait: then a picture is left out */
};

void call_video_close(struct call *c)
{
    if (c->v == NULL)
        return;
    if (c->v->in_open)
        video_in_deinit(&c->v->in);
    video_out_deinit(&c->v->out);
    mem_free(c->v->sent);
    mem_free(c->v);
    c->v = NULL;
}

/* ---- What comes ---- */

static void write_file(struct call *c, const uint8_t *p, size_t n)
{
    while (n > 0 && !c->v->file_failed) {
        ssize_t done = write(c->video_file, p, n);

        if (done <= 0) {
            c->v->file_failed = true;
            call_note(c, "record", &c->record_said);
            return;
        }
        p += done;
        n -= (size_t)done;
    }
}

static void record(struct call *c, const struct video_frame *f)
{
    uint8_t head[IVF_HEAD], frame[IVF_FRAME];

    if (c->video_file < 0)
        return;
    if (!c->v->file_begun) {
        ivf_write_head(head, f->head.width, f->head.height);
        write_file(c, head, sizeof head);
        c->v->file_begun = true;
    }
    ivf_write_frame(frame, f->data.n, f->ticks);
    write_file(c, frame, sizeof frame);
    write_file(c, f->data.p, f->data.n);
}

static void take_frames(struct call *c, uint64_t now_ms)
{
    struct video_frame frame;

    while (video_in_next(&c->v->in, now_ms, &frame)) {
        call_say_first(c, &c->video, "video", now_ms);
        record(c, &frame);
    }
}

void call_video_packet(struct call *c, const struct rtp_header *h, struct bytes payload,
                       uint64_t now_ms)
{
    struct stream *s = &c->video;

    if (s->reception.started && s->reception.ssrc != h->ssrc)
        video_in_reset(&c->v->in);
    reception_packet(&s->reception, h->ssrc, h->sequence, h->timestamp, now_ms);
    s->octets_received += payload.n;
    video_in_packet(&c->v->in, h, payload, now_ms);
    take_frames(c, now_ms);
}

/* ---- What goes: sealed once, sent as the way allows, kept for those who missed it ---- */

static struct sent_packet *sent_at(struct call *c, uint16_t sequence)
{
    return &c->v->sent[sequence % CALL_SENT];
}

static void queue_frame(struct call *c, uint32_t timestamp)
{
    uint8_t payload[VP8_DESCRIPTOR + VIDEO_PIECE];
    bool last = false;
    size_t n;

    while ((n = video_out_next(&c->v->out, payload, &last)) > 0) {
        struct sent_packet *p = sent_at(c, c->video.sequence);

        memcpy(p->data + RTP_HEADER, payload, n);
        p->sequence = c->video.sequence;
        p->size = 0;
        if (call_seal_rtp(&c->video, c->video.type, last, timestamp, p->data, &n))
            p->size = (uint16_t)n;
    }
}

static void send_queued(struct call *c)
{
    for (int i = 0; i < PACKETS_PER_TICK && c->v->next_to_send != c->video.sequence; i++) {
        const struct sent_packet *p = sent_at(c, c->v->next_to_send++);

        if (p->size > 0)
            transport_send(c->video.transport, p->data, p->size);
    }
}

/* The same octets again: the receiver has not counted them yet, so they are no replay. */
void call_video_resend(struct call *c, const struct rtcp_news *news)
{
    for (size_t i = 0; c->v != NULL && i < news->nack_count; i++) {
        const struct sent_packet *p = sent_at(c, news->nacks[i]);
        bool waits = (int16_t)(news->nacks[i] - c->v->next_to_send) >= 0;

        if (p->size > 0 && p->sequence == news->nacks[i] && !waits)
            transport_send(c->video.transport, p->data, p->size);
    }
}

static void send_picture(struct call *c, uint64_t now_ms)
{
    uint16_t backlog = (uint16_t)(c->video.sequence - c->v->next_to_send);
    uint64_t ticks = now_ms * TICKS_PER_MS;
    struct picture picture;

    if (c->pictures == NULL || !c->video.sends || now_ms < c->v->next_picture_ms)
        return;
    if (!picture_in_next(c->pictures, &picture)) {
        if (c->pictures->failed)
            call_note(c, "camera", &c->camera_said);
        return;
    }
    c->v->next_picture_ms = now_ms + c->pictures->interval_ms - VOICE_TICK_MS / 2;
    if (c->video.muted || backlog > BACKLOG_MAX || !c->v->encoder_open)
        return;
    if (video_out_encode(&c->v->out, &picture, ticks) == ERR_NONE)
        queue_frame(c, (uint32_t)ticks);
}

void call_video_tick(struct call *c, uint64_t now_ms)
{
    if (c->v == NULL)
        return;
    take_frames(c, now_ms); /* those that waited too long for a packet */
    send_picture(c, now_ms);
    send_queued(c);
}
