/* media.c: DTLS, SRTP and SRTCP of confirmed sources, judged and handed to the other side.
 *
 * The two sides of a call are seldom ready at the same time: the first packets of a handshake are kept for the other side until one
 * of its sources is confirmed, or for three seconds. Media are not.
 */
#include <string.h>

#include "anchor/core_inside.h"

/* ---- What waits ------------------------------------------------------------------------------------- */

static void hold(struct core *c, struct leg *from, uint32_t to, unsigned component,
                 struct bytes packet, uint32_t now)
{
    struct hold *free = NULL;
    unsigned waiting = 0;

    for (size_t i = 0; i < HOLDS; i++) {
        if (c->holds[i].leg == to)
            waiting++;
        else if (c->holds[i].leg == NO_LEG)
            free = &c->holds[i];
    }
    if (free == NULL || waiting >= LEG_HOLDS || packet.n > sizeof free->octets) {
        core_drop(c, from, ANCHOR_DROP_UNCONNECTED);
        return;
    }
    *free = (struct hold){
        .leg = to, .at_ms = now, .component = (uint8_t)component, .n = (uint16_t)packet.n
    };
    memcpy(free->octets, packet.p, packet.n);
}

/* The oldest of this leg and component; NULL: none. */
static struct hold *next_held(struct core *c, uint32_t to, unsigned component, uint32_t now)
{
    struct hold *oldest = NULL;

    for (size_t i = 0; i < HOLDS; i++) {
        struct hold *h = &c->holds[i];

        if (h->leg == to && h->component == component
            && (oldest == NULL || now - h->at_ms > now - oldest->at_ms))
            oldest = h;
    }
    return oldest;
}

/* The octets stay until something else is kept, which is after they were sent. */
void media_release(struct core *c, struct leg *to, unsigned component, uint32_t now)
{
    uint32_t at = (uint32_t)(to - c->legs);
    struct hold *h;

    while (to->out[component] != NO_PATH && (h = next_held(c, at, component, now)) != NULL) {
        core_send_path(c, to, to->out[component], bytes_of(h->octets, h->n), false);
        h->leg = NO_LEG;
    }
}

void media_forget(struct core *c, uint32_t leg)
{
    for (size_t i = 0; i < HOLDS; i++) {
        if (c->holds[i].leg == leg)
            c->holds[i].leg = NO_LEG;
    }
}

void media_expire(struct core *c, uint32_t now)
{
    for (size_t i = 0; i < HOLDS; i++) {
        if (c->holds[i].leg != NO_LEG && now - c->holds[i].at_ms > HOLD_MS)
            c->holds[i].leg = NO_LEG;
    }
}

/* ---- A source that moved ---------------------------------------------------------------------------- */

static uint32_t ssrc_of(struct bytes packet)
{
    size_t at = packet_kind(packet) == PACKET_RTP ? 8 : 4;
    const uint8_t *p = packet.p + at;

    if (packet_kind(packet) == PACKET_DTLS || packet.n < at + 4)
        return 0;
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool has_ssrc(const struct flow *f, uint32_t ssrc)
{
    for (size_t i = 0; i < FLOW_SOURCES; i++) {
        if (f->sources[i].used && f->sources[i].ssrc == ssrc)
            return true;
    }
    return false;
}

/* A translator of addresses gave a client another port while media ran: some stacks send no check any more by which we would know
 * them. Who sends what a silent leg sent is asked; the answer, not the packet, makes it the leg's. */
static void probe(struct core *c, const struct route *from, struct bytes packet, uint32_t now)
{
    uint32_t ssrc = ssrc_of(packet);

    if (from->stream != 0)
        return; /* who moved has another connection */
    for (size_t i = 0; ssrc != 0 && i < c->silent_count; i++) {
        struct leg *leg = &c->legs[c->silent[i]];
        unsigned path;

        if (!leg->came || now - leg->rx_ms < PROBE_AFTER_MS || now - leg->probe_ms < PROBE_GAP_MS
            || !c->calls[leg->call].open || !has_ssrc(&leg->flow, ssrc)
            || (port_component(from->port) == 1 && !leg->two_components))
            continue;
        leg->probe_ms = now;
        if ((path = path_take(c, leg, from, now)) != NO_PATH)
            ice_check(c, leg, path, now);
        return;
    }
}

/* ---- Forwarding ------------------------------------------------------------------------------------- */

static void note_flows(struct core *c, struct leg *leg, const struct leg *other)
{
    struct call *call = &c->calls[leg->call];
    struct anchor_report flows = { .kind = ANCHOR_FLOWS, .call = call->id };

    leg->passed = true;
    if (!call->flows && other->passed)
        call->flows = core_report(c, &flows);
}

static void forward(struct core *c, struct leg *leg, unsigned component, struct bytes packet,
                    uint32_t now)
{
    struct leg *other = leg_opposite(c, leg);
    bool dtls = packet_kind(packet) == PACKET_DTLS;
    unsigned path;

    if (other == NULL) {
        core_drop(c, leg, ANCHOR_DROP_UNCONNECTED);
        return;
    }
    if (component == 1 && !other->two_components)
        component = 0;
    path = other->out[component];
    if (path != NO_PATH && path_is_good(&other->paths[path], now)) {
        core_send_path(c, other, path, packet, true);
        if (!dtls && !leg->passed)
            note_flows(c, leg, other);
    } else if (dtls) {
        hold(c, leg, (uint32_t)(other - c->legs), component, packet, now);
    } else {
        core_drop(c, leg, ANCHOR_DROP_UNCONNECTED);
    }
}

void media_packet(struct core *c, const struct route *from, struct bytes packet, uint64_t now_ms)
{
    uint32_t now = (uint32_t)now_ms;
    unsigned path, component = port_component(from->port);
    struct leg *leg = leg_by_source(c, from, &path), *other;
    enum flow_verdict verdict;

    if (leg == NULL) {
        core_drop(c, NULL, ANCHOR_DROP_UNCONFIRMED);
        probe(c, from, packet, now);
        return;
    }
    if (!c->calls[leg->call].open || !path_is_good(&leg->paths[path], now)) {
        core_drop(c, leg, !c->calls[leg->call].open ? ANCHOR_DROP_SHUT : ANCHOR_DROP_UNCONFIRMED);
        return;
    }
    if ((verdict = flow_judge(&leg->flow, packet, now_ms)) != FLOW_PASS) {
        core_drop(c, leg, verdict);
        return;
    }
    leg->rx_ms = leg->paths[path].rx_ms = now;
    leg->media_ms = now | 1;
    leg->out[component] = (uint8_t)path;
    other = leg_opposite(c, leg);
    if (leg->flow.secured && other != NULL && other->flow.peer_secured_ms == 0)
        flow_peer_secured(&other->flow, now_ms);
    forward(c, leg, component, packet, now);
}
