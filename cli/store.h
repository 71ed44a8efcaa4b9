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

#include "client/backup.h"
#include "client/engine.h"

struct store;

enum store_state { STORE_ABSENT, STORE_NEEDS_PASSPHRASE, STORE_NEEDS_NOTHING };
struct store_locks {
    enum store_state state;
    struct str keyring; /* the name under which the desktop's keyring has a key, too; empty: none */
};
/* What opening the store of this folder takes. */
CHECKED enum err store_look(const char *folder, struct store_locks *out, struct str *why,
                            struct arena *a);

/* Makes the folder and the store if they are not there. An empty passphrase: a key file in the same folder, which only this
 * user can read. ERR_DENIED: the passphrase is wrong; ERR_CONFLICT: another process uses the folder. */
CHECKED enum err store_open(const char *folder, struct str passphrase, const struct random *random,
                            struct store **out, struct str *why, struct arena *a);
/* The same with what the keyring gave; without it, with the passphrase. */
struct store_key {
    struct str passphrase;
    struct bytes keyring;
};
CHECKED enum err store_unlock(const char *folder, const struct store_key *key,
                              const struct random *random, struct store **out, struct str *why,
                              struct arena *a);

/* From now on it opens with this passphrase, empty: with a key file, and with nothing that did before but the keyring, which is
 * of no use beside a key file and goes. In one transaction: whenever the power goes, the old or the new one opens it. When
 * it returns, no file holds what the old one opened. */
CHECKED enum err store_set_passphrase(struct store *s, struct str passphrase, struct str *why,
                                      struct arena *a);
/* The keyring's key opens it, too; `name` empty: no key of the keyring does any more. */
CHECKED enum err store_set_keyring(struct store *s, struct str name, struct bytes key);

void store_close(struct store *s); /* NULL is allowed */
/* A store that was made for nothing: closes it and removes its files. */
void store_discard(struct store *s);

/* The program's own: "jid", "password". ERR_MISSING. */
CHECKED enum err store_setting(struct store *s, const char *name, struct arena *a, struct str *out);
CHECKED enum err store_set(struct store *s, const char *name, struct str value);

/* A deleted row of BOOK_TIMELINE is an entry that was to disappear: when it returns, no file holds it any more, sealed or not. */
CHECKED enum err store_commit(struct store *s, const struct book_changes *changes);
/* Every row but those of chats, into an engine that has not started. */
CHECKED enum err store_load(struct store *s, struct engine *engine);

/* Entries are told from the oldest to the newest, with their numbers, which grow as they come. Views live during the call;
 * the store must not be asked meanwhile. */
typedef void store_entry(void *ctx, uint64_t number, const struct entry *e);

/* Of one chat, by time: the `limit` messages before or after an entry, each with what was said in between. Number 0: before the
 * end, after the beginning. */
enum store_side { STORE_BEFORE, STORE_AFTER };
CHECKED enum err store_page(struct store *s, struct str chat, uint64_t number, enum store_side side,
                            size_t limit, store_entry *each, void *ctx);
/* Up to `limit` entries that came later than number `after`, whatever the chat, in the order of their coming. */
CHECKED enum err store_later(struct store *s, uint64_t after, size_t limit, store_entry *each,
                             void *ctx);
/* The last `limit` messages with all these words (client/search.h), as they stand now; chat empty: of all chats. */
CHECKED enum err store_search(struct store *s, struct str chat, struct str words, size_t limit,
                              store_entry *each, void *ctx);

/* A chat is there once something happened in it, or a draft or a place was set. */
enum { STORE_UNREAD_MAX = 100 };
struct store_chat {
    struct str jid;
    struct entry last; /* its newest message; kind 0: there is none */
    uint64_t last_number;
    uint64_t read; /* all that came up to this number was read */
    size_t
        unread; /* messages of others since, at most STORE_UNREAD_MAX; an answer counts as reading */
    struct str draft;
};
typedef void store_chat_each(void *ctx, const struct store_chat *c);
CHECKED enum err store_chats(struct store *s, store_chat_each *each,
                             void *ctx); /* the latest first */
CHECKED enum err store_chat(struct store *s, struct str jid, struct arena *a,
                            struct store_chat *out); /* ERR_MISSING */
CHECKED enum err store_set_draft(struct store *s, struct str chat, struct str draft);
CHECKED enum err store_set_read(struct store *s, struct str chat, uint64_t number);
/* What a backup holds, as it is at this moment; stops with what `each` returns, which must not ask the store. */
typedef enum err store_record(void *ctx, const struct backup_record *r);
CHECKED enum err store_copy(struct store *s, store_record *each, void *ctx);
uint64_t store_count(struct store *s); /* of entries */
/* A store without an account becomes that of a backup: nothing of it lasts before the end. */
CHECKED enum err store_fill_begin(struct store *s);
CHECKED enum err store_fill(struct store *s, const struct backup_record *r);
CHECKED enum err store_fill_end(struct store *s);

/* What goes to a device that was linked (client/history.h): a part of the entries, from `below` down, with the numbers that they get
 * there; with the first part rows and chats. `cut` says where the next one begins. */
struct store_cut {
    uint64_t below;          /* in: as in struct history_gift; out: for the next part */
    uint64_t entries, total; /* out: of this part; up to `below` */
    bool last;               /* out */
};
CHECKED enum err store_history(struct store *s, struct store_cut *cut, store_record *each,
                               void *ctx);
/* In a store that has no entries yet: leaves room before all that will come. */
CHECKED enum err store_make_room(struct store *s);
/* One part, which lasts as a whole or not at all; `next` gives its records, and ERR_MISSING at their end. Entries that came here, too,
 * stay as they are, but for those that only the other device could read. ERR_MALFORMED: it holds what no history does. */
typedef enum err store_next(void *ctx, struct backup_record *out);
CHECKED enum err store_take_history(struct store *s, store_next *next, void *ctx);

/* All that is kept of a chat, and its key: no file holds it any more. */
CHECKED enum err store_erase_chat(struct store *s, struct str chat);

#endif
