/* fuzz_omemo_decrypt.c: whatever a device is sent, it reads nothing but what was written, and what
 * it does not read changes nothing.
 *
 * The first octet chooses the version, one of the genuine messages under way, and whether the rest
 * replaces it or is laid over it.
 */
#include <stdlib.h>
#include <string.h>

#include "actor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MATERIAL = 48, MESSAGES = 4 };

struct talk {
    struct actor a, b;
    struct codec_out under_way[MESSAGES];
    uint8_t plain[MATERIAL];
};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static struct codec_out write_of(struct talk *t, struct actor *from)
{
    struct codec_out out;

    check(actor_send(from, 0, 0, bytes_of(t->plain, MATERIAL), &out) == ERR_NONE);
    return out;
}

static void deliver(struct actor *to, const struct codec_out *m)
{
    struct remote_received got;

    check(actor_receive(to, 0, m->is_exchange, bytes_of(m->octets, m->n), &got) == ERR_NONE);
}

/* Two sessions of a with b; under way are: one of an old chain, a jump, one of a new chain, a new
 * session. */
static void talk_init(struct talk *t, enum omemo version)
{
    struct bundle bundle;
    struct codec_out m;

    memset(t, 0, sizeof *t);
    memset(t->plain, 0x5a, MATERIAL);
    actor_init(&t->a, version, 1);
    actor_init(&t->b, version, 2);
    actor_bundle(&t->b, version, &bundle);
    check(actor_start(&t->a, 0, &bundle) == ERR_NONE);
    m = write_of(t, &t->a);
    deliver(&t->b, &m);
    t->under_way[0] = write_of(t, &t->a);
    m = write_of(t, &t->b);
    deliver(&t->a, &m);
    m = write_of(t, &t->a);
    deliver(&t->b, &m);
    write_of(t, &t->a);
    t->under_way[1] = write_of(t, &t->a);
    m = write_of(t, &t->b);
    deliver(&t->a, &m);
    t->under_way[2] = write_of(t, &t->a);
    check(actor_start(&t->a, 0, &bundle) == ERR_NONE);
    t->under_way[3] = write_of(t, &t->a);
}

static void lay_over(struct codec_out *m, const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n && i < m->n; i++)
        m->octets[i] ^= data[i];
}

static void receive(struct talk *t, bool is_exchange, struct bytes octets)
{
    static uint8_t before[sizeof t->b.contacts];
    struct remote_received got;
    enum err e;

    memcpy(before, t->b.contacts, sizeof before);
    e = actor_try(&t->b, 0, is_exchange, octets, &got);
    check(memcmp(before, t->b.contacts, sizeof before) == 0);
    if (e != ERR_NONE)
        return;
    check(got.message.plain_n == MATERIAL && memcmp(got.message.plain, t->plain, MATERIAL) == 0);
    check(got.remote.count <= REMOTE_SESSIONS && got.session < got.remote.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct talk talks[OMEMO_VERSIONS];
    static bool are_begun;
    struct codec_out m;
    struct talk *t;

    if (!are_begun) {
        talk_init(&talks[OMEMO_03], OMEMO_03);
        talk_init(&talks[OMEMO_2], OMEMO_2);
        are_begun = true;
    }
    if (n == 0)
        return 0;
    t = &talks[data[0] & 1];
    m = t->under_way[data[0] >> 1 & 3];
    if (data[0] & 8) {
        lay_over(&m, data + 1, n - 1);
        receive(t, m.is_exchange, bytes_of(m.octets, m.n));
    } else {
        receive(t, data[0] & 16, bytes_of(data + 1, n - 1));
    }
    return 0;
}
