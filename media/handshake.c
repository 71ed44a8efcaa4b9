/* handshake.c: OpenSSL's DTLS between a queue of datagrams and one datagram that is being read. */
#include "media/handshake.h"

#include <assert.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/hash.h"

enum {
    SERIAL_BITS = 63,
    DAY_S = 24 * 3600,
    FIRST_RETRY_US = 100000, /* RFC 6347 §4.2.4.1 says 1 s; the peer is one relay away */
    LAST_RETRY_US = 1600000,
};

/* ---- Identity ---- */

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_NAME_new();
    BIGNUM *serial = BN_new();
    bool ok = x != NULL && name != NULL && serial != NULL && X509_set_version(x, 2)
              && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY)
              && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) != NULL
              && X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S) != NULL
              && X509_gmtime_adj(X509_getm_notAfter(x), DAY_S) != NULL
              /* What every browser writes: nothing of us. */
              && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                            (const unsigned char *)"WebRTC", -1, -1, 0)
              && X509_set_subject_name(x, name) && X509_set_issuer_name(x, name)
              && X509_set_pubkey(x, key) && X509_sign(x, key, EVP_sha256()) > 0;

    BN_free(serial);
    X509_NAME_free(name);
    if (ok)
        return x;
    X509_free(x);
    return NULL;
}

static bool digest_of(X509 *x, uint8_t out[HANDSHAKE_FINGERPRINT])
{
    unsigned n = 0;

    return X509_digest(x, EVP_sha256(), out, &n) == 1 && n == HANDSHAKE_FINGERPRINT;
}

/* Any certificate is taken here; whose it is, is judged when the handshake is done. */
static int take_any(int ok, X509_STORE_CTX *store)
{
    (void)ok;
    (void)store;
    return 1;
}

static bool set_up(SSL_CTX *c, EVP_PKEY *key, X509 *x)
{
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, take_any);
    SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(c, DTLS1_2_VERSION)
           && SSL_CTX_set_max_proto_version(c, DTLS1_2_VERSION)
           && SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20")
           && SSL_CTX_set1_groups_list(c, "X25519:P-256")
           && SSL_CTX_set_tlsext_use_srtp(c, "SRTP_AES128_CM_SHA1_80") == 0
           && SSL_CTX_use_certificate(c, x) && SSL_CTX_use_PrivateKey(c, key);
}

enum err certificate_make(struct certificate *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = key != NULL ? make_certificate(key) : NULL;
    SSL_CTX *c = SSL_CTX_new(DTLS_method());
    bool ok = x != NULL && c != NULL && digest_of(x, out->fingerprint) && set_up(c, key, x);

    EVP_PKEY_free(key);
    X509_free(x);
    if (!ok) {
        SSL_CTX_free(c);
        return ERR_IO;
    }
    out->context = c;
    return ERR_NONE;
}

void certificate_deinit(struct certificate *own)
{
    SSL_CTX_free(own->context);
    own->context = NULL;
}

/* ---- OpenSSL's end of the line: what it writes at once is one datagram ---- */

static int line_write(BIO *b, const char *data, int n)
{
    struct handshake *h = BIO_get_data(b);
    struct handshake_datagram *d;

    if (n <= 0 || (size_t)n > sizeof h->queue[0].data)
        return -1;
    /* A full queue is a network that loses: what is lost is sent again. */
    if (h->queued < HANDSHAKE_QUEUE) {
        d = &h->queue[h->queued++];
        d->n = (size_t)n;
        memcpy(d->data, data, d->n);
    }
    return n;
}

static int line_read(BIO *b, char *out, int room)
{
    struct handshake *h = BIO_get_data(b);
    size_t n = h->incoming.n;

    BIO_clear_retry_flags(b);
    if (n == 0 || room <= 0) {
        BIO_set_retry_read(b);
        return -1;
    }
    n = n < (size_t)room ? n : (size_t)room;
    memcpy(out, h->incoming.p, n);
    h->incoming.n = 0;
    return (int)n;
}

static long line_control(BIO *b, int command, long number, void *pointer)
{
    (void)b;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : command == BIO_CTRL_DGRAM_QUERY_MTU ? HANDSHAKE_MTU : 0;
}

static int line_create(BIO *b)
{
    BIO_set_init(b, 1);
    return 1;
}

/* Freed with the last BIO that uses it: one for each handshake costs nothing and needs no global. */
static BIO *line_new(struct handshake *h, BIO_METHOD **out_method)
{
    BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    BIO *b;

    assert(m != NULL);
    BIO_meth_set_write(m, line_write);
    BIO_meth_set_read(m, line_read);
    BIO_meth_set_ctrl(m, line_control);
    BIO_meth_set_create(m, line_create);
    b = BIO_new(m);
    assert(b != NULL);
    BIO_set_data(b, h);
    *out_method = m;
    return b;
}

/* ---- The handshake ---- */

