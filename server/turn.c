/* turn.c: requests and what they change. */
#include "server/turn.h"

#include <string.h>

#include "rtp/stun_wire.h"
#include "server/turn_credential.h"

enum {
    TRANSPORT_UDP = 17,
    FIRST_PORT = 49152, /* of relayed addresses, which nobody can send to: RFC 8656 §7.2 */
    PORTS = 16384,
};

void turn_init(struct turn *t, const struct turn_rules *rules, const struct stun_address *client)
{
    *t = (struct turn){ .rules = rules, .client = *client };
    buf_init(&t->held, TURN_MESSAGE_MAX);
}

void turn_deinit(struct turn *t)
{
    buf_deinit(&t->held);
    secure_zero(t, sizeof *t);
}

bool turn_is_alive(const struct turn *t, struct turn_now now)
{
    return t->allocated && now.steady_ms < t->until_ms;
}

/* ---- Answers ---------------------------------------------------------------------------------------- */

/* What the one who asks is told, signed if he has shown who he is. */
struct question {
    struct turn *t;
    const struct turn_message *m;
    struct turn_now now;
    struct buf *out;
    bool authentic;
};

static void end(const struct question *q, struct turn_answer *a)
{
    turn_end(a, q->authentic ? q->t->key : NULL);
}

static struct turn_answer begin(const struct question *q, enum stun_class class)
{
    return turn_begin(q->out, q->m->method, class, q->m->transaction);
}

static void done(const struct question *q)
{
    struct turn_answer a = begin(q, STUN_SUCCESS);

    end(q, &a);
}

static void refuse(const struct question *q, unsigned code)
{
    struct turn_answer a = begin(q, STUN_ERROR);

    turn_put_error(&a, code);
    end(q, &a);
}

static void make_nonce(struct turn *t, struct turn_now now)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t octets[TURN_NONCE];

    random_fill(&t->rules->random, octets, sizeof octets);
    for (size_t i = 0; i < TURN_NONCE; i++)
        t->nonce[i] = digits[octets[i] & 15];
    t->nonce_ms = now.steady_ms + TURN_NONCE_MS;
}

/* 401 or 438: with what the next try needs (RFC 8489 §9.2.4). */
static void challenge(const struct question *q, unsigned code)
{
    struct turn *t = q->t;
    struct turn_answer a = begin(q, STUN_ERROR);

    if (q->now.steady_ms >= t->nonce_ms)
        make_nonce(t, q->now);
    turn_put_error(&a, code);
    turn_put(&a, TURN_REALM, bytes_of_str(t->rules->realm));
    turn_put(&a, TURN_NONCE_OF_REALM, bytes_of(t->nonce, TURN_NONCE));
    turn_end(&a, NULL);
}

/* ---- Who it is -------------------------------------------------------------------------------------- */

/* Whatever the name, there is a password to it, and the same work. Only those that we made have one that somebody knows. */
static bool proves_itself(const struct question *q, uint8_t key[TURN_KEY])
{
    turn_key(q->t->rules->secret, q->t->rules->realm, q->m->username, key);
    return turn_is_authentic(q->m, key) && str_eq(q->m->realm, q->t->rules->realm);
}

/* An allocation outlives its name by as much as it is refreshed; a new one needs a name that is still good. */
static bool is_good_now(const struct question *q, struct turn_name *name)
{
    return turn_name_read(q->m->username, name)
           && (q->m->method != TURN_ALLOCATE || q->now.wall_s < name->expires_s);
}

static bool is_nonce(const struct question *q)
{
    const struct turn *t = q->t;

    return q->now.steady_ms < t->nonce_ms
           && str_eq(q->m->nonce, (struct str){ t->nonce, TURN_NONCE });
}

/* False: it was answered. */
static bool admit(struct question *q)
{
    const struct turn_message *m = q->m;
    struct turn *t = q->t;
    struct turn_name name;
    uint8_t key[TURN_KEY];
    bool good;

    if (m->integrity_at == 0) {
        challenge(q, 401);
        return false;
    }
    if (m->username.p == NULL || m->realm.p == NULL || m->nonce.p == NULL) {
        refuse(q, 400);
        return false;
    }
    if (!is_nonce(q)) {
        challenge(q, 438);
        return false;
    }
    good = proves_itself(q, key) && is_good_now(q, &name) && m->username.n <= TURN_NAME_MAX;
    if (!good) {
        t->failures++;
        challenge(q, 401);
        return false;
    }
    if (t->allocated && !str_eq(m->username, (struct str){ t->name, t->name_n })) {
        refuse(q, 441);
        return false;
    }
    memcpy(t->key, key, sizeof key);
    memcpy(t->name, m->username.p, m->username.n);
    t->name_n = m->username.n;
    t->owner = name.owner;
    q->authentic = true;
    return true;
}

