/* run_inside.h: one run of a script as the files of the runner see it. Nobody else includes it.
 *
 *   run.c        steps in their order, and the stage for them
 *   run_actor.c  verbs of actors: connections, sending, receiving
 *   run_server.c actors that are other servers
 *   run_world.c  commands to the world
 */
#ifndef SOTTO_TEST_SCRIPT_RUN_INSIDE_H
#define SOTTO_TEST_SCRIPT_RUN_INSIDE_H

#include "test/script/client.h"
#include "test/script/live.h"
#include "test/script/run.h"

struct run {
    const struct run_options *options;
    const struct script *script;
    struct arena *arena;
    struct world *world;
    struct live *live; /* NULL: the world itself is the server */
    struct transport transport;
    struct names names;
    struct client *clients[SCRIPT_ACTORS];
    struct str why;
};

/* False, and why the run ends. */
bool run_fail(struct run *r, struct str why);
#define FAIL(run, ...) run_fail(run, arena_printf((run)->arena, __VA_ARGS__))

/* Clients answer by themselves, until nothing moves. */
void run_settle(struct run *r);
bool run_fill(struct run *r, struct str text, struct str *out); /* names have become values */
bool run_pattern(struct run *r, struct str text, struct xml_node **out);

typedef bool run_verb(struct run *r, struct client *c, struct str args);
typedef bool run_command(struct run *r, struct str args);
run_verb *run_verb_of(struct str name); /* NULL: there is none */
run_command *run_command_of(struct str name);

bool run_is_server(struct str actor);
bool run_server_fetch(struct client *c); /* as client.fetch */
void run_server_says(struct run *r, struct client *c, const struct xml_node *stanza);
bool run_server_send(struct run *r, struct client *c, struct str args);
bool run_server_down(struct run *r, struct client *c, bool down);

#endif
