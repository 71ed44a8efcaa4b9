/* test_rows.c: every kind of row and of query, one after the other, on every engine and in every
 * way of running. */
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

/* ---- Accounts -------------------------------------------------------------------------------- */

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

static struct scram_keys keys_of(enum hash hash, uint8_t fill)
{
    struct scram_keys keys = { .hash = hash, .iterations = 10000, .salt_n = 16 };

    memset(keys.salt, fill, keys.salt_n);
    memset(keys.stored_key, fill + 1, sizeof keys.stored_key);
    memset(keys.server_key, fill + 2, sizeof keys.server_key);
    return keys;
}

static void put_credential(struct harness *h, int64_t account, enum hash hash, uint8_t fill)
{
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_CREDENTIAL, account);

    row->credential.keys = keys_of(hash, fill);
    assert_int_equal(commit(c), ERR_NONE);
}

/* The octet that fills the salt, or -1 if there are no such keys. */
static int credential_fill(struct harness *h, int64_t account, const char *local, enum hash hash)
{
    struct call *c = call_new(h);
    const struct credential *first;
    struct scram_keys expected;

    c->query.in.credentials.local = str_from(local);
    c->query.in.credentials.domain = STR("sotto.test");
    c->query.in.credentials.hash = hash;
    assert_int_equal(ask(c, QUERY_CREDENTIALS), ERR_NONE);
    assert_int_equal(c->query.out.credentials.count, CREDENTIALS_MAX); /* for everybody */
    first = c->query.out.credentials.list;
    if (first->account == 0)
        return -1;
    assert_int_equal(first->account, account);
    expected = keys_of(hash, first->keys.salt[0]);
    assert_memory_equal(&first->keys, &expected, sizeof expected);
    return expected.salt[0];
}

static void credentials(struct harness *h)
{
    int64_t alice = make_account(h, "alice");

    put_credential(h, alice, HASH_SHA1, 10);
    put_credential(h, alice, HASH_SHA256, 20);
    put_credential(h, alice, HASH_SHA256, 40); /* replaces */
    assert_int_equal(credential_fill(h, alice, "alice", HASH_SHA1), 10);
    assert_int_equal(credential_fill(h, alice, "alice", HASH_SHA256), 40);
    assert_int_equal(credential_fill(h, alice, "alice", HASH_SHA512), -1);
    assert_int_equal(credential_fill(h, alice, "bob", HASH_SHA1), -1);
}

/* ---- Roster and block list ------------------------------------------------------------------- */

static void put_roster(struct harness *h, int64_t account, const struct roster_item *item)
{
    struct call *c = call_new(h);

    call_row(c, ROW_ROSTER, account)->roster = *item;
    assert_int_equal(commit(c), ERR_NONE);
}

static void roster(struct harness *h)
{
    static const struct str groups[] = { STR_INIT("Friends"), STR_INIT("Work, \"x\"") };
    int64_t alice = make_account(h, "alice");
    struct roster_item bob = { .jid = STR("bob@sotto.test"),
                               .name = STR("Bob"),
                               .subscription = SUB_TO,
                               .ask = true,
                               .listed = true,
                               .groups = groups,
                               .group_count = 2,
                               .version = 5 };
    struct roster_item eve = { .jid = STR("eve@else.test"),
                               .pending_in = true,
                               .approved = true,
                               .request = STR("<presence type='subscribe'/>"),
                               .version = 6 };
    struct account_record *view;
    struct call *gone = call_new(h);
    struct row *row;

    put_roster(h, alice, &eve);
    put_roster(h, alice, &bob);
    bob.subscription = SUB_BOTH;
    bob.ask = false;
    bob.version = 7;
    put_roster(h, alice, &bob);
    harness_reopen(h);
    view = &account_view(h, "alice")->out.account;
    assert_int_equal(view->roster_version, 7);
    assert_int_equal(view->roster_count, 2);
    assert_str(view->roster[0].jid, "bob@sotto.test");
    assert_str(view->roster[0].name, "Bob");
    assert_int_equal(view->roster[0].subscription, SUB_BOTH);
    assert_true(view->roster[0].listed && !view->roster[0].ask && !view->roster[0].pending_in);
    assert_int_equal(view->roster[0].group_count, 2);
    assert_str(view->roster[0].groups[0], "Friends");
    assert_str(view->roster[0].groups[1], "Work, \"x\"");
    assert_int_equal(view->roster[0].version, 7);
    assert_true(view->roster[1].pending_in && view->roster[1].approved && !view->roster[1].listed);
    assert_str(view->roster[1].request, "<presence type='subscribe'/>");
    assert_int_equal(view->roster[1].group_count, 0);

    row = call_row(gone, ROW_ROSTER_GONE, alice);
    row->roster.jid = STR("bob@sotto.test");
    row->roster.version = 8;
    assert_int_equal(commit(gone), ERR_NONE);
    view = &account_view(h, "alice")->out.account;
    assert_int_equal(view->roster_count, 1);
    assert_int_equal(view->roster_version, 8);
}

