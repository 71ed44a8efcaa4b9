/* transport.h: one stream of datagrams with the anchor: sockets, ICE, the handshake, sealing.
 *
 * Sockets are wanted here and made elsewhere, each connected to its candidate: this process can neither make nor connect one. Those of TCP
 * are not wanted before UDP has stayed without an answer for a while.
 *
 *   sockets, one a candidate, each connected --(an answered check)--> handshake --(keys)--> secured: RTP and RTCP in clear here
 *
 * The only file that knows sockets of the network (framed.h: how packets lie on those of TCP).
 * Owns: sockets, keys, until transport_deinit().  Threads: one at a time.  Units: octets, milliseconds.
 */
#ifndef SOTTO_MEDIA_TRANSPORT_H
#define SOTTO_MEDIA_TRANSPORT_H

#include "media/framed.h"
#include "media/handshake.h"
#include "media/ice.h"
#include "media/description.h"
#include "rtp/rtp.h"

struct transport {
    struct ice ice;
    int sockets[ICE_PAIRS]; /* -1: none */
    struct stun_address remote[ICE_PAIRS];
    unsigned numbers[ICE_PAIRS]; /* by which they are asked for */
    bool tcp[ICE_PAIRS], wanted[ICE_PAIRS], asked[ICE_PAIRS];
    struct framed framed[ICE_PAIRS]; /* of TCP */
    uint64_t connect_ms;             /* when to want those; UINT64_MAX: they were wanted */
    const struct certificate *certificate;
    bool client, shaking, secured;
    uint8_t expected[HANDSHAKE_FINGERPRINT];
    uint64_t started_ms;
    struct handshake handshake;
    struct srtp sending, receiving;
    uint64_t refused; /* packets that did not authenticate */
};

void transport_init(struct transport *t, const struct certificate *own, const struct random *random,
                    bool controlling);
void transport_deinit(struct transport *t);
/* `client`: we speak first in the handshake. */
void transport_start(struct transport *t, const struct sdp_transport *remote, bool client,
                     uint64_t now_ms);
/* The next socket to be asked for; to be asked itself until it says false. */
bool transport_wants(struct transport *t, unsigned *out_candidate);
/* What came of it, connected or on its way; -1: it could not be made. ERR_MISSING: nobody has asked for it here, and it was not taken;
 * ERR_IO: no way to any candidate is left. */
CHECKED enum err transport_take_socket(struct transport *t, unsigned candidate, int fd,
                                       uint64_t now_ms);
/* Other credentials of the same peer at the same addresses; ERR_DENIED: it is another peer or place. */
CHECKED enum err transport_restart(struct transport *t, const struct sdp_transport *remote,
                                   uint64_t now_ms);
struct transport_packet {
    enum packet_kind kind;    /* RTP, RTCP; PACKET_OTHER: nothing more for now */
    struct rtp_header header; /* of RTP */
    size_t n;
    uint8_t data[RTP_MAX + 1];
};
/* The next packet of media, opened. ERR_DENIED, ERR_MALFORMED: the handshake's end. */
CHECKED enum err transport_receive(struct transport *t, size_t pair, uint64_t now_ms,
                                   struct transport_packet *out);
CHECKED enum err transport_tick(struct transport *t, uint64_t now_ms);
uint64_t transport_deadline_ms(const struct transport *t);
/* `packet` has room for SRTP_GROWTH more; it is sealed in place, *n grows. */
CHECKED enum err transport_seal(struct transport *t, bool rtcp, uint8_t *packet, size_t *n);
void transport_send(struct transport *t, const uint8_t *packet, size_t n);
bool transport_secured(const struct transport *t);
bool transport_closed(const struct transport *t); /* the peer has said that it ends */
void transport_close(struct transport *t);        /* says that we end */

#endif
