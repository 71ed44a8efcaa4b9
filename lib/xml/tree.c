/* tree.c: looking into, building and copying XML trees. */
#include "xml/tree.h"

#include <string.h>

const struct str xml_ns_xml = STR_INIT("http://www.w3.org/XML/1998/namespace");

bool xml_is(const struct xml_node *node, struct str ns, struct str name)
{
    return str_eq(node->name, name) && str_eq(node->ns, ns) && !xml_is_text(node);
}

struct xml_node *xml_child(const struct xml_node *node, struct str ns, struct str name)
{
    for (struct xml_node *c = node->first; c != NULL; c = c->next)
        if (xml_is(c, ns, name))
            return c;
    return NULL;
}

struct xml_node *xml_child_ns(const struct xml_node *node, struct str ns)
{
    for (struct xml_node *c = node->first; c != NULL; c = c->next)
        if (!xml_is_text(c) && str_eq(c->ns, ns))
            return c;
    return NULL;
}

static struct xml_node *element_from(struct xml_node *node)
{
    while (node != NULL && xml_is_text(node))
        node = node->next;
    return node;
}

struct xml_node *xml_first_element(const struct xml_node *node)
{
    return element_from(node->first);
}

struct xml_node *xml_next_element(const struct xml_node *node)
{
    return element_from(node->next);
}

size_t xml_count_elements(const struct xml_node *node)
{
    size_t n = 0;

    for (const struct xml_node *c = node->first; c != NULL; c = c->next)
        n += !xml_is_text(c);
    return n;
}

static struct xml_attr *find_attr(const struct xml_node *node, struct str ns, struct str name)
{
    for (struct xml_attr *a = node->attrs; a != NULL; a = a->next)
        if (str_eq(a->name, name) && str_eq(a->ns, ns))
            return a;
    return NULL;
}

struct str xml_get(const struct xml_node *node, struct str name)
{
    return xml_get_ns(node, STR_NONE, name);
}

/* An empty value keeps a pointer, so that it differs from an absent one. */
struct str xml_get_ns(const struct xml_node *node, struct str ns, struct str name)
{
    const struct xml_attr *a = find_attr(node, ns, name);

    if (a == NULL)
        return STR_NONE;
    return a->value.p ? a->value : STR("");
}

struct str xml_text_of(struct arena *a, const struct xml_node *node)
{
    const struct xml_node *only = NULL;
    size_t n = 0, texts = 0;
    char *p;

    for (const struct xml_node *c = node->first; c != NULL; c = c->next)
        if (xml_is_text(c))
            only = c, n += c->text.n, texts++;
    if (texts == 0)
        return STR("");
    if (texts == 1)
        return only->text;
    p = arena_raw(a, n);
    n = 0;
    for (const struct xml_node *c = node->first; c != NULL; c = c->next) {
        if (!xml_is_text(c) || c->text.n == 0)
            continue;
        memcpy(p + n, c->text.p, c->text.n);
        n += c->text.n;
    }
    return (struct str){ p, n };
}

struct str xml_child_text(struct arena *a, const struct xml_node *node, struct str ns,
                          struct str name)
{
    const struct xml_node *child = xml_child(node, ns, name);

    return child ? xml_text_of(a, child) : STR_NONE;
}

struct xml_node *xml_new(struct arena *a, struct str ns, struct str name)
{
    struct xml_node *node = ARENA_NEW(a, struct xml_node);

    node->ns = ns;
    node->name = name;
    return node;
}

struct xml_node *xml_add(struct arena *a, struct xml_node *parent, struct str ns, struct str name)
{
    struct xml_node *node = xml_new(a, ns, name);

    xml_append(parent, node);
    return node;
}

void xml_append(struct xml_node *parent, struct xml_node *child)
{
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

void xml_prepend(struct xml_node *parent, struct xml_node *child)
{
    child->next = parent->first;
    parent->first = child;
    if (parent->last == NULL)
        parent->last = child;
}

void xml_add_text(struct arena *a, struct xml_node *parent, struct str text)
{
    struct xml_node *node;

    if (text.n == 0)
        return;
    node = ARENA_NEW(a, struct xml_node);
    node->text = text;
    xml_append(parent, node);
}

struct xml_node *xml_add_text_child(struct arena *a, struct xml_node *parent, struct str ns,
                                    struct str name, struct str text)
{
    struct xml_node *node = xml_add(a, parent, ns, name);

    xml_add_text(a, node, text);
    return node;
}

void xml_set(struct arena *a, struct xml_node *node, struct str name, struct str value)
{
    xml_set_ns(a, node, STR_NONE, name, value);
}

void xml_set_ns(struct arena *a, struct xml_node *node, struct str ns, struct str name,
                struct str value)
{
    struct xml_attr *attr = find_attr(node, ns, name), **end = &node->attrs;

    if (attr == NULL) {
        attr = ARENA_NEW(a, struct xml_attr);
        attr->ns = ns;
        attr->name = name;
        while (*end != NULL)
            end = &(*end)->next;
        *end = attr;
    }
    attr->value = value;
}

void xml_unset(struct xml_node *node, struct str name)
{
    for (struct xml_attr **a = &node->attrs; *a != NULL; a = &(*a)->next)
        if ((*a)->ns.n == 0 && str_eq((*a)->name, name)) {
            *a = (*a)->next;
            return;
        }
}

void xml_detach(struct xml_node *parent, struct xml_node *child)
{
    struct xml_node *before = NULL;

    for (struct xml_node *c = parent->first; c != child; c = c->next)
        before = c;
    if (before != NULL)
        before->next = child->next;
    else
        parent->first = child->next;
    if (parent->last == child)
        parent->last = before;
    child->next = NULL;
}

/* Recursion is as deep as the tree: parsers limit that, and our own trees are shallow. */
struct xml_node *xml_copy(struct arena *a, const struct xml_node *node)
{
    struct xml_node *copy = ARENA_NEW(a, struct xml_node);
    struct xml_attr **end = &copy->attrs;

    copy->ns = arena_str(a, node->ns);
    copy->name = arena_str(a, node->name);
    copy->text = arena_str(a, node->text);
    for (const struct xml_attr *from = node->attrs; from != NULL; from = from->next) {
        struct xml_attr *attr = ARENA_NEW(a, struct xml_attr);

        attr->ns = arena_str(a, from->ns);
        attr->name = arena_str(a, from->name);
        attr->value = arena_str(a, from->value);
        *end = attr;
        end = &attr->next;
    }
    for (const struct xml_node *c = node->first; c != NULL; c = c->next)
        xml_append(copy, xml_copy(a, c));
    return copy;
}
