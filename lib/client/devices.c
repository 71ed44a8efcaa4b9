/* devices.c: see devices.h. */
#include "client/devices.h"

#include "client/keys.h"
#include "client/pubsub.h"
#include "client/record.h"
#include "client/trust_book.h"
#include "xmpp/ns.h"

enum { KEY_MAX = JID_MAX + 16, LIST_RECORD_MAX = 4 * (DEVICES_MAX + 1) };

static struct str list_node(enum omemo version)
{
    return version == OMEMO_2 ? STR(NS_OMEMO_DEVICES) : STR(NS_OMEMO_LEGACY_DEVICES);
}

static struct str bundle_node(struct arena *a, enum omemo version, uint32_t device)
{
    if (version == OMEMO_2)
        return STR(NS_OMEMO_BUNDLES);
    return arena_printf(a, "%s%u", NS_OMEMO_LEGACY_BUNDLES, (unsigned)device);
}

static struct str bundle_item(struct arena *a, enum omemo version, uint32_t device)
{
    return version == OMEMO_2 ? arena_printf(a, "%u", (unsigned)device) : STR("current");
}

/* ---- Rows ------------------------------------------------------------------------------------------ */

static struct bytes list_key(struct arena *a, enum omemo version, struct str bare)
{
    return bytes_of_str(arena_printf(a, "%d %.*s", (int)version, STR_ARG(bare)));
}

static struct bytes remote_key(struct arena *a, enum omemo version, struct str bare,
                               uint32_t device)
{
    return bytes_of_str(
        arena_printf(a, "%d %u %.*s", (int)version, (unsigned)device, STR_ARG(bare)));
}

void devices_remote(const struct engine *c, enum omemo version, struct str bare, uint32_t device,
                    struct remote *out)
{
    struct arena a = { 0 };
    struct bytes row = book_get(&c->book, BOOK_REMOTE, remote_key(&a, version, bare, device));

    if (row.p == NULL || remote_read(row, out) != ERR_NONE)
        remote_init(out, version);
    arena_deinit(&a);
}

void devices_keep_remote(struct engine *c, struct str bare, uint32_t device, const struct remote *r)
{
    uint8_t record[REMOTE_RECORD_MAX];
    struct arena a = { 0 };
    size_t n = remote_write(r, record);

    book_put(&c->book, BOOK_REMOTE, remote_key(&a, r->version, bare, device), bytes_of(record, n));
    secure_zero(record, sizeof record);
    arena_deinit(&a);
}

static bool read_list(struct engine *c, struct arena *a, enum omemo version, struct str bare,
                      const uint32_t **out_ids, size_t *out_count)
{
    struct bytes row = book_get(&c->book, BOOK_DEVICES, list_key(a, version, bare));
    struct reader r = reader_of(row);
    uint32_t *ids = arena_alloc(a, row.n + 1);

    if (row.p == NULL)
        return false;
    *out_count = row.n / sizeof *ids;
    for (size_t i = 0; i < *out_count; i++)
        ids[i] = read_u32(&r);
    *out_ids = ids;
    return true;
}

static void keep_list(struct engine *c, enum omemo version, struct str bare,
                      const struct device_list *list)
{
    struct arena a = { 0 };
    struct buf record;

    engine_note(&c->fresh, str_of_bytes(list_key(&a, version, bare)));
    buf_init(&record, LIST_RECORD_MAX);
    for (size_t i = 0; i < list->count; i++)
        record_u32(&record, list->devices[i].id);
    book_put(&c->book, BOOK_DEVICES, list_key(&a, version, bare), buf_bytes(&record));
    buf_deinit(&record);
    arena_deinit(&a);
}

/* ---- Our own --------------------------------------------------------------------------------------- */

static void publish_bundle(struct engine *c, enum omemo version)
{
    struct arena a = { 0 };
    struct bundle bundle = keys_bundle(c, &a, version);
    struct pubsub_item item = {
        .node = bundle_node(&a, version, c->identity.device_id),
        .id = bundle_item(&a, version, c->identity.device_id),
        .many = version == OMEMO_2,
    };

    pubsub_publish(c, &item, bundle_write(&a, &bundle));
    arena_deinit(&a);
}

