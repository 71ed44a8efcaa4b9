/* session.h: one account at work: engine, store and connection bound to a loop.
 *
 * Commits run on a thread of the pool; meanwhile the store is that thread's, so look into it only in `stored`.
 * The session connects, and connects again, until session_end().
 * Owns: the engine and the connection.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_SESSION_H
#define SOTTO_CLI_SESSION_H

#include "cli/store.h"
#include "cli/wire.h"

struct session;

struct session_config {
    struct jid jid;
    struct str password;
    bool by_password; /* as in engine.h */
    struct connect_to to;
    struct tls_context *tls;
    const struct random *random;
};

struct session_handlers {
    void (*event)(void *ctx, const struct engine_event *e);
    void (*stored)(
        void
            *ctx); /* a commit is on the disk, or there was none to begin with; NULL: nobody asks */
    void (*settled)(
        void *ctx); /* engine_is_settled(), after each round that leaves it so; NULL: nobody asks */
    /* There is no connection for now, which will be tried again: why. */
    void (*lost)(void *ctx, struct str why, bool distrusted);
};

/* Loads the engine from the store; everything is borrowed until session_free(). */
CHECKED enum err session_new(struct loop *l, struct store *store,
                             const struct session_config *config,
                             const struct session_handlers *handlers, void *ctx,
                             struct session **out);
void session_free(struct session *s); /* after session_run(); NULL is allowed */

struct engine *session_engine(struct session *s);
void session_run(struct session *s); /* until session_end(), and what that takes */
/* Says goodbye and keeps what is not on the disk yet; session_run() returns. */
void session_end(struct session *s);
bool session_is_online(const struct session *s);

#endif