static void change_block(struct harness *h, enum row_kind kind, int64_t account, const char *jid)
{
    struct call *c = call_new(h);

    call_row(c, kind, account)->block.jid = str_from(jid);
    assert_int_equal(commit(c), ERR_NONE);
}

static void blocks(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    struct account_record *view;

    change_block(h, ROW_BLOCK, bob, "eve@else.test");
    change_block(h, ROW_BLOCK, alice, "eve@else.test");
    change_block(h, ROW_BLOCK, alice, "eve@else.test");
    change_block(h, ROW_BLOCK, alice, "else.test");
    view = &account_view(h, "alice")->out.account;
    assert_int_equal(view->block_count, 2);
    assert_str(view->blocks[0], "else.test");
    change_block(h, ROW_BLOCK_GONE, alice, "else.test");
    assert_int_equal(account_view(h, "alice")->out.account.block_count, 1);
    change_block(h, ROW_BLOCK, alice, "else.test");
    change_block(h, ROW_BLOCK_GONE, alice, "");
    assert_int_equal(account_view(h, "alice")->out.account.block_count, 0);
    assert_int_equal(account_view(h, "bob")->out.account.block_count, 1);
}

/* ---- PEP ------------------------------------------------------------------------------------- */

static const struct pep_config config = {
    .access = PEP_PRESENCE,
    .send_last = PEP_LAST_ON_PRESENCE,
    .persist = true,
    .deliver_payloads = true,
    .notify_retract = true,
    .max_items = UINT64_MAX,
    .title = STR_INIT("Title"),
};

static void put_node(struct harness *h, int64_t account, const char *name,
                     const struct pep_config *c)
{
    struct call *call = call_new(h);

    call_row(call, ROW_PEP_NODE, account)->pep_node = (struct pep_node){ str_from(name), *c };
    assert_int_equal(commit(call), ERR_NONE);
}

static enum err publish(struct harness *h, int64_t account, const char *node, const char *id,
                        uint64_t keep)
{
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_PEP_ITEM, account);

    row->pep_item.item = (struct pep_item){ .node = str_from(node),
                                            .id = str_from(id),
                                            .publisher = STR("alice@sotto.test/x"),
                                            .payload = arena_printf(&h->arena, "<p>%s</p>", id),
                                            .at_ms = 77 };
    row->pep_item.keep_items = keep;
    return commit(c);
}

/* The ids of a node's items as one text, newest first. */
static const char *item_ids(struct harness *h, int64_t account, const char *node, uint32_t max)
{
    struct call *c = call_new(h);
    struct str all = STR("");

    c->query.in.pep.account = account;
    c->query.in.pep.node = str_from(node);
    c->query.in.pep.max = max;
    if (ask(c, QUERY_PEP_ITEMS) == ERR_MISSING)
        return "missing";
    for (size_t i = 0; i < c->query.out.pep.count; i++) {
        const struct pep_item *item = &c->query.out.pep.items[i];

        assert_str(item->payload, arena_printf(&h->arena, "<p>%.*s</p>", STR_ARG(item->id)).p);
        assert_str(item->publisher, "alice@sotto.test/x");
        assert_int_equal(item->at_ms, 77);
        all = arena_printf(&h->arena, "%.*s%.*s ", STR_ARG(all), STR_ARG(item->id));
    }
    return all.n ? all.p : "";
}

