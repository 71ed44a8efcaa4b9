/* disco.c: lists of identities and features, and the text that the caps hash is taken of. */
#include "xmpp/disco.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/hash.h"
#include "xmpp/dataform.h"
#include "xmpp/ns.h"

enum { CAPS_TEXT_MAX = 256 * 1024 };

static const struct str ns = STR_INIT(NS_DISCO_INFO);

void disco_identity(struct arena *a, struct xml_node *query, struct str category, struct str type,
                    struct str name)
{
    struct xml_node *identity = xml_add(a, query, ns, STR("identity"));

    xml_set(a, identity, STR("category"), category);
    xml_set(a, identity, STR("type"), type);
    if (name.n > 0)
        xml_set(a, identity, STR("name"), name);
}

void disco_feature(struct arena *a, struct xml_node *query, struct str var)
{
    xml_set(a, xml_add(a, query, ns, STR("feature")), STR("var"), var);
}

bool disco_has_feature(const struct xml_node *query, struct str var)
{
    for (const struct xml_node *c = xml_first_element(query); c != NULL; c = xml_next_element(c))
        if (xml_is(c, ns, STR("feature")) && str_eq(xml_get(c, STR("var")), var))
            return true;
    return false;
}

/* One line of what is sorted: an identity has four keys, a feature or value one; a form or field
 * brings its element along. */
enum { KEYS_MAX = 4 };

struct entry {
    struct str keys[KEYS_MAX];
    const struct xml_node *node;
};

struct entries {
    struct entry *p;
    size_t n;
};

static int compare_entries(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    int order = 0;

    for (size_t i = 0; i < KEYS_MAX && order == 0; i++)
        order = str_cmp(a->keys[i], b->keys[i]);
    return order;
}

/* Room for an entry per child of `parent`. */
static struct entries entries_for(struct arena *a, const struct xml_node *parent)
{
    size_t n = xml_count_elements(parent);

    return (struct entries){ arena_alloc(a, n * sizeof(struct entry)), 0 };
}

static void sort_entries(struct entries *e)
{
    if (e->n > 1)
        qsort(e->p, e->n, sizeof *e->p, compare_entries);
}

static bool has_duplicate(const struct entries *sorted)
{
    for (size_t i = 1; i < sorted->n; i++)
        if (compare_entries(&sorted->p[i - 1], &sorted->p[i]) == 0)
            return true;
    return false;
}

/* '<' ends each item, so an item that holds one would make two different answers look alike:
 * whoever sends it could put a false answer into the caches of others. */
static bool is_plain(struct str item)
{
    return str_find(item, '<') == item.n;
}

static enum err add_item(struct buf *out, struct str item)
{
    buf_add(out, item);
    buf_add_char(out, '<');
    return is_plain(item) ? ERR_NONE : ERR_MALFORMED;
}

/* Steps 2 and 3 of XEP-0115 §5.1. */
static enum err add_identities(struct arena *a, const struct xml_node *query, struct buf *out)
{
    struct entries identities = entries_for(a, query);

    for (const struct xml_node *c = xml_first_element(query); c != NULL; c = xml_next_element(c))
        if (xml_is(c, ns, STR("identity")))
            identities.p[identities.n++] = (struct entry){
                .keys = { xml_get(c, STR("category")), xml_get(c, STR("type")),
                          xml_get_ns(c, xml_ns_xml, STR("lang")), xml_get(c, STR("name")) },
            };
    sort_entries(&identities);
    if (has_duplicate(&identities))
        return ERR_MALFORMED;
    for (size_t i = 0; i < identities.n; i++)
        for (size_t k = 0; k < KEYS_MAX; k++) {
            struct str key = identities.p[i].keys[k];

            if (!is_plain(key))
                return ERR_MALFORMED;
            buf_add(out, key);
            buf_add_char(out, k + 1 < KEYS_MAX ? '/' : '<');
        }
    return ERR_NONE;
}

/* Steps 4 and 5. */
static enum err add_features(struct arena *a, const struct xml_node *query, struct buf *out)
{
    struct entries features = entries_for(a, query);

    for (const struct xml_node *c = xml_first_element(query); c != NULL; c = xml_next_element(c))
        if (xml_is(c, ns, STR("feature")))
            features.p[features.n++].keys[0] = xml_get(c, STR("var"));
    sort_entries(&features);
    if (has_duplicate(&features))
        return ERR_MALFORMED;
    for (size_t i = 0; i < features.n; i++)
        if (add_item(out, features.p[i].keys[0]) != ERR_NONE)
            return ERR_MALFORMED;
    return ERR_NONE;
}

