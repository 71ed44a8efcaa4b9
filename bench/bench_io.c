/* bench_io.c: what a TLS connection costs: heap while idle, processor time per handshake and per message.
 *
 * This process is the server: one loop that echoes. A child is the client, with blocking sockets, so that its heap
 * and its processor time stay out of the figures. It asks for the server's readings over a socket pair.
 *
 *     bench_io [connections] [seconds per phase]
 */
#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/conn.h"
#include "io/listen.h"

enum { MESSAGE = 900, SMALL = 100, BATCH = 10, WARM_UP = 3 };

struct reading {
    uint64_t cpu_ns; /* of the server's thread */
    uint64_t heap, resident;
};

struct server {
    struct loop *loop;
    struct tls_context *tls;
    struct reading now;
    struct conn *control;
    bool clear;
};

static uint64_t now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void stop(const char *what)
{
    fprintf(stderr, "bench_io: %s failed\n", what);
    exit(1);
}

static uint64_t resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long total, resident;

    if (f == NULL || fscanf(f, "%lu %lu", &total, &resident) != 2)
        stop("reading /proc/self/statm");
    fclose(f);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* ---- Server ------------------------------------------------------------------------------------- */

/* The context of a connection is the connection: there is no session here whose memory would count. */
static void echo(void *ctx, struct str bytes)
{
    conn_write(ctx, bytes);
}

static void closed(void *ctx, enum err why)
{
    (void)ctx, (void)why;
}

static void accepted(void *ctx, int fd)
{
    static const struct conn_handlers handlers = { .received = echo, .closed = closed };
    struct server *s = ctx;
    struct conn *c = conn_accept(s->loop, fd, &handlers, NULL);

    if (c == NULL)
        stop("accepting");
    conn_handlers(c, &handlers, c);
    if (!s->clear)
        conn_start_tls(c, s->tls);
}

static void control_received(void *ctx, struct str bytes)
{
    struct server *s = ctx;

    s->clear = bytes.p[0] == 'c';
    s->now.cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
    s->now.heap = mallinfo2().uordblks;
    s->now.resident = resident_bytes();
    conn_write(s->control, (struct str){ (const char *)&s->now, sizeof s->now });
}

static void control_closed(void *ctx, enum err why)
{
    (void)why;
    loop_stop(((struct server *)ctx)->loop);
}

static void serve(int listening, int control, struct tls_context *tls)
{
    static const struct conn_handlers handlers = { .received = control_received,
                                                   .closed = control_closed };
    struct server s = { .loop = loop_new(), .tls = tls };
    struct listener *l = listener_new(s.loop, listening, accepted, &s);

    s.control = conn_accept(s.loop, control, &handlers, &s);
    loop_run(s.loop);
    listener_free(l);
    loop_free(s.loop);
}

/* ---- Client ------------------------------------------------------------------------------------- */

struct peer {
    int fd;
    SSL *ssl;
};

struct bench {
    int control;
    uint16_t port;
    size_t count;
    uint64_t phase_ns;
    SSL_CTX *settings;
    struct peer *peers;
};

static struct reading ask(struct bench *b, char kind)
{
    struct reading r;

    if (write(b->control, &kind, 1) != 1 || read(b->control, &r, sizeof r) != sizeof r)
        stop("reading the server's figures");
    return r;
}

static void peer_open(struct bench *b, struct peer *p, bool tls)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(b->port) };
    int on = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(p->fd, (struct sockaddr *)&to, sizeof to) != 0)
        stop("connecting");
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    p->ssl = NULL;
    if (!tls)
        return;
    p->ssl = SSL_new(b->settings);
    SSL_set_fd(p->ssl, p->fd);
    if (SSL_connect(p->ssl) != 1)
        stop("the handshake");
}

static void peer_close(struct peer *p)
{
    SSL_free(p->ssl);
    close(p->fd);
}

static void peer_write(struct peer *p, const char *text, size_t n)
{
    ssize_t done = p->ssl != NULL ? SSL_write(p->ssl, text, (int)n) : write(p->fd, text, n);

    if (done != (ssize_t)n)
        stop("writing");
}

static void peer_read(struct peer *p, size_t n)
{
    static char in[16384];

    while (n > 0) {
        ssize_t done =
            p->ssl != NULL ? SSL_read(p->ssl, in, sizeof in) : read(p->fd, in, sizeof in);

        if (done <= 0)
            stop("reading");
        n -= (size_t)done;
    }
}

static double per(uint64_t from, uint64_t to, uint64_t count, double unit)
{
    return (double)(int64_t)(to - from) / (double)count / unit;
}

static void bench_handshakes(struct bench *b)
{
    struct reading r = ask(b, 't'), end;
    uint64_t start = now_ns(CLOCK_MONOTONIC), count = 0;

    for (; now_ns(CLOCK_MONOTONIC) - start < b->phase_ns; count++) {
        struct peer p;

        peer_open(b, &p, true);
        peer_write(&p, "x", 1);
        peer_read(&p, 1);
        peer_close(&p);
    }
    end = ask(b, 't');
    printf("handshake  %.0f/s  %.1f us server CPU each (accept, one echo and close included)\n",
           (double)count / (double)(now_ns(CLOCK_MONOTONIC) - start) * 1e9,
           per(r.cpu_ns, end.cpu_ns, count, 1000));
}

