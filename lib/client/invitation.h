/* invitation.h: inviting somebody to an account on one's own server, and to be a contact (XEP-0401 §5).
 *
 * For when the account is online. One ENGINE_INVITATION answers it, also if the connection ends first: `text` is the link, entry.target the
 * page that shows it, entry.time_ms when both end (0: not told); if `refused`, `text` says why.
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_INVITATION_H
#define SOTTO_CLIENT_INVITATION_H

#include "client/engine.h"

void engine_invite(struct engine *c);

/* A link or a token that engine_invite() gave: nobody can use it any more. One ENGINE_INVITATION answers it, without `text` unless it is
 * refused. ERR_MALFORMED: it is no invitation. */
CHECKED enum err engine_take_back(struct engine *c, struct str invitation);

#endif
