/* pep_config.c: one table says how each configuration field is read, compared and written. */
#include "server/modules/pep_config.h"

#include "server/limits.h"
#include "xmpp/dataform.h"

struct pep_node pep_node_copy(struct arena *a, const struct pep_node *node)
{
    struct pep_node copy = *node;

    copy.name = arena_str(a, node->name);
    copy.config.title = arena_str(a, node->config.title);
    copy.config.type = arena_str(a, node->config.type);
    copy.config.groups = arena_str(a, node->config.groups);
    return copy;
}

struct pep_config pep_config_default(void)
{
    return (struct pep_config){
        .access = PEP_PRESENCE,
        .send_last = PEP_LAST_ON_PRESENCE,
        .persist = true,
        .deliver_payloads = true,
        .notify_retract = true,
        .notify_delete = true,
        .max_items = 1,
    };
}

static const struct str access_names[] = {
    [PEP_OPEN] = STR_INIT("open"),
    [PEP_PRESENCE] = STR_INIT("presence"),
    [PEP_ROSTER] = STR_INIT("roster"),
    [PEP_WHITELIST] = STR_INIT("whitelist"), /* of nobody: the owner's own */
};

static const struct str last_names[] = {
    [PEP_LAST_NEVER] = STR_INIT("never"),
    [PEP_LAST_ON_SUB] = STR_INIT("on_sub"),
    [PEP_LAST_ON_PRESENCE] = STR_INIT("on_sub_and_presence"),
};

static enum err read_name(const struct str *names, size_t count, struct str value, unsigned *out)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(names[i], value)) {
            *out = (unsigned)i;
            return ERR_NONE;
        }
    return ERR_MALFORMED;
}

static enum err read_bool(struct str value, bool *out)
{
    if (dataform_bool(value, true) != dataform_bool(value, false))
        return ERR_MALFORMED;
    *out = dataform_bool(value, false);
    return ERR_NONE;
}

static enum err read_items(struct str value, uint64_t *out)
{
    if (str_is(value, "max")) { /* XEP-0060 §16.4.3: as many as the service keeps */
        *out = UINT64_MAX;
        return ERR_NONE;
    }
    return str_to_u64(value, UINT32_MAX, out);
}

static enum err read_text(struct str value, size_t most, struct str *out)
{
    if (value.n > most)
        return ERR_TOO_BIG;
    *out = value;
    return ERR_NONE;
}

static struct str joined_values(struct arena *a, const struct xml_node *field)
{
    struct str all = STR("");

    for (const struct xml_node *v = xml_first_element(field); v != NULL; v = xml_next_element(v))
        if (str_eq(v->name, STR("value")))
            all = arena_concat(a, all.n ? arena_concat(a, all, STR("\n")) : all, xml_text_of(a, v));
    return all;
}

/* One field into the configuration. Fields that we do not know are passed over. */
static enum err read_field(struct arena *a, const struct xml_node *field, struct pep_config *c)
{
    struct str var = xml_get(field, STR("var"));
    struct str value = str_trim(xml_child_text(a, field, STR(NS_DATA), STR("value")));
    unsigned choice;
    enum err e = ERR_NONE;

    if (str_is(var, "pubsub#access_model")) {
        e = read_name(access_names, COUNT_OF(access_names), value, &choice);
        if (e == ERR_NONE)
            c->access = choice;
    } else if (str_is(var, "pubsub#send_last_published_item")) {
        e = read_name(last_names, COUNT_OF(last_names), value, &choice);
        if (e == ERR_NONE)
            c->send_last = choice;
    } else if (str_is(var, "pubsub#persist_items")) {
        e = read_bool(value, &c->persist);
    } else if (str_is(var, "pubsub#deliver_payloads")) {
        e = read_bool(value, &c->deliver_payloads);
    } else if (str_is(var, "pubsub#notify_retract")) {
        e = read_bool(value, &c->notify_retract);
    } else if (str_is(var, "pubsub#notify_delete")) {
        e = read_bool(value, &c->notify_delete);
    } else if (str_is(var, "pubsub#max_items")) {
        e = read_items(value, &c->max_items);
    } else if (str_is(var, "pubsub#item_expire")) {
        e = str_is(value, "max") ? (c->expire_s = 0, ERR_NONE)
                                 : str_to_u64(value, UINT32_MAX, &c->expire_s);
    } else if (str_is(var, "pubsub#title")) {
        e = read_text(value, NAME_BYTES, &c->title);
    } else if (str_is(var, "pubsub#type")) {
        e = read_text(value, NAME_BYTES, &c->type);
    } else if (str_is(var, "pubsub#roster_groups_allowed")) {
        e = read_text(joined_values(a, field), GROUPS_PER_ITEM * GROUP_BYTES, &c->groups);
    } else if (str_is(var, "pubsub#publish_model") && !str_is(value, "publishers")) {
        e = ERR_UNSUPPORTED; /* only the owner writes */
    }
    return e;
}

