/* conn_tls.c: TLS on a connection. OpenSSL reads from hub->in and writes to hub->out through one BIO per loop,
 * which is lent to the connection whose turn it is; so TLS state holds no buffer and no pointer into a loop.
 */
#include "io/conn_inside.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "io/tls_inside.h"

enum { EXPORTER_BYTES = 32 }; /* RFC 9266 §2 */

/* ---- The lent BIO ------------------------------------------------------------------------------- */

static int bio_read(BIO *bio, char *out, size_t n, size_t *done)
{
    struct conn *c = BIO_get_data(bio);
    struct hub *h = c->hub;

    BIO_clear_retry_flags(bio);
    if (h->fed != c || h->input_whole == 0) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *done = n < h->input_whole ? n : h->input_whole;
    memcpy(out, h->input.p, *done);
    h->input = str_skip(h->input, *done);
    h->input_whole -= *done;
    return 1;
}

/* Takes everything: what finds no room goes to c->wire, whose cap conn_put_out() checks. */
static int bio_write(BIO *bio, const char *p, size_t n, size_t *done)
{
    struct conn *c = BIO_get_data(bio);
    struct hub *h = c->hub;

    BIO_clear_retry_flags(bio);
    if (n > OUT_BYTES - h->out_n) {
        buf_add(&c->wire, (struct str){ h->out, h->out_n });
        h->out_n = 0;
        n = n < OUT_BYTES ? n : OUT_BYTES;
    }
    memcpy(h->out + h->out_n, p, n);
    h->out_n += n;
    *done = n;
    return 1;
}

static long bio_control(BIO *bio, int command, long n, void *p)
{
    (void)bio, (void)n, (void)p;
    return command == BIO_CTRL_FLUSH;
}

BIO *conn_bio_new(BIO_METHOD **out_method)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "loop");
    BIO *bio = NULL;

    if (m != NULL && BIO_meth_set_read_ex(m, bio_read) && BIO_meth_set_write_ex(m, bio_write)
        && BIO_meth_set_ctrl(m, bio_control))
        bio = BIO_new(m);
    assert(bio != NULL);
    BIO_set_init(bio, 1);
    *out_method = m;
    return bio;
}

static void lend_bio(struct conn *c)
{
    BIO_set_data(c->hub->bio, c);
    if (ERR_peek_error() != 0)
        ERR_clear_error(); /* SSL_get_error() looks at the whole queue of the thread */
}

/* ---- Handshake and records ---------------------------------------------------------------------- */

static bool start(struct conn *c, struct tls_context *context)
{
    struct iovec view;

    assert(c->context == NULL);
    if (c->state != CONN_OPEN)
        return false;
    if (c->unread.n > 0) { /* sent in the clear, so nobody knows by whom */
        conn_reset(c, ERR_MALFORMED);
        return false;
    }
    conn_flush(c);
    if (c->state != CONN_OPEN)
        return false;
    while (blob_queue_views(&c->queue, &view, 1) > 0) {
        buf_add(&c->wire, (struct str){ view.iov_base, view.iov_len });
        blob_queue_consume(&c->queue, view.iov_len);
    }
    c->context = tls_context_ref(context);
    return true;
}

void conn_start_tls(struct conn *c, struct tls_context *context)
{
    (void)start(c, context);
}

static void make_ssl(struct conn *c)
{
    c->ssl = SSL_new(tls_context_openssl(c->context));
    assert(c->ssl != NULL);
    BIO_up_ref(c->hub->bio);
    SSL_set_bio(c->ssl, c->hub->bio, c->hub->bio);
    SSL_set_accept_state(c->ssl);
}

/* OpenSSL has put the alert into hub->out. What waits can no longer be sealed. */
static void fail(struct conn *c)
{
    if (!SSL_is_server(c->ssl) && !c->secured)
        c->distrust = (int)SSL_get_verify_result(c->ssl);
    c->notified = true;
    blob_queue_clear(&c->queue);
    conn_put_out(c);
    conn_shut(c, c->distrust != X509_V_OK ? ERR_DENIED : ERR_MALFORMED);
}

/* False: this record or flight ends here. */
static bool go_on(struct conn *c, int result)
{
    int error = SSL_get_error(c->ssl, result);

    if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) {
        fail(c);
        return false;
    }
    conn_put_out(c); /* handshake flights, answers to key updates */
    if (error == SSL_ERROR_ZERO_RETURN)
        conn_shut(c, ERR_NONE);
    return error == SSL_ERROR_NONE && c->state == CONN_OPEN;
}

static bool shake_hands(struct conn *c)
{
    if (!go_on(c, SSL_do_handshake(c->ssl)))
        return false;
    c->secured = true;
    if (c->queue.bytes > 0)
        hub_mark_dirty(c);
    if (c->handlers->secured != NULL)
        c->handlers->secured(c->ctx);
    return true;
}

