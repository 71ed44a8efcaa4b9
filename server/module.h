/* module.h: what a module is: one XEP, one file, one descriptor (listed in modules/modules.c).
 *
 * A hook or handler is a pure function of the stanza, the view of the account at whose home it runs, and the time.
 * It passes, drops or answers, may change the stanza's tree (the router owns it), and appends rows and effects to the
 * outcome. Rows are committed as one with everything else of the stanza; effects happen after the commit. It never
 * waits and never sends.
 * Owns: nothing; what it builds lives in the outcome's arena.  Threads: that of the account's home.
 */
#ifndef SOTTO_SERVER_MODULE_H
#define SOTTO_SERVER_MODULE_H

#include "server/counters.h"
#include "server/disk.h"
#include "server/event.h"
#include "server/settings.h"
#include "server/view.h"
#include "xmpp/ns.h"
#include "xmpp/stanza.h"

struct account;
struct anchor_place;
struct remote_peer;

enum verdict {
    PASS,    /* go on with the next hook, then deliver */
    DROP,    /* stop here without a word; what was written is still committed */
    HANDLED, /* stop here; replies and rows of the outcome are all there is to do */
    NOBODY,  /* HOOK_IN: go on as if there were no such account, for nobody here to notice */
    WAIT, /* iq handlers: run what outcome_query() or outcome_derive() asked for, then its continuation */
};

/* HOOK_OUT runs at the sender's home on the sender's view, for stanzas of our own clients; HOOK_IN at the
 * recipient's home on the recipient's view, for every stanza to an account; HOOK_NOBODY in its place where there is no
 * such account, on an empty view. */
enum hook { HOOK_OUT, HOOK_IN, HOOK_NOBODY, HOOK_COUNT };

struct incoming {
    const struct stanza
        *stanza; /* from and to are complete; to is absent for the sender's own account */
    const struct view *view; /* of the account at whose home we are */
    const struct settings *settings;
    uint64_t now_ms;
    struct str sender;      /* bare JID text of the stanza's from */
    int64_t sender_account; /* 0 if it is not ours */
    const struct remote_peer
        *remote; /* who he is, if it is somebody of another server; else NULL */
    bool
        leaves; /* in HOOK_OUT: to another server; what is to be kept of it is to be written here */
    enum disk_level disk;
    bool own;       /* the sender is the view's account itself */
    bool limited;   /* the sender came by a grant that does not decide who gets in (credential.h) */
    bool reachable; /* a device of the view's account takes messages now */
    unsigned sender_notes;             /* enum note, set by HOOK_OUT */
    const struct account *account;     /* of the view; for incoming_sessions() */
    const struct anchor_place *places; /* of the media anchor; none while it is not there */
    size_t place_count;
    const uint8_t *origin; /* 16 octets given to outcome_repeats() by HOOK_OUT, or NULL */
};

/* Sessions of the view's account, be they without connection and waiting to be resumed. */
struct present {
    struct str resource, credential; /* the grant that it came by, or empty */
    uint64_t since_ms;
};
/* A device of the view's account has sent its presence to the sender himself (RFC 6121 §4.6). */
bool incoming_shown_directly(const struct incoming *in);
const struct present *incoming_sessions(const struct incoming *in, struct arena *a,
                                        size_t *out_count);

struct outcome;
typedef enum verdict hook_fn(const struct incoming *in, struct outcome *out);
typedef enum verdict query_fn(const struct incoming *in, const struct store_query *done,
                              struct outcome *out);

struct derived {
    struct scram_keys keys[PASSWORD_KEYS];
    struct str password; /* the one that was given, or made */
    struct str id;       /* of its own, random */
};
typedef enum verdict derived_fn(const struct incoming *in, const struct derived *made,
                                struct outcome *out);

/* What has happened to a node of the account; its rows are written. Neither item nor id: everything on it is gone. */
struct pep_change {
    struct str node;
    const struct pep_item *item; /* published, or NULL */
    struct str retracted;        /* id of an item that was taken away */
};
typedef void pep_fn(const struct incoming *in, const struct pep_change *change,
                    struct outcome *out);

/* Our domain; a bare JID (or no `to`: the sender's own). Of somebody who does not see the account's presence, handlers
 * of an account never hear: he gets the answer of an account that does not exist, unless they ask for strangers too. */
