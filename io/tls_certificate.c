/* tls_certificate.c: certificates on disk: makes the self-signed one of a first start, looks into one for `check`. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/tls_inside.h"

enum {
    VALID_S = 10 * 365 * 24 * 3600,
    BACKDATE_S = 24 * 3600, /* clients with a slow clock */
    SERIAL_BYTES = 16,      /* RFC 5280 §4.1.2.2: positive, at most 20 octets */
    COMMON_NAME_MAX = 64,   /* ub-common-name */
};

/* ---- Content ------------------------------------------------------------------------------------ */

static bool is_ascii_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] > '~')
            return false;
    return name.n > 0 && name.n <= 253;
}

/* RFC 5280 §4.2.1.6. A name that is an address becomes iPAddress, another one dNSName. */
static bool add_name(GENERAL_NAMES *all, struct str name, struct arena *a)
{
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(arena_printf(a, "%.*s", STR_ARG(name)).p);
    GENERAL_NAME *one = GENERAL_NAME_new();
    ASN1_IA5STRING *dns = ip == NULL ? ASN1_IA5STRING_new() : NULL;

    ERR_clear_error(); /* a2i_IPADDRESS() complains of names */
    if (one == NULL || (dns != NULL && !ASN1_STRING_set(dns, name.p, (int)name.n))
        || !sk_GENERAL_NAME_push(all, one)) {
        ASN1_OCTET_STRING_free(ip);
        ASN1_IA5STRING_free(dns);
        GENERAL_NAME_free(one);
        return false;
    }
    GENERAL_NAME_set0_value(one, ip != NULL ? GEN_IPADD : GEN_DNS,
                            ip != NULL ? (void *)ip : (void *)dns);
    return true;
}

static bool add_alternative_names(X509 *x, const struct str *names, size_t count)
{
    GENERAL_NAMES *all = GENERAL_NAMES_new();
    struct arena a = { 0 };
    bool ok = all != NULL;

    for (size_t i = 0; i < count && ok; i++)
        ok = add_name(all, names[i], &a);
    ok = ok && X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) == 1;
    GENERAL_NAMES_free(all);
    arena_deinit(&a);
    return ok;
}

static bool add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool ok = e != NULL && X509_add_ext(x, e, -1);

    X509_EXTENSION_free(e);
    return ok;
}

static bool set_serial(X509 *x)
{
    uint8_t octets[SERIAL_BYTES];
    BIGNUM *n;
    bool ok;

    tls_random(NULL, octets, sizeof octets);
    octets[0] = (octets[0] & 0x7f) | 0x40;
    n = BN_bin2bn(octets, sizeof octets, NULL);
    ok = n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
    BN_free(n);
    return ok;
}

/* People read the common name, programs the alternative names. */
static bool set_subject(X509 *x, struct str name)
{
    X509_NAME *subject = X509_get_subject_name(x);
    struct str shown = name.n <= COMMON_NAME_MAX ? name : STR("sotto");

    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)shown.p, (int)shown.n, -1, 0)
           && X509_set_issuer_name(x, subject);
}

static X509 *make_certificate(EVP_PKEY *key, const struct str *names, size_t count)
{
    X509 *x = X509_new();

    if (x != NULL && X509_set_version(x, X509_VERSION_3) && set_serial(x)
        && X509_gmtime_adj(X509_getm_notBefore(x), -BACKDATE_S)
        && X509_gmtime_adj(X509_getm_notAfter(x), VALID_S) && set_subject(x, names[0])
        && X509_set_pubkey(x, key) && add_extension(x, NID_basic_constraints, "critical,CA:FALSE")
        && add_extension(x, NID_key_usage, "critical,digitalSignature")
        && add_extension(x, NID_ext_key_usage, "serverAuth,clientAuth")
        && add_alternative_names(x, names, count) && X509_sign(x, key, EVP_sha256()) > 0)
        return x;
    X509_free(x);
    return NULL;
}

/* ---- Files -------------------------------------------------------------------------------------- */

/* Whole or not at all, even after a power cut: a new file beside it, synced, then renamed. */
static enum err write_file(const char *path, BIO *content, mode_t mode, struct str *why,
                           struct arena *a)
{
    const char *fresh = arena_printf(a, "%s.new", path).p;
    char *p;
    size_t n = (size_t)BIO_get_mem_data(content, &p);
    int fd;

    unlink(fresh);
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd >= 0 && write(fd, p, n) == (ssize_t)n && fsync(fd) == 0 && rename(fresh, path) == 0) {
        close(fd);
        return ERR_NONE;
    }
    *why = arena_printf(a, "cannot write %s: %s", path, strerror(errno));
    if (fd >= 0) {
        close(fd);
        unlink(fresh);
    }
    return ERR_IO;
}