void devices_stale(struct engine *c, enum omemo version)
{
    c->bundle_stale[version] = true;
}

/* Not while the archive is read, which may use up more of them. */
void devices_work(struct engine *c)
{
    for (int v = 0; v < OMEMO_VERSIONS; v++)
        if (c->bundle_stale[v] && c->archive.caught_up && c->line.state == LINE_ONLINE) {
            c->bundle_stale[v] = false;
            publish_bundle(c, (enum omemo)v);
        }
}

/* A list of ours that lacks this device gets it, whoever has published it (XEP-0384 0.3.0 §4.2). It gets no label: readers with
 * the schema of XEP-0384 0.8 refuse a whole list for a `labelsig`, and a label without one could be the server's. */
static void join(struct engine *c, const struct device_list *list)
{
    struct arena a = { 0 };
    struct device_entry *devices;
    struct device_list joined = { .version = list->version, .count = list->count + 1 };
    struct pubsub_item item = { .node = list_node(list->version), .id = STR("current") };

    if (device_list_has(list, c->identity.device_id) || list->count >= DEVICES_MAX)
        return;
    devices = arena_alloc(&a, joined.count * sizeof *devices);
    for (size_t i = 0; i < list->count; i++)
        devices[i] = list->devices[i];
    devices[list->count].id = c->identity.device_id;
    joined.devices = devices;
    pubsub_publish(c, &item, device_list_write(&a, &joined));
    devices_stale(c, list->version); /* who lost the list may have lost the bundle */
    keep_list(c, list->version, c->bare, &joined);
    arena_deinit(&a);
}

/* ---- Lists ----------------------------------------------------------------------------------------- */

static void list_came(struct engine *c, const struct jid *of, const struct device_list *list)
{
    struct arena a = { 0 };

    keep_list(c, list->version, jid_bare_text(&a, of), list);
    if (jid_same_account(of, &c->config.jid))
        join(c, list);
    arena_deinit(&a);
}

struct fetch {
    enum omemo version;
    struct jid of;
    uint32_t device; /* of a bundle */
};

static void list_fetched(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct fetch *f = r->context;
    const struct xml_node *node = answer != NULL ? pubsub_payload(answer, STR_NONE) : NULL;
    struct device_list list = { .version = f->version };
    struct arena a = { 0 };

    if (answer == NULL)
        return; /* it is asked for again when we are back */
    if (node != NULL && device_list_read(&a, node, &list) != ERR_NONE)
        list = (struct device_list){ .version = f->version };
    list_came(c, &f->of, &list);
    arena_deinit(&a);
    outbox_work(c);
}

static bool is_asked_for(const struct engine *c, request_done *done, const struct fetch *wanted)
{
    for (const struct link *l = list_first(&c->requests); l != NULL;
         l = list_next(&c->requests, l)) {
        const struct request *r = LIST_ENTRY(l, const struct request, link);
        const struct fetch *f = r->context;

        if (r->done == done && f->version == wanted->version && f->device == wanted->device
            && jid_eq(&f->of, &wanted->of))
            return true;
    }
    return false;
}

static struct request *new_fetch(struct engine *c, request_done *done, const struct fetch *wanted)
{
    struct request *r = request_new(c, done);
    struct fetch *f = ARENA_NEW(&r->arena, struct fetch);

    *f = *wanted;
    f->of = jid_copy(&r->arena, &wanted->of);
    r->context = f;
    return r;
}

static void fetch_list(struct engine *c, enum omemo version, const struct jid *of)
{
    struct fetch f = { .version = version, .of = *of };

    if (c->line.state == LINE_ONLINE && !is_asked_for(c, list_fetched, &f))
        pubsub_fetch(c, new_fetch(c, list_fetched, &f), of, list_node(version), STR_NONE);
}

/* Events tell of changes while there is a session; what changed before it, only the node itself. */
bool devices_of(struct engine *c, struct arena *a, enum omemo version, const struct jid *bare,
                const uint32_t **out_ids, size_t *out_count)
{
    struct str text = jid_text(a, bare);

    if (engine_noted(&c->fresh, str_of_bytes(list_key(a, version, text)))
        && read_list(c, a, version, text, out_ids, out_count))
        return true;
    fetch_list(c, version, bare);
    return false;
}

