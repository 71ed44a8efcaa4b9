/* jid_sweep.c: mark and sweep over table jid. */
#include "server/store/sqlite/jid_sweep.h"

enum { ENTRIES_PER_STEP = 4096, JIDS_PER_STEP = 512 };

static void mark(struct jid_sweep *s, int64_t id)
{
    if (id <= s->last_id)
        s->marks[id / 8] |= (uint8_t)(1u << (id % 8));
}

static bool marked(const struct jid_sweep *s, int64_t id)
{
    return s->marks[id / 8] >> (id % 8) & 1;
}

static void mark_used(void *ctx, int64_t id)
{
    mark(ctx, id);
}

static void finish(struct jid_sweep *s, struct jids *jids)
{
    jids_watch(jids, NULL, NULL);
    jid_sweep_deinit(s);
}

void jid_sweep_deinit(struct jid_sweep *s)
{
    mem_free(s->marks);
    *s = (struct jid_sweep){ 0 };
}

void jid_sweep_begin(struct jid_sweep *s, struct jids *jids, struct db *db)
{
    struct sql q = sql_of(db, SQL_JID_MAX, "SELECT coalesce(max(id), 0) FROM jid");

    jid_sweep_deinit(s);
    while (sql_row(&q))
        s->last_id = sql_get_i64(&q);
    s->marks = mem_alloc((size_t)s->last_id / 8 + 1);
    jids_watch(jids, mark_used, s);
}

static void read_entries(struct jid_sweep *s, struct db *db)
{
    struct sql q = sql_of(db, SQL_JID_USES,
                          "SELECT owner, seq, peer FROM entry WHERE (owner, seq) > (?, ?) ORDER BY "
                          "owner, seq LIMIT ?");
    unsigned n = 0;

    sql_put_i64(&q, s->owner);
    sql_put_u64(&q, s->seq);
    sql_put_i64(&q, ENTRIES_PER_STEP);
    for (; sql_row(&q); n++) {
        s->owner = sql_get_i64(&q);
        s->seq = sql_get_u64(&q);
        mark(s, sql_get_i64(&q));
    }
    s->removing = n < ENTRIES_PER_STEP;
}

static void remove_one(struct db *db, int64_t id)
{
    struct sql q = sql_of(db, SQL_JID_REMOVE, "DELETE FROM jid WHERE id = ?");

    sql_put_i64(&q, id);
    sql_run(&q);
}

/* The writer may remember an address that goes here; it must look it up again. */
static bool remove_unmarked(struct jid_sweep *s, struct jids *jids, struct db *db)
{
    int64_t ids[JIDS_PER_STEP];
    size_t n = 0;
    struct sql q =
        sql_of(db, SQL_JID_SCAN, "SELECT id FROM jid WHERE id > ? AND id <= ? ORDER BY id LIMIT ?");

    sql_put_i64(&q, s->id);
    sql_put_i64(&q, s->last_id);
    sql_put_i64(&q, JIDS_PER_STEP);
    while (sql_row(&q))
        ids[n++] = sql_get_i64(&q);
    for (size_t i = 0; i < n; i++)
        if (!marked(s, ids[i]))
            remove_one(db, ids[i]);
    if (n > 0)
        s->id = ids[n - 1];
    jids_forget_all(jids);
    return n == JIDS_PER_STEP;
}

bool jid_sweep_step(struct jid_sweep *s, struct jids *jids, struct db *db)
{
    if (!s->removing) {
        read_entries(s, db);
        return true;
    }
    if (remove_unmarked(s, jids, db))
        return true;
    finish(s, jids);
    return false;
}
