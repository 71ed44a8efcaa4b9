/* pep_write.h: changes of PEP nodes with all that follows from them: the rows, the event, what
 * other modules make of it (module.h: pep_fn). For the modules that change nodes.
 */
#ifndef SOTTO_SERVER_PEP_WRITE_H
#define SOTTO_SERVER_PEP_WRITE_H

#include "server/module.h"

/* May so many nodes be made? */
bool pep_has_room(const struct incoming *in, size_t nodes);

/* A node of the account as it is, or made with the default configuration. */
struct pep_node pep_node_get(const struct incoming *in, struct outcome *out, struct str name);

void pep_put_item(const struct incoming *in, struct outcome *out, const struct pep_node *node,
                  const struct pep_item *item);

/* Rows and event are written; tells the modules. */
void pep_changed(const struct incoming *in, struct outcome *out, struct pep_change change);

#endif
