/* link_new.h: the device without an account, until it is given one: a conversation with the server before any login.
 *
 *   link_new_open() -> [LINK_NEW_START_TLS -> link_new_secured()] -> LINK_NEW_DIGITS -> LINK_NEW_DONE, LINK_NEW_FAILED
 *
 * Between, link_new_ask() once a second or two; and link_new_open() again on a new connection if one ends, which servers see to.
 * Nothing leaves before TLS runs. The output is that of `stream`.
 * Owns: stream, texts, keys.  Threads: one at a time.  Errors: LINK_NEW_FAILED, `why` in words.
 */
#ifndef SOTTO_CLIENT_LINK_NEW_H
#define SOTTO_CLIENT_LINK_NEW_H

#include "client/engine.h"
#include "client/link.h"

enum link_new_step {
    LINK_NEW_MORE,
    LINK_NEW_START_TLS,
    LINK_NEW_DIGITS, /* show shared.digits: the other device shows them, too */
    LINK_NEW_DONE,   /* gift */
    LINK_NEW_FAILED,
};

struct link_new {
    struct stream stream;
    struct arena arena;
    struct link_code code;
    struct str channel;
    struct link_secret secret;
    struct identity identity; /* of OMEMO, from now on this device's */
    struct bytes hello, answer;
    struct link_shared shared;
    struct link_gift gift;
    int phase, state; /* link_new.c */
    bool secured;
    struct str why;
};

void link_new_init(struct link_new *l, struct str domain, struct str name, bool wants_history,
                   const struct random *random);
void link_new_deinit(struct link_new *l);
void link_new_open(struct link_new *l, bool secured);
void link_new_secured(struct link_new *l);
void link_new_ask(struct link_new *l);
enum link_new_step link_new_feed(struct link_new *l, struct str bytes);

/* What was given, and the identity, into an engine of the new account that has not started. */
void link_new_adopt(const struct link_new *l, struct engine *c);

#endif
