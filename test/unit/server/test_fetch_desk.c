/* test_fetch_desk.c: tickets for files of other hosts: once each, a minute each, so many at a time, and what they cost. */
#include "test/unit/check.h"

#include "server/fetch_desk.h"

enum { DAY = 24 * 3600 * 1000 };

static const struct settings settings = {
    .fetch_bytes = 1000,
    .fetches_per_account = { 40, 3600 },
    .fetched_bytes_per_account = { 2000, 24 * 3600 },
};

static void fill(void *ctx, uint8_t *out, size_t n)
{
    uint8_t *next = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = ++*next;
}

struct bench {
    struct fetch_desk desk;
    struct arena arena;
    uint8_t next;
    struct str token;
};

static int set_up(void **state)
{
    struct bench *b = mem_alloc(sizeof *b);
    struct random random = { fill, &b->next };

    fetch_desk_init(&b->desk, &random, 2);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    fetch_desk_deinit(&b->desk);
    arena_deinit(&b->arena);
    mem_free(b);
    return 0;
}

static bool issue(struct bench *b, int64_t account, uint64_t now_ms)
{
    return fetch_desk_issue(&b->desk, &settings, account, false, STR("https://a.example/f"), now_ms,
                            &b->arena, &b->token);
}

static void once(void **state)
{
    struct bench *b = *state;
    struct fetch_ticket *t, *again;
    unsigned home = 9;

    assert_true(issue(b, 1, 0));
    assert_true(fetch_token_home(b->token, 3, &home));
    assert_int_equal(home, 2);
    assert_false(fetch_token_home(b->token, 2, &home)); /* of a server with more workers */
    check_err("another", fetch_desk_redeem(&b->desk, STR("2-aaaaaaaaaaaaaaaaaaaaaaaaaa"), 0, &t),
              ERR_MISSING);
    check_err("first", fetch_desk_redeem(&b->desk, b->token, 0, &t), ERR_NONE);
    check_str("url", t->url, "https://a.example/f");
    assert_int_equal(t->limit_bytes, 1000);
    check_err("second", fetch_desk_redeem(&b->desk, b->token, 0, &again), ERR_MISSING);
    fetch_desk_done(&b->desk, &settings, t, 0);
    check_err("third", fetch_desk_redeem(&b->desk, b->token, 0, &again), ERR_MISSING);
}

static void a_minute(void **state)
{
    struct bench *b = *state;
    struct fetch_ticket *t;

    assert_true(issue(b, 1, 5));
    check_err("late", fetch_desk_redeem(&b->desk, b->token, 5 + FETCH_TICKET_MS, &t), ERR_MISSING);
    for (int i = 1; i < FETCH_WAITING_MAX; i++)
        assert_true(issue(b, 1, 5));
    assert_false(issue(b, 1, 5));
    assert_true(issue(b, 2, 5));
    fetch_desk_sweep(&b->desk, 5 + FETCH_TICKET_MS - 1);
    assert_false(issue(b, 1, 6));
    fetch_desk_sweep(&b->desk, 5 + FETCH_TICKET_MS);
    assert_int_equal(b->desk.tickets.n, 0);
    assert_true(issue(b, 1, 6 + FETCH_TICKET_MS));
}

static void so_many_at_a_time(void **state)
{
    struct bench *b = *state;
    struct fetch_ticket *t[FETCH_RUNNING_MAX], *more;

    for (int i = 0; i < FETCH_RUNNING_MAX; i++) {
        assert_true(issue(b, 1, 0));
        check_err("running", fetch_desk_redeem(&b->desk, b->token, 0, &t[i]), ERR_NONE);
    }
    assert_true(issue(b, 1, 0));
    check_err("one more", fetch_desk_redeem(&b->desk, b->token, 0, &more), ERR_FULL);
    fetch_desk_done(&b->desk, &settings, t[0], 0);
    check_err("now", fetch_desk_redeem(&b->desk, b->token, 0, &t[0]), ERR_NONE);
    for (int i = 0; i < FETCH_RUNNING_MAX; i++)
        fetch_desk_done(&b->desk, &settings, t[i], 0);
}

/* What came counts, not what was asked for. */
static void budgets(void **state)
{
    struct bench *b = *state;
    struct fetch_ticket *t;

    for (uint64_t bytes = 0; bytes <= 2000; bytes += 1000) {
        assert_true(issue(b, 1, 0));
        check_err("redeem", fetch_desk_redeem(&b->desk, b->token, 0, &t), ERR_NONE);
        t->fetched_bytes = bytes;
        fetch_desk_done(&b->desk, &settings, t, 0);
    }
    assert_false(issue(b, 1, 0));
    assert_true(issue(b, 2, 0));
    assert_true(issue(b, 1, 2 * DAY));
    for (unsigned i = 1; i < settings.fetches_per_account.count; i++) {
        assert_true(issue(b, 3, 0));
        check_err("redeem", fetch_desk_redeem(&b->desk, b->token, 0, &t), ERR_NONE);
        fetch_desk_done(&b->desk, &settings, t, 0);
    }
    assert_true(issue(b, 3, 0));
    assert_false(issue(b, 3, 0));
    assert_true(fetch_desk_issue(&b->desk, &settings, 3, true, STR("u"), 0, &b->arena, &b->token));
}

static const struct {
    const char *token;
    bool is;
} tokens[] = {
    { "0-aaaaaaaaaaaaaaaaaaaaaaaaaa", true },
    { "3-aaaaaaaaaaaaaaaaaaaaaaaaaa", true },
    { "4-aaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "0-aaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "0-aaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "-aaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "x-aaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "-1-aaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "0000-aaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    { "", false },
};

static void forms(void **state)
{
    unsigned home;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(tokens); i++)
        if (fetch_token_home(str_from(tokens[i].token), 4, &home) != tokens[i].is)
            fail_msg("%s", tokens[i].token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_minute, set_up, tear_down),
        cmocka_unit_test_setup_teardown(so_many_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(budgets, set_up, tear_down),
        cmocka_unit_test(forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
