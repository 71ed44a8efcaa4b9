/* sasl_exchange.h: one SCRAM conversation of our client with our server, with fixed randomness, up
 * to where a test wants to interfere.
 *
 * Owns: the arena, until exchange_deinit().  Threads: one at a time.
 */
#ifndef SOTTO_TEST_SASL_EXCHANGE_H
#define SOTTO_TEST_SASL_EXCHANGE_H

#include "xmpp/sasl.h"

enum { EXCHANGE_ITERATIONS = SCRAM_ITERATIONS_MIN };

struct exchange {
    struct arena arena;
    uint64_t seed;
    struct random random; /* draws from `seed` */
    struct scram_client client;
    struct scram_server server;
    struct scram_keys keys;
    struct binding_data bound; /* of both sides; a test may change it between the steps */
    struct str client_first, server_first, client_final, server_final;
};

/* splitmix64 over *seed */
uint64_t seeded_u64(uint64_t *seed);

/* Keys for "pencil"; both sides at their beginning. */
void exchange_init(struct exchange *x, enum hash h, enum channel_binding b, uint64_t seed);
void exchange_deinit(struct exchange *x);

/* The first step that fails ends it; the messages so far are kept. */
CHECKED enum err exchange_to_challenge(struct exchange *x, struct str username);
CHECKED enum err exchange_to_proof(struct exchange *x, struct str username, struct str password);
CHECKED enum err exchange_to_end(struct exchange *x, struct str username, struct str password);

#endif
