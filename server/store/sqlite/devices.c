/* devices.c: the clients of an account and their tokens (XEP-0494, XEP-0484). */
#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

static void put_token(struct sql *q, const struct device_token *t)
{
    sql_put_bytes(q, t->seed);
    sql_put_str(q, t->mechanism);
    sql_put_u64(q, t->made_ms);
    sql_put_u64(q, t->expires_ms);
    sql_put_u64(q, t->count);
}

static bool is_as_it_was(struct db *db, int64_t account, const struct device_record *was)
{
    struct sql q = sql_of(db, SQL_DEVICE_FIND,
                          "SELECT 1 FROM device WHERE account = ? AND resource = ? "
                          "AND token_seed = ? AND next_seed = ?");
    bool found;

    sql_put_i64(&q, account);
    sql_put_str(&q, was->resource);
    sql_put_bytes(&q, was->token.seed);
    sql_put_bytes(&q, was->next_token.seed);
    found = sql_row(&q);
    sql_end(&q);
    return found;
}

/* Passwords stay until somebody takes them away. */
static void trim(struct db *db, int64_t account, uint32_t keep)
{
    struct sql q =
        sql_of(db, SQL_DEVICE_TRIM,
               "DELETE FROM device WHERE account = ?1 AND resource IN (SELECT resource FROM device "
               "WHERE account = ?1 AND granted = 0 ORDER BY last_seen DESC LIMIT -1 OFFSET ?2)");

    if (keep == 0)
        return;
    sql_put_i64(&q, account);
    sql_put_i64(&q, keep);
    sql_run(&q);
}

void device_write(struct db *db, int64_t account, const struct device_record *d)
{
    struct sql q = sql_of(db, SQL_DEVICE_PUT,
                          "INSERT OR REPLACE INTO device VALUES "
                          "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

    sql_put_i64(&q, account);
    sql_put_str(&q, d->resource);
    sql_put_str(&q, d->user_agent_id);
    sql_put_str(&q, d->software);
    sql_put_str(&q, d->name);
    sql_put_u64(&q, d->first_ms);
    sql_put_u64(&q, d->last_ms);
    sql_put_str(&q, d->auth);
    put_token(&q, &d->token);
    put_token(&q, &d->next_token);
    sql_put_i64(&q, d->password);
    sql_put_i64(&q, d->granted);
    sql_put_str(&q, d->via);
    sql_put_u64(&q, d->expires_ms);
    sql_run(&q);
}

void device_put(struct writer *w, int64_t account, struct row *row)
{
    const struct device_record *d = &row->device;

    if (d->via.n > 0 && !grant_exists(&w->db, account, d->via)) {
        db_fail(&w->db, ERR_MISSING);
        return;
    }
    if (row->device_was != NULL && !is_as_it_was(&w->db, account, row->device_was)) {
        db_fail(&w->db, ERR_CONFLICT);
        return;
    }
    device_write(&w->db, account, d);
    trim(&w->db, account, row->keep_devices);
}

/* A token is good as long as that by which it was got. */
static bool device_refresh(struct db *db, int64_t account, const struct device_record *d)
{
    struct sql q =
        sql_of(db, SQL_DEVICE_REFRESH,
               "UPDATE device SET last_seen = ?1, auth = ?2, password = max(password, ?3), "
               "token_seed = iif(via = ?4, token_seed, x''), "
               "next_seed = iif(via = ?4, next_seed, x''), via = ?4 "
               "WHERE account = ?5 AND resource = ?6");

    sql_put_u64(&q, d->last_ms);
    sql_put_str(&q, d->auth);
    sql_put_i64(&q, d->password);
    sql_put_str(&q, d->via);
    sql_put_i64(&q, account);
    sql_put_str(&q, d->resource);
    sql_run(&q);
    return db_changes(db) > 0;
}

void device_seen(struct writer *w, int64_t account, struct row *row)
{
    const struct device_record *d = &row->device;

    if (d->via.n > 0 && !grant_exists(&w->db, account, d->via))
        db_fail(&w->db, ERR_MISSING);
    else if (!device_refresh(&w->db, account, d) && w->db.error == ERR_NONE)
        device_put(w, account, row);
}

/* No device knows it yet, and tokens that were given out for the old one are void: whoever changes a password wants
 * somebody out. What came by a grant has nothing of it. */
void devices_new_password(struct db *db, int64_t account)
{
    struct sql q =
        sql_of(db, SQL_DEVICE_FORGET,
               "UPDATE device SET password = 0, token_seed = iif(via = '', x'', token_seed), "
               "next_seed = iif(via = '', x'', next_seed) WHERE account = ?");

    sql_put_i64(&q, account);
    sql_run(&q);
}

void device_gone(struct writer *w, int64_t account, struct row *row)
{
    struct sql q =
        sql_of(&w->db, SQL_DEVICE_REMOVE, "DELETE FROM device WHERE account = ? AND resource = ?");

    if (row->device.resource.n == 0) /* '' would be the account's own password */
        return;
    sql_put_i64(&q, account);
    sql_put_str(&q, row->device.resource);
    sql_run(&q);
    grant_remove(&w->db, account, row->device.resource);
}

static struct device_token get_token(struct sql *s, struct arena *a)
{
    struct device_token t = { .seed = sql_get_bytes(s, a) };

    t.mechanism = sql_get_str(s, a);
    t.made_ms = sql_get_u64(s);
    t.expires_ms = sql_get_u64(s);
    t.count = (uint32_t)sql_get_u64(s);
    return t;
}

#define DEVICE_COLUMNS                                                                             \
    "SELECT resource, user_agent, software, name, first_seen, last_seen, auth, "                   \
    "token_seed, token_mechanism, token_made, token_expires, token_count, "                        \
    "next_seed, next_mechanism, next_made, next_expires, next_count, password, granted, "          \
    "via, expires FROM device "

static void get_device(struct sql *s, struct arena *a, struct device_record *d)
{
    d->resource = sql_get_str(s, a);
    d->user_agent_id = sql_get_str(s, a);
    d->software = sql_get_str(s, a);
    d->name = sql_get_str(s, a);
    d->first_ms = sql_get_u64(s);
    d->last_ms = sql_get_u64(s);
    d->auth = sql_get_str(s, a);
    d->token = get_token(s, a);
    d->next_token = get_token(s, a);
    d->password = sql_get_bool(s);
    d->granted = sql_get_bool(s);
    d->via = sql_get_str(s, a);
    d->expires_ms = sql_get_u64(s);
}

/* One is asked for during a login: then it costs the same however many there are. */
static struct sql device_rows(struct db *db, const struct store_query *q)
{
    bool all = q->in.devices.resource.n == 0;
    struct sql s =
        all ? sql_of(db, SQL_DEVICE_LIST, DEVICE_COLUMNS "WHERE account = ? ORDER BY resource")
            : sql_of(db, SQL_DEVICE_GET, DEVICE_COLUMNS "WHERE account = ? AND resource = ?");

    sql_put_i64(&s, q->in.devices.account);
    if (!all)
        sql_put_str(&s, q->in.devices.resource);
    return s;
}

void devices_query(struct db *db, struct store_query *q)
{
    struct growing devices = GROWING(&q->op.arena, struct device_record);
    struct sql s = device_rows(db, q);

    while (sql_row(&s))
        get_device(&s, &q->op.arena, growing_add(&devices));
    q->out.devices.devices = devices.items;
    q->out.devices.count = devices.n;
}
