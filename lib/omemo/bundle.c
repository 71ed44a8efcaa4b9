/* bundle.c: making, checking and choosing from bundles. */
#include "omemo/bundle.h"

#include <string.h>

#include "crypto/curve.h"

void bundle_make(enum omemo version, const struct identity *self,
                 const struct prekey *signed_prekey, const struct bundle_prekey *prekeys,
                 size_t prekey_count, struct bundle *out)
{
    struct identity_key key = identity_public(self);

    *out = (struct bundle){
        .version = version,
        .signed_id = signed_prekey->id,
        .prekeys = prekeys,
        .prekey_count = prekey_count,
    };
    memcpy(out->identity, identity_key_wire(version, &key), OMEMO_KEY);
    memcpy(out->signed_key, signed_prekey->public_key, OMEMO_KEY);
    identity_sign(version, self, signed_prekey->public_key, out->signature);
}

enum err bundle_verify(const struct bundle *b, struct identity_key *out)
{
    struct identity_key key;
    enum err e;

    if ((e = identity_key_read(b->version, b->identity, &key)) != ERR_NONE
        || (e = identity_verify(b->version, &key, b->signed_key, b->signature)) != ERR_NONE)
        return e;
    *out = key;
    return ERR_NONE;
}

/* The remainder of 64 random bits prefers no prekey by more than 2^-55. */
const struct bundle_prekey *bundle_choose(const struct bundle *b, const struct random *random)
{
    uint64_t chance;

    if (b->prekey_count == 0)
        return NULL;
    random_fill(random, &chance, sizeof chance);
    return &b->prekeys[chance % b->prekey_count];
}

bool device_list_has(const struct device_list *list, uint32_t id)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->devices[i].id == id)
            return true;
    return false;
}

void device_label_sign(struct arena *a, const struct identity *self, struct device_entry *entry)
{
    uint8_t signature[OMEMO_SIGNATURE];

    ed25519_sign(self->seed, self->ed, bytes_of_str(entry->label), signature);
    entry->label_signature = arena_bytes(a, bytes_of(signature, sizeof signature));
}

bool device_label_is_signed(const struct device_entry *entry, const struct identity_key *by)
{
    return entry->label.n > 0 && entry->label_signature.n == OMEMO_SIGNATURE && by->has_ed
           && ed25519_verify(by->ed, bytes_of_str(entry->label), entry->label_signature.p);
}