/* Names in the subject are not looked at, nor wildcards for a part of a label (RFC 9525 §6.3, §7.2). */
static bool expect_name(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM *want = SSL_get0_param(ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(want, name) == 1)
        return true;
    X509_VERIFY_PARAM_set_hostflags(want, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
                                              | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return X509_VERIFY_PARAM_set1_host(want, name, 0) == 1
           && SSL_set_tlsext_host_name(ssl, name) == 1;
}

void conn_start_tls_client(struct conn *c, struct tls_context *context, struct str name)
{
    struct bytes alpn = tls_context_alpn(context);
    struct arena a = { 0 };
    bool ready;

    if (!start(c, context))
        return;
    make_ssl(c);
    SSL_set_connect_state(c->ssl);
    lend_bio(c);
    ready = name.n > 0 && expect_name(c->ssl, arena_printf(&a, "%.*s", STR_ARG(name)).p)
            && (alpn.n == 0 || SSL_set_alpn_protos(c->ssl, alpn.p, (unsigned)alpn.n) == 0);
    arena_deinit(&a);
    if (!ready)
        conn_shut(c, ERR_UNSUPPORTED);
    else
        (void)go_on(c, SSL_do_handshake(c->ssl)); /* the hello leaves */
}

struct str conn_distrust(const struct conn *c)
{
    return c->distrust != X509_V_OK ? str_from(X509_verify_cert_error_string(c->distrust))
                                    : STR_NONE;
}

bool conn_tls_step(struct conn *c)
{
    struct hub *h = c->hub;
    size_t n = 0;

    if (h->input_whole == 0)
        return false;
    if (c->ssl == NULL)
        make_ssl(c);
    lend_bio(c);
    if (!c->secured)
        return shake_hands(c);
    if (!go_on(c, SSL_read_ex(c->ssl, h->plain, PLAIN_BYTES, &n)))
        return false;
    c->handlers->received(c->ctx, (struct str){ h->plain, n });
    return true;
}

bool conn_tls_seal(struct conn *c, struct str plain)
{
    size_t done;

    lend_bio(c);
    return SSL_write_ex(c->ssl, plain.p, plain.n, &done) == 1;
}

void conn_tls_notify(struct conn *c)
{
    lend_bio(c);
    SSL_shutdown(c->ssl);
}

void conn_tls_free(struct conn *c)
{
    SSL_free(c->ssl);
    tls_context_unref(c->context);
    c->ssl = NULL;
    c->context = NULL;
    c->secured = false;
}

/* ---- What others ask ---------------------------------------------------------------------------- */

bool conn_is_tls(const struct conn *c)
{
    return c->context != NULL;
}

/* Before TLS 1.3 the exporter binds only with the extended master secret (RFC 7627; RFC 9266 §4.2). */
static struct bytes exporter(struct conn *c, struct arena *a)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    uint8_t *out = (uint8_t *)arena_raw(a, EXPORTER_BYTES);

    if (SSL_version(c->ssl) < TLS1_3_VERSION && SSL_get_extms_support(c->ssl) != 1)
        return (struct bytes){ NULL, 0 };
    if (SSL_export_keying_material(c->ssl, out, EXPORTER_BYTES, label, sizeof label - 1, NULL, 0, 1)
        != 1)
        return (struct bytes){ NULL, 0 };
    return bytes_of(out, EXPORTER_BYTES);
}

struct binding_data conn_binding(struct conn *c, struct arena *a)
{
    struct binding_data none = { { NULL, 0 }, { NULL, 0 } };
    uint8_t theirs[EVP_MAX_MD_SIZE];
    struct bytes end_point;

    if (!c->secured)
        return none;
    end_point = SSL_is_server(c->ssl)
                    ? tls_context_end_point(c->context)
                    : bytes_of(theirs, tls_end_point(SSL_get0_peer_certificate(c->ssl), theirs));
    return (struct binding_data){ .exporter = exporter(c, a),
                                  .server_end_point = arena_bytes(a, end_point) };
}

bool conn_peer_certificate(const struct conn *c, uint8_t out_sha256[32])
{
    return c->secured && tls_certificate_hash(SSL_get0_peer_certificate(c->ssl), out_sha256);
}

struct str conn_tls_version(const struct conn *c)
{
    return c->secured ? str_from(SSL_get_version(c->ssl)) : STR_NONE;
}

struct str conn_alpn(const struct conn *c)
{
    const unsigned char *p = NULL;
    unsigned n = 0;

    if (c->secured)
        SSL_get0_alpn_selected(c->ssl, &p, &n);
    return (struct str){ (const char *)p, n };
}
