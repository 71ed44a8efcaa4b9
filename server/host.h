/* host.h: all that the engine (home, session, router, modules) may ask of the world around it.
 *
 * The worker binds it to sockets and loops, the script runner to a virtual clock. `link` is the host's own
 * object for one connection; a session keeps it and hands it back.
 * Threads: every call runs on the thread of the home that makes it; only `post` reaches another one.
 */
#ifndef SOTTO_SERVER_HOST_H
#define SOTTO_SERVER_HOST_H

#include "base/blob.h"
#include "base/list.h"
#include "base/random.h"
#include "rtp/anchor_wire.h"
#include "server/disk.h"
#include "server/event.h"
#include "xmpp/sasl.h"

struct remote_parcel;
struct session;

/* All that the engine learns of where a connection comes from. */
struct peer {
    uint64_t address; /* keyed hash of the IPv4 address or the IPv6 /64 */
    bool exempt;      /* limits.exempt: no limits at all */
};

/* A login that failed or succeeded: who and where from, as keyed hashes (login_guard.h). */
struct login_note {
    uint64_t account, address;
    bool failed;
};

/* What a client has shown of itself. */
struct event_traits {
    struct str caps; /* the hash that it announced (XEP-0115), or empty */
    uint64_t order;  /* of what it did until it was there; 0: not known */
};

struct host_ops {
    void (*send)(void *link, struct blob *b);   /* takes one reference */
    void (*write)(void *link, struct str text); /* copies */
    void (*close)(void *link);                  /* flush, then close; session_gone() follows */
    size_t (*queued)(void *link);               /* bytes written and not yet taken by the kernel;
                                                              session_drained() follows when there are none */
    void (*pause)(void *link, bool paused);     /* stop or go on reading */
    void (*start_tls)(void *link); /* after what was written; session_secured() follows */
    struct binding_data (*binding)(void *link, struct arena *a);
    struct peer (*peer)(void *link);
    void (*logged_in)(void *link); /* from now on it is no stranger's */
    void (*wake_at)(void *link,
                    uint64_t at_ms); /* session_wake() at that time; 0: never. One per link */
    void (*move)(void *link, unsigned home); /* hand session and connection to another home, where
                                                              session_arrived() runs; this home forgets it */
    void (*take)(void *link, struct session *to); /* from now on the connection is that session's */
    void (*drop)(void *link);                     /* abort it; no session is told */
    void (*offload)(void *ctx, void (*work)(void *), void (*done)(void *), void *arg);
    /* work on another thread, then done on ours */
    void (*post)(void *ctx, unsigned home, struct link *parcel); /* home_receive() there */
    void (*note_login)(void *ctx,
                       struct login_note note); /* home_login_noted() at every home, here at once */
    void (*note_registration)(void *ctx, uint64_t address); /* home_registration_noted(), so too */
    void (*anchor)(void *ctx,
                   const struct anchor_order *order);   /* to the anchor, in order; what it says
                                                              back comes by home_anchor_reported(). NULL: there is none */
    void (*remote)(void *ctx, struct remote_parcel *p); /* to another server (remote.h); takes it */
    /* To be noted; `link`: the connection by which it came, or NULL. */
    void (*event)(void *ctx, void *link, const struct event *event,
                  const struct event_traits *traits);
    void (*log)(void *ctx, const char *event, struct str account, const char *key, uint64_t value);
};

struct host {
    const struct host_ops *ops;
    void *ctx;
    struct random random;
    unsigned home_count;
    const struct disk *disk; /* NULL: never full */
};

#endif
