/* fuzz_ids.c: ids that a peer chooses and that end in the store's keys, or are decoded into them: names of nodes, items,
 * documents, devices, slots, contacts; positions and pages of archives; tokens.
 *
 * What was put under an id is found under it, alone and unchanged; what another account has under the same id, or under
 * any other, is neither found nor touched. An id of ours that was altered is none.
 *
 *     kind, text a, 0xff, text b          0xff is in no text: the parser hands on UTF-8 only
 */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/utf8.h"
#include "server/auth.h"
#include "server/invite_token.h"
#include "server/store.h"
#include "server/upload_slot.h"
#include "xmpp/rsm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { FUZZ_NOW_MS = 1000 * 1000, KEPT_SEQS = 3, SWEEP_EVERY = 4096 };

static const struct settings settings = { .secret = "the secret of a fuzzer's server" };

/* One store for all inputs; each leaves it as it was. */
static struct fixture {
    struct store *store;
    bool done;
    unsigned inputs;
    int64_t ours, other;
} fixture;

struct input {
    struct arena arena;
    struct str a, b;
};

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* ---- The store ------------------------------------------------------------------------------------- */

static void deliver(void *ctx, unsigned home, struct list *ops)
{
    struct fixture *f = ctx;

    (void)home;
    while (list_pop(ops) != NULL)
        f->done = true;
}

static enum err wait_for(const struct store_op *op)
{
    while (!fixture.done)
        must(store_step(fixture.store));
    fixture.done = false;
    return op->result;
}

static enum err commit(struct write_set *w)
{
    enum err e;

    store_commit(fixture.store, w);
    e = wait_for(&w->op);
    arena_deinit(&w->op.arena);
    return e;
}

static enum err ask(struct store_query *q)
{
    store_query(fixture.store, q);
    return wait_for(&q->op);
}

static int64_t make_account(const char *name)
{
    struct write_set w = { 0 };
    struct row *row = write_set_add(&w, ROW_ACCOUNT_NEW, 0);
    int64_t account;

    row->account_new.local = str_from(name);
    row->account_new.domain = STR("sotto.test");
    store_commit(fixture.store, &w);
    must(wait_for(&w.op) == ERR_NONE);
    account = row->account;
    arena_deinit(&w.op.arena);
    return account;
}

/* Addresses that nothing names any more are swept like everywhere. */
static void sweep(void)
{
    store_expire(fixture.store, FUZZ_NOW_MS);
    while (store_step(fixture.store))
        ;
}

/* ---- Nodes and items (XEP-0060) -------------------------------------------------------------------- */

static void put_item(int64_t account, struct str node, struct str id)
{
    struct write_set w = { 0 };
    struct row *row = write_set_add(&w, ROW_PEP_NODE, account);

    row->pep_node = (struct pep_node){ .name = node, .config.max_items = UINT64_MAX };
    row = write_set_add(&w, ROW_PEP_ITEM, account);
    row->pep_item.item =
        (struct pep_item){ .node = node, .id = id, .payload = STR("<x/>"), .at_ms = 1 };
    row->pep_item.keep_items = UINT64_MAX;
    must(commit(&w) == ERR_NONE);
}

/* How many items of that id are there; ERR_MISSING: no such node. */
static size_t items(int64_t account, struct str node, struct str id)
{
    struct store_query q = { .kind = QUERY_PEP_ITEMS };
    size_t n = 0;

    q.in.pep.account = account;
    q.in.pep.node = node;
    q.in.pep.ids = &id;
    q.in.pep.id_count = 1;
    if (ask(&q) == ERR_NONE)
        n = q.out.pep.count;
    for (size_t i = 0; i < n; i++)
        must(str_eq(q.out.pep.items[i].node, node) && str_eq(q.out.pep.items[i].id, id)
             && str_is(q.out.pep.items[i].payload, "<x/>"));
    arena_deinit(&q.op.arena);
    return n;
}

