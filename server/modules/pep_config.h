/* pep_config.h: node configuration (XEP-0060 §16.4.3) as a form, and as preconditions of a publication (§7.1.5). */
#ifndef SOTTO_SERVER_PEP_CONFIG_H
#define SOTTO_SERVER_PEP_CONFIG_H

#include "server/module.h"

/* The view's node may go or change before what is written or told of it is done. */
struct pep_node pep_node_copy(struct arena *a, const struct pep_node *node);

struct pep_config pep_config_default(void); /* XEP-0163 §4.2, XEP-0060 for PEP */

/* Fields of a submitted form over what *c holds. ERR_MALFORMED: a value makes no sense; ERR_TOO_BIG: it is too long to
 * be kept; ERR_UNSUPPORTED: it is one that we do not offer. `form` may be NULL. */
CHECKED enum err pep_config_read(struct arena *a, const struct xml_node *form_parent,
                                 struct pep_config *c);

/* False if a form in `parent` wants an access model that we do not have. */
bool pep_config_access_offered(struct arena *a, const struct xml_node *parent);

/* False if publish-options have a field that we do not know: what it asks for cannot be promised (§7.1.5). */
bool pep_config_understood(struct arena *a, const struct xml_node *options);

/* True if every field of the publish-options form that we know has the value that the node has. */
bool pep_config_meets(struct arena *a, const struct xml_node *options, const struct pep_config *c);

void pep_config_write(struct arena *a, struct xml_node *parent, const struct pep_config *c);

/* What disco#info of a node tells of it (XEP-0060 §5.4). */
void pep_config_describe(struct arena *a, struct xml_node *parent, const struct pep_config *c,
                         struct str owner);

#endif
