/* scram_keys.c: what a password becomes (RFC 5802 §3), and keys for users who do not exist. */
#include "xmpp/scram_grammar.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

void scram_secrets_derive(enum hash h, struct str password, struct bytes salt, uint32_t iterations,
                          struct scram_secrets *out)
{
    uint8_t salted[HASH_SIZE_MAX];
    struct bytes key = { salted, hash_size(h) };

    pbkdf2(h, bytes_of_str(password), salt, iterations, salted);
    hmac(h, key, bytes_of_str(STR("Client Key")), out->client_key);
    hmac(h, key, bytes_of_str(STR("Server Key")), out->server_key);
    hash_digest(h, (struct bytes){ out->client_key, hash_size(h) }, out->stored_key);
    secure_zero(salted, sizeof salted);
}

void scram_derive(enum hash h, struct str password, struct bytes salt, uint32_t iterations,
                  struct scram_keys *out)
{
    struct scram_secrets secrets;

    assert(salt.n > 0 && salt.n <= SCRAM_SALT_MAX);
    scram_secrets_derive(h, password, salt, iterations, &secrets);
    *out = (struct scram_keys){ .hash = h, .iterations = iterations, .salt_n = salt.n };
    memcpy(out->salt, salt.p, salt.n);
    memcpy(out->stored_key, secrets.stored_key, hash_size(h));
    memcpy(out->server_key, secrets.server_key, hash_size(h));
    secure_zero(&secrets, sizeof secrets);
}

void scram_derive_fresh(enum hash h, struct str password, uint32_t iterations,
                        const struct random *random, struct scram_keys *out)
{
    uint8_t salt[SCRAM_SALT_OCTETS];

    random_fill(random, salt, sizeof salt);
    scram_derive(h, password, bytes_of(salt, sizeof salt), iterations, out);
}

/* The purpose tells the three values and the three hashes apart. */
static void decoy_octets(struct bytes secret, const char *purpose, enum hash h, struct str name,
                         uint8_t out[HASH_SIZE_MAX])
{
    uint8_t label[16] = { 0 };

    assert(strlen(purpose) < sizeof label - 1);
    memcpy(label, purpose, strlen(purpose));
    label[sizeof label - 1] = (uint8_t)h;
    hmac2(HASH_SHA512, secret, bytes_of(label, sizeof label), bytes_of_str(name), out);
}

/* No password has these keys but by accident: stored_key is not made as the digest of anything. */
void scram_decoy(enum hash h, struct bytes secret, struct str name, uint32_t iterations,
                 struct scram_keys *out)
{
    uint8_t salt[HASH_SIZE_MAX], stored_key[HASH_SIZE_MAX], server_key[HASH_SIZE_MAX];

    decoy_octets(secret, "salt", h, name, salt);
    decoy_octets(secret, "stored key", h, name, stored_key);
    decoy_octets(secret, "server key", h, name, server_key);
    *out = (struct scram_keys){ .hash = h, .iterations = iterations, .salt_n = SCRAM_SALT_OCTETS };
    memcpy(out->salt, salt, SCRAM_SALT_OCTETS);
    memcpy(out->stored_key, stored_key, hash_size(h));
    memcpy(out->server_key, server_key, hash_size(h));
}
