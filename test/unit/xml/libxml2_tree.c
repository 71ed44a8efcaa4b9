/* libxml2_tree.c: libxml2's document copied into our tree. */
#include "libxml2_tree.h"

#include <libxml/parser.h>
#include <libxml/xmlerror.h>

static struct str copy(struct arena *a, const xmlChar *text)
{
    return text ? arena_cstr(a, (const char *)text) : STR_NONE;
}

static struct str copy_ns(struct arena *a, const xmlNs *ns)
{
    return ns ? copy(a, ns->href) : STR_NONE;
}

static void copy_attributes(struct arena *a, struct xml_node *node, xmlNode *from)
{
    struct xml_attr **end = &node->attrs;

    for (xmlAttr *attr = from->properties; attr != NULL; attr = attr->next) {
        xmlChar *value = xmlNodeListGetString(from->doc, attr->children, 1);
        struct xml_attr *added = ARENA_NEW(a, struct xml_attr);

        added->ns = copy_ns(a, attr->ns);
        added->name = copy(a, attr->name);
        added->value = copy(a, value);
        *end = added;
        end = &added->next;
        xmlFree(value);
    }
}

static struct xml_node *copy_element(struct arena *a, xmlNode *from)
{
    struct xml_node *node = xml_new(a, copy_ns(a, from->ns), copy(a, from->name));

    copy_attributes(a, node, from);
    for (xmlNode *child = from->children; child != NULL; child = child->next) {
        bool text = child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE;

        if (child->type == XML_ELEMENT_NODE)
            xml_append(node, copy_element(a, child));
        else if (text && node->last != NULL && xml_is_text(node->last))
            node->last->text = arena_concat(a, node->last->text, copy(a, child->content));
        else if (text)
            xml_add_text(a, node, copy(a, child->content));
    }
    return node;
}

/* Not every error is about XML: libxml2 has its own mind about URIs and checks xml:id (another standard). */
static void on_error(void *user, xmlError *error)
{
    bool *failed = user;
    bool about_uri = error->domain == XML_FROM_NAMESPACE
                     && (error->code == XML_WAR_NS_URI || error->code == XML_WAR_NS_URI_RELATIVE);

    if (error->level != XML_ERR_WARNING && error->domain != XML_FROM_VALID
        && error->domain != XML_FROM_DTD && !about_uri)
        *failed = true;
}

struct xml_node *libxml2_tree_parse(struct arena *arena, struct str in)
{
    xmlParserCtxt *context = xmlNewParserCtxt();
    struct xml_node *tree = NULL;
    bool failed = false;
    xmlDoc *doc;

    xmlSetStructuredErrorFunc(&failed, on_error);
    doc = xmlCtxtReadMemory(context, in.p, (int)in.n, NULL, NULL, XML_PARSE_NONET);
    if (doc != NULL && context->wellFormed && !failed && xmlDocGetRootElement(doc) != NULL)
        tree = copy_element(arena, xmlDocGetRootElement(doc));
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlFreeDoc(doc);
    xmlFreeParserCtxt(context);
    return tree;
}
