/* transport.c: datagrams to the anchor and back. */
#include "media/transport.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECT_AFTER_MS = 400, /* four checks over UDP without an answer */
};

void transport_init(struct transport *t, const struct certificate *own, const struct random *random,
                    bool controlling)
{
    memset(t, 0, sizeof *t);
    t->certificate = own;
    for (size_t i = 0; i < ICE_PAIRS; i++)
        t->sockets[i] = -1;
    ice_init(&t->ice, random, controlling);
}

void transport_deinit(struct transport *t)
{
    for (size_t i = 0; i < ICE_PAIRS; i++)
        if (t->sockets[i] >= 0)
            close(t->sockets[i]);
    if (t->shaking)
        handshake_deinit(&t->handshake);
    if (t->secured) {
        srtp_deinit(&t->sending);
        srtp_deinit(&t->receiving);
    }
}

/* ---- Sockets ---- */

/* One that is there, or may still come. */
static bool is_way(const struct transport *t, size_t i)
{
    bool is_late = t->tcp[i] && t->connect_ms != UINT64_MAX;

    return t->sockets[i] >= 0 || (!t->secured && (t->wanted[i] || t->asked[i] || is_late));
}

static bool has_way(const struct transport *t, bool tcp)
{
    for (size_t i = 0; i < ICE_PAIRS; i++)
        if (t->tcp[i] == tcp && is_way(t, i))
            return true;
    return false;
}

/* Once it is secured no socket is taken any more: who comes back with other credentials is found where he was, or not at all. */
static bool may_connect(const struct transport *t)
{
    return !t->secured && ice_selected(&t->ice) == ICE_NO_PAIR;
}

/* When UDP has not been answered; checks go out as soon as a connection is there. */
static void connect_late(struct transport *t, uint64_t now_ms)
{
    if (now_ms < t->connect_ms || !may_connect(t))
        return;
    t->connect_ms = UINT64_MAX;
    for (size_t i = 0; i < ICE_PAIRS; i++)
        t->wanted[i] |= t->tcp[i];
}

/* Nothing is sent, and nothing counted as unanswered, where there is no socket. */
static void hold_back(struct transport *t)
{
    for (size_t i = 0; i < ICE_PAIRS; i++)
        if (t->sockets[i] < 0)
            ice_delay(&t->ice, i, UINT64_MAX);
}

void transport_start(struct transport *t, const struct sdp_transport *remote, bool client,
                     uint64_t now_ms)
{
    for (size_t i = 0; i < remote->candidate_count; i++) {
        t->remote[i] = remote->candidates[i];
        t->numbers[i] = remote->numbers[i];
        t->tcp[i] = remote->tcp[i];
        t->wanted[i] = !t->tcp[i];
    }
    t->client = client;
    t->started_ms = now_ms;
    memcpy(t->expected, remote->fingerprint, sizeof t->expected);
    ice_start(&t->ice, str_from(remote->ufrag), str_from(remote->pwd), remote->priorities,
              remote->candidate_count, now_ms);
    hold_back(t);
    t->connect_ms = now_ms + (has_way(t, false) ? CONNECT_AFTER_MS : 0);
}

bool transport_wants(struct transport *t, unsigned *out_candidate)
{
    for (size_t i = 0; i < ICE_PAIRS; i++)
        if (t->wanted[i]) {
            t->wanted[i] = false;
            t->asked[i] = true;
            *out_candidate = t->numbers[i];
            return true;
        }
    return false;
}

static enum err go_without(struct transport *t, uint64_t now_ms)
{
    if (has_way(t, false))
        return ERR_NONE;
    if (t->connect_ms != UINT64_MAX)
        t->connect_ms = now_ms;
    return has_way(t, true) ? ERR_NONE : ERR_IO;
}

enum err transport_take_socket(struct transport *t, unsigned candidate, int fd, uint64_t now_ms)
{
    size_t i = 0;

    while (i < ICE_PAIRS && !(t->asked[i] && t->numbers[i] == candidate))
        i++;
    if (i == ICE_PAIRS)
        return ERR_MISSING;
    t->asked[i] = false;
    if (fd < 0)
        return t->secured ? ERR_NONE : go_without(t, now_ms);
    if (t->secured) {
        close(fd); /* late: it does without */
        return ERR_NONE;
    }
    t->sockets[i] = fd;
    ice_delay(&t->ice, i, now_ms);
    return ERR_NONE;
}

static size_t find_address(const struct transport *t, const struct stun_address *a, bool tcp)
{
    for (size_t i = 0; i < ICE_PAIRS; i++)
        if (is_way(t, i) && t->tcp[i] == tcp && t->remote[i].port == a->port
            && t->remote[i].is_v6 == a->is_v6 && memcmp(t->remote[i].ip, a->ip, sizeof a->ip) == 0)
            return i;
    return ICE_PAIRS;
}

enum err transport_restart(struct transport *t, const struct sdp_transport *remote, uint64_t now_ms)
{
    uint32_t priorities[ICE_PAIRS] = { 0 };
    size_t count = 0;

    if (memcmp(t->expected, remote->fingerprint, sizeof t->expected) != 0)
        return ERR_DENIED;
    for (size_t i = 0; i < remote->candidate_count; i++) {
        size_t at = find_address(t, &remote->candidates[i], remote->tcp[i]);

        if (at == ICE_PAIRS)
            continue;
        priorities[at] = remote->priorities[i];
        count = at + 1 > count ? at + 1 : count;
    }
    if (count == 0)
        return ERR_DENIED;
    ice_start(&t->ice, str_from(remote->ufrag), str_from(remote->pwd), priorities, count, now_ms);
    hold_back(t);
    return ERR_NONE;
}

