/* avatar.c: avatars in their two forms, kept as one (XEP-0398): the newest metadata item (XEP-0084)
 * decides which picture is the account's; presence tells its hash, and its card shows it.
 */
#include "server/modules/avatar.h"

#include "base/encode.h"
#include "crypto/hash.h"
#include "server/modules/modules.h"
#include "server/modules/pep_write.h"
#include "server/pep_events.h"
#include "server/stored.h"

enum { ID_CHARS = 40, TYPE_CHARS = 64 };

/* ---- Which picture --------------------------------------------------------------------------------- */

static bool is_id(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= '0' && s.p[i] <= '9') && !(s.p[i] >= 'a' && s.p[i] <= 'f'))
            return false;
    return s.n == ID_CHARS;
}

static bool is_media_type(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return str_starts(s, STR("image/")) && s.n <= TYPE_CHARS;
}

/* The first <info/> of a picture that lies here and not at a URL (XEP-0398 §3.1). */
static struct photo described(struct arena *a, struct str payload)
{
    const struct xml_node *metadata = payload.n > 0 ? stored_element(a, payload) : NULL;
    const struct xml_node *i;

    if (metadata == NULL || !xml_is(metadata, STR(NS_AVATAR_METADATA), STR("metadata")))
        return (struct photo){ 0 };
    for (i = xml_first_element(metadata); i != NULL; i = xml_next_element(i)) {
        struct photo p = { xml_get(i, STR("id")), xml_get(i, STR("type")) };

        if (xml_is(i, STR(NS_AVATAR_METADATA), STR("info")) && xml_get(i, STR("url")).p == NULL
            && is_id(p.id) && is_media_type(p.type))
            return p;
    }
    return (struct photo){ 0 };
}

static void follow(const struct incoming *in, const struct pep_change *change, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct photo old = photo_of(in->view), now = { 0 };
    struct row *row;

    if (!str_eq(change->node, STR(NS_AVATAR_METADATA)))
        return;
    if (change->item != NULL)
        now = described(a, change->item->payload);
    else if (change->retracted.n > 0 && !str_eq(change->retracted, old.id))
        return;
    if (str_eq(now.id, old.id))
        return;
    row = outcome_write(out, ROW_DOCUMENT);
    row->document.kind = DOC_AVATAR;
    row->document.key = STR("");
    row->document.value = photo_text(a, now);
    outcome_presence(out); /* XEP-0153 §4.1: with the new hash */
}

/* ---- Pictures -------------------------------------------------------------------------------------- */

/* Base64 may be broken into lines (XEP-0153 §4.6, XEP-0084 §4.1). */
static struct str without_space(struct arena *a, struct str text)
{
    char *p = arena_raw(a, text.n);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != ' ' && text.p[i] != '\t' && text.p[i] != '\r' && text.p[i] != '\n')
            p[n++] = text.p[i];
    return (struct str){ p, n };
}

static bool read_base64(struct arena *a, struct str text, struct picture *out,
                        struct bytes *out_octets)
{
    uint8_t digest[HASH_SIZE_MAX];

    out->base64 = without_space(a, text);
    if (base64_read(a, out->base64, out_octets) != ERR_NONE || out_octets->n == 0)
        return false;
    hash_digest(HASH_SHA1, *out_octets, digest);
    out->photo.id = hex_text(a, bytes_of(digest, hash_size(HASH_SHA1)));
    out->bytes = out_octets->n;
    return true;
}

/* By its first octets: what a card says of its type is but a hint (XEP-0153 §5). */
static struct str sniff(struct bytes octets, struct str hint)
{
    static const struct {
        struct str begins, at_8, type;
    } known[] = {
        { STR_INIT("\x89PNG\r\n\x1a\n"), STR_INIT(""), STR_INIT("image/png") },
        { STR_INIT("\xff\xd8\xff"), STR_INIT(""), STR_INIT("image/jpeg") },
        { STR_INIT("GIF8"), STR_INIT(""), STR_INIT("image/gif") },
        { STR_INIT("RIFF"), STR_INIT("WEBP"), STR_INIT("image/webp") },
    };
    struct str s = str_of_bytes(octets);

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_starts(s, known[i].begins) && str_starts(str_skip(s, 8), known[i].at_8))
            return known[i].type;
    return is_media_type(hint) ? hint : STR_NONE;
}

