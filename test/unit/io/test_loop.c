/* test_loop.c: timers keep their order, inboxes keep and lose nothing, rounds end with their functions. */
#include "net.h"

#include <stdatomic.h>
#include <stdlib.h>

/* ---- Timers ------------------------------------------------------------------------------------- */

enum { TIMERS = 5000 };

struct alarm {
    struct alarms *all;
    struct timer *timer;
    uint64_t due_min, due_max; /* clock readings before and after the start */
    unsigned fired;
};

struct alarms {
    struct loop *loop;
    struct alarm alarm[TIMERS];
    uint64_t last_due_min;
    unsigned expected, fired, disorder, early;
};

static void alarm_start(struct alarm *a, uint64_t delay_ms)
{
    a->due_min = clock_steady_ms() + delay_ms;
    timer_start(a->timer, delay_ms);
    a->due_max = clock_steady_ms() + delay_ms;
}

static void on_alarm(void *ctx)
{
    struct alarm *a = ctx;
    struct alarms *all = a->all;

    a->fired++;
    all->early += clock_steady_ms() < a->due_min;
    all->disorder += a->due_max < all->last_due_min; /* a later one has fired before, for certain */
    if (a->due_min > all->last_due_min)
        all->last_due_min = a->due_min;
    if (++all->fired == all->expected)
        loop_stop(all->loop);
}

/* Every way of changing one's mind: later, earlier, stopped, stopped and started, freed. */
static void test_timers_in_order(void **state)
{
    struct alarms *all = mem_alloc(sizeof *all);

    (void)state;
    all->loop = loop_new();
    srand(7);
    for (size_t i = 0; i < TIMERS; i++) {
        struct alarm *a = &all->alarm[i];

        a->all = all;
        a->timer = timer_new(all->loop, on_alarm, a);
        alarm_start(a, (uint64_t)(rand() % 100));
    }
    for (size_t i = 0; i < TIMERS; i++) {
        struct alarm *a = &all->alarm[i];

        switch (i % 5) {
        case 0: alarm_start(a, (uint64_t)(50 + rand() % 100)); break;
        case 1: alarm_start(a, (uint64_t)(rand() % 20)); break;
        case 2: timer_stop(a->timer); break;
        case 3:
            timer_stop(a->timer);
            alarm_start(a, (uint64_t)(rand() % 50));
            break;
        default: timer_free(a->timer); a->timer = NULL;
        }
        all->expected += a->timer != NULL && i % 5 != 2;
    }
    loop_run(all->loop);
    assert_int_equal(all->fired, all->expected);
    assert_int_equal(all->disorder, 0);
    assert_int_equal(all->early, 0);
    for (size_t i = 0; i < TIMERS; i++) {
        assert_int_equal(all->alarm[i].fired, i % 5 != 2 && i % 5 != 4);
        timer_free(all->alarm[i].timer);
    }
    loop_free(all->loop);
    mem_free(all);
}

struct restless {
    struct loop *loop;
    struct timer *timer, *other;
    unsigned fired;
};

static void on_restless(void *ctx)
{
    struct restless *r = ctx;

    if (++r->fired < 1000) {
        timer_start(r->timer, 0);
        return;
    }
    timer_free(r->timer); /* from its own callback */
    r->timer = NULL;
}

static void on_other(void *ctx)
{
    struct restless *r = ctx;

    if (r->timer != NULL)
        timer_start(r->other, 1);
    else
        loop_stop(r->loop);
}

static void test_timer_restarts_itself(void **state)
{
    struct restless r = { .loop = loop_new() };

    (void)state;
    r.timer = timer_new(r.loop, on_restless, &r);
    r.other = timer_new(r.loop, on_other, &r);
    timer_start(r.timer, 0);
    timer_start(r.other, 1);
    loop_run(r.loop);
    assert_int_equal(r.fired, 1000);
    timer_free(r.other);
    timer_free(NULL);
    loop_free(r.loop);
}

static void test_timer_far_away(void **state)
{
    struct restless r = { .loop = loop_new() };

    (void)state;
    r.other = timer_new(r.loop, on_other, &r);
    r.timer = timer_new(r.loop, on_restless, &r);
    timer_start(r.timer, UINT64_MAX); /* saturates instead of being long ago */
    timer_free(r.timer);
    r.timer = NULL;
    timer_start(r.other, UINT64_MAX);
    timer_start(r.other, 1);
    loop_run(r.loop);
    timer_free(r.other);
    loop_free(r.loop);
}

/* ---- Inbox -------------------------------------------------------------------------------------- */

enum { PRODUCERS = 4, ITEMS = 100000, BATCH = 7 };

struct letter {
    struct link link;
    unsigned producer, number;
};

struct post {
    struct loop *loop;
    struct inbox *inbox;
    unsigned next[PRODUCERS], got, batches, disorder;
};

struct producer {
    struct post *post;
    unsigned id;
    pthread_t thread;
};

static void on_letters(void *ctx, struct list *items)
{
    struct post *p = ctx;
    struct link *item;

    p->batches++;
    while ((item = list_pop(items)) != NULL) {
        struct letter *l = LIST_ENTRY(item, struct letter, link);

        p->disorder += l->number != p->next[l->producer]++;
        p->got++;
        mem_free(l);
    }
    if (p->got == PRODUCERS * ITEMS)
        loop_stop(p->loop);
}

