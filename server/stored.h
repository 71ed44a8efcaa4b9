/* stored.h: stanzas and items that were kept as text, as trees again. The text is our own writer's: it is trusted to be
 * well-formed, and a stanza leaves jabber:client undeclared as on a stream.
 *
 * Owns: nothing; trees live in the arena.  Threads: pure.
 */
#ifndef SOTTO_SERVER_STORED_H
#define SOTTO_SERVER_STORED_H

#include "server/settings.h"
#include "server/store.h"
#include "xml/tree.h"

/* NULL only if the text was damaged. */
struct xml_node *stored_stanza(struct arena *a, struct str text);
struct xml_node *stored_element(struct arena *a, struct str text);

/* An archived message with its <stanza-id/> (XEP-0359) and, if `from` is given, a <delay/> of it (XEP-0203). */
struct xml_node *stored_message(struct arena *a, const struct settings *s, struct str owner, int64_t account,
                                const struct archive_result *m, struct str from);

#endif