static struct entries values_of(struct arena *a, const struct xml_node *field)
{
    struct entries values = entries_for(a, field);

    for (const struct xml_node *c = xml_first_element(field); c != NULL; c = xml_next_element(c))
        if (xml_is(c, STR(NS_DATA), STR("value")))
            values.p[values.n++].keys[0] = xml_text_of(a, c);
    sort_entries(&values);
    return values;
}

/* Steps 7.2 and 7.3. */
static enum err add_fields(struct arena *a, const struct dataform *form, struct buf *out)
{
    struct entries fields = entries_for(a, form->x);

    for (const struct xml_node *f = dataform_next_field(form, NULL); f != NULL;
         f = dataform_next_field(form, f))
        fields.p[fields.n++] = (struct entry){ .keys = { xml_get(f, STR("var")) }, .node = f };
    sort_entries(&fields);
    for (size_t i = 0; i < fields.n; i++) {
        struct entries values = values_of(a, fields.p[i].node);

        if (add_item(out, fields.p[i].keys[0]) != ERR_NONE)
            return ERR_MALFORMED;
        for (size_t v = 0; v < values.n; v++)
            if (add_item(out, values.p[v].keys[0]) != ERR_NONE)
                return ERR_MALFORMED;
    }
    return ERR_NONE;
}

/* A FORM_TYPE of several values is ill-formed unless they are one and the same: §5.4, 3.5. */
static bool form_type_is_one(struct arena *a, const struct dataform *form)
{
    for (const struct xml_node *f = xml_first_element(form->x); f != NULL;
         f = xml_next_element(f)) {
        struct entries values;

        if (!str_is(xml_get(f, STR("var")), "FORM_TYPE"))
            continue;
        values = values_of(a, f);
        if (values.n > 1 && compare_entries(&values.p[0], &values.p[values.n - 1]) != 0)
            return false;
    }
    return true;
}

/* Steps 6 and 7. A form without FORM_TYPE is left out: §5.4, 3.6. */
static enum err add_forms(struct arena *a, const struct xml_node *query, struct buf *out)
{
    struct entries forms = entries_for(a, query);
    struct dataform form;

    for (const struct xml_node *c = xml_first_element(query); c != NULL; c = xml_next_element(c)) {
        if (!xml_is(c, STR(NS_DATA), STR("x")) || dataform_of(a, c, &form) != ERR_NONE
            || form.form_type.p == NULL)
            continue;
        if (!form_type_is_one(a, &form))
            return ERR_MALFORMED;
        forms.p[forms.n++] = (struct entry){ .keys = { form.form_type }, .node = c };
    }
    sort_entries(&forms);
    if (has_duplicate(&forms))
        return ERR_MALFORMED;
    for (size_t i = 0; i < forms.n; i++) {
        form = (struct dataform){ .x = forms.p[i].node };
        if (add_item(out, forms.p[i].keys[0]) != ERR_NONE || add_fields(a, &form, out) != ERR_NONE)
            return ERR_MALFORMED;
    }
    return ERR_NONE;
}

enum err disco_caps_string(struct arena *a, const struct xml_node *query, struct str *out)
{
    struct buf text;
    enum err e;

    buf_init(&text, CAPS_TEXT_MAX);
    if ((e = add_identities(a, query, &text)) == ERR_NONE
        && (e = add_features(a, query, &text)) == ERR_NONE)
        e = add_forms(a, query, &text);
    if (e == ERR_NONE && text.failed)
        e = ERR_TOO_BIG;
    if (e == ERR_NONE)
        *out = arena_str(a, buf_str(&text));
    buf_deinit(&text);
    return e;
}

enum err disco_caps_hash(struct arena *a, const struct xml_node *query, struct str *out)
{
    uint8_t digest[HASH_SIZE_MAX];
    struct str text;
    enum err e;

    if ((e = disco_caps_string(a, query, &text)) != ERR_NONE)
        return e;
    hash_digest(HASH_SHA1, bytes_of_str(text), digest);
    *out = base64_text(a, bytes_of(digest, hash_size(HASH_SHA1)));
    return ERR_NONE;
}
