/* turning.h: a client of TURN that is not there: what it says, octet by octet, and what it is answered. */
#ifndef SOTTO_TEST_UNIT_SERVER_TURNING_H
#define SOTTO_TEST_UNIT_SERVER_TURNING_H

#include "test/unit/check.h"

#include <string.h>

#include "server/turn.h"
#include "server/turn_credential.h"

enum { OWNER = 0x1234, EXPIRES_S = 2000000 };

static const uint8_t secret[32] = { 1, 2, 3 };

struct turning {
    struct arena arena;
    uint32_t seed;
    struct stun_address places[3];
    struct turn_rules rules;
    struct turn turn;
    struct turn_now now;
    struct buf out;
    struct turn_credential credential;
    char nonce[TURN_NONCE];
    bool challenged;
    uint8_t transactions;
    unsigned grants;
    bool refuses;
    size_t packets, packet_octets;
    uint8_t last[RTP_MAX];
    enum turn_step step;
};

static inline void count_up(void *ctx, uint8_t *out, size_t n)
{
    uint32_t *x = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)((*x = *x * 1664525 + 1013904223) >> 24);
}

static inline struct turning *turning_new(void)
{
    struct turning *t = mem_alloc(sizeof *t);
    struct stun_address client = { .ip = { 203, 0, 113, 9 }, .port = 5555 };

    t->places[0] = (struct stun_address){ .ip = { 192, 0, 2, 1 }, .port = 3478 };
    t->places[1] = (struct stun_address){ true, { 0x20, 1, 0x0d, 0xb8, [15] = 1 }, 3478 };
    t->places[2] = (struct stun_address){ .ip = { 127, 0, 0, 1 }, .port = 3478 };
    t->rules = (struct turn_rules){ .realm = STR("sotto.test"),
                                    .secret = bytes_of(secret, sizeof secret),
                                    .peers = t->places,
                                    .peer_count = 2,
                                    .random = { count_up, &t->seed } };
    t->now = (struct turn_now){ 1000, 1000000 };
    turn_init(&t->turn, &t->rules, &client);
    buf_init(&t->out, 256 * 1024);
    t->credential = turn_credential_new(&t->arena, t->rules.secret, OWNER, EXPIRES_S, STR("salt"));
    return t;
}

static inline void turning_free(struct turning *t)
{
    turn_deinit(&t->turn);
    buf_deinit(&t->out);
    arena_deinit(&t->arena);
    mem_free(t);
}

/* All of it, in pieces of this size. */
static inline void give(struct turning *t, struct bytes all, size_t piece)
{
    while (all.n > 0 && t->step != TURN_BROKEN) {
        struct bytes in = bytes_of(all.p, piece < all.n ? piece : all.n), packet;

        all = bytes_of(all.p + in.n, all.n - in.n);
        while ((t->step = turn_next(&t->turn, &in, t->now, &t->out, &packet)) == TURN_ASKS
               || t->step == TURN_PACKET) {
            if (t->step == TURN_ASKS) {
                t->grants++;
                turn_grant(&t->turn, !t->refuses, t->now, &t->out);
                continue;
            }
            t->packets++;
            t->packet_octets += packet.n;
            memcpy(t->last, packet.p, packet.n);
        }
    }
}

/* A request without its end, and what the last challenge and the credential make of it. */
static inline struct turn_answer ask(struct turning *t, struct buf *b, unsigned method)
{
    uint8_t transaction[STUN_TRANSACTION] = { 7, ++t->transactions };

    buf_init(b, 4096);
    return turn_begin(b, method, STUN_REQUEST, bytes_of(transaction, sizeof transaction));
}

static inline void sign(struct turning *t, struct turn_answer *a, struct str name, struct str realm)
{
    uint8_t key[TURN_KEY];

    turn_put(a, TURN_USERNAME, bytes_of_str(name));
    turn_put(a, TURN_REALM, bytes_of_str(realm));
    turn_put(a, TURN_NONCE_OF_REALM, bytes_of(t->nonce, TURN_NONCE));
    turn_key(t->rules.secret, realm, name, key);
    turn_end(a, key);
}

