/* mux_places.h: where listen.mux and the media anchor are the same to clients: places for ICE-TCP.
 *
 * Owns: nothing.  Threads: any.
 */
#ifndef SOTTO_SERVER_MUX_PLACES_H
#define SOTTO_SERVER_MUX_PLACES_H

#include "rtp/anchor_wire.h"
#include "server/server.h"

/* One for each address of the anchor that listen.mux has, too, as announced and with that port. */
size_t mux_places(const struct server_boot *boot, struct anchor_place out[ANCHOR_PLACES]);
/* Of the first listen.mux; 0: there is none. */
uint16_t mux_port(const struct server_boot *boot);

#endif
