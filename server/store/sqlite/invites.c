/* invites.c: invitations, known by the hash of their token. */
#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

enum { INVITES_LISTED = 1000 };

#define INVITE_COLUMNS "token_hash, inviter, domain, account, used, created, expires"

static struct invite_record invite_read(struct sql *q, struct arena *a)
{
    struct invite_record i = { .token_hash = sql_get_bytes(q, a) };

    i.inviter = sql_get_str(q, a);
    i.domain = sql_get_str(q, a);
    i.account = sql_get_bool(q);
    i.used = sql_get_bool(q);
    i.created_ms = sql_get_u64(q);
    i.expires_ms = sql_get_u64(q);
    return i;
}

static bool invite_find(struct db *db, struct bytes token_hash, struct arena *a,
                        struct invite_record *out)
{
    struct sql q =
        sql_of(db, SQL_INVITE_FIND, "SELECT " INVITE_COLUMNS " FROM invite WHERE token_hash = ?");

    sql_put_bytes(&q, token_hash);
    if (!sql_row(&q))
        return false;
    *out = invite_read(&q, a);
    sql_end(&q);
    return true;
}

void invite_put(struct writer *w, int64_t account, struct row *row)
{
    const struct invite_record *i = &row->invite.invite;
    struct sql q =
        sql_of(&w->db, SQL_INVITE_ADD,
               "INSERT OR IGNORE INTO invite (" INVITE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)");

    (void)account;
    sql_put_bytes(&q, i->token_hash);
    sql_put_str(&q, i->inviter);
    sql_put_str(&q, i->domain);
    sql_put_i64(&q, i->account);
    sql_put_i64(&q, i->used);
    sql_put_u64(&q, i->created_ms);
    sql_put_u64(&q, i->expires_ms);
    sql_run(&q);
    if (db_changes(&w->db) == 0)
        db_fail(&w->db, ERR_EXISTS);
}

void invite_gone(struct writer *w, int64_t account, struct row *row)
{
    struct sql q = sql_of(&w->db, SQL_INVITE_REMOVE, "DELETE FROM invite WHERE token_hash = ?");

    (void)account;
    sql_put_bytes(&q, row->invite.invite.token_hash);
    sql_run(&q);
}

void invite_use(struct writer *w, int64_t account, struct row *row)
{
    struct arena scratch = { 0 };
    struct invite_record found = { 0 };
    struct sql q;

    (void)account;
    if (!invite_find(&w->db, row->invite.invite.token_hash, &scratch, &found))
        db_fail(&w->db, ERR_MISSING);
    else if (found.used || found.expires_ms <= row->invite.now_ms)
        db_fail(&w->db, ERR_CONFLICT);
    q = sql_of(&w->db, SQL_INVITE_USE, "UPDATE invite SET used = 1 WHERE token_hash = ?");
    sql_put_bytes(&q, row->invite.invite.token_hash);
    sql_run(&q);
    arena_deinit(&scratch);
}

void invite_query(struct db *db, struct store_query *q)
{
    struct invite_record *found = ARENA_NEW(&q->op.arena, struct invite_record);

    if (!invite_find(db, q->in.invite.token_hash, &q->op.arena, found)) {
        db_fail(db, ERR_MISSING);
        return;
    }
    q->out.invites.invites = found;
    q->out.invites.count = 1;
}

void invites_query(struct db *db, struct store_query *q)
{
    struct growing invites = GROWING(&q->op.arena, struct invite_record);
    struct sql s =
        sql_of(db, SQL_INVITE_LIST,
               "SELECT " INVITE_COLUMNS " FROM invite ORDER BY created DESC, token_hash LIMIT ?");

    sql_put_i64(&s, INVITES_LISTED);
    while (sql_row(&s)) {
        struct invite_record *i = growing_add(&invites);

        *i = invite_read(&s, &q->op.arena);
    }
    q->out.invites.invites = invites.items;
    q->out.invites.count = invites.n;
}