enum err pep_config_read(struct arena *a, const struct xml_node *parent, struct pep_config *c)
{
    struct dataform form;
    enum err e;

    if (parent == NULL || dataform_read(a, parent, &form) != ERR_NONE)
        return ERR_NONE;
    for (const struct xml_node *f = dataform_next_field(&form, NULL); f != NULL;
         f = dataform_next_field(&form, f)) {
        e = read_field(a, f, c);
        if (e != ERR_NONE)
            return e;
    }
    return ERR_NONE;
}

static bool same_config(const struct pep_config *x, const struct pep_config *y)
{
    return x->access == y->access && x->send_last == y->send_last && x->persist == y->persist
           && x->deliver_payloads == y->deliver_payloads && x->notify_retract == y->notify_retract
           && x->notify_delete == y->notify_delete && x->max_items == y->max_items
           && x->expire_s == y->expire_s && str_eq(x->title, y->title) && str_eq(x->type, y->type)
           && str_eq(x->groups, y->groups);
}

bool pep_config_meets(struct arena *a, const struct xml_node *options, const struct pep_config *c)
{
    struct pep_config wanted = *c;

    return pep_config_read(a, options, &wanted) == ERR_NONE && same_config(&wanted, c);
}

bool pep_config_understood(struct arena *a, const struct xml_node *options)
{
    /* All that XEP-0060 §16.4.4 registers: what does not fit this server's nodes is passed over, as clients send some of it in
     * good faith. A name that nobody has registered may mean anything. */
    static const char *const known[] = {
        "FORM_TYPE",
        "pubsub#body_xslt",
        "pubsub#children",
        "pubsub#children_association_policy",
        "pubsub#children_association_whitelist",
        "pubsub#children_max",
        "pubsub#collection",
        "pubsub#contact",
        "pubsub#dataform_xslt",
        "pubsub#deliver_notifications",
        "pubsub#description",
        "pubsub#itemreply",
        "pubsub#language",
        "pubsub#max_payload_size",
        "pubsub#node_type",
        "pubsub#notification_type",
        "pubsub#notify_config",
        "pubsub#notify_sub",
        "pubsub#presence_based_delivery",
        "pubsub#purge_offline",
        "pubsub#subscribe",
        "pubsub#tempsub",
        "pubsub#access_model",
        "pubsub#send_last_published_item",
        "pubsub#persist_items",
        "pubsub#deliver_payloads",
        "pubsub#notify_retract",
        "pubsub#notify_delete",
        "pubsub#max_items",
        "pubsub#item_expire",
        "pubsub#title",
        "pubsub#type",
        "pubsub#roster_groups_allowed",
        "pubsub#publish_model",
    };
    struct dataform form;

    if (dataform_read(a, options, &form) != ERR_NONE)
        return true;
    for (const struct xml_node *f = dataform_next_field(&form, NULL); f != NULL;
         f = dataform_next_field(&form, f)) {
        struct str var = xml_get(f, STR("var"));
        size_t i = 0;

        while (i < COUNT_OF(known) && !str_is(var, known[i]))
            i++;
        if (i == COUNT_OF(known))
            return false;
    }
    return true;
}

bool pep_config_access_offered(struct arena *a, const struct xml_node *parent)
{
    struct dataform form;
    struct str value;
    unsigned choice;

    if (parent == NULL || dataform_read(a, parent, &form) != ERR_NONE)
        return true;
    value = dataform_value(a, &form, STR("pubsub#access_model"));
    return value.p == NULL
           || read_name(access_names, COUNT_OF(access_names), value, &choice) == ERR_NONE;
}

/* ---- Writing --------------------------------------------------------------------------------------- */

static struct str bool_text(bool b)
{
    return b ? STR("1") : STR("0");
}