static void pep(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    struct pep_config changed = config;
    const struct pep_node *node;
    struct account_record *view;
    struct call *named = call_new(h), *gone;
    struct str ids[] = { STR("c"), STR("none"), STR("a") };

    assert_int_equal(publish(h, alice, "n", "a", 10), ERR_MISSING);
    put_node(h, alice, "n", &config);
    put_node(h, bob, "n", &config);
    assert_string_equal(item_ids(h, alice, "n", 0), "");
    assert_string_equal(item_ids(h, alice, "other", 0), "missing");
    assert_int_equal(publish(h, alice, "n", "a", UINT64_MAX), ERR_NONE);
    assert_int_equal(publish(h, alice, "n", "b", UINT64_MAX), ERR_NONE);
    assert_int_equal(publish(h, alice, "n", "c", UINT64_MAX), ERR_NONE);
    assert_int_equal(publish(h, bob, "n", "z", 1), ERR_NONE);
    assert_string_equal(item_ids(h, alice, "n", 0), "c b a ");
    assert_string_equal(item_ids(h, alice, "n", 2), "c b ");
    assert_int_equal(publish(h, alice, "n", "a", 3), ERR_NONE); /* again: the newest now */
    assert_string_equal(item_ids(h, alice, "n", 0), "a c b ");
    assert_int_equal(publish(h, alice, "n", "d", 3), ERR_NONE);
    assert_string_equal(item_ids(h, alice, "n", 0), "d a c ");

    named->query.in.pep.account = alice;
    named->query.in.pep.node = STR("n");
    named->query.in.pep.ids = ids;
    named->query.in.pep.id_count = COUNT_OF(ids);
    assert_int_equal(ask(named, QUERY_PEP_ITEMS), ERR_NONE);
    assert_int_equal(named->query.out.pep.count, 2);
    assert_str(named->query.out.pep.items[0].id, "c");
    assert_str(named->query.out.pep.items[1].id, "a");

    changed.access = PEP_WHITELIST;
    changed.max_items = 5;
    changed.expire_s = 60;
    put_node(h, alice, "n", &changed);
    assert_string_equal(item_ids(h, alice, "n", 0), "d a c ");
    view = &account_view(h, "alice")->out.account;
    assert_int_equal(view->pep_count, 1);
    node = &view->pep_nodes[0];
    assert_str(node->name, "n");
    assert_str(node->config.title, "Title");
    assert_int_equal(node->config.access, PEP_WHITELIST);
    assert_int_equal(node->config.send_last, PEP_LAST_ON_PRESENCE);
    assert_int_equal(node->config.max_items, 5);
    assert_int_equal(node->config.expire_s, 60);
    assert_true(node->config.persist && node->config.deliver_payloads
                && node->config.notify_retract);
    assert_false(node->config.notify_delete || node->config.publish_open);
    assert_true(account_view(h, "bob")->out.account.pep_nodes[0].config.max_items == UINT64_MAX);

    gone = call_new(h);
    call_row(gone, ROW_PEP_ITEM_GONE, alice)->pep_item.item =
        (struct pep_item){ .node = STR("n"), .id = STR("a") };
    assert_int_equal(commit(gone), ERR_NONE);
    assert_string_equal(item_ids(h, alice, "n", 0), "d c ");
    gone = call_new(h);
    call_row(gone, ROW_PEP_PURGE, alice)->pep_item.item.node = STR("n");
    assert_int_equal(commit(gone), ERR_NONE);
    assert_string_equal(item_ids(h, alice, "n", 0), "");
    gone = call_new(h);
    call_row(gone, ROW_PEP_NODE_GONE, bob)->pep_node.name = STR("n");
    assert_int_equal(commit(gone), ERR_NONE);
    assert_string_equal(item_ids(h, bob, "n", 0), "missing");
    put_node(h, bob, "n", &config);
    assert_string_equal(item_ids(h, bob, "n", 0), "");
}

/* ---- Documents and devices ------------------------------------------------------------------- */

static void put_document(struct harness *h, int64_t account, enum document_kind kind,
                         const char *key, const char *value)
{
    struct call *c = call_new(h);
    struct row *row = call_row(c, ROW_DOCUMENT, account);

    row->document.kind = kind;
    row->document.key = str_from(key);
    row->document.value = str_from(value);
    assert_int_equal(commit(c), ERR_NONE);
}

