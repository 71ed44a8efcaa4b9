/* net.c: see net.h. */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- Worker ------------------------------------------------------------------------------------- */

struct call {
    struct link link;
    work_fn *fn;
    void *ctx;
    sem_t done;
};

static void run_calls(void *ctx, struct list *items)
{
    struct link *item;

    (void)ctx;
    while ((item = list_pop(items)) != NULL) {
        struct call *c = LIST_ENTRY(item, struct call, link);

        c->fn(c->ctx);
        sem_post(&c->done);
    }
}

static void *run_loop(void *ctx)
{
    loop_run(((struct worker *)ctx)->loop);
    return NULL;
}

void worker_start(struct worker *w)
{
    signal(SIGPIPE, SIG_IGN); /* OpenSSL's clients write without MSG_NOSIGNAL */
    w->loop = loop_new();
    assert_non_null(w->loop);
    w->calls = inbox_new(w->loop, run_calls, w);
    assert_int_equal(pthread_create(&w->thread, NULL, run_loop, w), 0);
}

void worker_stop(struct worker *w)
{
    loop_stop(w->loop);
    pthread_join(w->thread, NULL);
    inbox_free(w->calls);
    loop_free(w->loop);
}

void worker_call(struct worker *w, work_fn *fn, void *ctx)
{
    struct call c = { .fn = fn, .ctx = ctx };
    struct timespec until;

    sem_init(&c.done, 0, 0);
    inbox_post(w->calls, &c.link);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    assert_int_equal(sem_timedwait(&c.done, &until), 0);
    sem_destroy(&c.done);
}

struct question {
    condition_fn *holds;
    void *ctx;
    bool answer;
};

static void ask(void *ctx)
{
    struct question *q = ctx;

    q->answer = q->holds(q->ctx);
}

void worker_await(struct worker *w, condition_fn *holds, void *ctx)
{
    struct question q = { holds, ctx, false };

    for (int ms = 0; ms < PATIENCE_S * 1000 && !q.answer; ms++) {
        if (ms > 0)
            poll(NULL, 0, 1);
        worker_call(w, ask, &q);
    }
    assert_true(q.answer);
}

/* ---- Identity ----------------------------------------------------------------------------------- */

void identity_make(struct identity *i)
{
    const struct str names[] = { STR("localhost"), STR("127.0.0.1") };
    struct arena a = { 0 };
    struct str why;

    snprintf(i->folder, sizeof i->folder, "/tmp/sotto-test-XXXXXX");
    assert_non_null(mkdtemp(i->folder));
    snprintf(i->certificate, sizeof i->certificate, "%s/cert.pem", i->folder);
    snprintf(i->key, sizeof i->key, "%s/key.pem", i->folder);
    assert_int_equal(tls_make_self_signed(i->certificate, i->key, names, COUNT_OF(names), &why, &a),
                     ERR_NONE);
    arena_deinit(&a);
}

void identity_remove(struct identity *i)
{
    unlink(i->certificate);
    unlink(i->key);
    assert_int_equal(rmdir(i->folder), 0);
}

struct tls_context *identity_context(const struct identity *i, const char *alpn)
{
    struct tls_context *c = NULL;
    struct arena a = { 0 };
    struct str why;

    assert_int_equal(tls_context_new(i->certificate, i->key, alpn, &c, &why, &a), ERR_NONE);
    arena_deinit(&a);
    return c;
}

/* ---- Peer --------------------------------------------------------------------------------------- */

static void be_patient(int fd)
{
    struct timeval t = { .tv_sec = PATIENCE_S };
    int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void peer_connect(struct peer *p, uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };

    *p = (struct peer){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    assert_true(p->fd >= 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    be_patient(p->fd);
    assert_int_equal(connect(p->fd, (struct sockaddr *)&to, sizeof to), 0);
}

bool peer_secure(struct peer *p, const struct peer_tls *how)
{
    static const struct peer_tls any;

    how = how != NULL ? how : &any;
    p->settings = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(p->settings, 0); /* so that it can also offer what must be refused */
    assert_true(SSL_CTX_set_min_proto_version(p->settings, how->min));
    assert_true(SSL_CTX_set_max_proto_version(p->settings, how->max));
    if (how->ciphers != NULL)
        assert_true(SSL_CTX_set_cipher_list(p->settings, how->ciphers));
    p->ssl = SSL_new(p->settings);
    if (how->alpn != NULL)
        SSL_set_alpn_protos(p->ssl, (const unsigned char *)how->alpn, (unsigned)strlen(how->alpn));
    SSL_set_fd(p->ssl, p->fd);
    return SSL_connect(p->ssl) == 1;
}

void peer_write(struct peer *p, struct str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = p->ssl != NULL ? SSL_write(p->ssl, bytes.p, (int)bytes.n)
                                   : send(p->fd, bytes.p, bytes.n, MSG_NOSIGNAL);

        assert_true(n > 0);
        bytes = str_skip(bytes, (size_t)n);
    }
}

void peer_hold(struct peer *p)
{
    SSL_set0_wbio(p->ssl, BIO_new(BIO_s_mem()));
}

void peer_release(struct peer *p, size_t n)
{
    char *at;
    struct str rest = { NULL, (size_t)BIO_get_mem_data(SSL_get_wbio(p->ssl), &at) };

    for (rest.p = at; rest.n > 0; rest = str_skip(rest, n)) {
        struct str piece = str_slice(rest, 0, n);

        assert_int_equal(send(p->fd, piece.p, piece.n, MSG_NOSIGNAL), piece.n);
    }
    SSL_set0_wbio(p->ssl, BIO_new_socket(p->fd, BIO_NOCLOSE));
}

size_t peer_read_some(struct peer *p, char *out, size_t n)
{
    ssize_t got = p->ssl != NULL ? SSL_read(p->ssl, out, (int)n) : recv(p->fd, out, n, 0);

    assert_false(got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)); /* patience ended */
    return got > 0 ? (size_t)got : 0;
}

