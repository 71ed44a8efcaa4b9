/* store.h: what a messenger keeps, in one SQLite file of its data folder, sealed row by row (vault.h).
 *
 * Who gets hold of the file without what unlocks it learns how many rows there are, how large they are, when something happened in
 * chats, and which rows belong to the same chat; no name and no word.
 * A commit is one transaction, on the disk when it returns (WAL, synchronous=FULL). One process at a time uses a folder.
 *
 * Owns: the database, the lock of the folder, the keys.  Threads: one at a time, not always the same.
 * Errors: as enum err; opening says in words what is wrong and what to do.
 */
#ifndef SOTTO_CLI_STORE_H
#define SOTTO_CLI_STORE_H

#include "client/engine.h"

struct store;

enum store_state { STORE_ABSENT, STORE_NEEDS_PASSPHRASE, STORE_NEEDS_NOTHING };
/* What opening the store of this folder takes. */
CHECKED enum err store_look(const char *folder, enum store_state *out, struct str *why,
                            struct arena *a);

/* Makes the folder and the store if they are not there. An empty passphrase: a key file in the same folder, which only this
 * user can read. ERR_DENIED: the passphrase is wrong; ERR_CONFLICT: another process uses the folder. */
CHECKED enum err store_open(const char *folder, struct str passphrase, const struct random *random,
                            struct store **out, struct str *why, struct arena *a);
void store_close(struct store *s); /* NULL is allowed */
/* A store that was made for nothing: closes it and removes its files. */
void store_discard(struct store *s);

/* The program's own: "jid", "password". ERR_MISSING. */
CHECKED enum err store_setting(struct store *s, const char *name, struct arena *a, struct str *out);
CHECKED enum err store_set(struct store *s, const char *name, struct str value);

CHECKED enum err store_commit(struct store *s, const struct book_changes *changes);
/* Every row but those of chats, into an engine that has not started. */
CHECKED enum err store_load(struct store *s, struct engine *engine);

/* The last `limit` messages of a chat, oldest first, each with what was said of it in between. Views live during the call. */
typedef void store_entry(void *ctx, const struct entry *e);
CHECKED enum err store_history(struct store *s, struct str chat, size_t limit, store_entry *each,
                               void *ctx);

/* Up to `limit` entries that came later than number `after`, whatever the chat, in the order of their coming. */
typedef void store_numbered(void *ctx, uint64_t number, const struct entry *e);
CHECKED enum err store_later(struct store *s, uint64_t after, size_t limit, store_numbered *each,
                             void *ctx);

#endif
