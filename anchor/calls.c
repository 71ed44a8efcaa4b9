/* calls.c: calls and legs come and go as the server orders. */
#include <assert.h>
#include <string.h>

#include "anchor/core_inside.h"
#include "base/map.h"
#include "crypto/hash.h"

/* ---- Finding ---------------------------------------------------------------------------------------- */

static uint32_t id_hash(uint64_t id)
{
    return (uint32_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

struct id_wanted {
    const struct core *c;
    uint64_t id;
};

static bool is_id(const void *ctx, uint32_t value)
{
    const struct id_wanted *w = ctx;

    return w->c->calls[value].id == w->id;
}

static struct call *call_find(struct core *c, uint64_t id)
{
    struct id_wanted wanted = { c, id };
    uint32_t at = table_find(&c->by_id, id_hash(id), is_id, &wanted);

    return at != TABLE_NONE ? &c->calls[at] : NULL;
}

uint32_t ufrag_hash(const struct core *c, struct str ufrag)
{
    return (uint32_t)map_hash(c->seed, ufrag) | 1;
}

static struct str ufrag_of(const struct credentials *k)
{
    return (struct str){ k->ufrag, sizeof k->ufrag };
}

struct ufrag_wanted {
    const struct core *c;
    struct str ufrag;
};

static bool is_ufrag(const void *ctx, uint32_t value)
{
    const struct ufrag_wanted *w = ctx;
    const struct leg *leg = &w->c->legs[value];

    return str_eq(ufrag_of(&leg->ours[0]), w->ufrag)
           || (leg->has_old && str_eq(ufrag_of(&leg->ours[1]), w->ufrag));
}

struct leg *leg_by_ufrag(struct core *c, struct str ufrag, bool *out_old)
{
    struct ufrag_wanted wanted = { c, ufrag };
    uint32_t at = table_find(&c->by_ufrag, ufrag_hash(c, ufrag), is_ufrag, &wanted);

    if (at == TABLE_NONE)
        return NULL;
    *out_old = !str_eq(ufrag_of(&c->legs[at].ours[0]), ufrag);
    return &c->legs[at];
}

struct leg *leg_opposite(struct core *c, const struct leg *leg)
{
    uint32_t at = c->calls[leg->call].legs[!leg->side][leg->transport];

    return at != NO_LEG ? &c->legs[at] : NULL;
}

/* ---- Calls ------------------------------------------------------------------------------------------ */

static struct call *call_make(struct core *c, uint64_t id)
{
    uint32_t at = c->free_call;
    struct call *call;

    assert(c->calls != NULL); /* as core_new() made it; an analyser asks */
    if (at == UINT32_MAX && c->call_used == c->call_room)
        return NULL;
    if (at == UINT32_MAX)
        at = c->call_used++;
    else
        c->free_call = c->calls[at].next_free;
    call = &c->calls[at];
    *call = (struct call){ .id = id, .resumed = !c->synced };
    memset(call->legs, 0xff, sizeof call->legs); /* NO_LEG */
    table_put(&c->by_id, id_hash(id), at);
    c->totals[ANCHOR_TOTAL_CALLS]++;
    return call;
}

static void forget_ufrag(struct core *c, uint32_t at, const struct credentials *k)
{
    table_remove(&c->by_ufrag, ufrag_hash(c, ufrag_of(k)), at);
}

static void leg_end(struct core *c, uint32_t at)
{
    struct leg *leg = &c->legs[at];

    for (unsigned i = 0; i < LEG_PATHS; i++)
        path_forget(c, leg, i);
    forget_ufrag(c, at, &leg->ours[0]);
    if (leg->has_old)
        forget_ufrag(c, at, &leg->ours[1]);
    media_forget(c, at);
    secure_zero(leg, sizeof *leg);
    leg->next_free = c->free_leg;
    c->free_leg = at;
    c->totals[ANCHOR_TOTAL_LEGS]--;
}

void call_end(struct core *c, struct call *call)
{
    uint32_t at = (uint32_t)(call - c->calls);

    call_report_drops(c, call); /* the last of it */
    for (unsigned i = 0; i < 2 * ANCHOR_TRANSPORTS; i++) {
        if (call->legs[i & 1][i >> 1] != NO_LEG)
            leg_end(c, call->legs[i & 1][i >> 1]);
    }
    table_remove(&c->by_id, id_hash(call->id), at);
    *call = (struct call){ .next_free = c->free_call };
    c->free_call = at;
    c->totals[ANCHOR_TOTAL_CALLS]--;
}

/* ---- Legs ------------------------------------------------------------------------------------------- */

static struct leg *leg_make(struct core *c, struct call *call, const struct anchor_order *o)
{
    uint32_t at = c->free_leg;
    struct leg *leg;

    if (at == NO_LEG && c->leg_used == c->leg_room)
        return NULL;
    if (at == NO_LEG)
        at = c->leg_used++;
    else
        c->free_leg = c->legs[at].next_free;
    leg = &c->legs[at];
    memset(leg, 0, sizeof *leg);
    leg->call = (uint32_t)(call - c->calls);
    leg->side = (uint8_t)o->side;
    leg->transport = (uint8_t)o->transport;
    leg->out[0] = leg->out[1] = NO_PATH;
    call->legs[o->side][o->transport] = at;
    c->totals[ANCHOR_TOTAL_LEGS]++;
    return leg;
}

/* New ones of ours: those before stay good for a while, because packets are on their way. */
static void leg_credentials(struct core *c, struct call *call, const struct anchor_order *o,
                            uint32_t now)
{
    uint32_t at = call->legs[o->side][o->transport];
    bool is_new = at == NO_LEG;
    struct leg *leg = is_new ? leg_make(c, call, o) : &c->legs[at];
    struct credentials k;

    if (leg == NULL)
        return; /* it will be silent, and the call will end */
    leg->two_components = o->two_components;
    leg->owner = o->owner;
    memcpy(k.ufrag, o->ufrag.p, sizeof k.ufrag);
    memcpy(k.pwd, o->pwd.p, sizeof k.pwd);
    if (!is_new && memcmp(&k, &leg->ours[0], sizeof k) == 0)
        return; /* told again */
    at = (uint32_t)(leg - c->legs);
    if (!is_new) {
        if (leg->has_old)
            forget_ufrag(c, at, &leg->ours[1]);
        leg->ours[1] = leg->ours[0];
        leg->has_old = true;
        leg->old_until_ms = now + OLD_CREDENTIALS_MS;
    }
    leg->ours[0] = k;
    table_put(&c->by_ufrag, ufrag_hash(c, ufrag_of(&k)), at);
}

/* A key longer than a block is hashed before it is used: RFC 2104 §2. */
static size_t key_of(struct str password, uint8_t out[HMAC_BLOCK])
{
    if (password.n > HMAC_BLOCK) {
        hash_digest(HASH_SHA1, bytes_of_str(password), out);
        return hash_size(HASH_SHA1);
    }
    memcpy(out, password.p, password.n);
    return password.n;
}

static void set_flow(struct core *c, struct leg *leg, const struct flow_config *config,
                     uint64_t now_ms)
{
    struct leg *other = leg_opposite(c, leg);

    if (leg->client_ufrag_n == 0) {
        flow_init(&leg->flow, config, now_ms);
        /* A call that is older than this process had its handshake before. */
        leg->flow.secured = c->calls[leg->call].resumed;
        if (leg->flow.secured || (other != NULL && other->flow.secured))
            flow_peer_secured(&leg->flow, now_ms);
        return;
    }
    leg->flow.config.video = config->video;
    memcpy(leg->flow.config.payload_types, config->payload_types, sizeof config->payload_types);
}

static void leg_client(struct core *c, struct call *call, const struct anchor_order *o,
                       uint64_t now_ms)
{
    uint32_t at = call->legs[o->side][o->transport];
    struct leg *leg = at != NO_LEG ? &c->legs[at] : NULL;
    struct str before;
    uint8_t key[HMAC_BLOCK];
    size_t n;

    if (leg == NULL || o->ufrag.n > CLIENT_UFRAG)
        return;
    set_flow(c, leg, &o->flow, now_ms);
    before = (struct str){ leg->client_ufrag, leg->client_ufrag_n };
    n = key_of(o->pwd, key);
    if (str_eq(before, o->ufrag) && n == leg->client_key_n && ct_equal(key, leg->client_key, n))
        return; /* told again */
    if (before.n > 0) {
        leg->old_client_ufrag = ufrag_hash(c, before);
        leg->old_until_ms = (uint32_t)now_ms + OLD_CREDENTIALS_MS;
    }
    memcpy(leg->client_ufrag, o->ufrag.p, o->ufrag.n);
    memcpy(leg->client_key, key, n);
    leg->client_ufrag_n = (uint8_t)o->ufrag.n;
    leg->client_key_n = (uint8_t)n;
    leg->client_controls = o->controlling;
    leg->known_ms = (uint32_t)now_ms;
    leg->generation++;
    secure_zero(key, sizeof key);
    ice_forget_asked(leg);
    ice_ask_early(c, leg, (uint32_t)now_ms);
}

/* ---- Orders ----------------------------------------------------------------------------------------- */

static void order_call(struct core *c, uint64_t id)
{
    struct call *call = call_find(c, id);

    if (call == NULL && (call = call_make(c, id)) == NULL) {
        struct anchor_report full = { .kind = ANCHOR_SILENT, .call = id };

        core_report(c, &full);
        return;
    }
    call->link = c->link;
    call->silent_told[0] = call->silent_told[1] = false; /* whoever was told may be gone */
    call->told_open = false; /* until GATE; but a running call goes on meanwhile */
}

static void order_gate(struct core *c, struct call *call, bool open, uint32_t now)
{
    call->open = call->told_open = open;
    for (unsigned i = 0; i < 2 * ANCHOR_TRANSPORTS; i++) {
        uint32_t at = call->legs[i & 1][i >> 1];

        if (at != NO_LEG)
            ice_ask_early(c, &c->legs[at], now);
    }
}

static void order_reach(struct core *c, struct call *call, const struct anchor_order *o,
                        uint32_t now)
{
    uint32_t at = call->legs[o->side][o->transport];
    struct route to = { .peer = o->peer, .port = (uint8_t)(2 * o->place) };

    if (at != NO_LEG)
        ice_reach(c, &c->legs[at], &to, now);
}

/* A server that was started anew may know of none of the calls that run: they have their time (core_link_down()). */
static void order_synced(struct core *c)
{
    c->synced = true;
    for (uint32_t i = 0; i < c->call_used; i++) {
        struct call *call = &c->calls[i];

        if (call->id != 0 && call->link == c->link)
            call->open = call->told_open;
    }
}

void core_order(struct core *c, const struct anchor_order *o, uint64_t now_ms)
{
    struct call *call = o->call != 0 ? call_find(c, o->call) : NULL;

    c->send_count = 0;
    if (o->kind == ANCHOR_SYNCED)
        order_synced(c);
    else if (o->kind == ANCHOR_CALL)
        order_call(c, o->call);
    if (call == NULL)
        return;
    switch (o->kind) {
    case ANCHOR_LEG: leg_credentials(c, call, o, (uint32_t)now_ms); break;
    case ANCHOR_CLIENT: leg_client(c, call, o, now_ms); break;
    case ANCHOR_GATE: order_gate(c, call, o->open, (uint32_t)now_ms); break;
    case ANCHOR_REACH: order_reach(c, call, o, (uint32_t)now_ms); break;
    case ANCHOR_END: call_end(c, call); break;
    case ANCHOR_CALL:
    case ANCHOR_SYNCED:
    case ANCHOR_STREAM: break;
    }
}

/* ---- The link --------------------------------------------------------------------------------------- */

void core_link_up(struct core *c, uint64_t now_ms)
{
    (void)now_ms;
    c->link++;
    c->link_is_up = true;
}

void core_link_down(struct core *c, uint64_t now_ms)
{
    c->link_is_up = false;
    c->orphan_ms = now_ms + ANCHOR_ORPHAN_MS;
}

void calls_end_orphans(struct core *c, uint64_t now_ms)
{
    if (c->orphan_ms == 0 || now_ms < c->orphan_ms)
        return;
    c->orphan_ms = 0;
    for (uint32_t i = 0; i < c->call_used; i++) {
        struct call *call = &c->calls[i];

        if (call->id != 0 && (!c->link_is_up || call->link != c->link))
            call_end(c, call);
    }
}
