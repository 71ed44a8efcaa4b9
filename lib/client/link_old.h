/* link_old.h: the device that has the account gives it to a new one, whose code it was shown (link.h).
 *
 * Every call is for when the account is online, and is answered by one ENGINE_LINK: `link` says how far it is, `text` why not.
 *   engine_link_begin() -> LINK_OPENED -> engine_link_ask(), once a second or two -> LINK_WAITS … LINK_ANSWERED: digits, name
 *                                                                        `on`: it asks for the history
 *   the person compares the digits on both -> engine_link_give() -> LINK_GIVEN; what then becomes of the history: history.h
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_LINK_OLD_H
#define SOTTO_CLIENT_LINK_OLD_H

#include "client/engine.h"

/* ERR_MALFORMED: no code, or mistyped; ERR_DENIED: it is for another server. Then there is no event. */
CHECKED enum err engine_link_begin(struct engine *c, struct str code);
void engine_link_ask(struct engine *c);
void engine_link_give(struct engine *c, bool with_history);

#endif
