/* tag.c: start tags and end tags.
 *
 * A tag ends with '>', which no run below takes: loops over names and space need no other bound.
 */
#include "xml/tag.h"

#include <string.h>

#include "xml/chars.h"
#include "xml/decode.h"

struct cursor {
    char *at, *end;
    bool plain; /* values hold nothing to decode */
};

struct qname {
    struct str whole, prefix, local;
};

static struct str until(const char *from, const char *to)
{
    return (struct str){ from, (size_t)(to - from) };
}

static bool skip_space(struct cursor *c)
{
    const char *start = c->at;

    while (xml_char_is(*c->at, XML_SPACE))
        c->at++;
    return c->at > start;
}

/* What stands where a name must begin or end. A character beyond ASCII may be a name to others. */
static enum err not_a_name(const struct cursor *c)
{
    return (uint8_t)*c->at >= 0x80 ? ERR_UNSUPPORTED : ERR_MALFORMED;
}

static bool take_ncname(struct cursor *c, struct str *out)
{
    char *start = c->at;

    if (!xml_char_is(*start, XML_NAME_START))
        return false;
    do
        c->at++;
    while (xml_char_is(*c->at, XML_NAME));
    *out = until(start, c->at);
    return true;
}

static enum err take_qname(struct cursor *c, struct qname *out)
{
    const char *start = c->at;

    out->prefix = STR_NONE;
    if (!take_ncname(c, &out->local))
        return not_a_name(c);
    if (*c->at == ':') {
        out->prefix = out->local;
        c->at++;
        if (!take_ncname(c, &out->local))
            return not_a_name(c);
    }
    out->whole = until(start, c->at);
    return ERR_NONE;
}

/* = "value" with its quotes, decoded in place. */
static enum err take_value(struct cursor *c, struct str *out)
{
    char *start, *close;
    size_t n;

    skip_space(c);
    if (*c->at != '=')
        return not_a_name(c);
    c->at++;
    skip_space(c);
    if (*c->at != '"' && *c->at != '\'')
        return ERR_MALFORMED;
    start = c->at + 1;
    close = memchr(start, *c->at, (size_t)(c->end - start));
    if (close == NULL)
        return ERR_MALFORMED;
    c->at = close + 1;
    n = (size_t)(close - start);
    if (!c->plain) {
        enum err e = xml_decode_value(start, &n);

        if (e != ERR_NONE)
            return e;
    }
    *out = (struct str){ start, n };
    return ERR_NONE;
}

/* What one start tag is read into. */
struct work {
    struct arena *arena;
    const struct xml_scope *outer;
    struct xml_scope scope;
    struct xml_attr *attrs; /* room for as many as the tag has values */
    size_t n;
    bool default_set, prefixed;
};

/* xmlns and xmlns:*; they are no attributes in the tree. */
static enum err declare(struct work *w, const struct qname *name, struct str value)
{
    if (name->prefix.n > 0)
        return xml_scope_bind(&w->scope, w->outer, w->arena, name->local, value);
    if (w->default_set)
        return ERR_MALFORMED;
    w->default_set = true;
    return xml_scope_set_default(&w->scope, value);
}

static bool is_xmlns(struct str name)
{
    return name.n == 5 && memcmp(name.p, "xmlns", 5) == 0;
}

static enum err take_attribute(struct cursor *c, struct work *w)
{
    struct qname name;
    struct str value;
    enum err e;

    if ((e = take_qname(c, &name)) != ERR_NONE || (e = take_value(c, &value)) != ERR_NONE)
        return e;
    if (is_xmlns(name.prefix.n > 0 ? name.prefix : name.local))
        return declare(w, &name, value);
    w->prefixed |= name.prefix.n > 0;
    /* The prefix waits in `ns`: its declaration may stand further right. */
    w->attrs[w->n++] = (struct xml_attr){ .ns = name.prefix, .name = name.local, .value = value };
    return ERR_NONE;
}

static enum err resolve_prefixes(struct work *w)
{
    enum err e = ERR_NONE;

