/* calling.h: a run of `sotto call`, `answer` or `reject`: one call (live_call.h), and a person who is told of it, line by line.
 *
 * Owns: its account and its call.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_CALLING_H
#define SOTTO_CLI_CALLING_H

#include "cli/account.h"
#include "cli/live_call.h"

struct calling {
    struct account account;
    struct live_call call;
    struct timer *each_second, *length, *leaving;
    uint64_t seconds; /* --seconds; 0: until somebody hangs up */
    bool shown;       /* the line of how the call is */
    bool over;        /* what is left is to tell the server */
    int status;       /* of the run, once it is over */
};

/* --play, --record, --seconds, --video. `release`, at the end of the run, is to call calling_deinit(). */
CHECKED int calling_begin(struct calling *c, struct program *p, void (*release)(struct account *a));
/* account_meet(), with `c` for the handlers. */
CHECKED int calling_meet(struct calling *c, const struct session_handlers *handlers,
                         uint64_t seconds, void (*over)(void *ctx));
void calling_deinit(struct calling *c);

/* What the engine tells of any call; the others pass. */
void calling_event(struct calling *c, const struct engine_event *e);
void calling_settled(struct calling *c); /* from `settled` */
/* Ends the call, if there is one, and then the run with this status. */
void calling_leave(struct calling *c, int status, const char *reason, struct str why);

#endif