static struct letter *letter_new(unsigned producer, unsigned number)
{
    struct letter *l = mem_alloc(sizeof *l);

    l->producer = producer;
    l->number = number;
    return l;
}

/* Odd producers post lists, even ones single items. */
static void *produce(void *ctx)
{
    struct producer *p = ctx;
    struct list batch;

    list_init(&batch);
    for (unsigned i = 0; i < ITEMS; i++) {
        struct letter *l = letter_new(p->id, i);

        if (p->id % 2 == 0) {
            inbox_post(p->post->inbox, &l->link);
            continue;
        }
        list_add(&batch, &l->link);
        if (i % BATCH == 0 || i + 1 == ITEMS) {
            inbox_post_list(p->post->inbox, &batch);
            assert_true(list_empty(&batch));
        }
    }
    return NULL;
}

static void test_inbox_order(void **state)
{
    struct post post = { .loop = loop_new() };
    struct producer producers[PRODUCERS];

    (void)state;
    post.inbox = inbox_new(post.loop, on_letters, &post);
    for (unsigned i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){ .post = &post, .id = i };
        assert_int_equal(pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0);
    }
    loop_run(post.loop);
    for (unsigned i = 0; i < PRODUCERS; i++) {
        pthread_join(producers[i].thread, NULL);
        assert_int_equal(post.next[i], ITEMS);
    }
    assert_int_equal(post.disorder, 0);
    assert_true(post.batches <= post.got);
    inbox_free(post.inbox);
    loop_free(post.loop);
}

/* What was posted and not yet seen is handed over by inbox_free(): nothing leaks. */
static void test_inbox_hands_over_the_rest(void **state)
{
    struct post post = { .loop = loop_new() };
    struct list none;

    (void)state;
    list_init(&none);
    post.inbox = inbox_new(post.loop, on_letters, &post);
    inbox_post_list(post.inbox, &none);
    for (unsigned i = 0; i < 10; i++)
        inbox_post(post.inbox, &letter_new(0, i)->link);
    inbox_free(post.inbox);
    inbox_free(NULL);
    assert_int_equal(post.got, 10);
    assert_int_equal(post.batches, 1);
    assert_int_equal(post.disorder, 0);
    loop_free(post.loop);
}

/* ---- Rounds and work off the loop ---------------------------------------------------------------- */

struct rounds {
    struct loop *loop;
    struct inbox *inbox;
    struct timer *timer;
    unsigned worked, done, unflushed, flushed_after;
    pthread_t loop_thread;
    bool worked_elsewhere;
};

static void on_round(void *ctx)
{
    struct rounds *r = ctx;

    if (r->unflushed > 0)
        r->flushed_after++;
    r->unflushed = 0;
}

static void work(void *ctx)
{
    struct rounds *r = ctx;

    r->worked++;
    r->worked_elsewhere = !pthread_equal(pthread_self(), r->loop_thread);
}

static void on_done(void *ctx)
{
    struct rounds *r = ctx;

    assert_true(pthread_equal(pthread_self(), r->loop_thread));
    r->done++;
    r->unflushed++;
    timer_start(r->timer,
                5); /* if the round's function did not run before sleep, this finds it out */
}

static void on_check(void *ctx)
{
    struct rounds *r = ctx;

    assert_int_equal(r->unflushed, 0);
    loop_stop(r->loop);
}

static void test_rounds_and_offload(void **state)
{
    struct rounds r = { .loop = loop_new(), .loop_thread = pthread_self() };

    (void)state;
    loop_each_round(r.loop, on_round, &r);
    r.timer = timer_new(r.loop, on_check, &r);
    loop_offload(r.loop, work, on_done, &r);
    loop_run(r.loop);
    assert_int_equal(r.worked, 1);
    assert_true(r.worked_elsewhere);
    assert_int_equal(r.done, 1);
    assert_int_equal(r.flushed_after, 1);
    timer_free(r.timer);
    loop_free(r.loop);
}

static void test_stop_before_run(void **state)
{
    struct loop *l = loop_new();

    (void)state;
    loop_stop(l);
    loop_run(l); /* returns */
    loop_free(l);
    loop_free(NULL);
}

/* Work that runs while the loop is freed is waited for. */
static void test_free_waits_for_work(void **state)
{
    struct rounds r = { .loop = loop_new(), .loop_thread = pthread_self() };

    (void)state;
    r.timer = timer_new(r.loop, on_check, &r);
    loop_offload(r.loop, work, work, &r);
    timer_free(r.timer);
    loop_free(r.loop);
    assert_int_equal(r.worked, 2);
}

static void test_clocks(void **state)
{
    uint64_t a = clock_steady_ms(), b = clock_steady_ms();

    (void)state;
    assert_true(a <= b);
    assert_true(clock_wall_ms() > 1700000000000ull);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers_in_order),
        cmocka_unit_test(test_timer_restarts_itself),
        cmocka_unit_test(test_timer_far_away),
        cmocka_unit_test(test_inbox_order),
        cmocka_unit_test(test_inbox_hands_over_the_rest),
        cmocka_unit_test(test_rounds_and_offload),
        cmocka_unit_test(test_stop_before_run),
        cmocka_unit_test(test_free_waits_for_work),
        cmocka_unit_test(test_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