    for (size_t i = 0; i < w->n && e == ERR_NONE; i++)
        if (w->attrs[i].ns.n > 0)
            e = xml_scope_find(&w->scope, w->arena, w->attrs[i].ns, &w->attrs[i].ns);
    return e;
}

/* Most names differ in length or in their first letter. */
static bool same_name(struct str a, struct str b)
{
    return a.n == b.n && a.p[0] == b.p[0] && memcmp(a.p, b.p, a.n) == 0;
}

/* Every pair is compared; limits.attrs keeps that few. */
static bool has_duplicates(const struct work *w)
{
    for (size_t i = 1; i < w->n; i++)
        for (size_t j = 0; j < i; j++)
            if (same_name(w->attrs[i].name, w->attrs[j].name)
                && str_eq(w->attrs[i].ns, w->attrs[j].ns))
                return true;
    return false;
}

static void chain(struct xml_node *node, struct work *w)
{
    if (w->n == 0)
        return;
    for (size_t i = 1; i < w->n; i++)
        w->attrs[i - 1].next = &w->attrs[i];
    node->attrs = w->attrs;
}

static enum err take_attributes(struct cursor *c, struct work *w)
{
    enum err e;

    while (skip_space(c) && *c->at != '/' && *c->at != '>')
        if ((e = take_attribute(c, w)) != ERR_NONE)
            return e;
    if (w->prefixed && (e = resolve_prefixes(w)) != ERR_NONE)
        return e;
    return has_duplicates(w) ? ERR_MALFORMED : ERR_NONE;
}

/* ">" or "/>", and nothing else left. */
static enum err take_close(struct cursor *c, bool *out_empty)
{
    bool empty = *c->at == '/';

    c->at += empty;
    if (*c->at != '>')
        return not_a_name(c);
    *out_empty = empty;
    return c->at + 1 == c->end ? ERR_NONE : ERR_MALFORMED;
}

static enum err name_element(struct work *w, const struct qname *name, struct xml_node *node)
{
    node->name = name->local;
    node->ns = w->scope.default_ns;
    if (name->prefix.n == 0)
        return ERR_NONE;
    return xml_scope_find(&w->scope, w->arena, name->prefix, &node->ns);
}

enum err xml_tag_start(struct arena *a, struct str raw, unsigned values,
                       const struct xml_scope *outer, struct xml_tag *out)
{
    unsigned traits = xml_traits((struct str){ raw.p + 1, raw.n - 2 });
    struct work w = { .arena = a, .outer = outer, .scope = *outer };
    struct cursor c = { .plain = (traits & (XML_HAS_AMP | XML_HAS_CONTROL | XML_HAS_ANGLE)) == 0 };
    struct xml_node *node;
    struct qname name;
    bool empty;
    enum err e;

    if ((traits & (XML_HAS_HIGH | XML_HAS_CONTROL)) != 0 && !xml_chars_valid(raw))
        return ERR_MALFORMED;
    node = arena_alloc(a, sizeof *node + values * sizeof *w.attrs + raw.n);
    w.attrs = (struct xml_attr *)(node + 1);
    c.at = (char *)(w.attrs + values);
    c.end = c.at + raw.n;
    memcpy(c.at, raw.p, raw.n);
    c.at++;
    if ((e = take_qname(&c, &name)) != ERR_NONE || (e = take_attributes(&c, &w)) != ERR_NONE
        || (e = take_close(&c, &empty)) != ERR_NONE
        || (e = name_element(&w, &name, node)) != ERR_NONE)
        return e;
    chain(node, &w);
    *out = (struct xml_tag){ node, name.whole, name.prefix, w.scope, empty };
    return ERR_NONE;
}

enum err xml_tag_end(struct str raw, struct str qname)
{
    struct str rest = str_slice(raw, 2, raw.n - 3); /* between "</" and ">" */

    if (!str_starts(rest, qname) || !xml_is_space(str_skip(rest, qname.n)))
        return ERR_MALFORMED;
    return ERR_NONE;
}
