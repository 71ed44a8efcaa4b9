/* test_pushes.c: registrations for pushes (XEP-0357): put, changed, taken away, and gone with what they belong to. */
#include "harness.h"

#include <string.h>

static bool has_pushes(struct harness *h)
{
    struct call *c = call_new(h);

    c->query.in.account.local = STR("alice");
    c->query.in.account.domain = STR("sotto.test");
    assert_int_equal(ask(c, QUERY_ACCOUNT), ERR_NONE);
    return c->query.out.account.has_pushes;
}

static enum err put_push(struct harness *h, int64_t account, const char *node, const char *device,
                         const char *via, uint32_t keep)
{
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_PUSH, account);

    row->push.record = (struct push_record){ .service = STR("push.example"),
                                             .node = str_from(node),
                                             .device = str_from(device),
                                             .via = str_from(via),
                                             .options = STR("<x/>"),
                                             .since_ms = 5 };
    row->push.keep = keep;
    return commit(c);
}

static void change_push(struct harness *h, int64_t account, enum row_kind kind,
                        struct push_record record)
{
    struct call *c = call_new(h);

    call_row(c, kind, account)->push.record = record;
    assert_int_equal(commit(c), ERR_NONE);
}

static const struct push_record *pushes_of(struct harness *h, int64_t account, size_t expected)
{
    struct call *c = call_new(h);

    c->query.in.pushes.account = account;
    assert_int_equal(ask(c, QUERY_PUSHES), ERR_NONE);
    assert_int_equal(c->query.out.pushes.count, expected);
    return c->query.out.pushes.pushes;
}

static void pushes(struct harness *h)
{
    static const struct str none = STR_INIT("");
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    const struct push_record *found;

    assert_false(has_pushes(h));
    assert_int_equal(put_push(h, alice, "a", "phone", "", 2), ERR_NONE);
    assert_int_equal(put_push(h, alice, "b", "tablet", "grant", 2), ERR_NONE);
    assert_int_equal(put_push(h, alice, "c", "phone", "", 2), ERR_FULL);
    assert_int_equal(put_push(h, alice, "a", "phone", "", 2), ERR_NONE); /* the same again */
    assert_int_equal(put_push(h, bob, "a", "phone", "", 1), ERR_NONE);
    assert_int_equal(put_push(h, bob, "a", "phone", "", 0), ERR_FULL);
    assert_true(has_pushes(h));
    found = pushes_of(h, alice, 2);
    assert_str(found[0].service, "push.example");
    assert_str(found[0].node, "a");
    assert_str(found[0].device, "phone");
    assert_str(found[0].options, "<x/>");
    assert_str(found[1].via, "grant");
    assert_true(found[0].since_ms == 5 && found[0].failures == 0 && found[0].retry_ms == 0);

    change_push(
        h, alice, ROW_PUSH_FAILED,
        (struct push_record){ STR("push.example"), STR("a"), .failures = 3, .retry_ms = 9 });
    change_push(
        h, alice, ROW_PUSH_FAILED, /* one that is gone does not come back by that */
        (struct push_record){ STR("push.example"), STR("z"), .failures = 3, .retry_ms = 9 });
    found = pushes_of(h, alice, 2);
    assert_true(found[0].failures == 3 && found[0].retry_ms == 9 && found[1].failures == 0);
    assert_int_equal(put_push(h, alice, "a", "phone", "", 2), ERR_NONE); /* asked for anew */
    assert_true(pushes_of(h, alice, 2)->failures == 0);

    change_push(h, alice, ROW_PUSH_GONE,
                (struct push_record){ STR("other.example"), none, .device = none });
    change_push(h, alice, ROW_PUSH_GONE,
                (struct push_record){ STR("push.example"), STR("z"), .device = none });
    pushes_of(h, alice, 2);
    change_push(h, alice, ROW_PUSH_GONE,
                (struct push_record){ none, none, .device = STR("phone") });
    assert_str(pushes_of(h, alice, 1)->node, "b");
    change_push(h, alice, ROW_PUSH_GONE,
                (struct push_record){ STR("push.example"), none, .device = none });
    pushes_of(h, alice, 0);
    assert_false(has_pushes(h));
    pushes_of(h, bob, 1);
}

/* Whatever way a device goes, nobody is woken for it: removed, used longest ago, or with the password by which it came. */
static void pushes_of_devices(struct harness *h)
{
    int64_t alice = make_account(h, "alice");
    struct call *c;

    for (uint64_t i = 0; i < 3; i++) {
        static const char *const names[] = { "old", "phone", "tablet" };
        struct row *row;

        c = call_new(h);
        row = call_row(c, ROW_DEVICE, alice);
        row->device = (struct device_record){ .resource = str_from(names[i]), .last_ms = i + 1 };
        assert_int_equal(commit(c), ERR_NONE);
        assert_int_equal(put_push(h, alice, names[i], names[i], "", 9), ERR_NONE);
    }
    assert_int_equal(put_push(h, alice, "guest", "nowhere", "grant", 9), ERR_NONE);
    c = call_new(h);
    call_row(c, ROW_DEVICE_GONE, alice)->device.resource = STR("phone");
    assert_int_equal(commit(c), ERR_NONE);
    assert_str(pushes_of(h, alice, 3)[0].node, "guest");
    c = call_new(h);
    call_row(c, ROW_DEVICE_GONE, alice)->device.resource = STR("grant");
    assert_int_equal(commit(c), ERR_NONE);
    assert_str(pushes_of(h, alice, 2)[0].node, "old");
    c = call_new(h); /* seen again: its row is written, and is no new one */
    call_row(c, ROW_DEVICE, alice)->device =
        (struct device_record){ .resource = STR("tablet"), .last_ms = 4 };
    c->set.last->keep_devices = 1;
    assert_int_equal(commit(c), ERR_NONE);
    assert_str(pushes_of(h, alice, 1)->node, "tablet");
    c = call_new(h);
    call_row(c, ROW_ACCOUNT_GONE, alice);
    assert_int_equal(commit(c), ERR_NONE);
    pushes_of(h, alice, 0);
}

static const struct store_test tests[] = {
    { "registrations", pushes },
    { "registrations of devices", pushes_of_devices },
};

int main(void)
{
    return harness_run(tests, COUNT_OF(tests));
}
