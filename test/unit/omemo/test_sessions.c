/* test_sessions.c: limits of sessions, which session is current, answers and heartbeats, records. */
#include "../check.h"

#include <string.h>

#include "actor.h"

enum { MATERIAL = 32 };

struct pair {
    struct actor a, b;
};

static void pair_init(struct pair *p, enum omemo version)
{
    struct bundle bundle;

    actor_init(&p->a, version, 1);
    actor_init(&p->b, version, 2);
    actor_bundle(&p->b, version, &bundle);
    assert_int_equal(actor_start(&p->a, 0, &bundle), ERR_NONE);
}

static void pair_deinit(struct pair *p)
{
    actor_deinit(&p->a);
    actor_deinit(&p->b);
}

static struct codec_out write_of(struct actor *from)
{
    static const uint8_t material[MATERIAL];
    struct codec_out out;

    assert_int_equal(actor_send(from, 0, 0, bytes_of(material, MATERIAL), &out), ERR_NONE);
    return out;
}

static enum err read_by(struct actor *to, const struct codec_out *m, struct remote_received *got)
{
    return actor_receive(to, 0, m->is_exchange, bytes_of(m->octets, m->n), got);
}

static struct remote_received say(struct actor *from, struct actor *to)
{
    struct codec_out m = write_of(from);
    struct remote_received got;

    check_err("say", read_by(to, &m, &got), ERR_NONE);
    return got;
}

static void answers_and_heartbeats(void **state)
{
    struct pair p;
    struct remote_received got;

    (void)state;
    pair_init(&p, OMEMO_2);
    assert_true(say(&p.a, &p.b).wants_answer);
    assert_true(say(&p.a, &p.b).wants_answer); /* none was sent yet */
    say(&p.b, &p.a);
    assert_false(say(&p.a, &p.b).wants_answer);
    for (int n = 1; n < 60; n++) {
        got = say(&p.a, &p.b);
        assert_int_equal(got.wants_answer, n == HEARTBEAT_AFTER);
    }
    pair_deinit(&p);
}

/* Two thousand may be jumped over, not one more; two thousand keys are kept, the oldest go. */
static void limits_of_skipping(void **state)
{
    static struct codec_out sent[2 * KEPT_MAX];
    struct pair p;
    struct remote_received got;

    (void)state;
    pair_init(&p, OMEMO_03);
    say(&p.a, &p.b);
    say(&p.b, &p.a);
    say(&p.a, &p.b);
    for (size_t i = 0; i < COUNT_OF(sent); i++)
        sent[i] = write_of(&p.a);
    check_err("one too far", read_by(&p.b, &sent[SKIP_MAX + 1], &got), ERR_TOO_BIG);
    check_err("as far as may be", read_by(&p.b, &sent[SKIP_MAX], &got), ERR_NONE);
    assert_int_equal(p.b.contacts[0].kept_count, KEPT_MAX);
    check_err("a kept one", read_by(&p.b, &sent[1500], &got), ERR_NONE);
    check_err("once only", read_by(&p.b, &sent[1500], &got), ERR_EXISTS);
    assert_int_equal(p.b.contacts[0].kept_count, KEPT_MAX - 1);
    check_err("four more are kept", read_by(&p.b, &sent[SKIP_MAX + 5], &got), ERR_NONE);
    assert_int_equal(got.message.evict, 3);
    assert_int_equal(p.b.contacts[0].kept_count, KEPT_MAX);
    check_err("gone", read_by(&p.b, &sent[2], &got), ERR_EXISTS);
    check_err("still there", read_by(&p.b, &sent[3], &got), ERR_NONE);
    pair_deinit(&p);
}

/* A chain is read for as long as four newer ones have come; the keys kept from it, for longer. */
static void five_chains(void **state)
{
    struct codec_out jumped, late;
    struct remote_received got;
    struct pair p;

    (void)state;
    for (int turns = 1; turns <= 6; turns++) {
        pair_init(&p, OMEMO_2);
        say(&p.a, &p.b);
        say(&p.b, &p.a);
        jumped = write_of(&p.a);
        say(&p.a, &p.b);
        late = write_of(&p.a);
        for (int i = 0; i < turns; i++) {
            say(&p.b, &p.a);
            say(&p.a, &p.b);
        }
        check_err("late", read_by(&p.b, &late, &got), turns <= 4 ? ERR_NONE : ERR_DENIED);
        check_err("jumped", read_by(&p.b, &jumped, &got), ERR_NONE);
        say(&p.b, &p.a);
        pair_deinit(&p);
    }
}

