/* media.h: the media process of one call as a child (docs/media.md): started after somebody has answered, gone with the call.
 *
 * It gets a socket and the files that are played and recorded, already open; nothing of the account. What it says is read line by line
 * with caps, and everything in it is looked at as that of somebody else, for it is what talks to the other side.
 *
 * Owns: the child, its socket, its files.  Threads: the loop's.
 * Errors: a sentence for people in *out_why.
 */
#ifndef SOTTO_CLI_MEDIA_H
#define SOTTO_CLI_MEDIA_H

#include "cli/media_fault.h"
#include "io/loop.h"

struct media;

struct media_options {
    const char *play, *record; /* files; NULL: microphone, loudspeaker */
    bool offers;               /* describes first */
    bool video;
};

struct media_quality { /* of sound, since the call began */
    uint64_t received, lost;
    int rtt_ms;       /* -1: not known */
    double concealed; /* part of what was heard that was made up */
};

/* None may free the media. */
struct media_handlers {
    void (*described)(void *ctx, struct str sdp);
    void (*connected)(void *ctx);
    void (*heard)(void *ctx); /* the first sound of the other side was decoded */
    void (*quality)(void *ctx, const struct media_quality *q);
    void (*noted)(void *ctx,
                  struct str what); /* a sentence: something is missing, the call goes on */
    /* The end; the fault is empty if it was told to stop or the other side hung up. Once, and last. */
    void (*over)(void *ctx, const struct media_fault *fault);
};

CHECKED enum err media_new(struct loop *l, const struct media_options *options,
                           const struct media_handlers *handlers, void *ctx, struct arena *a,
                           struct media **out, struct str *out_why);
void media_free(struct media *m); /* kills it if it still runs; NULL is allowed */

void media_remote(struct media *m,
                  struct str sdp);         /* the other side's description, and later new places */
void media_mute(struct media *m, bool on); /* our sound: the other side hears silence */
void media_stop(struct media *m);          /* over() follows */

#endif
