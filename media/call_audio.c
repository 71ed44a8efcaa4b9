/* call_audio.c: 10 ms of sound each way; packets of RTP. */
#include <math.h>
#include <string.h>

#include "media/call.h"

static const double fall = 0.97; /* of a level, each 10 ms */

static double loudness(const int16_t pcm[VOICE_TICK])
{
    double sum = 0;

    for (size_t i = 0; i < VOICE_TICK; i++)
        sum += (double)pcm[i] * pcm[i];
    return sqrt(sum / VOICE_TICK) / INT16_MAX;
}

static void follow(double *level, const int16_t pcm[VOICE_TICK])
{
    double now = loudness(pcm);

    *level = now > *level * fall ? now : *level * fall;
}

/* ---- What comes ---- */

void call_audio_packet(struct call *c, const struct rtp_header *h, struct bytes payload,
                       uint64_t now_ms)
{
    struct stream *s = &c->audio;

    if (s->reception.started && s->reception.ssrc != h->ssrc)
        voice_in_reset(&c->hear);
    reception_packet(&s->reception, h->ssrc, h->sequence, h->timestamp, now_ms);
    s->octets_received += payload.n;
    voice_in_packet(&c->hear, h->timestamp, payload, h->payload_type == s->red, now_ms);
}

/* ---- What goes ---- */

static void put_u32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

bool call_seal_rtp(struct stream *s, uint8_t type, bool marker, uint32_t timestamp, uint8_t *packet,
                   size_t *size)
{
    size_t n = RTP_HEADER + *size;

    packet[0] = 0x80; /* version 2; no extension, no CSRC */
    packet[1] = (uint8_t)(type | (marker ? 0x80 : 0));
    packet[2] = (uint8_t)(s->sequence >> 8);
    packet[3] = (uint8_t)s->sequence;
    put_u32(packet + 4, timestamp);
    put_u32(packet + 8, s->sending.ssrc);
    if (transport_seal(s->transport, false, packet, &n) != ERR_NONE)
        return false;
    s->sequence++;
    s->sending.packets++;
    s->sending.octets += (uint32_t)*size;
    s->sending.timestamp = timestamp;
    s->octets_sent += *size;
    *size = n;
    return true;
}

static void send_packet(struct call *c, const struct voice_packet *p)
{
    struct stream *s = &c->audio;
    uint8_t packet[RTP_HEADER + VOICE_PAYLOAD_MAX + SRTP_GROWTH];
    size_t size = p->size;

    memcpy(packet + RTP_HEADER, p->data, size);
    if (call_seal_rtp(s, p->is_red ? s->red : s->type, s->sending.packets == 0, p->timestamp,
                      packet, &size))
        transport_send(s->transport, packet, size);
}

/* ---- The clock ---- */

static void note_ends(struct call *c)
{
    bool is_file = c->source->kind == SOUND_WAV || c->source->kind == SOUND_OGG;

    if (c->source->ended && is_file && !c->played_said) {
        channel_say(c->channel, json_pack("{ss}", "is", "played"));
        c->played_said = true;
    }
    if (c->source->ended && c->source->kind == SOUND_PIPE)
        call_note(c, "microphone", &c->microphone_said);
    if (c->sink->file_failed)
        call_note(c, "record", &c->record_said);
    if (c->sink->speaker_failed)
        call_note(c, "speaker", &c->speaker_said);
}

void call_audio_tick(struct call *c, uint64_t now_ms)
{
    int16_t pcm[VOICE_TICK];
    struct voice_packet packet;

    /* A microphone is emptied even while it is muted: what was said then is not said later. */
    sound_in_read(c->source, pcm);
    if (c->audio.muted)
        memset(pcm, 0, sizeof pcm);
    follow(&c->own_level, pcm);
    if (c->audio.sends
        && voice_out_feed(&c->say, pcm, c->audio.red != SDP_NO_TYPE, c->audio.type, &packet))
        send_packet(c, &packet);
    if (voice_in_play(&c->hear, now_ms, pcm))
        call_say_first(c, &c->audio, "audio", now_ms);
    follow(&c->level, pcm);
    sound_out_write(c->sink, pcm);
    note_ends(c);
}
