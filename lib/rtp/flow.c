/* flow.c: see flow.h. A packet is judged in the order grammar, phase, source, rate; only what passes changes anything. */
#include "rtp/flow.h"

#include "rtp/dtls.h"

const char *flow_verdict_text(enum flow_verdict v)
{
    static const char *const texts[FLOW_VERDICTS] = {
        [FLOW_PASS] = "pass",
        [FLOW_MALFORMED] = "malformed",
        [FLOW_TOO_BIG] = "too-big",
        [FLOW_ROLE] = "role",
        [FLOW_EARLY] = "early",
        [FLOW_LATE] = "late",
        [FLOW_APPLICATION] = "application",
        [FLOW_PAYLOAD_TYPE] = "payload-type",
        [FLOW_SOURCE] = "source",
        [FLOW_JUMP] = "jump",
        [FLOW_REPLAY] = "replay",
        [FLOW_RATE] = "rate",
    };

    return texts[v];
}

/* ---- Rates ------------------------------------------------------------------------------------------ */

/* A second's worth may come at once: keyframes do. */
struct rate {
    uint32_t per_second;
};

static const struct rate video_octets = { 4000000 / 8 }, audio_octets = { 512000 / 8 };
static const struct rate video_media = { 600 }, audio_media = { 100 };
static const struct rate reports_rate = { 100 }, handshakes_rate = { 50 };

static void bucket_fill(struct flow_bucket *b, struct rate rate, uint64_t now_ms)
{
    uint32_t full = rate.per_second * 1000; /* at most 500 million: no sum of two of them wraps */
    uint32_t passed = (uint32_t)now_ms - b->at_ms;

    b->level += passed < 1000 ? passed * rate.per_second : full;
    if (b->level > full)
        b->level = full;
    b->at_ms = (uint32_t)now_ms;
}

static bool bucket_has(const struct flow_bucket *b, size_t n)
{
    return b->level / 1000 >= n;
}

/* Of both or of neither. */
static enum flow_verdict take(struct flow *f, struct flow_bucket *packets, struct rate rate,
                              size_t octets, uint64_t now_ms)
{
    bucket_fill(packets, rate, now_ms);
    bucket_fill(&f->octets, f->config.video ? video_octets : audio_octets, now_ms);
    if (!bucket_has(packets, 1) || !bucket_has(&f->octets, octets))
        return FLOW_RATE;
    packets->level -= 1000;
    f->octets.level -= (uint32_t)octets * 1000;
    return FLOW_PASS;
}

void flow_init(struct flow *f, const struct flow_config *config, uint64_t now_ms)
{
    struct flow_bucket bucket = { .level = UINT32_MAX / 4,
                                  .at_ms = (uint32_t)now_ms }; /* full: bucket_fill() */

    *f = (struct flow){ .config = *config,
                        .octets = bucket,
                        .media = bucket,
                        .reports = bucket,
                        .handshakes = bucket };
}

/* ---- Sources ---------------------------------------------------------------------------------------- */

/* The source with this SSRC, or a place for it; NULL: all are taken by others. */
static struct flow_source *source_of(struct flow *f, uint32_t ssrc, uint64_t now_ms)
{
    struct flow_source *place = NULL;

    for (size_t i = 0; i < FLOW_SOURCES; i++) {
        struct flow_source *s = &f->sources[i];

        if (s->used && s->ssrc == ssrc)
            return s;
        if (place == NULL && (!s->used || now_ms - s->seen_ms > FLOW_SOURCE_IDLE_MS))
            place = s;
    }
    return place;
}

/* A copy to be changed: what does not pass leaves no trace. */
static struct flow_source current(const struct flow_source *place, uint32_t ssrc)
{
    return place->used && place->ssrc == ssrc ? *place
                                              : (struct flow_source){ .ssrc = ssrc, .used = true };
}

/* RFC 3550 A.1: a jump is believed when the next packet goes on from there. */
static bool continues(struct flow_source *s, uint16_t sequence)
{
    uint16_t ahead = (uint16_t)(sequence - s->highest);

    if (!s->has_media || ahead < FLOW_DROPOUT || (s->jumped && sequence == s->restart)) {
        s->has_media = true;
        s->highest = sequence;
        s->jumped = false;
        return true;
    }
    return ahead > UINT16_MAX - FLOW_MISORDER;
}

/* RFC 3711 §3.3.2, with a window of 64. */
static bool is_new(struct flow_source *s, uint32_t index)
{
    uint32_t behind;

    if (!s->has_report || index > s->index) {
        uint32_t ahead = s->has_report ? index - s->index : 64;

        s->window = ahead < 64 ? s->window << ahead | 1 : 1;
        s->index = index;
        s->has_report = true;
        return true;
    }
    behind = s->index - index;
    if (behind >= 64 || (s->window >> behind & 1) != 0)
        return false;
    s->window |= UINT64_C(1) << behind;
    return true;
}

