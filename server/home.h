/* home.h: one worker's share of the accounts: their views, sessions and queues (DESIGN: home workers).
 *
 * Every account has one home, hash(bare JID) mod N; only its thread touches what belongs to it. Other homes reach
 * it by posting parcels. All entry points take the time and run to the end without waiting.
 * Owns: accounts, sessions, routed stanzas in its queues.  Threads: its own.  Units: milliseconds.
 */
#ifndef SOTTO_SERVER_HOME_H
#define SOTTO_SERVER_HOME_H

#include "server/budget.h"
#include "server/call_budget.h"
#include "server/counters.h"
#include "server/fetch_desk.h"
#include "server/login_guard.h"
#include "server/module.h"
#include "server/registration_guard.h"
#include "server/remote_calls.h"

struct caps_cache;
struct routed;
struct session;

enum account_state { ACCOUNT_LOADING, ACCOUNT_READY };

struct account {
    struct home *home;
    struct jid jid;  /* bare; its texts belong to the account */
    struct str bare; /* the same as text: the key in home->accounts */
    enum account_state state;
    struct view view;      /* once ready; while it is loaded again, as it was */
    struct list sessions;  /* bound: session.in_account */
    struct list waiting;   /* routed: until the view is there */
    struct list arriving;  /* sessions.in_account: bound once the view is there */
    struct list settling;  /* routed: in order of arrival, until committed and delivered */
    struct list asking;    /* routed: until fewer of its archive queries are in work */
    struct list calls;     /* call.in_account: those to it */
    struct list dialled;   /* dialled.in_account: those by it */
    struct list originals; /* routed.twin: sent with an origin-id and not back yet */
    struct list sleepers;  /* push.c: devices that are woken */
    struct link waking;    /* in home->waking until wake_ms, if that is not 0 */
    uint64_t wake_ms, wake_seq,
        wake_from;            /* they are to know what is in (from, seq] of the archive */
    unsigned archive_queries; /* in work */
    unsigned pins;            /* routed stanzas and queries that name it */
    uint64_t idle_since_ms;
    struct bucket messages, stanzas, bytes; /* what it has sent lately */
    struct bucket password_changes;
    bool ending;       /* it was removed: nothing is kept for it any more */
    struct link dirty; /* in home->dirty: the cursor has moved since it was stored */
    struct store_query load;
    unsigned writing; /* write-sets under way with rows of the view */
    bool load_again;  /* the load may have missed some of them */
};

struct home {
    const struct host *host;
    const struct settings *settings;
    struct store *store;
    unsigned number;
    uint64_t now_ms;     /* wall clock at the entry in work */
    uint64_t seed[2];    /* of hashes of what peers choose; of this run only */
    struct map accounts; /* bare JID -> struct account */
    struct map handlers; /* "type ns name" -> struct iq_handler */
    struct arena constants;
    struct caps_cache *caps;
    struct budget budget; /* of what accounts ask of others */
    struct call_budget call_budget;
    struct remote_calls remote_calls;
    struct list calls, dialled;     /* call.in_home, dialled.in_home */
    uint64_t first_call, last_call; /* of their numbers, 56 bits of chance at the start */
    size_t offer_bytes;             /* of calls_direct.h */
    enum { KEPT_CALLS_UNREAD, KEPT_CALLS_ASKED, KEPT_CALLS_READ } kept_calls; /* call_kept.h */
    unsigned syncs_owed; /* to the anchor: how often it is to hear that all was told */
    struct fetch_desk fetches;
    struct login_guard guard;
    struct registration_guard registrations;
    struct list dirty;      /* accounts whose cursor is to be stored */
    struct list lagging;    /* sessions whose client takes nothing */
    struct list heard;      /* bound sessions, the longest silent first: session_idle.c */
    struct list asked;      /* those of them that were asked for a sign of life */
    struct list servers;    /* s2s.in_home: links, if this home has them */
    struct list waiting;    /* sessions without connection that may be resumed */
    struct list components; /* component.in_home, if this home has them */
    struct list waking;     /* accounts with devices that are to be woken later: push.c */
    struct list pushes;     /* flight.in_home: on their way to app servers, the oldest first */
    size_t pushes_under_way;
    uint64_t next_id;                          /* of iqs of ours */
    struct anchor_place places[ANCHOR_PLACES]; /* of the anchor; none: calls have no media */
    size_t place_count;
    struct counters counters;
};

void home_init(struct home *h, const struct host *host, const struct settings *settings,
               struct store *store, unsigned number);
void home_deinit(struct home *h);

/* The home of an account: the same on every node and after every restart. */
unsigned home_of(const struct home *h, const struct jid *account);

void home_now(struct home *h, uint64_t now_ms);         /* before any other entry */
void home_receive(struct home *h, struct link *parcel); /* a routed stanza of another home */
void home_completed(struct home *h, struct list *ops);  /* store operations of this home */
/* Of a call: to the home in the low octet of its number. ANCHOR_READY: to every home; each tells of its calls again and ends
 * with ANCHOR_SYNCED, and the host passes on one when all have. READY without places: the anchor is gone. */
void home_anchor_reported(struct home *h, const struct anchor_report *report);
void home_login_noted(struct home *h, struct login_note note);
void home_registration_noted(struct home *h, uint64_t address);
/* Somebody there is about to make an account. 0: that is counted, go on; else so long has he to wait, which is an event. */
uint64_t home_begin_registration(struct home *h, struct peer peer);
void home_sweep(struct home *h); /* every second or so: store cursors, forget idle views */

/* The account at its home, loading if it is not cached. Pinned until account_unpin(). */
struct account *account_get(struct home *h, const struct jid *jid);
void account_unpin(struct account *a);
void account_delivered(struct account *a,
                       uint64_t seq);        /* offline messages up to seq reached a client */
void account_end(struct account *a);         /* it was removed from the store: sessions end */
void account_forget_view(struct account *a); /* after a failed commit: load again */
void account_changed(struct account *a);     /* in the store, by somebody else: load again */
void account_writes(struct account *a);      /* a write-set with rows of its view is under way */
void account_wrote(struct account *a);       /* one of them is done */

/* Something to be counted and noted; `s`: whose connection it came by, or NULL. */
void home_event(struct home *h, const struct session *s, const struct event *event);

/* "p" + number: an id for an iq of ours. */
struct str home_iq_id(struct home *h, struct arena *a);

const struct iq_handler *home_handler(const struct home *h, enum stanza_type type,
                                      enum iq_target to, const struct xml_node *payload);

#endif
