/* net.c: see net.h. */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <semaphore.h>
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
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(l, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(l, 1), 0);
    assert_int_equal(getsockname(l, (struct sockaddr *)&at, &n), 0);
    out[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(out[1], (struct sockaddr *)&at, sizeof at), 0);
    out[0] = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(out[0] >= 0);
    be_patient(out[1]);
    close(l);
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
