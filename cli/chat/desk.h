/* desk.h: the model of the messenger, joined to an account: what happens there comes into the model, what the person wishes is done.
 *
 * The full screen and the plain mode are two faces of it.
 * Owns: the account and the model.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_CHAT_DESK_H
#define SOTTO_CLI_CHAT_DESK_H

#include "cli/account.h"
#include "cli/live_call.h"
#include "cli/chat/model.h"

struct desk;

struct fetching;

struct desk_face {
    void (*changed)(void *ctx);                      /* the model has */
    void (*entry)(void *ctx, const struct entry *e); /* something new; NULL: nobody asks */
    void (*wish)(void *ctx,
                 const struct wish *w); /* one that is the face's: WISH_SUSPEND, WISH_REDRAW */
    void (*connection)(void *ctx);      /* NULL: nobody asks */
    void (*call)(void *ctx, struct str words); /* what comes of calls; NULL: the screen has it */
};

struct desk {
    struct account account;
    struct model model;
    const struct desk_face *face;
    void *ctx;
    struct timer *wake, *ask_again;
    struct fetching *fetching; /* NULL: no file is on its way */
    struct list unasked;       /* files that wait for that */
    unsigned unasked_count;    /* of this run */
    bool saves_all;            /* of contacts, from our own server, as they come */
    struct live_call call;
    struct timer *leave_by; /* the person leaves, once the other side of the call knows */
    bool leaving;
    struct arena comparing; /* of seen */
    struct str compared;    /* the chat whose number was shown */
    struct comparison seen;
};

/* An exit status other than STATUS_DONE after it was said why. Afterwards desk_deinit(). */
int desk_open(struct desk *d, struct program *p, const struct desk_face *face, void *ctx);
void desk_deinit(struct desk *d);
int desk_run(struct desk *d);    /* until the person leaves */
void desk_leave(struct desk *d); /* which hangs up first */

/* Does what the model wishes; after each thing that the person did. */
void desk_work(struct desk *d);

#endif