static struct str document_of(struct harness *h, int64_t account, enum document_kind kind,
                              const char *key)
{
    struct call *c = call_new(h);

    c->query.in.document.account = account;
    c->query.in.document.kind = kind;
    c->query.in.document.key = str_from(key);
    assert_int_equal(ask(c, QUERY_DOCUMENT), ERR_NONE);
    return c->query.out.document.value;
}

static void documents(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    struct call *all = call_new(h), *everybodys = call_new(h);

    put_document(h, alice, DOC_PRIVATE, "x", "1");
    put_document(h, alice, DOC_PRIVATE, "y", "2");
    put_document(h, alice, DOC_VCARD, "x", "3");
    put_document(h, alice, DOC_PRIVATE, "x", "4");
    put_document(h, alice, DOC_MAM_PREFS, "", "<prefs/>");
    put_document(h, alice, DOC_AVATAR, "", "0123 image/png");
    put_document(h, bob, DOC_PRIVATE, "x", "5");
    assert_str(document_of(h, alice, DOC_PRIVATE, "x"), "4");
    assert_str(document_of(h, alice, DOC_VCARD, "x"), "3");
    assert_str(document_of(h, alice, DOC_VCARD, "y"), "");
    assert_str(account_view(h, "alice")->out.account.mam_prefs, "<prefs/>");
    assert_str(account_view(h, "alice")->out.account.avatar, "0123 image/png");
    assert_str(account_view(h, "bob")->out.account.avatar, "");
    all->query.in.document.account = alice;
    all->query.in.document.kind = DOC_PRIVATE;
    assert_int_equal(ask(all, QUERY_DOCUMENTS), ERR_NONE);
    assert_int_equal(all->query.out.documents.count, 2);
    assert_str(all->query.out.documents.documents[1].key, "y");
    assert_str(all->query.out.documents.documents[1].value, "2");
    everybodys->query.in.document.kind = DOC_PRIVATE;
    assert_int_equal(ask(everybodys, QUERY_DOCUMENTS), ERR_NONE);
    assert_int_equal(everybodys->query.out.documents.count, 3);
    put_document(h, alice, DOC_PRIVATE, "x", "");
    assert_str(document_of(h, alice, DOC_PRIVATE, "x"), "");
    assert_str(document_of(h, bob, DOC_PRIVATE, "x"), "5");
}

static void devices(struct harness *h)
{
    static const uint8_t hash[32] = { 1, 2, 3, 0, 5 };
    int64_t alice = make_account(h, "alice");
    struct device_record phone = { .resource = STR("phone"),
                                   .user_agent_id = STR("u"),
                                   .software = STR("s"),
                                   .name = STR("My phone"),
                                   .first_ms = 1,
                                   .last_ms = 2,
                                   .auth = STR("SCRAM-SHA-256"),
                                   .token = { .seed = { hash, sizeof hash },
                                              .mechanism = STR("HT-SHA-256-EXPR"),
                                              .made_ms = 4,
                                              .expires_ms = 3,
                                              .count = UINT32_MAX },
                                   .next_token = { .seed = { hash, 1 }, .expires_ms = 5 },
                                   .expires_ms = 7 };
    struct call *c = call_new(h);
    const struct device_record *found;

    call_row(c, ROW_DEVICE, alice)->device = phone;
    phone.resource = STR("tablet");
    call_row(c, ROW_DEVICE, alice)->device = phone;
    assert_int_equal(commit(c), ERR_NONE);
    devices_of(h, alice, "", 2);
    devices_of(h, alice, "none", 0);
    found = devices_of(h, alice, "phone", 1);
    assert_str(found->name, "My phone");
    assert_str(found->auth, "SCRAM-SHA-256");
    assert_str(found->user_agent_id, "u");
    assert_str(found->software, "s");
    assert_str(found->token.mechanism, "HT-SHA-256-EXPR");
    assert_int_equal(found->token.seed.n, sizeof hash);
    assert_memory_equal(found->token.seed.p, hash, sizeof hash);
    assert_true(found->token.made_ms == 4 && found->token.expires_ms == 3
                && found->token.count == UINT32_MAX);
    assert_true(found->next_token.seed.n == 1 && found->next_token.expires_ms == 5);
    assert_true(!found->granted && found->expires_ms == 7 && found->first_ms == 1
                && found->last_ms == 2);
    put_credential(h, alice, HASH_SHA256, 2); /* a new password: no token of before is left */
    found = devices_of(h, alice, "phone", 1);
    assert_true(found->token.seed.n == 0 && found->next_token.seed.n == 0 && !found->password);

    c = call_new(h);
    call_row(c, ROW_DEVICE_GONE, alice)->device.resource = STR("phone");
    assert_int_equal(commit(c), ERR_NONE);
    assert_str(devices_of(h, alice, "", 1)->resource, "tablet");
    c = call_new(h);
    call_row(c, ROW_DEVICE_GONE,
             alice); /* no resource names no device, least of all the password */
    assert_int_equal(commit(c), ERR_NONE);
    assert_int_equal(credential_fill(h, alice, "alice", HASH_SHA256), 2);
}

