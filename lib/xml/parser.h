/* parser.h: strict pull parser for the XML that XMPP allows (RFC 6120 §11): no DTD, processing
 * instruction or comment; CDATA sections are text; five entities and character references; UTF-8 only.
 *
 * It accepts only what expat and libxml2 accept, with the same tree. Input may be cut at any byte.
 * Two framings: a stream (root element stays open, RFC 6120 §4) and documents (each complete element
 * stands alone: WebSocket frames, stored fragments).
 * Owns: the arena and bytes of the element in work, nothing between two elements but the root's
 * namespace declarations.  Threads: one at a time.  Errors: ERR_MALFORMED (not well-formed),
 * ERR_UNSUPPORTED (well-formed, but restricted XML: RFC 6120 §11.1), ERR_TOO_BIG (a limit).  Errors are
 * final for the parser.
 */
#ifndef SOTTO_XML_PARSER_H
#define SOTTO_XML_PARSER_H

#include "base/buf.h"
#include "xml/tree.h"

struct xml_limits {
    size_t element_bytes; /* one child of the root (or document), from its '<' to its last '>' */
    unsigned depth;       /* the root (or document element) is depth 1 */
    unsigned attrs;       /* per element, namespace declarations included; every pair is compared */
    unsigned nodes;       /* elements and text nodes in one child of the root */
};

enum xml_event_kind {
    XML_MORE,      /* all input used, nothing complete */
    XML_ROOT_OPEN, /* stream framing: node is the root with attributes and no children */
    XML_ELEMENT,   /* a complete child of the root, or a complete document */
    XML_ROOT_CLOSE,
};

struct xml_event {
    enum xml_event_kind kind;
    struct xml_node *node;
    struct arena arena; /* holds node; the receiver owns it (arena_deinit) */
    size_t bytes;       /* of input that made up the node */
};

enum xml_framing { XML_STREAM, XML_DOCUMENTS };

/* What enum err does not tell, but a stream error does (RFC 6120 §4.9.3). */
enum xml_fault {
    XML_FAULT_OTHER,
    XML_FAULT_ENCODING, /* not UTF-8: declared so, or UTF-16 by its first bytes; ERR_UNSUPPORTED */
    XML_FAULT_TEXT,     /* characters between the children of the root; ERR_UNSUPPORTED */
};

struct xml_parser; /* the definition is below, so that sessions can embed it */

void xml_parser_init(struct xml_parser *p, enum xml_framing framing,
                     const struct xml_limits *limits);
void xml_parser_deinit(struct xml_parser *p);
void xml_parser_limits(struct xml_parser *p,
                       const struct xml_limits *limits); /* from the next byte on */

/* Takes bytes from the front of *in until one event is complete or *in is empty (then XML_MORE).
 * White space between children of the root is skipped (keep-alive, RFC 6120 §4.6.1). */
CHECKED enum err xml_parse(struct xml_parser *p, struct str *in, struct xml_event *out);

/* True between two elements, when nothing but the root's namespaces is held. */
bool xml_parser_idle(const struct xml_parser *p);

enum xml_fault xml_parser_fault(const struct xml_parser *p);   /* after an error */
struct str xml_parser_root_prefix(const struct xml_parser *p); /* after XML_ROOT_OPEN; borrowed */
struct str xml_parser_root_default_ns(const struct xml_parser *p); /* likewise */

/* One whole document from memory: stored items, tests. Trailing bytes other than white space are
 * ERR_MALFORMED. */
CHECKED enum err xml_parse_document(struct arena *a, struct str in, const struct xml_limits *limits,
                                    struct xml_node **out);

#include "xml/parser_state.h"

#endif
