/* test_devices.c: two logins at once, how many devices of an account are remembered, and passwords beside its own. */
#include "harness.h"

#include <string.h>

#include "base/buf.h"

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

/* ---- Grants ---------------------------------------------------------------------------------------- */

static struct scram_keys keys_of(enum hash hash, char salt, char key)
{
    struct scram_keys k = {
        .hash = hash, .iterations = 4096, .salt = { (uint8_t)salt }, .salt_n = 1
    };

    k.stored_key[0] = (uint8_t)key;
    return k;
}

static enum err set_password(struct harness *h, int64_t account, char salt)
{
    struct call *c = call_new(h);

    for (int i = 0; i < PASSWORD_KEYS; i++)
        call_row(c, ROW_CREDENTIAL, account)->credential.keys = keys_of((enum hash)i, salt, 'p');
    return commit(c);
}

static enum err make_grant(struct harness *h, int64_t account, const char *id, char salt,
                           uint64_t expires_ms, uint64_t now_ms)
{
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_GRANT, account);

    row->grant.device = (struct device_record){
        .resource = str_from(id), .name = STR("App"), .granted = true, .expires_ms = expires_ms
    };
    row->grant.now_ms = now_ms;
    for (int i = 0; i < PASSWORD_KEYS; i++)
        row->grant.keys[i] = keys_of((enum hash)i, salt, id[0]);
    return commit(c);
}

/* What a login by this name reads: the first letters of whose keys they are, "0" for nobody's. */
static struct str readable(struct harness *h, const char *local, enum hash hash)
{
    struct call *c = call_new(h);
    struct buf out;
    struct str text;

    c->query.in.credentials.local = str_from(local);
    c->query.in.credentials.domain = STR("sotto.test");
    c->query.in.credentials.hash = hash;
    assert_int_equal(ask(c, QUERY_CREDENTIALS), ERR_NONE);
    buf_init(&out, 64);
    for (size_t i = 0; i < c->query.out.credentials.count; i++) {
        const struct credential *k = &c->query.out.credentials.list[i];

        assert_int_equal(k->keys.hash, hash);
        buf_add_char(&out, k->account == 0 ? '0' : (char)k->keys.stored_key[0]);
    }
    text = arena_str(&h->arena, buf_str(&out));
    buf_deinit(&out);
    return text;
}

static enum err use_grant(struct harness *h, int64_t account, const char *id, uint64_t at_ms)
{
    struct call *c = call_new(h);

    call_row(c, ROW_GRANT_USED, account)->device =
        (struct device_record){ .resource = str_from(id), .last_ms = at_ms, .auth = STR("X") };
    return commit(c);
}

static enum err device_by(struct harness *h, int64_t account, const char *resource,
                          const char *grant, bool password)
{
    static const uint8_t seed[1] = { 1 };
    struct call *c = call_new(h);

    call_row(c, ROW_DEVICE, account)->device =
        (struct device_record){ .resource = str_from(resource),
                                .via = str_from(grant),
                                .token = { .seed = { seed, 1 } },
                                .password = password };
    return commit(c);
}

static void remove_device(struct harness *h, int64_t account, const char *resource)
{
    struct call *c = call_new(h);

    call_row(c, ROW_DEVICE_GONE, account)->device.resource = str_from(resource);
    assert_int_equal(commit(c), ERR_NONE);
}

