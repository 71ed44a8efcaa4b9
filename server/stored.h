/* stored.h: stanzas and elements to text and back, for the archive, for connections, and for what is kept in memory.
 *
 * The text is our own writer's, so it is trusted to be well-formed; a stanza leaves jabber:client undeclared as on a
 * stream, another element declares all.
 * Owns: nothing; trees and texts live in the arena, blobs are the caller's.  Threads: pure.
 */
#ifndef SOTTO_SERVER_STORED_H
#define SOTTO_SERVER_STORED_H

#include "base/blob.h"
#include "server/settings.h"
#include "server/store.h"
#include "xml/tree.h"

struct str stanza_text(struct arena *a, const struct xml_node *node);
struct blob *stanza_blob(const struct xml_node *node);
struct str element_text(struct arena *a, const struct xml_node *node);

/* NULL only if the text was damaged. */
struct xml_node *stored_stanza(struct arena *a, struct str text);
struct xml_node *stored_element(struct arena *a, struct str text);

/* An archived message with its <stanza-id/> (XEP-0359) and, if `from` is given, a <delay/> of it (XEP-0203). */
struct xml_node *stored_message(struct arena *a, const struct settings *s, struct str owner,
                                int64_t account, const struct archive_result *m, struct str from);

/* <metadata/> (XEP-0313 §5.2) of a query whose first and last are of the whole shelf. */
struct xml_node *archive_metadata(struct arena *a, const struct settings *s, int64_t account,
                                  const struct store_query *q);

#endif