enum iq_target {
    TO_SERVER = 1,
    TO_ACCOUNT = 2,
    TO_STRANGERS = 4,
    FROM_REMOTE = 8, /* with TO_SERVER: people and servers elsewhere may ask it, too */
};

struct iq_handler {
    enum stanza_type type; /* IQ_GET or IQ_SET */
    unsigned to;           /* enum iq_target */
    struct str ns, name;   /* of the payload; an empty name takes every name of the namespace */
    hook_fn *handle;
};

/* A command of the server for its users (XEP-0050), of one step: modules/commands.h. */
struct ad_hoc {
    struct str node, name;
    hook_fn *execute;
};

struct module {
    const char *name, *spec;    /* "XEP-0199 2.0.1": docs/compliance.md is made of these */
    const struct str *features; /* disco#info of the server, ended by an empty one; or NULL */
    const struct str *account_features; /* disco#info of accounts */
    /* What else disco#info of the server says, depending on the settings; or NULL. */
    void (*describe)(const struct settings *s, struct arena *a, struct xml_node *query);
    const struct iq_handler *iqs;  /* ended by one without handle; or NULL */
    const struct ad_hoc *commands; /* ended by one without execute; or NULL */
    hook_fn *hooks[HOOK_COUNT];
    pep_fn *pep; /* hears of changes of the account's PEP nodes, or NULL */
};

#define LIST(...)     ((const struct str[]){ __VA_ARGS__, { NULL, 0 } })
#define COMMANDS(...) ((const struct ad_hoc[]){ __VA_ARGS__, { .execute = NULL } })
#define IQS(...)      ((const struct iq_handler[]){ __VA_ARGS__, { .handle = NULL } })

/* Every module, in hook order, ended by NULL. */
extern const struct module *const all_modules[];

/* ---- What a hook can bring about ------------------------------------------------------------------ */

/* Of the sender's session; set and cleared by outcome_session(). */
enum session_flag {
    SESSION_ROSTER = 1,     /* asked for its roster: gets pushes (RFC 6121 §2.1.6) */
    SESSION_BLOCKLIST = 2,  /* asked for its block list: gets pushes (XEP-0191 §3.2) */
    SESSION_CARBONS = 4,    /* XEP-0280 */
    SESSION_INACTIVE = 8,   /* XEP-0352 */
    SESSION_AVAILABLE = 16, /* sent initial presence: the engine's own */
};

/* Remarks on a stanza, passed from the sender's home to the recipient's. */
enum note {
    NOTE_PRIVATE = 1,    /* no carbons: XEP-0280 §6 */
    NOTE_CARBON = 2,     /* eligible for carbons */
    NOTE_UNSENT = 4,     /* the sender does not want it in its own archive */
    NOTE_OFFLINE = 8,    /* somebody should see it: keep it for an offline account */
    NOTE_GATE = 16,      /* composed by the call gate: judged, and for this device only */
    NOTE_RECORD = 32,    /* of a call: composed, too, but everybody may see it */
    NOTE_EXEMPT = 128,   /* no limits count */
    NOTE_GONE = 64,      /* for the ledgers: the caller's device is gone */
    NOTE_UNTOLD = 1024,  /* its sender is not told that there is nobody */
    NOTE_VAIN = 2048,    /* and of this one he is */
    NOTE_UNHEARD = 4096, /* its account is there, and it goes the way of what is for nobody */
    NOTE_ALONE = 512,    /* its sender is not to see how long it takes */
    NOTE_DIRECT =
        256, /* for the gate: the server asks for a device that does not (calls_direct.h) */
};

struct arena *outcome_arena(struct outcome *out);
size_t outcome_bytes(const struct outcome *out); /* of the stanza as it came */

/* To the sender's session. outcome_refuse() answers with an error, or not at all where none is allowed
 * (RFC 6120 §8.3.1), and returns HANDLED. */
void outcome_reply(struct outcome *out, struct xml_node *node);
enum verdict outcome_refuse(const struct incoming *in, struct outcome *out,
                            enum stanza_condition why, struct str text);
/* What happened is counted and noted, for the operator. Copied; actor, target and bytes that are not given are the stanza's. */
void outcome_event(struct outcome *out, const struct event *event);
/* An account has as much of `what`, one word, as it may have: resource-constraint, and an event. */
enum verdict outcome_full(const struct incoming *in, struct outcome *out, const char *what,
                          struct str text);
