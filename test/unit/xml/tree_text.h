/* tree_text.h: trees and parser events as text, so that tests compare strings.
 *
 *   {ns}name {ns}attr="value"(children)   with "text" for a text node; {} is left out for no namespace
 *
 * Threads: pure.
 */
#ifndef SOTTO_TEST_TREE_TEXT_H
#define SOTTO_TEST_TREE_TEXT_H

#include "base/buf.h"
#include "xml/parser.h"

void tree_text(struct buf *out, const struct xml_node *node);

/* All events of one input as text, one a line, the error last. `cut` bytes are fed first, then the rest
 * in pieces of `step`. */
void event_text(struct buf *out, enum xml_framing framing, const struct xml_limits *limits,
                struct str in, size_t cut, size_t step);

extern const struct xml_limits wide_limits;

#endif
