/* session.h: one account at work: engine, store and connection bound to a loop.
 *
 * Commits run on a thread of the pool; meanwhile the store is that thread's, so look into it only in `stored`, or by a job: it runs
 * on such a thread between two commits, and keeps neither the loop nor the next commit waiting for long.
 * The session connects, and connects again, until session_end().
 * Owns: the engine and the connection.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_SESSION_H
#define SOTTO_CLI_SESSION_H

#include "cli/courier.h"
#include "cli/store.h"
#include "cli/wire.h"

struct session;

struct session_config {
    struct jid jid;
    struct str password, device; /* device: its name in the account's list */
    bool by_password;            /* as in engine.h */
    bool takes_calls; /* rings: others see that this device can be called (client/call.h) */
    struct connect_to to;
    struct tls_context *tls;
    const struct random *random;
    const char *folder, *ca; /* for files: of the account; authorities or NULL */
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
    /* The file of this message did not reach the server this time; NULL: nobody asks. */
    void (*file_trouble)(void *ctx, struct str id, struct str why, bool distrusted);
};

/* Loads the engine from the store; everything is borrowed until session_free(). */
CHECKED enum err session_new(struct loop *l, struct store *store,
                             const struct session_config *config,
                             const struct session_handlers *handlers, void *ctx,
                             struct session **out);
void session_free(struct session *s); /* after session_run(); NULL is allowed */

/* Others who hear what the session tells, but for `stored`: guests.h. The caller's, until session_part(). */
struct session_listener {
    struct link link;
    const struct session_handlers *handlers;
    void *ctx;
};
void session_join(struct session *s, struct session_listener *l); /* from a job's `done` */
void session_part(struct session_listener *l); /* not from a handler; twice is allowed */
/* What they would have heard had they come first: that there is a connection, or why not, and which calls ring. */
void session_greet(struct session *s, const struct session_listener *l);

struct engine *session_engine(struct session *s);
void session_run(struct session *s); /* until session_end(), and what that takes */
/* Says goodbye and keeps what is not on the disk yet; session_run() returns. */
void session_end(struct session *s);
/* The caller's, who waits for `done`; both are called once for each session_do(), also while the session ends. */
struct session_job {
    struct link link;
    void (*work)(void *ctx, struct store *store); /* on another thread */
    void (*done)(void *ctx);
    void *ctx;
};
void session_do(struct session *s, struct session_job *job);
bool session_is_online(const struct session *s);
/* How far the file of this message is; false: it is not under way. */
bool session_file_progress(const struct session *s, struct str id, uint64_t *out_done,
                           uint64_t *out_total);

#endif