enum verdict outcome_result(const struct incoming *in, struct outcome *out); /* empty iq result */
/* To somebody else who asked for what is the account's own. Who does not see its presence gets the answer of an
 * account that does not exist. */
enum verdict outcome_forbid(const struct incoming *in, struct outcome *out);

/* A row of the view's account, in the write-set of this stanza. */
struct row *outcome_write(struct outcome *out, enum row_kind kind);

/* An iq of ours to every session of the view's account that has all of `flags`; id and `to` are filled in. */
void outcome_push(struct outcome *out, struct xml_node *iq, unsigned flags);

/* A stanza from the view's account to somebody else; `to` and `from` are set in the tree. */
void outcome_route(struct outcome *out, struct xml_node *node);

/* Sends the presence of every available session of the view's account to `jid`: as it is, or as unavailable. */
void outcome_announce(struct outcome *out, struct str jid, bool available);

/* The presence of every available session is sent again, with what the server adds to it. */
void outcome_presence(struct outcome *out);

/* Blocks that come into force with the rows of this stanza: takes back the presence that was shown to whom they cover,
 * by broadcast or directly. Keys are JIDs. */
void outcome_hide(struct outcome *out, const struct map *blocks);

/* `jid`, a contact or one device of one, is not blocked any more by an entry that goes with the rows of this stanza. If
 * no other covers it, both sides learn what they missed of each other's presence, as far as they may. */
void outcome_show(struct outcome *out, struct str jid);

/* An event of a PEP node of the view's account, to every client that asked for it (XEP-0163 §4.3) and may see it. */
void outcome_notify(struct outcome *out, const struct pep_node *node, struct xml_node *event);

/* Ends the sessions of the sender's account with this resource, or that came by this grant. */
void outcome_end_device(struct outcome *out, struct str resource);
void outcome_end_grant(struct outcome *out, struct str id);

void outcome_session(struct outcome *out, unsigned set, unsigned clear); /* enum session_flag */
void outcome_note(struct outcome *out, unsigned notes);                  /* enum note */

/* True if the sender's account sent a message of this origin before (of its last 256); remembers it otherwise.
 * A repetition of what is not durable yet is answered when that is. */
bool outcome_repeats(struct outcome *out, const uint8_t origin[16]);

/* In HOOK_IN: once it is archived, devices that sleep are told that there is something. */
void outcome_wake(struct outcome *out);

/* In HOOK_OUT: limits of what the sender's account asks of others (budget.h). False: it has asked too much. */
bool outcome_may_subscribe(struct outcome *out);
bool outcome_may_be_told(struct outcome *out); /* that there is nobody of a name */
bool outcome_may_fetch(struct outcome *out, struct str target, bool bundle);

/* In HOOK_OUT: the sender's account writes to this account; it has written to it (of its last CORRESPONDENTS). */
void outcome_wrote(struct outcome *out, struct str bare);
bool outcome_has_written(const struct outcome *out, struct str bare);

/* A query whose answer the handler needs. Returns the query to be filled in; the handler then returns WAIT. */
struct store_query *outcome_query(struct outcome *out, enum query_kind kind, query_fn *then);

/* The keys of a prepared password, or of one that is made of 160 random bits (empty), made off the loop. `salts`: those of
 * the password that it is to stand beside; NULL: its own. The handler then returns WAIT. */
void outcome_derive(struct outcome *out, struct str password, const struct scram_keys *salts,
                    derived_fn *then);

/* Takes one of limits.password_changes_per_account of the view's account; false: it has to wait. */
bool outcome_may_change_password(struct outcome *out);

/* A ticket for a file on another host (fetch_desk.h), charged to the view's account; false: it has had enough for now. */
bool outcome_fetch_ticket(struct outcome *out, struct str url, struct str *out_token);

/* The account is gone with the rows of this stanza: after the replies its contacts hear of it and its sessions end. */
void outcome_end_account(struct outcome *out);

/* An opaque archive id that stays the same for ever (XEP-0359 stanza-id), and back: false if it is not ours. */
struct str archive_id(const struct settings *s, struct arena *a, int64_t account, enum shelf shelf,
                      uint64_t seq);
bool archive_id_read(const struct settings *s, struct str id, int64_t account, enum shelf shelf,
                     uint64_t *out_seq);

#endif
