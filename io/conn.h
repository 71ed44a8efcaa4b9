/* conn.h: one TCP connection with an optional TLS filter on it. TCP_NODELAY always.
 *
 * TLS runs on buffers of the loop, so a connection can leave one loop and join another with its state
 * (conn_detach, conn_adopt). Bytes sent in one round of the loop leave in as few records and writes as possible.
 *
 * Callbacks come from the loop, never from inside a call of yours. From inside them every function here may be
 * called: after conn_close() or conn_abort() only `closed` follows, after conn_detach() nothing; the bytes that
 * `received` was given stay valid until it returns. `closed` comes exactly once, as the last, when c can no longer
 * be used. Sending on a connection that is closing does nothing.
 *
 * Owns: descriptor, TLS state, queued output.  Threads: its loop's.  Units: bytes.
 * Errors: given to `closed`, once, after which the connection is gone.
 */
#ifndef SOTTO_IO_CONN_H
#define SOTTO_IO_CONN_H

#include "base/blob.h"
#include "base/buf.h"
#include "io/loop.h"
#include "io/tls.h"
#include "xmpp/sasl.h"

struct conn;

struct conn_handlers {
    void (*received)(void *ctx, struct str bytes); /* decrypted; borrowed for the call */
    void (*secured)(void *ctx);                    /* the TLS handshake is complete; may be NULL */
    void (*drained)(void *ctx); /* the output queue has become empty; NULL costs nothing */
    void (*closed)(void *ctx, enum err why); /* free what refers to it */
};

/* `closed`: ERR_NONE: the peer or we ended it; ERR_IO: reset or network; ERR_MALFORMED: what came was not TLS as we
 * speak it; ERR_DENIED: not the server that was meant; ERR_TIMEOUT: the peer did not take our last output; ERR_TOO_BIG: it made TLS answer and read nothing. */

struct peer_address {
    uint8_t ip[16];
    uint16_t port;
}; /* IPv4 as ::ffff:a.b.c.d */

/* Somebody at the door: the address is the socket's, or what a proxy that we believe has said. */
struct visitor {
    int fd;
    struct peer_address from;
};

struct visitor visitor_of(int fd); /* from where the socket says; zeroes: it does not */

/* Takes fd; NULL: the system has no room to watch it, and it is closed. */
struct conn *conn_accept(struct loop *l, int fd, const struct conn_handlers *handlers, void *ctx);
struct conn *conn_admit(struct loop *l, const struct visitor *v,
                        const struct conn_handlers *handlers, void *ctx);
void conn_handlers(struct conn *c, const struct conn_handlers *handlers, void *ctx);
struct peer_address conn_peer(const struct conn *c);

/* From now on TLS, as server. Unsent plaintext goes first. Fails the connection on a bad handshake.
 * Called from `received` when the peer asked for TLS, it leaves the rest of that call's bytes to the caller: bytes
 * after the request were sent in the clear, by anybody, and must end the connection (RFC 6120 §5.4.3.3; a stream
 * parser tells whether it has unread input). Later bytes are TLS; nothing that came before is taken for it. */
void conn_start_tls(struct conn *c, struct tls_context *context);
/* The same as client, for connections of ours, before or after some bytes in the clear. The certificate must hold for
 * `name` (RFC 9525: a dNSName, or the address if it is one), which the server is also told (SNI), in the form that DNS knows;
 * else `closed` is ERR_DENIED and conn_distrust() says why. */
void conn_start_tls_client(struct conn *c, struct tls_context *context, struct str name);
/* Why the server's certificate was refused, else empty; static, and still there in `closed`. */
struct str conn_distrust(const struct conn *c);
bool conn_is_tls(const struct conn *c);
/* Channel binding (RFC 9266 tls-exporter on TLS 1.3, on 1.2 with an extended master secret; RFC 5929
 * tls-server-end-point) into `a`. */
struct binding_data conn_binding(struct conn *c,
                                 struct arena *a); /* n == 0 before the handshake is complete */
/* SHA-256 of the certificate that the peer has shown; false: none, or not yet. */
bool conn_peer_certificate(const struct conn *c, uint8_t out_sha256[32]);
struct str conn_tls_version(const struct conn *c); /* "TLSv1.3", or empty; static */
struct str conn_alpn(const struct conn *c);        /* negotiated protocol, or empty */

void conn_send(struct conn *c, struct blob *b);    /* takes one reference */
void conn_write(struct conn *c, struct str bytes); /* copies */
size_t conn_queued(const struct conn *c); /* bytes accepted and not yet taken by the kernel */
uint64_t conn_stalled_ms(
    const struct conn *c);       /* how long the kernel has taken nothing although output waits */
void conn_flush(struct conn *c); /* now, instead of at the end of the round */

/* Stop or go on reading; what was read already waits. The peer's end, too, is noticed after going on. */
void conn_pause(struct conn *c, bool paused);
/* Flush, TLS close_notify, end our direction, wait for the peer's end; 2 s for all of it. `closed` follows. */
void conn_close(struct conn *c);
void conn_abort(struct conn *c); /* reset at once, output is lost; `closed` follows */

/* Leave this loop. Output must have drained (conn_flush(), then conn_queued() == 0, else wait for `drained`), and no
 * TLS handshake may be running. `closed` is not called; c is gone. What the peer sent meanwhile is in the parcel and
 * will be the first that `received` of the new owner is given, in the loop's next round. Pausing does not move.
 * False: the connection is ending, as when the peer has gone: nothing was done, `closed` follows. */
struct conn_parcel {
    int fd;
    struct tls_context *context;
    void *tls;
    struct peer_address peer;
    struct buf unread;
};
bool conn_detach(struct conn *c, struct conn_parcel *out);
/* Empties the parcel. NULL as with conn_accept(): the parcel is dropped. */
struct conn *conn_adopt(struct loop *l, struct conn_parcel *p, const struct conn_handlers *handlers,
                        void *ctx);
void conn_parcel_drop(struct conn_parcel *p); /* when nobody adopts it */

/* Heap that this connection holds, for the metrics; the TLS state is a measured constant. */
size_t conn_memory(const struct conn *c);

#endif
