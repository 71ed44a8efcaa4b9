/* pushes.c: where devices that sleep ask to be woken (XEP-0357). With a device goes what it asked for (schema-5.sql). */
#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

/* How many there are beside this one. */
static size_t count_others(struct db *db, int64_t account, const struct push_record *p)
{
    struct sql q =
        sql_of(db, SQL_PUSH_COUNT,
               "SELECT count(*) FROM push WHERE account = ? AND (service, node) != (?, ?)");
    size_t n = 0;

    sql_put_i64(&q, account);
    sql_put_str(&q, p->service);
    sql_put_str(&q, p->node);
    while (sql_row(&q))
        n = (size_t)sql_get_u64(&q);
    return n;
}

void push_put(struct writer *w, int64_t account, struct row *row)
{
    const struct push_record *p = &row->push.record;
    struct sql q;

    if (count_others(&w->db, account, p) >= row->push.keep) {
        db_fail(&w->db, ERR_FULL);
        return;
    }
    q = sql_of(&w->db, SQL_PUSH_PUT,
               "INSERT OR REPLACE INTO push VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)");
    sql_put_i64(&q, account);
    sql_put_str(&q, p->service);
    sql_put_str(&q, p->node);
    sql_put_str(&q, p->device);
    sql_put_str(&q, p->via);
    sql_put_str(&q, p->options);
    sql_put_u64(&q, p->since_ms);
    sql_run(&q);
}

void push_failed(struct writer *w, int64_t account, struct row *row)
{
    const struct push_record *p = &row->push.record;
    struct sql q = sql_of(&w->db, SQL_PUSH_FAIL,
                          "UPDATE push SET failures = ?, retry = ? "
                          "WHERE account = ? AND service = ? AND node = ?");

    sql_put_i64(&q, p->failures);
    sql_put_u64(&q, p->retry_ms);
    sql_put_i64(&q, account);
    sql_put_str(&q, p->service);
    sql_put_str(&q, p->node);
    sql_run(&q);
}

void push_gone(struct writer *w, int64_t account, struct row *row)
{
    const struct push_record *p = &row->push.record;
    struct sql q = sql_of(&w->db, SQL_PUSH_REMOVE,
                          "DELETE FROM push WHERE account = ?1 AND ?2 IN ('', service) "
                          "AND ?3 IN ('', node) AND ?4 IN ('', device)");

    sql_put_i64(&q, account);
    sql_put_str(&q, p->service);
    sql_put_str(&q, p->node);
    sql_put_str(&q, p->device);
    sql_run(&q);
}

void pushes_of_grant(struct db *db, int64_t account, struct str id)
{
    struct sql q = sql_of(db, SQL_PUSH_GRANT, "DELETE FROM push WHERE account = ? AND via = ?");

    sql_put_i64(&q, account);
    sql_put_str(&q, id);
    sql_run(&q);
}

bool pushes_exist(struct db *db, int64_t account)
{
    struct sql q = sql_of(db, SQL_PUSH_ANY, "SELECT 1 FROM push WHERE account = ? LIMIT 1");
    bool found;

    sql_put_i64(&q, account);
    found = sql_row(&q);
    sql_end(&q);
    return found;
}

void pushes_query(struct db *db, struct store_query *q)
{
    struct arena *a = &q->op.arena;
    struct growing pushes = GROWING(a, struct push_record);
    struct sql s = sql_of(db, SQL_PUSH_LIST,
                          "SELECT service, node, device, via, options, since, failures, retry "
                          "FROM push WHERE account = ? ORDER BY service, node");

    sql_put_i64(&s, q->in.pushes.account);
    while (sql_row(&s)) {
        struct push_record *p = growing_add(&pushes);

        p->service = sql_get_str(&s, a);
        p->node = sql_get_str(&s, a);
        p->device = sql_get_str(&s, a);
        p->via = sql_get_str(&s, a);
        p->options = sql_get_str(&s, a);
        p->since_ms = sql_get_u64(&s);
        p->failures = (uint32_t)sql_get_u64(&s);
        p->retry_ms = sql_get_u64(&s);
    }
    q->out.pushes.pushes = pushes.items;
    q->out.pushes.count = pushes.n;
}
