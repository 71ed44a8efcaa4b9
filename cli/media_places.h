/* media_places.h: where the media of a call may go, and the sockets to there. The media process cannot make a socket: it asks for those to
 * the candidates of the description that it was given, whose addresses are our server's, by their numbers (docs/media.md).
 *
 * Each is opened once, and no other place ever: however often it asks, and whatever a peer has made of it.
 * Owns: nothing; a socket is the caller's.  Threads: one at a time.
 */
#ifndef SOTTO_CLI_MEDIA_PLACES_H
#define SOTTO_CLI_MEDIA_PLACES_H

#include <stdint.h>
#include <sys/socket.h>

#include "jingle/jingle.h"

enum { MEDIA_PLACES = JINGLE_CONTENTS * JINGLE_CANDIDATES };

struct media_place {
    struct sockaddr_storage address; /* no family: none that can be used */
    bool tcp, was_asked;
};

struct media_places {
    struct media_place list[MEDIA_PLACES];
    size_t count;
};

/* The candidates of a description, in their order; what is beyond the cap is no place. */
void media_places_read(struct media_places *p, struct str sdp);
/* A socket that is connected, or of TCP and about to be; -1 in *out_fd: there is no way from here. False: no such place, or asked before. */
bool media_places_ask(struct media_places *p, uint64_t number, int *out_fd);

#endif
