/* healing.h: when a session that is broken may be replaced without being asked. A pure decision.
 *
 * XEP-0384 forbids to begin a session because a message cannot be read: whoever can send garbage
 * would make us do so at will. What clients do, and we too: one attempt per device and connection,
 * after the archive was read (the message that explains all may be in it), and only towards devices
 * that we would write to anyway.
 * Owns: nothing.  Threads: pure.
 */
#ifndef SOTTO_OMEMO_HEALING_H
#define SOTTO_OMEMO_HEALING_H

#include "base/str.h"

struct healing { /* one per device, zeroed with each connection */
    bool is_broken, was_tried;
};

/* `why` is what remote_decrypt() said; ERR_NONE shows that all is well. */
void healing_note(struct healing *h, enum err why);

/* True at most once: then begin a session and send an empty message in it. */
bool healing_is_due(struct healing *h, bool archive_was_read, bool is_trusted);

#endif
