/* conn.h: one TCP connection with an optional TLS filter on it. TCP_NODELAY always.
 *
 * TLS runs on memory buffers, so a connection can leave one loop and join another with its state
 * (conn_detach, conn_adopt). Bytes sent in one round of the loop leave in as few records and writes as possible.
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
    void (*received)(void *ctx, struct str bytes);   /* decrypted; borrowed for the call */
    void (*secured)(void *ctx);                      /* the TLS handshake is complete */
    void (*drained)(void *ctx);                      /* the output queue has become empty */
    void (*closed)(void *ctx, enum err why);         /* ERR_NONE: the peer ended it; free what refers to it */
};

struct peer_address { uint8_t ip[16]; uint16_t port; };  /* IPv4 as ::ffff:a.b.c.d */

struct conn *conn_accept(struct loop *l, int fd, const struct conn_handlers *handlers, void *ctx);   /* takes fd */
void conn_handlers(struct conn *c, const struct conn_handlers *handlers, void *ctx);
struct peer_address conn_peer(const struct conn *c);

/* From now on TLS, as server. Unsent plaintext goes first. Fails the connection on a bad handshake. */
void conn_start_tls(struct conn *c, struct tls_context *context);
bool conn_is_tls(const struct conn *c);
/* Channel binding (RFC 9266 tls-exporter only on TLS 1.3; RFC 5929 tls-server-end-point) into `a`. */
struct binding_data conn_binding(struct conn *c, struct arena *a);
struct str conn_tls_version(const struct conn *c);   /* "TLSv1.3", or empty; static */
struct str conn_alpn(const struct conn *c);          /* negotiated protocol, or empty */

void conn_send(struct conn *c, struct blob *b);      /* takes one reference */
void conn_write(struct conn *c, struct str bytes);   /* copies */
size_t conn_queued(const struct conn *c);            /* bytes accepted and not yet taken by the kernel */
uint64_t conn_stalled_ms(const struct conn *c);      /* how long the kernel has taken nothing although output waits */
void conn_flush(struct conn *c);                     /* now, instead of at the end of the round */

void conn_pause(struct conn *c, bool paused);        /* stop or go on reading */
void conn_close(struct conn *c);                     /* flush, TLS close_notify, close; `closed` follows */
void conn_abort(struct conn *c);                     /* close at once; `closed` follows */

/* Leave this loop. Output must have drained. `closed` is not called; c is gone. */
struct conn_parcel { int fd; struct tls_context *context; void *tls; struct peer_address peer; struct buf unread; };
void conn_detach(struct conn *c, struct conn_parcel *out);
struct conn *conn_adopt(struct loop *l, struct conn_parcel *p, const struct conn_handlers *handlers, void *ctx);
void conn_parcel_drop(struct conn_parcel *p);        /* when nobody adopts it */

/* Idle memory of one connection, for the metrics. */
size_t conn_memory(const struct conn *c);

#endif