bool devices_event(struct engine *c, const struct stanza *message)
{
    const struct xml_node *event = xml_child(message->node, STR(NS_PUBSUB_EVENT), STR("event"));
    const struct xml_node *items =
        event ? xml_child(event, STR(NS_PUBSUB_EVENT), STR("items")) : NULL;
    const struct xml_node *item =
        items ? xml_child(items, STR(NS_PUBSUB_EVENT), STR("item")) : NULL;
    const struct xml_node *payload = item ? xml_first_element(item) : NULL;
    struct jid of = message->has_from ? jid_bare(&message->from) : c->config.jid;
    struct device_list list;
    struct arena a = { 0 };
    bool ours = false;

    for (int v = 0; v < OMEMO_VERSIONS && payload != NULL; v++)
        ours |= str_eq(xml_get(items, STR("node")), list_node((enum omemo)v));
    if (ours && device_list_read(&a, payload, &list) == ERR_NONE) {
        list_came(c, &of, &list);
        outbox_work(c);
    }
    arena_deinit(&a);
    return event != NULL;
}

/* ---- Bundles --------------------------------------------------------------------------------------- */

/* They may have begun one meanwhile; two would be one too many. */
static void begin(struct engine *c, const struct fetch *f, const struct xml_node *node)
{
    struct arena a = { 0 };
    struct session_end end;
    struct bundle bundle;
    struct remote r;
    struct str bare = jid_text(&a, &f->of);

    devices_remote(c, f->version, bare, f->device, &r);
    if (r.count == 0 && bundle_read(&a, node, &bundle) == ERR_NONE && bundle.version == f->version
        && remote_start(&r, &c->identity, &bundle, &c->random, &end) == ERR_NONE) {
        trust_met(c, bare, f->device, &r.identity);
        devices_keep_remote(c, bare, f->device, &r);
        devices_drop_kept(c, &end);
    }
    secure_zero(&r, sizeof r);
    arena_deinit(&a);
}

static struct str useless_key(struct arena *a, const struct fetch *f)
{
    struct str bare = jid_text(a, &f->of);

    return str_of_bytes(remote_key(a, f->version, bare, f->device));
}

static void bundle_fetched(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct fetch *f = r->context;
    struct arena a = { 0 };
    const struct xml_node *node;
    struct remote remote;

    if (answer == NULL)
        return;
    node = pubsub_payload(answer, f->version == OMEMO_2 ? bundle_item(&a, f->version, f->device)
                                                        : STR_NONE);
    if (node != NULL)
        begin(c, f, node);
    devices_remote(c, f->version, jid_text(&a, &f->of), f->device, &remote);
    if (remote.count == 0)
        engine_note(&c->useless, useless_key(&a, f));
    secure_zero(&remote, sizeof remote);
    arena_deinit(&a);
    outbox_work(c);
}

enum bundle_state devices_begin(struct engine *c, enum omemo version, const struct jid *bare,
                                uint32_t device)
{
    struct fetch f = { .version = version, .of = *bare, .device = device };
    struct arena a = { 0 };
    bool useless = engine_noted(&c->useless, useless_key(&a, &f));

    if (!useless && c->line.state == LINE_ONLINE && !is_asked_for(c, bundle_fetched, &f))
        pubsub_fetch(c, new_fetch(c, bundle_fetched, &f), bare, bundle_node(&a, version, device),
                     version == OMEMO_2 ? bundle_item(&a, version, device) : STR_NONE);
    arena_deinit(&a);
    return useless ? BUNDLE_USELESS : BUNDLE_ASKED;
}

void devices_online(struct engine *c)
{
    if (keys_tend(c) || book_get(&c->book, BOOK_SELF, engine_key("bundles")).p == NULL) {
        for (int v = 0; v < OMEMO_VERSIONS; v++)
            publish_bundle(c, (enum omemo)v);
        book_put(&c->book, BOOK_SELF, engine_key("bundles"), engine_key("published"));
    }
    for (int v = 0; v < OMEMO_VERSIONS; v++)
        fetch_list(c, (enum omemo)v, &c->config.jid);
}
