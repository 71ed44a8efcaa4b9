/* tree_text.c: see tree_text.h. */
#include "tree_text.h"

const struct xml_limits wide_limits = {
    .element_bytes = 1 << 20, .depth = 200, .attrs = 100, .nodes = 1 << 18
};

static void put_quoted(struct buf *out, struct str s)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, s.p[i]);
    }
    buf_add_char(out, '"');
}

static void put_name(struct buf *out, struct str ns, struct str name)
{
    if (ns.n > 0) {
        buf_add_char(out, '{');
        buf_add(out, ns);
        buf_add_char(out, '}');
    }
    buf_add(out, name);
}

void tree_text(struct buf *out, const struct xml_node *node)
{
    if (xml_is_text(node)) {
        put_quoted(out, node->text);
        return;
    }
    put_name(out, node->ns, node->name);
    for (const struct xml_attr *a = node->attrs; a != NULL; a = a->next) {
        buf_add_char(out, ' ');
        put_name(out, a->ns, a->name);
        buf_add_char(out, '=');
        put_quoted(out, a->value);
    }
    buf_add_char(out, '(');
    for (const struct xml_node *c = node->first; c != NULL; c = c->next)
        tree_text(out, c);
    buf_add_char(out, ')');
}

static const char *kind_text(enum xml_event_kind kind)
{
    switch (kind) {
    case XML_ROOT_OPEN: return "open ";
    case XML_ROOT_CLOSE: return "close ";
    default: return "element ";
    }
}

/* False after an error. */
static bool feed(struct buf *out, struct xml_parser *p, struct str in)
{
    struct xml_event event;
    enum err e;

    while ((e = xml_parse(p, &in, &event)) == ERR_NONE && event.kind != XML_MORE) {
        buf_add(out, str_from(kind_text(event.kind)));
        if (event.node != NULL)
            tree_text(out, event.node);
        buf_add_char(out, '\n');
        arena_deinit(&event.arena);
    }
    if (e == ERR_NONE)
        return true;
    buf_add(out, str_from(err_text(e)));
    return false;
}

void event_text(struct buf *out, enum xml_framing framing, const struct xml_limits *limits,
                struct str in, size_t cut, size_t step)
{
    struct xml_parser p;
    bool alive;

    xml_parser_init(&p, framing, limits);
    alive = feed(out, &p, str_slice(in, 0, cut));
    for (struct str rest = str_skip(in, cut); alive && rest.n > 0; rest = str_skip(rest, step))
        alive = feed(out, &p, str_slice(rest, 0, step));
    xml_parser_deinit(&p);
}
