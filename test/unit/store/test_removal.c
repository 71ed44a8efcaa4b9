/* test_removal.c: what is removed is gone: from answers at once, from the file after
 * housekeeping. */
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t day_ms = 86400000, today = 1700000000000;

/* ---- Reading the file as a thief would ------------------------------------------------------- */

static bool file_contains(const char *path, const char *text)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    char *content;
    bool found;

    if (fd < 0)
        return false;
    assert_int_equal(fstat(fd, &st), 0);
    content = mem_alloc((size_t)st.st_size + 1);
    assert_true(read(fd, content, (size_t)st.st_size) >= 0);
    close(fd);
    found = memmem(content, (size_t)st.st_size, text, strlen(text)) != NULL;
    mem_free(content);
    return found;
}

static bool on_disk(struct harness *h, const char *text)
{
    char log[100];

    snprintf(log, sizeof log, "%s-wal", h->path);
    return file_contains(h->path, text) || file_contains(log, text);
}

/* Housekeeping ends with emptying the log, when no reader uses it. */
static void expect_vanished(struct harness *h, const char *text)
{
    for (unsigned i = 0; i < 1000 && on_disk(h, text); i++) {
        if (i % 200
            == 199) /* as every minute: the log may have been in use when it was to be emptied */
            store_expire(h->store, today);
        while (h->options.inline_run && store_step(h->store))
            continue;
        usleep(5000);
    }
    assert_false(on_disk(h, text));
}

/* ---- Accounts -------------------------------------------------------------------------------- */

static void invite(struct harness *h, const char *token, const char *inviter)
{
    struct call *c = call_new(h);

    call_row(c, ROW_INVITE, 0)->invite.invite =
        (struct invite_record){ .token_hash = bytes_of(token, strlen(token)),
                                .inviter = str_from(inviter),
                                .domain = STR("sotto.test"),
                                .expires_ms = UINT32_MAX };
    assert_int_equal(commit(c), ERR_NONE);
}

static enum err find_invite(struct harness *h, const char *token)
{
    struct call *c = call_new(h);

    c->query.in.invite.token_hash = bytes_of(token, strlen(token));
    return ask(c, QUERY_INVITE);
}

static void fill_account(struct harness *h, int64_t account)
{
    struct call *c = call_new(h);
    struct row *row;

    row = call_row(c, ROW_ROSTER, account);
    row->roster.jid = STR("friend@SECRETVALUE.test");
    row->roster.name = STR("SECRETVALUE");
    call_row(c, ROW_BLOCK, account)->block.jid = STR("SECRETVALUE.test");
    row = call_row(c, ROW_PEP_NODE, account);
    row->pep_node.name = STR("urn:SECRETVALUE");
    row = call_row(c, ROW_PEP_ITEM, account);
    row->pep_item.item =
        (struct pep_item){ .node = STR("urn:SECRETVALUE"), .payload = STR("<SECRETVALUE/>") };
    row->pep_item.keep_items = 1;
    row = call_row(c, ROW_DOCUMENT, account);
    row->document.kind = DOC_VCARD;
    row->document.value = STR("<SECRETVALUE/>");
    row = call_row(c, ROW_DEVICE, account);
    row->device.resource = STR("phone");
    row->device.name = STR("SECRETVALUE");
    for (int hash = 0; hash < PASSWORD_KEYS; hash++)
        call_row(c, ROW_CREDENTIAL, account)->credential.keys.hash = (enum hash)hash;
    row = call_row(c, ROW_GRANT, account);
    row->grant.device = (struct device_record){ .resource = STR("app-SECRETVALUE"),
                                                .name = STR("SECRETVALUE"),
                                                .granted = true };
    for (int hash = 0; hash < PASSWORD_KEYS; hash++)
        row->grant.keys[hash].hash = (enum hash)hash;
    row = call_row(c, ROW_UPLOAD, account);
    row->upload = (struct upload_record){ .slot = STR("slot"),
                                          .account = account,
                                          .filename = STR("SECRETVALUE.bin") };
    assert_int_equal(commit(c), ERR_NONE);
}

