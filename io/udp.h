/* udp.h: datagrams over bound sockets, many with one call of the kernel: what came together is read together, and what goes to one
 * address in equal sizes leaves as one train (UDP_GRO, UDP_SEGMENT; Linux 5.0), which costs a quarter of its packets.
 *
 * Owns: its buffers; not the descriptors.  Threads: one at a time.  Units: octets.
 * Errors: a datagram that the kernel does not take is lost, as on any network.
 */
#ifndef SOTTO_IO_UDP_H
#define SOTTO_IO_UDP_H

#include "base/arena.h"
#include "rtp/stun.h"

enum { UDP_SOCKETS_MAX = 16 };

/* "192.0.2.1" or "2001:db8::1". Non-blocking, with room for bursts. ERR_EXISTS: the port is taken. `why` gets one sentence. */
CHECKED enum err udp_bind(struct str address, uint16_t port, int *out_fd, uint16_t *out_port,
                          struct str *why, struct arena *why_arena);

struct udp;
struct udp *udp_new(const int *fds, size_t count);
void udp_free(struct udp *u); /* NULL is allowed */

/* `packet` stays as it is until udp_flush(). */
typedef void udp_received(void *ctx, unsigned socket, const struct stun_address *from,
                          struct bytes packet);

/* Takes at most some dozens of what has come to this socket. True: there may be more. What udp_send() queued meanwhile has left. */
bool udp_receive(struct udp *u, unsigned socket, udp_received *received, void *ctx);
/* `lasting`: the octets are of a packet of udp_received(); else they are copied. */
void udp_send(struct udp *u, unsigned socket, const struct stun_address *to, struct bytes packet,
              bool lasting);
void udp_flush(struct udp *u);

#endif
