/* disco.h: service discovery answers (XEP-0030) and the hash over them (XEP-0115 §5.1).
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_XMPP_DISCO_H
#define SOTTO_XMPP_DISCO_H

#include "xml/tree.h"

/* Verification string hash of a disco#info <query/>, SHA-1, base64. ERR_MALFORMED for what XEP-0115
 * §5.4 calls ill-formed (duplicate identities, features or form types), and for text with a '<',
 * which would let two answers share one hash. */
CHECKED enum err disco_caps_hash(struct arena *a, const struct xml_node *query, struct str *out);
/* Input of the hash, for other algorithms. */
CHECKED enum err disco_caps_string(struct arena *a, const struct xml_node *query, struct str *out);

void disco_identity(struct arena *a, struct xml_node *query, struct str category, struct str type,
                    struct str name);
void disco_feature(struct arena *a, struct xml_node *query, struct str var);
bool disco_has_feature(const struct xml_node *query, struct str var);

#endif
