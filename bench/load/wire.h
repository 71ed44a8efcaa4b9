/* wire.h: one non-blocking TCP connection, in the clear or under TLS.
 *
 * TLS works on memory: one recv() brings many records, one send() takes many. Verification of the
 * server's certificate is left out: this is a load generator for servers of one's own.
 * Owns: socket, TLS state, unsent bytes.  Threads: one at a time.  Errors: ERR_IO, with errno or the TLS
 * library's reason from wire_reason().
 */
#ifndef SOTTO_BENCH_WIRE_H
#define SOTTO_BENCH_WIRE_H

#include <openssl/ssl.h>

#include <netinet/in.h>

#include "base/buf.h"

enum { WIRE_READ_SIZE = 1 << 16, WIRE_UNSENT_MAX = 64 << 20 };

/* What all connections of a run share. */
struct wire_setup {
    struct sockaddr_storage server;
    socklen_t server_n;
    unsigned sources;   /* loopback addresses to connect from; 0: the kernel chooses */
    const char *domain; /* borrowed: the name asked for in TLS */
    SSL_CTX *tls;
    BIO_METHOD *memory;
};

struct wire {
    int fd;   /* -1: not open */
    SSL *ssl; /* NULL while in the clear */
    bool handshaking;
    struct bytes arrived; /* what the last recv() brought and is not yet taken; borrowed */
    struct buf out;       /* bytes for the socket */
};

enum wire_got {
    WIRE_NOTHING, /* until the socket is readable again */
    WIRE_TEXT,    /* some plain bytes */
    WIRE_SECURED, /* the TLS handshake is complete */
    WIRE_CLOSED,  /* the peer ended the connection */
    WIRE_FAILED,
};

/* `lean` trades CPU for memory: for many idle connections. */
CHECKED enum err wire_setup_init(struct wire_setup *setup, const char *host, uint16_t port,
                                 const char *domain, unsigned sources, bool lean);
void wire_setup_deinit(struct wire_setup *setup);

void wire_init(struct wire *w);
void wire_close(struct wire *w); /* at once; may be opened again */

/* Starts to connect; the socket becomes writable when that is done. `nth` picks the source. */
CHECKED enum err wire_open(struct wire *w, const struct wire_setup *setup, unsigned nth);
CHECKED enum err wire_connected(struct wire *w); /* call when it became writable */
void wire_start_tls(struct wire *w, const struct wire_setup *setup);

/* One recv() into `room`, which stays borrowed until wire_read() says WIRE_NOTHING. */
enum wire_got wire_receive(struct wire *w, uint8_t room[WIRE_READ_SIZE]);
enum wire_got wire_read(struct wire *w, char room[WIRE_READ_SIZE], struct str *out);

/* Encrypts and queues; wire_flush() hands to the socket what it takes and tells whether that was all. */
CHECKED enum err wire_write(struct wire *w, struct str text);
CHECKED enum err wire_flush(struct wire *w, bool *out_done);

const char *wire_reason(void); /* of the last failure, for a message */

#endif