bool avatar_read_photo(struct arena *a, const struct xml_node *photo, struct picture *out)
{
    struct str hint = str_trim(xml_child_text(a, photo, STR(NS_VCARD), STR("TYPE")));
    struct bytes octets;

    if (!read_base64(a, xml_child_text(a, photo, STR(NS_VCARD), STR("BINVAL")), out, &octets))
        return false;
    out->photo.type = sniff(octets, hint);
    return out->photo.type.n > 0;
}

bool avatar_read_item(struct arena *a, const struct pep_item *item, struct photo of,
                      struct picture *out)
{
    const struct xml_node *data = item->payload.n > 0 ? stored_element(a, item->payload) : NULL;
    struct bytes octets;

    if (data == NULL || !xml_is(data, STR(NS_AVATAR_DATA), STR("data"))
        || !read_base64(a, xml_text_of(a, data), out, &octets) || !str_eq(out->photo.id, of.id))
        return false;
    out->photo.type = of.type;
    return true;
}

void avatar_add_photo(struct arena *a, struct xml_node *card, const struct picture *p)
{
    struct xml_node *photo = xml_add(a, card, STR(NS_VCARD), STR("PHOTO"));

    xml_add_text_child(a, photo, STR(NS_VCARD), STR("TYPE"), p->photo.type);
    xml_add_text_child(a, photo, STR(NS_VCARD), STR("BINVAL"), p->base64);
}

/* ---- From a card to the nodes (XEP-0398 §3.2) ------------------------------------------------------- */

static void put(const struct incoming *in, struct outcome *out, struct str name, struct str id,
                const struct xml_node *payload)
{
    struct arena *a = outcome_arena(out);
    struct pep_node node = pep_node_get(in, out, name);
    struct pep_item item = { .node = name, .id = id, .payload = element_text(a, payload) };

    item.publisher = jid_text(a, &in->stanza->from);
    item.at_ms = in->now_ms;
    pep_put_item(in, out, &node, &item);
}

static struct xml_node *metadata_of(struct arena *a, const struct picture *p)
{
    struct xml_node *metadata = xml_new(a, STR(NS_AVATAR_METADATA), STR("metadata")), *info;

    if (p == NULL) /* XEP-0084 §3.5: none */
        return metadata;
    info = xml_add(a, metadata, STR(NS_AVATAR_METADATA), STR("info"));
    xml_set(a, info, STR("bytes"), arena_printf(a, "%zu", p->bytes));
    xml_set(a, info, STR("id"), p->photo.id);
    xml_set(a, info, STR("type"), p->photo.type);
    return metadata;
}

bool avatar_has_room(const struct incoming *in)
{
    const struct map *nodes = &in->view->pep_nodes;

    return pep_has_room(in, (size_t)(map_get(nodes, STR(NS_AVATAR_DATA)) == NULL)
                                + (size_t)(map_get(nodes, STR(NS_AVATAR_METADATA)) == NULL));
}

void avatar_publish(const struct incoming *in, struct outcome *out, const struct picture *p)
{
    struct arena *a = outcome_arena(out);
    struct str id = p ? p->photo.id : STR("none");
    struct xml_node *data;

    if (p != NULL) {
        data = xml_new(a, STR(NS_AVATAR_DATA), STR("data"));
        xml_add_text(a, data, p->base64);
        put(in, out, STR(NS_AVATAR_DATA), id, data);
    }
    if (!str_eq(photo_of(in->view).id, p ? id : STR_NONE)) /* else everybody knows it */
        put(in, out, STR(NS_AVATAR_METADATA), id, metadata_of(a, p));
}

/* ---- From the nodes to a card ---------------------------------------------------------------------- */

static bool may_read(const struct incoming *in, const char *name)
{
    const struct pep_node *node = map_get(&in->view->pep_nodes, str_from(name));

    return node != NULL
           && (node->config.access == PEP_OPEN
               || pep_may_hear(in->view, &node->config, in->sender));
}

struct photo avatar_for(const struct incoming *in)
{
    if (may_read(in, NS_AVATAR_METADATA) && may_read(in, NS_AVATAR_DATA))
        return photo_of(in->view);
    return (struct photo){ 0 };
}

const struct module avatar_module = {
    .name = "avatar",
    .spec = "XEP-0398 1.0.0, XEP-0084 1.1.4, XEP-0153 1.1.1",
    .account_features = LIST(STR_INIT(NS_AVATAR_CONVERSION)),
    .pep = follow,
};
