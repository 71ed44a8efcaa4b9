/* sasl_exchange.c: client and server of lib/xmpp talking to each other. */
#include "sasl_exchange.h"

#include <string.h>

uint64_t seeded_u64(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void seeded_fill(void *ctx, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)seeded_u64(ctx);
}

void exchange_init(struct exchange *x, enum hash h, enum channel_binding b, uint64_t seed)
{
    static const uint8_t exporter[32] = "octets of the exporter";
    static const uint8_t end_point[48] = "digest of the certificate";

    memset(x, 0, sizeof *x);
    x->seed = seed;
    x->random = (struct random){ seeded_fill, &x->seed };
    x->bound.exporter = bytes_of(exporter, sizeof exporter);
    x->bound.server_end_point = bytes_of(end_point, sizeof end_point);
    scram_client_init(&x->client, h, b, false);
    scram_server_init(&x->server, h, b != BINDING_NONE, true);
    scram_derive_fresh(h, STR("pencil"), EXCHANGE_ITERATIONS, &x->random, &x->keys);
}

void exchange_deinit(struct exchange *x)
{
    arena_deinit(&x->arena);
}

enum err exchange_to_challenge(struct exchange *x, struct str username)
{
    enum err e;

    x->client_first = scram_client_first(&x->client, &x->arena, username, &x->random);
    if ((e = scram_server_first(&x->server, &x->arena, x->client_first)) != ERR_NONE)
        return e;
    x->server_first = scram_server_challenge(&x->server, &x->arena, &x->keys, 1, &x->random);
    return ERR_NONE;
}

enum err exchange_to_proof(struct exchange *x, struct str username, struct str password)
{
    enum err e = exchange_to_challenge(x, username);

    if (e != ERR_NONE)
        return e;
    return scram_client_final(&x->client, &x->arena, x->server_first, password, &x->bound,
                              &x->client_final);
}

enum err exchange_to_end(struct exchange *x, struct str username, struct str password)
{
    enum err e;

    if ((e = exchange_to_proof(x, username, password)) != ERR_NONE
        || (e = scram_server_final(&x->server, &x->arena, x->client_final, &x->bound,
                                   &x->server_final))
               != ERR_NONE)
        return e;
    return scram_client_verify(&x->client, &x->arena, x->server_final);
}
