/* tag.h: one complete tag to an element with its attributes (XML 1.0 §3.1), and the XML declaration.
 *
 * Owns: nothing; elements go into the arena.  Threads: pure.
 * Errors: ERR_MALFORMED; ERR_UNSUPPORTED (names outside ASCII, XML 1.1, other encodings); ERR_TOO_BIG.
 */
#ifndef SOTTO_XML_TAG_H
#define SOTTO_XML_TAG_H

#include "xml/scope.h"
#include "xml/tree.h"

struct xml_tag {
    struct xml_node *node;
    struct str qname, prefix; /* as written, for the end tag */
    struct xml_scope scope;   /* inside the element */
    bool empty;               /* <a/> */
};

/* `raw` begins with '<', ends with '>' and holds at most `values` quoted values (scan.h). It is copied
 * in one piece, and all strings of the element are views of the copy. */
CHECKED enum err xml_tag_start(struct arena *a, struct str raw, unsigned values,
                               const struct xml_scope *outer, struct xml_tag *out);
CHECKED enum err xml_tag_end(struct str raw, struct str qname);
/* <?xml version='1.0' encoding='UTF-8'?>; *bad_encoding tells what an ERR_UNSUPPORTED was about. */
CHECKED enum err xml_tag_declaration(struct str raw, bool *bad_encoding);

#endif
