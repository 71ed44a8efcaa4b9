/* scram_client.c: the client side of SCRAM (RFC 5802 §5). */
#include "xmpp/scram_grammar.h"

#include <string.h>

#include "base/encode.h"
#include "base/mem.h"

void scram_client_init(struct scram_client *c, enum hash h, enum channel_binding binding,
                       bool server_lacks_plus)
{
    *c = (struct scram_client){ .hash = h,
                                .binding = binding,
                                .server_lacks_plus = server_lacks_plus };
}

struct str scram_client_first(struct scram_client *c, struct arena *a, struct str username,
                              const struct random *random)
{
    struct str name = scram_name_text(a, username);

    if (c->binding != BINDING_NONE)
        c->gs2_header =
            SCRAM_JOIN(a, STR("p="), str_from(channel_binding_name(c->binding)), STR(",,"));
    else
        c->gs2_header = c->server_lacks_plus ? STR("y,,") : STR("n,,");
    c->username = arena_str(a, username);
    c->nonce = scram_nonce(a, random);
    c->client_first_bare = SCRAM_JOIN(a, STR("n="), name, STR(",r="), c->nonce);
    return arena_concat(a, c->gs2_header, c->client_first_bare);
}

struct challenge {
    struct str nonce;
    struct bytes salt;
    uint32_t iterations;
};

/* posit-number, within the bounds of sasl.h. */
static enum err read_iterations(struct str *rest, uint32_t *out)
{
    struct str text;
    uint64_t n = 0;
    enum err e;

    if ((e = scram_read_attr(rest, 'i', &text)) != ERR_NONE)
        return e;
    if (text.p[0] == '0')
        return ERR_MALFORMED;
    if ((e = str_to_u64(text, SCRAM_ITERATIONS_MAX, &n)) != ERR_NONE)
        return e;
    if (n < SCRAM_ITERATIONS_MIN)
        return ERR_UNSUPPORTED; /* whoever asks for so few is after the password */
    *out = (uint32_t)n;
    return ERR_NONE;
}

static enum err read_challenge(const struct scram_client *c, struct arena *a, struct str text,
                               struct challenge *out)
{
    struct challenge ch = { 0 };
    enum err e;

    if ((e = scram_check_message(text)) != ERR_NONE
        || (e = scram_read_nonce(&text, &ch.nonce)) != ERR_NONE
        || (e = scram_read_base64(a, &text, 's', &ch.salt)) != ERR_NONE
        || (e = read_iterations(&text, &ch.iterations)) != ERR_NONE
        || (e = scram_read_extensions(text)) != ERR_NONE)
        return e;
    if (!str_starts(ch.nonce, c->nonce) || ch.nonce.n == c->nonce.n)
        return ERR_DENIED; /* not an answer to our message, or nothing of the server's own */
    *out = ch;
    return ERR_NONE;
}

/* ClientProof = ClientKey xor HMAC(StoredKey, AuthMessage), and what the server will show (§3). */
static void prove(struct scram_client *c, struct str password, const struct challenge *ch,
                  struct bytes auth_message, uint8_t proof[HASH_SIZE_MAX])
{
    size_t n = hash_size(c->hash);
    struct scram_secrets secrets;

    scram_secrets_derive(c->hash, password, ch->salt, ch->iterations, &secrets);
    hmac(c->hash, (struct bytes){ secrets.stored_key, n }, auth_message, proof);
    for (size_t i = 0; i < n; i++)
        proof[i] ^= secrets.client_key[i];
    hmac(c->hash, (struct bytes){ secrets.server_key, n }, auth_message, c->server_signature);
    c->proof_sent = true;
    secure_zero(&secrets, sizeof secrets);
}

enum err scram_client_final(struct scram_client *c, struct arena *a, struct str server_first,
                            struct str password, const struct binding_data *bound, struct str *out)
{
    uint8_t proof[HASH_SIZE_MAX];
    struct challenge ch;
    struct bytes binding, auth_message;
    struct str without_proof;
    enum err e;

    if ((e = read_challenge(c, a, server_first, &ch)) != ERR_NONE
        || (e = scram_binding_input(a, c->binding, c->gs2_header, bound, &binding)) != ERR_NONE)
        return e;
    without_proof = SCRAM_JOIN(a, STR("c="), base64_text(a, binding), STR(",r="), ch.nonce);
    auth_message = scram_auth_message(a, c->client_first_bare, server_first, without_proof);
    prove(c, password, &ch, auth_message, proof);
    *out = SCRAM_JOIN(a, without_proof, STR(",p="),
                      base64_text(a, bytes_of(proof, hash_size(c->hash))));
    return ERR_NONE;
}

enum err scram_client_verify(struct scram_client *c, struct arena *a, struct str server_final)
{
    struct bytes signature;
    enum err e;

    if ((e = scram_check_message(server_final)) != ERR_NONE)
        return e;
    if (str_starts(server_final, STR("e=")))
        return ERR_DENIED;
    if ((e = scram_read_base64(a, &server_final, 'v', &signature)) != ERR_NONE
        || (e = scram_read_extensions(server_final)) != ERR_NONE)
        return e;
    if (!c->proof_sent || signature.n != hash_size(c->hash)
        || !ct_equal(signature.p, c->server_signature, signature.n))
        return ERR_DENIED;
    return ERR_NONE;
}
