/* chat.h: what people do in a chat. Each is sealed for all devices of both sides, is in the outbox when the next commit is durable,
 * and goes out as soon as it can, be it after a restart.
 *
 * The engine does not remember messages: that an id is one of the chat, and of ours where it is corrected or taken back, is for the
 * caller to see (timeline.h). Those who receive it see to it, too.
 *
 * Texts are copied; `id` is a message's id as in its entry; out_id is that of the new entry, in the caller's arena.
 * Owns: nothing.  Threads: as engine.h.
 * Errors: ERR_MALFORMED: not a person's bare address, no id, or text that is none; ERR_TOO_BIG.
 */
#ifndef SOTTO_CLIENT_CHAT_H
#define SOTTO_CLIENT_CHAT_H

#include "client/engine.h"

CHECKED enum err engine_send_text(struct engine *c, struct arena *a, const struct jid *chat,
                                  struct str text, struct str *out_id);

/* XEP-0461. The second form repeats some lines of the message for programs that know no replies. */
CHECKED enum err engine_reply(struct engine *c, struct arena *a, const struct jid *chat,
                              struct str id, struct str text, struct str *out_id);
CHECKED enum err engine_reply_quoting(struct engine *c, struct arena *a, const struct jid *chat,
                                      const struct entry *message, struct str text,
                                      struct str *out_id);

/* XEP-0308, XEP-0424: of our own messages. A correction replaces all of the message (§3), so it says again what that answered
 * (message_answers()); NULL: nothing. */
CHECKED enum err engine_correct(struct engine *c, struct arena *a, const struct jid *chat,
                                struct str id, const struct entry *answered, struct str text,
                                struct str *out_id);
CHECKED enum err engine_retract(struct engine *c, struct arena *a, const struct jid *chat,
                                struct str id, struct str *out_id);

/* XEP-0444: these are all of ours to the message, separated by spaces; empty: none any more. ERR_MALFORMED: one is no emoji.
 * Devices of OMEMO 0.3 cannot show them. */
CHECKED enum err engine_react(struct engine *c, struct arena *a, const struct jid *chat,
                              struct str id, struct str emojis, struct str *out_id);

/* XEP-0466: messages of both sides stay for so many seconds after they were read or sent; 0: for good. What was written before is not
 * changed. ENGINE_ERASED tells when one is gone. */
CHECKED enum err engine_set_timer(struct engine *c, struct arena *a, const struct jid *chat,
                                  uint32_t seconds, struct str *out_id);
uint32_t engine_timer(const struct engine *c, const struct jid *chat);

/* XEP-0085: the person is writing, or has stopped. Only who is there and may know of us is told, and nothing is stored. May be called
 * at every key. */
void engine_typing(struct engine *c, const struct jid *chat, bool on);

/* The person has seen this message and all before it; empty: the newest. Our other devices are told (XEP-0490), and, if they asked for it
 * and may know, its author (XEP-0333). ERR_MISSING: it is not among the unread ones. */
CHECKED enum err engine_read(struct engine *c, const struct jid *chat, struct str id);

#endif
