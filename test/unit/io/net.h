/* net.h: for the tests of io/: a loop on its own thread, and a blocking client to talk to it.
 *
 * The client uses sockets and OpenSSL directly, so that nothing under test tests itself. Every wait is bounded
 * (PATIENCE_S), which only a broken program reaches.
 */
#ifndef SOTTO_TEST_NET_H
#define SOTTO_TEST_NET_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/ssl.h>
#include <pthread.h>

#include "io/conn.h"
#include "io/listen.h"

enum { PATIENCE_S = 60 };

/* ---- A loop on a thread */

struct worker {
    struct loop *loop;
    struct inbox *calls;
    pthread_t thread;
};

void worker_start(struct worker *w);
void worker_stop(struct worker *w); /* everything on it must be closed */
void worker_call(struct worker *w, work_fn *fn,
                 void *ctx); /* on its thread; returns when it is done */
/* Asks until it is so; fails the test when patience ends. */
typedef bool condition_fn(void *ctx);
void worker_await(struct worker *w, condition_fn *holds, void *ctx);

/* ---- A certificate in a folder of its own */

struct identity {
    char folder[64], certificate[96], key[96];
};

void identity_make(struct identity *i);
void identity_remove(struct identity *i);
struct tls_context *identity_context(const struct identity *i, const char *alpn);

/* ---- A client */

struct peer {
    int fd;
    SSL_CTX *settings;
    SSL *ssl; /* NULL: in the clear */
};

struct peer_tls {
    int min, max;        /* TLS1_2_VERSION, …; 0: any */
    const char *alpn;    /* wire form, or NULL */
    const char *ciphers; /* of TLS 1.2, or NULL */
};

void peer_connect(struct peer *p, uint16_t port);
bool peer_secure(struct peer *p, const struct peer_tls *how);
void peer_write(struct peer *p, struct str bytes);
/* TLS only: between the two calls, what is written is sealed and kept; then it leaves in pieces of n bytes. */
void peer_hold(struct peer *p);
void peer_release(struct peer *p, size_t n);
void peer_read(struct peer *p, char *out, size_t n);        /* exactly n */
size_t peer_read_some(struct peer *p, char *out, size_t n); /* 0: the server ended it, or reset */
bool peer_ended(struct peer *p); /* the next thing is the end; close_notify with TLS */
void peer_reset(struct peer *p); /* RST instead of FIN */
void peer_close(struct peer *p);

/* Two connected TCP sockets; [0] is non-blocking, and the kernel keeps little of what it sends. */
void tcp_pair(int out[2]);

/* ---- One connection under test, with its peer */

struct subject;
typedef void subject_received(struct subject *s, struct str bytes);

struct subject {
    struct worker worker;
    struct conn *conn; /* NULL after `closed` */
    struct peer peer;
    subject_received *on_received; /* NULL: collect in `got` */
    void *more;                    /* of the test */
    struct buf got;
    unsigned calls, secured, drained, closed;
    enum err why;
};

/* With `tls`: the connection starts it, and the peer's handshake is still to be done. */
void subject_open(struct subject *s, struct tls_context *tls);
void subject_shut(struct subject *s); /* closes what is left, checks that `closed` came once */
void subject_await_closed(struct subject *s, enum err why);
void subject_await_got(struct subject *s, size_t n);               /* at least n bytes in `got` */
void subject_do(struct subject *s, void (*fn)(struct subject *s)); /* on its loop */

/* n bytes that tell when something is lost or out of order. */
void pattern(char *out, size_t n, size_t offset);
bool is_pattern(const char *p, size_t n, size_t offset);

#endif