/* More messages than one step of housekeeping takes, and some bodies of many pages. */
static void fill_archive(struct harness *h, int64_t account, int64_t other)
{
    enum { MESSAGES = 700, LONG = 20000 };
    struct call *c = call_new(h);
    char *text = mem_alloc(LONG);

    memset(text, 's', LONG);
    memcpy(text, "SECRETVALUE", 11);
    memcpy(text + LONG - 11, "SECRETVALUE", 11);
    for (unsigned i = 0; i < MESSAGES; i++) {
        struct str body =
            i % 50 == 0 ? (struct str){ text, LONG } : STR("<body>SECRETVALUE</body>");
        struct row *row =
            add_message(c, account, "peer@SECRETVALUE.test/x", 0, "", today + i, body);

        row->message.entry[0].shelf = i % 3 == 0 ? SHELF_REQUESTS : SHELF_ARCHIVE;
    }
    add_message(c, other, "alice@sotto.test/x", account, "bob@sotto.test", today,
                STR("shared with bob"));
    assert_int_equal(commit(c), ERR_NONE);
    mem_free(text);
}

static struct call *query_archive(struct harness *h, int64_t account, enum shelf shelf)
{
    struct call *c = call_new(h);

    c->query.in.archive =
        (struct archive_query){ .account = account, .shelf = shelf, .want_count = true, .max = 5 };
    assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
    return c;
}

static void remove_account(struct harness *h, int64_t account)
{
    struct call *c = call_new(h);

    call_row(c, ROW_ACCOUNT_GONE, account);
    assert_int_equal(commit(c), ERR_NONE);
}

static void account_gone(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob"), again;
    struct call *c;

    fill_account(h, alice);
    fill_archive(h, alice, bob);
    invite(h, "hers", "alice@sotto.test");
    invite(h, "his", "bob@sotto.test");
    invite(h, "the operator's", "");
    if (harness_on_disk(h))
        assert_true(on_disk(h, "SECRETVALUE"));
    remove_account(h, alice);
    assert_int_equal(find_invite(h, "hers"), ERR_MISSING);
    assert_int_equal(find_invite(h, "his"), ERR_NONE);
    assert_int_equal(find_invite(h, "the operator's"), ERR_NONE);
    assert_int_equal(query_archive(h, alice, SHELF_ARCHIVE)->query.out.archive.total, 0);
    assert_int_equal(query_archive(h, alice, SHELF_REQUESTS)->query.out.archive.count, 0);
    c = call_new(h);
    call_row(c, ROW_BLOCK, alice)->block.jid = STR("x.test");
    assert_int_equal(commit(c), ERR_MISSING);

    /* The name is free again, for somebody else, with nothing of the old owner. */
    again = make_account(h, "alice");
    assert_int_not_equal(again, alice);
    assert_int_equal(query_archive(h, again, SHELF_ARCHIVE)->query.out.archive.total, 0);

    harness_settle(h, 1);
    c = query_archive(h, bob, SHELF_ARCHIVE);
    assert_int_equal(c->query.out.archive.total, 1);
    assert_str(c->query.out.archive.results[0].body, "shared with bob");
    if (!harness_on_disk(h))
        return;
    expect_vanished(h, "SECRETVALUE");
    assert_true(on_disk(h, "shared with bob"));
}

/* A stop in the middle of the removal is made good after the next start. */
static void interrupted(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");

    if (!harness_on_disk(h))
        return;
    fill_archive(h, alice, bob);
    remove_account(h, alice);
    harness_reopen(h);
    assert_int_equal(query_archive(h, alice, SHELF_ARCHIVE)->query.out.archive.total, 0);
    harness_settle(h, 1);
    expect_vanished(h, "<body>SECRETVALUE");
}

/* ---- Retention ------------------------------------------------------------------------------- */

static void add_aged(struct harness *h, int64_t account, enum shelf shelf, unsigned days,
                     int64_t sender)
{
    struct call *c = call_new(h);
    struct row *row = add_message(c, account, "peer@else.test", sender, "x@sotto.test",
                                  today - days * day_ms, STR("OLDBODY"));

    row->message.entry[0].shelf = shelf;
    assert_int_equal(commit(c), ERR_NONE);
}

