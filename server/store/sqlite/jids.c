/* jids.c: interning of peers' addresses. */
#include "server/store/sqlite/jids.h"

#include <string.h>

enum { JIDS_MAX = 32768 }; /* about 5 MB when full */

struct known_jid {
    struct lru_item item;
    int64_t id;
    char text[];
};

/* The seed is random, because peers choose these keys. */
void jids_init(struct jids *j)
{
    uint64_t seed[2];

    sqlite3_randomness(sizeof seed, seed);
    *j = (struct jids){ 0 };
    lru_init(&j->known, JIDS_MAX, seed);
}

static void known_free(struct lru_item *item)
{
    if (item != NULL)
        mem_free(CONTAINER_OF(item, struct known_jid, item));
}

void jids_forget_all(struct jids *j)
{
    for (struct lru_item *item; (item = lru_pop(&j->known)) != NULL;)
        known_free(item);
}

void jids_deinit(struct jids *j)
{
    jids_forget_all(j);
    lru_deinit(&j->known);
}

struct str jid_text_bare(struct str jid)
{
    return str_slice(jid, 0, str_find(jid, '/'));
}

struct str jid_text_resource(struct str jid)
{
    return str_skip(jid, str_find(jid, '/') + 1);
}

static int64_t jid_find(struct db *db, struct str jid)
{
    struct sql q = sql_of(db, SQL_JID_FIND, "SELECT id FROM jid WHERE bare = ? AND resource = ?");
    int64_t id = 0;

    sql_put_str(&q, jid_text_bare(jid));
    sql_put_str(&q, jid_text_resource(jid));
    while (sql_row(&q))
        id = sql_get_i64(&q);
    return id;
}

static int64_t jid_add(struct db *db, struct str jid)
{
    struct sql q = sql_of(db, SQL_JID_ADD, "INSERT INTO jid (bare, resource) VALUES (?, ?)");

    sql_put_str(&q, jid_text_bare(jid));
    sql_put_str(&q, jid_text_resource(jid));
    sql_run(&q);
    return db_last_id(db);
}

static void remember(struct jids *j, struct str jid, int64_t id)
{
    struct known_jid *known = mem_alloc(sizeof *known + jid.n);

    known->id = id;
    if (jid.n > 0)
        memcpy(known->text, jid.p, jid.n);
    known->item.key = (struct str){ known->text, jid.n };
    lru_add(&j->known, &known->item);
    known_free(lru_full(&j->known));
}

void jids_watch(struct jids *j, jid_used *used, void *ctx)
{
    j->used = used;
    j->used_ctx = ctx;
}

void jids_use(struct jids *j, int64_t id)
{
    if (j->used != NULL)
        j->used(j->used_ctx, id);
}

int64_t jids_intern(struct jids *j, struct db *db, struct str jid)
{
    struct lru_item *item = lru_get(&j->known, jid);
    int64_t id;

    if (item != NULL)
        return CONTAINER_OF(item, struct known_jid, item)->id;
    id = jid_find(db, jid);
    if (id == 0)
        id = jid_add(db, jid);
    if (db->error == ERR_NONE)
        remember(j, jid, id);
    return id;
}
