/* identity.c: both forms of an identity, its signatures, its fingerprint. */
#include "omemo/identity.h"

#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/curve.h"

enum { SIGN_BIT = 0x80, FINGERPRINT_GROUP = 8 };

void identity_init(struct identity *self, uint32_t device_id, const uint8_t seed[OMEMO_KEY])
{
    self->device_id = device_id;
    memcpy(self->seed, seed, OMEMO_KEY);
    ed25519_public(self->seed, self->ed);
    x25519_of_seed(self->seed, self->scalar);
    x25519_public(self->scalar, self->curve);
}

void identity_make(struct identity *self, const struct random *random)
{
    uint8_t seed[OMEMO_KEY];
    uint32_t id;

    do {
        random_fill(random, &id, sizeof id);
        id &= OMEMO_ID_MAX;
    } while (id == 0);
    random_fill(random, seed, sizeof seed);
    identity_init(self, id, seed);
    secure_zero(seed, sizeof seed);
}

struct identity_key identity_public(const struct identity *self)
{
    struct identity_key key = { .has_ed = true };

    memcpy(key.curve, self->curve, OMEMO_KEY);
    memcpy(key.ed, self->ed, OMEMO_KEY);
    return key;
}

enum err identity_key_read(enum omemo version, const uint8_t wire[OMEMO_KEY],
                           struct identity_key *out)
{
    struct identity_key key = { .has_ed = version == OMEMO_2 };
    enum err e;

    if (version == OMEMO_03) {
        memcpy(key.curve, wire, OMEMO_KEY);
    } else {
        memcpy(key.ed, wire, OMEMO_KEY);
        if ((e = x25519_of_ed25519(wire, key.curve)) != ERR_NONE)
            return e;
    }
    *out = key;
    return ERR_NONE;
}

const uint8_t *identity_key_wire(enum omemo version, const struct identity_key *key)
{
    if (version == OMEMO_03)
        return key->curve;
    return key->has_ed ? key->ed : NULL;
}

bool identity_same(const struct identity_key *a, const struct identity_key *b)
{
    return memcmp(a->curve, b->curve, OMEMO_KEY) == 0;
}

/* What a signature is over: the key as it is published, so with the type octet in 0.3. */
static struct bytes signed_octets(enum omemo version, const uint8_t key[OMEMO_KEY],
                                  uint8_t room[1 + OMEMO_KEY])
{
    room[0] = OMEMO_KEY_TYPE;
    memcpy(room + 1, key, OMEMO_KEY);
    return version == OMEMO_03 ? bytes_of(room, 1 + OMEMO_KEY) : bytes_of(room + 1, OMEMO_KEY);
}

/* XEdDSA, whose signatures 0.3 has, puts the sign of the public key where Ed25519 always has a zero
 * bit. So a signature of Ed25519 with that bit filled in is one of XEdDSA. */
void identity_sign(enum omemo version, const struct identity *self, const uint8_t key[OMEMO_KEY],
                   uint8_t out[OMEMO_SIGNATURE])
{
    uint8_t room[1 + OMEMO_KEY];

    ed25519_sign(self->seed, self->ed, signed_octets(version, key, room), out);
    if (version == OMEMO_03)
        out[OMEMO_SIGNATURE - 1] |= self->ed[OMEMO_KEY - 1] & SIGN_BIT;
}

static enum err verify_03(const struct identity_key *signer, struct bytes octets,
                          const uint8_t signature[OMEMO_SIGNATURE], uint8_t out_ed[OMEMO_KEY])
{
    uint8_t plain[OMEMO_SIGNATURE];
    bool sign = (signature[OMEMO_SIGNATURE - 1] & SIGN_BIT) != 0;

    memcpy(plain, signature, sizeof plain);
    plain[OMEMO_SIGNATURE - 1] &= (uint8_t)~SIGN_BIT;
    if (ed25519_of_x25519(signer->curve, sign, out_ed) != ERR_NONE)
        return ERR_MALFORMED;
    return ed25519_verify(out_ed, octets, plain) ? ERR_NONE : ERR_DENIED;
}

enum err identity_verify(enum omemo version, struct identity_key *signer,
                         const uint8_t key[OMEMO_KEY], const uint8_t signature[OMEMO_SIGNATURE])
{
    uint8_t room[1 + OMEMO_KEY], ed[OMEMO_KEY];
    struct bytes octets = signed_octets(version, key, room);
    enum err e;

    if (version == OMEMO_2)
        return signer->has_ed && ed25519_verify(signer->ed, octets, signature) ? ERR_NONE
                                                                               : ERR_DENIED;
    if ((e = verify_03(signer, octets, signature, ed)) != ERR_NONE)
        return e;
    memcpy(signer->ed, ed, OMEMO_KEY);
    signer->has_ed = true;
    return ERR_NONE;
}

struct str identity_fingerprint(struct arena *a, const struct identity_key *key)
{
    struct str digits = hex_text(a, bytes_of(key->curve, OMEMO_KEY)), text = STR_NONE;

    for (; digits.n > 0; digits = str_skip(digits, FINGERPRINT_GROUP)) {
        if (text.n > 0)
            text = arena_concat(a, text, STR(" "));
        text = arena_concat(a, text, str_slice(digits, 0, FINGERPRINT_GROUP));
    }
    return text;
}
