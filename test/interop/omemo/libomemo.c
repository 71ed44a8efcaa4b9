/* libomemo.c: what libomemo-c wants from a client: primitives, stores, and its calls in the right
 * order. */
#include "libomemo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define OPENSSL_SUPPRESS_DEPRECATED /* HMAC_CTX is the quickest way that OpenSSL 3.0 has for it */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <omemo/curve.h>
#include <omemo/key_helper.h>
#include <omemo/protocol.h>
#include <omemo/session_builder.h>
#include <omemo/session_cipher.h>
#include <omemo/session_pre_key.h>
#include <omemo/signal_protocol.h>

enum { VERSION_03 = 3, VERSION_2 = 4, PREKEYS = 100, RECORDS = PREKEYS + 1, TYPED_KEY = 33 };

struct record {
    uint8_t *p;
    size_t n;
};

struct libomemo {
    uint32_t version;
    signal_context *context;
    signal_protocol_store_context *store;
    ratchet_identity_key_pair *identity;
    session_signed_pre_key *signed_prekey;
    struct record prekeys[RECORDS], signed_record, sessions[LIBOMEMO_REMOTES];
    uint32_t given; /* prekeys given away in bundles */
    session_cipher *ciphers[LIBOMEMO_REMOTES];
    signal_protocol_address addresses[LIBOMEMO_REMOTES];
    int with;
};

/* What cannot fail in a test that makes sense. */
static void must(int result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "libomemo-c: %s: %d\n", what, result);
    exit(1);
}
#define MUST(call) must((call), #call)

static void record_set(struct record *r, const uint8_t *p, size_t n)
{
    r->p = realloc(r->p, n);
    memcpy(r->p, p, n);
    r->n = n;
}

static int record_get(const struct record *r, signal_buffer **out, int missing)
{
    if (r->p == NULL)
        return missing;
    *out = signal_buffer_create(r->p, r->n);
    return 1;
}

/* Primitives. */

static int give_random(uint8_t *data, size_t n, void *user)
{
    (void)user;
    return getrandom(data, n, 0) == (ssize_t)n ? 0 : -1;
}

static int hmac_begin(void **context, const uint8_t *key, size_t n, void *user)
{
    HMAC_CTX *h = HMAC_CTX_new();

    (void)user;
    *context = h;
    return HMAC_Init_ex(h, key, (int)n, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

static int hmac_more(void *context, const uint8_t *data, size_t n, void *user)
{
    (void)user;
    return HMAC_Update(context, data, n) == 1 ? 0 : -1;
}

static int hmac_end(void *context, signal_buffer **out, void *user)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned n;

    (void)user;
    if (HMAC_Final(context, mac, &n) != 1)
        return -1;
    *out = signal_buffer_create(mac, n);
    return 0;
}

static void hmac_free(void *context, void *user)
{
    (void)user;
    HMAC_CTX_free(context);
}

static int digest_begin(void **context, void *user)
{
    (void)user;
    *context = EVP_MD_CTX_new();
    return EVP_DigestInit_ex(*context, EVP_sha512(), NULL) == 1 ? 0 : -1;
}

static int digest_more(void *context, const uint8_t *data, size_t n, void *user)
{
    (void)user;
    return EVP_DigestUpdate(context, data, n) == 1 ? 0 : -1;
}

static int digest_end(void *context, signal_buffer **out, void *user)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned n;

    (void)user;
    if (EVP_DigestFinal_ex(context, digest, &n) != 1)
        return -1;
    *out = signal_buffer_create(digest, n);
    return EVP_DigestInit_ex(context, EVP_sha512(), NULL) == 1 ? 0 : -1;
}

static void digest_free(void *context, void *user)
{
    (void)user;
    EVP_MD_CTX_free(context);
}

static int crypt_cbc(int encrypt, signal_buffer **out, const uint8_t *key, const uint8_t *iv,
                     const uint8_t *in, size_t in_n)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    uint8_t room[PIPE_ROOM];
    int n = 0, last = 0, ok = in_n <= sizeof room - EVP_MAX_BLOCK_LENGTH;

    ok = ok && EVP_CipherInit_ex(c, EVP_aes_256_cbc(), NULL, key, iv, encrypt) == 1
         && EVP_CipherUpdate(c, room, &n, in, (int)in_n) == 1
         && EVP_CipherFinal_ex(c, room + n, &last) == 1;
    EVP_CIPHER_CTX_free(c);
    if (!ok)
        return -1;
    *out = signal_buffer_create(room, (size_t)(n + last));
    return 0;
}