static void open_all(struct bench *b, bool tls)
{
    struct reading r = ask(b, tls ? 't' : 'c'), end;

    for (size_t i = 0; i < b->count; i++) {
        peer_open(b, &b->peers[i], tls);
        peer_write(&b->peers[i], "x", 1);
        peer_read(&b->peers[i], 1);
    }
    end = ask(b, tls ? 't' : 'c');
    printf("idle %s  %.0f bytes of heap each, %.0f resident (%zu connections)\n",
           tls ? "TLS  " : "clear", per(r.heap, end.heap, b->count, 1),
           per(r.resident, end.resident, b->count, 1), b->count);
}

/* Every connection has `batch` messages on their way; each message is a record of its own. */
static void bench_echo(struct bench *b, const char *what, size_t n, size_t batch)
{
    static char text[MESSAGE];
    struct reading r, end;
    uint64_t start = 0, count = 0;

    for (int round = 0;; round++) {
        if (round == WARM_UP) {
            r = ask(b, 't');
            start = now_ns(CLOCK_MONOTONIC);
            count = 0;
        }
        if (round > WARM_UP && now_ns(CLOCK_MONOTONIC) - start > b->phase_ns)
            break;
        for (size_t i = 0; i < b->count; i++)
            for (size_t k = 0; k < batch; k++)
                peer_write(&b->peers[i], text, n);
        for (size_t i = 0; i < b->count; i++)
            peer_read(&b->peers[i], n * batch);
        count += b->count * batch;
    }
    end = ask(b, 't');
    printf("echo %s  %.0f messages/s  %.2f us server CPU each\n", what,
           (double)count / (double)(now_ns(CLOCK_MONOTONIC) - start) * 1e9,
           per(r.cpu_ns, end.cpu_ns, count, 1000));
}

static void run_client(struct bench *b)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    b->settings = SSL_CTX_new(TLS_client_method());
    b->peers = mem_alloc(b->count * sizeof *b->peers);
    open_all(b, false);
    bench_echo(b, "clear 900 B, 1 in flight ", MESSAGE, 1);
    bench_echo(b, "clear 900 B, 10 in flight", MESSAGE, BATCH);
    for (size_t i = 0; i < b->count; i++)
        peer_close(&b->peers[i]);
    bench_handshakes(b);
    open_all(b, true);
    bench_echo(b, "TLS   900 B, 1 in flight ", MESSAGE, 1);
    bench_echo(b, "TLS   900 B, 10 in flight", MESSAGE, BATCH);
    bench_echo(b, "TLS   100 B, 10 in flight", SMALL, BATCH);
    mem_free(b->peers);
    SSL_CTX_free(b->settings);
}

/* ---- Both --------------------------------------------------------------------------------------- */

static struct tls_context *make_tls(void)
{
    static const struct str name = STR_INIT("localhost");
    char folder[] = "/tmp/bench_io.XXXXXX", certificate[64], key[64];
    struct tls_context *c;
    struct arena a = { 0 };
    struct str why;

    if (mkdtemp(folder) == NULL)
        stop("making a folder");
    snprintf(certificate, sizeof certificate, "%s/c", folder);
    snprintf(key, sizeof key, "%s/k", folder);
    if (tls_make_self_signed(certificate, key, &name, 1, &why, &a) != ERR_NONE
        || tls_context_new(certificate, key, "", &c, &why, &a) != ERR_NONE)
        stop("making a certificate");
    unlink(certificate);
    unlink(key);
    rmdir(folder);
    arena_deinit(&a);
    return c;
}

static unsigned long argument(int argc, char **argv, int i, unsigned long otherwise)
{
    unsigned long n = argc > i ? strtoul(argv[i], NULL, 10) : otherwise;

    return n > 0 ? n : otherwise;
}

int main(int argc, char **argv)
{
    struct bench b = { .count = argument(argc, argv, 1, 2000) };
    struct tls_context *tls = make_tls();
    struct arena a = { 0 };
    struct str why;
    struct rlimit files;
    int pair[2], listening, status;
    pid_t child;

    b.phase_ns = argument(argc, argv, 2, 3) * 1000000000ull;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0
        || listen_bind(STR("127.0.0.1:0"), 1, &listening, &b.port, &why, &a) != ERR_NONE)
        stop("listening");
    b.control = pair[1];
    if ((child = fork()) == 0) {
        close(pair[0]);
        close(listening);
        run_client(&b);
        fflush(stdout);
        _exit(0);
    }
    close(pair[1]);
    serve(listening, pair[0], tls);
    waitpid(child, &status, 0);
    tls_context_unref(tls);
    arena_deinit(&a);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
