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

static struct sql of_account(struct db *db, int64_t account)
{
    struct sql s =
        sql_of(db, SQL_DOCUMENT_LIST,
               "SELECT key, value FROM document WHERE account = ? AND kind = ? ORDER BY key");

    sql_put_i64(&s, account);
    return s;
}

/* Few of very many: the index is read as a whole, and not the documents. */
static struct sql of_all(struct db *db)
{
    return sql_of(db, SQL_DOCUMENT_OF_ALL,
                  "SELECT key, value FROM document WHERE rowid IN (SELECT rowid FROM document "
                  "INDEXED BY sqlite_autoindex_document_1 WHERE kind = ?)");
}

const struct document_record *documents_load(struct db *db, struct arena *a, int64_t account,
                                             enum document_kind kind, size_t *out_count)
{
    struct growing documents = GROWING(a, struct document_record);
    struct sql s = account != 0 ? of_account(db, account) : of_all(db);

    sql_put_i64(&s, kind);
    while (sql_row(&s)) {
        struct document_record *d = growing_add(&documents);

        d->key = sql_get_str(&s, a);
        d->value = sql_get_str(&s, a);
    }
    *out_count = documents.n;
    return documents.items;
}

void documents_query(struct db *db, struct store_query *q)
{
    q->out.documents.documents = documents_load(db, &q->op.arena, q->in.document.account,
                                                q->in.document.kind, &q->out.documents.count);
}
