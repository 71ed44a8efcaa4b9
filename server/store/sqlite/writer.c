/* writer.c: write-sets into one open transaction, each of them whole or not at all. */
#include "server/store/sqlite/rows.h"

#include <assert.h>

static const struct {
    row_fn *apply;
    bool of_account; /* the account that it names must exist */
    bool refusable;  /* it can fail, or make a later row of the set fail */
} kinds[ROW_KIND_COUNT] = {
    [ROW_ACCOUNT_NEW] = { account_new, false, true },
    [ROW_ACCOUNT_GONE] = { account_gone, true, true },
    [ROW_CREDENTIAL] = { credential_put, true, true },
    [ROW_GRANT] = { grant_put, true, true },
    [ROW_GRANT_USED] = { grant_used, true, true },
    [ROW_ROSTER] = { roster_put, true, false },
    [ROW_ROSTER_GONE] = { roster_gone, true, false },
    [ROW_BLOCK] = { block_put, true, false },
    [ROW_BLOCK_GONE] = { block_gone, true, false },
    [ROW_PEP_NODE] = { pep_node_put, true, false },
    [ROW_PEP_NODE_GONE] = { pep_node_gone, true, false },
    [ROW_PEP_ITEM] = { pep_item_put, true, true },
    [ROW_PEP_ITEM_GONE] = { pep_item_gone, true, false },
    [ROW_PEP_PURGE] = { pep_purge, true, false },
    [ROW_DOCUMENT] = { document_put, true, false },
    [ROW_MESSAGE] = { message_put, false, false },
    [ROW_CURSOR] = { cursor_put, true, false },
    [ROW_ENTRY_MOVE] = { entry_move, true, false },
    [ROW_ENTRY_GONE] = { entry_gone, true, false },
    [ROW_INVITE] = { invite_put, false, true },
    [ROW_INVITE_GONE] = { invite_gone, false, false },
    [ROW_INVITE_USED] = { invite_use, false, true },
    [ROW_DEVICE] = { device_put, true, true },
    [ROW_DEVICE_SEEN] = { device_seen, true, true },
    [ROW_DEVICE_GONE] = { device_gone, true, false },
    [ROW_UPLOAD] = { upload_put, true, false },
    [ROW_UPLOAD_GONE] = { upload_gone, false, false },
    [ROW_PUSH] = { push_put, true, true },
    [ROW_PUSH_FAILED] = { push_failed, true, false },
    [ROW_PUSH_GONE] = { push_gone, true, false },
    [ROW_LINK] = { link_put, false, true },
    [ROW_LINK_GONE] = { link_gone, false, true },
    [ROW_OUTBOX] = { outbox_put, true, false },
    [ROW_OUTBOX_GONE] = { outbox_gone, false, false },
};

enum err writer_open(struct writer *w, const char *path, const char *vfs)
{
    *w = (struct writer){ 0 };
    owners_init(&w->owners);
    jids_init(&w->jids);
    return db_open(&w->db, path, vfs);
}

void writer_close(struct writer *w)
{
    db_close(&w->db);
    jids_deinit(&w->jids);
    owners_deinit(&w->owners);
}

/* What the memory knows may have been rolled back. */
static void forget(struct writer *w)
{
    owners_forget_all(&w->owners);
    jids_forget_all(&w->jids);
}

void writer_begin(struct writer *w)
{
    db_clear(&w->db);
    w->tally = (struct tally){ 0 };
    db_run(&w->db, SQL_BEGIN, "BEGIN IMMEDIATE");
}

static void tally_put(struct writer *w)
{
    struct sql q;

    if (w->tally.accounts == 0 && w->tally.messages == 0 && w->tally.entries == 0)
        return;
    q = sql_of(
        &w->db, SQL_TALLY,
        "UPDATE tally SET accounts = accounts + ?, messages = messages + ?, entries = entries + ?");
    sql_put_i64(&q, w->tally.accounts);
    sql_put_i64(&q, w->tally.messages);
    sql_put_i64(&q, w->tally.entries);
    sql_run(&q);
}

enum err writer_end(struct writer *w)
{
    tally_put(w);
    db_run(&w->db, SQL_COMMIT, "COMMIT");
    if (w->db.error == ERR_NONE)
        return ERR_NONE;
    /* Some failures end the transaction by themselves. */
    if (!sqlite3_get_autocommit(w->db.native))
        sqlite3_exec(w->db.native, "ROLLBACK", NULL, NULL, NULL);
    forget(w);
    return w->db.error;
}

static int64_t account_of(const struct writer *w, const struct row *row)
{
    int64_t account = row->account;

    if (row->kind == ROW_UPLOAD && row->upload.account != 0)
        account = row->upload.account;
    return account != 0 ? account : w->new_account;
}

static bool known(struct writer *w, int64_t account)
{
    return account != 0 && owners_get(&w->owners, &w->db, account) != NULL;
}

static bool row_refusable(struct writer *w, const struct row *row)
{
    if (kinds[row->kind].refusable)
        return true;
    if (row->kind == ROW_MESSAGE)
        for (int i = 0; i < 2; i++)
            if (row->message.entry[i].account != 0 && !known(w, row->message.entry[i].account))
                return true;
    return kinds[row->kind].of_account && !known(w, account_of(w, row));
}

/* One row refuses before it writes. Several need a way back, unless none of them can be refused,
 * which is the common case and spares the savepoint. */
static bool needs_savepoint(struct writer *w, const struct write_set *set)
{
    if (set->first == set->last)
        return false;
    for (const struct row *row = set->first; row != NULL; row = row->next)
        if (row_refusable(w, row))
            return true;
    return false;
}

static void row_apply(struct writer *w, struct row *row)
{
    int64_t account = account_of(w, row);

    assert(row->kind >= 0 && row->kind < ROW_KIND_COUNT);
    if (kinds[row->kind].of_account) {
        if (!known(w, account)) {
            db_fail(&w->db, ERR_MISSING);
            return;
        }
        row->account = account;
    }
    kinds[row->kind].apply(w, account, row);
}

void writer_apply(struct writer *w, struct write_set *set)
{
    struct tally before = w->tally;
    bool savepoint;

    w->new_account = 0;
    savepoint = needs_savepoint(w, set);
    if (savepoint)
        db_run(&w->db, SQL_SAVEPOINT, "SAVEPOINT write_set");
    for (struct row *row = set->first; row != NULL && w->db.error == ERR_NONE; row = row->next)
        row_apply(w, row);
    set->op.result = w->db.error;
    if (w->db.broken)
        return;
    if (set->op.result != ERR_NONE) {
        set->op.by_rule = true;
        db_clear(&w->db);
        w->tally = before;
        if (savepoint) {
            db_run(&w->db, SQL_ROLLBACK_TO, "ROLLBACK TO write_set");
            forget(w);
        }
    }
    if (savepoint)
        db_run(&w->db, SQL_RELEASE, "RELEASE write_set");
}