static int encrypt(signal_buffer **out, int cipher, const uint8_t *key, size_t key_n,
                   const uint8_t *iv, size_t iv_n, const uint8_t *in, size_t n, void *user)
{
    (void)cipher, (void)key_n, (void)iv_n, (void)user;
    return crypt_cbc(1, out, key, iv, in, n);
}

static int decrypt(signal_buffer **out, int cipher, const uint8_t *key, size_t key_n,
                   const uint8_t *iv, size_t iv_n, const uint8_t *in, size_t n, void *user)
{
    (void)cipher, (void)key_n, (void)iv_n, (void)user;
    return crypt_cbc(0, out, key, iv, in, n);
}

static const signal_crypto_provider primitives = {
    .random_func = give_random,
    .hmac_sha256_init_func = hmac_begin,
    .hmac_sha256_update_func = hmac_more,
    .hmac_sha256_final_func = hmac_end,
    .hmac_sha256_cleanup_func = hmac_free,
    .sha512_digest_init_func = digest_begin,
    .sha512_digest_update_func = digest_more,
    .sha512_digest_final_func = digest_end,
    .sha512_digest_cleanup_func = digest_free,
    .encrypt_func = encrypt,
    .decrypt_func = decrypt,
};

/* Stores. The numbers of remote devices are their places. */

static int session_load(signal_buffer **record, signal_buffer **user_record,
                        const signal_protocol_address *address, void *user)
{
    struct libomemo *d = user;

    (void)user_record;
    return record_get(&d->sessions[address->device_id], record, 0);
}

static int session_store(const signal_protocol_address *address, uint8_t *record, size_t n,
                         uint8_t *user_record, size_t user_n, void *user)
{
    struct libomemo *d = user;

    (void)user_record, (void)user_n;
    record_set(&d->sessions[address->device_id], record, n);
    return 0;
}

static int session_has(const signal_protocol_address *address, void *user)
{
    return ((struct libomemo *)user)->sessions[address->device_id].p != NULL;
}

static int session_list(signal_int_list **out, const char *name, size_t n, void *user)
{
    (void)name, (void)n, (void)user;
    *out = signal_int_list_alloc();
    return 0;
}

static int session_delete(const signal_protocol_address *address, void *user)
{
    (void)address, (void)user;
    return 0;
}

static int session_delete_all(const char *name, size_t n, void *user)
{
    (void)name, (void)n, (void)user;
    return 0;
}

static int prekey_load(signal_buffer **record, uint32_t id, void *user)
{
    struct libomemo *d = user;

    return id < RECORDS ? record_get(&d->prekeys[id], record, SG_ERR_INVALID_KEY_ID)
                        : SG_ERR_INVALID_KEY_ID;
}

static int prekey_store(uint32_t id, uint8_t *record, size_t n, void *user)
{
    record_set(&((struct libomemo *)user)->prekeys[id], record, n);
    return 0;
}

static int prekey_has(uint32_t id, void *user)
{
    return id < RECORDS && ((struct libomemo *)user)->prekeys[id].p != NULL;
}

static int prekey_remove(uint32_t id, void *user)
{
    struct libomemo *d = user;

    free(d->prekeys[id].p);
    d->prekeys[id] = (struct record){ NULL, 0 };
    return 0;
}

static int signed_load(signal_buffer **record, uint32_t id, void *user)
{
    (void)id;
    return record_get(&((struct libomemo *)user)->signed_record, record, SG_ERR_INVALID_KEY_ID);
}

static int signed_store(uint32_t id, uint8_t *record, size_t n, void *user)
{
    (void)id;
    record_set(&((struct libomemo *)user)->signed_record, record, n);
    return 0;
}

static int signed_has(uint32_t id, void *user)
{
    (void)id, (void)user;
    return 1;
}

static int signed_remove(uint32_t id, void *user)
{
    (void)id, (void)user;
    return 0;
}

static int identity_get(signal_buffer **public_data, signal_buffer **private_data, void *user)
{
    struct libomemo *d = user;

    MUST(ec_public_key_serialize(public_data, ratchet_identity_key_pair_get_public(d->identity)));
    MUST(
        ec_private_key_serialize(private_data, ratchet_identity_key_pair_get_private(d->identity)));
    return 0;
}

static int registration_get(void *user, uint32_t *out)
{
    (void)user;
    *out = 1;
    return 0;
}

static int identity_save(const signal_protocol_address *address, uint8_t *key, size_t n, void *user)
{
    (void)address, (void)key, (void)n, (void)user;
    return 0;
}

static int identity_trusted(const signal_protocol_address *address, uint8_t *key, size_t n,
                            void *user)
{
    (void)address, (void)key, (void)n, (void)user;
    return 1;
}

static void nothing(void *user)
{
    (void)user;
}

