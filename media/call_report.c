/* call_report.c: RTCP both ways, and what the parent is told of how it goes. */
#include "media/call.h"

enum {
    REPORT_MS = 1000,
    REPORT_SPREAD_MS = 256, /* RFC 3550 §6.3.1: not all at the same time */
    REMB_BPS = 1500000,
};

/* ---- Going out ---- */

static void send_report(struct call *c, struct stream *s, const struct rtcp_wish *wish,
                        uint64_t now_ms)
{
    uint8_t packet[RTCP_PACKET_MAX + SRTP_GROWTH];
    size_t n = rtcp_write(packet, &s->sending, &s->reception, wish, now_ms);

    if (transport_seal(s->transport, true, packet, &n) == ERR_NONE)
        transport_send(s->transport, packet, n);
    (void)c;
}

static void schedule(struct call *c, struct stream *s, uint64_t now_ms)
{
    uint8_t spread;

    random_fill(c->random, &spread, sizeof spread);
    s->next_report_ms = now_ms + REPORT_MS - REPORT_SPREAD_MS / 2 + spread % REPORT_SPREAD_MS;
}

static void report_audio(struct call *c, uint64_t now_ms)
{
    struct rtcp_wish none = { 0 };

    if (!c->audio.used || now_ms < c->audio.next_report_ms)
        return;
    schedule(c, &c->audio, now_ms);
    send_report(c, &c->audio, &none, now_ms);
}

static void report_video(struct call *c, uint64_t now_ms)
{
    struct rtcp_wish wish = { 0 };
    bool wants, is_time;

    if (c->v == NULL)
        return;
    wants = video_in_wish(&c->v->in, c->v->nack, now_ms, &wish);
    is_time = now_ms >= c->video.next_report_ms;
    if (!wants && !is_time)
        return;
    if (is_time)
        schedule(c, &c->video, now_ms);
    wish.with_fir = c->v->fir;
    if (wish.whole_picture)
        wish.fir_number = c->v->fir_number++;
    wish.remb_bps = is_time && c->v->remb ? REMB_BPS : 0;
    send_report(c, &c->video, &wish, now_ms);
}

void call_report_tick(struct call *c, uint64_t now_ms)
{
    report_audio(c, now_ms);
    report_video(c, now_ms);
}

void call_report_bye(struct call *c)
{
    struct stream *streams[] = { &c->audio, &c->video };

    for (size_t i = 0; i < COUNT_OF(streams); i++) {
        uint8_t packet[RTCP_PACKET_MAX + SRTP_GROWTH];
        size_t n;

        if (!streams[i]->used)
            continue;
        n = rtcp_write_bye(packet, streams[i]->sending.ssrc);
        if (transport_seal(streams[i]->transport, true, packet, &n) == ERR_NONE)
            transport_send(streams[i]->transport, packet, n);
    }
}

/* ---- Coming in ---- */

static void take_report(struct stream *s, const struct rtcp_news *news, uint64_t now_ms)
{
    uint32_t took = rtcp_middle_time(now_ms) - news->last_sr - news->delay_since_sr;

    s->peer_loss = news->fraction_lost;
    if (news->last_sr != 0
        && took < 10u << 16) /* in 1/65536 s; more than 10 s is a clock gone wrong */
        s->rtt_ms = (int)((uint64_t)took * 1000 >> 16);
}

static void take_news(struct call *c, struct stream *s, const struct rtcp_news *news,
                      uint64_t now_ms)
{
    if (news->has_sr && s->reception.started && news->sr_ssrc == s->reception.ssrc) {
        s->reception.last_sr = news->sr_middle;
        s->reception.last_sr_ms = now_ms;
    }
    if (news->has_report)
        take_report(s, news, now_ms);
    if (s == &c->audio && news->has_report)
        voice_out_report(&c->say, news->fraction_lost);
    if (s != &c->video || c->v == NULL)
        return;
    call_video_resend(c, news);
    if (!c->v->encoder_open)
        return;
    if (news->whole_picture)
        video_out_ask_whole(&c->v->out);
    if (news->has_report)
        video_out_report(&c->v->out, news->fraction_lost);
    video_out_limit(&c->v->out, news->remb_bps);
}

/* One packet may hold reports on both of our streams: each looks for its own. */
void call_report_packet(struct call *c, struct bytes packet, uint64_t now_ms)
{
    struct stream *streams[] = { &c->audio, &c->video };
    struct rtcp_news news;

    for (size_t i = 0; i < COUNT_OF(streams); i++)
        if (streams[i]->used && rtcp_read_news(packet, streams[i]->sending.ssrc, &news) == ERR_NONE)
            take_news(c, streams[i], &news, now_ms);
}

/* ---- Stats ---- */

static json_t *stream_stats(const struct stream *s)
{
    return json_pack("{sIsIsIsIsIsIsfsi}", "sent", (json_int_t)s->sending.packets, "received",
                     (json_int_t)s->reception.received, "lost",
                     (json_int_t)reception_lost(&s->reception), "bytes_sent",
                     (json_int_t)s->octets_sent, "bytes_received", (json_int_t)s->octets_received,
                     "jitter_ms", (json_int_t)reception_jitter_ms(&s->reception), "peer_loss",
                     s->peer_loss / 256.0, "rtt_ms", s->rtt_ms);
}

static json_t *audio_stats(const struct call *c, uint64_t now_ms)
{
    json_t *o = stream_stats(&c->audio);
    int64_t delay = c->hear.playing ? jitter_delay_ms(&c->hear.jitter, c->hear.pending, now_ms) : 0;

    json_object_set_new(o, "played", json_integer((json_int_t)c->hear.played));
    json_object_set_new(o, "concealed", json_integer((json_int_t)c->hear.concealed));
    json_object_set_new(o, "recovered", json_integer((json_int_t)c->hear.recovered));
    json_object_set_new(o, "delay_ms", json_integer(delay));
    json_object_set_new(o, "level", json_real(c->level));
    json_object_set_new(o, "own_level", json_real(c->own_level));
    return o;
}

static json_t *video_stats(const struct call *c)
{
    json_t *o = stream_stats(&c->video);

    json_object_set_new(o, "frames", json_integer((json_int_t)c->v->in.frames));
    json_object_set_new(o, "keyframes", json_integer((json_int_t)c->v->in.whole_frames));
    json_object_set_new(o, "dropped", json_integer((json_int_t)c->v->in.dropped));
    json_object_set_new(o, "frames_sent", json_integer((json_int_t)c->v->out.frames));
    return o;
}

void call_say_stats(struct call *c, uint64_t now_ms)
{
    json_t *event;

    if (c->state != CALL_CONNECTED)
        return;
    event = json_pack("{sssI}", "is", "stats", "ms", (json_int_t)(now_ms - c->connected_ms));
    json_object_set_new(event, "audio", audio_stats(c, now_ms));
    if (c->v != NULL)
        json_object_set_new(event, "video", video_stats(c));
    channel_say(c->channel, event);
}
