/* scope.c: declaring namespaces and looking prefixes up. */
#include "xml/scope.h"

#include <string.h>

#include "xml/chars.h"
#include "xml/tree.h"

static const struct str ns_xmlns = STR_INIT("http://www.w3.org/2000/xmlns/");

/* Namespace names are compared octet by octet and handed to other programs, some of which join them
 * with names by a separator: so only what RFC 3986 §2 allows in a URI. Except '&', because libxml2 reads
 * "&amp;" in them as "&#38;". */
static enum err check_uri(struct str uri)
{
    for (size_t i = 0; i < uri.n; i++)
        if (uri.p[i] <= ' ' || uri.p[i] >= 0x7f || xml_char_is(uri.p[i], XML_URI_STOP))
            return ERR_UNSUPPORTED;
    return ERR_NONE;
}

enum err xml_scope_set_default(struct xml_scope *scope, struct str uri)
{
    if (str_eq(uri, xml_ns_xml) || str_eq(uri, ns_xmlns))
        return ERR_MALFORMED; /* Namespaces §3, "Reserved Prefixes" */
    scope->default_ns = uri;
    return check_uri(uri);
}

enum err xml_scope_bind(struct xml_scope *scope, const struct xml_scope *outer, struct arena *a,
                        struct str prefix, struct str uri)
{
    struct xml_binding *b;

    if (uri.n == 0) /* only version 1.1 lets a prefix be undeclared */
        return ERR_MALFORMED;
    if (str_eq(prefix, STR("xmlns")) || str_eq(uri, ns_xmlns))
        return ERR_MALFORMED;
    if (str_eq(prefix, STR("xml")) != str_eq(uri, xml_ns_xml))
        return ERR_MALFORMED;
    for (const struct xml_binding *o = scope->bindings; o != outer->bindings; o = o->outer)
        if (str_eq(o->prefix, prefix))
            return ERR_MALFORMED;
    if (scope->count == XML_BINDINGS_MAX)
        return ERR_TOO_BIG;
    b = ARENA_NEW(a, struct xml_binding);
    *b = (struct xml_binding){ .outer = scope->bindings, .prefix = prefix, .uri = uri };
    scope->bindings = b;
    scope->count++;
    return check_uri(uri);
}

enum err xml_scope_find(const struct xml_scope *scope, struct arena *a, struct str prefix,
                        struct str *out)
{
    if (str_eq(prefix, STR("xml"))) {
        *out = xml_ns_xml;
        return ERR_NONE;
    }
    for (const struct xml_binding *b = scope->bindings; b != NULL; b = b->outer)
        if (str_eq(b->prefix, prefix)) {
            *out = b->of_root ? arena_str(a, b->uri) : b->uri;
            return ERR_NONE;
        }
    return ERR_MALFORMED;
}

static struct str store(char **at, struct str text)
{
    struct str stored = { *at, text.n };

    if (text.n > 0)
        memcpy(*at, text.p, text.n);
    *at += text.n;
    return stored;
}

struct xml_root *xml_root_new(struct str qname, struct str prefix, const struct xml_scope *scope)
{
    size_t n = sizeof(struct xml_root) + qname.n + scope->default_ns.n;
    struct xml_binding *slot;
    struct xml_root *root;
    char *text;

    for (const struct xml_binding *b = scope->bindings; b != NULL; b = b->outer)
        n += sizeof *b + b->prefix.n + b->uri.n;
    root = mem_alloc(n);
    slot = (struct xml_binding *)(root + 1);
    text = (char *)(slot + scope->count);
    root->qname = store(&text, qname);
    root->prefix = str_slice(root->qname, 0, prefix.n);
    root->scope.default_ns = store(&text, scope->default_ns);
    root->scope.count = scope->count;
    root->scope.bindings = scope->count ? slot : NULL;
    for (const struct xml_binding *b = scope->bindings; b != NULL; b = b->outer, slot++)
        *slot = (struct xml_binding){ .outer = b->outer ? slot + 1 : NULL,
                                      .prefix = store(&text, b->prefix),
                                      .uri = store(&text, b->uri),
                                      .of_root = true };
    return root;
}
