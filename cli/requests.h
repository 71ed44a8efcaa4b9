/* requests.h: who wrote without being known, as events and in words.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_REQUESTS_H
#define SOTTO_CLI_REQUESTS_H

#include "cli/account.h"
#include "client/people.h"

void request_tell(struct account *a, const struct message_request *r);
void requests_tell(struct account *a, struct engine *engine); /* all that wait */

#endif
