/* worker_inside.h: a worker as its own files see it: worker.c (life, inboxes) and client.c (connections of XMPP).
 *
 * Threads: the worker's, but for posting orders.
 */
#ifndef SOTTO_SERVER_WORKER_INSIDE_H
#define SOTTO_SERVER_WORKER_INSIDE_H

#include "io/thread.h"
#include "server/doorkeeper.h"
#include "server/worker.h"

struct web;
struct websocket;

/* What other threads send to a worker, beside stanzas and completions. */
enum order_kind {
    ORDER_ARRIVAL,
    ORDER_LOGIN_NOTE,
    ORDER_REGISTRATION_NOTE,
    ORDER_NEW_TLS,
    ORDER_END,
    ORDER_FORGET
};

struct worker_order {
    struct link link;
    enum order_kind kind;
    struct conn_parcel parcel; /* ORDER_ARRIVAL */
    struct session *session;
    struct websocket *websocket; /* or NULL */
    enum client_transport transport;
    struct login_note note; /* ORDER_LOGIN_NOTE */
    uint64_t address;       /* ORDER_REGISTRATION_NOTE */
    struct worker_tls tls;  /* ORDER_NEW_TLS */
    struct arena arena;     /* ORDER_FORGET */
    struct str bare;
    struct inbox *reply;
    struct link *token;
};

/* A listening socket and what is spoken on it. */
struct door {
    struct worker *worker;
    struct listener *listener;
    enum listener_kind kind;
};

struct worker {
    struct worker_group *group;
    unsigned number;
    struct loop *loop;
    struct thread *thread;
    struct inbox *parcels, *completions, *orders;
    struct door *doors;
    size_t door_count;
    struct timer *sweep, *end;
    uint64_t sweep_due_ms;
    struct list clients;
    uint64_t most_sessions; /* since memory was given back */
    struct doorkeeper doorkeeper;
    struct worker_tls tls;
    struct web *web;
    struct host host;
    struct home home;
    bool draining;
};

void worker_enter(struct worker *w);        /* before any call of the engine */
void worker_end_if_empty(struct worker *w); /* draining, and nobody is left to wait for */
void worker_post(struct worker *w, struct worker_order *o); /* takes it; any thread */

#endif
