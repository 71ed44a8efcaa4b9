/* call.c: the states of a call, and whose turn it is. */
#include "media/call.h"

#include <string.h>

enum {
    HANDSHAKE_MS = 15000,
    LATE_MAX_MS = 1000, /* a clock that fell behind is made up for, but not further than this */
};

void call_init(struct call *c, struct channel *channel, const struct random *random)
{
    memset(c, 0, sizeof *c);
    c->channel = channel;
    c->random = random;
    c->video_file = -1;
    c->audio.rtt_ms = c->video.rtt_ms = -1;
    c->audio.reception.clock_hz = VOICE_RATE;
    c->video.reception.clock_hz = VIDEO_CLOCK;
}

void call_deinit(struct call *c)
{
    for (size_t i = 0; i < SDP_SECTIONS; i++)
        if (c->transport_used[i])
            transport_deinit(&c->transports[i]);
    if (c->voice_open) {
        voice_in_deinit(&c->hear);
        voice_out_deinit(&c->say);
    }
    call_video_close(c);
    certificate_deinit(&c->certificate);
}

/* ---- Words ---- */

void call_say_state(struct call *c, const char *state)
{
    channel_say(c->channel, json_pack("{ssss}", "is", "state", "state", state));
}

void call_note(struct call *c, const char *why, bool *said)
{
    if (!*said)
        channel_say(c->channel, json_pack("{ssss}", "is", "note", "why", why));
    *said = true;
}

void call_say_first(struct call *c, struct stream *s, const char *media, uint64_t now_ms)
{
    if (!s->heard)
        channel_say(c->channel, json_pack("{sssssI}", "is", "first", "media", media, "ms",
                                          (json_int_t)(now_ms - c->remote_ms)));
    s->heard = true;
}

void call_fail(struct call *c, const char *why, const char *rule)
{
    json_t *event;

    if (c->state == CALL_OVER)
        return;
    event = json_pack("{ssss}", "is", "error", "why", why);
    if (rule != NULL)
        json_object_set_new(event, "rule", json_string(rule));
    channel_say(c->channel, event);
    if (c->state >= CALL_CONNECTING)
        call_say_state(c, "failed");
    c->state = CALL_OVER;
    c->failed = true;
}

/* ---- Commands ---- */

static void start(struct call *c, const struct command *command)
{
    const char *why = "internal";

    if (c->state != CALL_IDLE) {
        call_fail(c, "parent", NULL);
        return;
    }
    c->state = CALL_WAITING;
    c->offers = command->offers;
    c->wants_video = command->video;
    c->stats_ms = command->stats_ms;
    c->voice = (struct voice_out_config){ command->bitrate, command->packet_ms, command->dtx };
    if (certificate_make(&c->certificate) != ERR_NONE)
        call_fail(c, "internal", NULL);
    else if (c->offers) {
        if (call_make_local(c, &why) != ERR_NONE)
            call_fail(c, why, NULL);
        else
            call_say_local(c);
    }
}

/* RFC 5763 §5: who is active speaks first. */
static bool speaks_first(const struct call *c, size_t section)
{
    enum sdp_setup local = c->local.sections[section].transport.setup;

    return local == SDP_ACTPASS ? c->remote.sections[section].transport.setup == SDP_PASSIVE
                                : local == SDP_ACTIVE;
}

static void say_wants(struct call *c, struct transport *t)
{
    unsigned candidate;

    while (transport_wants(t, &candidate))
        channel_say(c->channel, json_pack("{sssi}", "is", "want", "candidate", (int)candidate));
}

static void connect_all(struct call *c, uint64_t now_ms)
{
    for (size_t i = 0; i < c->remote.count; i++) {
        struct transport *t = call_transport_of(c, i);

        if (t == NULL || t != &c->transports[i])
            continue;
        transport_start(t, &c->remote.sections[i].transport, speaks_first(c, i), now_ms);
        if (transport_tick(t, now_ms) != ERR_NONE)
            call_fail(c, "handshake", NULL);
        say_wants(c, t);
    }
}

