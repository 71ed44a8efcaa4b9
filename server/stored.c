/* stored.c: trees to text and back. */
#include "server/stored.h"

#include "base/datetime.h"
#include "server/module.h"
#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/delay.h"

static const struct xml_limits any = { SIZE_MAX, 1000, 1000, 1000000 };

/* No cap: a tree is a small multiple of what was capped when it came in. */
static void write_all(struct buf *text, const struct xml_node *node, struct str default_ns)
{
    buf_init(text, SIZE_MAX / 2);
    xml_write(text, node, default_ns);
}

static struct str text_with(struct arena *a, const struct xml_node *node, struct str default_ns)
{
    struct buf text;
    struct str copy;

    write_all(&text, node, default_ns);
    copy = arena_str(a, buf_str(&text));
    buf_deinit(&text);
    return copy;
}

struct str stanza_text(struct arena *a, const struct xml_node *node)
{
    return text_with(a, node, STR(NS_CLIENT));
}

struct str element_text(struct arena *a, const struct xml_node *node)
{
    return text_with(a, node, STR_NONE);
}

struct blob *stanza_blob(const struct xml_node *node)
{
    struct buf text;
    struct blob *b;

    write_all(&text, node, STR(NS_CLIENT));
    b = blob_new(buf_str(&text));
    buf_deinit(&text);
    return b;
}

struct xml_node *stored_element(struct arena *a, struct str text)
{
    struct xml_node *node;

    return xml_parse_document(a, text, &any, &node) == ERR_NONE ? node : NULL;
}

struct xml_node *stored_stanza(struct arena *a, struct str text)
{
    struct buf declared;
    struct xml_node *node;
    size_t name = 1;

    /* <message from=… becomes <message xmlns='jabber:client' from=… */
    while (name < text.n && text.p[name] >= 'a' && text.p[name] <= 'z')
        name++;
    buf_init(&declared, SIZE_MAX / 2);
    buf_add(&declared, str_slice(text, 0, name));
    buf_add(&declared, STR(" xmlns='" NS_CLIENT "'"));
    buf_add(&declared, str_skip(text, name));
    node = stored_element(a, buf_str(&declared));
    buf_deinit(&declared);
    return node;
}

struct xml_node *stored_message(struct arena *a, const struct settings *s, struct str owner,
                                int64_t account, const struct archive_result *m, struct str from)
{
    struct xml_node *node = stored_stanza(a, m->body), *id;

    if (node == NULL)
        return NULL;
    if (from.n > 0)
        delay_add(a, node, from, m->at_ms);
    id = xml_add(a, node, STR(NS_SID), STR("stanza-id"));
    xml_set(a, id, STR("by"), owner);
    xml_set(a, id, STR("id"), archive_id(s, a, account, SHELF_ARCHIVE, m->seq));
    return node;
}

static void add_end(struct arena *a, const struct settings *s, int64_t account,
                    struct xml_node *metadata, struct str name, uint64_t seq, uint64_t at_ms)
{
    struct xml_node *end;

    if (seq == 0)
        return;
    end = xml_add(a, metadata, STR(NS_MAM), name);
    xml_set(a, end, STR("id"), archive_id(s, a, account, SHELF_ARCHIVE, seq));
    xml_set(a, end, STR("timestamp"), datetime_text(a, at_ms));
}

struct xml_node *archive_metadata(struct arena *a, const struct settings *s, int64_t account,
                                  const struct store_query *q)
{
    struct xml_node *metadata = xml_new(a, STR(NS_MAM), STR("metadata"));

    add_end(a, s, account, metadata, STR("start"), q->out.archive.first_seq,
            q->out.archive.first_ms);
    add_end(a, s, account, metadata, STR("end"), q->out.archive.last_seq, q->out.archive.last_ms);
    return metadata;
}