/* ---- Invitations and uploads -------------------------------------------------------------------- */

static const uint8_t token_hash[32] = { 7, 0, 7 };

static enum err change_invite(struct harness *h, enum row_kind kind, uint64_t now_ms)
{
    struct call *c = call_new(h);
    struct row *row = call_row(c, kind, 0);

    row->invite.invite =
        (struct invite_record){ .token_hash = bytes_of(token_hash, sizeof token_hash),
                                .inviter = STR("alice@sotto.test"),
                                .domain = STR("sotto.test"),
                                .account = true,
                                .created_ms = 10,
                                .expires_ms = 100 };
    row->invite.now_ms = now_ms;
    return commit(c);
}

static enum err find_invite(struct harness *h, struct invite_record *out)
{
    struct call *c = call_new(h);

    c->query.in.invite.token_hash = bytes_of(token_hash, sizeof token_hash);
    if (ask(c, QUERY_INVITE) == ERR_NONE) {
        assert_int_equal(c->query.out.invites.count, 1);
        *out = c->query.out.invites.invites[0];
    }
    return c->op.result;
}

static void invites(struct harness *h)
{
    struct invite_record found;
    struct call *all = call_new(h);

    assert_int_equal(change_invite(h, ROW_INVITE_USED, 50), ERR_MISSING);
    assert_int_equal(find_invite(h, &found), ERR_MISSING);
    assert_int_equal(change_invite(h, ROW_INVITE, 10), ERR_NONE);
    assert_int_equal(change_invite(h, ROW_INVITE, 10), ERR_EXISTS);
    assert_int_equal(change_invite(h, ROW_INVITE_USED, 100), ERR_CONFLICT); /* expired */
    assert_int_equal(find_invite(h, &found), ERR_NONE);
    assert_str(found.inviter, "alice@sotto.test");
    assert_str(found.domain, "sotto.test");
    assert_true(found.account && !found.used && found.created_ms == 10 && found.expires_ms == 100);
    assert_int_equal(change_invite(h, ROW_INVITE_USED, 99), ERR_NONE);
    assert_int_equal(change_invite(h, ROW_INVITE_USED, 99), ERR_CONFLICT); /* used up */
    assert_int_equal(ask(all, QUERY_INVITES), ERR_NONE);
    assert_int_equal(all->query.out.invites.count, 1);
    assert_true(all->query.out.invites.invites[0].used);
}

static void put_upload(struct harness *h, const char *slot, int64_t account, uint64_t size,
                       uint64_t created_ms)
{
    struct call *c = call_new(h);

    call_row(c, ROW_UPLOAD, account)->upload =
        (struct upload_record){ .slot = str_from(slot),
                                .account = account,
                                .filename = STR("secret.bin"),
                                .content_type = STR("a/b"),
                                .size = size,
                                .created_ms = created_ms,
                                .expires_ms = created_ms + 1000,
                                .done = true };
    assert_int_equal(commit(c), ERR_NONE);
}