static void fuzz_items(struct input *in)
{
    struct write_set gone = { 0 };
    size_t others = items(fixture.other, in->a, in->b);

    must(items(fixture.ours, in->a, in->b) == 0);
    put_item(fixture.ours, in->a, in->b);
    put_item(fixture.ours, in->a, STR("beside"));
    must(items(fixture.ours, in->a, in->b) == 1);
    must(items(fixture.other, in->a, in->b) == others);
    write_set_add(&gone, ROW_PEP_ITEM_GONE, fixture.ours)->pep_item.item =
        (struct pep_item){ .node = in->a, .id = in->b };
    must(commit(&gone) == ERR_NONE);
    must(items(fixture.ours, in->a, in->b) == 0);
    must(items(fixture.ours, in->a, STR("beside")) == !str_is(in->b, "beside"));
    gone = (struct write_set){ 0 };
    write_set_add(&gone, ROW_PEP_NODE_GONE, fixture.ours)->pep_node.name = in->a;
    must(commit(&gone) == ERR_NONE);
    must(items(fixture.ours, in->a, STR("beside")) == 0);
    must(items(fixture.other, STR("kept"), STR("kept")) == 1);
}

/* ---- Documents (XEP-0049, XEP-0054) ---------------------------------------------------------------- */

static void put_document(int64_t account, struct str key, struct str value)
{
    struct write_set w = { 0 };
    struct row *row = write_set_add(&w, ROW_DOCUMENT, account);

    row->document.kind = DOC_PRIVATE;
    row->document.key = key;
    row->document.value = value;
    must(commit(&w) == ERR_NONE);
}

static void check_document(int64_t account, struct str key, struct str value)
{
    struct store_query q = { .kind = QUERY_DOCUMENT };

    q.in.document.account = account;
    q.in.document.kind = DOC_PRIVATE;
    q.in.document.key = key;
    must(ask(&q) == ERR_NONE && str_eq(q.out.document.value, value));
    arena_deinit(&q.op.arena);
}

static void fuzz_documents(struct input *in)
{
    put_document(fixture.ours, in->a, in->b);
    check_document(fixture.ours, in->a, in->b);
    put_document(fixture.ours, in->a, STR(""));
    check_document(fixture.ours, in->a, STR(""));
    check_document(fixture.other, STR("kept"), STR("kept"));
}

/* ---- Devices and resources (XEP-0494) -------------------------------------------------------------- */

static size_t devices(int64_t account, struct str resource)
{
    struct store_query q = { .kind = QUERY_DEVICES };
    size_t n;

    q.in.devices.account = account;
    q.in.devices.resource = resource;
    must(ask(&q) == ERR_NONE);
    n = q.out.devices.count;
    for (size_t i = 0; i < n; i++)
        must(resource.n == 0 || str_eq(q.out.devices.devices[i].resource, resource));
    arena_deinit(&q.op.arena);
    return n;
}

static void put_device(int64_t account, enum row_kind kind, struct str resource, struct str agent)
{
    struct write_set w = { 0 };
    struct row *row = write_set_add(&w, kind, account);

    row->device = (struct device_record){ .resource = resource, .user_agent_id = agent };
    must(commit(&w) == ERR_NONE);
}

/* The one wish that is granted: as Dino draws them, up to eight digits. */
static bool is_granted(struct str wish)
{
    char digits[9] = { 0 };

    if (!str_starts(wish, STR("dino.")) || wish.n < 6 || wish.n > 13)
        return false;
    memcpy(digits, wish.p + 5, wish.n - 5);
    return strspn(digits, "0123456789abcdef") == wish.n - 5;
}

/* What a client wishes for becomes a resource of ours, which says nothing of the wish. */
static struct str bound(struct input *in, struct str local, struct str wish)
{
    const struct home home = { .settings = &settings };
    const struct jid jid = { .local = local, .domain = STR("sotto.test") };
    struct str resource = bind_resource(&home, &in->arena, &jid, wish);

