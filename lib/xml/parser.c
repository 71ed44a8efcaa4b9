/* parser.c: units to elements to events: limits, nesting and the order of a document.
 *
 *   input -> scan.h (a complete unit) -> decode.h (its text), tag.h (its tag) -> the tree in work
 *
 * A unit is judged only when it is complete, so events do not depend on how the input was cut.
 */
#include "xml/parser.h"

#include <string.h>

#include "xml/chars.h"
#include "xml/decode.h"
#include "xml/scan.h"
#include "xml/scope.h"
#include "xml/tag.h"

enum phase {
    AT_START,     /* nothing has come: an XML declaration may */
    BEFORE_ROOT,  /* only the root (or a document's element) may come */
    IN_ROOT,      /* stream framing: the root is open */
    ROOT_IS_OVER, /* it was an empty element; XML_ROOT_CLOSE is due */
    AT_END,
};

struct xml_open {
    struct xml_open *outer;
    struct xml_node *node;
    struct str qname;
    struct xml_scope scope;
};

void xml_parser_init(struct xml_parser *p, enum xml_framing framing,
                     const struct xml_limits *limits)
{
    *p = (struct xml_parser){ .framing = framing };
    xml_parser_limits(p, limits);
}

void xml_parser_deinit(struct xml_parser *p)
{
    buf_deinit(&p->partial);
    arena_deinit(&p->arena);
    mem_free(p->root);
    p->root = NULL;
}

void xml_parser_limits(struct xml_parser *p, const struct xml_limits *limits)
{
    p->limits = *limits;
    p->partial.limit = limits->element_bytes;
}

bool xml_parser_idle(const struct xml_parser *p)
{
    return p->open == NULL && p->scan.n == 0;
}

enum xml_fault xml_parser_fault(const struct xml_parser *p)
{
    return p->fault;
}

struct str xml_parser_root_prefix(const struct xml_parser *p)
{
    return p->root ? p->root->prefix : STR_NONE;
}

struct str xml_parser_root_default_ns(const struct xml_parser *p)
{
    return p->root ? p->root->scope.default_ns : STR_NONE;
}

static enum err fault(struct xml_parser *p, enum xml_fault fault)
{
    p->fault = fault;
    return ERR_UNSUPPORTED;
}

/* The element (or root tag, or declaration) in work is done; nothing of it is kept. */
static void reset_element(struct xml_parser *p)
{
    buf_deinit(&p->partial);
    p->open = p->spare = NULL;
    p->element_bytes = 0;
    p->nodes = 0;
}

static void complete(struct xml_parser *p, enum xml_event_kind kind, struct xml_node *node,
                     struct xml_event *out)
{
    *out = (struct xml_event){ .kind = kind, .node = node, .bytes = p->element_bytes };
    out->arena = arena_move(&p->arena);
    reset_element(p);
}

static enum err count_node(struct xml_parser *p)
{
    return p->nodes++ < p->limits.nodes ? ERR_NONE : ERR_TOO_BIG;
}

static enum err add_text(struct xml_parser *p, struct str raw)
{
    unsigned traits = xml_traits(raw);
    struct xml_node *node;
    enum err e;

    if ((traits & (XML_HAS_HIGH | XML_HAS_CONTROL)) != 0 && !xml_chars_valid(raw))
        return ERR_MALFORMED;
    if ((e = count_node(p)) != ERR_NONE)
        return e;
    node = arena_alloc(&p->arena, sizeof *node + raw.n);
    memcpy(node + 1, raw.p, raw.n);
    node->text = (struct str){ (char *)(node + 1), raw.n };
    if ((traits & ~(unsigned)XML_HAS_HIGH) != 0)
        e = xml_decode_text((char *)(node + 1), &node->text.n);
    if (node->text.n > 0) /* else it was an empty CDATA section */
        xml_append(p->open->node, node);
    return e;
}

static void push(struct xml_parser *p, const struct xml_tag *tag)
{
    struct xml_open *open = p->spare;

    if (open != NULL)
        p->spare = open->outer;
    else
        open = ARENA_NEW(&p->arena, struct xml_open);
    *open = (struct xml_open){ p->open, tag->node, tag->qname, tag->scope };
    p->open = open;
    p->depth++;
}

