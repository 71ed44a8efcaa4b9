/* scram.c: SCRAM client without channel binding. */
#include "bench/load/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string.h>

#include "base/encode.h"

#define GS2_HEADER        "n,,"
#define GS2_HEADER_BASE64 "biws"

struct salted_keys {
    uint8_t client[SCRAM_HASH_MAX], stored[SCRAM_HASH_MAX], server[SCRAM_HASH_MAX];
    size_t name_n;
    char name[]; /* the salt and iteration count as sent, and the map's key */
};

static const EVP_MD *digest(const struct keyring *ring)
{
    return EVP_get_digestbyname(ring->hash);
}

static size_t hash_size(const struct keyring *ring)
{
    return (size_t)EVP_MD_get_size(digest(ring));
}

static void mac(const struct keyring *ring, const uint8_t *key, struct str text, uint8_t *out)
{
    unsigned n = 0;

    HMAC(digest(ring), key, (int)hash_size(ring), (const uint8_t *)text.p, text.n, out, &n);
}

enum err keyring_init(struct keyring *ring, const char *mechanism, const char *password)
{
    static const char *const known[][2] = {
        { "SCRAM-SHA-1", "SHA1" },
        { "SCRAM-SHA-256", "SHA256" },
        { "SCRAM-SHA-512", "SHA512" },
    };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(mechanism, known[i][0]) == 0) {
            *ring = (struct keyring){ .hash = known[i][1], .password = password };
            map_init(&ring->keys, NULL);
            return ERR_NONE;
        }
    return ERR_UNSUPPORTED;
}

void keyring_deinit(struct keyring *ring)
{
    struct map_slot slot;

    for (size_t cursor = 0; map_next(&ring->keys, &cursor, &slot);) {
        secure_zero(slot.value, sizeof(struct salted_keys));
        mem_free(slot.value);
    }
    map_deinit(&ring->keys);
}

/* RFC 5802 §3: what follows from the password, the salt and the iteration count alone. */
static struct salted_keys *derive(struct keyring *ring, struct str name, struct bytes salt,
                                  uint64_t iterations)
{
    struct salted_keys *k = mem_alloc(sizeof *k + name.n);
    uint8_t salted[SCRAM_HASH_MAX];

    PKCS5_PBKDF2_HMAC(ring->password, (int)strlen(ring->password), salt.p, (int)salt.n,
                      (int)iterations, digest(ring), (int)hash_size(ring), salted);
    mac(ring, salted, STR("Client Key"), k->client);
    mac(ring, salted, STR("Server Key"), k->server);
    EVP_Digest(k->client, hash_size(ring), k->stored, NULL, digest(ring), NULL);
    secure_zero(salted, sizeof salted);
    k->name_n = name.n;
    memcpy(k->name, name.p, name.n);
    map_put(&ring->keys, (struct str){ k->name, k->name_n }, k);
    return k;
}

void scram_init(struct scram *s, struct keyring *ring)
{
    *s = (struct scram){ .ring = ring };
    buf_init(&s->transcript, 4 * SCRAM_MESSAGE_MAX);
    buf_init(&s->nonce, SCRAM_MESSAGE_MAX);
}

void scram_deinit(struct scram *s)
{
    buf_deinit(&s->transcript);
    buf_deinit(&s->nonce);
}

static void add_base64(struct buf *out, struct str text)
{
    struct arena scratch = { 0 };

    buf_add(out, base64_text(&scratch, bytes_of_str(text)));
    arena_deinit(&scratch);
}

void scram_first(struct scram *s, struct str user, struct str nonce, struct buf *out)
{
    struct buf whole;

    buf_init(&whole, SCRAM_MESSAGE_MAX);
    buf_add(&s->nonce, nonce);
    buf_add(&s->transcript, STR("n="));
    buf_add(&s->transcript, user);
    buf_add(&s->transcript, STR(",r="));
    buf_add(&s->transcript, nonce);
    buf_add(&whole, STR(GS2_HEADER));
    buf_add(&whole, buf_str(&s->transcript));
    add_base64(out, buf_str(&whole));
    buf_deinit(&whole);
}

