/* test_conn_queue.c: the queue against a plain string: whatever is added, viewed, gathered and consumed. */
#include "net.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "io/conn_queue.h"

enum { BLOBS_MAX = 200, ROUNDS = 3000, ROOM = 4096 };

/* All that waits, as one string: added at the end, consumed at the start. */
struct model {
    char text[ROOM * BLOBS_MAX];
    size_t from, to;
};

static void add(struct blob_queue *q, struct model *m)
{
    size_t n = (size_t)(rand() % 5 ? rand() % 40 : rand() % 3000);
    struct blob *b = blob_new_raw(n);

    pattern(b->p, n, m->to);
    pattern(m->text + m->to, n, m->to);
    m->to += n;
    blob_queue_add(q, b);
}

static void check_views(struct blob_queue *q, struct model *m)
{
    struct iovec views[8];
    size_t count = blob_queue_views(q, views, COUNT_OF(views)), at = m->from;

    assert_int_equal(count > 0, m->to > m->from);
    for (size_t i = 0; i < count; i++) {
        assert_true(views[i].iov_len > 0);
        assert_memory_equal(views[i].iov_base, m->text + at, views[i].iov_len);
        at += views[i].iov_len;
    }
}

static void check_gathered(struct blob_queue *q, struct model *m)
{
    char room[ROOM];
    size_t want = 1 + (size_t)rand() % ROOM, left = m->to - m->from;
    struct str got = blob_queue_gather(q, room, want);

    assert_int_equal(got.n, want < left ? want : left);
    assert_memory_equal(got.p, m->text + m->from, got.n);
}

static void test_against_string(void **state)
{
    struct model *m = mem_alloc(sizeof *m);
    struct blob_queue q = { 0 };

    (void)state;
    srand(11);
    for (int round = 0; round < ROUNDS; round++) {
        size_t n;

        for (int i = rand() % 6; i > 0 && m->to + ROOM < sizeof m->text; i--)
            add(&q, m);
        assert_int_equal(q.bytes, m->to - m->from);
        check_views(&q, m);
        if (q.bytes == 0)
            continue;
        check_gathered(&q, m);
        n = 1 + (size_t)rand() % q.bytes;
        n = rand() % 10 ? n : q.bytes;
        blob_queue_consume(&q, n);
        m->from += n;
    }
    blob_queue_clear(&q);
    assert_int_equal(q.bytes, 0);
    mem_free(m);
}

static void test_memory(void **state)
{
    struct blob_queue q = { 0 };
    struct blob *b = blob_new(STR("text"));

    (void)state;
    for (int i = 0; i < 100; i++)
        blob_queue_add(&q, blob_ref(b));
    assert_int_equal(atomic_load(&b->refs), 101);
    assert_true(blob_queue_memory(&q) >= 100 * sizeof(void *));
    blob_queue_consume(&q, 99 * 4 + 1);
    assert_int_equal(atomic_load(&b->refs), 2);
    blob_queue_consume(&q, 3);
    assert_int_equal(atomic_load(&b->refs), 1);
    assert_int_equal(blob_queue_memory(&q), 0); /* nothing while empty */
    blob_queue_add(&q, blob_new(STR("")));      /* nothing to send takes no place */
    assert_int_equal(blob_queue_memory(&q), 0);
    blob_queue_add(&q, blob_ref(b));
    blob_queue_clear(&q);
    assert_int_equal(atomic_load(&b->refs), 1);
    blob_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_string),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
