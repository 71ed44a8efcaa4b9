/* bundle_xml.c: bundles and device lists as they are published.
 *
 *   0.3   bundle { signedPreKeyPublic(signedPreKeyId) signedPreKeySignature identityKey
 *                  prekeys { preKeyPublic(preKeyId)* } }
 *         list { device(id)* }
 *   2     bundle { spk(id) spks ik prekeys { pk(id)* } }
 *         devices { device(id, label, labelsig)* }
 *
 * One prekey or device that cannot be read is passed over; the rest serves.
 */
#include "omemo/bundle.h"

#include <string.h>

#include "base/encode.h"
#include "omemo/octets.h"

enum { TYPED_KEY = 1 + OMEMO_KEY };

static const struct bundle_names {
    struct str list, bundle, signed_key, signed_id, signature, identity, prekey, prekey_id;
} names[OMEMO_VERSIONS] = {
    [OMEMO_03] = {
        .list = STR_INIT("list"),
        .bundle = STR_INIT("bundle"),
        .signed_key = STR_INIT("signedPreKeyPublic"),
        .signed_id = STR_INIT("signedPreKeyId"),
        .signature = STR_INIT("signedPreKeySignature"),
        .identity = STR_INIT("identityKey"),
        .prekey = STR_INIT("preKeyPublic"),
        .prekey_id = STR_INIT("preKeyId"),
    },
    [OMEMO_2] = {
        .list = STR_INIT("devices"),
        .bundle = STR_INIT("bundle"),
        .signed_key = STR_INIT("spk"),
        .signed_id = STR_INIT("id"),
        .signature = STR_INIT("spks"),
        .identity = STR_INIT("ik"),
        .prekey = STR_INIT("pk"),
        .prekey_id = STR_INIT("id"),
    },
};

static enum err version_of(const struct xml_node *node, bool is_list, enum omemo *out)
{
    for (enum omemo v = OMEMO_03; v <= OMEMO_2; v++)
        if (xml_is(node, dialect_of(v)->ns, is_list ? names[v].list : names[v].bundle)) {
            *out = v;
            return ERR_NONE;
        }
    return ERR_UNSUPPORTED;
}

static enum err read_key(struct arena *a, enum omemo version, const struct xml_node *node,
                         uint8_t out[OMEMO_KEY])
{
    uint8_t typed[TYPED_KEY];
    enum err e;

    if (version == OMEMO_2)
        return octets_read_exactly(a, node, out, OMEMO_KEY);
    if ((e = octets_read_exactly(a, node, typed, TYPED_KEY)) != ERR_NONE)
        return e;
    if (typed[0] != OMEMO_KEY_TYPE)
        return ERR_MALFORMED;
    memcpy(out, typed + 1, OMEMO_KEY);
    return ERR_NONE;
}

/* Other libraries count on from the last id in 32 bits, so any number is one here. */
static enum err read_prekeys(struct arena *a, const struct xml_node *list, struct bundle *b)
{
    const struct bundle_names *name = &names[b->version];
    struct bundle_prekey *prekeys;
    size_t n = 0;

    if (list == NULL)
        return ERR_NONE;
    if (xml_count_elements(list) > BUNDLE_PREKEYS_MAX)
        return ERR_TOO_BIG;
    prekeys = arena_alloc(a, (xml_count_elements(list) + 1) * sizeof prekeys[0]);
    for (const struct xml_node *node = xml_first_element(list); node != NULL;
         node = xml_next_element(node)) {
        uint64_t id;

        if (xml_is(node, list->ns, name->prekey)
            && str_to_u64(xml_get(node, name->prekey_id), UINT32_MAX, &id) == ERR_NONE
            && read_key(a, b->version, node, prekeys[n].key) == ERR_NONE)
            prekeys[n++].id = (uint32_t)id;
    }
    b->prekeys = prekeys;
    b->prekey_count = n;
    return ERR_NONE;
}

enum err bundle_read(struct arena *a, const struct xml_node *node, struct bundle *out)
{
    struct bundle b = { .version = OMEMO_03 };
    const struct bundle_names *name;
    const struct xml_node *signed_key;
    uint64_t id;
    enum err e;

