/* fetch_desk.h: who may have the relay (web/fetch.c) fetch what: tickets given out over XMPP, each for one file, once.
 *
 *     iq at the account's home -> issue -> token in a URL of ours -> GET at any worker -> redeem, at the home named in the
 *     token -> the file is fetched -> done, at that home again, which is told how much it was
 *
 * A ticket is good for a minute. An account has so many waiting and so many in work, and a budget of fetches and of bytes; a
 * file counts with what came of it. Kept at the account's home and forgotten with the process.
 * Owns: tickets that wait; one that was redeemed belongs to its holder until it is done.  Threads: the home's; a ticket
 * changes hands by inboxes.  Units: milliseconds, as an input; bytes.
 */
#ifndef SOTTO_SERVER_FETCH_DESK_H
#define SOTTO_SERVER_FETCH_DESK_H

#include "base/arena.h"
#include "base/random.h"
#include "server/settings.h"

enum {
    FETCH_TICKET_MS = 60 * 1000,
    FETCH_WAITING_MAX = 32, /* tickets of an account that nobody has used */
    FETCH_RUNNING_MAX = 4,  /* files of an account fetched at a time */
};

struct fetch_ticket {
    struct link link; /* its owner's */
    struct str token; /* beside it in memory, as is the URL */
    struct str url;
    int64_t account;
    uint64_t expires_ms, limit_bytes;
    uint64_t fetched_bytes; /* set by whom it was given to */
    bool exempt;            /* limits.exempt */
};

struct fetch_desk {
    struct random random;
    unsigned home;
    struct map tickets;           /* token -> fetch_ticket */
    struct list by_age;           /* the same */
    struct throttle asked, bytes; /* by account */
    struct throttle waiting, running;
};

void fetch_desk_init(struct fetch_desk *d, const struct random *random, unsigned home);
void fetch_desk_deinit(struct fetch_desk *d);

/* False: the account has had enough for now. The token goes into the arena. */
bool fetch_desk_issue(struct fetch_desk *d, const struct settings *s, int64_t account, bool exempt,
                      struct str url, uint64_t now_ms, struct arena *a, struct str *out_token);

/* ERR_NONE: the caller's, once. ERR_MISSING: used, too old, or never given out; ERR_FULL: later. */
CHECKED enum err fetch_desk_redeem(struct fetch_desk *d, struct str token, uint64_t now_ms,
                                   struct fetch_ticket **out);
void fetch_desk_done(struct fetch_desk *d, const struct settings *s, struct fetch_ticket *t,
                     uint64_t now_ms);          /* takes it */
void fetch_ticket_free(struct fetch_ticket *t); /* NULL is allowed; of one that no desk waits for */

void fetch_desk_sweep(struct fetch_desk *d, uint64_t now_ms); /* forgets what is too old */

/* The home of a token that has the form of one; false else. */
bool fetch_token_home(struct str token, unsigned homes, unsigned *out_home);

#endif
