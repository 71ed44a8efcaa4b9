/* reader.c: from a query to its function, inside a read transaction. */
#include "server/store/sqlite/reader.h"

#include <assert.h>

#include "server/store/sqlite/rows.h"

static void stats_query(struct db *db, struct store_query *q);

static query_fn *const kinds[QUERY_KIND_COUNT] = {
    [QUERY_ACCOUNT] = account_query,       [QUERY_CREDENTIALS] = credentials_query,
    [QUERY_ARCHIVE] = archive_query,       [QUERY_PEP_ITEMS] = pep_query,
    [QUERY_DOCUMENT] = document_query,     [QUERY_DOCUMENTS] = documents_query,
    [QUERY_ACCOUNTS] = accounts_query,     [QUERY_INVITE] = invite_query,
    [QUERY_INVITES] = invites_query,       [QUERY_UPLOAD] = upload_query,
    [QUERY_UPLOAD_USE] = upload_use_query, [QUERY_UPLOADS_EXPIRED] = uploads_expired_query,
    [QUERY_DEVICES] = devices_query,       [QUERY_STATS] = stats_query,
    [QUERY_PASSWORD] = password_query,     [QUERY_LINK] = link_query,
    [QUERY_PUSHES] = pushes_query,         [QUERY_OUTBOX] = outbox_query,
};

/* The writer keeps a tally, so that counting does not read the whole archive. */
static void stats_query(struct db *db, struct store_query *q)
{
    struct sql s = sql_of(db, SQL_STATS, "SELECT accounts, messages, entries FROM tally");
    uint64_t page_size = (uint64_t)db_pragma(db, "PRAGMA page_size");

    while (sql_row(&s)) {
        q->out.stats.accounts = sql_get_u64(&s);
        q->out.stats.messages = sql_get_u64(&s);
        q->out.stats.entries = sql_get_u64(&s);
    }
    q->out.stats.file_bytes = page_size * (uint64_t)db_pragma(db, "PRAGMA page_count");
    q->out.stats.free_bytes = page_size * (uint64_t)db_pragma(db, "PRAGMA freelist_count");
}

bool db_answer(struct db *db, struct store_query *q)
{
    bool answered;

    assert(q->kind >= 0 && q->kind < QUERY_KIND_COUNT);
    db_clear(db);
    db_run(db, SQL_BEGIN_READ, "BEGIN");
    kinds[q->kind](db, q);
    q->op.result = db->error;
    answered = !db->broken;
    db_clear(db);
    db_run(db, SQL_COMMIT, "COMMIT");
    return answered;
}
