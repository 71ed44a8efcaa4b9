/* calls_tell.h: what devices are told of a call: composed here, and nothing else. It goes the way of all stanzas
 * (router_emit_composed()), past the hooks: it was judged.
 *
 * Owns: nothing.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_CALLS_TELL_H
#define SOTTO_SERVER_CALLS_TELL_H

#include "server/calls_life.h"

#define CALL_ANSWER_PREFIX "jingle-" /* of the ids of our requests */

/* ---- Words (XEP-0353) ---- */

struct call_message calls_word_of(const struct call *c, enum call_word word);
struct xml_node *calls_tell_word(struct arena *a, struct str from, struct str to,
                                 const struct call_message *m);
void calls_tell(struct home *h, struct str from, struct str to, const struct call_message *m);
/* That a call is over which somebody accepted, and nobody has described yet; `from` and `to` are its two devices. */
void calls_tell_finish(const struct call *c, struct str from, struct str to,
                       const struct call_message *finish);
void calls_tell_devices(const struct call *c, const struct call_message *m);
/* To the other devices of the account: what `device` has answered. */
void calls_tell_elsewhere(const struct call *c, struct str device, const struct call_message *m);
/* That it rings, to a device which is there; `late`: it has come since. */
void calls_tell_propose(const struct call *c, const struct session *s, bool late);
void calls_tell_tie_lost(struct home *h, struct str from, struct str loser, struct str id);
/* A receipt of the propose (XEP-0184), to the caller; whether a message is one, and of which call it says that it is. */
void calls_tell_received(const struct call *c, struct str device);
bool calls_received_id(const struct xml_node *message, struct str *out_id);

/* ---- Actions (XEP-0166) ---- */

/* `text`: beside its reason, for a person; may be empty. */
void calls_send_action(struct home *h, struct str id, struct str from, struct str to,
                       const struct jingle *j, unsigned notes, struct str text);
void calls_act(struct call *c, struct str from, struct str to, const struct jingle *j,
               struct str text);
void calls_terminate(struct call *c, struct str from, struct str to, const char *reason,
                     struct str text);

#endif