/* ---- Requests --------------------------------------------------------------------------------------- */

static uint32_t lifetime_of(const struct turn_message *m)
{
    if (!m->has_lifetime || m->lifetime_s < TURN_LIFETIME_S)
        return TURN_LIFETIME_S;
    return m->lifetime_s < TURN_LIFETIME_MAX_S ? m->lifetime_s : TURN_LIFETIME_MAX_S;
}

/* A place of the anchor in that family, whose address is ours to name as the relayed one. */
static const struct stun_address *place_of(const struct turn_rules *rules, bool is_v6)
{
    for (size_t i = 0; i < rules->peer_count && i < TURN_PEERS; i++)
        if (rules->peers[i].is_v6 == is_v6)
            return &rules->peers[i];
    return NULL;
}

/* 0: it may be. */
static unsigned fault_of_allocation(const struct question *q)
{
    const struct turn_message *m = q->m;
    unsigned family = m->has_family ? m->family : STUN_FAMILY_V4;

    if (turn_is_alive(q->t, q->now))
        return 437;
    if (!m->has_transport)
        return 400;
    if (m->transport != TRANSPORT_UDP)
        return 442;
    if (m->has_token || m->reserves_next)
        return 508;
    if ((family != STUN_FAMILY_V4 && family != STUN_FAMILY_V6)
        || place_of(q->t->rules, family == STUN_FAMILY_V6) == NULL)
        return 440;
    return 0;
}

static void allocate(struct question *q)
{
    struct turn *t = q->t;
    unsigned fault = fault_of_allocation(q);
    uint16_t port;

    if (fault != 0) {
        refuse(q, fault);
        return;
    }
    random_fill(&t->rules->random, &port, sizeof port);
    t->relayed = *place_of(t->rules, q->m->has_family && q->m->family == STUN_FAMILY_V6);
    t->relayed.port = (uint16_t)(FIRST_PORT + (port % PORTS & ~1u));
    t->lifetime_s = lifetime_of(q->m);
    memcpy(t->transaction, q->m->transaction.p, sizeof t->transaction);
    memset(t->peers, 0, sizeof t->peers);
    t->allocated = false;
    t->asked = true;
}

void turn_grant(struct turn *t, bool granted, struct turn_now now, struct buf *out)
{
    struct turn_answer a = turn_begin(out, TURN_ALLOCATE, granted ? STUN_SUCCESS : STUN_ERROR,
                                      bytes_of(t->transaction, sizeof t->transaction));

    t->asked = false;
    t->allocated = granted;
    t->until_ms = now.steady_ms + t->lifetime_s * UINT64_C(1000);
    if (granted) {
        turn_put_address(&a, TURN_RELAYED, &t->relayed);
        turn_put_u32(&a, TURN_LIFETIME, t->lifetime_s);
        turn_put_address(&a, TURN_MAPPED, &t->client);
    } else {
        turn_put_error(&a, 486);
    }
    turn_end(&a, t->key);
}

static void refresh(struct question *q)
{
    bool ends = q->m->has_lifetime && q->m->lifetime_s == 0;
    uint32_t lifetime_s = ends ? 0 : lifetime_of(q->m);
    struct turn_answer a = begin(q, STUN_SUCCESS);

    q->t->allocated = !ends;
    q->t->until_ms = q->now.steady_ms + lifetime_s * UINT64_C(1000);
    turn_put_u32(&a, TURN_LIFETIME, lifetime_s);
    end(q, &a);
}

/* The anchor's place that this is, port and all or not; TURN_PEERS: it is none. */
static size_t peer_of(const struct turn *t, const struct stun_address *a, bool with_port)
{
    const struct turn_rules *rules = t->rules;

    for (size_t i = 0; i < rules->peer_count && i < TURN_PEERS; i++) {
        const struct stun_address *p = &rules->peers[i];

        if (p->is_v6 == a->is_v6 && memcmp(p->ip, a->ip, a->is_v6 ? 16 : 4) == 0
            && (!with_port || p->port == a->port))
            return i;
    }
    return TURN_PEERS;
}

