/* scram_server.c: the server side of SCRAM (RFC 5802 §5). */
#include "xmpp/scram_grammar.h"

#include <assert.h>

#include "base/encode.h"
#include "base/mem.h"

void scram_server_init(struct scram_server *s, enum hash h, bool plus, bool plus_offered)
{
    *s = (struct scram_server){ .hash = h, .plus = plus, .plus_offered = plus_offered };
}

static bool is_binding_name(struct str name) /* cb-name */
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.'
              || c == '-'))
            return false;
    }
    return name.n > 0;
}

/* gs2-cbind-flag: "n" (the client cannot), "y" (it could, and believes that we cannot) or "p="
 * cb-name (it does). It has to agree with the form of the mechanism; a "y" although we offered
 * -PLUS means that somebody took the offer away on its way to the client (§6). */
static enum err read_binding_flag(const struct scram_server *s, struct str flag,
                                  enum channel_binding *out)
{
    struct str name = str_skip(flag, 2);

    if (str_is(flag, "n") || str_is(flag, "y")) {
        *out = BINDING_NONE;
        if (s->plus)
            return ERR_MALFORMED;
        return flag.p[0] == 'y' && s->plus_offered ? ERR_DENIED : ERR_NONE;
    }
    if (!s->plus || !str_starts(flag, STR("p=")) || !is_binding_name(name))
        return ERR_MALFORMED;
    for (int b = BINDING_TLS_EXPORTER; b <= BINDING_TLS_SERVER_END_POINT; b++)
        if (str_is(name, channel_binding_name(b))) {
            *out = b;
            return ERR_NONE;
        }
    return ERR_UNSUPPORTED; /* tls-unique among them: void in TLS 1.3 (RFC 9266 §1) */
}

/* gs2-header: flag, "," and perhaps "a=" saslname, and ",". */
static enum err read_gs2_header(struct scram_server *s, struct arena *a, struct str *rest)
{
    struct str flag = str_split(rest, ','), authzid = str_split(rest, ',');
    enum err e;

    if (rest->p == NULL)
        return ERR_MALFORMED;
    if (authzid.n > 0) {
        if (!str_starts(authzid, STR("a=")))
            return ERR_MALFORMED;
        if ((e = scram_read_name(a, str_skip(authzid, 2), &s->authzid)) != ERR_NONE)
            return e;
    }
    return read_binding_flag(s, flag, &s->binding);
}

enum err scram_server_first(struct scram_server *s, struct arena *a, struct str client_first)
{
    struct str text, rest, name;
    enum err e;

    if ((e = scram_check_message(client_first)) != ERR_NONE)
        return e;
    rest = text = arena_str(a, client_first);
    if ((e = read_gs2_header(s, a, &rest)) != ERR_NONE)
        return e;
    s->client_first_bare = rest;
    s->gs2_header = str_slice(text, 0, text.n - rest.n);
    if ((e = scram_read_attr(&rest, 'n', &name)) != ERR_NONE
        || (e = scram_read_name(a, name, &s->username)) != ERR_NONE
        || (e = scram_read_nonce(&rest, &s->nonce)) != ERR_NONE)
        return e;
    return scram_read_extensions(rest);
}

struct str scram_server_challenge(struct scram_server *s, struct arena *a,
                                  const struct scram_keys *keys, size_t key_count,
                                  const struct random *random)
{
    struct str salt = base64_text(a, bytes_of(keys->salt, keys->salt_n));
    struct str iterations = arena_printf(a, "%lu", (unsigned long)keys->iterations);

    assert(key_count > 0 && keys->hash == s->hash && s->nonce.n > 0);
    s->keys = keys;
    s->key_count = key_count;
    s->nonce = arena_concat(a, s->nonce, scram_nonce(a, random));
    s->server_first = SCRAM_JOIN(a, STR("r="), s->nonce, STR(",s="), salt, STR(",i="), iterations,
                                 s->extra.n > 0 ? STR(",") : STR_NONE, s->extra);
    return s->server_first;
}

