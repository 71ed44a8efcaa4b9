/* documents.c: small records that modules keep for an account, by kind and key. */
#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

void document_put(struct writer *w, int64_t account, struct row *row)
{
    bool remove = row->document.value.n == 0;
    struct sql q =
        remove
            ? sql_of(&w->db, SQL_DOCUMENT_REMOVE,
                     "DELETE FROM document WHERE account = ? AND kind = ? AND key = ?")
            : sql_of(
                &w->db, SQL_DOCUMENT_PUT,
                "INSERT OR REPLACE INTO document (account, kind, key, value) VALUES (?, ?, ?, ?)");

    sql_put_i64(&q, account);
    sql_put_i64(&q, row->document.kind);
    sql_put_str(&q, row->document.key);
    if (!remove)
        sql_put_str(&q, row->document.value);
    sql_run(&q);
}

struct str document_find(struct db *db, struct arena *a, int64_t account, enum document_kind kind,
                         struct str key)
{
    struct sql q = sql_of(db, SQL_DOCUMENT_FIND,
                          "SELECT value FROM document WHERE account = ? AND kind = ? AND key = ?");
    struct str value = STR("");

    sql_put_i64(&q, account);
    sql_put_i64(&q, kind);
    sql_put_str(&q, key);
    while (sql_row(&q))
        value = sql_get_str(&q, a);
    return value;
}

void document_query(struct db *db, struct store_query *q)
{
    q->out.document.value = document_find(db, &q->op.arena, q->in.document.account,
                                          q->in.document.kind, q->in.document.key);
}

void documents_query(struct db *db, struct store_query *q)
{
    struct growing documents = GROWING(&q->op.arena, struct document_record);
    struct sql s =
        sql_of(db, SQL_DOCUMENT_LIST,
               "SELECT key, value FROM document WHERE account = ? AND kind = ? ORDER BY key");

    sql_put_i64(&s, q->in.document.account);
    sql_put_i64(&s, q->in.document.kind);
    while (sql_row(&s)) {
        struct document_record *d = growing_add(&documents);

        d->key = sql_get_str(&s, &q->op.arena);
        d->value = sql_get_str(&s, &q->op.arena);
    }
    q->out.documents.documents = documents.items;
    q->out.documents.count = documents.n;
}
