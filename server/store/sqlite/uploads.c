/* uploads.c: slots of uploaded files (XEP-0363). The files themselves are the server's; a slot's
 * row stays until the server says that the file is gone, so that a crash between the two leaves no
 * file without a row. */
#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

#define UPLOAD_COLUMNS "slot, account, filename, content_type, size, created, expires, done"

static struct upload_record upload_read(struct sql *q, struct arena *a)
{
    struct upload_record u = { .slot = sql_get_str(q, a) };

    u.account = sql_get_i64(q);
    u.filename = sql_get_str(q, a);
    u.content_type = sql_get_str(q, a);
    u.size = sql_get_u64(q);
    u.created_ms = sql_get_u64(q);
    u.expires_ms = sql_get_u64(q);
    u.done = sql_get_bool(q);
    return u;
}

void upload_put(struct writer *w, int64_t account, struct row *row)
{
    const struct upload_record *u = &row->upload;
    struct sql q = sql_of(&w->db, SQL_UPLOAD_PUT,
                          "INSERT OR REPLACE INTO upload (" UPLOAD_COLUMNS
                          ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

    sql_put_str(&q, u->slot);
    sql_put_i64(&q, account);
    sql_put_str(&q, u->filename);
    sql_put_str(&q, u->content_type);
    sql_put_u64(&q, u->size);
    sql_put_u64(&q, u->created_ms);
    sql_put_u64(&q, u->expires_ms);
    sql_put_i64(&q, u->done);
    sql_run(&q);
}

void upload_gone(struct writer *w, int64_t account, struct row *row)
{
    struct sql q = sql_of(&w->db, SQL_UPLOAD_REMOVE, "DELETE FROM upload WHERE slot = ?");

    (void)account;
    sql_put_str(&q, row->upload.slot);
    sql_run(&q);
}

void upload_query(struct db *db, struct store_query *q)
{
    struct sql s = sql_of(db, SQL_UPLOAD_FIND,
                          "SELECT " UPLOAD_COLUMNS " FROM upload WHERE slot = ? AND account != 0");

    sql_put_str(&s, q->in.upload.slot);
    if (!sql_row(&s)) {
        db_fail(db, ERR_MISSING);
        return;
    }
    q->out.upload.upload = upload_read(&s, &q->op.arena);
    sql_end(&s);
}

static void use_read(struct sql *s, struct store_query *q)
{
    sql_put_u64(s, q->in.upload.since_ms);
    while (sql_row(s)) {
        q->out.upload.bytes = sql_get_u64(s);
        q->out.upload.files = sql_get_u64(s);
    }
}

void upload_use_query(struct db *db, struct store_query *q)
{
    struct sql s;

    if (q->in.upload.account == UPLOADS_OF_ALL) {
        s = sql_of(db, SQL_UPLOAD_USE_ALL,
                   "SELECT coalesce(sum(size), 0), count(*) FROM upload WHERE created >= ?");
    } else {
        s = sql_of(db, SQL_UPLOAD_USE,
                   "SELECT coalesce(sum(size), 0), count(*) FROM upload "
                   "WHERE account = ? AND created >= ?");
        sql_put_i64(&s, q->in.upload.account);
    }
    use_read(&s, q);
}

/* Those of removed accounts expired at 0. */
void uploads_expired_query(struct db *db, struct store_query *q)
{
    struct growing uploads = GROWING(&q->op.arena, struct upload_record);
    struct sql s = sql_of(db, SQL_UPLOAD_EXPIRED,
                          "SELECT " UPLOAD_COLUMNS
                          " FROM upload WHERE expires <= ? ORDER BY expires, slot LIMIT ?");

    sql_put_u64(&s, q->in.uploads_expired.now_ms);
    sql_put_i64(&s, q->in.uploads_expired.max);
    while (sql_row(&s)) {
        struct upload_record *u = growing_add(&uploads);

        *u = upload_read(&s, &q->op.arena);
    }
    q->out.uploads.uploads = uploads.items;
    q->out.uploads.count = uploads.n;
}