/* Of the transport that has asked for it. */
static void take_socket(struct call *c, struct command *command, uint64_t now_ms)
{
    bool is_lost = command->made && command->socket < 0 && c->channel->takes_sockets;
    enum err e = ERR_MISSING;

    for (size_t i = 0; i < SDP_SECTIONS && e == ERR_MISSING && !is_lost; i++)
        if (c->transport_used[i])
            e = transport_take_socket(&c->transports[i], command->candidate, command->socket,
                                      now_ms);
    if (e == ERR_MISSING) {
        call_fail(c, "parent", NULL);
        return;
    }
    command->socket = -1;
    if (e != ERR_NONE)
        call_fail(c, "no-route", NULL);
}

static void first_remote(struct call *c, struct str sdp, uint64_t now_ms)
{
    const char *why = "internal";

    if (call_take_remote(c, sdp, &why) != ERR_NONE) {
        call_fail(c, "sdp", why);
        return;
    }
    c->remote_ms = now_ms;
    c->state = CALL_CONNECTING;
    if (!c->offers)
        call_say_local(c);
    call_say_state(c, "connecting");
    connect_all(c, now_ms);
}

/* The anchor came back, or has another place for us: new credentials, the same peer. */
static void restart(struct call *c, struct str sdp, uint64_t now_ms)
{
    struct sdp again;
    const char *why = "internal";

    if (description_read(sdp, &again, &why) != ERR_NONE || again.count != c->remote.count
        || again.bundled != c->remote.bundled) {
        call_fail(c, "sdp", why);
        return;
    }
    for (size_t i = 0; i < again.count; i++) {
        struct transport *t = call_transport_of(c, i);

        if (t != NULL && t == &c->transports[i]
            && transport_restart(t, &again.sections[i].transport, now_ms) != ERR_NONE)
            call_fail(c, "sdp", "restart");
    }
}

static void remote(struct call *c, const struct command *command, uint64_t now_ms)
{
    if (c->state == CALL_WAITING && command->offers != c->offers)
        first_remote(c, command->sdp, now_ms);
    else if (c->state == CALL_CONNECTING || c->state == CALL_CONNECTED)
        restart(c, command->sdp, now_ms);
    else
        call_fail(c, "parent", NULL);
}

static void stop(struct call *c)
{
    call_report_bye(c);
    for (size_t i = 0; i < SDP_SECTIONS; i++)
        if (c->transport_used[i])
            transport_close(&c->transports[i]);
    call_say_state(c, "ended");
    c->state = CALL_OVER;
}

static void mute(struct call *c, const struct command *command)
{
    if (command->says_audio)
        c->audio.muted = command->mute_audio;
    if (command->says_video) {
        c->video.muted = command->mute_video;
        if (c->v != NULL && c->v->encoder_open)
            video_out_ask_whole(&c->v->out);
    }
}

void call_command(struct call *c, struct command *command, uint64_t now_ms)
{
    if (c->state == CALL_OVER)
        return;
    switch (command->kind) {
    case COMMAND_START: start(c, command); break;
    case COMMAND_REMOTE: remote(c, command, now_ms); break;
    case COMMAND_SOCKET: take_socket(c, command, now_ms); break;
    case COMMAND_MUTE: mute(c, command); break;
    case COMMAND_KEYFRAME:
        if (c->v != NULL && c->v->in_open)
            c->v->in.wants_whole = true;
        break;
    case COMMAND_STATS: call_say_stats(c, now_ms); break;
    case COMMAND_STOP: stop(c); break;
    case COMMANDS: break;
    }
}

/* ---- The network ---- */

int call_socket(const struct call *c, size_t i)
{
    return c->transport_used[i / ICE_PAIRS] ? c->transports[i / ICE_PAIRS].sockets[i % ICE_PAIRS]
                                            : -1;
}

static void take_rtp(struct call *c, const struct transport *t, const struct transport_packet *p,
                     uint64_t now_ms)
{
    const struct rtp_header *h = &p->header;
    struct bytes payload = { p->data + h->size, p->n - h->size };
    size_t padding = (p->data[0] & 0x20) != 0 && payload.n > 0 ? payload.p[payload.n - 1] : 0;

    if (padding > payload.n)
        return;
    payload.n -= padding;
    if (c->audio.used && c->audio.transport == t
        && (h->payload_type == c->audio.type || h->payload_type == c->audio.red))
        call_audio_packet(c, h, payload, now_ms);
    else if (c->video.used && c->video.transport == t && h->payload_type == c->video.type)
        call_video_packet(c, h, payload, now_ms);
}

