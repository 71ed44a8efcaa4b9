/* live_call.h: one call that a person of this device is in: the engine on one side, the media process on the other.
 *
 *   ENGINE: answered --> media_new    described --> media_remote    over --> media_stop
 *   MEDIA:  described --> call_describe    connected --> call_connected    over --> call_end
 *
 * Who owns it is told what comes of it, and shows that: a run of `sotto call` or `answer` (calling.h), or the messenger (chat/desk_calls.c).
 *
 * Owns: the media process.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_LIVE_CALL_H
#define SOTTO_CLI_LIVE_CALL_H

#include "cli/media.h"
#include "cli/session.h"
#include "client/call.h"

enum live_news {
    LIVE_RINGS,     /* a device of theirs does */
    LIVE_ANSWERED,  /* the media processes start */
    LIVE_CONNECTED, /* they hear each other: trust */
    LIVE_HEARD,     /* their first sound has been played */
    LIVE_QUALITY,
    LIVE_NOTED,  /* words: something is missing, and the call goes on */
    LIVE_LEAVES, /* this side ends it; words: what went wrong, empty if nothing did */
    LIVE_OVER,   /* words: why; empty if this side ended it */
    LIVE_GONE,   /* after that: its media process has ended, too */
};

struct live_call {
    struct arena arena;
    struct loop *loop;
    struct session *session;
    void (*news)(void *ctx, enum live_news news, struct str words);
    void *ctx;
    const char *play, *record; /* files instead of microphone and loudspeaker; NULL: none */
    struct str id;             /* empty: no call */
    struct str peer;           /* bare JID */
    unsigned media;
    struct str
        fault; /* why the process has ended: a code of media_fault.h; empty: it has not, or well */
    struct media *process;
    struct timer *reaping, *goodbye;
    uint64_t connected_ms; /* steady; 0: not yet */
    enum entry_trust trust;
    struct media_quality quality;
    bool measured, muted;
    bool left, over,
        process_over; /* this side has ended it; the engine knows no such call any more */
};

void live_call_init(struct live_call *l, struct session *s, struct loop *loop,
                    void (*news)(void *ctx, enum live_news news, struct str words), void *ctx);
void live_call_deinit(struct live_call *l); /* ends nothing but the process */

/* ERR_CONFLICT: there is a call; else as call_begin() and call_answer(). What is left of the one before goes. */
CHECKED enum err live_call_begin(struct live_call *l, const struct jid *whom, unsigned media);
/* A person has said yes to this call, now, knowing whose it is. */
CHECKED enum err live_call_answer(struct live_call *l, const struct call_info *info);
void live_call_decline(struct live_call *l, const struct call_info *info);

/* What the engine tells of any call. False: it is another. */
bool live_call_event(struct live_call *l, const struct engine_event *e);
/* Hangs up, takes back: `reason` as call_end() has it; with `why` it failed. */
void live_call_leave(struct live_call *l, const char *reason, struct str why);
void live_call_mute(struct live_call *l, bool on);

bool live_call_is_on(const struct live_call *l); /* begun or answered, and nobody has ended it */
bool live_call_is_gone(const struct live_call *l);
uint64_t live_call_seconds(const struct live_call *l); /* of talking */

#endif
