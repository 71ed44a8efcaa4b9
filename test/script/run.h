/* run.h: one case: a script (with one row of its table) in a world of its own.
 *
 * Owns: nothing between two calls.  Threads: one.
 */
#ifndef SOTTO_TEST_SCRIPT_RUN_H
#define SOTTO_TEST_SCRIPT_RUN_H

#include "test/script/script.h"
#include "test/script/world.h"

struct run_options {
    struct world_options world;
    bool trace;         /* print what goes over the wires */
    const char *server; /* path of sottod, which is to be the server; NULL: the engine is */
};

/* False, with `line` and `why` (in the arena), if the conversation went otherwise. */
bool run_script(const struct run_options *options, const struct script *script, struct arena *a,
                unsigned *out_line, struct str *out_why);

#endif
