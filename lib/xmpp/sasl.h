/* sasl.h: SCRAM (RFC 5802, RFC 7677; SHA-512 alike) with and without channel binding, PLAIN
 * (RFC 4616) and tokens (SASL-HT); server and client side as small state machines without I/O.
 *
 * The server side stops after the first message, because the keys come from the store: ask for
 * them, then go on. An unknown user goes on with keys of scram_decoy(): same answers, same work. An
 * error ends the exchange; its struct is then good for nothing but another _init.
 * Owns: nothing on the heap; texts live in the arena given to each call.  Threads: pure.
 * Errors: ERR_MALFORMED; ERR_TOO_BIG (message or iterations over the cap); ERR_UNSUPPORTED
 * (mandatory extension, unknown channel binding, too few iterations); ERR_DENIED (wrong proof,
 * nonce or binding).
 */
#ifndef SOTTO_XMPP_SASL_H
#define SOTTO_XMPP_SASL_H

#include "base/random.h"
#include "crypto/hash.h"

enum {
    SASL_PASSWORD_MAX = 1024, /* octets; RFC 4616 §2 asks for 255 at least */
    SCRAM_SALT_OCTETS = 16,   /* of the keys that we make, true and decoy */
    SCRAM_SALT_MAX = 64,      /* of keys made elsewhere and imported */
    SCRAM_NONCE_OCTETS = 18,
    SCRAM_MESSAGE_MAX = 2048,
    SCRAM_ITERATIONS_MIN = 4096,     /* RFC 5802 §5.1: below, a client does not answer */
    SCRAM_ITERATIONS_MAX = 10000000, /* above, a server could keep a client busy for long */
};

struct scram_keys {
    enum hash hash;
    uint32_t iterations;
    uint8_t salt[SCRAM_SALT_MAX];
    size_t salt_n;
    uint8_t stored_key[HASH_SIZE_MAX], server_key[HASH_SIZE_MAX];
};

/* From a prepared password. Costs `iterations` HMACs: never on a loop. */
void scram_derive(enum hash h, struct str password, struct bytes salt, uint32_t iterations,
                  struct scram_keys *out);
/* The same with a salt drawn for these keys alone. Keys of new passwords are made by this: decoys
 * look like them (length of the salt, another salt for each hash). */
void scram_derive_fresh(enum hash h, struct str password, uint32_t iterations,
                        const struct random *random, struct scram_keys *out);
/* Keys for an account that does not exist: stable per (secret, name, hash), never matching any
 * password. `name` is prepared as for a lookup. Costs three HMACs: make it before the lookup,
 * needed or not. */
void scram_decoy(enum hash h, struct bytes secret, struct str name, uint32_t iterations,
                 struct scram_keys *out);
/* PRECIS OpaqueString (RFC 8265 §4.2). ASCII is not copied: `out` is then a view of `in`.
 * ERR_MALFORMED: empty, or with characters that no password may have. ERR_TOO_BIG. */
CHECKED enum err sasl_prepare_password(struct arena *a, struct str in, struct str *out);

enum channel_binding { BINDING_NONE, BINDING_TLS_EXPORTER, BINDING_TLS_SERVER_END_POINT };
const char *channel_binding_name(enum channel_binding b); /* "tls-exporter", … */

/* What the TLS layer knows of the connection; n == 0 where a kind is not available. */
struct binding_data {
    struct bytes exporter, server_end_point;
};

struct scram_server {
    enum hash hash;
    bool plus; /* the -PLUS form of the mechanism was chosen */
    enum channel_binding binding;
    bool plus_offered;   /* then gs2 flag "y" is a downgrade: RFC 5802 §6 */
    struct str username; /* decoded, not prepared */
    struct str authzid;  /* empty unless given */
    struct str gs2_header, client_first_bare, server_first, nonce;
    struct str extra;              /* for the server-first message: XEP-0474's h=…; or empty */
    const struct scram_keys *keys; /* borrowed from the challenge to the end */
    size_t key_count;
    size_t fitted; /* after the end: which of the keys the client has */
};

void scram_server_init(struct scram_server *s, enum hash h, bool plus, bool plus_offered);
CHECKED enum err scram_server_first(struct scram_server *s, struct arena *a,
                                    struct str client_first);
/* The client names a user, not a password. So all passwords of a user have the salt and the iterations of the first,
 * which the challenge tells, and the proof may fit any of the keys; one that fits none is tried with all of them. */
struct str scram_server_challenge(struct scram_server *s, struct arena *a,
                                  const struct scram_keys *keys, size_t key_count,
                                  const struct random *random);
/* Once per challenge. `bound` may be NULL without -PLUS. */
CHECKED enum err scram_server_final(struct scram_server *s, struct arena *a,
                                    struct str client_final, const struct binding_data *bound,
                                    struct str *out_server_final);

struct scram_client {
    enum hash hash;
    enum channel_binding binding;
    bool server_lacks_plus; /* gs2 flag "y": we could, the server did not offer */
    struct str username, nonce, client_first_bare, gs2_header;
    bool proof_sent; /* server_signature is set */
    uint8_t server_signature[HASH_SIZE_MAX];
};

void scram_client_init(struct scram_client *c, enum hash h, enum channel_binding binding,
                       bool server_lacks_plus);
struct str scram_client_first(struct scram_client *c, struct arena *a, struct str username,
                              const struct random *random);
/* The password is prepared. Costs the server's number of iterations: never on a loop. */
CHECKED enum err scram_client_final(struct scram_client *c, struct arena *a,
                                    struct str server_first, struct str password,
                                    const struct binding_data *bound, struct str *out);
/* Only after ERR_NONE has the server shown that it knows the password's keys. */
CHECKED enum err scram_client_verify(struct scram_client *c, struct arena *a,
                                     struct str server_final);

/* What a server offers, for SCRAM's attribute "h": a client finds out that somebody on the way has
 * taken something away (XEP-0474). Sorts the lists. Without bindings the server offered none. */
struct sasl_offer {
    struct str *mechanisms, *bindings; /* names */
    size_t mechanism_count, binding_count;
};
struct str sasl_downgrade_hash(struct arena *a, enum hash h, struct sasl_offer *offer); /* base64 */

/* HT-SHA-256-*: the client's only message is authcid NUL proof, the server's is its proof. */
enum { HT_PROOF_OCTETS = 32 };
enum ht_side { HT_INITIATOR, HT_RESPONDER };

void sasl_ht_proof(struct str token, enum ht_side side, struct bytes binding,
                   uint8_t out[HT_PROOF_OCTETS]); /* compare it with ct_equal() */
struct str sasl_ht_first(struct arena *a, struct str user, struct str token, struct bytes binding);
CHECKED enum err sasl_ht_read(struct str message, struct str *out_user, struct bytes *out_proof);

/* Views of `message`; the authzid may be empty. Whether it may differ is for the caller. */
CHECKED enum err sasl_plain_read(struct str message, struct str *out_authzid, struct str *out_user,
                                 struct str *out_password);

#endif
