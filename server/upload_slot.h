/* upload_slot.h: names of uploaded files, and who may write them (XEP-0363 §5).
 *
 * A slot is the part of the URL that nobody guesses: whoever knows it may read. Writing takes the authorisation too,
 * which only the one who asked for the slot was given, and which needs not be stored: it follows from the slot.
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_SERVER_UPLOAD_SLOT_H
#define SOTTO_SERVER_UPLOAD_SLOT_H

#include "base/arena.h"
#include "server/settings.h"

/* 128 bits as base32. `request`: whatever tells this request from all others. */
struct str upload_slot(const struct settings *s, struct arena *a, struct str request);
bool upload_slot_is_one(struct str text); /* has the form of one: fit for a file name */
struct str upload_authorization(const struct settings *s, struct arena *a,
                                struct str slot); /* "Bearer …" */
bool upload_is_authorized(const struct settings *s, struct str slot, struct str authorization);

/* A type that browsers may show where it is: pictures, sound, film that run no code. Else it is a download. */
bool upload_type_is_shown(struct str type);

#endif
