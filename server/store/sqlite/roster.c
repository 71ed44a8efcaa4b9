/* roster.c: roster items with their version, and the block list. */
#include "base/buf.h"
#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

enum { GROUP_SEPARATOR = 0x1f }; /* not a character of XML 1.0, so no group's name contains it */

static void join_groups(struct buf *all, const struct roster_item *item)
{
    for (size_t i = 0; i < item->group_count; i++) {
        if (i > 0)
            buf_add_char(all, GROUP_SEPARATOR);
        buf_add(all, item->groups[i]);
    }
}

static void split_groups(struct arena *a, struct str all, struct roster_item *item)
{
    struct growing groups = GROWING(a, struct str);

    while (all.n > 0)
        *(struct str *)growing_add(&groups) = str_split(&all, GROUP_SEPARATOR);
    item->groups = groups.items;
    item->group_count = groups.n;
}

static void set_version(struct db *db, int64_t account, uint64_t version)
{
    struct sql q = sql_of(db, SQL_ACCOUNT_ROSTER_VERSION,
                          "UPDATE account SET roster_version = ? WHERE id = ?");

    sql_put_u64(&q, version);
    sql_put_i64(&q, account);
    sql_run(&q);
}

void roster_put(struct writer *w, int64_t account, struct row *row)
{
    const struct roster_item *item = &row->roster;
    struct buf groups;
    struct sql q = sql_of(
        &w->db, SQL_ROSTER_PUT,
        "INSERT OR REPLACE INTO roster (account, jid, name, subscription, ask, approved, "
        "pending_in, listed, request, groups, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

    buf_init(&groups, SIZE_MAX); /* the submitter capped the item */
    join_groups(&groups, item);
    sql_put_i64(&q, account);
    sql_put_str(&q, item->jid);
    sql_put_str(&q, item->name);
    sql_put_i64(&q, item->subscription);
    sql_put_i64(&q, item->ask);
    sql_put_i64(&q, item->approved);
    sql_put_i64(&q, item->pending_in);
    sql_put_i64(&q, item->listed);
    sql_put_str(&q, item->request);
    sql_put_str(&q, buf_str(&groups));
    sql_put_u64(&q, item->version);
    sql_run(&q);
    buf_deinit(&groups);
    set_version(&w->db, account, item->version);
}

void roster_gone(struct writer *w, int64_t account, struct row *row)
{
    struct sql q =
        sql_of(&w->db, SQL_ROSTER_REMOVE, "DELETE FROM roster WHERE account = ? AND jid = ?");

    sql_put_i64(&q, account);
    sql_put_str(&q, row->roster.jid);
    sql_run(&q);
    set_version(&w->db, account, row->roster.version);
}

void roster_load(struct db *db, struct arena *a, struct account_record *out)
{
    struct growing items = GROWING(a, struct roster_item);
    struct sql q = sql_of(
        db, SQL_ROSTER_LOAD,
        "SELECT jid, name, subscription, ask, approved, pending_in, listed, request, groups, "
        "version FROM roster WHERE account = ? ORDER BY jid");

    sql_put_i64(&q, out->id);
    while (sql_row(&q)) {
        struct roster_item *item = growing_add(&items);

        item->jid = sql_get_str(&q, a);
        item->name = sql_get_str(&q, a);
        item->subscription = (enum subscription)sql_get_i64(&q);
        item->ask = sql_get_bool(&q);
        item->approved = sql_get_bool(&q);
        item->pending_in = sql_get_bool(&q);
        item->listed = sql_get_bool(&q);
        item->request = sql_get_str(&q, a);
        split_groups(a, sql_get_str(&q, a), item);
        item->version = sql_get_u64(&q);
    }
    out->roster = items.items;
    out->roster_count = items.n;
}

void block_put(struct writer *w, int64_t account, struct row *row)
{
    struct sql q =
        sql_of(&w->db, SQL_BLOCK_PUT, "INSERT OR IGNORE INTO block (account, jid) VALUES (?, ?)");

    sql_put_i64(&q, account);
    sql_put_str(&q, row->block.jid);
    sql_run(&q);
}

void block_gone(struct writer *w, int64_t account, struct row *row)
{
    struct sql q =
        row->block.jid.n == 0
            ? sql_of(&w->db, SQL_BLOCK_CLEAR, "DELETE FROM block WHERE account = ?")
            : sql_of(&w->db, SQL_BLOCK_REMOVE, "DELETE FROM block WHERE account = ? AND jid = ?");

    sql_put_i64(&q, account);
    if (row->block.jid.n > 0)
        sql_put_str(&q, row->block.jid);
    sql_run(&q);
}

void blocks_load(struct db *db, struct arena *a, struct account_record *out)
{
    struct growing jids = GROWING(a, struct str);
    struct sql q =
        sql_of(db, SQL_BLOCK_LOAD, "SELECT jid FROM block WHERE account = ? ORDER BY jid");

    sql_put_i64(&q, out->id);
    while (sql_row(&q))
        *(struct str *)growing_add(&jids) = sql_get_str(&q, a);
    out->blocks = jids.items;
    out->block_count = jids.n;
}
