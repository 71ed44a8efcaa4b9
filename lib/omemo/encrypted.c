/* encrypted.c: reading and writing <encrypted/>. */
#include "omemo/encrypted.h"

#include "base/encode.h"
#include "omemo/octets.h"

static enum err version_of(const struct xml_node *node, enum omemo *out)
{
    for (enum omemo v = OMEMO_03; v <= OMEMO_2; v++)
        if (xml_is(node, dialect_of(v)->ns, STR("encrypted"))) {
            *out = v;
            return ERR_NONE;
        }
    return ERR_UNSUPPORTED;
}

static bool is_true(struct str text)
{
    return str_is(text, "true") || str_is(text, "1");
}

struct key_list {
    struct encrypted_key *keys;
    size_t count, room;
};

/* A key whose number is none is for nobody. */
static void list_key(struct key_list *list, enum omemo version, struct arena *a,
                     const struct xml_node *node, struct str jid)
{
    const char *flag = version == OMEMO_03 ? "prekey" : "kex";
    struct encrypted_key *key = &list->keys[list->count];

    if (id_read(xml_get(node, STR("rid")), OMEMO_ID_MAX, &key->rid) != ERR_NONE)
        return;
    key->jid = jid;
    key->is_exchange = is_true(xml_get(node, str_from(flag)));
    key->text = xml_text_of(a, node);
    list->count++;
}

/* The keys right below `parent`. */
static enum err list_keys(struct key_list *list, enum omemo version, struct arena *a,
                          const struct xml_node *parent, struct str jid)
{
    const struct xml_node *node = xml_first_element(parent);

    for (; node != NULL; node = xml_next_element(node)) {
        if (!xml_is(node, dialect_of(version)->ns, STR("key")))
            continue;
        if (list->count == list->room)
            return ERR_TOO_BIG;
        list_key(list, version, a, node, jid);
    }
    return ERR_NONE;
}

static size_t count_keys(enum omemo version, const struct xml_node *header)
{
    size_t n = 0;

    if (version == OMEMO_03)
        return xml_count_elements(header);
    for (const struct xml_node *keys = xml_first_element(header); keys != NULL;
         keys = xml_next_element(keys))
        n += xml_count_elements(keys);
    return n;
}

static enum err read_keys(struct arena *a, const struct xml_node *header, struct encrypted *e)
{
    size_t n = count_keys(e->version, header);
    struct key_list list = { .room = n < ENCRYPTED_KEYS_MAX ? n : ENCRYPTED_KEYS_MAX };
    enum err why = ERR_NONE;

    list.keys = arena_alloc(a, (list.room + 1) * sizeof list.keys[0]);
    if (e->version == OMEMO_03)
        why = list_keys(&list, e->version, a, header, STR_NONE);
    for (const struct xml_node *keys = xml_first_element(header);
         e->version == OMEMO_2 && keys != NULL && why == ERR_NONE; keys = xml_next_element(keys))
        if (xml_is(keys, dialect_of(OMEMO_2)->ns, STR("keys")))
            why = list_keys(&list, e->version, a, keys, xml_get(keys, STR("jid")));
    e->keys = list.keys;
    e->count = list.count;
    return why;
}

/* Absent is fine for messages that have none; a wrong length shows when the payload is opened. */
static enum err read_iv(struct arena *a, const struct xml_node *header, struct encrypted *e)
{
    const struct xml_node *node = xml_child(header, dialect_of(OMEMO_03)->ns, STR("iv"));

    if (e->version != OMEMO_03 || node == NULL)
        return ERR_NONE;
    return octets_read(a, xml_text_of(a, node), PAYLOAD_IV_LONG, &e->iv);
}

enum err encrypted_read(struct arena *a, const struct xml_node *node, struct encrypted *out)
{
    struct encrypted e = { .version = OMEMO_03 };
    const struct xml_node *header, *payload;
    enum err why;

    if ((why = version_of(node, &e.version)) != ERR_NONE)
        return why;
    header = xml_child(node, node->ns, STR("header"));
    payload = xml_child(node, node->ns, STR("payload"));
    if (header == NULL || id_read(xml_get(header, STR("sid")), OMEMO_ID_MAX, &e.sid) != ERR_NONE)
        return ERR_MALFORMED;
    if ((why = read_keys(a, header, &e)) != ERR_NONE || (why = read_iv(a, header, &e)) != ERR_NONE)
        return why;
    e.has_payload = payload != NULL;
    if (e.has_payload
        && (why = octets_read(a, xml_text_of(a, payload), PAYLOAD_MAX + OMEMO_KEY, &e.payload))
               != ERR_NONE)
        return why;
    *out = e;
    return ERR_NONE;
}

static bool is_for(const struct encrypted *e, const struct encrypted_key *key, struct str jid,
                   uint32_t device_id)
{
    return key->rid == device_id && (e->version == OMEMO_03 || str_eq(key->jid, jid));
}

const struct encrypted_key *encrypted_next_key(const struct encrypted *e, struct str jid,
                                               uint32_t device_id, size_t *cursor)
{
    size_t before = 0;

    for (size_t i = 0; i < e->count && before < ENCRYPTED_TRIALS_MAX; i++) {
        if (!is_for(e, &e->keys[i], jid, device_id))
            continue;
        if (i >= *cursor) {
            *cursor = i + 1;
            return &e->keys[i];
        }
        before++;
    }
    return NULL;
}

enum err encrypted_key_octets(struct arena *a, const struct encrypted_key *key, struct bytes *out)
{
    return octets_read(a, key->text, CODEC_IN_MAX, out);
}

static void write_key(struct arena *a, struct xml_node *parent, enum omemo version,
                      const struct encrypted_key *key)
{
    struct xml_node *node = xml_add_text_child(a, parent, dialect_of(version)->ns, STR("key"),
                                               base64_text(a, key->octets));

    xml_set(a, node, STR("rid"), id_text(a, key->rid));
    if (key->is_exchange)
        xml_set(a, node, version == OMEMO_03 ? STR("prekey") : STR("kex"), STR("true"));
}

static void write_keys(struct arena *a, struct xml_node *header, const struct encrypted *e)
{
    struct xml_node *parent = header;

    for (size_t i = 0; i < e->count; i++) {
        if (e->version == OMEMO_2 && (i == 0 || !str_eq(e->keys[i].jid, e->keys[i - 1].jid))) {
            parent = xml_add(a, header, dialect_of(OMEMO_2)->ns, STR("keys"));
            xml_set(a, parent, STR("jid"), e->keys[i].jid);
        }
        write_key(a, parent, e->version, &e->keys[i]);
    }
}

struct xml_node *encrypted_write(struct arena *a, const struct encrypted *e)
{
    struct str ns = dialect_of(e->version)->ns;
    struct xml_node *node = xml_new(a, ns, STR("encrypted"));
    struct xml_node *header = xml_add(a, node, ns, STR("header"));

    xml_set(a, header, STR("sid"), id_text(a, e->sid));
    write_keys(a, header, e);
    if (e->version == OMEMO_03)
        xml_add_text_child(a, header, ns, STR("iv"), base64_text(a, e->iv));
    if (e->has_payload)
        xml_add_text_child(a, node, ns, STR("payload"), base64_text(a, e->payload));
    return node;
}
