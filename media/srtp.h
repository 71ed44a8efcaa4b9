/* srtp.h: SRTP and SRTCP with AES-128 in counter mode and HMAC-SHA1-80 (RFC 3711), keyed by DTLS (RFC 5764).
 *
 *   RTP   header | sealed payload | tag 10            index = roll-over counter ‖ sequence number
 *   RTCP  header 8 | sealed rest | E, index 31 | tag 10
 *
 * One struct serves one direction. Each source (SSRC) has its own counters; a packet that does not authenticate changes none.
 * Owns: contexts of OpenSSL with keys in them, until srtp_deinit().  Threads: one at a time.  Units: octets.
 * Errors: ERR_MALFORMED; ERR_DENIED: the tag does not fit, or seen before; ERR_FULL: one source too many; ERR_TOO_BIG.
 */
#ifndef SOTTO_MEDIA_SRTP_H
#define SOTTO_MEDIA_SRTP_H

#include "rtp/rtp.h"

enum {
    SRTP_KEY = 16,
    SRTP_SALT = 14,
    SRTP_AUTH_KEY = 20,
    SRTP_TAG = 10,
    SRTP_GROWTH = SRTP_TAG + 4, /* what sealing adds at most */
    SRTP_SOURCES = 8,
    SRTP_WINDOW = 64, /* RFC 3711 §3.3.2: at least that */
};

struct srtp_source {
    bool used, has_rtp, has_rtcp;
    uint32_t ssrc;
    uint16_t highest;
    uint32_t roll_over;
    uint64_t window; /* bit 0: the highest */
    uint32_t rtcp_index;
    uint64_t rtcp_window;
};

struct srtp_keys { /* of RTP or of RTCP: RFC 3711 §4.3 */
    void *cipher;
    uint8_t auth[SRTP_AUTH_KEY], salt[SRTP_SALT];
};

struct srtp {
    struct srtp_keys rtp, rtcp;
    struct srtp_source sources[SRTP_SOURCES];
};

void srtp_init(struct srtp *s, const uint8_t key[SRTP_KEY], const uint8_t salt[SRTP_SALT]);
void srtp_deinit(struct srtp *s); /* one of zeros is allowed */

/* In place; `packet` has room for SRTP_GROWTH more. */
CHECKED enum err srtp_seal_rtp(struct srtp *s, uint8_t *packet, size_t *n);
CHECKED enum err srtp_seal_rtcp(struct srtp *s, uint8_t *packet, size_t *n);
/* In place. The header is read here: without its tag a short packet would no longer be one of SRTP. */
CHECKED enum err srtp_open_rtp(struct srtp *s, uint8_t *packet, size_t *n, struct rtp_header *out);
CHECKED enum err srtp_open_rtcp(struct srtp *s, uint8_t *packet, size_t *n);

/* RFC 3711 §4.3.1, for tests against its vectors too: `n` octets of key derivation with a label. */
void srtp_derive(const uint8_t key[SRTP_KEY], const uint8_t salt[SRTP_SALT], uint8_t label,
                 uint8_t *out, size_t n);

#endif
