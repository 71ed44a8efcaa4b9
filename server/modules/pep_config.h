/* pep_config.h: node configuration (XEP-0060 §16.4.3) as a form, and as preconditions of a publication (§7.1.5). */
#ifndef SOTTO_SERVER_PEP_CONFIG_H
#define SOTTO_SERVER_PEP_CONFIG_H

#include "server/module.h"

struct pep_config pep_config_default(void);               /* XEP-0163 §4.2, XEP-0060 for PEP */

/* Fields of a submitted form over what *c holds. ERR_MALFORMED: a value makes no sense; ERR_UNSUPPORTED: it is one
 * that we do not offer. `form` may be NULL. */
CHECKED enum err pep_config_read(struct arena *a, const struct xml_node *form_parent, struct pep_config *c);

/* True if every field of the publish-options form that we know has the value that the node has. */
bool pep_config_meets(struct arena *a, const struct xml_node *options, const struct pep_config *c);

void pep_config_write(struct arena *a, struct xml_node *parent, const struct pep_config *c);

#endif