static void pop(struct xml_parser *p)
{
    struct xml_open *open = p->open;

    p->open = open->outer;
    open->outer = p->spare;
    p->spare = open;
    p->depth--;
}

static void open_root(struct xml_parser *p, const struct xml_tag *tag, struct xml_event *out)
{
    p->root = xml_root_new(tag->qname, tag->prefix, &tag->scope);
    p->phase = tag->empty ? ROOT_IS_OVER : IN_ROOT;
    p->depth++;
    complete(p, XML_ROOT_OPEN, tag->node, out);
}

/* The scope around a child of the root, or a document. Its default namespace lives as long as the element, which
 * outlives the parser. */
static struct xml_scope outermost_scope(struct xml_parser *p)
{
    struct xml_scope scope = { 0 };

    if (p->root != NULL) {
        scope = p->root->scope;
        scope.default_ns = arena_str(&p->arena, scope.default_ns);
    }
    return scope;
}

static enum err open_element(struct xml_parser *p, struct str raw, struct xml_event *out)
{
    bool is_root = p->framing == XML_STREAM && p->root == NULL;
    struct xml_scope outermost;
    struct xml_tag tag;
    enum err e;

    if (p->depth >= p->limits.depth || p->scan.values > p->limits.attrs)
        return ERR_TOO_BIG;
    if ((e = count_node(p)) != ERR_NONE)
        return e;
    if (p->open == NULL)
        outermost = outermost_scope(p);
    e = xml_tag_start(&p->arena, raw, p->scan.values, p->open ? &p->open->scope : &outermost, &tag);
    if (e != ERR_NONE)
        return e;
    if (p->open != NULL)
        xml_append(p->open->node, tag.node);
    if (is_root)
        open_root(p, &tag, out);
    else if (!tag.empty)
        push(p, &tag);
    else if (p->open == NULL)
        complete(p, XML_ELEMENT, tag.node, out);
    return ERR_NONE;
}

static enum err close_root(struct xml_parser *p, struct str raw, struct xml_event *out)
{
    enum err e = p->phase == IN_ROOT ? xml_tag_end(raw, p->root->qname) : ERR_MALFORMED;

    if (e != ERR_NONE)
        return e;
    p->phase = AT_END;
    complete(p, XML_ROOT_CLOSE, NULL, out);
    return ERR_NONE;
}

static enum err close_element(struct xml_parser *p, struct str raw, struct xml_event *out)
{
    struct xml_node *node;
    enum err e;

    if (p->open == NULL)
        return close_root(p, raw, out);
    if ((e = xml_tag_end(raw, p->open->qname)) != ERR_NONE)
        return e;
    node = p->open->node;
    pop(p);
    if (p->open == NULL)
        complete(p, XML_ELEMENT, node, out);
    return ERR_NONE;
}

static enum err declaration(struct xml_parser *p, struct str raw)
{
    bool bad_encoding;
    enum err e;

    if (p->phase != AT_START || p->open != NULL)
        return ERR_UNSUPPORTED; /* a processing instruction, whatever its name */
    e = xml_tag_declaration(raw, &bad_encoding);
    if (bad_encoding)
        return fault(p, XML_FAULT_ENCODING);
    p->phase = BEFORE_ROOT;
    reset_element(p);
    return e;
}

static enum err use_unit(struct xml_parser *p, struct str unit, struct xml_event *out)
{
    struct str text = { unit.p, p->scan.tag_at };
    struct str tag = { unit.p + text.n, unit.n - text.n };
    enum err e;

    if (text.n > 0) {
        if (p->open == NULL) /* a CDATA section: other text is found before it becomes a unit */
            return p->phase == IN_ROOT ? fault(p, XML_FAULT_TEXT) : ERR_MALFORMED;
        if ((e = add_text(p, text)) != ERR_NONE)
            return e;
    }
    if (tag.p[1] == '/')
        return close_element(p, tag, out);
    if (tag.p[1] == '?')
        return declaration(p, tag);
    if (tag.p[1] == '\0' && p->phase == AT_START && p->open == NULL)
        return fault(p, XML_FAULT_ENCODING); /* UTF-16, little-endian, without its mark */
    return open_element(p, tag, out);
}