/* Takes "X=value" from the front of a comma-separated message. */
static enum err take(struct str *rest, char letter, struct str *out)
{
    struct str part = str_split(rest, ',');

    if (part.n < 2 || part.p[0] != letter || part.p[1] != '=')
        return ERR_MALFORMED;
    *out = str_skip(part, 2);
    return ERR_NONE;
}

/* The server's first message: nonce, salt and iteration count, each checked. */
static enum err read_challenge(struct scram *s, struct arena *scratch, struct str first,
                               struct salted_keys **out)
{
    struct str rest = first, nonce, salt_text, count, name;
    struct bytes salt;
    uint64_t iterations;
    enum err e;

    if ((e = take(&rest, 'r', &nonce)) != ERR_NONE)
        return e;
    if (nonce.n <= s->nonce.n || !str_starts(nonce, buf_str(&s->nonce)))
        return ERR_MALFORMED; /* not an answer to us: RFC 5802 §5.1 */
    name = rest;
    if ((e = take(&rest, 's', &salt_text)) != ERR_NONE)
        return e;
    if ((e = take(&rest, 'i', &count)) != ERR_NONE)
        return e;
    if ((e = base64_read(scratch, salt_text, &salt)) != ERR_NONE)
        return e;
    if ((e = str_to_u64(count, SCRAM_ITERATIONS_MAX, &iterations)) != ERR_NONE)
        return e;
    if (iterations == 0)
        return ERR_MALFORMED;
    *out = map_get(&s->ring->keys, name);
    if (*out == NULL)
        *out = derive(s->ring, name, salt, iterations);
    buf_reset(&s->nonce);
    buf_add(&s->nonce, nonce);
    return ERR_NONE;
}

enum err scram_final(struct scram *s, struct str challenge_base64, struct buf *out)
{
    struct arena scratch = { 0 };
    struct bytes challenge;
    struct salted_keys *keys;
    struct buf final;
    uint8_t proof[SCRAM_HASH_MAX];
    enum err e;

    buf_init(&final, SCRAM_MESSAGE_MAX);
    if ((e = base64_read(&scratch, challenge_base64, &challenge)) != ERR_NONE)
        goto done;
    if ((e = read_challenge(s, &scratch, str_of_bytes(challenge), &keys)) != ERR_NONE)
        goto done;
    buf_add(&final, STR("c=" GS2_HEADER_BASE64 ",r="));
    buf_add(&final, buf_str(&s->nonce));
    buf_add_char(&s->transcript, ',');
    buf_add_bytes(&s->transcript, challenge);
    buf_add_char(&s->transcript, ',');
    buf_add(&s->transcript, buf_str(&final));
    mac(s->ring, keys->stored, buf_str(&s->transcript), proof);
    mac(s->ring, keys->server, buf_str(&s->transcript), s->server_signature);
    for (size_t i = 0; i < hash_size(s->ring); i++)
        proof[i] ^= keys->client[i];
    buf_add(&final, STR(",p="));
    buf_add(&final, base64_text(&scratch, bytes_of(proof, hash_size(s->ring))));
    add_base64(out, buf_str(&final));
done:
    buf_deinit(&final);
    arena_deinit(&scratch);
    return e;
}

enum err scram_verify(const struct scram *s, struct str success_base64)
{
    struct arena scratch = { 0 };
    struct bytes outer, signature;
    struct str rest, value;
    enum err e;

    if ((e = base64_read(&scratch, success_base64, &outer)) != ERR_NONE)
        goto done;
    rest = str_of_bytes(outer);
    if ((e = take(&rest, 'v', &value)) != ERR_NONE)
        goto done;
    if ((e = base64_read(&scratch, value, &signature)) != ERR_NONE)
        goto done;
    if (signature.n != hash_size(s->ring)
        || CRYPTO_memcmp(signature.p, s->server_signature, signature.n) != 0)
        e = ERR_DENIED;
done:
    arena_deinit(&scratch);
    return e;
}
