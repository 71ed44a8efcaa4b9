/* dataform.c: fields of forms, and the FORM_TYPE that says what they mean (XEP-0068). */
#include "xmpp/dataform.h"

#include "xmpp/ns.h"

static const struct str ns = STR_INIT(NS_DATA);
static const struct str field_name = STR_INIT("field");
static const struct str form_type_var = STR_INIT("FORM_TYPE");

static bool is_form_type(const struct xml_node *field)
{
    return str_eq(xml_get(field, STR("var")), form_type_var);
}

static const struct xml_node *find_field(const struct xml_node *x, struct str var)
{
    for (const struct xml_node *c = xml_first_element(x); c != NULL; c = xml_next_element(c))
        if (xml_is(c, ns, field_name) && str_eq(xml_get(c, STR("var")), var))
            return c;
    return NULL;
}

static struct str first_value(struct arena *a, const struct xml_node *field)
{
    struct str value = xml_child_text(a, field, ns, STR("value"));

    return value.p != NULL ? value : STR("");
}

static bool is_type(struct str type)
{
    return str_is(type, "submit") || str_is(type, "form") || str_is(type, "result")
           || str_is(type, "cancel");
}

/* Who fills in a form may leave out types of fields; elsewhere a FORM_TYPE that is shown to people
 * is an ordinary field: XEP-0068 §3. */
static struct str read_form_type(struct arena *a, const struct dataform *f)
{
    const struct xml_node *field = find_field(f->x, form_type_var);

    if (field == NULL
        || !(str_is(f->type, "submit") || str_is(xml_get(field, STR("type")), "hidden")))
        return STR_NONE;
    return first_value(a, field);
}

enum err dataform_of(struct arena *a, const struct xml_node *x, struct dataform *out)
{
    struct dataform f = { .x = x, .type = xml_get(x, STR("type")) };

    if (!is_type(f.type))
        return ERR_MALFORMED;
    f.form_type = read_form_type(a, &f);
    *out = f;
    return ERR_NONE;
}

enum err dataform_read(struct arena *a, const struct xml_node *parent, struct dataform *out)
{
    const struct xml_node *x = xml_child(parent, ns, STR("x"));

    return x != NULL ? dataform_of(a, x, out) : ERR_MISSING;
}

struct str dataform_value(struct arena *a, const struct dataform *f, struct str var)
{
    const struct xml_node *field = find_field(f->x, var);

    return field != NULL ? first_value(a, field) : STR_NONE;
}

const struct xml_node *dataform_next_field(const struct dataform *f,
                                           const struct xml_node *previous)
{
    const struct xml_node *c = previous ? xml_next_element(previous) : xml_first_element(f->x);

    while (c != NULL && (!xml_is(c, ns, field_name) || is_form_type(c)))
        c = xml_next_element(c);
    return c;
}

bool dataform_bool(struct str value, bool otherwise)
{
    if (str_is(value, "1") || str_is(value, "true"))
        return true;
    if (str_is(value, "0") || str_is(value, "false"))
        return false;
    return otherwise;
}

struct xml_node *dataform_new(struct arena *a, struct xml_node *parent, struct str type,
                              struct str form_type)
{
    struct xml_node *x = xml_add(a, parent, ns, STR("x"));

    xml_set(a, x, STR("type"), type);
    if (form_type.n > 0)
        dataform_field(a, x, form_type_var, STR("hidden"), STR_NONE, form_type);
    return x;
}

struct xml_node *dataform_field(struct arena *a, struct xml_node *form, struct str var,
                                struct str type, struct str label, struct str value)
{
    struct xml_node *field = xml_add(a, form, ns, field_name);

    xml_set(a, field, STR("var"), var);
    if (type.n > 0)
        xml_set(a, field, STR("type"), type);
    if (label.n > 0)
        xml_set(a, field, STR("label"), label);
    if (value.n > 0)
        xml_add_text_child(a, field, ns, STR("value"), value);
    return field;
}
