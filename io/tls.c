/* tls.c: the TLS settings of a listener, or of connections of ours, counted. */
#include "io/tls_inside.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/buf.h"

enum { ALPN_BYTES_MAX = 256 };

struct tls_context {
    _Atomic(unsigned) refs;
    SSL_CTX *openssl;
    struct buf alpn; /* in wire form, RFC 7301 §3.1 */
    uint8_t end_point[EVP_MAX_MD_SIZE];
    unsigned end_point_n;
    struct tls_pin *pins; /* owned; of a pinned context */
    size_t pin_count;
};

SSL_CTX *tls_context_openssl(const struct tls_context *c)
{
    return c->openssl;
}

struct bytes tls_context_end_point(const struct tls_context *c)
{
    return bytes_of(c->end_point, c->end_point_n);
}

struct bytes tls_context_alpn(const struct tls_context *c)
{
    return buf_bytes(&c->alpn);
}

/* "cannot use the key /a/b: no such file": what we did, and OpenSSL's first reason why it failed. */
static struct str explain(struct arena *a, const char *what, const char *path)
{
    unsigned long code = ERR_peek_error();
    const char *reason = ERR_GET_LIB(code) == ERR_LIB_SYS ? strerror(ERR_GET_REASON(code))
                                                          : ERR_reason_error_string(code);

    ERR_clear_error();
    return arena_printf(a, "cannot %s%s: %s", what, path,
                        reason != NULL ? reason : "unknown error");
}

/* ---- Application protocols (RFC 7301) ------------------------------------------------------------ */

static enum err alpn_encode(struct str names, struct buf *out)
{
    while (names.p != NULL) {
        struct str name = str_split(&names, ' ');

        if (name.n > 255)
            return ERR_MALFORMED;
        if (name.n > 0) {
            buf_add_char(out, (char)name.n);
            buf_add(out, name);
        }
    }
    return out->failed ? ERR_TOO_BIG : ERR_NONE;
}

