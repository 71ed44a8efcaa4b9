/* client.h: the engine of a messenger: one account on one device, without I/O.
 *
 * Every program of ours is a shell around it: it moves bytes between the engine and a connection, makes rows durable, tells the time
 * and shows events. The engine asks for all of it by being looked at:
 *
 *   after any call below, until nothing is wanted:
 *     client_wants()   connect, start TLS, close, wake up at this time
 *     client_output()  bytes for the connection
 *     client_commit()  rows for the store; when they are durable: client_committed()
 *     client_event()   something for the person
 *
 * What is wanted because of a change waits until that change is durable: no ciphertext leaves before its ratchet is stored, nothing is
 * acknowledged or shown before it cannot be lost. Calls may come while a commit is under way.
 *
 * Owns: everything but what is passed in.  Threads: one at a time.  Units: milliseconds since 1970, bytes.
 * Errors: a store that fails cannot be caught up with: client_committed(false) ends the engine (CLIENT_BROKEN); begin again with a new
 * one from the rows that are durable.
 */
#ifndef SOTTO_CLIENT_CLIENT_H
#define SOTTO_CLIENT_CLIENT_H

#include "client/book.h"
#include "client/entry.h"
#include "client/login.h"
#include "xmpp/stream.h"

struct client;

struct client_config {
    struct jid jid;              /* bare */
    struct str password;         /* may be empty once there is a token */
    struct str software, device; /* for the person's list of devices */
    const struct random *random;
    bool websocket;              /* RFC 7395 framing; else TCP */
};

/* ---- Life ------------------------------------------------------------------------------------------ */

struct client *client_new(const struct client_config *config);
void client_free(struct client *c);
/* Rows of the store, all but BOOK_TIMELINE, before client_start(). ERR_MALFORMED: not a row of ours. */
CHECKED enum err client_load(struct client *c, enum book_table table, struct bytes key,
                             struct bytes value);
void client_start(struct client *c, uint64_t now_ms);
void client_stop(struct client *c); /* says goodbye; the connection is then to be closed */

/* ---- The world ------------------------------------------------------------------------------------- */

void client_now(struct client *c, uint64_t now_ms); /* before any other call, and when it wants to be woken */
void client_connected(struct client *c, bool secured, struct binding_data binding);
void client_secured(struct client *c, struct binding_data binding);
void client_received(struct client *c, struct str bytes);
void client_disconnected(struct client *c);
void client_committed(struct client *c, bool durable);

enum client_want { WANT_NOTHING, WANT_CONNECTION, WANT_TLS, WANT_CLOSE };
enum client_want client_wants(struct client *c, uint64_t *out_wake_ms); /* UINT64_MAX: never */
struct str client_output(const struct client *c);
void client_sent(struct client *c, size_t n);
const struct book_changes *client_commit(struct client *c); /* NULL: none, or one is under way */

/* ---- People ---------------------------------------------------------------------------------------- */

enum client_event_kind {
    CLIENT_ONLINE,    /* logged in; resumed: nothing was missed */
    CLIENT_CAUGHT_UP, /* the archive has been read to its end */
    CLIENT_OFFLINE,   /* failure and text say why if `refused` */
    CLIENT_ENTRY,     /* something new in a chat: entry */
    CLIENT_CONTACTS,  /* the list of contacts, or somebody's presence, has changed */
    CLIENT_TYPING,    /* entry.author types in entry.chat, or stopped: on */
    CLIENT_DEVICE,    /* a new device of entry.author: text is its fingerprint */
    CLIENT_BROKEN,    /* the store failed */
};

struct client_event {
    enum client_event_kind kind;
    struct entry entry;
    bool resumed, refused, on;
    enum login_failure failure;
    struct str text;
};

/* Its texts live until the next call of client_event(). */
bool client_event(struct client *c, struct client_event *out);

/* A message to a person, sealed for all devices of both sides. It is in the outbox when the next commit is durable, and
 * goes out as soon as it can, be it after a restart. out_id: its origin-id, in the arena of the caller. */
CHECKED enum err client_send_text(struct client *c, struct arena *a, const struct jid *to,
                                  struct str text, struct str *out_id);

#endif