/* ClientKey = ClientProof xor HMAC(StoredKey, AuthMessage); its digest has to be StoredKey (§3). */
static bool proof_is_right(const struct scram_keys *k, struct bytes auth_message,
                           struct bytes proof)
{
    size_t n = hash_size(k->hash);
    uint8_t client_key[HASH_SIZE_MAX], stored_key[HASH_SIZE_MAX];
    bool right;

    hmac(k->hash, (struct bytes){ k->stored_key, n }, auth_message, client_key);
    for (size_t i = 0; i < n; i++)
        client_key[i] ^= proof.p[i];
    hash_digest(k->hash, (struct bytes){ client_key, n }, stored_key);
    right = ct_equal(stored_key, k->stored_key, n);
    secure_zero(client_key, sizeof client_key); /* with it, and stored_key, anybody can log in */
    return right;
}

/* Who guesses wrong learns nothing from the time it takes: then all are tried. */
static bool find_fitting(const struct scram_server *s, const struct scram_keys *keys,
                         struct bytes auth_message, struct bytes proof, size_t *out)
{
    for (size_t i = 0; i < s->key_count; i++)
        if (proof_is_right(&keys[i], auth_message, proof)) {
            *out = i;
            return true;
        }
    return false;
}

static struct str server_final(struct arena *a, const struct scram_keys *k,
                               struct bytes auth_message)
{
    size_t n = hash_size(k->hash);
    uint8_t signature[HASH_SIZE_MAX];

    hmac(k->hash, (struct bytes){ k->server_key, n }, auth_message, signature);
    return arena_concat(a, STR("v="), base64_text(a, bytes_of(signature, n)));
}

/* What the client says about channel and nonce against what we know of them. */
static enum err check_channel(const struct scram_server *s, struct arena *a, struct bytes binding,
                              struct str nonce, const struct binding_data *bound)
{
    struct bytes expected;
    enum err e = scram_binding_input(a, s->binding, s->gs2_header, bound, &expected);

    if (e != ERR_NONE)
        return e;
    if (binding.n != expected.n || !ct_equal(binding.p, expected.p, expected.n))
        return ERR_DENIED;
    if (nonce.n != s->nonce.n || !ct_equal(nonce.p, s->nonce.p, nonce.n))
        return ERR_DENIED;
    return ERR_NONE;
}

enum err scram_server_final(struct scram_server *s, struct arena *a, struct str client_final,
                            const struct binding_data *bound, struct str *out_server_final)
{
    const struct scram_keys *keys = s->keys;
    size_t proof_at = str_find_last(client_final, ',');
    struct str without_proof = str_slice(client_final, 0, proof_at), rest = without_proof;
    struct str last = str_skip(client_final, proof_at + 1), nonce;
    struct bytes binding, proof, auth_message;
    enum err e;

    assert(keys != NULL);
    s->keys = NULL; /* one answer per challenge: the next guess needs a new nonce */
    if ((e = scram_check_message(client_final)) != ERR_NONE
        || (e = scram_read_base64(a, &rest, 'c', &binding)) != ERR_NONE
        || (e = scram_read_nonce(&rest, &nonce)) != ERR_NONE
        || (e = scram_read_extensions(rest)) != ERR_NONE
        || (e = scram_read_base64(a, &last, 'p', &proof)) != ERR_NONE)
        return e;
    if (proof.n != hash_size(s->hash))
        return ERR_MALFORMED;
    if ((e = check_channel(s, a, binding, nonce, bound)) != ERR_NONE)
        return e;
    auth_message = scram_auth_message(a, s->client_first_bare, s->server_first, without_proof);
    if (!find_fitting(s, keys, auth_message, proof, &s->fitted))
        return ERR_DENIED;
    *out_server_final = server_final(a, &keys[s->fitted], auth_message);
    return ERR_NONE;
}
