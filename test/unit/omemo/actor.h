/* actor.h: a device for tests: an identity, published keys, and a store of rows that obeys the
 * rules of lib/omemo/README.md.
 *
 * What it knows of other devices exists only as records: each step loads, works and stores, so that
 * every step is a restart from what was committed. Randomness comes from a seed.
 * Owns: its rows, until actor_deinit().
 */
#ifndef SOTTO_TEST_UNIT_OMEMO_ACTOR_H
#define SOTTO_TEST_UNIT_OMEMO_ACTOR_H

#include "omemo/remote.h"

enum { ACTOR_CONTACTS = 4, ACTOR_PREKEYS = PREKEY_COUNT };

struct actor_contact {
    struct kept_key *kept; /* oldest first */
    size_t kept_count;
    uint8_t record[REMOTE_RECORD_MAX];
    size_t record_n;
};

struct actor {
    uint64_t seed;
    struct random random;
    struct identity self;
    struct prekey signed_prekeys[2]; /* the present one, the one before */
    struct prekey prekeys[ACTOR_PREKEYS];
    struct bundle_prekey published[ACTOR_PREKEYS];
    bool keeps_prekeys; /* as until the archive has been read */
    struct actor_contact contacts[ACTOR_CONTACTS];
};

void actor_init(struct actor *a, enum omemo version, uint64_t seed); /* contacts know nothing yet */
void actor_deinit(struct actor *a);
void actor_rotate(struct actor *a); /* a new signed prekey */

void actor_bundle(struct actor *a, enum omemo version, struct bundle *out); /* borrows the actor */
CHECKED enum err actor_start(struct actor *a, int contact, const struct bundle *b);
CHECKED enum err actor_send(struct actor *a, int contact, size_t session, struct bytes plain,
                            struct codec_out *out);
/* Commits unless it fails; *out tells what there was. */
CHECKED enum err actor_receive(struct actor *a, int contact, bool is_exchange, struct bytes octets,
                               struct remote_received *out);
/* The same without committing: the process dies before. */
CHECKED enum err actor_try(struct actor *a, int contact, bool is_exchange, struct bytes octets,
                           struct remote_received *out);

void actor_load(const struct actor *a, int contact, struct remote *out);
void actor_store(struct actor *a, int contact, const struct remote *r);

uint64_t actor_chance(struct actor *a, uint64_t below); /* below > 0 */

#endif
