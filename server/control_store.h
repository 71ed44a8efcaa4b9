/* control_store.h: the commands that need only the store and the configuration: accounts,
 * invitations, backup, check. What concerns running sessions goes through struct control_host.
 *
 * Owns: nothing.  Threads: the loop's of struct control.
 */
#ifndef SOTTO_SERVER_CONTROL_STORE_H
#define SOTTO_SERVER_CONTROL_STORE_H

#include "base/random.h"
#include "crypto/hash.h"
#include "server/control.h"
#include "server/lifeline.h"
#include "server/server.h"
#include "server/store.h"

struct control_host {
    struct loop *loop;
    struct store *store;
    unsigned home; /* of store operations that complete on this loop */
    const struct server_boot *boot;
    /* Of the start, or of the last reload. */
    const struct config *config;
    char certificate[LIFELINE_PATH_MAX];
    bool reload_refused; /* since then */
    struct random random;
    void *ctx;
    /* End the account's sessions, forget its view; then call control_done(call, result). */
    void (*account_gone)(void *ctx, struct control_call *call, struct str bare_jid, json_t *result);
    /* Load its view again; then the same. */
    void (*account_changed)(void *ctx, struct control_call *call, struct str bare_jid,
                            json_t *result);
    void (*stats)(void *ctx, struct control_call *call);  /* answers the call */
    void (*events)(void *ctx, struct control_call *call); /* the same */
    void (*drain)(void *ctx);                             /* as the supervisor's order */
};

/* Registers user add|add-many|list|delete|id, call allow|disallow|list|suspend|resume, invite create, stats, events, check, backup, drain, and
 * the commands of features that do not exist yet. `host` outlives the control socket. */
void control_store_register(struct control *c, struct control_host *host);

#endif