/* All share one salt, or a login could not find them; everybody has as many keys as everybody. */
static void grants(struct harness *h)
{
    int64_t alice = make_account(h, "alice");

    assert_int_equal(make_grant(h, alice, "a", 's', 0, 1), ERR_CONFLICT); /* there is no password */
    assert_int_equal(set_password(h, alice, 's'), ERR_NONE);
    assert_int_equal(make_grant(h, alice, "a", 't', 0, 1), ERR_CONFLICT);
    assert_int_equal(make_grant(h, alice, "b", 's', 0, 1), ERR_NONE);
    assert_int_equal(make_grant(h, alice, "a", 's', 0, 1), ERR_NONE);
    for (int hash = 0; hash < PASSWORD_KEYS; hash++) {
        assert_str(readable(h, "alice", (enum hash)hash), "pab000000");
        assert_str(readable(h, "bob", (enum hash)hash), "000000000");
    }
    assert_int_equal(set_password(h, alice, 't'), ERR_CONFLICT); /* they would be lost */
    assert_int_equal(set_password(h, alice, 's'), ERR_NONE);
    assert_str(readable(h, "alice", HASH_SHA1), "pab000000");
    for (char id[] = "c"; id[0] < 'a' + GRANTS_MAX; id[0]++)
        assert_int_equal(make_grant(h, alice, id, 's', 0, 1), ERR_NONE);
    assert_str(readable(h, "alice", HASH_SHA1), "pabcdefgh");
    assert_int_equal(make_grant(h, alice, "x", 's', 0, 1), ERR_FULL);
    remove_device(h, alice, "c");
    assert_str(readable(h, "alice", HASH_SHA512), "pabdefgh0");
    assert_int_equal(make_grant(h, alice, "x", 's', 0, 1), ERR_NONE);
    assert_str(readable(h, "alice", HASH_SHA512), "pabdefghx");
}

static void grants_expire(struct harness *h)
{
    int64_t alice = make_account(h, "alice");

    assert_int_equal(set_password(h, alice, 's'), ERR_NONE);
    assert_int_equal(make_grant(h, alice, "a", 's', 10, 1), ERR_NONE);
    assert_int_equal(make_grant(h, alice, "b", 's', 10, 1), ERR_NONE);
    assert_int_equal(use_grant(h, alice, "a", 9), ERR_NONE); /* from now on it stays */
    assert_int_equal(use_grant(h, alice, "a", 11), ERR_NONE);
    assert_int_equal(use_grant(h, alice, "b", 10), ERR_MISSING);
    assert_int_equal(use_grant(h, alice, "c", 10), ERR_MISSING);
    assert_int_equal(devices_of(h, alice, "a", 1)->last_ms, 11);
    assert_int_equal(make_grant(h, alice, "c", 's', 0, 10), ERR_NONE); /* which removes it */
    devices_of(h, alice, "b", 0);
    assert_str(readable(h, "alice", HASH_SHA256), "pac000000");
}

/* With a grant goes what came by it; of a client that knows the password, only that stays. */
static void clients_of_grants(struct harness *h)
{
    int64_t alice = make_account(h, "alice");
    const struct device_record *found;

    assert_int_equal(set_password(h, alice, 's'), ERR_NONE);
    assert_int_equal(device_by(h, alice, "phone", "a", false), ERR_MISSING);
    assert_int_equal(make_grant(h, alice, "a", 's', 0, 1), ERR_NONE);
    assert_int_equal(device_by(h, alice, "phone", "a", false), ERR_NONE);
    assert_int_equal(device_by(h, alice, "laptop", "a", true), ERR_NONE);
    assert_int_equal(device_by(h, alice, "tablet", "", true), ERR_NONE);
    assert_int_equal(device_by(h, alice, "other", "phone", false), ERR_MISSING); /* is no grant */
    assert_int_equal(set_password(h, alice, 's'), ERR_NONE); /* voids what came by the old one */
    assert_int_equal(devices_of(h, alice, "phone", 1)->token.seed.n, 1);
    assert_int_equal(devices_of(h, alice, "tablet", 1)->token.seed.n, 0);
    assert_int_equal(device_by(h, alice, "laptop", "a", true), ERR_NONE);
    remove_device(h, alice, "a");
    devices_of(h, alice, "a", 0);
    devices_of(h, alice, "phone", 0);
    found = devices_of(h, alice, "laptop", 1);
    assert_true(found->password && found->via.n == 0 && found->token.seed.n == 0);
    assert_str(readable(h, "alice", HASH_SHA256), "p00000000");
}

static const struct store_test tests[] = {
    { "device changed meanwhile", device_changed_meanwhile },
    { "devices seen", devices_seen },
    { "grants", grants },
    { "grants expire", grants_expire },
    { "clients of grants", clients_of_grants },
};

int main(void)
{
    return harness_run(tests, COUNT_OF(tests));
}
