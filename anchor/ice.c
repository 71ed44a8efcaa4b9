/* ice.c: checks of clients, and ours to them (RFC 8445, with the anchor's address as the only candidate of each leg).
 *
 * A client's check is believed when its name is of a leg, its integrity of that leg's password, and its transaction not one that
 * came from elsewhere. Even then it proves no address: a check can be caught and sent again, or its sender may point our stream at
 * somebody. So the source is asked in turn, and counts when the answer comes from there. Ours goes out before the answer to theirs:
 * the answer makes the client send DTLS at once, and by then the source should be confirmed.
 */
#include <string.h>

#include "anchor/core_inside.h"
#include "base/map.h"
#include "crypto/hash.h"

enum {
    PRIORITY_PEER_REFLEXIVE = 110 << 24 | 65535 << 8, /* RFC 8445 §5.1.2.1; less the component */
    TRANSACTION_RANDOM = 8,
    PATH_BITS = 3,
};

/* ---- Paths ------------------------------------------------------------------------------------------ */

static bool same_peer(const struct stun_address *a, const struct stun_address *b)
{
    return a->port == b->port && a->is_v6 == b->is_v6
           && memcmp(a->ip, b->ip, a->is_v6 ? 16 : 4) == 0;
}

static bool same_source(const struct path *p, const struct route *r)
{
    return p->port == r->port && p->stream == r->stream && same_peer(&p->peer, &r->peer);
}

static uint32_t source_hash(const struct core *c, const struct route *r)
{
    char key[24] = { 0 };

    memcpy(key, r->peer.ip, r->peer.is_v6 ? 16 : 4);
    key[16] = (char)(r->peer.port >> 8);
    key[17] = (char)r->peer.port;
    key[18] = (char)r->port;
    key[19] = r->peer.is_v6;
    memcpy(key + 20, &r->stream, sizeof r->stream);
    return (uint32_t)map_hash(c->seed, (struct str){ key, sizeof key });
}

struct source_wanted {
    const struct core *c;
    const struct route *route;
};

static bool is_source(const void *ctx, uint32_t value)
{
    const struct source_wanted *w = ctx;

    return same_source(&w->c->legs[value >> PATH_BITS].paths[value & 7], w->route);
}

static uint32_t path_value(const struct core *c, const struct leg *leg, unsigned path)
{
    return (uint32_t)(leg - c->legs) << PATH_BITS | path;
}

struct leg *leg_by_source(struct core *c, const struct route *from, unsigned *out_path)
{
    struct source_wanted wanted = { c, from };
    uint32_t at = table_find(&c->by_source, source_hash(c, from), is_source, &wanted);

    if (at == TABLE_NONE)
        return NULL;
    *out_path = at & 7;
    return &c->legs[at >> PATH_BITS];
}

bool path_is_good(const struct path *p, uint32_t now)
{
    return p->confirmed && now - p->consent_ms <= CONSENT_MS;
}

void path_forget(struct core *c, struct leg *leg, unsigned path)
{
    struct path *p = &leg->paths[path];
    struct route from = route_of_path(p);

    if (p->confirmed)
        table_remove(&c->by_source, source_hash(c, &from), path_value(c, leg, path));
    *p = (struct path){ 0 };
    for (unsigned i = 0; i < 2; i++) {
        if (leg->out[i] == path)
            leg->out[i] = NO_PATH;
    }
}

/* The one that is missed least: never confirmed, or the one that is silent longest. What media go to stays. */
static unsigned path_evict(struct core *c, struct leg *leg, unsigned component, uint32_t now)
{
    unsigned worst = NO_PATH;

    for (unsigned i = 0; i < LEG_PATHS; i++) {
        const struct path *p = &leg->paths[i], *w = &leg->paths[worst % LEG_PATHS];

        if (!p->used || port_component(p->port) != component || leg->out[component] == i
            || (p->confirmed && now - p->rx_ms < DEAD_MS))
            continue;
        if (worst == NO_PATH || (w->confirmed && !p->confirmed)
            || (w->confirmed == p->confirmed && now - p->rx_ms > now - w->rx_ms))
            worst = i;
    }
    if (worst != NO_PATH)
        path_forget(c, leg, worst);
    return worst;
}