/* 0: all of them are the anchor. */
static unsigned fault_of_peers(const struct turn *t, const struct turn_message *m, bool with_port)
{
    if (m->peer_count == 0)
        return 400;
    for (size_t i = 0; i < m->peer_count; i++) {
        if (peer_of(t, &m->peers[i], with_port) == TURN_PEERS)
            return 403;
        if (m->peers[i].is_v6 != t->relayed.is_v6)
            return 443;
    }
    return m->too_many_peers ? 508 : 0;
}

/* Permissions are for hosts, whatever the port: RFC 8656 §2.3. */
static void permit(struct turn *t, const struct stun_address *host, struct turn_now now)
{
    for (size_t i = 0; i < t->rules->peer_count && i < TURN_PEERS; i++) {
        const struct stun_address *p = &t->rules->peers[i];

        if (p->is_v6 == host->is_v6 && memcmp(p->ip, host->ip, host->is_v6 ? 16 : 4) == 0)
            t->peers[i].permitted_ms = now.steady_ms + TURN_PERMISSION_MS;
    }
}

static void create_permission(struct question *q)
{
    unsigned fault = fault_of_peers(q->t, q->m, false);

    if (fault != 0) {
        refuse(q, fault);
        return;
    }
    for (size_t i = 0; i < q->m->peer_count; i++)
        permit(q->t, &q->m->peers[i], q->now);
    done(q);
}

static size_t peer_of_channel(const struct turn *t, unsigned channel, struct turn_now now)
{
    for (size_t i = 0; i < TURN_PEERS; i++)
        if (t->peers[i].channel == channel && now.steady_ms < t->peers[i].bound_ms)
            return i;
    return TURN_PEERS;
}

static bool is_bound_otherwise(const struct question *q, size_t peer)
{
    const struct turn_peer *p = &q->t->peers[peer];
    size_t other = peer_of_channel(q->t, q->m->channel_number, q->now);

    return (other != TURN_PEERS && other != peer)
           || (q->now.steady_ms < p->bound_ms && p->channel != q->m->channel_number);
}

static void bind_channel(struct question *q)
{
    const struct turn_message *m = q->m;
    unsigned fault = fault_of_peers(q->t, m, true);
    size_t peer;

    if (fault == 0 || fault == 403)
        fault = !m->has_channel || m->peer_count != 1 || m->channel_number < TURN_CHANNEL_FIRST
                        || m->channel_number > TURN_CHANNEL_LAST
                    ? 400
                    : fault;
    if (fault == 0 && is_bound_otherwise(q, peer_of(q->t, m->peers, true)))
        fault = 400;
    if (fault != 0) {
        refuse(q, fault);
        return;
    }
    peer = peer_of(q->t, m->peers, true);
    q->t->peers[peer].channel = m->channel_number;
    q->t->peers[peer].bound_ms = q->now.steady_ms + TURN_CHANNEL_MS;
    permit(q->t, m->peers, q->now);
    done(q);
}

/* False: nobody here knows that method; those of RFC 6062, which would connect to others over TCP, are among them. */
static bool is_known(unsigned method)
{
    return method == TURN_BINDING || method == TURN_ALLOCATE || method == TURN_REFRESH
           || method == TURN_CREATE_PERMISSION || method == TURN_CHANNEL_BIND;
}

static void refuse_unknown(struct question *q)
{
    struct turn_answer a = begin(q, STUN_ERROR);
    uint8_t types[2 * TURN_UNKNOWN_MAX];

    for (size_t i = 0; i < q->m->unknown_count; i++) {
        types[2 * i] = (uint8_t)(q->m->unknown[i] >> 8);
        types[2 * i + 1] = (uint8_t)q->m->unknown[i];
    }
    turn_put_error(&a, 420);
    turn_put(&a, TURN_UNKNOWN, bytes_of(types, 2 * q->m->unknown_count));
    end(q, &a);
}

static void tell_address(struct question *q)
{
    struct turn_answer a = begin(q, STUN_SUCCESS);

    turn_put_address(&a, TURN_MAPPED, &q->t->client);
    end(q, &a);
}