    if (is_granted(wish)) {
        must(str_eq(resource, wish));
        return resource;
    }
    must(resource.n == 12 && str_eq(resource, bind_resource(&home, &in->arena, &jid, wish)));
    for (size_t i = 0; i < resource.n; i++)
        must(strchr("abcdefghijklmnopqrstuvwxyz234567", resource.p[i]) != NULL);
    return resource;
}

static void fuzz_devices(struct input *in)
{
    size_t others = devices(fixture.other, in->a);

    must(is_granted(in->a)
         || !str_eq(bound(in, STR("ours"), in->a), bound(in, STR("other"), in->a)));
    must(str_eq(in->a, in->b)
         || !str_eq(bound(in, STR("ours"), in->a), bound(in, STR("ours"), in->b)));
    put_device(fixture.ours, ROW_DEVICE, in->a, in->b);
    must(devices(fixture.ours, in->a) == 1 && devices(fixture.other, in->a) == others);
    put_device(fixture.ours, ROW_DEVICE_GONE, in->a, in->b);
    must(devices(fixture.ours, STR("")) == 0 && devices(fixture.other, STR("kept")) == 1);
}

/* ---- Contacts and blocks --------------------------------------------------------------------------- */

static void put_contact(int64_t account, enum row_kind roster, enum row_kind block, struct str jid,
                        struct str name)
{
    struct write_set w = { 0 };

    write_set_add(&w, roster, account)->roster =
        (struct roster_item){ .jid = jid, .name = name, .listed = true, .version = 1 };
    write_set_add(&w, block, account)->block.jid = jid;
    must(commit(&w) == ERR_NONE);
}

static void check_contacts(const char *local, struct str jid, struct str name, size_t expected)
{
    struct store_query q = { .kind = QUERY_ACCOUNT };
    const struct account_record *found = &q.out.account;

    q.in.account.local = str_from(local);
    q.in.account.domain = STR("sotto.test");
    must(ask(&q) == ERR_NONE && found->roster_count == expected && found->block_count == expected);
    if (expected > 0)
        must(str_eq(found->roster[0].jid, jid) && str_eq(found->roster[0].name, name)
             && str_eq(found->blocks[0], jid));
    arena_deinit(&q.op.arena);
}

static void fuzz_contacts(struct input *in)
{
    put_contact(fixture.ours, ROW_ROSTER, ROW_BLOCK, in->a, in->b);
    check_contacts("ours", in->a, in->b, 1);
    put_contact(fixture.ours, ROW_ROSTER_GONE, ROW_BLOCK_GONE, in->a, in->b);
    check_contacts("ours", in->a, in->b, 0);
    check_contacts("other", STR("kept"), STR("kept"), 1);
}

/* ---- Archives (XEP-0313) --------------------------------------------------------------------------- */

static uint64_t number(struct str text, size_t at)
{
    uint64_t v = 0;

    for (size_t i = 0; i < 8 && at + i < text.n; i++)
        v |= (uint64_t)(uint8_t)text.p[at + i] << (8 * i);
    return v;
}

static void check_page(const struct archive_query *wanted)
{
    struct store_query q = { .kind = QUERY_ARCHIVE, .in.archive = *wanted };
    uint64_t last = 0;

    must(ask(&q) == ERR_NONE && q.out.archive.count <= (wanted->account == fixture.ours ? 1 : 3));
    for (size_t i = 0; i < q.out.archive.count; i++) {
        const struct archive_result *m = &q.out.archive.results[i];

        must(m->seq > last && (wanted->before == 0 || m->seq < wanted->before));
        must(m->seq > wanted->after && str_is(m->body, "<message/>"));
        must(wanted->with.n == 0 || str_starts(m->peer, wanted->with));
        last = m->seq;
    }
    arena_deinit(&q.op.arena);
}

static void fuzz_archive(struct input *in)
{
    uint64_t ids[] = { number(in->b, 0), 1, number(in->b, 8) };
    struct archive_query q = { .account = fixture.other, .max = 10 };

    q.with = in->a;
    check_page(&q);
    q.after = number(in->b, 16);
    q.before = number(in->b, 24);
    q.newest = in->b.n % 2;
    check_page(&q);
    q = (struct archive_query){ .account = fixture.other, .max = 10, .ids = ids, .id_count = 3 };
    check_page(&q);
    q.account = fixture.ours; /* where there are none */
    check_page(&q);
}

