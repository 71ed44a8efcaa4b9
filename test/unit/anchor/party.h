/* party.h: a call of two clients through the core: what they send, and what comes to them.
 *
 * Each client has credentials, an address and a role. Whatever the core sends goes into the boxes of those addresses; a client that
 * is awake answers checks at once.
 */
#ifndef SOTTO_TEST_UNIT_ANCHOR_PARTY_H
#define SOTTO_TEST_UNIT_ANCHOR_PARTY_H

#include "test/unit/check.h"

#include <string.h>

#include "anchor/core.h"

enum { CALL = 0x0100 };

struct party {
    struct core *core;
    enum anchor_side side;
    struct str our_ufrag, our_pwd; /* of the anchor on this leg */
    struct str ufrag, pwd;         /* its own */
    bool controlling;
    struct route at;
    uint8_t transactions;
};

/* What the core has sent since forget_sent(). */
struct box {
    struct {
        struct route to;
        uint8_t octets[RTP_MAX];
        size_t n;
    } items[512];
    size_t count;
};

static inline void count_up(void *ctx, uint8_t *out, size_t n)
{
    uint32_t *x = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)((*x = *x * 1664525 + 1013904223) >> 24);
}

static inline void collect(struct core *c, struct box *box)
{
    size_t count;
    const struct core_send *sends = core_sends(c, &count);

    for (size_t i = 0; i < count; i++) {
        assert_true(box->count < COUNT_OF(box->items) && sends[i].packet.n <= RTP_MAX);
        box->items[box->count].to = sends[i].to;
        box->items[box->count].n = sends[i].packet.n;
        memcpy(box->items[box->count++].octets, sends[i].packet.p, sends[i].packet.n);
    }
}

static inline struct route route_of(uint8_t host, uint16_t port)
{
    return (struct route){ .peer = { .ip = { 192, 0, 2, host }, .port = port } };
}

static inline bool same_route(const struct route *a, const struct route *b)
{
    return a->port == b->port && a->stream == b->stream && a->peer.port == b->peer.port
           && a->peer.is_v6 == b->peer.is_v6 && memcmp(a->peer.ip, b->peer.ip, 16) == 0;
}

/* How many of the box went there. */
static inline size_t sent_to(const struct box *box, const struct route *to)
{
    size_t n = 0;

    for (size_t i = 0; i < box->count; i++)
        n += same_route(&box->items[i].to, to);
    return n;
}

static inline void give(struct core *c, const struct route *from, const void *p, size_t n,
                        uint64_t now_ms, struct box *box)
{
    core_packet(c, from, bytes_of(p, n), now_ms);
    collect(c, box);
}

static inline void order(struct core *c, struct anchor_order o, uint64_t now_ms, struct box *box)
{
    core_order(c, &o, now_ms);
    collect(c, box);
}

static inline size_t party_check_from(struct party *p, const struct route *from, bool use_candidate,
                                      uint64_t now_ms, struct box *box)
{
    char name[64];
    uint8_t room[STUN_MAX];
    struct stun_check check = { .transaction = { (uint8_t)p->side, from->peer.ip[3],
                                                 (uint8_t)from->peer.port, ++p->transactions },
                                .priority = 1,
                                .role = p->controlling ? STUN_CONTROLLING : STUN_CONTROLLED,
                                .use_candidate = use_candidate };
    size_t before = box->count, n;

    memcpy(name, p->our_ufrag.p, p->our_ufrag.n);
    name[p->our_ufrag.n] = ':';
    memcpy(name + p->our_ufrag.n + 1, p->ufrag.p, p->ufrag.n);
    check.username = (struct str){ name, p->our_ufrag.n + 1 + p->ufrag.n };
    n = stun_write_check(room, &check, p->our_pwd);
    give(p->core, from, room, n, now_ms, box);
    return box->count - before;
}

/* Answers those of our checks in the box that went to it, from item `at` on. */
static inline void party_answer(struct party *p, const struct route *where, size_t at,
                                uint64_t now_ms, struct box *box)
{
    for (; at < box->count; at++) {
        struct stun_message m;
        uint8_t room[STUN_MAX];
        size_t n;

        if (!same_route(&box->items[at].to, where)
            || stun_read(bytes_of(box->items[at].octets, box->items[at].n), &m) != ERR_NONE
            || m.class != STUN_REQUEST)
            continue;
        assert_true(stun_is_authentic(&m, p->pwd));
        n = stun_write_answer(room, m.transaction, &where->peer, p->pwd);
        give(p->core, where, room, n, now_ms, box);
    }
}

/* A whole exchange. */
static inline void party_connect(struct party *p, uint64_t now_ms, struct box *box)
{
    size_t at = box->count;

    party_check_from(p, &p->at, p->controlling, now_ms, box);
    party_answer(p, &p->at, at, now_ms, box);
}

