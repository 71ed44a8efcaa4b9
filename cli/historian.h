/* historian.h: moves what an account's devices were told between them, as the engine asks (client/history.h): makes parts for a device
 * that was linked, fetches parts that came, and puts them into the store.
 *
 * The store is worked on by jobs of the session, so neither the loop nor commits wait.
 * Owns: the part under way.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_HISTORIAN_H
#define SOTTO_CLI_HISTORIAN_H

#include "cli/session.h"

struct historian;

/* Everything is borrowed. */
struct historian *historian_new(struct loop *l, struct session *session,
                                const struct session_config *config);
void historian_free(struct historian *h); /* NULL is allowed; no job of it is under way */
bool historian_turn(struct historian *h); /* after every round; true: something began */

#endif
