/* wish.h: what a person wants done that the screen cannot do itself: a list that the program takes from.
 *
 * Owns: the wishes that nobody has taken yet; who takes one frees it.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_WISH_H
#define SOTTO_CLI_CHAT_WISH_H

#include "base/arena.h"
#include "base/list.h"
#include "omemo/trust.h"

enum wish_kind {
    WISH_SEND,      /* text to chat */
    WISH_REPLY,     /* text to chat, as an answer to id */
    WISH_CORRECT,   /* our message id in chat becomes text */
    WISH_RETRACT,   /* our message id is taken back */
    WISH_REACT,     /* text are all our signs to message id; empty: none */
    WISH_FILE,      /* the file at the path text, to chat; on: it is a voice message */
    WISH_TIMER,     /* messages of chat stay for so many seconds: text; 0: for good */
    WISH_SAVE,      /* the file of message id of chat, into the person's folder */
    WISH_SAVES,     /* files of contacts as they come: on; else when the person asks */
    WISH_TYPING,    /* in chat somebody writes, or has stopped: on */
    WISH_SEARCH,    /* the words text, in chat or, if it is empty, everywhere: model_found() */
    WISH_ADD,       /* chat becomes a contact, called text */
    WISH_RENAME,    /* contact chat is called text */
    WISH_REMOVE,    /* contact chat is none any more */
    WISH_ANSWER,    /* who asks, or wrote as a stranger, is accepted or refused: on */
    WISH_BLOCK,     /* chat is not heard any more, or is again: on */
    WISH_CALL,      /* chat is called; on: with video */
    WISH_TAKE_CALL, /* a person answers the call id of chat */
    WISH_END_CALL,  /* it is declined, taken back, or over */
    WISH_MUTE,      /* our side of it is not heard, or is again: on */
    WISH_INVITE,    /* ask for a link: model_set_invitation() */
    WISH_PEOPLE,    /* tell who asks: model_set_people() */
    WISH_READ,      /* id of chat has been seen, and all before */
    WISH_OLDER,     /* more of chat's past */
    WISH_DRAFT,     /* keep text as chat's draft */
    WISH_KEYS,      /* tell of the devices of chat: model_set_keys() */
    WISH_COMPARE,   /* the same, after the lists of devices were read anew */
    WISH_DECIDE,    /* action on the device of chat with the fingerprint text */
    WISH_MATCH,     /* the safety numbers of chat are the same: its devices are verified */
    WISH_CODE,      /* the code text was scanned: verify what it names of chat */
    WISH_SUSPEND,   /* back to the shell for a while */
    WISH_REDRAW,
    WISH_QUIT,
};

struct wish {
    struct link link;
    struct arena arena;
    enum wish_kind kind;
    struct str chat, id, text;
    enum trust_action action;
    bool on;
};

/* Texts are copied. Returned to set the rest; it stays in the list. */
struct wish *wishes_add(struct list *wishes, enum wish_kind kind, struct str chat, struct str id,
                        struct str text);
struct wish *wishes_take(struct list *wishes); /* NULL: none */
void wish_done(struct wish *w);                /* NULL is allowed */

#endif
