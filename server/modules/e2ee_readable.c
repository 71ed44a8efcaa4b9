/* e2ee_readable.c: the closed grammar of what may stay readable in a message. */
#include "server/modules/e2ee_readable.h"

#include "base/datetime.h"
#include "xmpp/jid.h"
#include "xmpp/ns.h"

enum {
    ID_BYTES = 128, /* clients use UUIDs, rooms and archives up to some sixty */
    THREAD_BYTES = 64,
    LANGUAGE_BYTES = 35, /* RFC 5646 §4.4.1 */
    NUMBER_DIGITS = 10,
    ATTRIBUTES_MAX = 4,
};

enum kind { NO_MORE, ID, ADDRESS, NUMBER, TIME, NAMESPACE, METHOD, FLAG, THREAD, WORD };

struct shape {
    struct str ns, name;
    struct {
        struct str name;
        enum kind kind;
    } attributes[ATTRIBUTES_MAX];
    const struct shape *parts; /* children */
    size_t part_count;
    bool has_text;
};

#define ATTR(NAME, KIND)                                                                           \
    {                                                                                              \
        STR_INIT(NAME), KIND                                                                       \
    }
#define PARTS(LIST) .parts = (LIST), .part_count = COUNT_OF(LIST)

/* ---- The grammar ------------------------------------------------------------------------------------- */

static const struct shape fallback_parts[] = {
    { .ns = STR_INIT(NS_FALLBACK),
      .name = STR_INIT("body"),
      .attributes = { ATTR("start", NUMBER), ATTR("end", NUMBER) } },
    { .ns = STR_INIT(NS_FALLBACK),
      .name = STR_INIT("subject"),
      .attributes = { ATTR("start", NUMBER), ATTR("end", NUMBER) } },
};

static const struct shape who_moderated[] = {
    { .ns = STR_INIT(NS_OCCUPANT_ID),
      .name = STR_INIT("occupant-id"),
      .attributes = { ATTR("id", ID) } },
};

static const struct shape retract_parts[] = {
    { .ns = STR_INIT(NS_MODERATE),
      .name = STR_INIT("moderated"),
      .attributes = { ATTR("by", ADDRESS) },
      PARTS(who_moderated) },
};

static const struct shape moderate_parts[] = {
    { .ns = STR_INIT(NS_RETRACT), .name = STR_INIT("retract"), .attributes = { ATTR("id", ID) } },
    { .ns = STR_INIT(NS_OCCUPANT_ID),
      .name = STR_INIT("occupant-id"),
      .attributes = { ATTR("id", ID) } },
};

static const struct shape invite_parts[] = {
    { .ns = STR_INIT(NS_MUC_USER),
      .name = STR_INIT("continue"),
      .attributes = { ATTR("thread", THREAD) } },
};

static const struct shape room_parts[] = {
    { .ns = STR_INIT(NS_MUC_USER),
      .name = STR_INIT("invite"),
      .attributes = { ATTR("to", ADDRESS), ATTR("from", ADDRESS) },
      PARTS(invite_parts) },
    { .ns = STR_INIT(NS_MUC_USER),
      .name = STR_INIT("decline"),
      .attributes = { ATTR("to", ADDRESS), ATTR("from", ADDRESS) } },
    { .ns = STR_INIT(NS_MUC_USER),
      .name = STR_INIT("status"),
      .attributes = { ATTR("code", NUMBER) } },
    { .ns = STR_INIT(NS_MUC_USER),
      .name = STR_INIT("item"),
      .attributes = { ATTR("affiliation", WORD), ATTR("role", WORD), ATTR("jid", ADDRESS) } },
};

