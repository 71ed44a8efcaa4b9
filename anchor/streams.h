/* streams.h: connections of clients whose network lets no UDP through. The server took them in and hands over the sockets, with the address at the
 * other end; what comes over them in frames (RFC 4571) is for the core what a datagram is.
 *
 *   epoll --> frames --> received()                  streams_send() --> one frame, whole or not at all
 *
 * A stranger has a few seconds and octets to show that a call knows him (RFC 8445: an authentic check); whom no call knows any more is hung up
 * on. What a connection does not take is lost, but for the rest of one frame. A connection costs STREAM_OCTETS here.
 * Owns: the sockets.  Threads: one.  Units: octets, milliseconds.
 */
#ifndef SOTTO_ANCHOR_STREAMS_H
#define SOTTO_ANCHOR_STREAMS_H

#include "anchor/core.h"
#include "rtp/frame.h"

enum {
    STREAMS_UNKNOWN = 512,    /* at the same time; one more, and the oldest of them has to go */
    STREAMS_OF_ADDRESS = 64,  /* of IPv6: of a /64 */
    STREAMS_OF_ACCOUNT = 8,   /* that come over TURN */
    STREAM_UNKNOWN_MS = 5000, /* before any check was authentic */
    STREAM_UNKNOWN_OCTETS = 2048,
    STREAM_WAITS_MS = 60 * 1000, /* with a check that was, for somebody to accept */
    STREAM_OCTETS = 3072,
};

struct streams;
struct streams *streams_new(struct core *core);
void streams_free(struct streams *s); /* NULL is allowed */

/* To be waited for: readable when there is something for streams_receive(). */
int streams_fd(const struct streams *s);
/* One more, as ANCHOR_STREAM says of it. Takes fd. */
void streams_take(struct streams *s, int fd, const struct anchor_order *o, uint64_t now_ms);

/* The packet is good until the callback returns. */
typedef void streams_received(void *ctx, const struct route *from, struct bytes packet);
void streams_receive(struct streams *s, streams_received *received, void *ctx);
void streams_send(struct streams *s, uint32_t stream, struct bytes packet);
void streams_tick(struct streams *s, uint64_t now_ms); /* about once a second */
bool streams_is_idle(const struct streams *s);         /* there are none */

#endif
