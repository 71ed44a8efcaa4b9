/* octets.h: base64 as it stands in stanzas: some clients break lines or indent, so white space in
 * it means nothing.
 *
 * Owns: nothing; results live in the arena.  Threads: pure.
 * Errors: ERR_MALFORMED, ERR_TOO_BIG (before anything is decoded).
 */
#ifndef SOTTO_OMEMO_OCTETS_H
#define SOTTO_OMEMO_OCTETS_H

#include "xml/tree.h"

CHECKED enum err octets_read(struct arena *a, struct str text, size_t max, struct bytes *out);
/* Of a whole element's text; exactly `n` octets, or ERR_MALFORMED. */
CHECKED enum err octets_read_exactly(struct arena *a, const struct xml_node *node, uint8_t *out,
                                     size_t n);
/* A decimal number in 1..max (ids of devices and keys). */
CHECKED enum err id_read(struct str text, uint32_t max, uint32_t *out);
struct str id_text(struct arena *a, uint32_t id);

#endif