static void expect_messages(struct harness *h, uint64_t expected)
{
    struct call *c = call_new(h);

    assert_int_equal(ask(c, QUERY_STATS), ERR_NONE);
    assert_int_equal(c->query.out.stats.messages, expected);
}

static void retention(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");

    for (unsigned days = 60; days > 0; days--) {
        add_aged(h, alice, SHELF_ARCHIVE, days, bob);
        add_aged(h, alice, SHELF_REQUESTS, days, 0);
    }
    store_expire(h->store, today);
    harness_settle(h, 3 * 30);
    expect_messages(h, 2 * 30);
    assert_int_equal(query_archive(h, alice, SHELF_ARCHIVE)->query.out.archive.total, 30);
    assert_int_equal(query_archive(h, bob, SHELF_ARCHIVE)->query.out.archive.first_ms,
                     today - 30 * day_ms);
    store_expire(h->store, today + 10 * day_ms);
    harness_settle(h, 3 * 20);
    store_expire(h->store, today + 40 * day_ms);
    harness_settle(h, 0);
    expect_messages(h, 0);
    add_aged(h, alice, SHELF_ARCHIVE, 0, bob);
    assert_int_equal(query_archive(h, alice, SHELF_ARCHIVE)->query.out.archive.total, 1);
    if (harness_on_disk(h)) {
        store_expire(h->store, today + 80 * day_ms);
        expect_vanished(h, "OLDBODY");
    }
}

/* A round that is past the entries already does not swallow the next one. */
static void retention_in_a_round(struct harness *h)
{
    enum { PAST_ENTRIES = 3 };
    int64_t alice = make_account(h, "alice");

    add_aged(h, alice, SHELF_ARCHIVE, 31, 0);
    add_aged(h, alice, SHELF_ARCHIVE, 1, 0);
    store_expire(h->store, today);
    for (unsigned i = 0; i < PAST_ENTRIES && h->options.inline_run; i++)
        assert_true(store_step(h->store));
    store_expire(h->store, today + 40 * day_ms);
    harness_settle(h, 0);
}

/* Kept for ever: all but strangers' requests. */
static void retention_off(struct harness *h)
{
    int64_t alice;

    store_close(h->store);
    h->options.retention_days = -1;
    assert_int_equal(harness_open(h, &(struct str){ 0 }), ERR_NONE);
    alice = make_account(h, "alice");
    add_aged(h, alice, SHELF_ARCHIVE, 5000, 0);
    add_aged(h, alice, SHELF_REQUESTS, 31, 0);
    add_aged(h, alice, SHELF_REQUESTS, 29, 0);
    store_expire(h->store, today);
    harness_settle(h, 2);
    assert_int_equal(query_archive(h, alice, SHELF_ARCHIVE)->query.out.archive.total, 1);
}

/* Many owners and more entries each than one step removes. */
static void retention_of_many(struct harness *h)
{
    enum { OWNERS = 600, EACH = 3, HEAP = 900 };
    struct call *c = call_new(h);
    int64_t first = 0;

    for (unsigned i = 0; i < OWNERS; i++) {
        int64_t account = make_account(h, arena_printf(&h->arena, "u%u", i).p);

        first = first ? first : account;
        for (unsigned j = 0; j < EACH; j++)
            add_message(c, account, "p@else.test", 0, "", today - 31 * day_ms + j, STR("x"));
    }
    for (unsigned j = 0; j < HEAP; j++)
        add_message(c, first, "p@else.test", 0, "", today - 31 * day_ms + EACH + j, STR("x"));
    add_message(c, first, "p@else.test", 0, "", today, STR("young"));
    assert_int_equal(commit(c), ERR_NONE);
    store_expire(h->store, today);
    harness_settle(h, 1);
    assert_str(query_archive(h, first, SHELF_ARCHIVE)->query.out.archive.results[0].body, "young");
}

/* ---- Small things ---------------------------------------------------------------------------- */

static void add_invite(struct harness *h, const char *token, uint64_t expires_ms)
{
    struct call *c = call_new(h);

    call_row(c, ROW_INVITE, 0)->invite.invite =
        (struct invite_record){ .token_hash = bytes_of(token, strlen(token)),
                                .expires_ms = expires_ms };
    assert_int_equal(commit(c), ERR_NONE);
}