static const struct shape readable[] = {
    { .ns = STR_INIT(NS_RECEIPTS), .name = STR_INIT("request") },
    { .ns = STR_INIT(NS_RECEIPTS), .name = STR_INIT("received"), .attributes = { ATTR("id", ID) } },
    { .ns = STR_INIT(NS_MARKERS), .name = STR_INIT("markable") },
    { .ns = STR_INIT(NS_MARKERS), .name = STR_INIT("received"), .attributes = { ATTR("id", ID) } },
    { .ns = STR_INIT(NS_MARKERS), .name = STR_INIT("displayed"), .attributes = { ATTR("id", ID) } },
    { .ns = STR_INIT(NS_MARKERS),
      .name = STR_INIT("acknowledged"),
      .attributes = { ATTR("id", ID) } },
    { .ns = STR_INIT(NS_CHATSTATES), .name = STR_INIT("active") },
    { .ns = STR_INIT(NS_CHATSTATES), .name = STR_INIT("composing") },
    { .ns = STR_INIT(NS_CHATSTATES), .name = STR_INIT("paused") },
    { .ns = STR_INIT(NS_CHATSTATES), .name = STR_INIT("inactive") },
    { .ns = STR_INIT(NS_CHATSTATES), .name = STR_INIT("gone") },
    { .ns = STR_INIT(NS_SID), .name = STR_INIT("origin-id"), .attributes = { ATTR("id", ID) } },
    { .ns = STR_INIT(NS_SID),
      .name = STR_INIT("stanza-id"),
      .attributes = { ATTR("id", ID), ATTR("by", ADDRESS) } },
    { .ns = STR_INIT(NS_HINTS), .name = STR_INIT("store") },
    { .ns = STR_INIT(NS_HINTS), .name = STR_INIT("no-store") },
    { .ns = STR_INIT(NS_HINTS), .name = STR_INIT("no-permanent-store") },
    { .ns = STR_INIT(NS_HINTS), .name = STR_INIT("no-copy") },
    { .ns = STR_INIT(NS_CORRECT), .name = STR_INIT("replace"), .attributes = { ATTR("id", ID) } },
    { .ns = STR_INIT(NS_REPLY),
      .name = STR_INIT("reply"),
      .attributes = { ATTR("id", ID), ATTR("to", ADDRESS) } },
    { .ns = STR_INIT(NS_FALLBACK),
      .name = STR_INIT("fallback"),
      .attributes = { ATTR("for", NAMESPACE) },
      PARTS(fallback_parts) },
    { .ns = STR_INIT(NS_RETRACT),
      .name = STR_INIT("retract"),
      .attributes = { ATTR("id", ID) },
      PARTS(retract_parts) },
    { .ns = STR_INIT(NS_RETRACT),
      .name = STR_INIT("retracted"),
      .attributes = { ATTR("id", ID), ATTR("stamp", TIME) },
      PARTS(retract_parts) },
    { .ns = STR_INIT(NS_MODERATE),
      .name = STR_INIT("moderate"),
      .attributes = { ATTR("id", ID) },
      PARTS(moderate_parts) },
    { .ns = STR_INIT(NS_MODERATE),
      .name = STR_INIT("moderated"),
      .attributes = { ATTR("by", ADDRESS) },
      PARTS(moderate_parts) },
    { .ns = STR_INIT(NS_ATTACH), .name = STR_INIT("attach-to"), .attributes = { ATTR("id", ID) } },
    { .ns = STR_INIT(NS_EME),
      .name = STR_INIT("encryption"),
      .attributes = { ATTR("namespace", NAMESPACE), ATTR("name", METHOD) } },
    { .ns = STR_INIT(NS_EPHEMERAL),
      .name = STR_INIT("ephemeral"),
      .attributes = { ATTR("timer", NUMBER) } },
    { .ns = STR_INIT(NS_CONFERENCE),
      .name = STR_INIT("x"),
      .attributes = { ATTR("jid", ADDRESS), ATTR("password", ID), ATTR("thread", THREAD),
                      ATTR("continue", FLAG) } },
    { .ns = STR_INIT(NS_MUC_USER), .name = STR_INIT("x"), PARTS(room_parts) },
    { .ns = STR_INIT(NS_CARBONS), .name = STR_INIT("private") },
    { .ns = STR_INIT(NS_CLIENT),
      .name = STR_INIT("thread"),
      .attributes = { ATTR("parent", THREAD) },
      .has_text = true },
};

