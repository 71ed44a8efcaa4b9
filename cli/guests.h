/* guests.h: commands of other runs that this run does, because it has the account open.
 *
 * They ask over a socket in the account's folder, which nobody else can reach: mode 0600, and the peer's uid is looked at
 * (SO_PEERCRED). A guest is the same code as a run of its own, with the host's store and session: account_open(), account_begin() and
 * account_run() see to that. It begins when the store is nobody's, tells its end when what it did is on the disk, and is
 * interrupted, as by Ctrl-C, when its asker goes away. What only reads runs on a thread of the pool.
 *
 *   asked --> session_do --> command->run() --> [stays until account_end()] --> session_do --> ERRAND_DONE
 *
 * Owns: the socket, the guests and their programs.  Threads: the loop's, but for what a guest that only reads prints.
 */
#ifndef SOTTO_CLI_GUESTS_H
#define SOTTO_CLI_GUESTS_H

#include "cli/account.h"

enum { GUESTS_MAX = 16 }; /* at once; more wait for their turn (handover.h) */

struct guests;

/* Of an account whose session has begun. NULL, after it was said why: none can be had, and the run goes on without. */
struct guests *guests_new(struct account *host);
/* No more come; those that are here are interrupted, and then `empty` is called, once, perhaps at once. NULL: at once. */
void guests_dismiss(struct guests *all, void (*empty)(void *ctx), void *ctx);
void guests_free(struct guests *all); /* NULL is allowed */

/* For account.c. */
const struct account *guest_host(const struct guest *g);
void guest_stays(struct guest *g, struct account *a); /* until guest_left() */
void guest_left(struct guest *g, int status);

#endif
