/* registration.h: a new account made by the one who will use it, on the page of an invitation or in band (XEP-0077).
 *
 * Invitation, account and keys are one write-set: a token makes one account or none.
 * Owns: password and keys, zeroed with it.  Threads: its home's, but for registration_derive().
 */
#ifndef SOTTO_SERVER_REGISTRATION_H
#define SOTTO_SERVER_REGISTRATION_H

#include "base/random.h"
#include "server/settings.h"
#include "server/store.h"

enum { INVITE_HASH_OCTETS = 32, NAME_MAX_OCTETS = 64 };

/* What is stored and looked up of an invitation: SHA-256 of its token's text. */
void invite_token_hash(struct str token, uint8_t out[HASH_SIZE_MAX]);
/* It can still make an account on `domain` (empty: on its own one). */
bool invite_is_good(const struct invite_record *i, struct str domain, uint64_t now_ms);

/* PRECIS UsernameCaseMapped, short enough to be said, and no role that others would trust (RFC 2142).
 * ERR_MALFORMED, ERR_TOO_BIG, ERR_DENIED: a role. */
CHECKED enum err registration_name(struct arena *a, struct str text, struct str *out_local);

/* What it is made with. */
struct ticket {
    struct bytes token_hash;   /* empty: no invitation is needed, and there is none */
    struct str token, inviter; /* bare JID, or empty for the operator's */
};

struct registration {
    struct write_set set; /* set.op is the caller's to set: home, done */
    /* The caller routes it once all is committed (router_emit()), by which the inviter and the new account become
     * contacts of each other (XEP-0401 §5.3.2). NULL: nobody of here has invited. */
    struct xml_node *introduction;
    struct str password;
    uint32_t iterations;
    uint8_t salts[HASH_COUNT][SCRAM_SALT_OCTETS];
    struct scram_keys keys[HASH_COUNT];
};

/* `password` is prepared; it is copied. */
void registration_init(struct registration *r, const struct settings *s,
                       const struct random *random, struct str password);
void registration_deinit(struct registration *r);
void registration_derive(void *registration); /* tens of milliseconds: never on a loop */
/* After it; then store_commit(&r->set). The ticket is copied. ERR_EXISTS: the name is taken; ERR_CONFLICT, ERR_MISSING:
 * the invitation is not good any more. */
void registration_fill(struct registration *r, struct str local, struct str domain,
                       const struct ticket *ticket, uint64_t now_ms);

#endif
