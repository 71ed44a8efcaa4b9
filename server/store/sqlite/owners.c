/* owners.c: account look-ups and sequence blocks in the writer's memory. */
#include "server/store/sqlite/owners.h"

enum {
    OWNERS_MAX = 65536, /* about 10 MB when full */
    SEQ_BLOCK = 64,     /* one account row is written per so many entries */
};

void owners_init(struct owners *o)
{
    lru_init(&o->known, OWNERS_MAX, NULL); /* our own numbers: nobody chooses them */
}

static void owner_free(struct lru_item *item)
{
    if (item != NULL)
        mem_free(CONTAINER_OF(item, struct owner, item));
}

void owners_forget_all(struct owners *o)
{
    for (struct lru_item *item; (item = lru_pop(&o->known)) != NULL;)
        owner_free(item);
}

void owners_deinit(struct owners *o)
{
    owners_forget_all(o);
    lru_deinit(&o->known);
}

static struct str key_of(const int64_t *account)
{
    return (struct str){ (const char *)account, sizeof *account };
}

void owners_forget(struct owners *o, int64_t account)
{
    struct lru_item *item = lru_get(&o->known, key_of(&account));

    if (item != NULL) {
        lru_remove(&o->known, item);
        owner_free(item);
    }
}

/* The time of the newest entry: later ones must not be older. */
static uint64_t newest_time(struct db *db, int64_t owner)
{
    struct sql q = sql_of(db, SQL_OWNER_LAST,
                          "SELECT m.ts FROM entry AS e CROSS JOIN message AS m ON m.id = e.message "
                          "WHERE e.owner = ? ORDER BY e.seq DESC LIMIT 1");
    uint64_t ts = 0;

    sql_put_i64(&q, owner);
    while (sql_row(&q))
        ts = sql_get_u64(&q);
    return ts;
}

static struct owner *owner_load(struct db *db, int64_t account)
{
    struct sql q =
        sql_of(db, SQL_OWNER_LOAD, "SELECT archive_seq, requests_seq FROM account WHERE id = ?");
    struct owner *owner;

    sql_put_i64(&q, account);
    if (!sql_row(&q))
        return NULL;
    owner = mem_alloc(sizeof *owner);
    owner->account = account;
    owner->item.key = key_of(&owner->account);
    for (unsigned shelf = 0; shelf < SHELF_COUNT; shelf++)
        owner->shelf[shelf].last = owner->shelf[shelf].reserved = sql_get_u64(&q);
    sql_end(&q);
    for (unsigned shelf = 0; shelf < SHELF_COUNT; shelf++)
        owner->shelf[shelf].last_ms = newest_time(db, shelf_owner(account, shelf));
    return owner;
}

struct owner *owners_get(struct owners *o, struct db *db, int64_t account)
{
    struct lru_item *item = lru_get(&o->known, key_of(&account));
    struct owner *owner;

    if (item != NULL)
        return CONTAINER_OF(item, struct owner, item);
    owner = owner_load(db, account);
    if (owner == NULL)
        return NULL;
    lru_add(&o->known, &owner->item);
    owner_free(lru_full(&o->known));
    return owner;
}

static void reserve(struct owner *owner, struct db *db, enum shelf shelf)
{
    struct sql q = shelf == SHELF_ARCHIVE
                       ? sql_of(db, SQL_OWNER_RESERVE_ARCHIVE,
                                "UPDATE account SET archive_seq = ? WHERE id = ?")
                       : sql_of(db, SQL_OWNER_RESERVE_REQUESTS,
                                "UPDATE account SET requests_seq = ? WHERE id = ?");

    owner->shelf[shelf].reserved += SEQ_BLOCK;
    sql_put_u64(&q, owner->shelf[shelf].reserved);
    sql_put_i64(&q, owner->account);
    sql_run(&q);
}

uint64_t owner_next_seq(struct owner *owner, struct db *db, enum shelf shelf)
{
    if (owner->shelf[shelf].last == owner->shelf[shelf].reserved)
        reserve(owner, db, shelf);
    return ++owner->shelf[shelf].last;
}
