/* x3dh.c: four products and a hash. */
#include "omemo/x3dh.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/curve.h"
#include "crypto/kdf.h"

enum { PRODUCTS = 4 };

struct product {
    const uint8_t *secret, *point;
};

/* The last product may be absent. */
static enum err combine(enum omemo version, const struct product products[PRODUCTS],
                        uint8_t out[OMEMO_KEY])
{
    static const uint8_t salt[OMEMO_KEY];
    uint8_t input[(1 + PRODUCTS) * OMEMO_KEY];
    size_t n = OMEMO_KEY;
    enum err e = ERR_NONE;

    memset(input, 0xff, OMEMO_KEY); /* no encoding of a key begins so */
    for (int i = 0; i < PRODUCTS && products[i].secret != NULL && products[i].point != NULL; i++) {
        if ((e = x25519(products[i].secret, products[i].point, input + n)) != ERR_NONE)
            goto done;
        n += OMEMO_KEY;
    }
    hkdf(bytes_of(salt, sizeof salt), bytes_of(input, n), dialect_of(version)->x3dh_info, out,
         OMEMO_KEY);
done:
    secure_zero(input, sizeof input);
    return e;
}

enum err x3dh_initiate(enum omemo version, const struct x3dh_initiator *in, uint8_t out[OMEMO_KEY])
{
    const struct product products[PRODUCTS] = {
        { in->identity_secret, in->their_signed_prekey },
        { in->ephemeral_secret, in->their_identity },
        { in->ephemeral_secret, in->their_signed_prekey },
        { in->ephemeral_secret, in->their_prekey },
    };

    return combine(version, products, out);
}

enum err x3dh_accept(enum omemo version, const struct x3dh_acceptor *in, uint8_t out[OMEMO_KEY])
{
    const struct product products[PRODUCTS] = {
        { in->signed_prekey_secret, in->their_identity },
        { in->identity_secret, in->their_ephemeral },
        { in->signed_prekey_secret, in->their_ephemeral },
        { in->prekey_secret, in->their_ephemeral },
    };

    return combine(version, products, out);
}