static size_t invites_left(struct harness *h)
{
    struct call *c = call_new(h);

    assert_int_equal(ask(c, QUERY_INVITES), ERR_NONE);
    return c->query.out.invites.count;
}

static void add_item(struct harness *h, int64_t account, const char *node, uint64_t at_ms,
                     const char *id)
{
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_PEP_ITEM, account);

    row->pep_item.item =
        (struct pep_item){ .node = str_from(node), .id = str_from(id), .at_ms = at_ms };
    row->pep_item.keep_items = 10;
    assert_int_equal(commit(c), ERR_NONE);
}

static size_t items_left(struct harness *h, int64_t account, const char *node)
{
    struct call *c = call_new(h);

    c->query.in.pep.account = account;
    c->query.in.pep.node = str_from(node);
    assert_int_equal(ask(c, QUERY_PEP_ITEMS), ERR_NONE);
    return c->query.out.pep.count;
}

static void expiring_rows(struct harness *h)
{
    int64_t alice = make_account(h, "alice");
    struct call *c = call_new(h);

    add_invite(h, "old", today);
    add_invite(h, "new", today + 1);
    call_row(c, ROW_PEP_NODE, alice)->pep_node =
        (struct pep_node){ STR("brief"), { .expire_s = 60 } };
    call_row(c, ROW_PEP_NODE, alice)->pep_node.name = STR("lasting");
    assert_int_equal(commit(c), ERR_NONE);
    add_item(h, alice, "brief", today - 60000, "a");
    add_item(h, alice, "brief", today - 59999, "b");
    add_item(h, alice, "lasting", 1, "c");
    store_expire(h->store, today);
    for (unsigned i = 0; i < 1000 && (invites_left(h) > 1 || items_left(h, alice, "brief") > 1);
         i++) {
        while (h->options.inline_run && store_step(h->store))
            continue;
        usleep(5000);
    }
    assert_int_equal(invites_left(h), 1);
    assert_int_equal(items_left(h, alice, "brief"), 1);
    assert_int_equal(items_left(h, alice, "lasting"), 1);
}

/* Addresses that nobody uses go; those in use stay, also when they come into use while the sweep
 * is at work. */
static void sweep(struct harness *h)
{
    enum { PEERS = 1500, STEPS = 40 };
    int64_t alice, bob;
    struct call *c = call_new(h);

    if (!h->options.inline_run) /* the steps are taken one by one below */
        return;
    alice = make_account(h, "alice");
    bob = make_account(h, "bob");
    for (unsigned i = 0; i < PEERS; i++)
        for (unsigned twice = 0; twice < 2; twice++)
            add_message(c, i % 2 ? alice : bob, arena_printf(&h->arena, "peer%u@else.test/r", i).p,
                        0, "", today, STR("x"));
    assert_int_equal(commit(c), ERR_NONE);
    if (harness_on_disk(h))
        assert_true(on_disk(h, "peer1499@else.test"));
    remove_account(h, alice); /* the sweep follows at once */
    for (unsigned i = 0; i < STEPS; i++) {
        struct call *late = call_new(h);

        add_message(late, bob, arena_printf(&h->arena, "peer%u@else.test/r", 2 * i + 1).p, 0, "",
                    today, STR("late"));
        assert_int_equal(commit(late), ERR_NONE);
    }
    c = call_new(h);
    c->query.in.archive = (struct archive_query){ .account = bob, .max = 4 * PEERS };
    assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
    assert_int_equal(c->query.out.archive.count, PEERS + STEPS);
    for (size_t i = 0; i < c->query.out.archive.count; i++)
        assert_true(str_starts(c->query.out.archive.results[i].peer, STR("peer")));
    if (harness_on_disk(h))
        expect_vanished(h, "peer1499@else.test");
}

static const struct store_test tests[] = {
    { "account removed", account_gone }, { "removal interrupted", interrupted },
    { "retention", retention },          { "retention in a round", retention_in_a_round },
    { "retention off", retention_off },  { "retention of many", retention_of_many },
    { "expiring rows", expiring_rows },  { "sweep of addresses", sweep },
};

int main(void)
{
    return harness_run(tests, COUNT_OF(tests));
}
