/* account.h: the account that a run works with: its store unlocked, its session on a loop.
 *
 * Owns: store, session, loop, TLS settings.  Threads: one.
 * Errors: an exit status other than STATUS_DONE, after it was said why.
 */
#ifndef SOTTO_CLI_ACCOUNT_H
#define SOTTO_CLI_ACCOUNT_H

#include "cli/program.h"
#include "cli/session.h"

#define NAME_USAGE "--name wants a name for this device: a line of at most 64 octets"

struct guests;

struct account {
    struct program *program;
    struct arena arena;
    struct arena secrets; /* of `password` */
    struct store *store;
    struct store_locks locks; /* what opens it */
    struct jid jid;
    struct str bare, password;
    struct str inviter,
        invitation; /* who asked us here, as a bare JID, and by which token; empty: nobody */
    struct tls_context *tls;
    struct loop *loop;
    struct session *session;
    struct watch *signals;
    int signal_fd;
    struct timer *limit;
    void (*limit_over)(void *ctx);
    void *ctx;
    int interrupted;              /* what SIGINT and SIGTERM make of the status */
    void (*interrupt)(void *ctx); /* what the first of them calls instead, if it is set */
    bool (*may_stop)(void *ctx);  /* Ctrl-Z, if it is set: false: it does not stop here */
    bool is_new;                  /* the store was made by this run */
    bool takes_calls;             /* a session of this run rings */
    bool has_guests;              /* account_run() does what other runs ask meanwhile (guests.h) */
    struct guests *guests;
    struct session_listener listener;   /* of a guest, to the session of its host */
    struct timer *parting;              /* likewise: at its end */
    void (*release)(struct account *a); /* what account_leave() does instead of account_deinit() */
    bool by_password;                   /* the next session is to show that the password is right */
    bool ended;
    int status; /* of account_run() */
};

void account_init(struct account *a, struct program *p);
void account_deinit(struct account *a);

CHECKED int account_look(struct account *a); /* what opens the store, which is to be there */
/* The store, which account_open() wants to be there; account_make() makes one if there is none. */
CHECKED int account_open(struct account *a); /* and who it belongs to */
CHECKED int account_make(struct account *a);
/* Erases what had to disappear while no session ran: for those who look into chats without one. */
CHECKED int account_tidy(struct account *a);
/* Without a passphrase whoever can read this user's files can read the messages: that is said. */
void account_warn_key_file(const struct account *a);
CHECKED int account_recall(struct account *a); /* whose the store is that is open */
/* What the account's list of devices calls this one: as the person said, else after the machine. */
struct str account_device_name(struct account *a);
CHECKED enum err account_keep_device_name(struct account *a);
bool account_name_fits(const struct program *p); /* --name */
CHECKED int account_keep(struct account *a, const struct jid *jid, struct str password);

/* A store that this run made for nothing: it is removed. */
void account_forget(struct account *a);

/* What a connection needs; then a session with these handlers. */
CHECKED int account_connect_to(struct account *a, const struct jid *jid, struct connect_to *out);
CHECKED int account_begin(struct account *a, const struct session_handlers *handlers, void *ctx);
/* --timeout, if it was given; else *seconds stays. */
CHECKED int account_seconds(struct account *a, uint64_t *seconds);
/* --timeout, else `seconds`; 0: none. When it is over, `over` is called. */
CHECKED int account_limit(struct account *a, uint64_t seconds, void (*over)(void *ctx));
/* The three above in one: what most commands do. */
CHECKED int account_meet(struct account *a, const struct session_handlers *handlers, void *ctx,
                         uint64_t seconds, void (*over)(void *ctx));
/* Until account_end(), whose status it returns; or, as a guest, STATUS_STAYS at once: the caller goes, and what the command needs
 * lies in its program's arena until account_leave(). */
int account_run(struct account *a);
void account_end(struct account *a, int status);
/* Where each command ends that may be a guest: releases what it has, now or when it comes to its end. Returns the status. */
int account_leave(struct account *a, int status);
void account_interrupt(struct account *a); /* what Ctrl-C does */
/* There is no connection, and the command is not one that waits for a better day. */
void account_lost(struct account *a, struct str why, bool distrusted);
void account_late(struct account *a); /* time is up, and the server has not answered */

/* login.c: connects until the server has told and been told everything, this device's keys included. */
int login_announce(struct account *a);

/* What every command makes of an event: a new device is told. True: it ended the command, which cannot go on without this account or its
 * store; it was said why. */
bool account_over(struct account *a, const struct engine_event *e);
/* A login that was refused, in words. */
struct str account_refusal(struct arena *a, const struct engine_event *e);

#endif
