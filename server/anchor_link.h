/* anchor_link.h: the server's end of the link to the media anchor: orders of the homes go out, what it reports goes to them.
 *
 * The link comes from the supervisor, and comes anew when the anchor was started anew. Then every home tells its calls again and
 * ends with ANCHOR_SYNCED; the anchor hears one when all have.
 *   home's thread --anchor_link_order()--> inbox --> socket --> anchor        anchor --> socket --> report() --> homes
 *
 * Owns: the socket, and orders that wait for it.  Threads: the loop's, but for anchor_link_order() and anchor_link_pass().
 */
#ifndef SOTTO_SERVER_ANCHOR_LINK_H
#define SOTTO_SERVER_ANCHOR_LINK_H

#include "io/loop.h"
#include "rtp/anchor_wire.h"
#include "server/log.h"

struct anchor_stats {
    bool connected;
    uint64_t starts;                     /* of an anchor, since this process began */
    uint64_t totals[ANCHOR_TOTAL_COUNT]; /* as it told last */
    uint64_t drops[ANCHOR_DROPS];        /* added up */
};

struct anchor_link_host {
    struct loop *loop;
    struct log *log;
    unsigned homes;
    void (*report)(void *ctx, unsigned home, const struct anchor_report *r); /* copies */
    void *ctx;
};

struct anchor_link;
struct anchor_link *anchor_link_new(const struct anchor_link_host *host);
void anchor_link_free(struct anchor_link *a);            /* NULL is allowed */
void anchor_link_connect(struct anchor_link *a, int fd); /* takes it */
void anchor_link_order(struct anchor_link *a, unsigned home,
                       const struct anchor_order *o); /* any thread; copies */
/* A connection of media, which is the anchor's from now on: takes fd; any thread. `owner`: whose relay it is (anchor_wire.h). */
void anchor_link_pass(struct anchor_link *a, int fd, const struct stun_address *peer,
                      uint64_t owner);
const struct anchor_stats *anchor_link_stats(const struct anchor_link *a);

#endif
