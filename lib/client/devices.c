/* devices.c: see devices.h. */
#include "client/devices.h"

#include <string.h>

#include "client/keys.h"
#include "client/mend.h"
#include "client/pubsub.h"
#include "client/record.h"
#include "client/trust_book.h"
#include "xmpp/ns.h"

enum {
    LIST_RECORD_MAX = 4 * (DEVICES_MAX + 1),
    LIST_AGAIN_MS = 60 * 1000, /* our own, when the server could not tell it */
    BUNDLE_INTERVAL_MS = 10 * 60 * 1000,
};

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

static void read_remote(const struct engine *c, enum omemo version, struct str bare,
                        uint32_t device, struct remote *out)
{
    struct arena a = { 0 };
    struct bytes row = book_get(&c->book, BOOK_REMOTE, remote_key(&a, version, bare, device));

    if (row.p == NULL || remote_read(row, out) != ERR_NONE)
        remote_init(out, version);
    arena_deinit(&a);
}

/* A device has one identity in both versions (XEP-0384 §4.1): who is known in one is no stranger in the other. */
void devices_remote(const struct engine *c, enum omemo version, struct str bare, uint32_t device,
                    struct remote *out)
{
    struct remote other;

    read_remote(c, version, bare, device, out);
    if (out->is_known)
        return;
    read_remote(c, version == OMEMO_2 ? OMEMO_03 : OMEMO_2, bare, device, &other);
    out->is_known = other.is_known;
    out->identity = other.identity;
    secure_zero(&other, sizeof other);
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

/* What was used while it was under way is still to be told; what did not arrive, all of it. */
static void bundle_published(struct engine *c, const struct pubsub_item *item, bool published)
{
    enum omemo version = item->many ? OMEMO_2 : OMEMO_03;

    c->bundles[version].sending = false;
    c->bundles[version].refused = !published;
    if (published)
        keys_told(c, version, item->token);
}

static void publish_bundle(struct engine *c, enum omemo version)
{
    struct arena a = { 0 };
    struct bundle bundle = keys_bundle(c, &a, version);
    struct pubsub_item item = {
        .node = bundle_node(&a, version, c->identity->device_id),
        .id = bundle_item(&a, version, c->identity->device_id),
        .many = version == OMEMO_2,
        .done = bundle_published,
        .token = keys_untold(c, version),
    };

    c->bundles[version].sending = true;
    c->bundles[version].sent_ms = c->now_ms;
    pubsub_publish(c, &item, bundle_write(&a, &bundle));
    arena_deinit(&a);
}

/* A bundle is ten kilobytes, and a used prekey in it serves on for a week: so many are told of at once, after the archive was read, which
 * may use up more of them. One that others cannot do without is told of now. */
static bool bundle_is_due(const struct engine *c, enum omemo version)
{
    uint32_t untold = keys_untold(c, version);

    if (untold >= KEYS_UNTOLD_MAX && !c->bundles[version].refused)
        return true;
    return untold > 0 && c->archive.caught_up
           && c->now_ms >= c->bundles[version].sent_ms + BUNDLE_INTERVAL_MS;
}

static void fetch_list(struct engine *c, enum omemo version, const struct jid *of);

void devices_work(struct engine *c)
{
    if (c->line.state != LINE_ONLINE)
        return;
    for (int v = 0; v < OMEMO_VERSIONS; v++) {
        if (!c->bundles[v].sending && bundle_is_due(c, (enum omemo)v))
            publish_bundle(c, (enum omemo)v);
        if (c->bundles[v].list_again_ms != 0 && c->now_ms >= c->bundles[v].list_again_ms) {
            c->bundles[v].list_again_ms = 0;
            fetch_list(c, (enum omemo)v, &c->config.jid);
        }
    }
    if (c->archive.caught_up && !c->archive.gap && !c->dropped_keys) {
        c->dropped_keys = true;
        keys_drop_old(c);
    }
}

/* A device of ours that the person has sent away. One that comes back has found a way in that is to be closed elsewhere: it is not
 * quarrelled with. */
static bool goes(struct engine *c, enum omemo version, uint32_t device)
{
    struct arena a = { 0 };
    struct str name = arena_printf(&a, "%d gone %u", (int)version, device);
    bool refused = device != c->identity->device_id && !engine_noted(&c->fresh, name)
                   && trust_refuses(c, device);

    if (refused)
        engine_note(&c->fresh, name);
    arena_deinit(&a);
    return refused;
}

/* A list of ours that lacks this device gets it, whoever has published it (XEP-0384 0.3.0 §4.2). It gets no label: readers with
 * the schema of XEP-0384 0.8 refuse a whole list for a `labelsig`, and a label without one could be the server's. */
static void mend_list(struct engine *c, const struct device_list *list)
{
    struct arena a = { 0 };
    struct device_entry *devices;
    struct device_list mended = { .version = list->version };
    struct pubsub_item item = { .node = list_node(list->version), .id = STR("current") };
    bool has_this = device_list_has(list, c->identity->device_id) || list->count >= DEVICES_MAX;

    mended.devices = devices = arena_alloc(&a, (list->count + 1) * sizeof *devices);
    for (size_t i = 0; i < list->count; i++)
        if (!goes(c, list->version, list->devices[i].id))
            devices[mended.count++] = list->devices[i];
    if (!has_this)
        devices[mended.count++].id = c->identity->device_id;
    if (has_this && mended.count == list->count)
        goto done;
    pubsub_publish(c, &item, device_list_write(&a, &mended));
    if (!has_this)
        keys_tell_all(c, list->version); /* who lost the list may have lost the bundle */
    keep_list(c, list->version, c->bare, &mended);
done:
    arena_deinit(&a);
}

/* ---- Lists ----------------------------------------------------------------------------------------- */

static void list_came(struct engine *c, const struct jid *of, const struct device_list *list)
{
    struct arena a = { 0 };

    keep_list(c, list->version, jid_bare_text(&a, of), list);
    if (jid_same_account(of, &c->config.jid))
        mend_list(c, list);
    arena_deinit(&a);
}

void devices_sent_away(struct engine *c)
{
    for (int v = 0; v < OMEMO_VERSIONS && c->line.state == LINE_ONLINE; v++) {
        struct device_list list = { .version = (enum omemo)v };
        struct device_entry *devices;
        struct arena a = { 0 };
        const uint32_t *ids;

        if (c->bundles[v].list_again_ms == 0
            && read_list(c, &a, list.version, c->bare, &ids, &list.count)) {
            list.devices = devices = arena_alloc(&a, list.count * sizeof *devices);
            for (size_t i = 0; i < list.count; i++)
                devices[i].id = ids[i];
            mend_list(c, &list);
        }
        arena_deinit(&a);
    }
}

bool devices_lists(struct engine *c, enum omemo version, struct str bare, uint32_t device)
{
    struct arena a = { 0 };
    const uint32_t *ids;
    size_t n = 0;
    bool found = false;

    if (read_list(c, &a, version, bare, &ids, &n))
        for (size_t i = 0; i < n; i++)
            found |= ids[i] == device;
    arena_deinit(&a);
    return found;
}

struct fetch {
    enum omemo version;
    struct jid of;
    uint32_t device; /* of a bundle */
    bool renew;      /* there are sessions, which do not work */
};

/* Nothing came from there, so nothing is known (RFC 6120 §8.3.3.16, §8.3.3.17). */
static bool was_unreachable(const struct stanza *answer)
{
    const struct xml_node *error = xml_child(answer->node, STR(NS_CLIENT), STR("error"));

    return error != NULL
           && (xml_child(error, STR(NS_STANZA_ERRORS), STR("remote-server-not-found")) != NULL
               || xml_child(error, STR(NS_STANZA_ERRORS), STR("remote-server-timeout")) != NULL);
}

/* It says nothing of the list: what is known of it holds in this session. Of our own list this device may not make one that names
 * nobody else: others would lose what is written to them. */
static void list_not_told(struct engine *c, const struct fetch *f)
{
    struct arena a = { 0 };
    struct str bare = jid_text(&a, &f->of);
    const uint32_t *ids;
    size_t n;

    if (read_list(c, &a, f->version, bare, &ids, &n))
        engine_note(&c->fresh, str_of_bytes(list_key(&a, f->version, bare)));
    else
        keep_list(c, f->version, bare, &(struct device_list){ .version = f->version });
    if (jid_same_account(&f->of, &c->config.jid))
        c->bundles[f->version].list_again_ms = c->now_ms + LIST_AGAIN_MS;
    arena_deinit(&a);
}

static void list_fetched(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct fetch *f = r->context;
    const struct xml_node *node = answer != NULL ? pubsub_payload(answer, STR_NONE) : NULL;
    struct device_list list = { .version = f->version };
    struct arena a = { 0 };

    if (answer == NULL)
        return; /* it is asked for again when we are back */
    if (was_unreachable(answer))
        engine_note(&c->unreachable, jid_bare_text(&a, &f->of));
    if (node != NULL && device_list_read(&a, node, &list) != ERR_NONE)
        list = (struct device_list){ .version = f->version };
    if (request_may_pass(answer))
        list_not_told(c, f);
    else
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

void devices_doubt(struct engine *c, const struct jid *bare)
{
    struct arena a = { 0 };
    struct str text = jid_text(&a, bare);

    for (int v = 0; v < OMEMO_VERSIONS; v++)
        (void)map_remove(&c->fresh.map, str_of_bytes(list_key(&a, (enum omemo)v, text)));
    arena_deinit(&a);
}

/* Once in a session for each: it may have left the list and go on writing. */
void devices_heard(struct engine *c, enum omemo version, const struct jid *bare, uint32_t device)
{
    struct arena a = { 0 };
    struct str text = jid_text(&a, bare);
    struct str name =
        arena_printf(&a, "unlisted %d %u %.*s", (int)version, (unsigned)device, STR_ARG(text));

    if (!devices_lists(c, version, text, device) && !engine_noted(&c->fresh, name)) {
        engine_note(&c->fresh, name);
        devices_doubt(c, bare);
    }
    arena_deinit(&a);
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

/* Somebody else's key for a device that we know: the person has to know, too. */
static void warn_of_key(struct engine *c, struct str bare, uint32_t device)
{
    struct arena a = { 0 };

    engine_add_entry(
        c,
        &(struct entry){ .kind = ENTRY_SEALED,
                         .time_ms = c->now_ms,
                         .device = device,
                         .chat = bare,
                         .author = bare,
                         .id = random_token(&c->random, &a, 15),
                         .text = STR("The server gave out another key for a device of theirs than "
                                     "before. Nothing is sent to it.") });
    arena_deinit(&a);
}

/* They may have begun one meanwhile; two would be one too many, unless it is to replace what is broken. */
static void begin(struct engine *c, const struct fetch *f, const struct xml_node *node)
{
    struct arena a = { 0 };
    struct session_end end;
    struct bundle bundle;
    struct remote r;
    struct str bare = jid_text(&a, &f->of);
    enum err e = ERR_MALFORMED;

    devices_remote(c, f->version, bare, f->device, &r);
    if ((r.count == 0 || f->renew) && bundle_read(&a, node, &bundle) == ERR_NONE
        && bundle.version == f->version)
        e = remote_start(&r, c->identity, &bundle, &c->random, &end);
    if (e == ERR_CONFLICT)
        warn_of_key(c, bare, f->device);
    if (e == ERR_NONE) {
        trust_met(c, bare, f->device, &r.identity);
        devices_keep_remote(c, bare, f->device, &r);
        devices_drop_kept(c, &end);
        if (f->renew)
            mend_begun(c, f->version, bare, f->device);
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

static void fetch_bundle(struct engine *c, const struct fetch *f)
{
    struct arena a = { 0 };

    if (c->line.state == LINE_ONLINE && !is_asked_for(c, bundle_fetched, f))
        pubsub_fetch(c, new_fetch(c, bundle_fetched, f), &f->of,
                     bundle_node(&a, f->version, f->device),
                     f->version == OMEMO_2 ? bundle_item(&a, f->version, f->device) : STR_NONE);
    arena_deinit(&a);
}

void devices_renew(struct engine *c, enum omemo version, const struct jid *bare, uint32_t device)
{
    fetch_bundle(c, &(struct fetch){ version, *bare, device, true });
}

enum bundle_state devices_begin(struct engine *c, enum omemo version, const struct jid *bare,
                                uint32_t device)
{
    struct fetch f = { .version = version, .of = *bare, .device = device };
    struct arena a = { 0 };
    bool useless = engine_noted(&c->useless, useless_key(&a, &f));

    if (!useless)
        fetch_bundle(c, &f);
    arena_deinit(&a);
    return useless ? BUNDLE_USELESS : BUNDLE_ASKED;
}

void devices_online(struct engine *c)
{
    keys_tend(c);
    c->dropped_keys = false;
    memset(c->bundles, 0, sizeof c->bundles);
    devices_work(c); /* before a list of ours names this device */
    for (int v = 0; v < OMEMO_VERSIONS; v++)
        fetch_list(c, (enum omemo)v, &c->config.jid);
}
