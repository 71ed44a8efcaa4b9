/* scram_grammar.h: what both sides of SCRAM share: the grammar of RFC 5802 §7, the input of the
 * channel binding (§6), and the keys that a password yields (§3). Internal to the scram_*.c files.
 *
 * Owns: nothing.  Threads: pure.  Errors: as in sasl.h.
 */
#ifndef SOTTO_XMPP_SCRAM_GRAMMAR_H
#define SOTTO_XMPP_SCRAM_GRAMMAR_H

#include "xmpp/sasl.h"

/* A whole message: short enough, UTF-8, no NUL. The readers below rely on it. */
CHECKED enum err scram_check_message(struct str message);

/* Takes `letter=value` off the front of *rest; rest->p is NULL after the last attribute.
 * A mandatory extension (m=) in its place is ERR_UNSUPPORTED: §5.1. */
CHECKED enum err scram_read_attr(struct str *rest, char letter, struct str *out);
CHECKED enum err scram_read_nonce(struct str *rest, struct str *out);
CHECKED enum err scram_read_base64(struct arena *a, struct str *rest, char letter,
                                   struct bytes *out);
/* All that is left has to be optional extensions, which we ignore. */
CHECKED enum err scram_read_extensions(struct str rest);

/* saslname: "," is "=2C" and "=" is "=3D". */
CHECKED enum err scram_read_name(struct arena *a, struct str in, struct str *out);
struct str scram_name_text(struct arena *a, struct str name);

/* A message out of its parts. (printf would end a part at a NUL.) */
struct str scram_join(struct arena *a, const struct str *parts, size_t count);
#define SCRAM_JOIN(arena, ...)                                                                     \
    scram_join((arena), (const struct str[]){ __VA_ARGS__ },                                       \
               sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str))

struct str scram_nonce(struct arena *a, const struct random *random);

/* gs2-header ‖ cbind-data; ERR_UNSUPPORTED if the connection has no data of this kind. */
CHECKED enum err scram_binding_input(struct arena *a, enum channel_binding b, struct str gs2_header,
                                     const struct binding_data *bound, struct bytes *out);

/* AuthMessage, §3 */
struct bytes scram_auth_message(struct arena *a, struct str client_first_bare,
                                struct str server_first, struct str client_final_without_proof);

struct scram_secrets {
    uint8_t client_key[HASH_SIZE_MAX], stored_key[HASH_SIZE_MAX], server_key[HASH_SIZE_MAX];
};
void scram_secrets_derive(enum hash h, struct str password, struct bytes salt, uint32_t iterations,
                          struct scram_secrets *out); /* to be zeroed by the caller */

#endif
