/* stun.h: the STUN that ICE uses (RFC 8489, RFC 8445): Binding requests, their answers, Binding indications, and nothing else.
 *
 * Strict, because what is refused here is refused in silence: a stranger gets no octet back. Every stack that we know puts
 * MESSAGE-INTEGRITY and then FINGERPRINT at the end of requests and answers; so they have to be there, in this order, and last.
 *
 *    0                   1                   2                   3
 *   |0 0|     type: class and method        |   length of what follows 20   |
 *   |                        magic cookie 0x2112A442                        |
 *   |                        transaction id, 96 bits                        |
 *   |   attribute type  |   length   |  value, padded to 4 octets  | …      |
 *
 * Owns: nothing; a message borrows its packet.  Threads: pure.  Units: octets.
 * Errors: ERR_MALFORMED (no such message), ERR_UNSUPPORTED (another method, or an attribute that has to be understood),
 * ERR_TOO_BIG (more octets or attributes than any check needs), ERR_MISSING (whole, and no check: what a client asks of a server of
 * STUN has no name).
 */
#ifndef SOTTO_RTP_STUN_H
#define SOTTO_RTP_STUN_H

#include "base/str.h"

enum {
    STUN_MAX = 548, /* RFC 8489 §6.1: what fits into 576 octets of IPv4 */
    STUN_HEADER = 20,
    STUN_TRANSACTION = 12,
    STUN_ATTRIBUTES_MAX = 16,
    STUN_USERNAME_MAX =
        512, /* RFC 8445 §5.3: two ufrags of at most 256 and a colon; within STUN_MAX anyway */
    STUN_ANSWER_MAX = 108,   /* of stun_write_answer() */
    STUN_PASSWORD_MAX = 256, /* RFC 8839 §5.4 */
};

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };
enum stun_role { STUN_ROLE_NONE, STUN_CONTROLLED, STUN_CONTROLLING };

struct stun_address {
    bool is_v6;
    uint8_t ip[16]; /* IPv4: the first four */
    uint16_t port;
};

/* Of an address as sockets have it: IPv4 as ::ffff:a.b.c.d. */
struct stun_address stun_address_of(const uint8_t ip[16], uint16_t port);

struct stun_message {
    enum stun_class class;
    struct bytes packet;
    struct bytes transaction;
    struct str username; /* n == 0: none */
    bool use_candidate, has_priority, has_mapped;
    uint32_t priority;
    enum stun_role role;
    uint64_t tie_breaker;
    struct stun_address mapped;
    unsigned error;      /* 300-699 of an error */
    size_t integrity_at; /* where MESSAGE-INTEGRITY begins; 0: an indication without it */
};

CHECKED enum err stun_read(struct bytes packet, struct stun_message *out);
/* With this password; compared in constant time. False too if there is no MESSAGE-INTEGRITY. */
bool stun_is_authentic(const struct stun_message *m, struct str password);

/* A check of ours (RFC 8445 §7.2.4). */
struct stun_check {
    uint8_t transaction[STUN_TRANSACTION];
    struct str username; /* theirs:ours */
    uint32_t priority;
    enum stun_role role;
    uint64_t tie_breaker;
    bool use_candidate;
};

/* Both return how many octets of `out` are used; 0: the username does not fit. */
size_t stun_write_check(uint8_t out[STUN_MAX], const struct stun_check *check, struct str password);
/* The answer to a check, with where it came from (RFC 8445 §7.3.1.2). */
size_t stun_write_answer(uint8_t out[STUN_MAX], struct bytes transaction,
                         const struct stun_address *from, struct str password);

#endif
