/* anchor_wire.c: the datagrams between server and anchor, written and read.
 *
 *   order    | kind | call 8 | side | transport | flags | payload types 16 | n, ufrag | n, pwd | owner 8 |     each kind has what it needs
 *            | kind | family | address 16 | port 2 | owner 8 |                                             a stream, with its socket
 *   report   | kind | call 8 | side | n | values: places of 20 octets, or counts of 4 or 8 |
 */
#include "rtp/anchor_wire.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/reader.h"

enum {
    FLAG_CONTROLLING = 1,
    FLAG_TWO_COMPONENTS = 2,
    FLAG_VIDEO = 4,
    FLAG_CLIENT = 8, /* the roles of DTLS */
    FLAG_SERVER = 16,
    PLACE_V6 = 1,
    PLACE_TCP = 2,
};

const char *anchor_drop_text(unsigned drop)
{
    static const char *const texts[ANCHOR_DROPS - ANCHOR_DROP_STUN] = {
        "stun", "integrity", "username", "stale", "shut", "unconfirmed", "unknown", "unconnected",
    };

    if (drop < ANCHOR_DROP_STUN)
        return flow_verdict_text((enum flow_verdict)drop);
    return texts[drop - ANCHOR_DROP_STUN];
}

/* ---- Fields ----------------------------------------------------------------------------------------- */

struct out {
    uint8_t *p; /* ANCHOR_DATAGRAM_MAX octets: more than the longest of both kinds */
    size_t n;
};

static void put(struct out *o, uint64_t value, unsigned octets)
{
    while (octets-- > 0)
        o->p[o->n++] = (uint8_t)(value >> 8 * octets);
}

static void put_bytes(struct out *o, const void *p, size_t n)
{
    memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void put_text(struct out *o, struct str text)
{
    assert(text.n <= STUN_PASSWORD_MAX);
    put(o, text.n, 2);
    put_bytes(o, text.p, text.n);
}

/* ice-char of RFC 8839 §5.1 */
static bool is_ice(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+'
              || c == '/'))
            return false;
    }
    return true;
}

/* An empty one if it is none: too short for both. */
static struct str read_text(struct reader *r, size_t least, size_t most)
{
    size_t n = read_u16(r);
    struct str text = str_of_bytes(read_bytes(r, n));

    if (text.n < least || text.n > most || !is_ice(text))
        r->failed = true;
    return text;
}

static uint64_t read_call(struct reader *r)
{
    uint64_t call = read_u64(r);

    if (call == 0)
        r->failed = true;
    return call;
}

static unsigned read_below(struct reader *r, unsigned limit)
{
    unsigned value = read_u8(r);

    if (value >= limit)
        r->failed = true;
    return value;
}

static void put_address(struct out *o, const struct stun_address *a, unsigned more)
{
    put(o, (a->is_v6 ? PLACE_V6 : 0) | more, 1);
    put_bytes(o, a->ip, sizeof a->ip);
    put(o, a->port, 2);
}

/* Returns the flags beside that of the family, of those that may be. */
static unsigned read_address(struct reader *r, unsigned flags_allowed, struct stun_address *out)
{
    unsigned flags = read_u8(r);
    struct bytes ip = read_bytes(r, sizeof out->ip);

    if ((flags & ~flags_allowed) != 0)
        r->failed = true;
    if (r->failed)
        return 0;
    out->is_v6 = (flags & PLACE_V6) != 0;
    memcpy(out->ip, ip.p, ip.n);
    out->port = read_u16(r);
    return flags & ~(unsigned)PLACE_V6;
}

/* ---- Orders ----------------------------------------------------------------------------------------- */

static void put_client(struct out *o, const struct anchor_order *order)
{
    const struct flow_config *flow = &order->flow;
    unsigned role = flow->role == FLOW_CLIENT   ? FLAG_CLIENT
                    : flow->role == FLOW_SERVER ? FLAG_SERVER
                                                : 0;

    put(o, (order->controlling ? FLAG_CONTROLLING : 0) | (flow->video ? FLAG_VIDEO : 0) | role, 1);
    put_bytes(o, flow->payload_types, sizeof flow->payload_types);
}

static bool is_of_leg(enum anchor_order_kind kind)
{
    return kind == ANCHOR_LEG || kind == ANCHOR_CLIENT || kind == ANCHOR_REACH;
}

size_t anchor_write_order(uint8_t out[ANCHOR_DATAGRAM_MAX], const struct anchor_order *order)
{
    struct out o = { out, 0 };

    put(&o, order->kind, 1);
    if (order->kind == ANCHOR_STREAM) {
        put_address(&o, &order->peer, 0);
        put(&o, order->owner, 8);
        return o.n;
    }
    if (order->kind != ANCHOR_SYNCED)
        put(&o, order->call, 8);
    if (order->kind == ANCHOR_GATE)
        put(&o, order->open, 1);
    if (!is_of_leg(order->kind))
        return o.n;
    put(&o, order->side, 1);
    put(&o, order->transport, 1);
    if (order->kind == ANCHOR_REACH) {
        put(&o, order->place, 1);
        put_address(&o, &order->peer, 0);
        return o.n;
    }
    if (order->kind == ANCHOR_CLIENT)
        put_client(&o, order);
    else
        put(&o, order->two_components ? FLAG_TWO_COMPONENTS : 0, 1);
    put_text(&o, order->ufrag);
    put_text(&o, order->pwd);
    if (order->kind == ANCHOR_LEG)
        put(&o, order->owner, 8);
    return o.n;
}