static struct str items_text(struct arena *a, const struct pep_config *c)
{
    return c->max_items == UINT64_MAX ? STR("max")
                                      : arena_printf(a, "%llu", (unsigned long long)c->max_items);
}

/* A list-single field needs its options (XEP-0004 §3.3). */
static void add_choice(struct arena *a, struct xml_node *form, struct str var, struct str label,
                       const struct str *names, size_t count, unsigned chosen)
{
    struct xml_node *field = dataform_field(a, form, var, STR("list-single"), label, names[chosen]);

    for (size_t i = 0; i < count; i++)
        xml_add_text_child(a, xml_add(a, field, STR(NS_DATA), STR("option")), STR(NS_DATA),
                           STR("value"), names[i]);
}

static void add_groups(struct arena *a, struct xml_node *form, struct str groups)
{
    struct xml_node *field =
        dataform_field(a, form, STR("pubsub#roster_groups_allowed"), STR("text-multi"),
                       STR("Groups of contacts who may read"), STR_NONE);

    while (groups.p != NULL && groups.n > 0)
        xml_add_text_child(a, field, STR(NS_DATA), STR("value"), str_split(&groups, '\n'));
}

void pep_config_write(struct arena *a, struct xml_node *parent, const struct pep_config *c)
{
    struct xml_node *form = dataform_new(a, parent, STR("form"), STR(NS_PUBSUB_NODE_CONFIG));
    static const struct str publishers = STR_INIT("publishers");
    struct str expire =
        c->expire_s ? arena_printf(a, "%llu", (unsigned long long)c->expire_s) : STR("max");

    dataform_field(a, form, STR("pubsub#title"), STR("text-single"), STR("Title"), c->title);
    dataform_field(a, form, STR("pubsub#type"), STR("text-single"), STR("Kind of payload"),
                   c->type);
    add_choice(a, form, STR("pubsub#access_model"), STR("Who may read"), access_names,
               COUNT_OF(access_names), c->access);
    add_groups(a, form, c->groups);
    add_choice(a, form, STR("pubsub#publish_model"), STR("Who may write"), &publishers, 1, 0);
    dataform_field(a, form, STR("pubsub#persist_items"), STR("boolean"), STR("Keep items"),
                   bool_text(c->persist));
    dataform_field(a, form, STR("pubsub#max_items"), STR("text-single"), STR("How many items"),
                   items_text(a, c));
    dataform_field(a, form, STR("pubsub#item_expire"), STR("text-single"),
                   STR("Seconds to keep an item"), expire);
    dataform_field(a, form, STR("pubsub#deliver_payloads"), STR("boolean"),
                   STR("Send content in events"), bool_text(c->deliver_payloads));
    add_choice(a, form, STR("pubsub#send_last_published_item"), STR("When to send the newest item"),
               last_names, COUNT_OF(last_names), c->send_last);
    dataform_field(a, form, STR("pubsub#notify_retract"), STR("boolean"),
                   STR("Tell of removed items"), bool_text(c->notify_retract));
    dataform_field(a, form, STR("pubsub#notify_delete"), STR("boolean"),
                   STR("Tell of removed nodes"), bool_text(c->notify_delete));
}

void pep_config_describe(struct arena *a, struct xml_node *parent, const struct pep_config *c,
                         struct str owner)
{
    struct xml_node *form = dataform_new(a, parent, STR("result"), STR(NS_PUBSUB "#meta-data"));

    dataform_field(a, form, STR("pubsub#type"), STR("text-single"), STR_NONE,
                   arena_str(a, c->type));
    dataform_field(a, form, STR("pubsub#title"), STR("text-single"), STR_NONE,
                   arena_str(a, c->title));
    dataform_field(a, form, STR("pubsub#creator"), STR("jid-single"), STR_NONE, owner);
    dataform_field(a, form, STR("pubsub#owner"), STR("jid-multi"), STR_NONE, owner);
    dataform_field(a, form, STR("pubsub#publisher"), STR("jid-multi"), STR_NONE, owner);
    dataform_field(a, form, STR("pubsub#access_model"), STR("list-single"), STR_NONE,
                   access_names[c->access]);
    dataform_field(a, form, STR("pubsub#publish_model"), STR("list-single"), STR_NONE,
                   STR("publishers"));
    dataform_field(a, form, STR("pubsub#max_items"), STR("text-single"), STR_NONE,
                   items_text(a, c));
}
