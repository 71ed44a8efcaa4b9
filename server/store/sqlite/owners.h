/* owners.h: the writer's memory of accounts: that they exist, and where their sequences stand.
 *
 * Sequences are reserved in blocks: the account's row holds the highest reserved number, the
 * numbers of a block are counted here. A number is used only in the transaction that reserves it or
 * in a later one, so none comes twice, also after a crash; what is left of a block is then a gap.
 * Times never decrease along a sequence.
 * Owns: its records.  Threads: the writer's.  Errors: stick in db->error.
 */
#ifndef SOTTO_SERVER_STORE_SQLITE_OWNERS_H
#define SOTTO_SERVER_STORE_SQLITE_OWNERS_H

#include "server/store.h"
#include "server/store/lru.h"
#include "server/store/sqlite/sql.h"

enum { SHELF_COUNT = 2 };

struct owner {
    struct lru_item item;
    int64_t account;
    struct {
        uint64_t last, reserved, last_ms;
    } shelf[SHELF_COUNT];
};

struct owners {
    struct lru known;
};

/* The number of a shelf in the entry table. */
static inline int64_t shelf_owner(int64_t account, enum shelf shelf)
{
    return account * SHELF_COUNT + (int64_t)shelf;
}

void owners_init(struct owners *o);
void owners_deinit(struct owners *o);
void owners_forget_all(struct owners *o); /* after a rollback: memory may be ahead of the tables */
void owners_forget(struct owners *o, int64_t account);

/* NULL if there is no such account (or the look-up failed). Valid for the row in work: only what
 * was not used for the longest time is forgotten. */
struct owner *owners_get(struct owners *o, struct db *db, int64_t account);
uint64_t owner_next_seq(struct owner *owner, struct db *db, enum shelf shelf);

#endif
