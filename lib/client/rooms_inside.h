/* rooms_inside.h: what the files about rooms share: rooms.c the rows, bookmarks.c how the server has them.
 *
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_ROOMS_INSIDE_H
#define SOTTO_CLIENT_ROOMS_INSIDE_H

#include "client/engine_inside.h"
#include "client/rooms.h"

/* A row of BOOK_ROOM. */
struct room_row {
    struct room room;
    bool dropped;      /* it is gone when the server knows */
    bool locked;       /* others keep more with it than fits into a row: it cannot be changed */
    uint32_t number;   /* of the change that waits; another change has another one */
    struct bytes kept; /* elements of others, as XML; empty: none */
};

bool rooms_row(const struct engine *c, struct str bare, struct room_row *out);
void rooms_put(struct engine *c, const struct room_row *row); /* what finds no place is left out */
void rooms_take(struct engine *c, struct str bare);
void rooms_tell(struct engine *c);

/* bookmarks.c */
void bookmarks_online(struct engine *c);
bool bookmarks_event(struct engine *c,
                     const struct stanza *message); /* of our own account's node */
void bookmarks_send(struct engine *c, const struct room_row *row);

#endif
