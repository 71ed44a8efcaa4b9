/* control_invites.h: `invite withdraw` of the control socket. For control_store.c.
 *
 * Owns: nothing.  Threads: that of the control socket.
 */
#ifndef SOTTO_SERVER_CONTROL_INVITES_H
#define SOTTO_SERVER_CONTROL_INVITES_H

#include "server/control.h"

control_handler control_invite_withdraw;

#endif