enum err tls_make_self_signed(const char *certificate_path, const char *key_path,
                              const struct str *names, size_t count, struct str *why,
                              struct arena *why_arena)
{
    EVP_PKEY *key = NULL;
    X509 *x = NULL;
    BIO *key_text = BIO_new(BIO_s_secmem()), *text = BIO_new(BIO_s_mem());
    enum err e = ERR_MALFORMED;

    *why = STR("the certificate needs a name");
    if (count == 0)
        goto done;
    for (size_t i = 0; i < count; i++) {
        *why = arena_printf(why_arena, "\"%.*s\" cannot be a name in a certificate",
                            STR_ARG(names[i]));
        if (!is_ascii_name(names[i]))
            goto done;
    }
    *why = STR("cannot make a certificate");
    e = ERR_IO;
    key = EVP_EC_gen("P-256");
    x = key != NULL ? make_certificate(key, names, count) : NULL;
    if (x == NULL || key_text == NULL || text == NULL || !PEM_write_bio_X509(text, x)
        || !PEM_write_bio_PKCS8PrivateKey(key_text, key, NULL, NULL, 0, NULL, NULL))
        goto done;
    e = write_file(key_path, key_text, 0600, why, why_arena);
    if (e == ERR_NONE)
        e = write_file(certificate_path, text, 0644, why, why_arena);
done:
    X509_free(x);
    EVP_PKEY_free(key);
    BIO_free(text);
    BIO_free(key_text);
    return e;
}

/* ---- Looking into one ----------------------------------------------------------------------------- */

static bool not_after_ms(const X509 *x, uint64_t *out)
{
    static const uint64_t day_ms = 24 * 3600 * 1000;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    bool ok =
        epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(x)) && days >= 0;

    ASN1_TIME_free(epoch);
    if (ok)
        *out = (uint64_t)days * day_ms + (uint64_t)seconds * 1000;
    return ok;
}

static bool has_name(X509 *x, struct str name)
{
    struct arena a = { 0 };
    const char *text = arena_printf(&a, "%.*s", STR_ARG(name)).p;
    bool has =
        X509_check_ip_asc(x, text, 0) == 1
        || X509_check_host(x, name.p, name.n, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;

    arena_deinit(&a);
    ERR_clear_error();
    return has;
}

enum err tls_certificate_info(const char *certificate_path, struct str name,
                              uint64_t *out_not_after_ms, bool *out_has_name)
{
    FILE *f = fopen(certificate_path, "re");
    X509 *x = f != NULL ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
    enum err e = f == NULL && errno == ENOENT ? ERR_MISSING : ERR_IO;

    if (x != NULL) {
        e = ERR_MALFORMED;
        if (not_after_ms(x, out_not_after_ms)) {
            *out_has_name = has_name(x, name);
            e = ERR_NONE;
        }
    } else if (f != NULL) {
        e = ERR_MALFORMED;
    }
    if (f != NULL)
        fclose(f);
    X509_free(x);
    ERR_clear_error();
    return e;
}

static STACK_OF(X509) * read_chain(const char *path)
{
    FILE *f = fopen(path, "re");
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *x;

    while (f != NULL && chain != NULL && (x = PEM_read_X509(f, NULL, NULL, NULL)) != NULL)
        if (!sk_X509_push(chain, x))
            X509_free(x);
    if (f != NULL)
        fclose(f);
    ERR_clear_error();
    return chain;
}

const char *tls_certificate_doubt(const char *certificate_path)
{
    STACK_OF(X509) *chain = read_chain(certificate_path);
    X509_STORE *known = X509_STORE_new();
    X509_STORE_CTX *work = X509_STORE_CTX_new();
    const char *doubt = "it cannot be read";

    if (sk_X509_num(chain) > 0 && known != NULL && work != NULL
        && X509_STORE_set_default_paths(known)
        && X509_STORE_CTX_init(work, known, sk_X509_value(chain, 0), chain)) {
        X509_STORE_CTX_set_purpose(work, X509_PURPOSE_SSL_SERVER);
        doubt = X509_verify_cert(work) == 1
                    ? NULL
                    : X509_verify_cert_error_string(X509_STORE_CTX_get_error(work));
    }
    X509_STORE_CTX_free(work);
    X509_STORE_free(known);
    sk_X509_pop_free(chain, X509_free);
    ERR_clear_error();
    return doubt;
}