/* Reads a first message, and writes the answer that it wants. */
static struct codec_out answer_to(struct actor *to, const struct codec_out *m)
{
    struct remote_received got;
    struct codec_out answer;

    check_err("first message", read_by(to, m, &got), ERR_NONE);
    assert_true(got.began && got.wants_answer);
    assert_int_equal(actor_send(to, 0, got.session, bytes_of("answer", 6), &answer), ERR_NONE);
    return answer;
}

/* Both begin; each hears the other after it has written twice. */
static void rivals(void **state)
{
    struct bundle bundle;
    struct codec_out from_a[3], from_b[3];
    struct remote one, two;
    struct remote_received got;

    (void)state;
    for (uint64_t seed = 10; seed < 20; seed++) {
        struct pair p;

        pair_init(&p, OMEMO_03);
        p.b.seed = seed;
        actor_bundle(&p.a, OMEMO_03, &bundle);
        assert_int_equal(actor_start(&p.b, 0, &bundle), ERR_NONE);
        for (int i = 0; i < 2; i++) {
            from_a[i] = write_of(&p.a);
            from_b[i] = write_of(&p.b);
        }
        from_a[2] = answer_to(&p.a, &from_b[0]);
        from_b[2] = answer_to(&p.b, &from_a[0]);
        for (int i = 1; i < 3; i++) {
            check_err("a", read_by(&p.a, &from_b[i], &got), ERR_NONE);
            check_err("b", read_by(&p.b, &from_a[i], &got), ERR_NONE);
        }
        actor_load(&p.a, 0, &one);
        actor_load(&p.b, 0, &two);
        assert_memory_equal(one.sessions[0].id, two.sessions[0].id, SESSION_ID);
        assert_true(memcmp(one.sessions[0].id, one.sessions[1].id, SESSION_ID) < 0);
        pair_deinit(&p);
    }
}

/* b cannot enter our session, for the prekey is gone. We write in b's from its first message on,
 * even if ours has the smaller id. */
static void rival_that_cannot_begin(void **state)
{
    struct bundle bundle;
    struct codec_out m;
    struct remote_received got;

    (void)state;
    for (uint64_t seed = 10; seed < 20; seed++) {
        struct pair p;

        pair_init(&p, OMEMO_2);
        memset(p.b.prekeys, 0, sizeof p.b.prekeys);
        p.b.seed = seed;
        actor_bundle(&p.a, OMEMO_2, &bundle);
        assert_int_equal(actor_start(&p.b, 0, &bundle), ERR_NONE);
        m = write_of(&p.a);
        check_err("no such prekey", read_by(&p.b, &m, &got), ERR_MISSING);
        say(&p.b, &p.a);
        say(&p.a, &p.b);
        say(&p.b, &p.a);
        pair_deinit(&p);
    }
}

static void records(void **state)
{
    (void)state;
    for (enum omemo v = OMEMO_03; v <= OMEMO_2; v = (enum omemo)(v + 1)) {
        uint8_t record[REMOTE_RECORD_MAX], again[REMOTE_RECORD_MAX], session[RATCHET_RECORD_MAX];
        struct remote r;
        struct pair p;
        size_t n, longest = 0;

        pair_init(&p, v);
        for (int i = 0; i < 8; i++) {
            say(&p.a, &p.b);
            say(&p.b, &p.a);
            actor_load(&p.b, 0, &r);
            n = ratchet_write(&r.sessions[0], session);
            longest = n > longest ? n : longest;
        }
        assert_int_equal(longest, 372); /* five chains: as long as it gets */
        n = remote_write(&r, record);
        assert_int_equal(remote_read(bytes_of(record, n), &r), ERR_NONE);
        assert_int_equal(remote_write(&r, again), n);
        assert_memory_equal(record, again, n);
        for (size_t cut = 0; cut < n; cut++)
            check_err("cut", remote_read(bytes_of(record, cut), &r), ERR_MALFORMED);
        for (size_t at = 0; at < 3; at++) { /* format, version, flags */
            record[at] ^= 0x80;
            check_err("altered", remote_read(bytes_of(record, n), &r), ERR_MALFORMED);
            record[at] ^= 0x80;
        }
        pair_deinit(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_heartbeats),
        cmocka_unit_test(limits_of_skipping),
        cmocka_unit_test(five_chains),
        cmocka_unit_test(rivals),
        cmocka_unit_test(rival_that_cannot_begin),
        cmocka_unit_test(records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
