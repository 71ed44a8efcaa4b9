/* engine.h: the engine of a messenger: one account on one device, without I/O.
 *
 * Every program of ours is a shell around it: it moves bytes between the engine and a connection, makes rows durable, tells the time
 * and shows events. The engine asks for all of it by being looked at:
 *
 *   after any call below, until nothing is wanted:
 *     engine_wants()   connect, start TLS, close, wake up at this time
 *     engine_output()  bytes for the connection
 *     engine_commit()  rows for the store; when they are durable: engine_committed()
 *     engine_event()   something for the person
 *
 * What is wanted because of a change waits until that change is durable: no ciphertext leaves before its ratchet is stored, nothing is
 * acknowledged or shown before it cannot be lost. Calls may come while a commit is under way.
 *
 * Owns: everything but what is passed in.  Threads: one at a time.  Units: milliseconds since 1970, bytes.
 * Errors: a store that fails cannot be caught up with: engine_committed(false) ends the engine (ENGINE_BROKEN); begin again with a new
 * one from the rows that are durable.
 */
#ifndef SOTTO_CLIENT_ENGINE_H
#define SOTTO_CLIENT_ENGINE_H

#include "client/book.h"
#include "client/entry.h"
#include "client/login.h"
#include "omemo/trust.h"
#include "xmpp/stream.h"

struct engine;

struct engine_config {
    struct jid jid;              /* bare */
    struct str password;         /* may be empty once there is a token */
    struct str software, device; /* for the person's list of devices */
    const struct random *random;
    bool websocket;   /* RFC 7395 framing; else TCP */
    bool by_password; /* even if there is a token: to see whether it is right */
};

/* ---- Life ------------------------------------------------------------------------------------------ */

struct engine *engine_new(const struct engine_config *config);
void engine_free(struct engine *c);
/* Rows of the store, all but BOOK_TIMELINE, before engine_start(). ERR_MALFORMED: not a row of ours. */
CHECKED enum err engine_load(struct engine *c, enum book_table table, struct bytes key,
                             struct bytes value);
void engine_start(struct engine *c, uint64_t now_ms);
void engine_stop(struct engine *c); /* says goodbye; the connection is then to be closed */

/* ---- The world ------------------------------------------------------------------------------------- */

void engine_now(struct engine *c,
                uint64_t now_ms); /* before any other call, and when it wants to be woken */
void engine_connected(struct engine *c, bool secured, struct binding_data binding);
void engine_secured(struct engine *c, struct binding_data binding);
void engine_received(struct engine *c, struct str bytes);
void engine_disconnected(struct engine *c); /* or there was no connection to be had */
void engine_committed(struct engine *c, bool durable);

enum engine_want { WANT_NOTHING, WANT_CONNECTION, WANT_TLS, WANT_CLOSE };
enum engine_want engine_wants(struct engine *c, uint64_t *out_wake_ms); /* UINT64_MAX: never */
/* Online, with nothing left to catch up with, to make durable or to hear from the server: a good moment to leave. */
bool engine_is_settled(const struct engine *c);
struct str engine_output(const struct engine *c);
void engine_sent(struct engine *c, size_t n);
const struct book_changes *engine_commit(struct engine *c); /* NULL: none, or one is under way */

/* ---- People ---------------------------------------------------------------------------------------- */

