/* turn_wire.h: messages of TURN (RFC 8656 over RFC 8489) on a stream: read, and answers to them written.
 *
 *    | STUN message, a multiple of 4 octets |  or  | channel 0x4000-0x4fff, 16 bits | length, 16 bits | data, padded to 4 |
 *
 * Owns: nothing; what was read borrows the octets.  Threads: pure.  Units: octets, seconds.
 * Errors: ERR_MALFORMED: nothing of TURN; the stream is of no use any more.
 */
#ifndef SOTTO_SERVER_TURN_WIRE_H
#define SOTTO_SERVER_TURN_WIRE_H

#include "base/buf.h"
#include "rtp/rtp.h"
#include "rtp/stun.h"

enum {
    TURN_MESSAGE_MAX =
        RTP_MAX + 4 + 256, /* data of the longest packet, and what else an indication has */
    TURN_KEY = 16,         /* RFC 8489 §9.2.2 */
    TURN_PEERS_MAX = 8,    /* of a CreatePermission */
    TURN_UNKNOWN_MAX = 4,
    TURN_CHANNEL_FIRST = 0x4000,
    TURN_CHANNEL_LAST = 0x4fff,
};

enum turn_method {
    TURN_BINDING = 1,
    TURN_ALLOCATE = 3,
    TURN_REFRESH = 4,
    TURN_SEND = 6,
    TURN_DATA = 7,
    TURN_CREATE_PERMISSION = 8,
    TURN_CHANNEL_BIND = 9,
};

struct turn_message {
    unsigned channel; /* not 0: data of a channel, and nothing else is said */
    struct bytes data;
    bool has_data;

    unsigned method;
    enum stun_class class;
    struct bytes packet, transaction;
    struct str username, realm, nonce; /* p == NULL: not there */
    struct stun_address peers[TURN_PEERS_MAX];
    size_t peer_count;
    bool too_many_peers;
    bool has_lifetime, has_transport, has_channel, has_family, has_token, reserves_next;
    uint32_t lifetime_s;
    unsigned transport, channel_number, family;
    size_t integrity_at;                /* 0: none */
    uint16_t unknown[TURN_UNKNOWN_MAX]; /* that had to be understood */
    size_t unknown_count;
};

/* How long the message is that begins so, padding included; 0: four octets are not there yet. */
CHECKED enum err turn_length(struct bytes begin, size_t *out);
/* `in`: one message, as long as turn_length() said. */
CHECKED enum err turn_read(struct bytes in, struct turn_message *out);
/* In constant time. */
bool turn_is_authentic(const struct turn_message *m, const uint8_t key[TURN_KEY]);

/* An answer grows in a buffer; turn_end() makes it whole. */
struct turn_answer {
    struct buf *out;
    size_t at; /* where it begins */
};
struct turn_answer turn_begin(struct buf *out, unsigned method, enum stun_class class,
                              struct bytes transaction);
void turn_put(struct turn_answer *a, unsigned type, struct bytes value);
void turn_put_u32(struct turn_answer *a, unsigned type, uint32_t value);
void turn_put_address(struct turn_answer *a, unsigned type, const struct stun_address *address);
void turn_put_error(struct turn_answer *a, unsigned code); /* 300 to 699, with its words */
void turn_end(struct turn_answer *a, const uint8_t *key);  /* NULL: without integrity */
void turn_write_channel(struct buf *out, unsigned channel, struct bytes data);

enum turn_attribute {
    TURN_USERNAME = 0x0006,
    TURN_INTEGRITY = 0x0008,
    TURN_ERROR = 0x0009,
    TURN_UNKNOWN = 0x000a,
    TURN_CHANNEL_NUMBER = 0x000c,
    TURN_LIFETIME = 0x000d,
    TURN_PEER = 0x0012,
    TURN_DATA_OF_PEER = 0x0013,
    TURN_REALM = 0x0014,
    TURN_NONCE_OF_REALM = 0x0015,
    TURN_RELAYED = 0x0016,
    TURN_FAMILY = 0x0017,
    TURN_EVEN_PORT = 0x0018,
    TURN_TRANSPORT = 0x0019,
    TURN_DONT_FRAGMENT = 0x001a,
    TURN_MAPPED = 0x0020,
    TURN_TOKEN = 0x0022,
    TURN_FINGERPRINT = 0x8028,
};

#endif
