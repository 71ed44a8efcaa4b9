/* tick.c: what time alone does: consent, silence, what is told from time to time. */
#include <string.h>

#include "anchor/core_inside.h"

enum { TICK_MS = 250 };

/* ---- Paths ------------------------------------------------------------------------------------------ */

/* RFC 7675 §5.1: who is sent to has to go on agreeing, and a silent one is asked sooner, so that libnice, which sends no checks
 * once it is connected, is not taken for dead. A source that is not confirmed yet is asked again, for ours may have been lost. */
static bool wants_check(const struct leg *leg, unsigned path, uint32_t now)
{
    const struct path *p = &leg->paths[path];
    uint32_t checked = now - p->check_ms, heard = now - p->rx_ms;

    if (p->reach > 0)
        return p->reach > 1 && checked >= REACH_GAP_MS;
    if (!p->confirmed)
        return heard < DEAD_MS && checked >= PROBE_GAP_MS;
    return leg->out[port_component(p->port)] == path
           && (checked >= CONSENT_CHECK_MS
               || (heard >= PROBE_AFTER_MS && checked >= PROBE_AFTER_MS));
}

/* Another one, when that to which media went has gone. */
static void choose_out(struct leg *leg, unsigned component, uint32_t now)
{
    for (unsigned i = 0; i < LEG_PATHS; i++) {
        const struct path *p = &leg->paths[i];

        if (port_component(p->port) == component && path_is_good(p, now)
            && (leg->out[component] == NO_PATH
                || now - p->rx_ms < now - leg->paths[leg->out[component]].rx_ms))
            leg->out[component] = (uint8_t)i;
    }
}

static void tick_leg(struct core *c, struct leg *leg, uint32_t now)
{
    for (unsigned i = 0; i < LEG_PATHS; i++) {
        struct path *p = &leg->paths[i];

        if (!p->used || leg->client_ufrag_n == 0)
            continue;
        c->reaching |= p->reach > 1;
        if (p->confirmed && !path_is_good(p, now)) {
            path_forget(c, leg, i);
        } else if (wants_check(leg, i, now)) {
            ice_check(c, leg, i, now);
            if (p->reach > 1)
                p->reach--;
        }
    }
    for (unsigned component = 0; component < 2; component++) {
        if (leg->out[component] == NO_PATH)
            choose_out(leg, component, now);
    }
    if (leg->came && now - leg->rx_ms >= PROBE_AFTER_MS && c->silent_count < SILENT_LEGS)
        c->silent[c->silent_count++] = (uint32_t)(leg - c->legs);
}

/* ---- Calls ------------------------------------------------------------------------------------------ */

static struct leg *leg_of(struct core *c, const struct call *call, unsigned side,
                          unsigned transport)
{
    uint32_t at = call->legs[side][transport];

    return at != NO_LEG ? &c->legs[at] : NULL;
}

static bool is_ready(struct core *c, const struct call *call, uint32_t *out_since)
{
    bool sides[2] = { false, false };
    uint32_t since = 0;

    for (unsigned i = 0; i < 2 * ANCHOR_TRANSPORTS; i++) {
        const struct leg *leg = leg_of(c, call, i & 1, i >> 1);

        if (leg == NULL || leg->client_ufrag_n == 0)
            continue;
        if ((!sides[0] && !sides[1]) || (int32_t)(leg->known_ms - since) > 0)
            since = leg->known_ms;
        sides[i & 1] = true;
    }
    *out_since = since;
    return sides[0] && sides[1];
}

/* Since when a side has said nothing: since it was last heard, or since both were told of each other. */
static bool is_silent(struct core *c, const struct call *call, unsigned side, uint32_t now)
{
    uint32_t since;

    if (!is_ready(c, call, &since) || now - since <= SILENT_MS)
        return false;
    for (unsigned i = 0; i < ANCHOR_TRANSPORTS; i++) {
        const struct leg *leg = leg_of(c, call, side, i);

        if (leg != NULL && leg->came && now - leg->rx_ms <= SILENT_MS)
            return false;
    }
    return true;
}