static void handshake_failed(struct call *c, enum err e)
{
    call_fail(c, e == ERR_DENIED ? "fingerprint" : "handshake", NULL);
}

void call_readable(struct call *c, size_t i, uint64_t now_ms)
{
    struct transport *t = &c->transports[i / ICE_PAIRS];
    struct transport_packet packet = { .kind = PACKET_RTP };

    while (c->state != CALL_OVER && packet.kind != PACKET_OTHER) {
        enum err e = transport_receive(t, i % ICE_PAIRS, now_ms, &packet);

        if (e != ERR_NONE) {
            handshake_failed(c, e);
            return;
        }
        if (packet.kind == PACKET_RTP)
            take_rtp(c, t, &packet, now_ms);
        else if (packet.kind == PACKET_RTCP)
            call_report_packet(c, bytes_of(packet.data, packet.n), now_ms);
    }
}

/* ---- The clock ---- */

static bool all_secured(const struct call *c)
{
    for (size_t i = 0; i < SDP_SECTIONS; i++)
        if (c->transport_used[i] && !transport_secured(&c->transports[i]))
            return false;
    return true;
}

static void connected(struct call *c, uint64_t now_ms)
{
    c->channel->takes_sockets = false;
    if (c->narrow() != ERR_NONE) {
        call_fail(c, "sandbox", NULL);
        return;
    }
    c->state = CALL_CONNECTED;
    c->connected_ms = c->next_tick_ms = now_ms;
    c->next_stats_ms = now_ms + c->stats_ms;
    call_say_state(c, "connected");
}

static void tick_transports(struct call *c, uint64_t now_ms)
{
    for (size_t i = 0; i < SDP_SECTIONS && c->state != CALL_OVER; i++) {
        struct transport *t = &c->transports[i];
        enum err e;

        if (!c->transport_used[i])
            continue;
        if ((e = transport_tick(t, now_ms)) != ERR_NONE)
            handshake_failed(c, e);
        else if (ice_failed(&t->ice, now_ms))
            call_fail(c, c->state == CALL_CONNECTED ? "silent" : "no-route", NULL);
        else if (!transport_secured(t) && now_ms - t->started_ms > HANDSHAKE_MS)
            call_fail(c, "handshake", NULL);
        else if (transport_closed(t)) {
            call_say_state(c, "ended");
            c->state = CALL_OVER;
        }
        say_wants(c, t);
    }
}

static void tick_media(struct call *c, uint64_t now_ms)
{
    if (now_ms > c->next_tick_ms + LATE_MAX_MS)
        c->next_tick_ms = now_ms;
    for (; c->next_tick_ms <= now_ms; c->next_tick_ms += VOICE_TICK_MS) {
        call_audio_tick(c, now_ms);
        call_video_tick(c, now_ms);
    }
    call_report_tick(c, now_ms);
    if (now_ms >= c->next_stats_ms) {
        c->next_stats_ms = now_ms + c->stats_ms;
        call_say_stats(c, now_ms);
    }
}

void call_tick(struct call *c, uint64_t now_ms)
{
    if (c->state != CALL_CONNECTING && c->state != CALL_CONNECTED)
        return;
    tick_transports(c, now_ms);
    if (c->state == CALL_CONNECTING && all_secured(c))
        connected(c, now_ms);
    if (c->state == CALL_CONNECTED)
        tick_media(c, now_ms);
}

uint64_t call_deadline_ms(const struct call *c)
{
    uint64_t first = c->state == CALL_CONNECTED ? c->next_tick_ms : UINT64_MAX;

    for (size_t i = 0; i < SDP_SECTIONS; i++)
        if (c->transport_used[i] && transport_deadline_ms(&c->transports[i]) < first)
            first = transport_deadline_ms(&c->transports[i]);
    return first;
}