unsigned path_take(struct core *c, struct leg *leg, const struct route *from, uint32_t now)
{
    unsigned component = port_component(from->port), count = 0, free = NO_PATH;

    for (unsigned i = 0; i < LEG_PATHS; i++) {
        const struct path *p = &leg->paths[i];

        if (p->used && same_source(p, from))
            return i;
        if (!p->used && free == NO_PATH)
            free = i;
        if (p->used && port_component(p->port) == component)
            count++;
    }
    if (free == NO_PATH || count >= COMPONENT_PATHS)
        free = path_evict(c, leg, component, now);
    if (free != NO_PATH)
        leg->paths[free] = (struct path){ .peer = from->peer,
                                          .port = from->port,
                                          .stream = from->stream,
                                          .used = true,
                                          .rx_ms = now,
                                          .check_ms = now - CONSENT_CHECK_MS };
    return free;
}

/* ---- Our checks ------------------------------------------------------------------------------------- */

static void put_u32(uint8_t out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* The transaction names leg and path, so that an answer finds them; what makes it hard to guess is the rest. */
static void compose(struct core *c, struct leg *leg, unsigned path, struct stun_check *check)
{
    struct path *p = &leg->paths[path];

    if (!p->asked)
        random_fill(&c->random, p->transaction, sizeof p->transaction);
    p->asked = true;
    memcpy(check->transaction, p->transaction, TRANSACTION_RANDOM);
    put_u32(check->transaction + TRANSACTION_RANDOM, path_value(c, leg, path));
    check->priority = PRIORITY_PEER_REFLEXIVE | (255 - port_component(p->port));
    check->role = leg->client_controls ? STUN_CONTROLLED : STUN_CONTROLLING;
    check->tie_breaker = c->tie_breaker;
    check->use_candidate = !leg->client_controls;
}

void ice_check(struct core *c, struct leg *leg, unsigned path, uint32_t now)
{
    struct path *p = &leg->paths[path];
    struct stun_check check;
    struct route to;
    char name[CLIENT_UFRAG + 1 + ANCHOR_UFRAG];
    uint8_t *room = core_room(c);

    if (room == NULL || leg->client_ufrag_n == 0)
        return;
    compose(c, leg, path, &check);
    memcpy(name, leg->client_ufrag, leg->client_ufrag_n);
    name[leg->client_ufrag_n] = ':';
    memcpy(name + leg->client_ufrag_n + 1, leg->ours[0].ufrag, ANCHOR_UFRAG);
    check.username = (struct str){ name, leg->client_ufrag_n + 1u + ANCHOR_UFRAG };
    p->check_ms = now;
    c->totals[ANCHOR_TOTAL_CHECKS]++;
    to = route_of_path(p);
    core_send_own(c, &to, stun_write_check(room, &check, leg_client_key(leg)));
}

void ice_reach(struct core *c, struct leg *leg, const struct route *to, uint32_t now)
{
    unsigned path = path_take(c, leg, to, now);
    struct path *p = &leg->paths[path % LEG_PATHS];

    if (path == NO_PATH || p->confirmed)
        return;
    p->reach = 1 + REACH_TRIES;
    c->reaching = true; /* the next tick begins, if the gate is open */
}

void ice_forget_asked(struct leg *leg)
{
    for (unsigned i = 0; i < LEG_PATHS; i++)
        leg->paths[i].asked = false;
}

void ice_ask_early(struct core *c, struct leg *leg, uint32_t now)
{
    struct str ufrag = { leg->client_ufrag, leg->client_ufrag_n };

    if (ufrag.n == 0 || !c->calls[leg->call].open)
        return;
    for (unsigned i = 0; i < LEG_PATHS; i++) {
        struct path *p = &leg->paths[i];

        if (p->early && now - p->rx_ms < DEAD_MS && leg->early_ufrag == ufrag_hash(c, ufrag))
            ice_check(c, leg, i, now);
        p->early = false;
    }
}

/* ---- Checks of clients ------------------------------------------------------------------------------ */

/* A transaction that came from another source: caught and sent again. */
static bool is_replay(struct core *c, struct leg *leg, const struct route *from,
                      struct bytes transaction)
{
    uint32_t of_source = source_hash(c, from) & 255;
    uint32_t entry = (uint32_t)map_hash(c->seed, str_of_bytes(transaction)) << 8;

    for (unsigned i = 0; i < LEG_SEEN; i++) {
        if ((leg->seen[i] & ~UINT32_C(255)) == entry)
            return (leg->seen[i] & 255) != of_source;
    }
    leg->seen[leg->seen_at++ % LEG_SEEN] = entry | of_source;
    return false;
}

static bool is_too_many(struct leg *leg, uint32_t now)
{
    if (now - leg->second_ms >= 1000) {
        leg->second_ms = now;
        leg->checks_in_second = 0;
    }
    if (leg->checks_in_second >= LEG_CHECKS_PER_SECOND)
        return true;
    leg->checks_in_second++;
    return false;
}

static bool knows_name(const struct core *c, const struct leg *leg, struct str theirs, uint32_t now)
{
    if (leg->client_ufrag_n == 0
        || str_eq(theirs, (struct str){ leg->client_ufrag, leg->client_ufrag_n }))
        return theirs.n > 0;
    return leg->old_client_ufrag == ufrag_hash(c, theirs)
           && (int32_t)(leg->old_until_ms - now) >= 0;
}

/* The leg whose check this is, and with which of our passwords; NULL: it is dropped and counted. */
static struct leg *judge_request(struct core *c, const struct route *from,
                                 const struct stun_message *m, uint32_t now, bool *out_old)
{
    struct str theirs = m->username, name = str_split(&theirs, ':');
    struct leg *leg = name.n == ANCHOR_UFRAG ? leg_by_ufrag(c, name, out_old) : NULL;
    struct str password;
    unsigned why = ANCHOR_DROPS;

    if (leg == NULL) {
        core_drop(c, NULL, ANCHOR_DROP_USERNAME);
        return NULL;
    }
    password = (struct str){ leg->ours[*out_old].pwd, ANCHOR_PWD };
    if ((*out_old && (int32_t)(leg->old_until_ms - now) < 0) || !knows_name(c, leg, theirs, now)
        || (port_component(from->port) == 1 && !leg->two_components)
        || (from->owner != 0 && from->owner != leg->owner))
        why = ANCHOR_DROP_USERNAME;
    else if (!stun_is_authentic(m, password))
        why = ANCHOR_DROP_INTEGRITY;
    else if (is_replay(c, leg, from, m->transaction))
        why = ANCHOR_DROP_REPLAY; /* and takes nothing from what the client may send */
    else if (is_too_many(leg, now))
        why = FLOW_RATE;
    if (why == ANCHOR_DROPS)
        return leg;
    core_drop(c, leg, why);
    return NULL;
}

/* To whom media go, until media tell. */
static void nominate(struct leg *leg, unsigned path)
{
    unsigned component = port_component(leg->paths[path].port);

    for (unsigned i = 0; i < LEG_PATHS; i++) {
        if (port_component(leg->paths[i].port) == component)
            leg->paths[i].nominated = false;
    }
    leg->paths[path].nominated = true;
    if (leg->paths[path].confirmed && (leg->out[component] == NO_PATH || leg->media_ms == 0))
        leg->out[component] = (uint8_t)path;
}

/* The other side is gone without a word. A client whose checks stay without an answer says so to its user; if ours went on, it
 * would believe that all is well. */
static bool other_is_dead(struct core *c, const struct leg *leg, uint32_t now)
{
    const struct leg *other = leg_opposite(c, leg);

    return other != NULL && other->came && now - other->rx_ms > DEAD_MS;
}

static void answer(struct core *c, const struct route *from, const struct stun_message *m,
                   const struct credentials *ours)
{
    struct str password = { ours->pwd, ANCHOR_PWD };
    uint8_t *room = core_room(c);

    if (room != NULL)
        core_send_own(c, from, stun_write_answer(room, m->transaction, &from->peer, password));
}

/* It came before the session-accept: no octet goes back, but it need not be sent again, for which libnice takes half a second. */
static void remember_early(struct core *c, struct leg *leg, struct path *p, struct str name)
{
    str_split(&name, ':');
    p->early = true;
    leg->early_ufrag = ufrag_hash(c, name);
    if (!c->calls[leg->call].open)
        core_drop(c, leg, ANCHOR_DROP_SHUT);
}

static void take_request(struct core *c, const struct route *from, const struct stun_message *m,
                         uint32_t now)
{
    bool old = false;
    struct leg *leg = judge_request(c, from, m, now, &old);
    unsigned path = leg != NULL ? path_take(c, leg, from, now) : NO_PATH;
    struct path *p;

    if (path == NO_PATH)
        return;
    p = &leg->paths[path];
    p->rx_ms = now;
    p->reach = 0;
    stream_know(c, leg, path);
    if (leg->client_ufrag_n == 0 || !c->calls[leg->call].open) {
        remember_early(c, leg, p, m->username);
        return;
    }
    if (path_is_good(p, now))
        leg->rx_ms = now;
    if (!old) {
        leg->client_controls = m->role == STUN_CONTROLLING;
        if (m->use_candidate && leg->client_controls)
            nominate(leg, path);
    }
    if ((!path_is_good(p, now) || p->generation != leg->generation
         || (!leg->client_controls && !p->nominated))
        && now - p->check_ms >= CHECK_GAP_MS)
        ice_check(c, leg, path, now);
    if (!other_is_dead(c, leg, now))
        answer(c, from, m, &leg->ours[old]);
}

/* ---- Answers ---------------------------------------------------------------------------------------- */

/* The path that asked; NULL: none of ours did. */
static struct leg *asked_by(struct core *c, const struct route *from, struct bytes transaction,
                            unsigned *out_path)
{
    const uint8_t *t = transaction.p + TRANSACTION_RANDOM;
    uint32_t value = (uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | t[3];
    uint32_t at = value >> PATH_BITS;
    const struct path *p;

    if (at >= c->leg_used || (value & 7) >= LEG_PATHS)
        return NULL;
    p = &c->legs[at].paths[value & 7];
    *out_path = value & 7;
    return p->used && p->asked && ct_equal(p->transaction, transaction.p, TRANSACTION_RANDOM)
                   && same_source(p, from)
               ? &c->legs[at]
               : NULL;
}

/* A source belongs to the leg that proved it last. */
static void confirm(struct core *c, struct leg *leg, unsigned path, uint32_t now)
{
    struct path *p = &leg->paths[path];
    struct route from = route_of_path(p);
    unsigned other_path, component = port_component(p->port);
    struct leg *other = p->confirmed ? NULL : leg_by_source(c, &from, &other_path);

    if (other != NULL)
        path_forget(c, other, other_path);
    if (!p->confirmed)
        table_put(&c->by_source, source_hash(c, &from), path_value(c, leg, path));
    p->confirmed = true;
    p->asked = false;
    p->reach = 0;
    p->generation = leg->generation;
    p->consent_ms = p->rx_ms = leg->rx_ms = now;
    leg->came = true;
    if (!leg->client_controls || p->nominated)
        nominate(leg, path);
    if (leg->out[component] == NO_PATH)
        leg->out[component] = (uint8_t)path;
}

static void take_answer(struct core *c, const struct route *from, const struct stun_message *m,
                        uint32_t now)
{
    unsigned path;
    struct leg *leg = asked_by(c, from, m->transaction, &path);

    if (leg == NULL)
        core_drop(c, NULL, ANCHOR_DROP_STUN);
    else if (!c->calls[leg->call].open)
        core_drop(c, leg, ANCHOR_DROP_SHUT);
    else if (!stun_is_authentic(m, leg_client_key(leg)))
        core_drop(c, leg, ANCHOR_DROP_INTEGRITY);
    else {
        confirm(c, leg, path, now);
        media_release(c, leg, port_component(from->port), now);
    }
}

/* Nobody can tell who sent it, but whoever did is there: libnice sends nothing else once it is connected. */
static void take_indication(struct core *c, const struct route *from, uint32_t now)
{
    unsigned path;
    struct leg *leg = leg_by_source(c, from, &path);

    if (leg == NULL || !c->calls[leg->call].open)
        core_drop(c, leg, leg == NULL ? ANCHOR_DROP_UNCONFIRMED : ANCHOR_DROP_SHUT);
    else
        leg->rx_ms = leg->paths[path].rx_ms = now;
}

/* What no check can be is laid to the party whose source it comes from; but libnice asks whoever it talks to as if he were a server of
 * STUN. */
void ice_packet(struct core *c, const struct route *from, struct bytes packet, uint32_t now)
{
    struct stun_message m;
    unsigned path;
    enum err e;

    if ((e = stun_read(packet, &m)) != ERR_NONE) {
        core_drop(c, e == ERR_MISSING ? NULL : leg_by_source(c, from, &path), ANCHOR_DROP_STUN);
        return;
    }
    switch (m.class) {
    case STUN_REQUEST: take_request(c, from, &m, now); break;
    case STUN_SUCCESS: take_answer(c, from, &m, now); break;
    case STUN_INDICATION: take_indication(c, from, now); break;
    case STUN_ERROR: core_drop(c, NULL, ANCHOR_DROP_STUN); break;
    }
}
