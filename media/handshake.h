/* handshake.h: DTLS 1.2 as far as a call needs it: prove who one is with a certificate that lives as long as the call, and agree on
 * the keys of SRTP (RFC 5763, RFC 5764). No application data.
 *
 * The peer's certificate is right if its SHA-256 is the one in the description: nothing else in it is looked at.
 * Owns: the certificate its key, the handshake its state in OpenSSL.  Threads: one at a time.  Units: milliseconds, octets.
 * Errors: ERR_DENIED: another certificate; ERR_MALFORMED: the handshake failed.
 */
#ifndef SOTTO_MEDIA_HANDSHAKE_H
#define SOTTO_MEDIA_HANDSHAKE_H

#include "media/srtp.h"

enum { HANDSHAKE_FINGERPRINT = 32, HANDSHAKE_MTU = 1200, HANDSHAKE_QUEUE = 16 };

struct certificate {
    void *context; /* SSL_CTX with key and certificate */
    uint8_t fingerprint[HANDSHAKE_FINGERPRINT];
};

CHECKED enum err certificate_make(struct certificate *out);
void certificate_deinit(struct certificate *own);

struct handshake_datagram {
    size_t n;
    uint8_t data[HANDSHAKE_MTU + 300];
};

struct handshake {
    void *ssl;
    uint8_t expected[HANDSHAKE_FINGERPRINT];
    struct bytes incoming;                            /* the datagram that is being read */
    struct handshake_datagram queue[HANDSHAKE_QUEUE]; /* what is to be sent */
    size_t queued;
    bool done, closed; /* closed: the peer has said that it ends */
    uint64_t deadline_ms;
};

/* As client it speaks first: handshake_next() has something at once. */
void handshake_init(struct handshake *h, const struct certificate *own, bool client,
                    const uint8_t expected[HANDSHAKE_FINGERPRINT], uint64_t now_ms);
void handshake_deinit(struct handshake *h);
CHECKED enum err handshake_begin(struct handshake *h, uint64_t now_ms);
CHECKED enum err handshake_receive(struct handshake *h, struct bytes datagram, uint64_t now_ms);
CHECKED enum err handshake_tick(struct handshake *h,
                                uint64_t now_ms); /* sends again what was lost */
void handshake_close(struct handshake *h);        /* says that we end */
bool handshake_next(struct handshake *h, struct handshake_datagram *out);
/* Once done: for what we send, for what we receive. */
CHECKED enum err handshake_keys(struct handshake *h, struct srtp *out_sending,
                                struct srtp *out_receiving);

#endif
