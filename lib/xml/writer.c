/* writer.c: escaping, and elements with the namespaces that they need.
 *
 * Prefixes: `xml:` for its namespace, which may not be declared otherwise; `stream:` for an outermost
 * element of the streams namespace; a1:, a2:, … for other attributes with a namespace. Other elements
 * never get a prefix, so what is stored or forwarded is whole without the header of the stream on
 * which it came.
 */
#include "xml/writer.h"

#include <string.h>

#include "xml/chars.h"

static const struct str ns_streams = STR_INIT("http://etherx.jabber.org/streams");

/* What cannot be written as it is. Bytes from 0x80 are judged by xml_char_length(). */
enum { IN_TEXT = 1, IN_ATTRIBUTE = 2 };

static const uint8_t stops[0x80] = {
    [0 ... 0x08] = IN_TEXT | IN_ATTRIBUTE,
    ['\t'] = IN_ATTRIBUTE, /* a parser would make it a space: XML 1.0 §3.3.3 */
    ['\n'] = IN_ATTRIBUTE,
    [0x0b ... 0x1f] = IN_TEXT | IN_ATTRIBUTE,
    ['&'] = IN_TEXT | IN_ATTRIBUTE,
    ['<'] = IN_TEXT | IN_ATTRIBUTE,
    ['>'] = IN_TEXT | IN_ATTRIBUTE, /* "]]>" is forbidden in text */
    ['\''] = IN_ATTRIBUTE,
};

/* Like buf_add(), but without a call where there is room. */
static inline void put(struct buf *out, struct str s)
{
    if (s.n <= out->room - out->n && out->room <= out->limit) {
        if (s.n > 0)
            memcpy(out->p + out->n, s.p, s.n);
        out->n += s.n;
    } else {
        buf_add(out, s);
    }
}

#define PUT(out, literal) put((out), STR(literal))

/* A word's part of what `stops` says, with values' characters counted everywhere. */
static uint64_t find_special(uint64_t word)
{
    return (word & XML_EACH_BYTE(0x80)) | xml_find_below(word, 0x20)
           | xml_find_either(word, '<', '<' ^ '>') | xml_find_either(word, '&', '&' ^ '\'');
}

/* How much of the front of the text can be written as it is. */
static size_t plain_run(struct str text, uint8_t place)
{
    const uint8_t *p = (const uint8_t *)text.p;
    size_t i = 0;

    while (i < text.n) {
        if (text.n - i >= 8 && find_special(xml_load8(text.p + i)) == 0) {
            i += 8;
        } else if (p[i] >= 0x80) {
            size_t n = xml_char_length(p + i, text.n - i);

            if (n == 0)
                break;
            i += n;
        } else if (stops[p[i]] & place) {
            break;
        } else {
            i++;
        }
    }
    return i;
}

static struct str escaped(char c)
{
    switch (c) {
    case '&': return STR("&amp;");
    case '<': return STR("&lt;");
    case '>': return STR("&gt;");
    case '\'': return STR("&apos;");
    case '\t': return STR("&#9;");
    case '\n': return STR("&#10;");
    case '\r': return STR("&#13;");
    default: return STR("\xef\xbf\xbd"); /* U+FFFD stands for what XML has no form for */
    }
}

void xml_escape(struct buf *out, struct str text, bool in_attribute)
{
    for (;;) {
        size_t n = plain_run(text, in_attribute ? IN_ATTRIBUTE : IN_TEXT);

        put(out, str_slice(text, 0, n));
        if (n == text.n)
            return;
        put(out, escaped(text.p[n]));
        text = str_skip(text, n + 1);
    }
}

static void put_value(struct buf *out, struct str value)
{
    PUT(out, "='");
    xml_escape(out, value, true);
    PUT(out, "'");
}

/* Place of the first attribute with this namespace, from 1: the number of the local prefix. */
static size_t prefix_number(const struct xml_node *node, struct str ns, bool *out_is_first,
                            const struct xml_attr *of)
{
    size_t number = 1;
    const struct xml_attr *a = node->attrs;

    while (!str_eq(a->ns, ns))
        a = a->next, number++;
    *out_is_first = a == of;
    return number;
}

static void put_foreign_prefix(struct buf *out, const struct xml_node *node,
                               const struct xml_attr *attr)
{
    bool is_first;
    size_t number = prefix_number(node, attr->ns, &is_first, attr);

    if (is_first) {
        PUT(out, "xmlns:a");
        buf_add_u64(out, number);
        put_value(out, attr->ns);
        PUT(out, " ");
    }
    PUT(out, "a");
    buf_add_u64(out, number);
    PUT(out, ":");
}

static void put_attributes(struct buf *out, const struct xml_node *node)
{
    for (const struct xml_attr *a = node->attrs; a != NULL; a = a->next) {
        PUT(out, " ");
        if (a->ns.n > 0) {
            if (str_eq(a->ns, xml_ns_xml))
                PUT(out, "xml:");
            else
                put_foreign_prefix(out, node, a);
        }
        put(out, a->name);
        put_value(out, a->value);
    }
}

static struct str inner_prefix(const struct xml_node *node)
{
    return str_eq(node->ns, xml_ns_xml) ? STR("xml:") : STR_NONE;
}

static struct str outer_prefix(const struct xml_node *node)
{
    return str_eq(node->ns, ns_streams) ? STR("stream:") : inner_prefix(node);
}

/* "<name xmlns='…' attributes", without its end. An empty context is that of a whole document, where
 * nobody has declared `stream:`. */
static void put_start(struct buf *out, const struct xml_node *node, struct str context,
                      struct str prefix)
{
    PUT(out, "<");
    put(out, prefix);
    put(out, node->name);
    if (prefix.n == 0 && !str_eq(node->ns, context)) {
        PUT(out, " xmlns");
        put_value(out, node->ns);
    } else if (context.n == 0 && str_eq(prefix, STR("stream:"))) {
        PUT(out, " xmlns:stream");
        put_value(out, node->ns);
    }
    put_attributes(out, node);
}

static void put_end(struct buf *out, const struct xml_node *node, struct str prefix)
{
    PUT(out, "</");
    put(out, prefix);
    put(out, node->name);
    PUT(out, ">");
}

/* Recursion is as deep as the tree: parsers limit that, and our own trees are shallow. */
static void put_node(struct buf *out, const struct xml_node *node, struct str context,
                     struct str prefix)
{
    struct str inner = prefix.n > 0 ? context : node->ns;

    if (xml_is_text(node)) {
        xml_escape(out, node->text, false);
        return;
    }
    put_start(out, node, context, prefix);
    if (node->first == NULL) {
        PUT(out, "/>");
        return;
    }
    PUT(out, ">");
    for (const struct xml_node *c = node->first; c != NULL; c = c->next)
        put_node(out, c, inner, inner_prefix(c));
    put_end(out, node, prefix);
}

void xml_write(struct buf *out, const struct xml_node *node, struct str default_ns)
{
    put_node(out, node, default_ns, outer_prefix(node));
}

void xml_write_open(struct buf *out, const struct xml_node *node, struct str default_ns)
{
    put_start(out, node, default_ns, outer_prefix(node));
    PUT(out, ">");
}

void xml_write_root(struct buf *out, const struct xml_node *root, struct str content_ns)
{
    put_start(out, root, STR_NONE, outer_prefix(root));
    PUT(out, " xmlns");
    put_value(out, content_ns);
    PUT(out, ">");
}

void xml_write_close(struct buf *out, const struct xml_node *node, struct str default_ns)
{
    (void)default_ns; /* end tags declare nothing */
    put_end(out, node, outer_prefix(node));
}