static void take_request(struct question *q)
{
    if (!is_known(q->m->method)) {
        refuse(q, 400);
    } else if (q->m->method == TURN_BINDING) {
        tell_address(q);
    } else if (admit(q)) {
        if (q->m->unknown_count > 0)
            refuse_unknown(q);
        else if (q->m->method == TURN_ALLOCATE)
            allocate(q);
        else if (!turn_is_alive(q->t, q->now))
            refuse(q, 437);
        else if (q->m->method == TURN_REFRESH)
            refresh(q);
        else if (q->m->method == TURN_CREATE_PERMISSION)
            create_permission(q);
        else
            bind_channel(q);
    }
}

/* ---- Data ------------------------------------------------------------------------------------------- */

/* Where it goes; TURN_PEERS: nowhere, and nobody is told. */
static size_t target_of(const struct turn *t, const struct turn_message *m, struct turn_now now)
{
    size_t peer = TURN_PEERS;

    if (!turn_is_alive(t, now) || !m->has_data || m->data.n == 0 || m->data.n > RTP_MAX)
        return TURN_PEERS;
    if (m->channel != 0)
        peer = peer_of_channel(t, m->channel, now);
    else if (m->method == TURN_SEND && m->class == STUN_INDICATION && m->peer_count == 1
             && m->unknown_count == 0)
        peer = peer_of(t, m->peers, true);
    return peer != TURN_PEERS && now.steady_ms < t->peers[peer].permitted_ms ? peer : TURN_PEERS;
}

bool turn_deliver(struct turn *t, struct bytes packet, struct turn_now now, struct buf *out)
{
    const struct turn_peer *p = &t->peers[t->last];
    uint8_t transaction[STUN_TRANSACTION];
    struct turn_answer a;

    if (!turn_is_alive(t, now) || now.steady_ms >= p->permitted_ms)
        return false;
    if (now.steady_ms < p->bound_ms) {
        turn_write_channel(out, p->channel, packet);
        return true;
    }
    random_fill(&t->rules->random, transaction, sizeof transaction);
    a = turn_begin(out, TURN_DATA, STUN_INDICATION, bytes_of(transaction, sizeof transaction));
    turn_put_address(&a, TURN_PEER, &t->rules->peers[t->last]);
    turn_put(&a, TURN_DATA_OF_PEER, packet);
    turn_end(&a, NULL);
    return true;
}

/* ---- The stream ------------------------------------------------------------------------------------- */

static void hold(struct turn *t, struct bytes *in, size_t wanted)
{
    size_t n = wanted > t->held.n ? wanted - t->held.n : 0;

    if (n > in->n)
        n = in->n;
    buf_add_bytes(&t->held, bytes_of(in->p, n));
    *in = bytes_of(in->p + n, in->n - n);
}

/* A whole message out of the stream. TURN_PACKET: there is one. */
static enum turn_step next_message(struct turn *t, struct bytes *in, struct bytes *out)
{
    size_t n;

    if (t->given)
        buf_reset(&t->held);
    t->given = false;
    if (t->held.n == 0 && in->n >= 4) {
        if (turn_length(*in, &n) != ERR_NONE)
            return TURN_BROKEN;
        if (n <= in->n) { /* it came whole: not copied */
            *out = bytes_of(in->p, n);
            *in = bytes_of(in->p + n, in->n - n);
            return TURN_PACKET;
        }
    }
    hold(t, in, 4);
    if (turn_length(buf_bytes(&t->held), &n) != ERR_NONE)
        return TURN_BROKEN;
    if (n > 0)
        hold(t, in, n);
    if (n == 0 || t->held.n < n)
        return TURN_MORE;
    t->given = true;
    *out = buf_bytes(&t->held);
    return TURN_PACKET;
}

enum turn_step turn_next(struct turn *t, struct bytes *in, struct turn_now now, struct buf *out,
                         struct bytes *out_packet)
{
    struct bytes message;
    struct turn_message m;
    enum turn_step step;

    while ((step = next_message(t, in, &message)) == TURN_PACKET) {
        struct question q = { t, &m, now, out, false };
        size_t target;

        if (turn_read(message, &m) != ERR_NONE)
            return TURN_BROKEN;
        if (m.channel == 0 && m.class == STUN_REQUEST) {
            take_request(&q);
        } else if ((target = target_of(t, &m, now)) != TURN_PEERS) {
            t->last = target;
            *out_packet = m.data;
            return TURN_PACKET;
        }
        if (t->failures >= TURN_FAILURES_MAX)
            return TURN_BROKEN;
        if (t->asked)
            return TURN_ASKS;
    }
    return step;
}
