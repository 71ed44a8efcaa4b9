/* wire.c: sockets and TLS on memory. */
#include "bench/load/wire.h"

#include <openssl/err.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* OpenSSL reads from what the last recv() brought … */
static int memory_read(BIO *bio, char *out, int n)
{
    struct wire *w = BIO_get_data(bio);
    size_t take = (size_t)n < w->arrived.n ? (size_t)n : w->arrived.n;

    BIO_clear_retry_flags(bio);
    if (take == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, w->arrived.p, take);
    w->arrived = bytes_of(w->arrived.p + take, w->arrived.n - take);
    return (int)take;
}

/* … and writes to what the next send() takes. */
static int memory_write(BIO *bio, const char *p, int n)
{
    struct wire *w = BIO_get_data(bio);

    buf_add(&w->out, (struct str){ p, (size_t)n });
    return w->out.failed ? -1 : n;
}

static long memory_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *memory_method(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");

    if (m == NULL)
        return NULL;
    BIO_meth_set_read(m, memory_read);
    BIO_meth_set_write(m, memory_write);
    BIO_meth_set_ctrl(m, memory_ctrl);
    return m;
}

static enum err read_address(const char *host, uint16_t port, struct wire_setup *setup)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&setup->server;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&setup->server;

    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        setup->server_n = sizeof *v4;
        return ERR_NONE;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        setup->server_n = sizeof *v6;
        return ERR_NONE;
    }
    return ERR_MALFORMED;
}

enum err wire_setup_init(struct wire_setup *setup, const char *host, uint16_t port,
                         const char *domain, unsigned sources, bool lean)
{
    enum err e;

    *setup = (struct wire_setup){ .sources = sources, .domain = domain };
    if ((e = read_address(host, port, setup)) != ERR_NONE)
        return e;
    setup->tls = SSL_CTX_new(TLS_client_method());
    setup->memory = memory_method();
    if (setup->tls == NULL || setup->memory == NULL)
        return ERR_IO;
    SSL_CTX_set_min_proto_version(setup->tls, TLS1_2_VERSION);
    SSL_CTX_set_verify(setup->tls, SSL_VERIFY_NONE, NULL);
    /* Every handshake is a full one, so that logins are measured and not caches. */
    SSL_CTX_set_session_cache_mode(setup->tls, SSL_SESS_CACHE_OFF);
    if (lean)
        SSL_CTX_set_mode(setup->tls, SSL_MODE_RELEASE_BUFFERS);
    return ERR_NONE;
}

void wire_setup_deinit(struct wire_setup *setup)
{
    SSL_CTX_free(setup->tls);
    BIO_meth_free(setup->memory);
}

void wire_init(struct wire *w)
{
    *w = (struct wire){ .fd = -1 };
    buf_init(&w->out, WIRE_UNSENT_MAX);
}

void wire_close(struct wire *w)
{
    SSL_free(w->ssl);
    ERR_clear_error(); /* the next SSL_get_error() must not see this connection's */
    if (w->fd >= 0)
        close(w->fd);
    buf_deinit(&w->out);
    wire_init(w);
}

/* More connections than one address has ports need several: 127.0.0.1 is the first, then on from there.
 * The port is chosen at connect(), so it may be shared between destinations. */
static enum err bind_source(int fd, unsigned nth)
{
    struct sockaddr_in from = { .sin_family = AF_INET };
    int on = 1;

    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + nth);
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0
        || bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
        return ERR_IO;
    return ERR_NONE;
}

enum err wire_open(struct wire *w, const struct wire_setup *setup, unsigned nth)
{
    int on = 1;

    w->fd = socket(setup->server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (w->fd < 0)
        return ERR_IO;
    if (setup->sources > 0 && bind_source(w->fd, nth % setup->sources) != ERR_NONE)
        return ERR_IO;
    setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(w->fd, (const struct sockaddr *)&setup->server, setup->server_n) != 0
        && errno != EINPROGRESS)
        return ERR_IO;
    return ERR_NONE;
}

enum err wire_connected(struct wire *w)
{
    int cause = 0;
    socklen_t n = sizeof cause;

    if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &cause, &n) == 0 && cause == 0)
        return ERR_NONE;
    errno = cause;
    return ERR_IO;
}

void wire_start_tls(struct wire *w, const struct wire_setup *setup)
{
    BIO *bio = BIO_new(setup->memory);

    w->ssl = SSL_new(setup->tls);
    if (bio == NULL || w->ssl == NULL)
        abort(); /* OpenSSL is out of memory; ours stops the process likewise */
    BIO_set_data(bio, w);
    BIO_set_init(bio, 1);
    SSL_set_bio(w->ssl, bio, bio);
    SSL_set_tlsext_host_name(w->ssl, setup->domain);
    SSL_set_connect_state(w->ssl);
    w->handshaking = true;
    SSL_do_handshake(w->ssl); /* writes the ClientHello; a failure shows at the first read */
}

enum wire_got wire_receive(struct wire *w, uint8_t room[WIRE_READ_SIZE])
{
    ssize_t n = recv(w->fd, room, WIRE_READ_SIZE, 0);

    if (n == 0)
        return WIRE_CLOSED;
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? WIRE_NOTHING
               : errno == ECONNRESET             ? WIRE_CLOSED
                                                 : WIRE_FAILED;
    w->arrived = bytes_of(room, (size_t)n);
    return WIRE_TEXT;
}

static enum wire_got tls_outcome(struct wire *w, int returned)
{
    switch (SSL_get_error(w->ssl, returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return WIRE_NOTHING;
    case SSL_ERROR_ZERO_RETURN: return WIRE_CLOSED;
    default: return WIRE_FAILED;
    }
}

enum wire_got wire_read(struct wire *w, char room[WIRE_READ_SIZE], struct str *out)
{
    int n;

    if (w->ssl == NULL) {
        *out = str_of_bytes(w->arrived);
        w->arrived = bytes_of(NULL, 0);
        return out->n > 0 ? WIRE_TEXT : WIRE_NOTHING;
    }
    if (w->handshaking) {
        if ((n = SSL_do_handshake(w->ssl)) != 1)
            return tls_outcome(w, n);
        w->handshaking = false;
        return WIRE_SECURED;
    }
    if (w->arrived.n == 0 && SSL_pending(w->ssl) == 0)
        return WIRE_NOTHING; /* saves OpenSSL the long way to say the same */
    if ((n = SSL_read(w->ssl, room, WIRE_READ_SIZE)) <= 0)
        return tls_outcome(w, n);
    *out = (struct str){ room, (size_t)n };
    return WIRE_TEXT;
}

enum err wire_write(struct wire *w, struct str text)
{
    if (text.n == 0)
        return ERR_NONE;
    if (w->ssl == NULL) {
        buf_add(&w->out, text);
        return w->out.failed ? ERR_TOO_BIG : ERR_NONE;
    }
    return SSL_write(w->ssl, text.p, (int)text.n) == (int)text.n ? ERR_NONE : ERR_IO;
}

enum err wire_flush(struct wire *w, bool *out_done)
{
    while (w->out.n > 0) {
        ssize_t n = send(w->fd, w->out.p, w->out.n, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return ERR_IO;
        if (n < 0)
            break;
        buf_consume(&w->out, (size_t)n);
    }
    *out_done = w->out.n == 0;
    return ERR_NONE;
}

const char *wire_reason(void)
{
    unsigned long code = ERR_peek_last_error();

    return code != 0 ? ERR_reason_error_string(code) : strerror(errno);
}
