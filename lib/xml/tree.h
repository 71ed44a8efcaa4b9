/* tree.h: an XML element and its content, in an arena.
 *
 * Names and text are views into the arena (or into static memory for names we write ourselves).
 * Trees come from parser.h or from the builders here; they are emitted by writer.h only, so nothing
 * malformed can leave. Attributes have no namespace unless `ns` is set (prefixed attributes, xml:lang).
 * Owns: nothing; the arena does.  Threads: one at a time.
 */
#ifndef SOTTO_XML_TREE_H
#define SOTTO_XML_TREE_H

#include "base/arena.h"

struct xml_attr {
    struct xml_attr *next;
    struct str ns, name, value; /* ns.n == 0: no namespace */
};

struct xml_node {
    struct xml_node *next;         /* sibling */
    struct xml_node *first, *last; /* children */
    struct xml_attr *attrs;        /* in document order */
    struct str ns, name;           /* an element; a text node has name.n == 0 */
    struct str text;               /* a text node's characters, entities resolved */
};

extern const struct str xml_ns_xml; /* http://www.w3.org/XML/1998/namespace, of xml:lang */

static inline bool xml_is_text(const struct xml_node *node)
{
    return node->name.n == 0;
}

bool xml_is(const struct xml_node *node, struct str ns, struct str name);
struct xml_node *xml_child(const struct xml_node *node, struct str ns,
                           struct str name); /* first, or NULL */
struct xml_node *xml_child_ns(const struct xml_node *node,
                              struct str ns);                    /* first element of ns, or NULL */
struct xml_node *xml_first_element(const struct xml_node *node); /* or NULL */
struct xml_node *xml_next_element(const struct xml_node *node);  /* next sibling element, or NULL */
size_t xml_count_elements(const struct xml_node *node);
struct str xml_get(const struct xml_node *node,
                   struct str name); /* attribute without ns; p == NULL if absent */
struct str xml_get_ns(const struct xml_node *node, struct str ns, struct str name);
struct str xml_text_of(struct arena *a,
                       const struct xml_node *node); /* its text children, joined */
struct str xml_child_text(struct arena *a, const struct xml_node *node, struct str ns,
                          struct str name);
/* p == NULL if there is no such child */

/* Builders. Strings are borrowed: they must live as long as the arena (arena_str() copies). */
struct xml_node *xml_new(struct arena *a, struct str ns, struct str name);
struct xml_node *xml_add(struct arena *a, struct xml_node *parent, struct str ns,
                         struct str name); /* new last child */
void xml_append(struct xml_node *parent,
                struct xml_node *child); /* child belongs to no other parent */
void xml_prepend(struct xml_node *parent, struct xml_node *child);
void xml_add_text(struct arena *a, struct xml_node *parent, struct str text);
struct xml_node *xml_add_text_child(struct arena *a, struct xml_node *parent, struct str ns,
                                    struct str name, struct str text);
void xml_set(struct arena *a, struct xml_node *node, struct str name,
             struct str value); /* replaces or adds */
void xml_set_ns(struct arena *a, struct xml_node *node, struct str ns, struct str name,
                struct str value);
void xml_unset(struct xml_node *node, struct str name);
void xml_detach(struct xml_node *parent, struct xml_node *child); /* takes child out of parent */
struct xml_node *xml_copy(struct arena *a,
                          const struct xml_node *node); /* deep, strings included */

#endif
