/* dtls.h: what of a datagram of DTLS can be seen without its keys (RFC 6347, RFC 9147): that its records are whole and fill it, that
 * fragments of the handshake lie inside their messages, and which side speaks.
 *
 *   | type | version 2 | epoch 2 | sequence 6 | length 2 | fragment |      epoch 0: a handshake in clear, alerts
 *   | 0 0 1 C S L E E | sequence 1 or 2 | length 2 if L | fragment |       RFC 9147 §4: DTLS 1.3, encrypted
 *
 * Owns: nothing; views borrow the datagram.  Threads: pure.  Units: octets.
 * Errors: ERR_MALFORMED; ERR_UNSUPPORTED: well-formed, but nothing that a call uses (connection ids, heartbeats).
 */
#ifndef SOTTO_RTP_DTLS_H
#define SOTTO_RTP_DTLS_H

#include "base/str.h"

enum {
    DTLS_MESSAGE_MAX = 16 * 1024, /* certificates are what is largest */
    DTLS_RECORDS_MAX = 16,        /* of one datagram: a flight of a handshake has six or less */
};

struct dtls_facts {
    unsigned records;
    bool by_client, by_server; /* messages that only this side sends; never both */
    bool hello;                /* ClientHello or ServerHello: a handshake begins */
    bool handshake;            /* in clear */
    bool alert;                /* in clear */
    bool encrypted;            /* of an epoch above 0: the sender has keys */
    bool application;          /* RFC 6347 application data, which only data channels would send */
    struct bytes
        certificate; /* the sender's own, DER, if it is whole in this datagram; p == NULL: not in it */
};

CHECKED enum err dtls_read(struct bytes datagram, struct dtls_facts *out);

#endif
