/* test_devices.c: two logins at once, and how many devices of an account are remembered. */
#include "harness.h"

/* One login read what another has changed since. */
static void device_changed_meanwhile(struct harness *h)
{
    static const uint8_t seeds[2] = { 1, 2 };
    int64_t alice = make_account(h, "alice");
    struct device_record phone = { .resource = STR("phone"), .token = { .seed = { seeds, 1 } } };
    struct device_record was = phone, renewed = phone;
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_DEVICE, alice);

    row->device = phone;
    row->device_was = &was;
    assert_int_equal(commit(c), ERR_CONFLICT); /* it was not there */
    c = call_new(h);
    call_row(c, ROW_DEVICE, alice)->device = phone;
    assert_int_equal(commit(c), ERR_NONE);

    renewed.token.seed.p = &seeds[1];
    for (int i = 0; i < 2; i++) { /* the second has read what was there before the first */
        c = call_new(h);
        row = call_row(c, ROW_DEVICE, alice);
        row->device = renewed;
        row->device_was = &was;
        assert_int_equal(commit(c), i == 0 ? ERR_NONE : ERR_CONFLICT);
    }
    assert_int_equal(devices_of(h, alice, "phone", 1)->token.seed.p[0], 2);
}

static void see_device(struct harness *h, int64_t account, const char *resource, uint64_t at_ms,
                       bool password)
{
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_DEVICE_SEEN, account);

    row->device = (struct device_record){
        .resource = str_from(resource), .first_ms = at_ms, .last_ms = at_ms, .password = password
    };
    row->keep_devices = 2;
    assert_int_equal(commit(c), ERR_NONE);
}

static void devices_seen(struct harness *h)
{
    int64_t alice = make_account(h, "alice");
    const struct device_record *found;

    see_device(h, alice, "a", 1, true);
    see_device(h, alice, "b", 2, true);
    see_device(h, alice, "a", 3, false);
    found = devices_of(h, alice, "a", 1);
    assert_true(found->first_ms == 1 && found->last_ms == 3 && found->password);
    see_device(h, alice, "c", 4, true); /* b was here longest ago */
    devices_of(h, alice, "b", 0);
    devices_of(h, alice, "", 2);
}

static const struct store_test tests[] = {
    { "device changed meanwhile", device_changed_meanwhile },
    { "devices seen", devices_seen },
};

int main(void)
{
    return harness_run(tests, COUNT_OF(tests));
}
