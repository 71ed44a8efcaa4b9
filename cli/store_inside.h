/* store_inside.h: one store as its files see it. Nobody outside includes it.
 *
 *   store.c           rows, settings, commits        store_open.c      folder, file, schema
 *   store_locks.c     what unlocks it
 *   store_timeline.c  what happens in chats          store_chats.c     chats: their keys, drafts, what was read
 *   store_search.c    words in what was written      store_sql.c       statements
 *   store_erase.c     what is to be gone             store_upgrade.c   stores of older versions
 *   store_copy.c      what backups hold              store_retract.c   words that were taken back
 *   store_history.c   what goes to a device that was linked
 *
 *   master key ──> values: rows, and of each chat its key ──> its entries, its state
 *
 * A chat's entries are sealed with a key of the chat's own, so that a chat is gone with its key.
 */
#ifndef SOTTO_CLI_STORE_INSIDE_H
#define SOTTO_CLI_STORE_INSIDE_H

#include <sqlite3.h>

#include "base/map.h"
#include "cli/store.h"
#include "cli/vault.h"

/* Beside the tables of the book, in rows and in what is sealed. */
enum { TABLE_SETTINGS = 200, TABLE_CHAT_KEY = 201, TABLE_CHAT_STATE = 202, TABLE_TAKEN = 203 };

enum { ROW_MAX = 2 << 20 };

enum statement {
    PUT_ROW,
    DELETE_ROW,
    GET_ROW,
    ALL_ROWS,
    EVERY_ROW,
    EVERY_ENTRY,
    COUNT_UP_TO,
    ADD_ENTRY,
    REPLACE_ENTRY,
    ADD_OLD_ENTRY,
    ENTRIES_BELOW,
    ENTRY_PLACE,
    ENTRIES_BEFORE,
    ENTRIES_AFTER,
    LATER_ENTRIES,
    NEWEST_ENTRIES,
    UNREAD_ENTRIES,
    ERASE_ENTRY,
    ERASE_ENTRIES,
    ERASE_CHAT,
    ADD_CHAT,
    PUT_CHAT_STATE,
    GET_CHAT,
    ALL_CHATS,
    BEGIN,
    COMMIT,
    ROLLBACK,
    STATEMENTS,
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    struct vault *vault;  /* in memory for secrets */
    struct map chat_keys; /* by lookup: those that were needed */
    struct random random;
    struct arena arena; /* of `folder` */
    const char *folder;
    int lock_fd;
    int64_t first; /* numbers up to this one are kept for what another device was told */
};

#define FILE_STORE "sotto.db"
#define FILE_KEY   "key"

/* store_locks.c */
const char *store_path(struct arena *a, const char *folder, const char *file);
CHECKED enum err locks_look(struct store *s, struct store_locks *out, struct arena *a);
CHECKED enum err locks_make(struct store *s, struct str passphrase, struct str *why,
                            struct arena *a); /* in the transaction that makes the store */
CHECKED enum err locks_open(struct store *s, const struct store_key *key, struct str *why,
                            struct arena *a);

/* store_sql.c */
void sql_bind(sqlite3_stmt *q, int at, struct bytes b);
struct bytes sql_column(sqlite3_stmt *q, int at);
sqlite3_stmt *sql_prepared(struct store *s, enum statement which);
CHECKED enum err sql_run(sqlite3_stmt *q);
CHECKED enum err sql_simple(struct store *s, enum statement which);
void sql_roll_back(struct store *s);
CHECKED enum err sql_execute(struct store *s, const char *text);
int64_t sql_number(struct store *s, const char *text); /* -1: it fails */

/* store.c */
CHECKED enum err row_put(struct store *s, uint8_t kind, struct bytes key, struct bytes value);
CHECKED enum err row_get(struct store *s, struct arena *a, uint8_t kind, struct bytes key,
                         struct bytes *out); /* ERR_MISSING */
