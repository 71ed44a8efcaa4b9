/* pattern.h: does an element look like what a script expects? And the names that scripts give to values.
 *
 * Of a pattern, every attribute, child and text has to be there; more may be. In values, '*' stands for any
 * characters and {name} for a value: the one it has, or the one it gets here. README.md has the whole of it.
 * Owns: nothing; names and values live in the arena of the struct.  Threads: pure.
 */
#ifndef SOTTO_TEST_SCRIPT_PATTERN_H
#define SOTTO_TEST_SCRIPT_PATTERN_H

#include "xml/tree.h"

enum { NAMES_MAX = 128 };

struct names {
    struct arena arena;
    struct str name[NAMES_MAX], value[NAMES_MAX];
    size_t n;
};

void names_set(struct names *v, struct str name, struct str value); /* copies */
struct str names_get(const struct names *v, struct str name);       /* p == NULL if it has none */
/* Text with every {name} replaced; p == NULL, and *missing set, if one has no value. */
struct str names_fill(const struct names *v, struct arena *a, struct str text, struct str *missing);

/* The text of one element, with the shorthand xmlns of XMPP's top-level elements that are no stanzas. ERR_MALFORMED. */
CHECKED enum err pattern_read(struct arena *a, struct str text, struct xml_node **out);
struct str pattern_expand(struct arena *a, struct str text); /* only the shorthand */

/* What is captured stays only if all of it matches. */
bool pattern_matches(const struct xml_node *pattern, const struct xml_node *node, struct names *v);

/* Octet by octet; the one '*' of the template stands for an id. */
bool pattern_octets(struct str template, struct str text, struct str *out_id);

#endif