static unsigned retry_us(SSL *ssl, unsigned before)
{
    (void)ssl;
    if (before == 0)
        return FIRST_RETRY_US;
    return before * 2 < LAST_RETRY_US ? before * 2 : LAST_RETRY_US;
}

static void note_deadline(struct handshake *h, uint64_t now_ms)
{
    struct timeval left;

    h->deadline_ms = UINT64_MAX;
    if (!h->done && DTLSv1_get_timeout(h->ssl, &left))
        h->deadline_ms = now_ms + (uint64_t)left.tv_sec * 1000 + (uint64_t)left.tv_usec / 1000 + 1;
}

void handshake_init(struct handshake *h, const struct certificate *own, bool client,
                    const uint8_t expected[HANDSHAKE_FINGERPRINT], uint64_t now_ms)
{
    BIO_METHOD *method;
    BIO *line;

    memset(h, 0, sizeof *h);
    memcpy(h->expected, expected, sizeof h->expected);
    h->ssl = SSL_new(own->context);
    assert(h->ssl != NULL);
    line = line_new(h, &method);
    SSL_set_app_data(h->ssl, method);
    SSL_set_bio(h->ssl, line, line);
    SSL_set_mtu(h->ssl, HANDSHAKE_MTU);
    DTLS_set_timer_cb(h->ssl, retry_us);
    if (client)
        SSL_set_connect_state(h->ssl);
    else
        SSL_set_accept_state(h->ssl);
    note_deadline(h, now_ms);
}

void handshake_deinit(struct handshake *h)
{
    BIO_METHOD *method = h->ssl != NULL ? SSL_get_app_data((SSL *)h->ssl) : NULL;

    SSL_free(h->ssl);
    BIO_meth_free(method);
    memset(h, 0, sizeof *h);
}

static enum err check_peer(struct handshake *h)
{
    uint8_t have[HANDSHAKE_FINGERPRINT];
    X509 *x = SSL_get0_peer_certificate(h->ssl);

    if (x == NULL || !digest_of(x, have) || !ct_equal(have, h->expected, sizeof have))
        return ERR_DENIED;
    return SSL_get_selected_srtp_profile(h->ssl) != NULL ? ERR_NONE : ERR_MALFORMED;
}

static enum err go_on(struct handshake *h, uint64_t now_ms)
{
    enum err e = ERR_NONE;
    int result;

    ERR_clear_error();
    if (!h->done) {
        result = SSL_do_handshake(h->ssl);
        if (result == 1) {
            e = check_peer(h);
            h->done = e == ERR_NONE;
        } else if (SSL_get_error(h->ssl, result) != SSL_ERROR_WANT_READ)
            e = ERR_MALFORMED;
    } else {
        uint8_t nothing[64];

        result = SSL_read(h->ssl, nothing, sizeof nothing);
        if (result <= 0 && SSL_get_error(h->ssl, result) == SSL_ERROR_ZERO_RETURN)
            h->closed = true;
    }
    note_deadline(h, now_ms);
    return e;
}

enum err handshake_begin(struct handshake *h, uint64_t now_ms)
{
    return go_on(h, now_ms);
}

enum err handshake_receive(struct handshake *h, struct bytes datagram, uint64_t now_ms)
{
    enum err e;

    h->incoming = datagram;
    e = go_on(h, now_ms);
    h->incoming.n = 0;
    return e;
}

enum err handshake_tick(struct handshake *h, uint64_t now_ms)
{
    if (now_ms >= h->deadline_ms && DTLSv1_handle_timeout(h->ssl) < 0)
        return ERR_MALFORMED;
    note_deadline(h, now_ms);
    return ERR_NONE;
}

void handshake_close(struct handshake *h)
{
    if (h->ssl != NULL && h->done)
        SSL_shutdown(h->ssl);
}

bool handshake_next(struct handshake *h, struct handshake_datagram *out)
{
    if (h->queued == 0)
        return false;
    *out = h->queue[0];
    h->queued--;
    memmove(h->queue, h->queue + 1, h->queued * sizeof h->queue[0]);
    return true;
}

/* client key | server key | client salt | server salt: RFC 5764 §4.2 */
enum err handshake_keys(struct handshake *h, struct srtp *out_sending, struct srtp *out_receiving)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    uint8_t m[2 * (SRTP_KEY + SRTP_SALT)];
    const uint8_t *client_salt = m + 2 * SRTP_KEY, *server_salt = client_salt + SRTP_SALT;
    bool client = !SSL_is_server(h->ssl);

    if (!h->done
        || SSL_export_keying_material(h->ssl, m, sizeof m, label, sizeof label - 1, NULL, 0, 0)
               != 1)
        return ERR_MALFORMED;
    srtp_init(client ? out_sending : out_receiving, m, client_salt);
    srtp_init(client ? out_receiving : out_sending, m + SRTP_KEY, server_salt);
    secure_zero(m, sizeof m);
    return ERR_NONE;
}