static void send_on(struct transport *t, size_t pair, const uint8_t *p, size_t n)
{
    /* A network that cannot take it now loses it: everything here is sent again or repaired. */
    if (pair >= ICE_PAIRS || t->sockets[pair] < 0)
        return;
    if (t->tcp[pair])
        framed_send(&t->framed[pair], t->sockets[pair], bytes_of(p, n));
    else
        (void)!send(t->sockets[pair], p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void transport_send(struct transport *t, const uint8_t *packet, size_t n)
{
    send_on(t, ice_selected(&t->ice), packet, n);
}

/* ---- The steps ---- */

static enum err secure(struct transport *t)
{
    enum err e;

    if (t->secured || !t->handshake.done)
        return ERR_NONE;
    e = handshake_keys(&t->handshake, &t->sending, &t->receiving);
    t->secured = e == ERR_NONE;
    return e;
}

static void send_waiting(struct transport *t, uint64_t now_ms)
{
    struct handshake_datagram d;
    struct ice_packet p;

    while (ice_next(&t->ice, now_ms, &p))
        send_on(t, p.pair, p.data, p.n);
    if (ice_selected(&t->ice) != ICE_NO_PAIR)
        while (t->shaking && handshake_next(&t->handshake, &d))
            transport_send(t, d.data, d.n);
}

static enum err begin_handshake(struct transport *t, uint64_t now_ms)
{
    t->shaking = true;
    handshake_init(&t->handshake, t->certificate, t->client, t->expected, now_ms);
    return handshake_begin(&t->handshake, now_ms);
}

enum err transport_tick(struct transport *t, uint64_t now_ms)
{
    enum err e = ERR_NONE;

    connect_late(t, now_ms);
    for (size_t i = 0; i < ICE_PAIRS; i++)
        if (t->tcp[i] && t->sockets[i] >= 0)
            framed_flush(&t->framed[i], t->sockets[i]);
    if (!t->shaking && ice_selected(&t->ice) != ICE_NO_PAIR)
        e = begin_handshake(t, now_ms);
    if (e == ERR_NONE && t->shaking)
        e = handshake_tick(&t->handshake, now_ms);
    send_waiting(t, now_ms);
    return e;
}

uint64_t transport_deadline_ms(const struct transport *t)
{
    uint64_t ice = ice_deadline_ms(&t->ice);

    if (t->connect_ms < ice && may_connect(t))
        ice = t->connect_ms;
    return t->shaking && t->handshake.deadline_ms < ice ? t->handshake.deadline_ms : ice;
}

/* ---- Receiving ---- */

static enum err take_handshake(struct transport *t, struct bytes datagram, uint64_t now_ms)
{
    enum err e = t->shaking ? ERR_NONE : begin_handshake(t, now_ms);

    if (e == ERR_NONE)
        e = handshake_receive(&t->handshake, datagram, now_ms);
    return e == ERR_NONE ? secure(t) : e;
}

static bool open_media(struct transport *t, struct transport_packet *p)
{
    enum err e = ERR_DENIED;

    if (t->secured)
        e = p->kind == PACKET_RTP ? srtp_open_rtp(&t->receiving, p->data, &p->n, &p->header)
                                  : srtp_open_rtcp(&t->receiving, p->data, &p->n);
    t->refused += e != ERR_NONE;
    return e == ERR_NONE;
}

/* Like recv(). A connection that is over is closed: it would be readable for ever. */
static ssize_t receive(struct transport *t, size_t pair, uint8_t *out, size_t room)
{
    ssize_t n;

    if (t->sockets[pair] < 0)
        return -1;
    if (!t->tcp[pair])
        return recv(t->sockets[pair], out, room, MSG_DONTWAIT);
    n = framed_receive(&t->framed[pair], t->sockets[pair], out, room);
    if (n < 0 && errno != EAGAIN && errno != EINTR && errno != ENOTCONN) {
        close(t->sockets[pair]);
        t->sockets[pair] = -1;
    }
    return n;
}

enum err transport_receive(struct transport *t, size_t pair, uint64_t now_ms,
                           struct transport_packet *out)
{
    enum err e = ERR_NONE;
    ssize_t got;

    while (e == ERR_NONE && (got = receive(t, pair, out->data, sizeof out->data)) >= 0) {
        struct bytes datagram = { out->data, (size_t)got };

        out->n = datagram.n;
        out->kind = datagram.n > RTP_MAX ? PACKET_OTHER : packet_kind(datagram);
        if (out->kind == PACKET_STUN)
            ice_receive(&t->ice, pair, &t->remote[pair], datagram, now_ms);
        else if (out->kind == PACKET_DTLS)
            e = take_handshake(t, datagram, now_ms);
        else if (out->kind != PACKET_OTHER && open_media(t, out))
            return ERR_NONE;
        if (e == ERR_NONE)
            e = transport_tick(t, now_ms);
    }
    out->kind =
        PACKET_OTHER; /* an error of recv() is a port that is closed for now: ICE judges that */
    return e;
}

/* ---- Sealing, the end ---- */

enum err transport_seal(struct transport *t, bool rtcp, uint8_t *packet, size_t *n)
{
    if (!t->secured)
        return ERR_MISSING;
    return rtcp ? srtp_seal_rtcp(&t->sending, packet, n) : srtp_seal_rtp(&t->sending, packet, n);
}

bool transport_secured(const struct transport *t)
{
    return t->secured;
}

bool transport_closed(const struct transport *t)
{
    return t->shaking && t->handshake.closed;
}

void transport_close(struct transport *t)
{
    struct handshake_datagram d;

    if (!t->shaking)
        return;
    handshake_close(&t->handshake);
    while (handshake_next(&t->handshake, &d))
        transport_send(t, d.data, d.n);
}
