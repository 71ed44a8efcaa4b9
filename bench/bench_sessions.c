/* bench_sessions.c: what lib/omemo costs a device, native and, by tools/build-wasm, under node: a session
 * begun from a bundle (X3DH) at either end, and a message sealed and opened in one. Every step loads
 * the session from its record and stores it, as the engine does. One JSON object on standard output.
 *
 * usage: bench_sessions [rounds (10)]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "test/unit/omemo/actor.h"

#ifdef CLOCK_PROCESS_CPUTIME_ID
#define CLOCK CLOCK_PROCESS_CPUTIME_ID
#else
#define CLOCK CLOCK_MONOTONIC /* wasi has no other */
#endif

enum { MATERIAL_03 = 32, MATERIAL_2 = 48, BEGINNINGS = 20, MESSAGES = 500, ALICE = 0, BOB = 1 };

struct stage {
    enum omemo version;
    struct bytes material; /* what a message's key and tag are, sealed for each device */
    struct actor alice, bob;
    struct codec_out letters[MESSAGES];
    double start_s, accept_s, seal_s, open_s; /* the best of all rounds, each */
};

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(enum err e)
{
    if (e == ERR_NONE)
        return;
    fprintf(stderr, "bench_sessions: a step failed\n");
    exit(1);
}

static void least(double *best, double begun_s, int count)
{
    double each = (now_s() - begun_s) / count;

    if (*best == 0 || each < *best)
        *best = each;
}

static void forget(const struct stage *s, struct actor *a, int contact)
{
    struct remote unknown;

    remote_init(&unknown, s->version);
    actor_store(a, contact, &unknown);
}

static void receive(struct actor *to, int from, const struct codec_out *letter)
{
    static struct remote_received got;

    must(actor_receive(to, from, letter->is_exchange, bytes_of(letter->octets, letter->n), &got));
}

/* Of each beginning Alice has verified a bundle and sealed a message, Bob has answered for a prekey. */
static void begin_sessions(struct stage *s)
{
    double start_s = 0, accept_s = 0, begun_s;
    struct bundle b;

    for (int i = 0; i < BEGINNINGS; i++) {
        forget(s, &s->alice, BOB);
        forget(s, &s->bob, ALICE);
        actor_bundle(&s->bob, s->version, &b);
        begun_s = now_s();
        must(actor_start(&s->alice, BOB, &b));
        must(actor_send(&s->alice, BOB, 0, s->material, &s->letters[0]));
        start_s += now_s() - begun_s;
        begun_s = now_s();
        receive(&s->bob, ALICE, &s->letters[0]);
        accept_s += now_s() - begun_s;
    }
    least(&s->start_s, now_s() - start_s, BEGINNINGS);
    least(&s->accept_s, now_s() - accept_s, BEGINNINGS);
}

/* Bob has answered, so that messages carry no beginning. */
static void write_letters(struct stage *s)
{
    double begun_s;

    must(actor_send(&s->bob, ALICE, 0, s->material, &s->letters[0]));
    receive(&s->alice, BOB, &s->letters[0]);
    must(actor_send(&s->alice, BOB, 0, s->material, &s->letters[0]));
    receive(&s->bob, ALICE, &s->letters[0]);
    begun_s = now_s();
    for (int i = 0; i < MESSAGES; i++)
        must(actor_send(&s->alice, BOB, 0, s->material, &s->letters[i]));
    least(&s->seal_s, begun_s, MESSAGES);
    begun_s = now_s();
    for (int i = 0; i < MESSAGES; i++)
        receive(&s->bob, ALICE, &s->letters[i]);
    least(&s->open_s, begun_s, MESSAGES);
}

static void print(const char *what, double each_s, const char *end)
{
    printf("    \"%s\": { \"us\": %.1f, \"per_second\": %.0f }%s\n", what, each_s * 1e6, 1 / each_s,
           end);
}

static void measure(enum omemo version, size_t material, int rounds)
{
    static const uint8_t octets[MATERIAL_2];
    struct stage *s = mem_alloc(sizeof *s);

    s->version = version;
    s->material = bytes_of(octets, material);
    actor_init(&s->alice, version, 1);
    actor_init(&s->bob, version, 2);
    for (int i = 0; i < rounds; i++) {
        begin_sessions(s);
        write_letters(s);
    }
    printf("  \"OMEMO %s\": {\n", version == OMEMO_2 ? "2" : "0.3");
    print("begin", s->start_s, ",");
    print("accept", s->accept_s, ",");
    print("seal", s->seal_s, ",");
    print("open", s->open_s, "");
    printf("  }%s\n", version == OMEMO_2 ? "" : ",");
    actor_deinit(&s->alice);
    actor_deinit(&s->bob);
    mem_free(s);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 10;

    if (rounds <= 0) {
        fprintf(stderr, "usage: bench_sessions [rounds]\n");
        return 2;
    }
    printf("{\n");
    measure(OMEMO_03, MATERIAL_03, rounds);
    measure(OMEMO_2, MATERIAL_2, rounds);
    printf("}\n");
    return 0;
}