static const struct upload_record *expired(struct harness *h, uint64_t now_ms, uint32_t max,
                                           size_t expected)
{
    struct call *c = call_new(h);

    c->query.in.uploads_expired.now_ms = now_ms;
    c->query.in.uploads_expired.max = max;
    assert_int_equal(ask(c, QUERY_UPLOADS_EXPIRED), ERR_NONE);
    assert_int_equal(c->query.out.uploads.count, expected);
    return c->query.out.uploads.uploads;
}

static void uploads(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    struct call *c = call_new(h);
    const struct upload_record *gone;

    put_upload(h, "aaa", alice, 5, 100);
    put_upload(h, "bbb", alice, 7, 200);
    put_upload(h, "ccc", bob, 9, 5000);
    c->query.in.upload.slot = STR("bbb");
    assert_int_equal(ask(c, QUERY_UPLOAD), ERR_NONE);
    assert_str(c->query.out.upload.upload.filename, "secret.bin");
    assert_str(c->query.out.upload.upload.content_type, "a/b");
    assert_int_equal(c->query.out.upload.upload.account, alice);
    assert_true(c->query.out.upload.upload.done && c->query.out.upload.upload.size == 7);
    c = call_new(h);
    c->query.in.upload.account = alice;
    c->query.in.upload.since_ms = 101;
    assert_int_equal(ask(c, QUERY_UPLOAD_USE), ERR_NONE);
    assert_int_equal(c->query.out.upload.bytes, 7);
    assert_int_equal(c->query.out.upload.files, 1);

    expired(h, 1099, 10, 0);
    expired(h, 1200, 10, 2);
    gone = expired(h, 1200, 1, 1);
    assert_str(gone->slot, "aaa");
    c = call_new(h);
    call_row(c, ROW_UPLOAD_GONE, 0)->upload.slot = STR("aaa");
    assert_int_equal(commit(c), ERR_NONE);
    assert_str(expired(h, 1200, 10, 1)->slot, "bbb");

    /* The account goes, its files are to follow, and the slot serves nobody any more. */
    c = call_new(h);
    call_row(c, ROW_ACCOUNT_GONE, bob);
    assert_int_equal(commit(c), ERR_NONE);
    gone = expired(h, 0, 10, 1);
    assert_str(gone->slot, "ccc");
    assert_str(gone->filename, "");
    assert_int_equal(gone->account, 0);
    c = call_new(h);
    c->query.in.upload.slot = STR("ccc");
    assert_int_equal(ask(c, QUERY_UPLOAD), ERR_MISSING);
}

/* ---- Archive --------------------------------------------------------------------------------- */

static const struct archive_result *page_of(struct harness *h, const struct archive_query *in,
                                            size_t expected)
{
    struct call *c = call_new(h);

    c->query.in.archive = *in;
    assert_int_equal(ask(c, QUERY_ARCHIVE), ERR_NONE);
    assert_int_equal(c->query.out.archive.count, expected);
    return c->query.out.archive.results;
}

static void messages(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    struct call *c = call_new(h), *to_nobody = call_new(h), *nowhere = call_new(h);
    struct row *row =
        add_message(c, bob, "alice@sotto.test/x", alice, "bob@sotto.test", 5000, STR("hello"));
    struct row *late = add_message(c, bob, "eve@else.test/y", 0, "", 4000, STR("late clock"));
    const struct archive_result *results;
    struct account_record *view;

    memset(row->message.origin, 9, sizeof row->message.origin);
    row->message.entry[0].flags = ENTRY_OFFLINE;
    assert_int_equal(commit(c), ERR_NONE);
    assert_true(row->message.entry[0].seq > 0 && row->message.entry[1].seq > 0);
    assert_true(late->message.entry[0].seq > row->message.entry[0].seq);
    assert_int_equal(late->message.at_ms, 5000); /* never before the entry it follows */

    results = page_of(h, &(struct archive_query){ .account = bob, .max = 10 }, 2);
    assert_int_equal(results[0].seq, row->message.entry[0].seq);
    assert_int_equal(results[0].flags, ENTRY_OFFLINE);
    assert_int_equal(results[0].at_ms, 5000);
    assert_int_equal(results[0].sent_ms, 5000);
    assert_str(results[0].peer, "alice@sotto.test/x");
    assert_str(results[0].body, "hello");
    assert_str(results[1].body, "late clock");
    results = page_of(h, &(struct archive_query){ .account = alice, .max = 10 }, 1);
    assert_int_equal(results[0].flags, ENTRY_SENT);
    assert_str(results[0].peer, "bob@sotto.test");
    assert_str(results[0].body, "hello");

    view = &account_view(h, "alice")->out.account;
    assert_int_equal(view->last_seq, row->message.entry[1].seq);
    assert_int_equal(view->origin_count, 1);
    assert_memory_equal(view->origins[0], row->message.origin, 16);
    assert_int_equal(account_view(h, "bob")->out.account.origin_count, 0);

    add_message(to_nobody, 999, "alice@sotto.test/x", alice, "nobody@sotto.test", 5000,
                STR("lost"));
    assert_int_equal(commit(to_nobody), ERR_MISSING);
    add_message(nowhere, 0, "", 0, "", 5000, STR("nowhere"));
    assert_int_equal(commit(nowhere), ERR_NONE);
    page_of(h, &(struct archive_query){ .account = alice, .max = 10 }, 1);
    harness_settle(h, 3);
}