/* Whose texts are base64 is settled before. */
#define OMEMO_KEY_ATTRS                                                                            \
    {                                                                                              \
        ATTR("rid", NUMBER), ATTR("prekey", FLAG), ATTR("kex", FLAG)                               \
    }

static const struct shape legacy_header_parts[] = {
    { .ns = STR_INIT(NS_OMEMO_LEGACY),
      .name = STR_INIT("key"),
      .attributes = OMEMO_KEY_ATTRS,
      .has_text = true },
    { .ns = STR_INIT(NS_OMEMO_LEGACY), .name = STR_INIT("iv"), .has_text = true },
};
static const struct shape legacy_parts[] = {
    { .ns = STR_INIT(NS_OMEMO_LEGACY),
      .name = STR_INIT("header"),
      .attributes = { ATTR("sid", NUMBER) },
      PARTS(legacy_header_parts) },
    { .ns = STR_INIT(NS_OMEMO_LEGACY), .name = STR_INIT("payload"), .has_text = true },
};
static const struct shape keys_parts[] = {
    { .ns = STR_INIT(NS_OMEMO),
      .name = STR_INIT("key"),
      .attributes = OMEMO_KEY_ATTRS,
      .has_text = true },
};
static const struct shape header_parts[] = {
    { .ns = STR_INIT(NS_OMEMO),
      .name = STR_INIT("keys"),
      .attributes = { ATTR("jid", ADDRESS) },
      PARTS(keys_parts) },
};
static const struct shape omemo_parts[] = {
    { .ns = STR_INIT(NS_OMEMO),
      .name = STR_INIT("header"),
      .attributes = { ATTR("sid", NUMBER) },
      PARTS(header_parts) },
    { .ns = STR_INIT(NS_OMEMO), .name = STR_INIT("payload"), .has_text = true },
};
static const struct shape sealed[] = {
    { .ns = STR_INIT(NS_OMEMO_LEGACY), .name = STR_INIT("encrypted"), PARTS(legacy_parts) },
    { .ns = STR_INIT(NS_OMEMO), .name = STR_INIT("encrypted"), PARTS(omemo_parts) },
    { .ns = STR_INIT(NS_OPENPGP), .name = STR_INIT("openpgp"), .has_text = true },
};

/* ---- Values ------------------------------------------------------------------------------------------ */

static bool has_blank(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] <= ' ')
            return true;
    return false;
}

static bool is_address(struct arena *a, struct str text)
{
    struct jid jid;

    return jid_parse(a, text, &jid) == ERR_NONE && jid.resource.n <= ID_BYTES;
}

static bool is_number(struct str text)
{
    uint64_t value;

    return text.n <= NUMBER_DIGITS && str_to_u64(text, UINT32_MAX, &value) == ERR_NONE;
}

/* XEP-0380 §3: for those who do not know the namespace. */
static bool is_method(struct str text)
{
    return str_is(text, "OMEMO") || str_is(text, "OpenPGP for XMPP") || str_is(text, "OpenPGP")
           || str_is(text, "Legacy OpenPGP") || str_is(text, "OTR");
}

static bool is_flag(struct str text)
{
    return str_is(text, "true") || str_is(text, "false") || str_is(text, "1") || str_is(text, "0");
}

static bool is_language(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
              || c == '-'))
            return false;
    }
    return text.n <= LANGUAGE_BYTES;
}

/* Affiliations and roles: XEP-0045 §5. */
static bool is_standing(struct str text)
{
    static const char *const words[] = { "owner",     "admin",       "member",  "outcast",
                                         "moderator", "participant", "visitor", "none" };

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_is(text, words[i]))
            return true;
    return false;
}

static bool fits(struct arena *a, enum kind kind, struct str value)
{
    uint64_t at_ms;

    switch (kind) {
    case ID:
    case NAMESPACE: return value.n <= ID_BYTES && !has_blank(value);
    case ADDRESS: return is_address(a, value);
    case NUMBER: return is_number(value);
    case TIME: return datetime_read(value, &at_ms) == ERR_NONE;
    case METHOD: return is_method(value);
    case FLAG: return is_flag(value);
    case THREAD: return value.n <= THREAD_BYTES;
    case WORD: return is_standing(value);
    case NO_MORE: break;
    }
    return false;
}

