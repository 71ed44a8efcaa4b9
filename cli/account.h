/* account.h: the account that a run works with: its store unlocked, its session on a loop.
 *
 * Owns: store, session, loop, TLS settings.  Threads: one.
 * Errors: an exit status other than STATUS_DONE, after it was said why.
 */
#ifndef SOTTO_CLI_ACCOUNT_H
#define SOTTO_CLI_ACCOUNT_H

#include "cli/program.h"
#include "cli/session.h"

struct account {
    struct program *program;
    struct arena arena;
    struct store *store;
    struct jid jid;
    struct str bare, password;
    struct tls_context *tls;
    struct loop *loop;
    struct session *session;
    struct watch *signals;
    int signal_fd;
    struct timer *limit;
    void (*limit_over)(void *ctx);
    void *ctx;
    int interrupted;  /* what SIGINT and SIGTERM make of the status */
    bool is_new;      /* the store was made by this run */
    bool by_password; /* the next session is to show that the password is right */
    bool ended;
    int status; /* of account_run() */
};

void account_init(struct account *a, struct program *p);
void account_deinit(struct account *a);

/* The store, which account_open() wants to be there; account_make() makes one if there is none. */
CHECKED int account_open(struct account *a); /* and who it belongs to */
CHECKED int account_make(struct account *a);
CHECKED int account_keep(struct account *a, const struct jid *jid, struct str password);

/* A store that this run made for nothing: it is removed. */
void account_forget(struct account *a);

/* What a connection needs; then a session with these handlers. */
CHECKED int account_connect_to(struct account *a, const struct jid *jid, struct connect_to *out);
CHECKED int account_begin(struct account *a, const struct session_handlers *handlers, void *ctx);
/* --timeout, else `seconds`; 0: none. When it is over, `over` is called. */
CHECKED int account_limit(struct account *a, uint64_t seconds, void (*over)(void *ctx));
int account_run(struct account *a); /* until account_end() */
void account_end(struct account *a, int status);

/* login.c: connects until the server has told and been told everything, this device's keys included. */
int login_announce(struct account *a);

/* A login that was refused, in words. */
struct str account_refusal(struct arena *a, const struct engine_event *e);

#endif
