/* timeline.h: the entries of a chat folded into what is shown: messages, each with what was said of it later.
 *
 * Entries come in any order, and some twice. Whatever is about a message waits until that message is there; what names the message of
 * somebody else, or one that was sealed although it is not sealed itself, changes nothing. A correction of a message that is not there
 * is shown by itself: its text is not to be lost. What is taken back loses its words for good, even if that could not be sent.
 * Of entries with the same time the one with the higher number in the store is the later one, however they come in; what happens now
 * is later than all that.
 *
 * Owns: copies of all texts.  Threads: one.  Errors: none.
 */
#ifndef SOTTO_CLIENT_TIMELINE_H
#define SOTTO_CLIENT_TIMELINE_H

#include "base/random.h"
#include "client/entry.h"

enum delivery {
    DELIVERY_WAITING, /* here, and not yet with the server */
    DELIVERY_SENT,
    DELIVERY_DELIVERED, /* also every message of others, as long as it is unread */
    DELIVERY_READ,
    DELIVERY_FAILED,
};

struct reaction {
    struct str author, emojis; /* separated by spaces; never empty */
};

struct message {
    struct entry
        entry; /* a message, sealed or not, a timer, a call, a new device, or a correction of what is not here */
    struct str text; /* as last corrected; empty when retracted */
    bool edited, retracted;
    bool only_here; /* retracted, but that did not leave: others have the message still */
    enum delivery delivery;
    struct str why; /* DELIVERY_FAILED: in words */
    const struct reaction *reactions;
    size_t reaction_count;
    const struct message *reply_to; /* NULL: none, or not known here */
};

struct timeline;
struct timeline *
timeline_new(const struct random *random); /* against names that are chosen to collide */
void timeline_free(struct timeline *t);    /* NULL is allowed */
void timeline_add(struct timeline *t, const struct entry *e); /* it happens now */
/* The entry with this number of a store; it may have been added when it happened. */
void timeline_add_kept(struct timeline *t, const struct entry *e, uint64_t number);
/* A message that disappears (XEP-0466), and what was said of it: their texts are zeroed. */
void timeline_erase(struct timeline *t, struct str author, struct str id);

size_t timeline_count(const struct timeline *t);
/* The oldest is 0. Both live until the next change. */
const struct message *timeline_at(const struct timeline *t, size_t i);
/* By its own id, or by that of one of its corrections. NULL: none. */
const struct message *timeline_find(const struct timeline *t, struct str id);

/* What it answers, as it says so itself: the id, the author if that is known here, the text as it is quoted. False: nothing. */
bool message_answers(const struct message *m, struct entry *out);

#endif
