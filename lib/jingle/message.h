/* message.h: Jingle messages (XEP-0353): somebody wants to call, somebody rings, accepts, declines. Read into a struct; what devices
 * get is written by the server from a struct, never what the other side wrote.
 *
 *   <message type='chat'> <propose id> <description media/>{1,2} </propose> <store/> </message>
 *   <message type='chat'> <ringing|proceed|reject|retract|finish|accept id> … </…> <store/> </message>
 *
 * Owns: nothing; texts are the tree's.  Threads: pure.
 * Errors: ERR_MISSING (no Jingle message), ERR_MALFORMED, ERR_UNSUPPORTED (an element that does not exist); *why as in jingle.h.
 */
#ifndef SOTTO_JINGLE_MESSAGE_H
#define SOTTO_JINGLE_MESSAGE_H

#include "jingle/jingle.h"

enum call_word {
    CALL_PROPOSE,
    CALL_RINGING,
    CALL_PROCEED,
    CALL_REJECT,
    CALL_RETRACT,
    CALL_FINISH,
    CALL_ACCEPT, /* to one's own account: Dino still says so */
    CALL_WORDS,
};

/* What the ids of records begin with, which the server writes into the archives of both sides. */
#define CALL_RECORD_PREFIX "call-"

struct call_message {
    enum call_word word;
    struct str id;
    unsigned media;  /* of a propose: a set of enum jingle_media */
    uint32_t device; /* of a proceed: whose fingerprints are to be sealed for it; 0: not said */
    bool
        knows_tcp; /* of a proceed, for the server alone: that device makes use of candidates of TCP (XEP-0371) */
    const char *reason;     /* NULL: none */
    bool tie_break;         /* of a reject or retract: XEP-0353 §4.1 */
    struct str migrated_to; /* of a finish: §4.2; n == 0: no */
    unsigned left_out;      /* elements of the message, and of its word, that nobody reads here */
};

CHECKED enum err call_message_read(const struct xml_node *message, struct call_message *out,
                                   const char **why);
/* The word as a child of `message`; a propose with what makes devices answer that they ring (XEP-0184). */
void call_message_write(struct arena *a, struct xml_node *message, const struct call_message *m);
const char *call_word_text(enum call_word word);
/* Whether there is anything of XEP-0353 in it. */
bool call_message_is(const struct xml_node *message);
/* Takes what speaks of calls out of a stanza in which no call is made: a presence, a message about something else. What it took, as a
 * word for events; NULL: there was nothing. */
const char *call_strip(struct xml_node *stanza);

#endif
