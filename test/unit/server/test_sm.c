/* test_sm.c: counting acknowledgements (XEP-0198 §4), also where the counter begins again. */
#include "test/unit/check.h"

#include "server/limits.h"
#include "server/sm.h"

static struct session *new_session(uint32_t acked)
{
    struct session *s = mem_alloc(sizeof *s);

    s->state = SESSION_BOUND;
    s->sm = mem_alloc(sizeof *s->sm);
    s->sm->acked = acked;
    list_init(&s->pending);
    return s;
}

static void free_session(struct session *s)
{
    sm_free(s);
    mem_free(s);
}

/* Stanzas numbered from `first`: their text, and as archive position. */
static void send(struct session *s, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        struct blob *b = blob_new(STR("<presence/>"));

        sm_sent(s, b, i, WRAP_NONE, 0);
        blob_unref(b);
    }
}

static const struct {
    uint32_t acked;
    unsigned sent;
    uint32_t h;
    bool good;
    size_t left;
} acks[] = {
    { 0, 0, 0, true, 0 },
    { 0, 0, 1, false, 0 },
    { 0, 3, 0, true, 3 },
    { 0, 3, 2, true, 1 },
    { 0, 3, 3, true, 0 },
    { 0, 3, 4, false, 3 },
    { 5, 3, 4, false, 3 },         /* back: as far ahead as can be */
    { UINT32_MAX, 1, 0, true, 0 }, /* 2^32 - 1, then 0 */
    { UINT32_MAX - 1, 4, UINT32_MAX, true, 3 },
    { UINT32_MAX - 1, 4, 1, true, 1 },
    { UINT32_MAX - 1, 4, 2, true, 0 },
    { UINT32_MAX - 1, 4, 3, false, 4 },
    { UINT32_MAX, 0, UINT32_MAX, true, 0 },
};

static void test_acks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(acks); i++) {
        struct session *s = new_session(acks[i].acked);

        send(s, 1, acks[i].sent);
        if (sm_acknowledge(s, acks[i].h) != acks[i].good || s->sm->count != acks[i].left)
            fail_msg("row %zu: %zu left", i, s->sm->count);
        if (acks[i].left > 0)
            assert_int_equal(sm_queue_at(s->sm, 0)->seq, acks[i].sent - acks[i].left + 1);
        free_session(s);
    }
}

/* The ring grows with its beginning anywhere. */
static void test_ring(void **state)
{
    struct session *s = new_session(0);
    unsigned sent = 0, acked = 0;

    (void)state;
    for (unsigned round = 1; round < 40; round++) {
        send(s, sent + 1, round);
        sent += round;
        acked += round / 2;
        assert_true(sm_acknowledge(s, acked));
        assert_int_equal(s->sm->count, sent - acked);
        for (unsigned i = 0; i < s->sm->count; i++)
            assert_int_equal(sm_queue_at(s->sm, i)->seq, acked + 1 + i);
        assert_int_equal(sm_first_unacked(s), acked + 1);
    }
    free_session(s);
}

static void test_overflow(void **state)
{
    struct session *s = new_session(0);

    (void)state;
    send(s, 1, UNACKED_STANZAS);
    assert_false(sm_has_overflowed(s));
    assert_true(sm_is_behind(s));
    send(s, UNACKED_STANZAS + 1, 5);
    assert_true(sm_has_overflowed(s));
    assert_int_equal(s->sm->count, UNACKED_STANZAS);
    free_session(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_acks),
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_overflow),
    };

    return cmocka_run_group_tests_name("sm", tests, NULL, NULL);
}
