/* push_options.c: see push_options.h. */
#include "server/push_options.h"

#include "xmpp/dataform.h"
#include "xmpp/ns.h"

/* Its values, in order; `bytes` is what is left for them. */
static enum err read_field(struct arena *a, const struct xml_node *field, struct xml_node *out,
                           size_t *bytes)
{
    struct str var = xml_get(field, STR("var"));
    struct xml_node *copy;

    if (var.n == 0)
        return ERR_MALFORMED;
    if (var.n > PUSH_FIELD_BYTES)
        return ERR_TOO_BIG;
    copy = dataform_field(a, out, var, STR_NONE, STR_NONE, STR_NONE);
    for (const struct xml_node *v = xml_first_element(field); v != NULL; v = xml_next_element(v)) {
        struct str text = xml_text_of(a, v);

        if (!xml_is(v, STR(NS_DATA), STR("value")))
            continue;
        if (text.n + 1 > *bytes) /* an empty one costs something, too */
            return ERR_TOO_BIG;
        *bytes -= text.n + 1;
        xml_add_text_child(a, copy, STR(NS_DATA), STR("value"), text);
    }
    return ERR_NONE;
}

enum err push_options_read(struct arena *a, const struct xml_node *enable, struct xml_node **out)
{
    struct xml_node *top, *form;
    struct dataform given;
    size_t fields = 0, bytes = PUSH_VALUES_BYTES;
    enum err e = dataform_read(a, enable, &given);

    if (e == ERR_MISSING) {
        *out = NULL;
        return ERR_NONE;
    }
    if (e != ERR_NONE || !str_is(given.type, "submit")
        || !str_is(given.form_type, NS_PUBSUB_PUBLISH_OPTIONS))
        return ERR_MALFORMED;
    top = xml_new(a, STR(NS_PUBSUB), STR("publish-options"));
    form = dataform_new(a, top, STR("submit"), given.form_type);
    for (const struct xml_node *f = dataform_next_field(&given, NULL); f != NULL;
         f = dataform_next_field(&given, f)) {
        if (++fields > PUSH_FIELDS_MAX)
            return ERR_TOO_BIG;
        if ((e = read_field(a, f, form, &bytes)) != ERR_NONE)
            return e;
    }
    *out = top;
    return ERR_NONE;
}
