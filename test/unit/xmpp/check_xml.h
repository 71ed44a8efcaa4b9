/* check_xml.h: trees from text and back, for tests. */
#ifndef SOTTO_TEST_UNIT_XMPP_CHECK_XML_H
#define SOTTO_TEST_UNIT_XMPP_CHECK_XML_H

#include "test/unit/check.h"

#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

static inline struct xml_node *xml_of(struct arena *a, const char *text)
{
    static const struct xml_limits limits = {
        .element_bytes = 64 * 1024, .depth = 32, .attrs = 32, .nodes = 4096
    };
    struct xml_node *node = NULL;

    if (xml_parse_document(a, str_from(text), &limits, &node) != ERR_NONE)
        fail_msg("not XML: %s", text);
    return node;
}

/* As a client's stream would carry it: without xmlns='jabber:client'. */
static inline void check_xml(const char *what, const struct xml_node *node, const char *want)
{
    struct buf text;

    buf_init(&text, 64 * 1024);
    xml_write(&text, node, STR(NS_CLIENT));
    check_str(what, buf_str(&text), want);
    buf_deinit(&text);
}

#endif