static void open_stores(struct libomemo *d)
{
    const signal_protocol_session_store sessions = {
        session_load,   session_list,       session_store, session_has,
        session_delete, session_delete_all, nothing,       d,
    };
    const signal_protocol_pre_key_store prekeys = { prekey_load,   prekey_store, prekey_has,
                                                    prekey_remove, nothing,      d };
    const signal_protocol_signed_pre_key_store signed_prekeys = {
        signed_load, signed_store, signed_has, signed_remove, nothing, d,
    };
    const signal_protocol_identity_key_store identities = {
        identity_get, registration_get, identity_save, identity_trusted, nothing, d,
    };

    MUST(signal_protocol_store_context_create(&d->store, d->context));
    MUST(signal_protocol_store_context_set_session_store(d->store, &sessions));
    MUST(signal_protocol_store_context_set_pre_key_store(d->store, &prekeys));
    MUST(signal_protocol_store_context_set_signed_pre_key_store(d->store, &signed_prekeys));
    MUST(signal_protocol_store_context_set_identity_key_store(d->store, &identities));
}

static void make_prekeys(struct libomemo *d)
{
    signal_protocol_key_helper_pre_key_list_node *head = NULL;

    MUST(signal_protocol_key_helper_generate_pre_keys(&head, 1, PREKEYS, d->context));
    for (signal_protocol_key_helper_pre_key_list_node *node = head; node != NULL;
         node = signal_protocol_key_helper_key_list_next(node))
        MUST(signal_protocol_pre_key_store_key(d->store,
                                               signal_protocol_key_helper_key_list_element(node)));
    signal_protocol_key_helper_key_list_free(head);
}

static void make_keys(struct libomemo *d)
{
    MUST(signal_protocol_key_helper_generate_identity_key_pair(&d->identity, d->context));
    MUST(signal_protocol_key_helper_generate_signed_pre_key(&d->signed_prekey, d->identity, 1, 0,
                                                            d->context));
    MUST(signal_protocol_signed_pre_key_store_key(d->store, d->signed_prekey));
    make_prekeys(d);
}

/* One thread: nothing to lock. */
static void lock(void *user)
{
    (void)user;
}

struct libomemo *libomemo_new(bool is_omemo_2)
{
    struct libomemo *d = calloc(1, sizeof *d);

    d->version = is_omemo_2 ? VERSION_2 : VERSION_03;
    MUST(signal_context_create(&d->context, d));
    MUST(signal_context_set_crypto_provider(d->context, &primitives));
    MUST(signal_context_set_locking_functions(d->context, lock, lock));
    open_stores(d);
    make_keys(d);
    return d;
}

void libomemo_free(struct libomemo *d)
{
    for (int i = 0; i < LIBOMEMO_REMOTES; i++) {
        if (d->ciphers[i] != NULL)
            session_cipher_free(d->ciphers[i]);
        free(d->sessions[i].p);
    }
    for (int i = 0; i < RECORDS; i++)
        free(d->prekeys[i].p);
    free(d->signed_record.p);
    SIGNAL_UNREF(d->signed_prekey);
    SIGNAL_UNREF(d->identity);
    signal_protocol_store_context_destroy(d->store);
    signal_context_destroy(d->context);
    free(d);
}

void libomemo_with(struct libomemo *d, int remote)
{
    d->with = remote;
}

static session_cipher *cipher_of(struct libomemo *d)
{
    int i = d->with;

    if (d->ciphers[i] == NULL) {
        d->addresses[i] = (signal_protocol_address){ "remote", 6, i };
        MUST(session_cipher_create(&d->ciphers[i], d->store, &d->addresses[i], d->context));
        session_cipher_set_version(d->ciphers[i], d->version);
    }
    return d->ciphers[i];
}

static void copy_key(signal_buffer *from, uint8_t out[PIPE_KEY])
{
    memcpy(out, signal_buffer_data(from), PIPE_KEY);
    signal_buffer_free(from);
}

static const char *give_bundle(void *self, struct pipe_bundle *out)
{
    struct libomemo *d = self;
    ec_public_key *identity = ratchet_identity_key_pair_get_public(d->identity);
    ec_key_pair *pair = session_signed_pre_key_get_key_pair(d->signed_prekey);
    session_pre_key *prekey;

    if (d->given > 0 && d->given % PREKEYS == 0)
        make_prekeys(d);
    out->signed_id = 1;
    out->prekey_id = 1 + d->given++ % PREKEYS;
    copy_key(d->version == VERSION_2 ? ec_public_key_get_ed(identity)
                                     : ec_public_key_get_mont(identity),
             out->identity);
    copy_key(ec_public_key_get_mont(ec_key_pair_get_public(pair)), out->signed_key);
    memcpy(out->signature,
           d->version == VERSION_2 ? session_signed_pre_key_get_signature_omemo(d->signed_prekey)
                                   : session_signed_pre_key_get_signature(d->signed_prekey),
           PIPE_SIGNATURE);
    if (signal_protocol_pre_key_load_key(d->store, &prekey, out->prekey_id) < 0)
        return "no prekeys are left";
    copy_key(ec_public_key_get_mont(ec_key_pair_get_public(session_pre_key_get_key_pair(prekey))),
             out->prekey);
    SIGNAL_UNREF(prekey);
    return NULL;
}

