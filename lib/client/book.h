/* book.h: all that an engine must not forget, but for what people wrote: rows of tables, each a key and a value.
 *
 * Rows live in memory and, the same, in the store of the program that the engine is part of. A change is seen at once
 * here and is listed for the store until book_take() hands the list over; the program makes a list durable as a whole.
 * Values are records (record.h) that each table's owner reads and writes; the store seals them and understands none.
 *
 * Owns: rows and lists.  Threads: one at a time.  Errors: none; out of memory stops the process.
 */
#ifndef SOTTO_CLIENT_BOOK_H
#define SOTTO_CLIENT_BOOK_H

#include "base/arena.h"
#include "base/map.h"

/* The numbers are in stores: never give one a new meaning. */
enum book_table {
    BOOK_SELF = 1,      /* by name: pins, token, cursors */
    BOOK_CONTACT = 2,   /* by bare JID */
    BOOK_IDENTITY = 3,  /* one row: our key of OMEMO */
    BOOK_PREKEY = 4,    /* by id */
    BOOK_SIGNED = 5,    /* by id: signed prekeys */
    BOOK_DEVICES = 6,   /* by version and bare JID: what it last published */
    BOOK_REMOTE = 7,    /* by version, bare JID, device */
    BOOK_KEPT = 8,      /* by session, chain, n */
    BOOK_TRUST = 9,     /* by bare JID and identity key */
    BOOK_OUTBOX = 10,   /* by number: what the server does not have yet */
    BOOK_TIMELINE = 11, /* by chat and number; never in memory */
    BOOK_PEOPLE = 12,   /* by bare JID: what the server does not know of somebody */
    BOOK_WISH = 13,     /* by bare JID: what the person decided and the server has not answered */
    BOOK_BLOCKED = 14,  /* by JID */
    BOOK_HELD = 15,     /* by bare JID and number: messages of strangers */
    BOOK_ROOM = 16,     /* by bare JID: bookmarks */
    BOOK_CHAT = 17,     /* by bare JID: what is unread */
    BOOK_EXPIRY = 18,   /* by bare JID: its timer; by place: entries that will be erased */
    BOOK_UPLOAD = 19,   /* by message: files that the server does not have yet */
    BOOK_HISTORY = 20,  /* what goes to a device that was linked, or comes from one */
    BOOK_TOLD = 21, /* what other devices said of keys and does not count yet (trust_message.h) */
    BOOK_TABLES = 22,
};

struct book_change {
    struct book_change *next;
    enum book_table table;
    struct bytes key, value;
    bool deleted;
};

struct book_changes {
    struct arena arena;
    struct book_change *first, *last;
};

struct book {
    struct map rows[BOOK_TABLES];
    struct book_changes changes;
    uint64_t generation; /* of the list of changes */
};

void book_init(struct book *b, const uint64_t seed[2]);
void book_deinit(struct book *b);
void book_load(struct book *b, enum book_table table, struct bytes key,
               struct bytes value); /* no change */

/* Borrowed until the row changes; p == NULL: there is no such row. */
struct bytes book_get(const struct book *b, enum book_table table, struct bytes key);
void book_put(struct book *b, enum book_table table, struct bytes key, struct bytes value);
void book_delete(struct book *b, enum book_table table, struct bytes key);
/* A row for the store alone, and its end: to be overwritten, not only forgotten. */
void book_append(struct book *b, enum book_table table, struct bytes key, struct bytes value);
void book_erase(struct book *b, enum book_table table, struct bytes key);

/* Walks a table in no order; it must not change meanwhile. */
bool book_next(const struct book *b, enum book_table table, size_t *cursor, struct bytes *out_key,
               struct bytes *out_value);
size_t book_count(const struct book *b, enum book_table table);

/* Moves the list of changes out. Of a row that was put several times it holds the last value only. */
struct book_changes book_take(struct book *b);
void book_changes_deinit(struct book_changes *c);

#endif
