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

/* Those with a password of their own stay until somebody takes it away. */
static void trim(struct db *db, int64_t account, uint32_t keep)
{
    struct sql q = sql_of(
        db, SQL_DEVICE_TRIM,
        "DELETE FROM device WHERE account = ?1 AND resource IN (SELECT resource FROM device "
        "WHERE account = ?1 AND app_password = 0 ORDER BY last_seen DESC LIMIT -1 OFFSET ?2)");

    if (keep == 0)
        return;
    sql_put_i64(&q, account);
    sql_put_i64(&q, keep);
    sql_run(&q);
}

void device_put(struct writer *w, int64_t account, struct row *row)
{
    const struct device_record *d = &row->device;
    struct sql q;

    if (row->device_was != NULL && !is_as_it_was(&w->db, account, row->device_was)) {
        db_fail(&w->db, ERR_CONFLICT);
        return;
    }
    q = sql_of(&w->db, SQL_DEVICE_PUT,
               "INSERT OR REPLACE INTO device VALUES "
               "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
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
    sql_put_i64(&q, d->app_password);
    sql_run(&q);
    trim(&w->db, account, row->keep_devices);
}

static bool device_refresh(struct db *db, int64_t account, const struct device_record *d)
{
    struct sql q = sql_of(db, SQL_DEVICE_REFRESH,
                          "UPDATE device SET last_seen = ?, auth = ?, password = max(password, ?) "
                          "WHERE account = ? AND resource = ?");

    sql_put_u64(&q, d->last_ms);
    sql_put_str(&q, d->auth);
    sql_put_i64(&q, d->password);
    sql_put_i64(&q, account);
    sql_put_str(&q, d->resource);
    sql_run(&q);
    return db_changes(db) > 0;
}

void device_seen(struct writer *w, int64_t account, struct row *row)
{
    if (!device_refresh(&w->db, account, &row->device) && w->db.error == ERR_NONE)
        device_put(w, account, row);
}

/* No device knows it yet, and tokens that were given out for the old one are void: whoever changes a password wants
 * somebody out. */
void devices_new_password(struct db *db, int64_t account)
{
    struct sql q = sql_of(
        db, SQL_DEVICE_FORGET,
        "UPDATE device SET password = 0, token_seed = x'', next_seed = x'' WHERE account = ?");

    sql_put_i64(&q, account);
    sql_run(&q);
}

/* With the device goes the password that only it knows. */
void device_gone(struct writer *w, int64_t account, struct row *row)
{
    struct sql q =
        sql_of(&w->db, SQL_DEVICE_REMOVE, "DELETE FROM device WHERE account = ? AND resource = ?");

    if (row->device.resource.n == 0) /* '' would be the account's own password */
        return;
    sql_put_i64(&q, account);
    sql_put_str(&q, row->device.resource);
    sql_run(&q);
    q = sql_of(&w->db, SQL_CREDENTIAL_REMOVE,
               "DELETE FROM credential WHERE account = ? AND device = ?");
    sql_put_i64(&q, account);
    sql_put_str(&q, row->device.resource);
    sql_run(&q);
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

void devices_query(struct db *db, struct store_query *q)
{
    struct growing devices = GROWING(&q->op.arena, struct device_record);
    struct arena *a = &q->op.arena;
    struct sql s = sql_of(
        db, SQL_DEVICE_LIST,
        "SELECT resource, user_agent, software, name, first_seen, last_seen, auth, "
        "token_seed, token_mechanism, token_made, token_expires, token_count, "
        "next_seed, next_mechanism, next_made, next_expires, next_count, password, app_password "
        "FROM device WHERE account = ?1 AND (?2 = '' OR resource = ?2) ORDER BY resource");

    sql_put_i64(&s, q->in.devices.account);
    sql_put_str(&s, q->in.devices.resource);
    while (sql_row(&s)) {
        struct device_record *d = growing_add(&devices);

        d->resource = sql_get_str(&s, a);
        d->user_agent_id = sql_get_str(&s, a);
        d->software = sql_get_str(&s, a);
        d->name = sql_get_str(&s, a);
        d->first_ms = sql_get_u64(&s);
        d->last_ms = sql_get_u64(&s);
        d->auth = sql_get_str(&s, a);
        d->token = get_token(&s, a);
        d->next_token = get_token(&s, a);
        d->password = sql_get_bool(&s);
        d->app_password = sql_get_bool(&s);
    }
    q->out.devices.devices = devices.items;
    q->out.devices.count = devices.n;
}