static ec_public_key *curve_key(struct libomemo *d, const uint8_t key[PIPE_KEY])
{
    ec_public_key *out = NULL;

    MUST(curve_decode_point_mont(&out, key, PIPE_KEY, d->context));
    return out;
}

static const char *start(void *self, const struct pipe_bundle *theirs)
{
    struct libomemo *d = self;
    ec_public_key *prekey = curve_key(d, theirs->prekey);
    ec_public_key *signed_key = curve_key(d, theirs->signed_key), *identity = NULL;
    session_pre_key_bundle *bundle;
    session_builder *builder;
    int result;

    if (d->version == VERSION_2)
        MUST(curve_decode_point_ed(&identity, theirs->identity, PIPE_KEY, d->context));
    else
        identity = curve_key(d, theirs->identity);
    cipher_of(d);
    MUST(session_pre_key_bundle_create(&bundle, 1, d->with, theirs->prekey_id, prekey,
                                       theirs->signed_id, signed_key, theirs->signature,
                                       PIPE_SIGNATURE, identity));
    MUST(session_builder_create(&builder, d->store, &d->addresses[d->with], d->context));
    session_builder_set_version(builder, d->version);
    result = session_builder_process_pre_key_bundle(builder, bundle);
    session_builder_free(builder);
    SIGNAL_UNREF(bundle);
    SIGNAL_UNREF(identity);
    SIGNAL_UNREF(signed_key);
    SIGNAL_UNREF(prekey);
    return result < 0 ? "the bundle was refused" : NULL;
}

static const char *send(void *self, struct bytes plain, bool *is_exchange, struct pipe_octets *out)
{
    struct libomemo *d = self;
    ciphertext_message *message;
    signal_buffer *octets;

    if (session_cipher_encrypt(cipher_of(d), plain.p, plain.n, &message) < 0)
        return "not encrypted";
    octets = ciphertext_message_get_serialized(message);
    *is_exchange = ciphertext_message_get_type(message) == CIPHERTEXT_PREKEY_TYPE;
    out->n = signal_buffer_len(octets);
    memcpy(out->p, signal_buffer_data(octets), out->n);
    SIGNAL_UNREF(message);
    return NULL;
}

static int receive_exchange(struct libomemo *d, struct bytes in, signal_buffer **plain)
{
    pre_key_signal_message *message;
    int result = d->version == VERSION_2
                     ? pre_key_signal_message_deserialize_omemo(&message, in.p, in.n, 1, d->context)
                     : pre_key_signal_message_deserialize(&message, in.p, in.n, d->context);

    if (result < 0)
        return result;
    result = session_cipher_decrypt_pre_key_signal_message(cipher_of(d), message, NULL, plain);
    SIGNAL_UNREF(message);
    return result;
}

static int receive_message(struct libomemo *d, struct bytes in, signal_buffer **plain)
{
    signal_message *message;
    int result = d->version == VERSION_2
                     ? signal_message_deserialize_omemo(&message, in.p, in.n, d->context)
                     : signal_message_deserialize(&message, in.p, in.n, d->context);

    if (result < 0)
        return result;
    result = session_cipher_decrypt_signal_message(cipher_of(d), message, NULL, plain);
    SIGNAL_UNREF(message);
    return result;
}

static const char *receive(void *self, bool is_exchange, struct bytes in, struct pipe_octets *out)
{
    signal_buffer *plain = NULL;
    int result =
        is_exchange ? receive_exchange(self, in, &plain) : receive_message(self, in, &plain);

    if (result == SG_ERR_DUPLICATE_MESSAGE)
        return "already exists";
    if (result < 0)
        return "not decrypted";
    out->n = signal_buffer_len(plain);
    memcpy(out->p, signal_buffer_data(plain), out->n);
    signal_buffer_free(plain);
    return NULL;
}

static const char *forget(void *self)
{
    struct libomemo *d = self;
    struct record *session = &d->sessions[d->with];

    free(session->p);
    *session = (struct record){ NULL, 0 };
    return NULL;
}

struct pipe_device libomemo_device(struct libomemo *d)
{
    return (struct pipe_device){ d, give_bundle, start, send, receive, forget };
}
