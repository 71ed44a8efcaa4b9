/* client_caps.h: what the capabilities of a scripted client stand for (XEP-0115): client.c answers with it,
 * client_login.c hashes it.
 */
#ifndef SOTTO_TEST_SCRIPT_CLIENT_CAPS_H
#define SOTTO_TEST_SCRIPT_CLIENT_CAPS_H

#include "xml/tree.h"

/* disco#info with a +notify feature for each of the nodes, which commas separate. */
struct xml_node *client_caps(struct arena *a, struct str nodes);

#endif
