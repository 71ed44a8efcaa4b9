/* libxml2_tree.h: what libxml2 reads, as the trees of lib/xml: the second reference of the tests.
 *
 * Owns: nothing; trees live in the arena given.  Threads: one at a time.
 */
#ifndef SOTTO_TEST_LIBXML2_TREE_H
#define SOTTO_TEST_LIBXML2_TREE_H

#include "xml/tree.h"

/* One whole document; NULL if libxml2 finds it not well-formed, names and namespaces included. */
struct xml_node *libxml2_tree_parse(struct arena *arena, struct str in);

#endif