enum engine_event_kind {
    ENGINE_ONLINE,    /* logged in; resumed: nothing was missed */
    ENGINE_CAUGHT_UP, /* the archive has been read to its end */
    ENGINE_OFFLINE,   /* failure and text say why if `refused` */
    ENGINE_ENTRY,     /* something new in a chat: entry */
    ENGINE_CONTACTS,  /* the list of contacts, or somebody's presence, has changed */
    ENGINE_TYPING,    /* entry.author types in entry.chat, or stopped: on */
    ENGINE_DEVICE, /* a new device of entry.author: text is its fingerprint; on: messages wait for a decision; it is an entry, too */
    ENGINE_TRUST, /* another device has told of a key of entry.author: text is its fingerprint; on: trusted, else refused */
    ENGINE_FILE_DONE, /* nobody needs the sealed file any more that the program calls `text` (files.h) */
    ENGINE_FETCH, /* entry.target: a file elsewhere; text: get it from there, or if `refused`: why not */
    ENGINE_CONTACT, /* something has come of entry.author: change; text: a name, or why */
    ENGINE_REQUEST, /* entry: of somebody whom the person has not chosen; on: it waits (people.h) */
    ENGINE_ERASED,  /* entry.id of entry.author in entry.chat has disappeared (XEP-0466) */
    ENGINE_ACCESS, /* what came of a question about who may log in: access; entry.id, text (access.h) */
    ENGINE_INVITATION, /* what came of engine_invite(): refused, text, entry (invitation.h) */
    ENGINE_CALL, /* entry.id: a call with entry.chat, entry.trust of it: call, call_media; text: a description, or why (call.h) */
    ENGINE_LINK, /* how far a new device is: link; entry.author: its name; text: digits, or why (link_old.h) */
    ENGINE_HISTORY, /* what was promised to a new device cannot be given: text (history.h) */
    ENGINE_ROOMS,   /* the list of rooms has changed (rooms.h) */
    ENGINE_BROKEN,  /* the store failed */
};

enum contact_change {
    CONTACT_ASKS,  /* to see us */
    CONTACT_ADDED, /* to the list, from any device of ours */
    CONTACT_RENAMED,
    CONTACT_REMOVED,
    CONTACT_GRANTED, /* we see them now */
    CONTACT_REFUSED, /* we do not, or not any more */
    CONTACT_BLOCKED,
    CONTACT_UNBLOCKED,
    CONTACT_FAILED, /* the server refused what the person decided; text: why */
};

enum access_change {
    ACCESS_LISTED,
    ACCESS_MADE, /* entry.id: the new one's; text: the password */
    ACCESS_REVOKED,
    ACCESS_REVOKED_FOR_NOW, /* it knows the account's password, and comes back with it */
    ACCESS_FAILED,          /* text: why */
};

enum call_news {
    CALL_COMES,        /* they call: it rings until call_answer(), call_end() or CALL_IS_OVER */
    CALL_RINGS_THERE,  /* a device of theirs rings */
    CALL_IS_ANSWERED,  /* by a person: now the media process is started, on both sides */
    CALL_IS_DESCRIBED, /* text: their description for it, as SDP */
    CALL_IS_OVER,      /* text: why, in words; empty: this side ended it */
};

enum link_change { LINK_OPENED, LINK_WAITS, LINK_ANSWERED, LINK_GIVEN, LINK_FAILED };

struct engine_event {
    enum engine_event_kind kind;
    struct entry entry;
    bool resumed, refused, on;
    enum contact_change change;
    enum access_change access;
    enum link_change link;
    enum call_news call;
    unsigned call_media; /* a set of enum jingle_media */
    enum login_failure failure;
    struct str text;
};

/* Its texts live until the next call of engine_event(). */
bool engine_event(struct engine *c, struct engine_event *out);

/* What people write: chat.h. */

/* Keys that we have met. */
struct engine_key_info {
    struct str account; /* bare JID, in the engine's memory until the next call that changes it */
    uint32_t device;
    uint8_t curve[32]; /* the form that people compare: identity_fingerprint() */
    enum trust trust;
    uint64_t met_ms;
    bool
        linked; /* with this device, or one that we believed: as good as compared, but asked for by nobody */
    uint64_t decided_ms; /* what was said before this counts no more; 0: nothing was */
};
bool engine_next_key(const struct engine *c, size_t *cursor, struct engine_key_info *out);
/* ERR_MALFORMED: no fingerprint; ERR_MISSING: not one of this account's. What waited for the decision goes on. */
CHECKED enum err engine_decide(struct engine *c, struct str account, struct str fingerprint,
                               enum trust_action action);
/* Our own, as others see it. */
struct str engine_fingerprint(const struct engine *c, struct arena *a, uint32_t *out_device);

#endif