/* An id that anybody made up is none of ours; ours is, for its account, until a character of it is another. */
static void check_position(struct input *in, struct str text, uint64_t seq)
{
    struct str id = archive_id(&settings, &in->arena, fixture.ours, SHELF_ARCHIVE, seq);
    char altered[20];
    uint64_t read = 0;

    must(archive_id_read(&settings, id, fixture.ours, SHELF_ARCHIVE, &read) && read == seq);
    must(!archive_id_read(&settings, id, fixture.other, SHELF_ARCHIVE, &read));
    must(!archive_id_read(&settings, id, fixture.ours, SHELF_REQUESTS, &read));
    must(id.n == sizeof altered);
    if (archive_id_read(&settings, text, fixture.ours, SHELF_ARCHIVE, &read))
        must(str_eq(text, archive_id(&settings, &in->arena, fixture.ours, SHELF_ARCHIVE, read)));
    memcpy(altered, id.p, sizeof altered);
    altered[seq % sizeof altered] = text.n > 0 ? text.p[0] : '=';
    if (memcmp(altered, id.p, sizeof altered) != 0)
        must(!archive_id_read(&settings, (struct str){ altered, sizeof altered }, fixture.ours,
                              SHELF_ARCHIVE, &read));
}

static void fuzz_positions(struct input *in)
{
    struct arena *a = &in->arena;
    struct xml_node *query = xml_new(a, STR(NS_MAM), STR("query"));
    struct xml_node *set = xml_add(a, query, STR(NS_RSM), STR("set"));
    struct rsm page;

    xml_add_text_child(a, set, STR(NS_RSM), STR("after"), in->a);
    xml_add_text_child(a, set, STR(NS_RSM), STR("before"), in->b);
    xml_add_text_child(a, set, STR(NS_RSM), STR("max"), in->b);
    if (rsm_read(a, query, &page) == ERR_NONE)
        must(page.present && str_eq(page.after, in->a) && str_eq(page.before, in->b));
    check_position(in, in->a, number(in->b, 0));
    check_position(in, in->b, number(in->a, 0));
}

/* ---- Invitations (XEP-0401) and uploads (XEP-0363) ------------------------------------------------- */

static void fuzz_tokens(struct input *in)
{
    struct arena *a = &in->arena;
    struct str token = invite_token(&settings, a, in->a, 2 * FUZZ_NOW_MS, in->b);
    struct bytes octets;

    must(invite_token_is_of(&settings, token, in->a, FUZZ_NOW_MS));
    must(!invite_token_is_of(&settings, token, in->a, 2 * FUZZ_NOW_MS));
    must(str_eq(in->a, in->b) || !invite_token_is_of(&settings, token, in->b, FUZZ_NOW_MS));
    if (invite_token_is_of(&settings, in->a, in->b, FUZZ_NOW_MS))
        must(base32_read(a, in->a, &octets) == ERR_NONE && str_eq(base32_text(a, octets), in->a));
}

static enum err find_slot(struct str slot)
{
    struct store_query q = { .kind = QUERY_UPLOAD };
    enum err e;

    q.in.upload.slot = slot;
    e = ask(&q);
    must(e != ERR_NONE || str_eq(q.out.upload.upload.slot, slot));
    arena_deinit(&q.op.arena);
    return e;
}

