/* live.h: a real server in place of the world's engine: sottod in a process of its own, reached over TLS sockets.
 *
 * The world prepares: accounts, contacts and settings go into its store, which is a file here, and into its settings.
 * The first connection closes that store and starts the server on it; from then on only clients change anything.
 * Time is the real one, so "nothing moves any more" is seen from outside: every thread of the server sleeps.
 * Owns: the process, its folder, the connections.  Threads: one.
 */
#ifndef SOTTO_TEST_SCRIPT_LIVE_H
#define SOTTO_TEST_SCRIPT_LIVE_H

#include "test/script/script.h"
#include "test/script/world.h"

struct live;

/* Why no running server can play this script, as a person would say it; empty: it can. */
struct str live_obstacle(struct arena *a, const struct script *script);

/* `program` is the path of sottod. */
struct live *live_new(struct arena *a, const char *program);
struct str live_store(const struct live *l); /* for struct world_options */
struct transport live_transport(struct live *l, struct world *prepared);
/* A line of its event file has this reason. */
bool live_noted(struct live *l, struct str reason);
/* Ends the server as an operator does. False, and *why: it did not start, or did not end well. */
bool live_free(struct live *l, struct str *why);

#endif
