/* parser_state.h: the memory of struct xml_parser, so that sessions can embed one. Private to lib/xml.
 *
 * Input is taken in units: the character data before a tag, and that tag. A unit that lies whole in
 * the input is never copied but into the tree; only one that was cut waits in `partial`.
 * Owns: see parser.h.  Threads: one at a time.  Units: bytes.
 */
#ifndef SOTTO_XML_PARSER_STATE_H
#define SOTTO_XML_PARSER_STATE_H

#include "xml/parser.h"

struct xml_open; /* an element whose end tag has not come yet */
struct xml_root; /* name and namespaces of the open root: all that an idle parser keeps */

/* Where the search for the end of a unit stands. It never looks back, so no byte is scanned twice. */
struct xml_scan {
    size_t n;        /* bytes of the unit seen so far */
    size_t tag_at;   /* where its tag begins; before it is character data */
    unsigned values; /* quoted values in the tag: no more attributes than that */
    uint8_t state;
    uint8_t matched; /* bytes of "[CDATA[" or of "]]>" */
    char quote;      /* the quote that ends the value in work, or 0 */
};

struct xml_parser {
    struct xml_limits limits;
    enum xml_framing framing;
    enum err err; /* sticky */
    enum xml_fault fault;
    uint8_t phase;

    struct xml_scan scan;
    struct buf partial;

    struct arena arena; /* the element in work */
    struct xml_open *open;
    struct xml_open *spare; /* frames of closed elements, to be used again */
    size_t element_bytes;
    unsigned depth, nodes;

    struct xml_root *root;
};

#endif
