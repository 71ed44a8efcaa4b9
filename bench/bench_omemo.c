/* bench_omemo.c: lib/omemo and libomemo-c at the same work, in turn, on one core: best of several
 * rounds, so that what else the machine does counts little. Sessions of ours are loaded from and
 * stored to records in memory at each step, as libomemo-c does.
 *
 * bench_omemo [ROUNDS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test/interop/omemo/libomemo.h"
#include "test/interop/omemo/ours.h"

enum {
    MATERIAL_03 = 32,
    MATERIAL_2 = 48,
    BATCH = 1000,
    SKIPPED = 1000,
    FAN_OUT = 1000,
    EXCHANGES = 8
};

struct message {
    bool is_exchange;
    struct pipe_octets octets;
};

/* Two devices of either kind. */
struct pair {
    struct pipe_device a, b;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void must(const char *why)
{
    if (why == NULL)
        return;
    fprintf(stderr, "bench_omemo: %s\n", why);
    exit(1);
}

static void begin(const struct pair *p)
{
    struct pipe_bundle bundle;

    must(p->b.bundle(p->b.self, &bundle));
    must(p->a.start(p->a.self, &bundle));
}

static void write_of(const struct pipe_device *from, size_t n, struct message *out)
{
    static const uint8_t material[MATERIAL_2];

    must(from->send(from->self, bytes_of(material, n), &out->is_exchange, &out->octets));
}

static void read_by(const struct pipe_device *to, const struct message *m)
{
    struct pipe_octets plain;

    must(to->receive(to->self, m->is_exchange, bytes_of(m->octets.p, m->octets.n), &plain));
}

static void say(const struct pipe_device *from, const struct pipe_device *to, size_t n)
{
    struct message m;

    write_of(from, n, &m);
    read_by(to, &m);
}

struct figures {
    double encrypt, decrypt, decrypt_skipped, turn, exchange; /* ns each */
};

static void least(double *best, uint64_t begun, uint64_t count)
{
    double each = (double)(now_ns() - begun) / (double)count;

    if (*best == 0 || each < *best)
        *best = each;
}

static void measure_chain(const struct pair *p, size_t n, double *encrypt, double *decrypt)
{
    static struct message m[BATCH];
    uint64_t begun = now_ns();

    for (int i = 0; i < BATCH; i++)
        write_of(&p->a, n, &m[i]);
    least(encrypt, begun, BATCH);
    begun = now_ns();
    for (int i = 0; i < BATCH; i++)
        read_by(&p->b, &m[i]);
    least(decrypt, begun, BATCH);
}

static void measure_turns(const struct pair *p, size_t n, double *best)
{
    uint64_t begun = now_ns();

    for (int i = 0; i < BATCH / 10; i++) {
        say(&p->a, &p->b, n);
        say(&p->b, &p->a, n);
    }
    least(best, begun, BATCH / 5);
}

/* Both ends of a beginning: bundle to first message, and that message read. */
static void measure_exchange(const struct pair *p, size_t n, double *best)
{
    uint64_t begun = now_ns();

    for (int i = 0; i < EXCHANGES; i++) {
        must(p->a.forget(p->a.self)); /* or the archive of sessions would be measured */
        must(p->b.forget(p->b.self));
        begin(p);
        say(&p->a, &p->b, n);
    }
    least(best, begun, EXCHANGES);
}

static void measure_skipped(const struct pair *p, size_t n, double *best)
{
    struct message m;
    double unused = 0;

    say(&p->b, &p->a, n); /* a new chain */
    say(&p->a, &p->b, n);
    for (int i = 0; i < SKIPPED; i++)
        write_of(&p->a, n, &m);
    measure_chain(p, n, &unused, best);
}

static void measure(const struct pair *p, size_t n, int rounds, struct figures *f)
{
    begin(p);
    say(&p->a, &p->b, n);
    say(&p->b, &p->a, n);
    say(&p->a, &p->b, n);
    for (int i = 0; i < rounds; i++) {
        measure_chain(p, n, &f->encrypt, &f->decrypt);
        measure_turns(p, n, &f->turn);
    }
    measure_skipped(p, n, &f->decrypt_skipped);
    for (int i = 0; i < rounds; i++)
        measure_exchange(p, n, &f->exchange);
}

/* One message to a thousand devices, of all of which a session is known. */
static double fan_out_ours(struct ours *a, size_t n)
{
    static uint8_t records[FAN_OUT][REMOTE_RECORD_MAX];
    static const uint8_t material[MATERIAL_2];
    size_t sizes[FAN_OUT];
    uint64_t begun;

    for (int i = 0; i < FAN_OUT; i++) {
        sizes[i] = a->actor.contacts[0].record_n;
        memcpy(records[i], a->actor.contacts[0].record, sizes[i]);
    }
    begun = now_ns();
    for (int i = 0; i < FAN_OUT; i++) {
        struct codec_out out;
        struct remote r;

        if (remote_read(bytes_of(records[i], sizes[i]), &r) != ERR_NONE
            || remote_encrypt(&r, 0, &a->actor.self, bytes_of(material, n), &out) != ERR_NONE)
            must("fan-out");
        sizes[i] = remote_write(&r, records[i]);
    }
    return (double)(now_ns() - begun);
}

static double fan_out_theirs(struct libomemo *a, struct libomemo *b, size_t n)
{
    const struct pair p = { libomemo_device(a), libomemo_device(b) };
    struct message m;
    uint64_t begun;
    double total = 0;

    libomemo_with(b, 0);
    for (int i = 1; i <= FAN_OUT;
         i++) { /* b stands for all: it forgets, so that its answers are of a first session */
        libomemo_with(a, i);
        must(p.b.forget(p.b.self));
        begin(&p);
        say(&p.a, &p.b, n);
        say(&p.b, &p.a, n);
    }
    begun = now_ns();
    for (int i = 1; i <= FAN_OUT; i++) {
        libomemo_with(a, i);
        write_of(&p.a, n, &m);
    }
    total = (double)(now_ns() - begun);
    return total;
}

static void print(const char *what, double ours, double theirs)
{
    printf("%-34s %10.2f %12.2f %8.2f\n", what, ours / 1000, theirs / 1000, theirs / ours);
}

static void compare(enum omemo version, size_t n, int rounds)
{
    struct ours *a = ours_new(version, 1), *b = ours_new(version, 2);
    struct libomemo *c = libomemo_new(version == OMEMO_2), *d = libomemo_new(version == OMEMO_2);
    struct pair ours = { ours_device(a), ours_device(b) };
    struct pair theirs = { libomemo_device(c), libomemo_device(d) };
    struct figures f = { 0 }, g = { 0 };
    double fan_out;

    measure(&ours, n, rounds, &f);
    measure(&theirs, n, rounds, &g);
    say(&ours.b, &ours.a, n);
    fan_out = fan_out_ours(a, n);
    printf("OMEMO %s, microseconds             ours   libomemo-c    ratio\n",
           version == OMEMO_2 ? "2  " : "0.3");
    print("encrypt", f.encrypt, g.encrypt);
    print("decrypt", f.decrypt, g.decrypt);
    print("decrypt with 1,000 keys kept", f.decrypt_skipped, g.decrypt_skipped);
    print("message that turns the ratchet", f.turn, g.turn);
    print("beginning, both ends", f.exchange, g.exchange);
    print("one message to 1,000 devices", fan_out, fan_out_theirs(c, d, n));
    ours_free(a);
    ours_free(b);
    libomemo_free(c);
    libomemo_free(d);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 5;

    compare(OMEMO_03, MATERIAL_03, rounds);
    compare(OMEMO_2, MATERIAL_2, rounds);
    return 0;
}
