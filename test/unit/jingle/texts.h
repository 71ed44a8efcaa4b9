/* texts.h: XML of tests, written with ' and read as one element; trees as text again. */
#ifndef SOTTO_TEST_UNIT_JINGLE_TEXTS_H
#define SOTTO_TEST_UNIT_JINGLE_TEXTS_H

#include "test/unit/check.h"

#include "base/buf.h"
#include "xml/parser.h"
#include "xml/writer.h"

static inline struct xml_node *text_tree(struct arena *a, struct str text)
{
    static const struct xml_limits limits = { 1 << 20, 64, 64, 20000 };
    struct xml_node *node = NULL;

    check_err(text.p, xml_parse_document(a, text, &limits, &node), ERR_NONE);
    return node;
}

static inline struct str tree_text(struct arena *a, const struct xml_node *node)
{
    struct buf out;
    struct str text;

    buf_init(&out, 1 << 20);
    xml_write(&out, node, STR_NONE);
    text = arena_str(a, buf_str(&out));
    buf_deinit(&out);
    return text;
}

static inline struct str join(struct arena *a, const char *x, const char *y, const char *z)
{
    return arena_concat(a, str_from(x), arena_concat(a, str_from(y), str_from(z)));
}

#endif