void peer_read(struct peer *p, char *out, size_t n)
{
    while (n > 0) {
        size_t got = peer_read_some(p, out, n);

        assert_true(got > 0);
        out += got;
        n -= got;
    }
}

bool peer_ended(struct peer *p)
{
    char c;

    errno = 0;
    if (peer_read_some(p, &c, 1) > 0 || errno == ECONNRESET)
        return false;
    return p->ssl == NULL || (SSL_get_shutdown(p->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}

void peer_reset(struct peer *p)
{
    struct linger now = { .l_onoff = 1, .l_linger = 0 };

    setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    peer_close(p);
}

void peer_close(struct peer *p)
{
    SSL_free(p->ssl);
    SSL_CTX_free(p->settings);
    close(p->fd);
    *p = (struct peer){ .fd = -1 };
}

void tcp_pair(int out[2])
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t n = sizeof at;
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), send_room = 16 * 1024;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(l, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(l, 1), 0);
    assert_int_equal(getsockname(l, (struct sockaddr *)&at, &n), 0);
    out[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(out[1], (struct sockaddr *)&at, sizeof at), 0);
    out[0] = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(out[0] >= 0);
    setsockopt(out[0], SOL_SOCKET, SO_SNDBUF, &send_room, sizeof send_room);
    be_patient(out[1]);
    close(l);
}

/* ---- Subject ------------------------------------------------------------------------------------ */

static void on_received(void *ctx, struct str bytes)
{
    struct subject *s = ctx;

    assert_int_equal(s->closed, 0);
    s->calls++;
    if (s->on_received != NULL)
        s->on_received(s, bytes);
    else
        buf_add(&s->got, bytes);
}

static void on_secured(void *ctx)
{
    ((struct subject *)ctx)->secured++;
}

static void on_drained(void *ctx)
{
    ((struct subject *)ctx)->drained++;
}

static void on_closed(void *ctx, enum err why)
{
    struct subject *s = ctx;

    s->closed++;
    s->why = why;
    s->conn = NULL;
}

static const struct conn_handlers subject_handlers = { on_received, on_secured, on_drained,
                                                       on_closed };

struct opening {
    struct subject *subject;
    struct tls_context *tls;
    int fd;
};

static void open_subject(void *ctx)
{
    struct opening *o = ctx;

    o->subject->conn = conn_accept(o->subject->worker.loop, o->fd, &subject_handlers, o->subject);
    assert_non_null(o->subject->conn);
    if (o->tls != NULL)
        conn_start_tls(o->subject->conn, o->tls);
}

void subject_open(struct subject *s, struct tls_context *tls)
{
    struct opening o = { .subject = s, .tls = tls };
    int pair[2];

    *s = (struct subject){ 0 };
    buf_init(&s->got, 1 << 24);
    tcp_pair(pair);
    s->peer.fd = pair[1];
    o.fd = pair[0];
    worker_start(&s->worker);
    worker_call(&s->worker, open_subject, &o);
}

static void abort_subject(struct subject *s)
{
    if (s->conn != NULL)
        conn_abort(s->conn);
}

static bool is_closed(void *ctx)
{
    return ((struct subject *)ctx)->closed > 0;
}

void subject_shut(struct subject *s)
{
    subject_do(s, abort_subject);
    worker_await(&s->worker, is_closed, s);
    worker_stop(&s->worker);
    if (s->peer.fd >= 0)
        peer_close(&s->peer);
    buf_deinit(&s->got);
    assert_int_equal(s->closed, 1);
}

void subject_await_closed(struct subject *s, enum err why)
{
    worker_await(&s->worker, is_closed, s);
    if (s->why != why)
        fail_msg("closed: %s, not %s", err_text(s->why), err_text(why));
}

struct amount {
    struct subject *subject;
    size_t n;
};

static bool has_got(void *ctx)
{
    struct amount *a = ctx;

    return a->subject->got.n >= a->n;
}

void subject_await_got(struct subject *s, size_t n)
{
    worker_await(&s->worker, has_got, &(struct amount){ s, n });
}

struct doing {
    struct subject *subject;
    void (*fn)(struct subject *s);
};

static void do_it(void *ctx)
{
    struct doing *d = ctx;

    d->fn(d->subject);
}

void subject_do(struct subject *s, void (*fn)(struct subject *s))
{
    worker_call(&s->worker, do_it, &(struct doing){ s, fn });
}

/* ---- Content ------------------------------------------------------------------------------------ */

static char pattern_at(size_t i)
{
    return (char)(i * 31 + (i >> 8) * 7 + (i >> 16));
}

void pattern(char *out, size_t n, size_t offset)
{
    for (size_t i = 0; i < n; i++)
        out[i] = pattern_at(offset + i);
}

bool is_pattern(const char *p, size_t n, size_t offset)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != pattern_at(offset + i))
            return false;
    return true;
}
