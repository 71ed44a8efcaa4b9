/* worker_inside.h: a worker as its own files see it: worker.c (life, inboxes), client.c (connections of XMPP) and mux.c
 * (connections of listen.mux).
 *
 * Threads: the worker's, but for posting orders.
 */
#ifndef SOTTO_SERVER_WORKER_INSIDE_H
#define SOTTO_SERVER_WORKER_INSIDE_H

#include "io/thread.h"
#include "server/doorkeeper.h"
#include "server/web/fetch.h"
#include "server/worker.h"

struct component_host;
struct remote_parcel;
struct s2s_host;
struct web;
struct websocket;

/* What other threads send to a worker, beside stanzas and completions. */
enum order_kind {
    ORDER_ARRIVAL,
    ORDER_LOGIN_NOTE,
    ORDER_REGISTRATION_NOTE,
    ORDER_NEW_TLS,
    ORDER_END,
    ORDER_FORGET,
    ORDER_FETCH_REDEEM,
    ORDER_FETCH_GIVEN,
    ORDER_FETCH_DONE,
    ORDER_ANCHOR_REPORT,
    ORDER_S2S_ACCEPT,
    ORDER_S2S_SEND,
    ORDER_CHANGED,
    ORDER_COMPONENT_ACCEPT,
    ORDER_COMPONENT_SEND,
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
    struct arena arena;     /* ORDER_FORGET, ORDER_CHANGED, ORDER_FETCH_REDEEM */
    struct str bare;
    struct inbox *reply;
    struct link *token;
    struct exchange *exchange; /* ORDER_FETCH_*: of the worker `asker` */
    unsigned asker;
    struct str ticket_token;
    struct fetch_ticket *ticket;
    enum err result;
    struct visitor visitor;             /* ORDER_S2S_ACCEPT */
    struct remote_parcel *remote;       /* ORDER_S2S_SEND */
    struct anchor_report *report;       /* ORDER_ANCHOR_REPORT, in the arena */
    int component_fd;                   /* ORDER_COMPONENT_ACCEPT */
    struct remote_parcel *to_component; /* ORDER_COMPONENT_SEND */
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
    struct list clients, turns;
    struct list undecided;  /* of listen.mux, not told apart yet */
    struct list proxied;    /* whom a proxy has not told of yet */
    uint64_t proxy_told_ms; /* when the log was told of a proxy's fault; 0: never */
    uint64_t most_sessions; /* since memory was given back */
    struct doorkeeper doorkeeper;
    struct worker_tls tls;
    struct web *web;
    struct fetch_relay fetch;
    struct s2s_host *s2s;              /* NULL: another worker has the links, or there are none */
    struct component_host *components; /* NULL: another worker has them, or there are none */
    struct host host;
    struct home home;
    bool draining;
};

void worker_enter(struct worker *w);        /* before any call of the engine */
void worker_end_if_empty(struct worker *w); /* draining, and nobody is left to wait for */
void worker_post(struct worker *w, struct worker_order *o); /* takes it; any thread */

/* worker_fetch.c: tickets of the relay on their way between workers. */
void worker_fetch_init(struct worker *w);
void worker_fetch_order(struct worker *w, struct worker_order *o); /* ORDER_FETCH_* */

#endif
