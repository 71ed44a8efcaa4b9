/* desk_inside.h: what the files of the desk know of each other: see desk.h.
 *
 * desk.c grants wishes; desk_said.c, desk_files.c, desk_people.c and desk_keys.c are its parts by what they are about; desk_events.c takes what
 * happens at the account.
 * Owns: nothing.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_CHAT_DESK_INSIDE_H
#define SOTTO_CLI_CHAT_DESK_INSIDE_H

#include "cli/chat/desk.h"
#include "cli/chat/task.h"

struct engine *desk_engine(struct desk *d);
void desk_changed(struct desk *d); /* the model has: the face is told, and the clock set */

/* desk_said.c */
void desk_send(struct desk *d, const struct wish *w, const struct jid *to);

/* desk_files.c */
void desk_files_begin(struct desk *d); /* the store is open, and nobody else's yet */
void desk_files_end(struct desk *d);
void desk_send_file(struct desk *d, const struct wish *w);
void desk_save_file(struct desk *d, const struct wish *w);
void desk_file_came(struct desk *d, const struct entry *e); /* of a new message */
void desk_set_saves(struct desk *d, bool on);               /* unasked, from now on */

/* desk_people.c */
void desk_person(struct desk *d, const struct wish *w, const struct jid *who);
void desk_contacts(struct desk *d); /* they are told to the model anew */
void desk_tell_people(struct desk *d);

/* desk_keys.c */
void desk_tally(struct desk *d);                      /* how the keys of each chat stand */
void desk_tell_keys(struct desk *d, struct str bare); /* to the page about them */
void desk_keys_changed(struct desk *d);               /* and that page tells it, if it is shown */
void desk_ask_keys(struct desk *d, struct str bare);  /* those who know, anew */
void desk_decide(struct desk *d, const struct wish *w);
void desk_match(struct desk *d, const struct wish *w, const struct jid *who);
void desk_scanned(struct desk *d, const struct wish *w, const struct jid *who);
void desk_ask_again(void *ctx); /* the number to compare was not there yet: on a timer */

/* desk_calls.c */
void desk_call(struct desk *d, const struct engine_event *e);
void desk_call_wish(struct desk *d, const struct wish *w);
void desk_calls_begin(struct desk *d);
bool desk_may_stop(struct desk *d);      /* Ctrl-Z; false: a call is on, and that was said */
void desk_calls_settled(struct desk *d); /* a good moment to leave, if that was wished */

/* desk_events.c */
extern const struct session_handlers desk_handlers;

#endif
