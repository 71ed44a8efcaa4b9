/* expat_tree.c: handlers that build a tree while expat reads. */
#include "expat_tree.h"

#include <string.h>

enum { SEPARATOR = '\n' }; /* between a namespace and a name; no namespace can hold it */

static void split(struct arena *a, const char *joined, struct str *out_ns, struct str *out_name)
{
    const char *separator = strchr(joined, SEPARATOR);

    if (separator == NULL) {
        *out_ns = STR_NONE;
        *out_name = arena_cstr(a, joined);
        return;
    }
    *out_ns = arena_str(a, (struct str){ joined, (size_t)(separator - joined) });
    *out_name = arena_cstr(a, separator + 1);
}

static struct xml_node *current(struct expat_tree *t)
{
    return t->depth >= t->skip && t->depth - t->skip < EXPAT_DEPTH_MAX ? t->open[t->depth - t->skip]
                                                                       : NULL;
}

static void on_start(void *user, const char *joined, const char **attrs)
{
    struct expat_tree *t = user;
    struct xml_node *parent = current(t), *node;
    struct xml_attr **end;

    t->depth++;
    if (parent == NULL || t->depth - t->skip >= EXPAT_DEPTH_MAX)
        return;
    node = ARENA_NEW(t->arena, struct xml_node);
    split(t->arena, joined, &node->ns, &node->name);
    end = &node->attrs;
    for (; attrs[0] != NULL; attrs += 2) {
        struct xml_attr *attr = ARENA_NEW(t->arena, struct xml_attr);

        split(t->arena, attrs[0], &attr->ns, &attr->name);
        attr->value = arena_cstr(t->arena, attrs[1]);
        *end = attr;
        end = &attr->next;
    }
    xml_append(parent, node);
    t->open[t->depth - t->skip] = node;
}

static void on_end(void *user, const char *joined)
{
    struct expat_tree *t = user;

    (void)joined;
    t->depth--;
}

/* Expat reports text in pieces; they become one node as in our trees. */
static void on_text(void *user, const char *p, int n)
{
    struct expat_tree *t = user;
    struct xml_node *parent = current(t);
    struct str piece = { p, (size_t)n };

    if (parent == NULL)
        return;
    if (parent->last != NULL && xml_is_text(parent->last))
        parent->last->text = arena_concat(t->arena, parent->last->text, piece);
    else
        xml_add_text(t->arena, parent, arena_str(t->arena, piece));
}

void expat_tree_init(struct expat_tree *t, struct arena *arena, unsigned skip)
{
    memset(t, 0, sizeof *t);
    t->parser = XML_ParserCreateNS("UTF-8", SEPARATOR);
    t->arena = arena;
    t->skip = skip;
    t->open[0] = &t->top;
    XML_SetUserData(t->parser, t);
    XML_SetElementHandler(t->parser, on_start, on_end);
    XML_SetCharacterDataHandler(t->parser, on_text);
}

void expat_tree_deinit(struct expat_tree *t)
{
    XML_ParserFree(t->parser);
}

struct xml_node *expat_tree_parse(struct arena *arena, struct str in)
{
    struct expat_tree t;
    enum XML_Status status;

    expat_tree_init(&t, arena, 0);
    status = XML_Parse(t.parser, in.p, (int)in.n, XML_TRUE);
    expat_tree_deinit(&t);
    return status == XML_STATUS_OK ? t.top.first : NULL;
}
