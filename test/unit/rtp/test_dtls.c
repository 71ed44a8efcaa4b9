/* test_dtls.c: a handshake of OpenSSL with itself passes, datagram by datagram, and says who speaks; what is not whole does not. */
#include "test/unit/rtp/packets.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtp/dtls.h"

/* ---- A genuine handshake ---------------------------------------------------------------------------- */

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *c = X509_new();

    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                               (const unsigned char *)"call", -1, -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(c));
    X509_set_pubkey(c, key);
    assert_true(X509_sign(c, key, EVP_sha256()) > 0);
    return c;
}

struct side {
    SSL_CTX *context;
    SSL *ssl;
    int wire; /* the far end: what the side sends is read here */
    uint8_t certificate[4096];
    size_t certificate_n;
    bool shown; /* its certificate was found in a datagram */
};

static int trust_all(int ok, X509_STORE_CTX *store)
{
    (void)ok;
    (void)store;
    return 1;
}

static void side_init(struct side *s, bool client, bool rsa, long options)
{
    EVP_PKEY *key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    X509 *certificate = make_certificate(key);
    unsigned char *end = s->certificate;
    int ends[2];

    memset(s, 0, sizeof *s);
    s->certificate_n = (size_t)i2d_X509(certificate, &end);
    s->context = SSL_CTX_new(DTLS_method());
    assert_true(SSL_CTX_use_certificate(s->context, certificate) == 1
                && SSL_CTX_use_PrivateKey(s->context, key) == 1);
    SSL_CTX_set_verify(s->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, trust_all);
    SSL_CTX_set_tlsext_use_srtp(s->context, "SRTP_AES128_CM_SHA1_80");
    SSL_CTX_set_options(s->context, SSL_OP_NO_QUERY_MTU | (uint64_t)options);
    s->ssl = SSL_new(s->context);
    SSL_set_mtu(s->ssl, 1200);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
    SSL_set_bio(s->ssl, BIO_new_socket(ends[0], 1), BIO_new_socket(ends[0], 0));
    s->wire = ends[1];
    if (client)
        SSL_set_connect_state(s->ssl);
    else
        SSL_set_accept_state(s->ssl);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void side_deinit(struct side *s)
{
    SSL_free(s->ssl);
    SSL_CTX_free(s->context);
    close(s->wire);
}

/* Everything that one side has sent, looked at and handed on. */
static void carry(struct side *from, struct side *to, bool client, struct dtls_facts *all)
{
    uint8_t octets[2048];
    ssize_t n;

    while ((n = read(from->wire, octets, sizeof octets)) > 0) {
        struct bytes datagram = bytes_of(octets, (size_t)n);
        struct dtls_facts f, g;

        assert_int_equal(dtls_read(datagram, &f), ERR_NONE);
        assert_false(client ? f.by_server : f.by_client);
        all->by_client |= f.by_client;
        all->by_server |= f.by_server;
        all->encrypted |= f.encrypted;
        all->application |= f.application;
        if (f.certificate.p != NULL) {
            assert_int_equal(f.certificate.n, from->certificate_n);
            assert_memory_equal(f.certificate.p, from->certificate, from->certificate_n);
            from->shown = true;
        }
        /* No beginning of a datagram is one, unless it ends between records. */
        for (size_t cut = 0; cut < datagram.n; cut++)
            if (dtls_read(bytes_of(octets, cut), &g) == ERR_NONE)
                assert_true(g.records < f.records);
        assert_int_equal(write(to->wire, octets, (size_t)n), n);
    }
}

static void shake(bool rsa, long options)
{
    struct side client, server;
    struct dtls_facts from_client = { 0 }, from_server = { 0 };

    side_init(&client, true, rsa, options);
    side_init(&server, false, rsa, options);
    for (int round = 0; round < 20; round++) {
        SSL_do_handshake(client.ssl);
        carry(&client, &server, true, &from_client);
        SSL_do_handshake(server.ssl);
        carry(&server, &client, false, &from_server);
    }
    assert_true(SSL_is_init_finished(client.ssl) && SSL_is_init_finished(server.ssl));
    assert_true(from_client.encrypted && from_server.encrypted);
    assert_true(from_client.by_client && from_server.by_server);
    assert_true(rsa || (client.shown && server.shown)); /* those of RSA come in fragments */
    assert_false(from_client.application);

    assert_int_equal(SSL_write(client.ssl, "x", 1), 1);
    carry(&client, &server, true, &from_client);
    assert_true(from_client.application);
    SSL_shutdown(server.ssl);
    carry(&server, &client, false, &from_server);
    side_deinit(&client);
    side_deinit(&server);
}

static void test_handshakes(void **state)
{
    (void)state;
    shake(false, 0);
    shake(true, 0);
    shake(false, SSL_OP_NO_TICKET);
}

/* ---- What is not whole ------------------------------------------------------------------------------ */

/* type, version, epoch, sequence number, length */
#define CLEAR(type, length)  type " fefd 0000 000000000001 " length " "
#define SEALED(type, length) type " fefd 0001 000000000001 " length " "
/* type, length, message_seq, offset, length of the fragment */
#define FRAGMENT(type, length, offset, count) type length " 0000 " offset count " "

static const struct {
    const char *what, *hex;
    enum err err;
} cases[] = {
    { "nothing", "", ERR_MALFORMED },
    { "a header cut off", "16 fefd 0000 0000", ERR_MALFORMED },
    { "TLS 1.2", "16 0303 0000 000000000001 0000", ERR_MALFORMED },
    { "a record of nothing", CLEAR("16", "0000"), ERR_MALFORMED },
    { "a record past the end", CLEAR("15", "0003") "0100", ERR_MALFORMED },
    { "octets behind the last record", CLEAR("15", "0002") "0100 00", ERR_MALFORMED },
    { "a warning", CLEAR("15", "0002") "0100", ERR_NONE },
    { "an alert of no level", CLEAR("15", "0002") "0300", ERR_MALFORMED },
    { "change of cipher", CLEAR("14", "0001") "01", ERR_NONE },
    { "change of cipher to what?", CLEAR("14", "0001") "02", ERR_MALFORMED },
    { "application data in clear", CLEAR("17", "0001") "01", ERR_MALFORMED },
    { "a heartbeat", CLEAR("18", "0001") "01", ERR_UNSUPPORTED },
    { "a connection id", CLEAR("19", "0001") "01", ERR_UNSUPPORTED },
    { "ServerHelloDone", CLEAR("16", "000c") FRAGMENT("0e", "000000", "000000", "000000"),
      ERR_NONE },
    { "a fragment of a message",
      CLEAR("16", "0010") FRAGMENT("01", "000100", "0000fc", "000004") "00000000", ERR_NONE },
    { "a fragment past its message",
      CLEAR("16", "0010") FRAGMENT("01", "000100", "0000fd", "000004") "00000000", ERR_MALFORMED },
    { "an offset past its message",
      CLEAR("16", "000c") FRAGMENT("01", "000100", "000101", "000000"), ERR_MALFORMED },
    { "offset and length that overflow",
      CLEAR("16", "0010") FRAGMENT("01", "000004", "fffffe", "000004") "00000000", ERR_MALFORMED },
    { "a fragment past its record",
      CLEAR("16", "0010") FRAGMENT("01", "000005", "000000", "000005") "00000000", ERR_MALFORMED },
    { "a fragment of nothing", CLEAR("16", "000c") FRAGMENT("01", "000100", "000000", "000000"),
      ERR_MALFORMED },
    { "a message of 16 MB",
      CLEAR("16", "0010") FRAGMENT("0b", "ffffff", "000000", "000004") "00000000", ERR_MALFORMED },
    { "a message that is never in clear",
      CLEAR("16", "0010") FRAGMENT("14", "000004", "000000", "000004") "00000000", ERR_MALFORMED },
    { "both sides in one",
      CLEAR("16", "0020") FRAGMENT("01", "000004", "000000", "000004") "00000000" FRAGMENT(
          "02", "000004", "000000", "000004") "00000000",
      ERR_MALFORMED },
    { "a list of certificates that lies",
      CLEAR("16", "0010") FRAGMENT("0b", "000004", "000000", "000004") "00000201", ERR_MALFORMED },
    { "a certificate that lies",
      CLEAR("16", "0013") FRAGMENT("0b", "000007", "000000", "000007") "000004 000002 01",
      ERR_MALFORMED },
    { "no certificate", CLEAR("16", "000f") FRAGMENT("0b", "000003", "000000", "000003") "000000",
      ERR_NONE },
    { "sealed, too short for a tag", SEALED("16", "000f") "00*28", ERR_MALFORMED },
    { "sealed", SEALED("16", "0010") "00*29", ERR_NONE },
    { "DTLS 1.3, with length", "2d 0001 0011 00*22", ERR_NONE },
    { "DTLS 1.3, to the end", "29 0001 00*20", ERR_NONE },
    { "DTLS 1.3, a short sequence number", "21 01 00*19", ERR_NONE },
    { "DTLS 1.3, no room for a tag", "21 01 00*18", ERR_MALFORMED },
    { "DTLS 1.3, past the end", "2d 0001 0012 00*22", ERR_MALFORMED },
    { "DTLS 1.3 with a connection id", "31 01 00*40", ERR_UNSUPPORTED },
    { "seventeen records",
      CLEAR("14", "0001") "01" CLEAR("14", "0001") "01" CLEAR("14", "0001") "01" CLEAR("14", "0001") "01" CLEAR("14", "0001") "01" CLEAR("14", "0001") "01" CLEAR("14", "0001") "01" CLEAR(
          "14",
          "0001") "01" CLEAR("14",
                             "0001") "01" CLEAR("14",
                                                "0001") "01" CLEAR("14",
                                                                   "0001") "01" CLEAR("14",
                                                                                      "0001") "0"
                                                                                              "1" CLEAR("14", "0001") "01" CLEAR("14", "0001") "01" CLEAR(
                                                                                                  "14",
                                                                                                  "0001") "01" CLEAR("14",
                                                                                                                     "0001") "01" CLEAR("14",
                                                                                                                                        "0001") "01",
      ERR_MALFORMED },
};

static void test_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct packet p = packet_of(cases[i].hex);
        struct dtls_facts f;

        check_err(cases[i].what, dtls_read(packet_bytes(&p), &f), cases[i].err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshakes),
        cmocka_unit_test(test_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
