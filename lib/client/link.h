/* link.h: a device without an account gets one from a device that has it: code, keys, messages (docs/protocols.md, urn:sotto:link:0).
 *
 *   new                                    server                     old
 *    |  code: commitment to the answer, shown to the person's eyes ...> |
 *    |  <------------------------------ hello: its key ---------------- |
 *    |  ------------------------------- answer: key, nonce, identity -> |   fits the commitment?
 *    |  digits ............... compared by the person ........ digits   |
 *    |  <------------------------------ gift, sealed to both keys ----- |
 *
 * The commitment is fixed before the hello is known, and the hello before the answer is; so who sits in between, be it the server,
 * has one guess at six digits, and if the code was read by a camera none at all towards the old device.
 * Owns: nothing; texts live in the caller's arena.  Threads: pure.
 * Errors: ERR_MALFORMED: not one of these; ERR_DENIED: made by somebody else.  Secrets: structs of the caller, who zeroes them.
 */
#ifndef SOTTO_CLIENT_LINK_H
#define SOTTO_CLIENT_LINK_H

#include "omemo/identity.h"
#include "omemo/trust.h"

enum { LINK_TRUST_LINKED = TRUST_DISTRUSTED + 1 }; /* trusted, and authentic (trust_book.h) */

enum {
    LINK_COMMITMENT = 32,
    LINK_ID = 16,
    LINK_NONCE = 16,
    LINK_NAME_MAX = 64,
    LINK_DIGITS = 6,
    LINK_GIFT_MAX = 40 * 1024, /* sealed, so that it is one stanza */
    LINK_KEYS_MAX = 300,
};

/* ---- The code: what the new device shows --------------------------------------------------------- */

struct link_code {
    struct str domain; /* of the server where both meet */
    uint8_t commitment[LINK_COMMITMENT];
};

struct str link_code_text(struct arena *a, const struct link_code *code);
/* Blanks, hyphens and case do not matter; one mistyped character is noticed. */
CHECKED enum err link_code_read(struct arena *a, struct str text, struct link_code *out);
/* Under which name both meet at the server, which learns nothing else by it. */
struct str link_channel(struct arena *a, const struct link_code *code);

/* ---- The messages -------------------------------------------------------------------------------- */

struct link_secret {
    uint8_t scalar[32], public_key[32];
};
void link_secret_make(struct link_secret *out, const struct random *random);

struct bytes link_hello_write(struct arena *a, const struct link_secret *old);
CHECKED enum err link_hello_read(struct bytes message, uint8_t out_key[32]);

struct link_answer {
    uint8_t key[32], nonce[LINK_NONCE];
    uint32_t device; /* of OMEMO, as the identity */
    uint8_t ed[32];
    struct str name; /* of the device, for people */
    bool wants_history;
};
struct bytes link_answer_write(struct arena *a, const struct link_answer *answer);
CHECKED enum err link_answer_read(struct bytes message, struct link_answer *out);
void link_commit(struct bytes answer, uint8_t out[LINK_COMMITMENT]);

/* What both know at the end of the two messages, and nobody else. */
struct link_shared {
    uint8_t key[32], transcript[32];
    uint8_t history[32]; /* opens what history.h carries, should it be given */
    char digits[LINK_DIGITS + 1];
};
CHECKED enum err link_agree(const struct link_code *code, struct bytes hello, struct bytes answer,
                            const struct link_secret *own, const uint8_t theirs[32],
                            struct link_shared *out);

/* ---- The gift ------------------------------------------------------------------------------------ */

struct link_key { /* of trust: whose, and what the person thinks of it */
    struct str account;
    uint32_t device;
    uint8_t curve[32];
    uint8_t trust; /* enum trust, or: */
    uint64_t met_ms;
};

struct link_gift {
    struct str jid, password;
    uint32_t device; /* of who gives it */
    uint8_t ed[32];
    struct link_key *keys;
    size_t key_count;
    bool has_history; /* which follows, once the new device is there (history.h) */
};

/* Sealed; what of the keys finds no room stays out. */
struct bytes link_gift_seal(struct arena *a, const struct link_shared *shared,
                            const struct link_gift *gift);
CHECKED enum err link_gift_open(struct arena *a, const struct link_shared *shared,
                                struct bytes sealed, struct link_gift *out);
CHECKED enum err link_gift_read(struct arena *a, struct bytes record, struct link_gift *out);

#endif