/* A client that names only other protocols is refused (§3.2): it was led here by somebody else. */
static int alpn_choose(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                       const unsigned char *in, unsigned in_n, void *ctx)
{
    struct tls_context *c = ctx;
    unsigned char *chosen;

    (void)ssl;
    if (SSL_select_next_proto(&chosen, out_n, (const unsigned char *)c->alpn.p, (unsigned)c->alpn.n,
                              in, in_n)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* ---- Settings ----------------------------------------------------------------------------------- */

/* No tickets and no session cache: connections live for days and are resumed by XMPP itself, a ticket costs
 * memory and a write per handshake, and its key would weaken forward secrecy. */
static bool set_options(SSL_CTX *s)
{
    SSL_CTX_set_options(s, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET
                               | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(s, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(s, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_num_tickets(s, 0) && SSL_CTX_set_min_proto_version(s, TLS1_2_VERSION)
           && SSL_CTX_set1_groups_list(s, "X25519:P-256")
           && SSL_CTX_set_ciphersuites(s, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:"
                                          "TLS_AES_256_GCM_SHA384")
           && SSL_CTX_set_cipher_list(s, "ECDHE+AESGCM+AES128:ECDHE+CHACHA20:ECDHE+AESGCM");
}

/* RFC 5929 §4.1: the hash of the certificate's own signature, SHA-256 where that is MD5 or SHA-1. */
unsigned tls_end_point(X509 *certificate, uint8_t *out)
{
    int nid = NID_undef;
    unsigned n = 0;
    const EVP_MD *hash;

    if (certificate == NULL || !X509_get_signature_info(certificate, &nid, NULL, NULL, NULL)
        || nid == NID_undef)
        return 0; /* such as Ed25519, for which it names no hash */
    hash = nid == NID_md5 || nid == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(nid);
    return hash != NULL && X509_digest(certificate, hash, out, &n) ? n : 0;
}

/* A server cannot ask for a passphrase: an encrypted key is an error, not a prompt. */
static int no_passphrase(char *out, int room, int writing, void *ctx)
{
    (void)out, (void)room, (void)writing, (void)ctx;
    return -1;
}

/* Of another type than the certificate it only shows once the two are compared, and in other words. */
static bool is_of_another(void)
{
    unsigned long code = ERR_peek_last_error();
    int reason = ERR_GET_REASON(code);

    if (ERR_GET_LIB(code) == ERR_LIB_SSL)
        return reason == SSL_R_NO_CERTIFICATE_ASSIGNED;
    return ERR_GET_LIB(code) == ERR_LIB_X509
           && (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH);
}

static enum err load_key(struct tls_context *c, const char *certificate_path, const char *key_path,
                         struct str *why, struct arena *a)
{
    if (SSL_CTX_use_PrivateKey_file(c->openssl, key_path, SSL_FILETYPE_PEM) == 1
        && SSL_CTX_check_private_key(c->openssl) == 1)
        return ERR_NONE;
    if (is_of_another())
        *why = arena_printf(a, "the key %s does not belong to the certificate %s", key_path,
                            certificate_path);
    else
        *why = explain(a, "use the key ", key_path);
    ERR_clear_error();
    return ERR_CONFLICT;
}

static enum err load(struct tls_context *c, const char *certificate_path, const char *key_path,
                     struct str *why, struct arena *a)
{
    enum err e;

    if (SSL_CTX_use_certificate_chain_file(c->openssl, certificate_path) != 1) {
        *why = explain(a, "use the certificate ", certificate_path);
        return ERR_IO;
    }
    if ((e = load_key(c, certificate_path, key_path, why, a)) != ERR_NONE)
        return e;
    c->end_point_n = tls_end_point(SSL_CTX_get0_certificate(c->openssl), c->end_point);
    return ERR_NONE;
}

static enum err configure(struct tls_context *c, const char *alpn, struct str *why, struct arena *a)
{
    enum err e = alpn_encode(str_from(alpn), &c->alpn);

    if (e != ERR_NONE) {
        *why = arena_printf(a, "the list of application protocols is not valid: %s", alpn);
        return e;
    }
    if (c->openssl == NULL || !set_options(c->openssl)) {
        *why = explain(a, "set up TLS", "");
        return ERR_UNSUPPORTED;
    }
    return ERR_NONE;
}

static struct tls_context *context_with(const SSL_METHOD *method)
{
    struct tls_context *c = mem_alloc(sizeof *c);

    ERR_clear_error();
    atomic_init(&c->refs, 1);
    buf_init(&c->alpn, ALPN_BYTES_MAX);
    c->openssl = SSL_CTX_new(method);
    return c;
}

enum err tls_context_new(const char *certificate_path, const char *key_path, const char *alpn,
                         struct tls_context **out, struct str *why, struct arena *why_arena)
{
    struct tls_context *c = context_with(TLS_server_method());
    enum err e;

    if ((e = configure(c, alpn, why, why_arena)) != ERR_NONE)
        goto done;
    SSL_CTX_set_default_passwd_cb(c->openssl, no_passphrase);
    if (c->alpn.n > 0)
        SSL_CTX_set_alpn_select_cb(c->openssl, alpn_choose, c);
    if ((e = load(c, certificate_path, key_path, why, why_arena)) != ERR_NONE)
        goto done;
    *out = c;
    c = NULL;
done:
    tls_context_unref(c);
    return e;
}

enum err tls_pair_check(const char *certificate_path, const char *key_path, struct str *why,
                        struct arena *why_arena)
{
    struct tls_context *c = NULL;
    enum err e = tls_context_new(certificate_path, key_path, "", &c, why, why_arena);

    tls_context_unref(c);
    return e;
}

/* A file is somebody's deliberate choice: what is in it is trusted whether or not it signed itself. */
static enum err trust(struct tls_context *c, const char *ca_path, struct str *why, struct arena *a)
{
    SSL_CTX_set_verify(c->openssl, SSL_VERIFY_PEER, NULL);
    if (ca_path == NULL) {
        if (SSL_CTX_set_default_verify_paths(c->openssl) == 1)
            return ERR_NONE;
        *why = explain(a, "use the certificates that this system trusts", "");
        return ERR_IO;
    }
    if (SSL_CTX_load_verify_file(c->openssl, ca_path) != 1) {
        *why = explain(a, "use the certificates in ", ca_path);
        return ERR_IO;
    }
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(c->openssl), X509_V_FLAG_PARTIAL_CHAIN);
    return ERR_NONE;
}

const char *tls_system_authorities(void)
{
    const char *usual[] = { getenv(X509_get_default_cert_file_env()), X509_get_default_cert_file(),
                            "/etc/ssl/certs/ca-certificates.crt" };

    for (size_t i = 0; i < COUNT_OF(usual); i++)
        if (usual[i] != NULL && access(usual[i], R_OK) == 0)
            return usual[i];
    return NULL;
}

enum err tls_context_new_client(const char *ca_path, const char *alpn, struct tls_context **out,
                                struct str *why, struct arena *why_arena)
{
    struct tls_context *c = context_with(TLS_client_method());
    enum err e;

    if ((e = configure(c, alpn, why, why_arena)) != ERR_NONE)
        goto done;
    if ((e = trust(c, ca_path, why, why_arena)) != ERR_NONE)
        goto done;
    *out = c;
    c = NULL;
done:
    tls_context_unref(c);
    return e;
}

/* ---- Pinned ------------------------------------------------------------------------------------- */

bool tls_certificate_hash(X509 *certificate, uint8_t out[32])
{
    unsigned n = 0;

    return certificate != NULL && X509_digest(certificate, EVP_sha256(), out, &n) == 1 && n == 32;
}

/* Takes the place of all that OpenSSL would look at. That the other end has the key, the handshake shows. */
static int is_pinned(X509_STORE_CTX *chain, void *ctx)
{
    const struct tls_context *c = ctx;
    uint8_t hash[32];

    if (tls_certificate_hash(X509_STORE_CTX_get0_cert(chain), hash))
        for (size_t i = 0; i < c->pin_count; i++)
            if (CRYPTO_memcmp(c->pins[i].sha256, hash, sizeof hash) == 0) {
                X509_STORE_CTX_set_error(chain, X509_V_OK);
                return 1;
            }
    X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
}

static void pin(struct tls_context *c, const struct tls_pin *pins, size_t count)
{
    c->pins = mem_alloc(count * sizeof *pins);
    for (size_t i = 0; i < count; i++)
        c->pins[i] = pins[i];
    c->pin_count = count;
    SSL_CTX_set_verify(c->openssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(c->openssl, is_pinned, c);
}

enum err tls_context_new_pinned(const char *certificate_path, const char *key_path,
                                const char *alpn, const struct tls_pin *pins, size_t count,
                                struct tls_context **out, struct str *why, struct arena *why_arena)
{
    struct tls_context *c = context_with(TLS_method());
    enum err e;

    if ((e = configure(c, alpn, why, why_arena)) != ERR_NONE)
        goto done;
    SSL_CTX_set_min_proto_version(c->openssl, TLS1_3_VERSION);
    SSL_CTX_set_default_passwd_cb(c->openssl, no_passphrase);
    SSL_CTX_set_alpn_select_cb(c->openssl, alpn_choose, c);
    if ((e = load(c, certificate_path, key_path, why, why_arena)) != ERR_NONE)
        goto done;
    pin(c, pins, count);
    *out = c;
    c = NULL;
done:
    tls_context_unref(c);
    return e;
}

struct tls_context *tls_context_ref(struct tls_context *c)
{
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void tls_context_unref(struct tls_context *c)
{
    if (c == NULL || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    SSL_CTX_free(c->openssl);
    buf_deinit(&c->alpn);
    mem_free(c->pins);
    mem_free(c);
}

void tls_random(void *ctx, uint8_t *out, size_t n)
{
    (void)ctx;
    while (n > 0) {
        ssize_t got = getrandom(out, n, 0);

        if (got < 0 && errno != EINTR)
            abort(); /* guessable tokens are worse than no service */
        if (got > 0) {
            out += got;
            n -= (size_t)got;
        }
    }
}
