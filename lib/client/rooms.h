/* rooms.h: the rooms of an account: bookmarks (XEP-0402), one list for all its devices and programs.
 *
 * A change is a row until the server has it: it may be made without a connection, goes out with the next one and survives the
 * program. What other programs keep with a room (passwords, extensions) goes back as it came. ENGINE_ROOMS: the list has changed, here
 * or elsewhere.
 *
 * Owns: nothing; texts are views of the engine's memory until the next call that changes it, names are hostile.
 * Threads: as engine.h.
 * Errors: ERR_MALFORMED: no address of a room, or no such nickname; ERR_TOO_BIG: a text is, or what others keep with the room, or the
 * list is full; ERR_MISSING: not on the list.
 */
#ifndef SOTTO_CLIENT_ROOMS_H
#define SOTTO_CLIENT_ROOMS_H

#include "client/engine.h"

enum { ROOMS_MAX = 2000, ROOM_NAME_MAX = 1024, ROOM_NICK_MAX = 1023 };

struct room {
    struct str jid;        /* bare */
    struct str name, nick; /* may be empty */
    bool autojoin;         /* all devices are in it */
    bool waiting;          /* the server does not know yet what the person decided */
};

bool engine_room(const struct engine *c, struct str bare, struct room *out);
/* All of them, in no order; start with *cursor = 0. */
bool engine_next_room(const struct engine *c, size_t *cursor, struct room *out);
/* Adds it, or changes what is kept of it: name, nick and autojoin become these. */
CHECKED enum err engine_keep_room(struct engine *c, const struct jid *jid, const struct room *room);
CHECKED enum err engine_drop_room(struct engine *c, const struct jid *jid);

#endif