static void cursor(struct harness *h)
{
    static const struct {
        uint64_t put, expected;
    } moves[] = { { 5, 5 }, { 3, 5 }, { 5, 5 }, { 9, 9 } };
    int64_t alice = make_account(h, "alice");

    assert_int_equal(account_view(h, "alice")->out.account.cursor, 0);
    for (size_t i = 0; i < COUNT_OF(moves); i++) {
        struct call *c = call_new(h);

        call_row(c, ROW_CURSOR, alice)->entry.seq = moves[i].put;
        assert_int_equal(commit(c), ERR_NONE);
        assert_int_equal(account_view(h, "alice")->out.account.cursor, moves[i].expected);
    }
}

static void gone_entries(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    struct call *c = call_new(h), *stats = call_new(h);
    struct row *first =
        add_message(c, bob, "alice@sotto.test/x", alice, "bob@sotto.test", 1, STR("one"));
    struct row *row;

    add_message(c, bob, "alice@sotto.test/x", alice, "bob@sotto.test", 2, STR("two"));
    assert_int_equal(commit(c), ERR_NONE);
    for (int twice = 0; twice < 2; twice++) { /* what is gone already is no error */
        c = call_new(h);
        row = call_row(c, ROW_ENTRY_GONE, bob);
        row->entry.seq = first->message.entry[0].seq;
        assert_int_equal(commit(c), ERR_NONE);
    }
    assert_str(page_of(h, &(struct archive_query){ .account = bob, .max = 10 }, 1)->body, "two");
    assert_str(page_of(h, &(struct archive_query){ .account = alice, .max = 10 }, 2)->body, "one");
    assert_int_equal(ask(stats, QUERY_STATS), ERR_NONE);
    assert_int_equal(stats->query.out.stats.messages, 2);
    assert_int_equal(stats->query.out.stats.entries, 3);
    assert_int_equal(stats->query.out.stats.accounts, 2);

    /* A whole shelf: empty at once, and what comes after stays. */
    c = call_new(h);
    call_row(c, ROW_ENTRY_GONE, alice);
    row = add_message(c, 0, "", alice, "bob@sotto.test", 3, STR("three"));
    assert_int_equal(commit(c), ERR_NONE);
    assert_str(page_of(h, &(struct archive_query){ .account = alice, .max = 10 }, 1)->body,
               "three");
    harness_settle(h, 2);
    assert_str(page_of(h, &(struct archive_query){ .account = alice, .max = 10 }, 1)->body,
               "three");
    stats = call_new(h);
    assert_int_equal(ask(stats, QUERY_STATS), ERR_NONE);
    assert_int_equal(stats->query.out.stats.messages, 2);
}

static void add_request(struct harness *h, int64_t to, const char *from, uint64_t at_ms,
                        const char *body, int64_t sender)
{
    struct call *c = call_new(h);
    struct row *row = add_message(c, to, from, sender, "alice@sotto.test", at_ms, str_from(body));

    row->message.entry[0].shelf = SHELF_REQUESTS;
    assert_int_equal(commit(c), ERR_NONE);
}

