/* web.h: the HTTPS side of one worker: accepts connections, answers their requests, hands WebSockets over.
 *
 * Owns: its connections and what is in work on them.  Threads: its loop's.
 */
#ifndef SOTTO_SERVER_WEB_WEB_H
#define SOTTO_SERVER_WEB_WEB_H

#include "base/random.h"
#include "io/conn.h"
#include "server/event.h"
#include "server/host.h"
#include "server/server.h"
#include "server/settings.h"
#include "server/store.h"

struct disk;
struct doorkeeper;
struct exchange;
struct fetch_relay;
struct xml_node;
struct web_host {
    struct loop *loop;
    struct store *store;
    unsigned home; /* of store operations that complete on this loop */
    const struct server_boot *boot;
    const struct settings *settings;
    struct random random;
    const struct disk *disk;
    int uploads_fd;            /* folder; -1: there are no uploads */
    struct fetch_relay *fetch; /* NULL: there is none */
    struct doorkeeper *doorkeeper;
    void *ctx;
    void (*route)(struct exchange *x); /* NULL: web_route() */
    size_t connections_max;            /* 0: no limit of its own */
    void (*event)(void *ctx, const uint8_t ip[16],
                  const struct event *event); /* NULL: nobody listens */
    /* As home_begin_registration() */
    uint64_t (*begin_registration)(void *ctx, struct peer peer);
    void (*emit)(void *ctx, const struct xml_node *stanza); /* as router_emit() */
    /* The handshake is answered: takes the connection, which is a WebSocket now and still
     * counted by the doorkeeper. `early`: what came behind it. */
    void (*websocket)(void *ctx, struct conn *conn, struct str early);
};

struct web;
struct web *web_new(const struct web_host *host);
/* Takes the socket; tls NULL: in the clear. */
void web_accept(struct web *w, const struct visitor *v, struct tls_context *tls);
/* One that came elsewhere, secured and counted by the doorkeeper. `early`: what was said already. Takes the connection. */
void web_take(struct web *w, struct conn *conn, struct str early);
void web_drain(struct web *w);      /* no further requests */
bool web_idle(const struct web *w); /* no connection is left */
/* The loop has ended: connections are gone, requests in work end as soon as what they wait for is done. */
void web_close(struct web *w);
void web_free(struct web *w); /* after loop_free() */

#endif
