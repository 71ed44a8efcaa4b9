/* link.h: the sockets to supervisor and server. The supervisor hands over a new link whenever the server process or this one was
 * started; what comes over a link are orders, one a datagram.
 *
 * Owns: the link's descriptor.  Threads: one.
 */
#ifndef SOTTO_ANCHOR_LINK_H
#define SOTTO_ANCHOR_LINK_H

#include "rtp/anchor_wire.h"

enum heard_link {
    LINK_NOTHING, /* now */
    LINK_SOMETHING,
    LINK_GONE, /* or broken: whoever is at the other end is not to be trusted any more */
};

/* A descriptor that the supervisor sent; LINK_GONE: so is the supervisor. */
enum heard_link link_receive_fd(int supervisor, int *out_fd);
/* *out borrows `room`. *out_fd: the socket of an ANCHOR_STREAM, which is the caller's; -1 with all others. */
enum heard_link link_receive(int link, uint8_t room[ANCHOR_DATAGRAM_MAX], struct anchor_order *out,
                             int *out_fd);
/* False: not now. */
bool link_report(int link, const struct anchor_report *r);

#endif
