/* test_rows.c: every kind of row and of query, one after the other, on every engine and in every way of running. */
#include "harness.h"

#include <string.h>

static struct store_query *account_view(struct harness *h, const char *local)
{
    struct call *c = call_new(h);

    c->query.in.account.local = str_from(local);
    c->query.in.account.domain = STR("sotto.test");
    assert_int_equal(ask(c, QUERY_ACCOUNT), ERR_NONE);
    return &c->query;
}

/* ---- Accounts --------------------------------------------------------------------------------------- */

static void accounts(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    struct call *again = call_new(h), *missing = call_new(h), *list = call_new(h);
    struct row *row = call_row(again, ROW_ACCOUNT_NEW, 0);
    struct account_record *view;

    assert_int_not_equal(alice, bob);
    row->account_new.local = STR("alice");
    row->account_new.domain = STR("sotto.test");
    assert_int_equal(commit(again), ERR_EXISTS);

    view = &account_view(h, "alice")->out.account;
    assert_int_equal(view->id, alice);
    assert_int_equal(view->created_ms, 1000);
    assert_int_equal(view->last_seq, 0);

    missing->query.in.account.local = STR("carol");
    missing->query.in.account.domain = STR("sotto.test");
    assert_int_equal(ask(missing, QUERY_ACCOUNT), ERR_MISSING);

    list->query.in.accounts.max = 10;
    assert_int_equal(ask(list, QUERY_ACCOUNTS), ERR_NONE);
    assert_int_equal(list->query.out.accounts.count, 2);
    assert_str(list->query.out.accounts.jids[0], "alice@sotto.test");
    assert_str(list->query.out.accounts.jids[1], "bob@sotto.test");
    list = call_new(h);
    list->query.in.accounts.max = 1;
    list->query.in.accounts.after = STR("alice@sotto.test");
    assert_int_equal(ask(list, QUERY_ACCOUNTS), ERR_NONE);
    assert_int_equal(list->query.out.accounts.count, 1);
    assert_str(list->query.out.accounts.jids[0], "bob@sotto.test");
}

static const struct store_test tests[] = {
    { "accounts", accounts },
};

int main(void)
{
    return harness_run(tests, COUNT_OF(tests));
}