CHECKED enum err row_open(struct store *s, struct arena *a, uint8_t kind, struct bytes place,
                          struct bytes sealed, struct bytes *out_key, struct bytes *out_value);

/* store_timeline.c */
struct place_of_entry {
    struct bytes chat, at; /* lookup of the chat; the engine's key */
};
CHECKED enum err kept_add(struct store *s, struct bytes at, struct bytes value);
CHECKED enum err kept_replace(struct store *s, uint64_t number, struct bytes at,
                              struct bytes value);
/* One of another device, with the number that it has there; it is there already: ERR_NONE, too. */
CHECKED enum err kept_add_old(struct store *s, struct bytes at, struct bytes value,
                              uint64_t number);
/* What lies there, and the entry that it is; both view the arena. */
CHECKED enum err kept_value(struct store *s, struct arena *a, struct place_of_entry place,
                            struct bytes sealed, struct bytes *out);
CHECKED enum err kept_open(struct store *s, struct arena *a, struct place_of_entry place,
                           struct bytes sealed, struct entry *out);

/* Number, place and value of each entry of a chat, away from `number`; to be reset. */
sqlite3_stmt *kept_from(struct store *s, struct bytes chat, uint64_t number, enum store_side side);

/* store_chats.c */
struct chat_key {
    uint8_t lookup[VAULT_LOOKUP], key[VAULT_KEY];
};
/* NULL: there is no such chat, or its key cannot be had. */
const struct chat_key *chat_key_of(struct store *s, struct bytes lookup);
const struct chat_key *chat_key_made(struct store *s, struct str jid);
void chat_keys_forget(struct store *s);
/* Of a row of the chats, what is sealed in it. */
struct chat_state {
    struct str jid, draft;
    uint64_t read; /* number of the newest entry that was read */
};
CHECKED enum err chat_open(struct store *s, struct arena *a, struct bytes lookup,
                           struct bytes sealed, struct chat_state *out);

/* store_history.c: of a store that was opened. */
CHECKED enum err history_look(struct store *s);

/* store_copy.c */
#define HEARD "heard"        /* a setting: the last entry that `sotto listen` has told */
#define FIRST "entries from" /* a setting: `first` */
#define NAMED "device"       /* a setting: what this device is called, and no other */
/* The number of an entry in a store that is made of these entries, in their order. */
uint64_t number_anew(struct store *s, uint64_t number);
typedef enum err copy_one(void *ctx, sqlite3_stmt *q);
/* Walks a statement, which is reset; what its rows are is the caller's. */
CHECKED enum err copy_walk(sqlite3_stmt *q, copy_one *one, void *ctx);
CHECKED enum err copy_chat(struct store *s, sqlite3_stmt *q, store_record *each, void *ctx);

/* store_erase.c: by the engine's key; then what the log still has, after the commit. */
CHECKED enum err kept_erase(struct store *s, struct bytes at);
CHECKED enum err log_wipe(struct store *s);
CHECKED enum err log_tidy(struct store *s); /* of a run that did not come to it */

/* store_retract.c: *value loses what was taken back before it came. */
CHECKED enum err taken_before(struct store *s, struct arena *a, const struct entry *entry,
                              struct bytes *value);
/* What those take that were noted; *out_any: something, so the log is to be wiped after the commit. Frees *t. */
struct taking;
struct takings {
    struct arena arena;
    struct taking *first;
};
void taken_note(struct store *s, struct takings *t, const struct entry *e); /* if it is one */
CHECKED enum err taken_noted(struct store *s, struct takings *t, bool *out_any);
/* What retractions in these changes, or in all that is kept, take. */
CHECKED enum err taken_by(struct store *s, const struct book_changes *changes, bool *out_any);
CHECKED enum err taken_everywhere(struct store *s, bool *out_any);

/* store_upgrade.c: from any older version. */
CHECKED enum err store_upgrade(struct store *s);

#endif
