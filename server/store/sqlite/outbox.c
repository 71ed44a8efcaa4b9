/* outbox.c: messages to other servers, until these have them. */
#include "server/store/sqlite/rows.h"

void outbox_put(struct writer *w, int64_t account, struct row *row)
{
    struct sql q = sql_of(&w->db, SQL_OUTBOX_PUT,
                          "INSERT INTO outbox (domain, stanza, since) VALUES (?, ?, ?)");

    (void)account;
    sql_put_str(&q, row->outbox.domain);
    sql_put_str(&q, row->outbox.stanza);
    sql_put_u64(&q, row->outbox.since_ms);
    sql_run(&q);
    row->outbox.id = (uint64_t)db_last_id(&w->db);
}

void outbox_gone(struct writer *w, int64_t account, struct row *row)
{
    struct sql q = sql_of(&w->db, SQL_OUTBOX_REMOVE, "DELETE FROM outbox WHERE id = ?");

    (void)account;
    sql_put_u64(&q, row->outbox.id);
    sql_run(&q);
}

void outbox_query(struct db *db, struct store_query *q)
{
    uint32_t max = q->in.outbox.max;
    struct outbox_record *found = arena_alloc(&q->op.arena, max * sizeof *found);
    struct sql s = sql_of(db, SQL_OUTBOX_LIST,
                          "SELECT id, domain, stanza, since FROM outbox WHERE id > ? "
                          "ORDER BY id LIMIT ?");
    size_t n = 0;

    sql_put_u64(&s, q->in.outbox.after);
    sql_put_i64(&s, max);
    while (n < max && sql_row(&s)) {
        found[n].id = sql_get_u64(&s);
        found[n].domain = sql_get_str(&s, &q->op.arena);
        found[n].stanza = sql_get_str(&s, &q->op.arena);
        found[n++].since_ms = sql_get_u64(&s);
    }
    sql_end(&s);
    q->out.outbox.records = found;
    q->out.outbox.count = n;
}
