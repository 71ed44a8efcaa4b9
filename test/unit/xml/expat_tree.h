/* expat_tree.h: what expat reads, as the trees of lib/xml: the reference of tests and benchmarks.
 *
 * Owns: the expat parser; trees live in the arena given.  Threads: one at a time.
 */
#ifndef SOTTO_TEST_EXPAT_TREE_H
#define SOTTO_TEST_EXPAT_TREE_H

#include <expat.h>

#include "xml/tree.h"

enum { EXPAT_DEPTH_MAX = 256 };

struct expat_tree {
    XML_Parser parser;
    struct arena *arena;
    unsigned skip; /* outer elements that are no part of the tree */
    unsigned depth;
    struct xml_node *open[EXPAT_DEPTH_MAX]; /* [0] is above the tree and holds it */
    struct xml_node top;
};

void expat_tree_init(struct expat_tree *t, struct arena *arena, unsigned skip);
void expat_tree_deinit(struct expat_tree *t);

/* One whole document; NULL if expat refuses it. */
struct xml_node *expat_tree_parse(struct arena *arena, struct str in);

#endif
