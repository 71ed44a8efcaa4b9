/* deeds.h: a decision about somebody, taken to the server: without a connection it is kept, and the next command that connects takes it
 * there.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_DEEDS_H
#define SOTTO_CLI_DEEDS_H

#include "cli/account.h"

struct deed {
    const char *name;  /* the word after the command */
    int arguments_max; /* after the address */
    /* Decides. ERR_MISSING: perhaps the server has not told of them yet; it is tried again when it has. */
    enum err (*decide)(struct account *a, const struct jid *jid, struct str argument);
    const char *missing; /* why it cannot be done, if nobody is like that */
};

/* The one that arguments[0] names; its address and argument are the next two. Returns the exit status. */
int deed_do(struct program *p, const struct deed *deeds, size_t count, const char *usage);
/* One whose command is its name: address and argument are arguments[0] and [1]. */
int deed_do_one(struct program *p, const struct deed *deed, const char *usage);

/* What came of somebody, as an event and in words. */
void deed_tell(const struct program *p, const struct engine_event *e);

#endif