/* ---- Taking out -------------------------------------------------------------------------------------- */

static enum kind kind_of(const struct shape *shape, const struct xml_attr *attr)
{
    for (size_t i = 0; i < ATTRIBUTES_MAX && attr->ns.n == 0; i++)
        if (shape->attributes[i].kind != NO_MORE && str_eq(shape->attributes[i].name, attr->name))
            return shape->attributes[i].kind;
    return NO_MORE;
}

static bool keep_attributes(struct arena *a, struct xml_node *node, const struct shape *shape)
{
    for (struct xml_attr **at = &node->attrs; *at != NULL;) {
        enum kind kind = kind_of(shape, *at);

        if (kind == NO_MORE) {
            *at = (*at)->next;
            continue;
        }
        if (kind == METHOD && !fits(a, kind, (*at)->value)) { /* without it nothing is missed */
            *at = (*at)->next;
            continue;
        }
        if (!fits(a, kind, (*at)->value))
            return false;
        at = &(*at)->next;
    }
    return true;
}

static const struct shape *shape_of(const struct shape *list, size_t n, const struct xml_node *node)
{
    for (size_t i = 0; i < n; i++)
        if (xml_is(node, list[i].ns, list[i].name))
            return &list[i];
    return NULL;
}

/* As deep as the grammar is. */
static bool keep(struct arena *a, struct xml_node *node, const struct shape *shape)
{
    if (!keep_attributes(a, node, shape))
        return false;
    for (struct xml_node *c = node->first, *next; c != NULL; c = next) {
        const struct shape *part =
            xml_is_text(c) ? NULL : shape_of(shape->parts, shape->part_count, c);

        next = c->next;
        if (xml_is_text(c) && shape->has_text)
            continue;
        if (part == NULL)
            xml_detach(node, c);
        else if (!keep(a, c, part))
            return false;
    }
    return true;
}

bool e2ee_readable(struct arena *a, struct xml_node *child)
{
    const struct shape *shape = shape_of(readable, COUNT_OF(readable), child);

    return shape != NULL && keep(a, child, shape)
           && (!shape->has_text || xml_text_of(a, child).n <= THREAD_BYTES);
}

bool e2ee_sealed(struct arena *a, struct xml_node *encrypted)
{
    const struct shape *shape = shape_of(sealed, COUNT_OF(sealed), encrypted);

    return shape != NULL && keep(a, encrypted, shape);
}

/* RFC 6120 §8.3.2: who says so is an address, the type one of five words. */
void e2ee_error(struct xml_node *error)
{
    static const char *const types[] = { "auth", "cancel", "continue", "modify", "wait" };
    struct str type = xml_get(error, STR("type"));
    struct xml_attr **at = &error->attrs;
    bool known = false;

    for (size_t i = 0; i < COUNT_OF(types); i++)
        known |= str_is(type, types[i]);
    while (*at != NULL)
        if (known && (*at)->ns.n == 0 && str_is((*at)->name, "type"))
            at = &(*at)->next;
        else
            *at = (*at)->next;
}

bool e2ee_envelope(struct xml_node *message)
{
    for (struct xml_attr **at = &message->attrs; *at != NULL;) {
        const struct xml_attr *attr = *at;
        bool lang = str_eq(attr->ns, xml_ns_xml) && str_is(attr->name, "lang");
        bool own = attr->ns.n == 0
                   && (str_is(attr->name, "to") || str_is(attr->name, "from")
                       || str_is(attr->name, "type") || str_is(attr->name, "id"));

        if (own && str_is(attr->name, "id") && (attr->value.n > ID_BYTES || has_blank(attr->value)))
            return false;
        if (own || (lang && is_language(attr->value)))
            at = &(*at)->next;
        else
            *at = attr->next;
    }
    return true;
}
