/* sce.c: envelopes. */
#include "omemo/sce.h"

#include "base/datetime.h"
#include "base/encode.h"
#include "omemo/payload.h"
#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

static const struct xml_limits limits = {
    .element_bytes = PAYLOAD_MAX, .depth = 32, .attrs = 64, .nodes = 8192
};

static const struct str ns = STR_INIT(NS_SCE);

struct xml_node *sce_content(struct arena *a)
{
    return xml_new(a, ns, STR("content"));
}

static struct bytes text_of(struct arena *a, const struct xml_node *node)
{
    struct buf out;
    struct bytes text;

    buf_init(&out, PAYLOAD_MAX);
    xml_write(&out, node, STR_NONE);
    text = arena_bytes(a, buf_bytes(&out));
    buf_deinit(&out);
    return text;
}

static struct str padding(struct arena *a, const struct random *random, size_t written)
{
    size_t fill = written < SCE_MIN ? SCE_MIN - written : 0;
    uint8_t octets[SCE_MIN + SCE_PADDING_MAX];
    uint16_t chance;

    random_fill(random, &chance, sizeof chance);
    fill += chance % (SCE_PADDING_MAX + 1u);
    random_fill(random, octets, sizeof octets);
    return str_slice(base64url_text(a, bytes_of(octets, sizeof octets)), 0, fill);
}

static void add_address(struct arena *a, struct xml_node *envelope, struct str name, struct str jid)
{
    if (jid.n > 0)
        xml_set(a, xml_add(a, envelope, ns, name), STR("jid"), jid);
}

struct bytes sce_write(struct arena *a, const struct random *random, const struct sce *s)
{
    struct xml_node *envelope = xml_new(a, ns, STR("envelope"));
    struct xml_node *rpad;

    xml_append(envelope, s->content);
    rpad = xml_add(a, envelope, ns, STR("rpad"));
    add_address(a, envelope, STR("from"), s->from);
    add_address(a, envelope, STR("to"), s->to);
    if (s->has_time)
        xml_set(a, xml_add(a, envelope, ns, STR("time")), STR("stamp"),
                datetime_text(a, s->time_ms));
    xml_add_text(a, rpad, padding(a, random, text_of(a, envelope).n));
    return text_of(a, envelope);
}

/* NULL if there is none; *twice if there are several, which no profile allows. */
static struct xml_node *affix(const struct xml_node *envelope, struct str name, bool *twice)
{
    struct xml_node *first = xml_child(envelope, ns, name);

    for (const struct xml_node *node = first ? xml_next_element(first) : NULL; node != NULL;
         node = xml_next_element(node))
        *twice = *twice || xml_is(node, ns, name);
    return first;
}

static struct str address(const struct xml_node *node)
{
    return node != NULL ? xml_get(node, STR("jid")) : STR_NONE;
}

enum err sce_read(struct arena *a, struct bytes text, struct sce *out)
{
    struct sce s = { .has_time = false };
    const struct xml_node *from, *to, *time;
    struct xml_node *envelope;
    bool twice = false;
    enum err e;

    if ((e = xml_parse_document(a, str_of_bytes(text), &limits, &envelope)) != ERR_NONE)
        return e == ERR_TOO_BIG ? e : ERR_MALFORMED;
    if (!xml_is(envelope, ns, STR("envelope")))
        return ERR_MALFORMED;
    s.content = affix(envelope, STR("content"), &twice);
    from = affix(envelope, STR("from"), &twice);
    to = affix(envelope, STR("to"), &twice);
    time = affix(envelope, STR("time"), &twice);
    s.from = address(from);
    s.to = address(to);
    if (twice || s.content == NULL || (from != NULL && s.from.n == 0)
        || (to != NULL && s.to.n == 0))
        return ERR_MALFORMED;
    s.has_time = time != NULL;
    if (time != NULL && (e = datetime_read(xml_get(time, STR("stamp")), &s.time_ms)) != ERR_NONE)
        return e;
    *out = s;
    return ERR_NONE;
}

/* Absent fits: XEP-0384 0.9 §5.2 makes `from` optional, and `to` outside of rooms. */
static bool fits(struct arena *a, struct str text, const struct jid *stanza)
{
    struct jid jid;

    return text.n == 0 || (jid_parse(a, text, &jid) == ERR_NONE && jid_same_account(&jid, stanza));
}

enum err sce_check(struct arena *a, const struct sce *s, const struct jid *from,
                   const struct jid *to, bool is_group)
{
    if (!fits(a, s->from, from) || !fits(a, s->to, to) || (is_group && s->to.n == 0))
        return ERR_CONFLICT;
    return ERR_NONE;
}

bool sce_is_from_another_time(const struct sce *s, uint64_t stanza_ms)
{
    uint64_t apart = s->time_ms > stanza_ms ? s->time_ms - stanza_ms : stanza_ms - s->time_ms;

    return s->has_time && apart >= SCE_LATE_MS;
}
