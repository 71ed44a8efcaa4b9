/* connect.h: the way to a server of others: where it listens, and a TCP connection to it.
 *
 * Without an address from the person the server of an account is looked for as XEP-0368 and RFC 6120 §3.2 say: SRV records of _xmpps-client and
 * _xmpp-client, mixed by priority and weight; without any, the domain itself on ports 5223 and 5222. All addresses are tried one after
 * the other. DNS is not trusted: what is found there only says where to knock; the certificate must name the domain.
 *
 * Owns: descriptors until one is given away.  Threads: its loop's; names are looked up on threads of the pool, those of given
 * addresses on half of them at most, so that whoever chooses the names cannot take all.
 * Units: milliseconds.  Errors: in words, for the person.
 */
#ifndef SOTTO_IO_CONNECT_H
#define SOTTO_IO_CONNECT_H

#include "base/arena.h"
#include "io/loop.h"

struct connect_to {
    struct str domain; /* as DNS knows it (domain_to_ascii()) */
    struct str
        address; /* "HOST:PORT", "[V6]:PORT", before it perhaps "tls://"; empty: to be looked for */
};

struct connect_handlers {
    /* Takes fd. `tls`: TLS speaks from the first byte; else the stream begins in the clear, for STARTTLS. */
    void (*connected)(void *ctx, int fd, bool tls);
    void (*failed)(void *ctx, struct str why); /* all that was tried, in one sentence */
    /* Whether this address (of 4 or 16 octets) may be connected to: the very one that is, whatever DNS says a moment later.
     * NULL: all. */
    bool (*allows)(void *ctx, const uint8_t *ip, size_t ip_n);
};

/* ERR_NONE: an address that connect_new() can use. */
CHECKED enum err connect_address_valid(struct str address);

/* Whether an address is this machine's own, as its routes stand now: found out without sending anything. */
bool connect_is_own(const uint8_t *ip, size_t ip_n);

struct connect;
/* One of the handlers is called once, from the loop; then, or before, the owner frees it. */
struct connect *connect_new(struct loop *l, const struct connect_to *to,
                            const struct connect_handlers *handlers, void *ctx);
void connect_free(struct connect *c); /* NULL is allowed; inside a handler too */

#endif