    if ((e = version_of(node, false, &b.version)) != ERR_NONE)
        return e;
    name = &names[b.version];
    signed_key = xml_child(node, node->ns, name->signed_key);
    if ((e = read_key(a, b.version, signed_key, b.signed_key)) != ERR_NONE
        || (e = str_to_u64(xml_get(signed_key, name->signed_id), UINT32_MAX, &id)) != ERR_NONE
        || (e = octets_read_exactly(a, xml_child(node, node->ns, name->signature), b.signature,
                                    OMEMO_SIGNATURE))
               != ERR_NONE
        || (e = read_key(a, b.version, xml_child(node, node->ns, name->identity), b.identity))
               != ERR_NONE
        || (e = read_prekeys(a, xml_child(node, node->ns, STR("prekeys")), &b)) != ERR_NONE)
        return e;
    b.signed_id = (uint32_t)id;
    *out = b;
    return ERR_NONE;
}

static struct xml_node *write_key(struct arena *a, struct xml_node *parent, enum omemo version,
                                  struct str name, const uint8_t key[OMEMO_KEY])
{
    uint8_t typed[TYPED_KEY] = { OMEMO_KEY_TYPE };
    size_t type = version == OMEMO_03 ? 1 : 0;

    memcpy(typed + type, key, OMEMO_KEY);
    return xml_add_text_child(a, parent, parent->ns, name,
                              base64_text(a, bytes_of(typed, type + OMEMO_KEY)));
}

struct xml_node *bundle_write(struct arena *a, const struct bundle *b)
{
    const struct bundle_names *name = &names[b->version];
    struct xml_node *node = xml_new(a, dialect_of(b->version)->ns, name->bundle);
    struct xml_node *key = write_key(a, node, b->version, name->signed_key, b->signed_key);
    struct xml_node *list;

    xml_set(a, key, name->signed_id, id_text(a, b->signed_id));
    xml_add_text_child(a, node, node->ns, name->signature,
                       base64_text(a, bytes_of(b->signature, OMEMO_SIGNATURE)));
    write_key(a, node, b->version, name->identity, b->identity);
    list = xml_add(a, node, node->ns, STR("prekeys"));
    for (size_t i = 0; i < b->prekey_count; i++) {
        key = write_key(a, list, b->version, name->prekey, b->prekeys[i].key);
        xml_set(a, key, name->prekey_id, id_text(a, b->prekeys[i].id));
    }
    return node;
}

/* A label that is too long, or whose signature is none, is left out. */
static void read_label(struct arena *a, const struct xml_node *node, struct device_entry *d)
{
    struct str label = xml_get(node, STR("label"));

    if (label.n == 0 || label.n > DEVICE_LABEL_MAX
        || octets_read(a, xml_get(node, STR("labelsig")), OMEMO_SIGNATURE, &d->label_signature)
               != ERR_NONE)
        return;
    d->label = label;
}

enum err device_list_read(struct arena *a, const struct xml_node *node, struct device_list *out)
{
    struct device_list list = { .version = OMEMO_03 };
    struct device_entry *devices;
    enum err e;

    if ((e = version_of(node, true, &list.version)) != ERR_NONE)
        return e;
    if (xml_count_elements(node) > DEVICES_MAX)
        return ERR_TOO_BIG;
    devices = arena_alloc(a, (xml_count_elements(node) + 1) * sizeof devices[0]);
    list.devices = devices;
    for (const struct xml_node *d = xml_first_element(node); d != NULL; d = xml_next_element(d)) {
        uint32_t id;

        if (!xml_is(d, node->ns, STR("device"))
            || id_read(xml_get(d, STR("id")), OMEMO_ID_MAX, &id) != ERR_NONE
            || device_list_has(&list, id))
            continue;
        devices[list.count].id = id;
        if (list.version == OMEMO_2)
            read_label(a, d, &devices[list.count]);
        list.count++;
    }
    *out = list;
    return ERR_NONE;
}

struct xml_node *device_list_write(struct arena *a, const struct device_list *list)
{
    struct xml_node *node = xml_new(a, dialect_of(list->version)->ns, names[list->version].list);

    for (size_t i = 0; i < list->count; i++) {
        const struct device_entry *d = &list->devices[i];
        struct xml_node *child = xml_add(a, node, node->ns, STR("device"));

        xml_set(a, child, STR("id"), id_text(a, d->id));
        if (list->version == OMEMO_2 && d->label.n > 0) {
            xml_set(a, child, STR("label"), d->label);
            xml_set(a, child, STR("labelsig"), base64_text(a, d->label_signature));
        }
    }
    return node;
}