static void move(struct harness *h)
{
    int64_t alice = make_account(h, "alice"), bob = make_account(h, "bob");
    struct call *c = call_new(h);
    const struct archive_result *results;
    struct row *row;

    add_request(h, alice, "eve@else.test/a", 1000, "first", 0);
    add_request(h, alice, "mallory@else.test/a", 1001, "other", 0);
    add_request(h, alice, "eve@else.test/b", 1002, "second", bob); /* its sender has it too */
    page_of(h, &(struct archive_query){ .account = alice, .max = 10 }, 0);
    page_of(h, &(struct archive_query){ .account = alice, .shelf = SHELF_REQUESTS, .max = 10 }, 3);
    add_message(c, alice, "bob@sotto.test/x", 0, "", 5000, STR("between"));
    assert_int_equal(commit(c), ERR_NONE);

    c = call_new(h);
    row = call_row(c, ROW_ENTRY_MOVE, alice);
    row->entry.peer = STR("eve@else.test");
    row->entry.at_ms = 6000;
    assert_int_equal(commit(c), ERR_NONE);
    results = page_of(h, &(struct archive_query){ .account = alice, .max = 10 }, 3);
    assert_str(results[0].body, "between");
    assert_str(results[1].body, "first");
    assert_str(results[1].peer, "eve@else.test/a");
    assert_int_equal(results[1].at_ms, 6000);
    assert_int_equal(results[1].sent_ms, 1000);
    assert_str(results[2].body, "second");
    assert_int_equal(results[2].sent_ms, 1002);
    results = page_of(h, &(struct archive_query){ .account = bob, .max = 10 }, 1);
    assert_str(results[0].body, "second");
    assert_int_equal(results[0].at_ms, 1002);
    results = page_of(
        h, &(struct archive_query){ .account = alice, .shelf = SHELF_REQUESTS, .max = 10 }, 1);
    assert_str(results[0].body, "other");
    harness_settle(h, 5);
}

/* ---- What leaves ------------------------------------------------------------------------------ */

static const struct outbox_record *outbox_after(struct harness *h, uint64_t after, size_t count)
{
    struct call *c = call_new(h);

    c->query.in.outbox.after = after;
    c->query.in.outbox.max = 2;
    assert_int_equal(ask(c, QUERY_OUTBOX), ERR_NONE);
    assert_int_equal(c->query.out.outbox.count, count);
    return c->query.out.outbox.records;
}

static void outbox(struct harness *h)
{
    int64_t alice = make_account(h, "alice");
    const struct outbox_record *records;
    struct call *c;
    struct row *row;

    for (unsigned i = 0; i < 3; i++) {
        c = call_new(h);
        row = call_row(c, ROW_OUTBOX, alice);
        row->outbox.domain = i == 1 ? STR("far.test") : STR("else.test");
        row->outbox.stanza = arena_printf(&c->set.op.arena, "<message id='%u'/>", i);
        row->outbox.since_ms = 1000 + i;
        assert_int_equal(commit(c), ERR_NONE);
        assert_true(row->outbox.id > 0);
    }
    records = outbox_after(h, 0, 2);
    assert_str(records[0].stanza, "<message id='0'/>");
    assert_str(records[1].domain, "far.test");
    assert_int_equal(records[1].since_ms, 1001);
    outbox_after(h, records[1].id, 1);
    c = call_new(h);
    call_row(c, ROW_OUTBOX_GONE, 0)->outbox.id = records[0].id;
    call_row(c, ROW_OUTBOX_GONE, 0)->outbox.id = 99; /* somebody was faster */
    assert_int_equal(commit(c), ERR_NONE);
    assert_str(outbox_after(h, 0, 2)[0].domain, "far.test");
}

static const struct store_test tests[] = {
    { "accounts", accounts },
    { "credentials", credentials },
    { "roster", roster },
    { "block list", blocks },
    { "pep", pep },
    { "documents", documents },
    { "devices", devices },
    { "invitations", invites },
    { "uploads", uploads },
    { "messages", messages },
    { "cursor", cursor },
    { "entries removed", gone_entries },
    { "entries moved", move },
    { "outbox", outbox },
};

int main(void)
{
    return harness_run(tests, COUNT_OF(tests));
}
