/* sasl_ht.c: the HT mechanisms (SASL-HT, for XEP-0484): a token that both sides have, proved by a hash of it. */
#include "xmpp/sasl.h"

void sasl_ht_proof(struct str token, enum ht_side side, struct bytes binding,
                   uint8_t out[HT_PROOF_OCTETS])
{
    struct str label = side == HT_INITIATOR ? STR("Initiator") : STR("Responder");

    hmac2(HASH_SHA256, bytes_of_str(token), bytes_of_str(label), binding, out);
}

struct str sasl_ht_first(struct arena *a, struct str user, struct str token, struct bytes binding)
{
    uint8_t proof[HT_PROOF_OCTETS];
    struct str nul = { "", 1 };

    sasl_ht_proof(token, HT_INITIATOR, binding, proof);
    return arena_concat(a, arena_concat(a, user, nul), str_of_bytes(bytes_of(proof, sizeof proof)));
}

enum err sasl_ht_read(struct str message, struct str *out_user, struct bytes *out_proof)
{
    size_t nul = str_find(message, '\0');

    if (nul == 0 || message.n - nul != 1 + HT_PROOF_OCTETS)
        return ERR_MALFORMED;
    *out_user = str_slice(message, 0, nul);
    *out_proof = bytes_of_str(str_skip(message, nul + 1));
    return ERR_NONE;
}