static void read_client(struct reader *r, struct anchor_order *o)
{
    unsigned flags = read_u8(r);
    struct bytes types = read_bytes(r, sizeof o->flow.payload_types);

    if ((flags & FLAG_TWO_COMPONENTS) != 0 || flags >= 2 * FLAG_SERVER
        || ((flags & FLAG_CLIENT) != 0 && (flags & FLAG_SERVER) != 0))
        r->failed = true;
    if (r->failed)
        return;
    o->controlling = (flags & FLAG_CONTROLLING) != 0;
    o->flow.video = (flags & FLAG_VIDEO) != 0;
    o->flow.role = flags & FLAG_CLIENT   ? FLOW_CLIENT
                   : flags & FLAG_SERVER ? FLOW_SERVER
                                         : FLOW_ROLE_UNKNOWN;
    memcpy(o->flow.payload_types, types.p, types.n);
    o->ufrag = read_text(r, 4, STUN_PASSWORD_MAX); /* RFC 8839 §5.4 */
    o->pwd = read_text(r, 22, STUN_PASSWORD_MAX);
}

static void read_leg(struct reader *r, struct anchor_order *o)
{
    unsigned flags = read_u8(r);

    if ((flags & ~(unsigned)FLAG_TWO_COMPONENTS) != 0)
        r->failed = true;
    o->two_components = flags != 0;
    o->ufrag = read_text(r, ANCHOR_UFRAG, ANCHOR_UFRAG);
    o->pwd = read_text(r, ANCHOR_PWD, ANCHOR_PWD);
    o->owner = read_u64(r);
}

static void read_reach(struct reader *r, struct anchor_order *o)
{
    o->place = read_below(r, ANCHOR_PLACES);
    if (read_address(r, PLACE_V6, &o->peer) != 0 || o->peer.port == 0)
        r->failed = true;
}

enum err anchor_read_order(struct bytes datagram, struct anchor_order *out)
{
    struct reader r = reader_of(datagram);
    struct anchor_order o = { .kind = (enum anchor_order_kind)read_below(&r, ANCHOR_REACH + 1) };

    if (o.kind == ANCHOR_STREAM) {
        if (read_address(&r, PLACE_V6, &o.peer) != 0)
            r.failed = true;
        o.owner = read_u64(&r);
    } else if (o.kind != ANCHOR_SYNCED) {
        o.call = read_call(&r);
    }
    if (o.kind == ANCHOR_GATE)
        o.open = read_below(&r, 2) != 0;
    if (is_of_leg(o.kind)) {
        o.side = (enum anchor_side)read_below(&r, 2);
        o.transport = read_below(&r, ANCHOR_TRANSPORTS);
    }
    if (o.kind == ANCHOR_LEG)
        read_leg(&r, &o);
    if (o.kind == ANCHOR_CLIENT)
        read_client(&r, &o);
    if (o.kind == ANCHOR_REACH)
        read_reach(&r, &o);
    if (!reader_done(&r))
        return ERR_MALFORMED;
    *out = o;
    return ERR_NONE;
}

/* ---- Reports ---------------------------------------------------------------------------------------- */

static void put_place(struct out *o, const struct anchor_place *p)
{
    put_address(o, &p->address, p->tcp ? PLACE_TCP : 0);
}

size_t anchor_write_report(uint8_t out[ANCHOR_DATAGRAM_MAX], const struct anchor_report *r)
{
    struct out o = { out, 0 };

    assert(r->place_count <= ANCHOR_PLACES);
    put(&o, r->kind, 1);
    switch (r->kind) {
    case ANCHOR_READY:
        for (size_t i = 0; i < r->place_count; i++)
            put_place(&o, &r->places[i]);
        break;
    case ANCHOR_FLOWS: put(&o, r->call, 8); break;
    case ANCHOR_SILENT:
        put(&o, r->call, 8);
        put(&o, r->side, 1);
        break;
    case ANCHOR_DROPPED:
        put(&o, r->call, 8);
        put(&o, r->side, 1);
        for (size_t i = 0; i < ANCHOR_DROPS; i++)
            put(&o, r->counts[i], 4);
        break;
    case ANCHOR_TOTALS:
        for (size_t i = 0; i < ANCHOR_TOTAL_COUNT; i++)
            put(&o, r->totals[i], 8);
        break;
    }
    return o.n;
}

static void read_place(struct reader *r, struct anchor_place *out)
{
    out->tcp = read_address(r, PLACE_V6 | PLACE_TCP, &out->address) != 0;
}

static void read_values(struct reader *r, struct anchor_report *out)
{
    switch (out->kind) {
    case ANCHOR_READY:
        while (!r->failed && r->left.n > 0 && out->place_count < ANCHOR_PLACES)
            read_place(r, &out->places[out->place_count++]);
        break;
    case ANCHOR_FLOWS: out->call = read_call(r); break;
    case ANCHOR_SILENT:
        out->call = read_call(r);
        out->side = (enum anchor_side)read_below(r, 2);
        break;
    case ANCHOR_DROPPED:
        out->call = read_u64(r);
        out->side = (enum anchor_side)read_below(r, 2);
        for (size_t i = 0; i < ANCHOR_DROPS; i++)
            out->counts[i] = read_u32(r);
        break;
    case ANCHOR_TOTALS:
        for (size_t i = 0; i < ANCHOR_TOTAL_COUNT; i++)
            out->totals[i] = read_u64(r);
        break;
    }
}

enum err anchor_read_report(struct bytes datagram, struct anchor_report *out)
{
    struct reader r = reader_of(datagram);
    struct anchor_report report = { .kind = (enum anchor_report_kind)read_below(&r, ANCHOR_TOTALS
                                                                                        + 1) };

    if (!r.failed)
        read_values(&r, &report);
    if (!reader_done(&r))
        return ERR_MALFORMED;
    *out = report;
    return ERR_NONE;
}
