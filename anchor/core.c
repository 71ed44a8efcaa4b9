/* core.c: the tables, what is to be sent and told, and the first look at a datagram. */
#include <string.h>

#include "anchor/core_inside.h"

/* ---- Life ------------------------------------------------------------------------------------------- */

struct core *core_new(const struct core_config *config)
{
    struct core *c = mem_alloc(sizeof *c);

    c->call_room = config->calls;
    c->leg_room = config->legs;
    c->calls = mem_alloc(config->calls * sizeof *c->calls);
    c->legs = mem_alloc(config->legs * sizeof *c->legs);
    c->holds = mem_alloc(HOLDS * sizeof *c->holds);
    c->free_call = c->free_leg = UINT32_MAX;
    c->random = config->random;
    random_fill(&c->random, c->seed, sizeof c->seed);
    random_fill(&c->random, &c->tie_breaker, sizeof c->tie_breaker);
    table_init(&c->by_id, config->calls);
    table_init(&c->by_ufrag, 2 * config->legs);
    table_init(&c->by_source, LEG_PATHS * config->legs);
    for (size_t i = 0; i < HOLDS; i++)
        c->holds[i].leg = NO_LEG;
    return c;
}

void core_free(struct core *c)
{
    if (c == NULL)
        return;
    table_deinit(&c->by_id);
    table_deinit(&c->by_ufrag);
    table_deinit(&c->by_source);
    secure_zero(c->legs, c->leg_used * sizeof *c->legs);
    mem_free(c->calls);
    mem_free(c->legs);
    mem_free(c->holds);
    mem_free(c);
}

/* ---- What is to be sent ----------------------------------------------------------------------------- */

void core_send_path(struct core *c, const struct leg *leg, unsigned path, struct bytes packet,
                    bool forwarded)
{
    const struct path *p = &leg->paths[path];

    if (c->send_count == CORE_SENDS_MAX)
        return;
    c->sends[c->send_count++] = (struct core_send){ route_of_path(p), packet, forwarded };
    c->totals[ANCHOR_TOTAL_FORWARDED]++;
    c->totals[ANCHOR_TOTAL_FORWARDED_OCTETS] += packet.n;
}

uint8_t *core_room(struct core *c)
{
    return c->send_count < CORE_SENDS_MAX ? c->own[c->send_count] : NULL;
}

void core_send_own(struct core *c, const struct route *to, size_t n)
{
    struct bytes packet = bytes_of(c->own[c->send_count], n);

    if (n > 0)
        c->sends[c->send_count++] = (struct core_send){ *to, packet, false };
}

const struct core_send *core_sends(const struct core *c, size_t *count)
{
    *count = c->send_count;
    return c->sends;
}

/* ---- What is to be told ----------------------------------------------------------------------------- */

bool core_report(struct core *c, const struct anchor_report *r)
{
    if (c->report_count == REPORTS_MAX)
        return false;
    c->reports[(c->report_at + c->report_count++) % REPORTS_MAX] = *r;
    return true;
}

bool core_next_report(struct core *c, struct anchor_report *out)
{
    if (c->report_count == 0)
        return false;
    *out = c->reports[c->report_at];
    c->report_at = (c->report_at + 1) % REPORTS_MAX;
    c->report_count--;
    return true;
}

void core_drop(struct core *c, struct leg *leg, unsigned why)
{
    c->totals[ANCHOR_TOTAL_DROPPED]++;
    if (leg == NULL)
        c->nobody[why]++;
    else if (leg->drops[why] < UINT16_MAX)
        leg->drops[why]++;
}

/* ---- Datagrams -------------------------------------------------------------------------------------- */

void core_packet(struct core *c, const struct route *from, struct bytes packet, uint64_t now_ms)
{
    c->send_count = 0;
    c->totals[ANCHOR_TOTAL_RECEIVED]++;
    c->totals[ANCHOR_TOTAL_RECEIVED_OCTETS] += packet.n;
    switch (packet_kind(packet)) {
    case PACKET_STUN: ice_packet(c, from, packet, (uint32_t)now_ms); break;
    case PACKET_DTLS:
    case PACKET_RTP:
    case PACKET_RTCP: media_packet(c, from, packet, now_ms); break;
    case PACKET_OTHER: {
        unsigned path;

        core_drop(c, leg_by_source(c, from, &path), ANCHOR_DROP_UNKNOWN);
        break;
    }
    }
}