/* Takes a whole unit from the front of *in, or all of *in if the unit goes on. */
static enum err take_unit(struct xml_parser *p, struct str *in, struct str *out_unit)
{
    size_t limit = p->limits.element_bytes;
    size_t left = limit > p->element_bytes ? limit - p->element_bytes : 0;
    struct str taken = { in->p, 0 };
    enum xml_found found = xml_scan(&p->scan, str_slice(*in, 0, left), &taken.n);

    *in = str_skip(*in, taken.n);
    p->element_bytes += taken.n;
    if (found == XML_FOUND_RESTRICTED)
        return ERR_UNSUPPORTED;
    if (found == XML_FOUND_MALFORMED)
        return ERR_MALFORMED;
    if (found == XML_FOUND_NOTHING && in->n > 0)
        return ERR_TOO_BIG;
    if (found == XML_FOUND_UNIT && p->partial.n == 0) {
        *out_unit = taken;
        return ERR_NONE;
    }
    buf_add(&p->partial, taken);
    *out_unit = found == XML_FOUND_UNIT ? buf_str(&p->partial) : STR_NONE;
    return ERR_NONE;
}

/* Outside elements there is white space, and '<'. */
static enum err skip_to_unit(struct xml_parser *p, struct str *in)
{
    size_t n = 0;

    while (n < in->n && xml_char_is(in->p[n], XML_SPACE))
        n++;
    *in = str_skip(*in, n);
    if (n > 0 && p->phase == AT_START)
        p->phase = BEFORE_ROOT;
    if (in->n == 0 || (in->p[0] == '<' && p->phase != AT_END))
        return ERR_NONE;
    if (p->phase == IN_ROOT)
        return fault(p, XML_FAULT_TEXT);
    if (p->phase == AT_START && (in->p[0] == '\xfe' || in->p[0] == '\xff' || in->p[0] == '\0'))
        return fault(p, XML_FAULT_ENCODING); /* UTF-16 with its mark, or big-endian without */
    return ERR_MALFORMED;
}

static enum err advance(struct xml_parser *p, struct str *in, struct xml_event *out)
{
    struct str unit;
    enum err e;

    if (p->phase == ROOT_IS_OVER) {
        p->phase = AT_END;
        out->kind = XML_ROOT_CLOSE;
    }
    while (out->kind == XML_MORE) {
        if (xml_parser_idle(p) && (e = skip_to_unit(p, in)) != ERR_NONE)
            return e;
        if (in->n == 0)
            break;
        if ((e = take_unit(p, in, &unit)) != ERR_NONE)
            return e;
        if (unit.p == NULL)
            break;
        if ((e = use_unit(p, unit, out)) != ERR_NONE)
            return e;
        p->scan = (struct xml_scan){ 0 };
        buf_reset(&p->partial);
        if (out->kind == XML_ELEMENT && p->framing == XML_DOCUMENTS)
            p->phase = AT_START;
    }
    return ERR_NONE;
}

enum err xml_parse(struct xml_parser *p, struct str *in, struct xml_event *out)
{
    struct xml_event event = { .kind = XML_MORE };

    if (p->err == ERR_NONE)
        p->err = advance(p, in, &event);
    if (p->err == ERR_NONE)
        *out = event;
    return p->err;
}

enum err xml_parse_document(struct arena *a, struct str in, const struct xml_limits *limits,
                            struct xml_node **out)
{
    struct xml_parser p;
    struct xml_event event = { 0 };
    enum err e;

    xml_parser_init(&p, XML_DOCUMENTS, limits);
    p.arena = arena_move(a);
    e = xml_parse(&p, &in, &event);
    *a = arena_move(event.kind == XML_ELEMENT ? &event.arena : &p.arena);
    if (e == ERR_NONE && (event.kind != XML_ELEMENT || !xml_is_space(in)))
        e = ERR_MALFORMED;
    xml_parser_deinit(&p);
    if (e == ERR_NONE)
        *out = event.node;
    return e;
}
