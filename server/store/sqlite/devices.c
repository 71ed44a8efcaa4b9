/* devices.c: the clients of an account and their tokens (XEP-0494, XEP-0484). */
#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

void device_put(struct writer *w, int64_t account, struct row *row)
{
    const struct device_record *d = &row->device;
    struct sql q = sql_of(
        &w->db, SQL_DEVICE_PUT,
        "INSERT OR REPLACE INTO device (account, resource, user_agent, software, name, first_seen, "
        "last_seen, auth, token_hash, next_token_hash, token_expires, token_mechanism, "
        "app_password) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

    sql_put_i64(&q, account);
    sql_put_str(&q, d->resource);
    sql_put_str(&q, d->user_agent_id);
    sql_put_str(&q, d->software);
    sql_put_str(&q, d->name);
    sql_put_u64(&q, d->first_ms);
    sql_put_u64(&q, d->last_ms);
    sql_put_str(&q, d->auth);
    sql_put_bytes(&q, d->token_hash);
    sql_put_bytes(&q, d->next_token_hash);
    sql_put_u64(&q, d->token_expires_ms);
    sql_put_str(&q, d->token_mechanism);
    sql_put_i64(&q, d->app_password);
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

void devices_query(struct db *db, struct store_query *q)
{
    struct growing devices = GROWING(&q->op.arena, struct device_record);
    struct arena *a = &q->op.arena;
    struct sql s = sql_of(
        db, SQL_DEVICE_LIST,
        "SELECT resource, user_agent, software, name, first_seen, last_seen, auth, token_hash, "
        "next_token_hash, token_expires, token_mechanism, app_password FROM device "
        "WHERE account = ?1 AND (?2 = '' OR resource = ?2) ORDER BY resource");

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
        d->token_hash = sql_get_bytes(&s, a);
        d->next_token_hash = sql_get_bytes(&s, a);
        d->token_expires_ms = sql_get_u64(&s);
        d->token_mechanism = sql_get_str(&s, a);
        d->app_password = sql_get_bool(&s);
    }
    q->out.devices.devices = devices.items;
    q->out.devices.count = devices.n;
}