/* ---- Packets ---------------------------------------------------------------------------------------- */

static enum flow_verdict of_err(enum err e)
{
    return e == ERR_TOO_BIG ? FLOW_TOO_BIG : FLOW_MALFORMED;
}

static void mark_both(struct flow *f, uint64_t now_ms)
{
    if (f->secured && f->peer_secured_ms != 0 && f->both_secured_ms == 0)
        f->both_secured_ms = now_ms;
}

void flow_peer_secured(struct flow *f, uint64_t now_ms)
{
    if (f->peer_secured_ms == 0)
        f->peer_secured_ms = now_ms > 0 ? now_ms : 1;
    mark_both(f, f->peer_secured_ms);
}

static enum flow_verdict judge_dtls(struct flow *f, struct bytes packet, uint64_t now_ms)
{
    struct dtls_facts facts;
    enum err e = dtls_read(packet, &facts);
    enum flow_role role = f->config.role;
    enum flow_verdict v;

    if (e != ERR_NONE || packet.n > RTP_MAX)
        return e != ERR_NONE ? of_err(e) : FLOW_TOO_BIG;
    if (role == FLOW_ROLE_UNKNOWN && (facts.by_client || facts.by_server))
        role = facts.by_client ? FLOW_CLIENT : FLOW_SERVER;
    if ((facts.by_client && role == FLOW_SERVER) || (facts.by_server && role == FLOW_CLIENT))
        return FLOW_ROLE;
    if (facts.application)
        return FLOW_APPLICATION;
    if (facts.handshake && f->both_secured_ms != 0
        && now_ms - f->both_secured_ms > FLOW_HANDSHAKE_TAIL_MS)
        return FLOW_LATE;
    if ((v = take(f, &f->handshakes, handshakes_rate, packet.n, now_ms)) != FLOW_PASS)
        return v;
    f->config.role = role;
    f->secured = f->secured || facts.encrypted;
    mark_both(f, now_ms > 0 ? now_ms : 1);
    return FLOW_PASS;
}

static enum flow_verdict judge_rtp(struct flow *f, struct bytes packet, uint64_t now_ms)
{
    struct rtp_header h;
    struct flow_source *place, changed;
    enum err e = rtp_read(packet, &h);
    enum flow_verdict v;

    if (e != ERR_NONE)
        return of_err(e);
    if (f->both_secured_ms == 0)
        return FLOW_EARLY;
    if ((f->config.payload_types[h.payload_type / 8] >> h.payload_type % 8 & 1) == 0)
        return FLOW_PAYLOAD_TYPE;
    if ((place = source_of(f, h.ssrc, now_ms)) == NULL)
        return FLOW_SOURCE;
    changed = current(place, h.ssrc);
    if (!continues(&changed, h.sequence)) {
        place->jumped = true;
        place->restart = (uint16_t)(h.sequence + 1);
        return FLOW_JUMP;
    }
    v = take(f, &f->media, f->config.video ? video_media : audio_media, packet.n, now_ms);
    if (v != FLOW_PASS)
        return v;
    changed.seen_ms = now_ms;
    *place = changed;
    return FLOW_PASS;
}

static enum flow_verdict judge_rtcp(struct flow *f, struct bytes packet, uint64_t now_ms)
{
    struct rtcp_header h;
    struct flow_source *place, changed;
    enum err e = rtcp_read(packet, &h);
    enum flow_verdict v;

    if (e != ERR_NONE)
        return of_err(e);
    if (f->both_secured_ms == 0)
        return FLOW_EARLY;
    if ((place = source_of(f, h.ssrc, now_ms)) == NULL)
        return FLOW_SOURCE;
    changed = current(place, h.ssrc);
    if (!is_new(&changed, h.index))
        return FLOW_REPLAY;
    if ((v = take(f, &f->reports, reports_rate, packet.n, now_ms)) != FLOW_PASS)
        return v;
    changed.seen_ms = now_ms;
    *place = changed;
    return FLOW_PASS;
}

enum flow_verdict flow_judge(struct flow *f, struct bytes packet, uint64_t now_ms)
{
    switch (packet_kind(packet)) {
    case PACKET_DTLS: return judge_dtls(f, packet, now_ms);
    case PACKET_RTP: return judge_rtp(f, packet, now_ms);
    case PACKET_RTCP: return judge_rtcp(f, packet, now_ms);
    case PACKET_STUN:
    case PACKET_OTHER: break;
    }
    return FLOW_MALFORMED;
}