static void fuzz_slots(struct input *in)
{
    struct arena *a = &in->arena;
    struct str slot = upload_slot(&settings, a, in->a);
    struct str may = upload_authorization(&settings, a, slot);
    struct write_set put = { 0 }, gone = { 0 };

    must(upload_slot_is_one(slot) && upload_is_authorized(&settings, slot, may));
    must(!upload_is_authorized(&settings, in->a, may));
    must(str_eq(in->b, may) || !upload_is_authorized(&settings, slot, in->b));
    must(!upload_slot_is_one(in->a)
         || (str_find(in->a, '/') == in->a.n && str_find(in->a, '.') == in->a.n));
    if (find_slot(in->a) == ERR_NONE)
        return; /* the other account's: slots are made, not chosen */
    write_set_add(&put, ROW_UPLOAD, fixture.ours)->upload =
        (struct upload_record){ .slot = in->a, .account = fixture.ours, .filename = in->b };
    must(commit(&put) == ERR_NONE && find_slot(in->a) == ERR_NONE);
    write_set_add(&gone, ROW_UPLOAD_GONE, fixture.ours)->upload.slot = in->a;
    must(commit(&gone) == ERR_NONE && find_slot(in->a) == ERR_MISSING);
    must(find_slot(STR("kept")) == ERR_NONE);
}

/* ---- Names of accounts ----------------------------------------------------------------------------- */

static void fuzz_names(struct input *in)
{
    struct store_query q = { .kind = QUERY_ACCOUNT };
    bool known = (str_is(in->a, "ours") || str_is(in->a, "other")) && str_is(in->b, "sotto.test");

    q.in.account.local = in->a;
    q.in.account.domain = in->b;
    must((ask(&q) == ERR_NONE) == known);
    arena_deinit(&q.op.arena);
    q = (struct store_query){ .kind = QUERY_ACCOUNTS };
    q.in.accounts.after = in->a;
    q.in.accounts.max = 10;
    must(ask(&q) == ERR_NONE && q.out.accounts.count <= 2);
    arena_deinit(&q.op.arena);
}

/* ---- Inputs ---------------------------------------------------------------------------------------- */

/* What the other account has, under names that the fuzzer will find. */
static void open_fixture(void)
{
    struct store_options options = { .url = STR("sqlite::memory:"),
                                     .inline_run = true,
                                     .retention_days = -1,
                                     .deliver = deliver,
                                     .deliver_ctx = &fixture };
    struct arena a = { 0 };
    struct str why;
    struct write_set w = { 0 };

    must(store_open(&options, &fixture.store, &why, &a) == ERR_NONE);
    fixture.ours = make_account("ours");
    fixture.other = make_account("other");
    put_item(fixture.other, STR("kept"), STR("kept"));
    put_document(fixture.other, STR("kept"), STR("kept"));
    put_device(fixture.other, ROW_DEVICE, STR("kept"), STR("kept"));
    put_contact(fixture.other, ROW_ROSTER, ROW_BLOCK, STR("kept"), STR("kept"));
    for (int i = 0; i < KEPT_SEQS; i++) {
        struct row *row = write_set_add(&w, ROW_MESSAGE, fixture.other);

        row->message.body = STR("<message/>");
        row->message.entry[0].account = fixture.other;
        row->message.entry[0].peer = STR("kept@sotto.test/kept");
    }
    write_set_add(&w, ROW_UPLOAD, fixture.other)->upload =
        (struct upload_record){ .slot = STR("kept"), .account = fixture.other };
    must(commit(&w) == ERR_NONE);
    arena_deinit(&a);
}

static void (*const kinds[])(struct input *in) = {
    fuzz_items,     fuzz_documents, fuzz_devices, fuzz_contacts, fuzz_archive,
    fuzz_positions, fuzz_tokens,    fuzz_slots,   fuzz_names,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = { (const char *)data + 1, n - 1 };
    struct input in = { 0 };

    if (n == 0)
        return 0;
    if (fixture.store == NULL)
        open_fixture();
    if (++fixture.inputs % SWEEP_EVERY == 0)
        sweep();
    in.a = str_split(&text, (char)0xff);
    in.b = text;
    if (in.a.n > 0 && in.b.n > 0 && utf8_valid(in.a) && utf8_valid(in.b)
        && str_find(in.a, '\0') == in.a.n && str_find(in.b, '\0') == in.b.n)
        kinds[data[0] % COUNT_OF(kinds)](&in);
    arena_deinit(&in.arena);
    return 0;
}