struct duo {
    uint32_t seed;
    struct core *core;
    struct party a, b; /* caller, callee */
    struct box box;
};

static inline void tell_leg(struct duo *d, const struct party *p, uint64_t now_ms)
{
    order(d->core,
          (struct anchor_order){ .kind = ANCHOR_LEG,
                                 .call = CALL,
                                 .side = p->side,
                                 .ufrag = p->our_ufrag,
                                 .pwd = p->our_pwd },
          now_ms, &d->box);
}

static inline void tell_client(struct duo *d, const struct party *p, uint64_t now_ms)
{
    struct anchor_order o = { .kind = ANCHOR_CLIENT,
                              .call = CALL,
                              .side = p->side,
                              .ufrag = p->ufrag,
                              .pwd = p->pwd,
                              .controlling = p->controlling };

    flow_allow(&o.flow, 111);
    order(d->core, o, now_ms, &d->box);
}

static inline void tell_gate(struct duo *d, bool open, uint64_t now_ms)
{
    order(d->core, (struct anchor_order){ .kind = ANCHOR_GATE, .call = CALL, .open = open }, now_ms,
          &d->box);
}

/* A core that was told of all but the gate. */
static inline struct duo *duo_new(void)
{
    struct duo *d = mem_alloc(sizeof *d);
    struct core_config config = { 4, 8, { count_up, &d->seed } };

    d->core = core_new(&config);
    d->a = (struct party){ .core = d->core,
                           .side = ANCHOR_CALLER,
                           .our_ufrag = STR("callerLegUfrag01"),
                           .our_pwd = STR("callerLegPassword0000001"),
                           .ufrag = STR("cccc"),
                           .pwd = STR("callersOwnPassword0001"),
                           .controlling = true,
                           .at = route_of(1, 1001) };
    d->b = (struct party){ .core = d->core,
                           .side = ANCHOR_CALLEE,
                           .our_ufrag = STR("calleeLegUfrag02"),
                           .our_pwd = STR("calleeLegPassword0000002"),
                           .ufrag = STR("dddd"),
                           .pwd = STR("calleesOwnPassword0002"),
                           .at = route_of(2, 2002) };
    core_link_up(d->core, 0);
    order(d->core, (struct anchor_order){ .kind = ANCHOR_SYNCED }, 0, &d->box);
    order(d->core, (struct anchor_order){ .kind = ANCHOR_CALL, .call = CALL }, 0, &d->box);
    tell_leg(d, &d->a, 0);
    tell_leg(d, &d->b, 0);
    tell_client(d, &d->a, 0);
    tell_client(d, &d->b, 0);
    return d;
}

static inline void duo_free(struct duo *d)
{
    core_free(d->core);
    mem_free(d);
}

static inline void duo_tick(struct duo *d, uint64_t now_ms)
{
    bool more;

    do {
        more = core_tick(d->core, now_ms);
        collect(d->core, &d->box);
    } while (more);
}

/* A record of DTLS of epoch 1, from the party's main address: what ends its handshake. */
static inline void send_finished(struct duo *d, const struct route *from, uint64_t now_ms)
{
    uint8_t record[29] = { 22, 0xfe, 0xfd, 0, 1, [12] = 16 };

    give(d->core, from, record, sizeof record, now_ms, &d->box);
}

static inline void send_media(struct duo *d, const struct route *from, unsigned ssrc,
                              unsigned sequence, uint64_t now_ms)
{
    uint8_t packet[60] = { 0x80,
                           111,
                           (uint8_t)(sequence >> 8),
                           (uint8_t)sequence,
                           [10] = (uint8_t)(ssrc >> 8),
                           [11] = (uint8_t)ssrc };

    give(d->core, from, packet, sizeof packet, now_ms, &d->box);
}

/* A call in which media can flow. */
static inline struct duo *duo_running(uint64_t now_ms)
{
    struct duo *d = duo_new();

    tell_gate(d, true, now_ms);
    party_connect(&d->a, now_ms, &d->box);
    party_connect(&d->b, now_ms, &d->box);
    send_finished(d, &d->a.at, now_ms);
    send_finished(d, &d->b.at, now_ms);
    d->box.count = 0;
    return d;
}

/* The counts of drops that are reported next, of a call and side; those of call 0 are nobody's. */
static inline void drops_of(struct duo *d, uint64_t call, enum anchor_side side, uint64_t now_ms,
                            uint32_t out[ANCHOR_DROPS])
{
    struct anchor_report r;

    memset(out, 0, ANCHOR_DROPS * sizeof *out);
    duo_tick(d, now_ms);
    while (core_next_report(d->core, &r)) {
        for (size_t i = 0;
             r.kind == ANCHOR_DROPPED && r.call == call && r.side == side && i < ANCHOR_DROPS; i++)
            out[i] += r.counts[i];
    }
}

#endif
