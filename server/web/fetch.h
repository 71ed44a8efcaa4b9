/* fetch.h: the relay of files from other hosts: what it needs of the worker, and what the worker tells it.
 *
 *     GET /fetch?ticket=… -> redeem() -> fetch_given() -> one look-up, addresses judged -> TLS -> GET -> pieces, as fast as the
 *     person takes them -> give_back()
 *
 * The other host sees this server's address and the path of the file, nothing of who asked. What comes is passed on as octets
 * of no type, whatever it was called there. Nothing of it is logged or kept.
 * Owns: what is in work.  Threads: its loop's.
 */
#ifndef SOTTO_SERVER_WEB_FETCH_H
#define SOTTO_SERVER_WEB_FETCH_H

#include "base/list.h"
#include "io/tls.h"
#include "server/config.h"
#include "server/fetch_desk.h"

struct exchange;

struct fetch_relay {
    struct tls_context *tls;        /* trusts whom the system trusts; NULL: nothing is fetched */
    const struct cidr_list *exempt; /* limits.fetch_exempt */
    void *ctx;
    /* fetch_given() follows, once. */
    void (*redeem)(void *ctx, struct exchange *x, struct str token);
    void (*give_back)(void *ctx, struct fetch_ticket *t); /* takes it */
    struct list running;                                  /* of fetch.c, as what follows */
    size_t count;
    bool over; /* the loop has ended */
};

/* A ticket of ours if e is ERR_NONE; else why there is none, as fetch_desk_redeem() says it. */
void fetch_given(struct exchange *x, enum err e, struct fetch_ticket *t);
/* The loop has ended, and exchanges know it: what is in work ends, tickets are nobody's. */
void fetch_relay_end(struct fetch_relay *r);

#endif
