/* limits.h: the engine's constants that no configuration changes, with their reasons. */
#ifndef SOTTO_SERVER_LIMITS_H
#define SOTTO_SERVER_LIMITS_H

enum {
    /* Before authentication a peer is anybody. */
    PREAUTH_DEPTH = 6,
    PREAUTH_ATTRS = 16,
    PREAUTH_NODES = 64,
    PREAUTH_ELEMENTS = 8, /* of the size that one may have: so much in all */
    PREAUTH_ATTEMPTS = 5, /* RFC 6120 §6.4.5: between 2 and 5 */

    AGENT_ID_BYTES = 128,   /* XEP-0388 §2.3: a UUID has 36 */
    AGENT_TEXT_BYTES = 256, /* of its software, and of its device */
    FAST_TOKEN_S =
        30 * 24 * 3600, /* a device not used for so long logs in with its password again */
    FAST_ROTATE_MS = 24 * 3600 * 1000, /* a token older than this is replaced when it is used */

    STANZA_DEPTH = 32,
    STANZA_ATTRS = 64,
    STANZA_NODES = 20000, /* an OMEMO bundle has about 110, a message to 1000 devices 1100 */

    /* Stanzas of one session that wait for a commit; then reading pauses (RFC 6120 §10.1 order). */
    PENDING_STANZAS = 64,
    PENDING_BYTES = 256 * 1024,

    /* Stanzas sent to a client and not acknowledged (XEP-0198); an archived one costs 16 bytes. */
    UNACKED_STANZAS = 1000,
    UNACKED_ASK_EVERY = 20, /* ask for an <a/> at least this often */
    UNACKED_LAG = 250,      /* from here on archived messages wait in the archive */

    RESOURCE_OCTETS = 12,     /* of base32(HMAC), DESIGN: stable resources */
    OFFLINE_PAGE = 50,        /* archived messages read at a time for a session that catches up */
    MAM_PREFS_JIDS = 1000,    /* addresses in the preferences of an archive */
    CSI_HELD_STANZAS = 512,   /* held back from an inactive client; then they are sent */
    CAPS_CACHE = 512,         /* disco#info results per home */
    CAPS_NOTIFY = 64,         /* "+notify" features of one client that count */
    DIRECTED_PRESENCES = 256, /* of one session, RFC 6121 §4.6 */
    ASKED_AT_ONCE =
        64, /* requests of a session to strangers and other servers whose answers may still come */
    IDLE_ANSWER_MS = 60 * 1000,  /* a client that is asked for a sign of life has so long */
    ACCOUNT_IDLE_MS = 60 * 1000, /* a view without sessions is forgotten after it */
    GROUPS_PER_ITEM = 32,        /* in the configuration of a PEP node */
    REQUESTS_WAITING = 256,      /* contact requests that wait for an answer (RFC 6121 §3.1.3) */
    GROUP_BYTES = 256,
    NAME_BYTES = 512,
};

#endif
