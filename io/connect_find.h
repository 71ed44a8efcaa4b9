/* connect_find.h: where the server of a domain may be, in the order in which to try. connect_find() blocks: for a thread of
 * the pool.
 *
 * The resolver is the C library's, which asks whom the system is set up to ask.
 * Owns: nothing; results go into the arena.  Threads: safe.
 */
#ifndef SOTTO_IO_CONNECT_FIND_H
#define SOTTO_IO_CONNECT_FIND_H

#include <sys/socket.h>

#include "io/connect.h"

enum { PLACES_MAX = 32 };

struct place {
    struct sockaddr_storage address;
    socklen_t address_n;
    bool tls;
    struct str shown; /* "name port 5222" */
};

struct places {
    struct place list[PLACES_MAX];
    size_t count;
    struct str why; /* if there are none */
};

/* Where it is known: HOST:PORT. */
struct spot {
    struct str host;
    uint16_t port;
    bool tls;
};

/* `tls` is guessed by the port where nothing says it: 5223 (XEP-0368) and 443. */
CHECKED enum err spot_read(struct str text, struct spot *out);

/* Of a domain, when no address is given. */
void connect_find(struct arena *a, struct str domain, struct places *out);

/* All that a look-up of the spot's host has brought. */
struct addrinfo;
void places_add(struct arena *a, struct places *p, const struct spot *s,
                const struct addrinfo *list);

/* One SRV record (RFC 2782), and the order in which to try several: by priority, and within one by chance, the likelier the
 * heavier. `dice` are random numbers, one for each. */
struct srv {
    uint16_t priority, weight, port;
    bool tls;
    struct str target;
};
void srv_order(struct srv *list, size_t n, const uint32_t *dice);

#endif
