/* mend.h: what sessions need besides messages: answers to their beginnings, signs of life, a new beginning where one is broken; and the
 * receipts that wait with them.
 *
 * All of it waits until the archive has been read: the message that explains a failure may be in it, and ten thousand messages
 * ask for one answer, not for ten thousand.
 * Owns: lists in the engine; what a crash swallows of them is not missed: receipts, and sessions that fail again.
 * Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_MEND_H
#define SOTTO_CLIENT_MEND_H

#include "client/arrival.h"
#include "omemo/ratchet.h"

/* What became of a message of a device that was for us (remote_decrypt()). */
void mend_note(struct engine *c, const struct arrival *m, enum omemo version, enum err what);
/* An empty message is wanted in this session (XEP-0384 §4.6, §5.5.3). */
void mend_answer(struct engine *c, const struct arrival *m, enum omemo version,
                 const uint8_t session[SESSION_ID]);
/* A receipt for a message, now or soon (XEP-0184). */
void mend_receipt(struct engine *c, const struct arrival *m);

/* A session was begun anew (devices.c): the other side learns of it. */
void mend_begun(struct engine *c, enum omemo version, struct str bare, uint32_t device);

void mend_work(struct engine *c);
void mend_online(
    struct engine *c); /* a new session with the server: each device may be tried again */
void mend_forget(struct engine *c);

#endif
