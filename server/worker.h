/* worker.h: one thread, one loop, one home: binds the engine to sockets (host.h), timers and the inboxes.
 *
 * A connection is accepted by any worker, authenticated there, and then handed over once to the home worker of its
 * account: descriptor and TLS state move along (conn_detach, conn_adopt).
 * Owns: its loop, connections and home.  Threads: its own; the functions below are for the server's main thread.
 */
#ifndef SOTTO_SERVER_WORKER_H
#define SOTTO_SERVER_WORKER_H

#include <stdatomic.h>

#include "io/conn.h"
#include "server/home.h"
#include "server/server.h"

struct event_log;
struct worker;

struct worker_group { /* what all workers share; constant while they run, but for the count */
    const struct server_boot *boot;
    const struct settings *settings;
    struct store *store;
    struct event_log *events;
    struct tls_context *fetch_tls; /* for connections to other hosts; NULL: there are none */
    int uploads_fd;                /* folder of uploaded files, or -1 */
    struct worker **workers;
    unsigned count;
    const struct disk *disk;
    struct anchor_link *anchor; /* for media of calls */
    atomic_size_t open_connections;
    uint64_t address_key[2]; /* of the hashes that stand for addresses; drawn at every start */
};

/* One certificate, and sets of application protocols (ALPN): a client that wants the one is not served the other. */
struct worker_tls {
    struct tls_context *xmpp, *http;
    struct tls_context *mux; /* takes either, and tells which */
    struct tls_context *s2s; /* between servers; NULL: there are no pins */
};

struct worker *worker_new(struct worker_group *group, unsigned number);
CHECKED enum err
worker_start(struct worker *w,
             const struct worker_tls *tls); /* takes references; accepts from now on */

/* Messages to the worker; they take effect on its thread. */
void worker_deliver(struct worker *w, struct list *ops);            /* completed store operations */
void worker_reload(struct worker *w, const struct worker_tls *tls); /* takes references */
void worker_anchor_reported(struct worker *w, const struct anchor_report *r); /* copies */
void worker_drain(struct worker *w); /* end sessions, then the loop */

/* Ends the sessions of an account and forgets what is cached of it. */
void worker_forget(struct worker *w, struct str bare_jid, struct inbox *reply, struct link *token);
/* What is cached of it is old: it was changed in the store. */
void worker_changed(struct worker *w, struct str bare_jid, struct inbox *reply, struct link *token);
const struct counters *worker_counters(const struct worker *w);

void worker_join(struct worker *w);
/* After that: what others and the store have sent it since; false: nothing. */
bool worker_take(struct worker *w);
void worker_free(struct worker *w);

#endif