static void tell_silence(struct core *c, struct call *call, uint32_t now)
{
    for (unsigned side = 0; side < 2; side++) {
        struct anchor_report silent = { .kind = ANCHOR_SILENT,
                                        .call = call->id,
                                        .side = (enum anchor_side)side };
        bool is = is_silent(c, call, side, now);

        if (!is || !call->silent_told[side])
            call->silent_told[side] = is && core_report(c, &silent);
    }
}

void call_report_drops(struct core *c, struct call *call)
{
    for (unsigned side = 0; side < 2; side++) {
        struct anchor_report r = { .kind = ANCHOR_DROPPED,
                                   .call = call->id,
                                   .side = (enum anchor_side)side };
        uint64_t total = 0;

        for (unsigned i = 0; i < ANCHOR_TRANSPORTS; i++) {
            struct leg *leg = leg_of(c, call, side, i);

            for (size_t d = 0; leg != NULL && d < ANCHOR_DROPS; d++) {
                r.counts[d] += leg->drops[d];
                total += leg->drops[d];
            }
            if (leg != NULL)
                memset(leg->drops, 0, sizeof leg->drops);
        }
        if (total > 0)
            core_report(c, &r);
    }
}

static void tick_call(struct core *c, struct call *call, uint32_t now)
{
    if (c->report_drops)
        call_report_drops(c, call);
    if (!call->open)
        return;
    for (unsigned i = 0; i < 2 * ANCHOR_TRANSPORTS; i++) {
        struct leg *leg = leg_of(c, call, i & 1, i >> 1);

        if (leg != NULL)
            tick_leg(c, leg, now);
    }
    tell_silence(c, call, now);
}

/* ---- All -------------------------------------------------------------------------------------------- */

static void tell_totals(struct core *c)
{
    struct anchor_report r = { .kind = ANCHOR_TOTALS };

    memcpy(r.totals, c->totals, sizeof r.totals);
    if (core_report(c, &r))
        c->told_calls = c->totals[ANCHOR_TOTAL_CALLS];
}

static void tell_nobody(struct core *c)
{
    struct anchor_report r = { .kind = ANCHOR_DROPPED };

    memcpy(r.counts, c->nobody, sizeof r.counts);
    memset(c->nobody, 0, sizeof c->nobody);
    if (core_report(c, &r))
        c->told_received = c->totals[ANCHOR_TOTAL_RECEIVED];
}

static void begin_tick(struct core *c, uint64_t now_ms)
{
    c->silent_count = 0;
    c->reaching = false;
    media_expire(c, (uint32_t)now_ms);
    c->report_drops = now_ms >= c->dropped_ms;
    if (c->report_drops) {
        c->dropped_ms = now_ms + DROPPED_MS;
        tell_nobody(c);
    }
    if (now_ms >= c->totals_ms) {
        c->totals_ms = now_ms + TOTALS_MS;
        tell_totals(c);
    }
    calls_end_orphans(c, now_ms);
}

unsigned core_tick_ms(const struct core *c)
{
    return c->reaching ? REACH_GAP_MS : TICK_MS;
}

bool core_is_idle(const struct core *c)
{
    return c->totals[ANCHOR_TOTAL_CALLS] == 0 && c->told_calls == 0
           && c->told_received == c->totals[ANCHOR_TOTAL_RECEIVED];
}

bool core_tick(struct core *c, uint64_t now_ms)
{
    enum { SENDS_OF_A_CALL = 2 * ANCHOR_TRANSPORTS * LEG_PATHS };

    c->send_count = 0;
    if (c->tick_at == 0)
        begin_tick(c, now_ms);
    while (c->tick_at < c->call_used) {
        if (c->send_count + SENDS_OF_A_CALL > CORE_SENDS_MAX)
            return true;
        if (c->calls[c->tick_at].id != 0)
            tick_call(c, &c->calls[c->tick_at], (uint32_t)now_ms);
        c->tick_at++;
    }
    c->tick_at = 0;
    return false;
}