/* The next answer; its error, or 0 of a success. */
static inline unsigned answer_of(struct turning *t, struct turn_message *out)
{
    size_t n;
    const uint8_t *p = (const uint8_t *)t->out.p;
    unsigned error = 0;

    assert_true(t->out.n >= STUN_HEADER);
    check_err("length", turn_length(buf_bytes(&t->out), &n), ERR_NONE);
    assert_true(n > 0 && n <= t->out.n);
    check_err("answer", turn_read(bytes_of(arena_bytes(&t->arena, bytes_of(p, n)).p, n), out),
              ERR_NONE);
    for (size_t at = STUN_HEADER; at + 8 <= n;) {
        unsigned type = (unsigned)p[at] << 8 | p[at + 1],
                 length = (unsigned)p[at + 2] << 8 | p[at + 3];

        if (type == TURN_ERROR)
            error = (unsigned)p[at + 6] * 100 + p[at + 7];
        at += 4 + ((length + 3) & ~3u);
    }
    if (out->nonce.n == TURN_NONCE)
        memcpy(t->nonce, out->nonce.p, TURN_NONCE);
    buf_consume(&t->out, n);
    return error;
}

static inline unsigned finish(struct turning *t, struct turn_answer *a, struct buf *b)
{
    struct turn_message m;

    sign(t, a, t->credential.name, t->rules.realm);
    give(t, buf_bytes(b), SIZE_MAX);
    buf_deinit(b);
    return answer_of(t, &m);
}

static inline unsigned allocate(struct turning *t)
{
    struct buf b;
    struct turn_answer a = ask(t, &b, TURN_ALLOCATE);
    struct turn_message m;

    turn_put_u32(&a, TURN_TRANSPORT, 17u << 24);
    if (!t->challenged) {
        turn_end(&a, NULL);
        give(t, buf_bytes(&b), SIZE_MAX);
        buf_deinit(&b);
        assert_int_equal(answer_of(t, &m), 401);
        t->challenged = true;
        a = ask(t, &b, TURN_ALLOCATE);
        turn_put_u32(&a, TURN_TRANSPORT, 17u << 24);
    }
    return finish(t, &a, &b);
}

static inline unsigned permit(struct turning *t, const struct stun_address *peer)
{
    struct buf b;
    struct turn_answer a = ask(t, &b, TURN_CREATE_PERMISSION);

    turn_put_address(&a, TURN_PEER, peer);
    return finish(t, &a, &b);
}

static inline unsigned bind_to(struct turning *t, unsigned channel, const struct stun_address *peer)
{
    struct buf b;
    struct turn_answer a = ask(t, &b, TURN_CHANNEL_BIND);

    turn_put_u32(&a, TURN_CHANNEL_NUMBER, channel << 16);
    turn_put_address(&a, TURN_PEER, peer);
    return finish(t, &a, &b);
}

static inline void send_to(struct turning *t, const struct stun_address *peer, struct str data)
{
    uint8_t transaction[STUN_TRANSACTION] = { 9 };
    struct buf b;
    struct turn_answer a;

    buf_init(&b, 4096);
    a = turn_begin(&b, TURN_SEND, STUN_INDICATION, bytes_of(transaction, sizeof transaction));
    turn_put_address(&a, TURN_PEER, peer);
    turn_put(&a, TURN_DATA_OF_PEER, bytes_of_str(data));
    turn_end(&a, NULL);
    give(t, buf_bytes(&b), SIZE_MAX);
    buf_deinit(&b);
}

static inline void send_by(struct turning *t, unsigned channel, struct str data)
{
    struct buf b;

    buf_init(&b, 4096);
    turn_write_channel(&b, channel, bytes_of_str(data));
    give(t, buf_bytes(&b), SIZE_MAX);
    buf_deinit(&b);
}

#endif
