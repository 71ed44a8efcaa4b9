/* conn_inside.h: one connection as the conn_*.c files see it, and what the connections of a loop share.
 *
 *   descriptor --read--> hub->in --[TLS]--> hub->plain --> received()
 *   conn_send() --> queue --gather, [TLS]--> hub->out --write--> descriptor, or c->wire if the kernel is full
 *
 * All work space belongs to the loop; an idle connection owns no buffer.
 * Threads: its loop's.  Units: bytes, milliseconds.
 */
#ifndef SOTTO_IO_CONN_INSIDE_H
#define SOTTO_IO_CONN_INSIDE_H

#include <openssl/ssl.h>
#include <uv.h>

#include "io/conn.h"
#include "io/conn_queue.h"

enum {
    READ_BYTES = 64 * 1024,                /* from one descriptor in one round */
    PLAIN_BYTES = 16 * 1024,               /* content of one TLS record, RFC 8446 §5.1 */
    RECORD_BYTES = 5 + PLAIN_BYTES + 2048, /* on the wire at most, RFC 5246 §6.2.3 */
    IN_BYTES = READ_BYTES + RECORD_BYTES,  /* with a record that the last read cut short */
    OUT_BYTES = 64 * 1024,                 /* sealed bytes between two writes */
    ROUND_OUT_BYTES = 256 * 1024,          /* to one descriptor in one round */
    ROUND_HANDSHAKES = 8,                  /* about 2 ms of processor time */
    WIRE_MAX = 128 * 1024,                 /* sealed bytes that the kernel would not take */
    LINGER_MS = 2000,                      /* from conn_close() to giving up */
    TLS_STATE_BYTES = 13900, /* heap of an idle SSL of OpenSSL 3.0, measured by bench_io */
};

enum conn_state {
    CONN_OPEN,
    CONN_CLOSING,   /* output leaves, then close_notify; input is dropped */
    CONN_LINGERING, /* our direction is shut; waits for the peer's end, so that it can read all */
    CONN_OVER,      /* descriptor closed or given away; the memory waits for libuv */
};

struct conn {
    uv_poll_t poll;
    struct hub *hub;
    const struct conn_handlers *handlers;
    void *ctx;
    struct tls_context *context; /* NULL: no TLS */
    SSL *ssl;                    /* made when the first record is there */
    struct blob_queue queue;     /* not sealed yet */
    struct buf wire;             /* leaves before `queue`, as it is */
    struct buf unread;           /* read, not opened yet: part of a record, or all while paused */
    uint64_t stalled_since_ms;   /* the kernel last took something; 0: no output waits for it */
    struct timer *linger;
    struct link in_due, in_dirty;
    int fd;
    int distrust; /* X509_V_ERR_… of the server's certificate */
    struct peer_address peer;
    uint8_t watched;    /* UV_READABLE | UV_WRITABLE */
    uint8_t state, why; /* enum conn_state, enum err */
    bool paused : 1, given_away : 1;
    bool knocked : 1;  /* something came while it was paused */
    bool full : 1;     /* the kernel takes no more for now */
    bool failed : 1;   /* nothing can leave any more */
    bool eof : 1;      /* nothing will come any more */
    bool secured : 1;  /* the TLS handshake is complete */
    bool notified : 1; /* close_notify is sent, or must not be */
    bool owes_drained : 1;
};

/* What the connections of one loop share. */
struct hub {
    struct loop *loop;
    struct list due;     /* a callback is owed outside of any call of the owner */
    struct list dirty;   /* output to be flushed at the end of the round */
    uv_idle_t awake;     /* active while either list must keep the loop from sleeping */
    unsigned handshakes; /* in this round */
    BIO_METHOD *method;
    BIO *bio;           /* lent to the connection whose TLS runs */
    struct conn *fed;   /* whose input this is: */
    struct str input;   /* what is left of it, inside `in` */
    size_t input_whole; /* of it are whole TLS records */
    size_t out_n;
    char in[IN_BYTES], plain[PLAIN_BYTES], gather[PLAIN_BYTES], out[OUT_BYTES];
};

/* conn_hub.c */
struct hub *hub_of(struct loop *l);
void hub_owe(struct conn *c); /* conn_settle() will run soon */
void hub_mark_dirty(struct conn *c);
struct str hub_forget(struct conn *c); /* c leaves the loop; what is left of its input */

/* conn.c */
void conn_watch(struct conn *c);              /* ask libuv for what this state needs */
void conn_settle(struct conn *c);             /* the callbacks that are owed */
void conn_shut(struct conn *c, enum err why); /* flush, close, `closed` with `why` */
void conn_end(struct conn *c, enum err why);  /* at once */
void conn_reset(struct conn *c,
                enum err why); /* at once, and the kernel drops what it still holds */
void conn_drop_output(struct conn *c);

/* conn_input.c */
void conn_readable(struct conn *c);
void conn_feed(struct conn *c, size_t n); /* the first n bytes of hub->in */
void conn_feed_unread(struct conn *c);

/* conn_output.c */
void conn_output(struct conn *c);  /* as much as the kernel takes, within the round's limit */
void conn_put_out(struct conn *c); /* hub->out to the kernel, or to c->wire */

/* conn_tls.c */
BIO *conn_bio_new(BIO_METHOD **out_method);
bool conn_tls_step(struct conn *c); /* opens one record; false: nothing more to do now */
bool conn_tls_seal(struct conn *c, struct str plain); /* at most PLAIN_BYTES, into hub->out */
void conn_tls_notify(struct conn *c);                 /* close_notify */
void conn_tls_free(struct conn *c);

#endif
