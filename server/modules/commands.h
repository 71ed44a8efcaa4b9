/* commands.h: what commands.c does for the module of a command, and for service discovery.
 *
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_SERVER_MODULES_COMMANDS_H
#define SOTTO_SERVER_MODULES_COMMANDS_H

#include "server/module.h"

/* Queues the answer and returns its <command/>, to which a form may be added. */
struct xml_node *command_completed(const struct incoming *in, struct outcome *out);

const struct ad_hoc *command_find(struct str node); /* NULL: there is none */
void command_items(const struct incoming *in, struct arena *a,
                   struct xml_node *query); /* XEP-0050 §2.2 */
void command_info(const struct ad_hoc *c, struct arena *a, struct xml_node *query);

#endif
