/* grants.c: passwords of an account beside its own. A grant is a row among the devices, for its name and its last use, and keys
 * among the credentials, which share the salt of the account's password: whoever logs in names the account only.
 */
#include "server/store/sqlite/rows.h"

#include <string.h>

/* ---- What there is --------------------------------------------------------------------------------- */

bool grant_exists(struct db *db, int64_t account, struct str id)
{
    struct sql q =
        sql_of(db, SQL_GRANT_FIND,
               "SELECT 1 FROM device WHERE account = ? AND resource = ? AND granted = 1");
    bool found;

    sql_put_i64(&q, account);
    sql_put_str(&q, id);
    found = sql_row(&q);
    sql_end(&q);
    return found;
}

/* Whether the keys of grants still are found beside this password. */
bool grants_fit(struct db *db, int64_t account, const struct scram_keys *keys)
{
    struct sql q = sql_of(db, SQL_GRANT_FIT,
                          "SELECT 1 FROM credential WHERE account = ? AND hash = ? "
                          "AND device != '' AND (salt != ? OR iterations != ?)");
    bool others;

    sql_put_i64(&q, account);
    sql_put_i64(&q, keys->hash);
    sql_put_bytes(&q, bytes_of(keys->salt, keys->salt_n));
    sql_put_i64(&q, keys->iterations);
    others = sql_row(&q);
    sql_end(&q);
    return !others;
}

static bool has_salt_of_password(struct db *db, int64_t account, const struct scram_keys *keys)
{
    struct sql q = sql_of(db, SQL_GRANT_SALT,
                          "SELECT 1 FROM credential WHERE account = ? AND hash = ? "
                          "AND device = '' AND salt = ? AND iterations = ?");
    bool found;

    sql_put_i64(&q, account);
    sql_put_i64(&q, keys->hash);
    sql_put_bytes(&q, bytes_of(keys->salt, keys->salt_n));
    sql_put_i64(&q, keys->iterations);
    found = sql_row(&q);
    sql_end(&q);
    return found;
}

/* Those that have not expired. */
static size_t count_grants(struct db *db, int64_t account, uint64_t now_ms)
{
    struct sql q = sql_of(db, SQL_GRANT_COUNT,
                          "SELECT count(*) FROM device WHERE account = ? AND granted = 1 "
                          "AND (expires = 0 OR expires > ?)");
    size_t n = 0;

    sql_put_i64(&q, account);
    sql_put_u64(&q, now_ms);
    while (sql_row(&q))
        n = (size_t)sql_get_u64(&q);
    return n;
}

void password_query(struct db *db, struct store_query *q)
{
    struct scram_keys *salts = q->out.password.salts;
    struct sql s = sql_of(db, SQL_GRANT_SALTS,
                          "SELECT hash, iterations, salt FROM credential "
                          "WHERE account = ? AND device = '' ORDER BY hash");
    size_t n = 0;

    sql_put_i64(&s, q->in.password.account);
    while (n < PASSWORD_KEYS && sql_row(&s)) {
        struct bytes salt;

        salts[n].hash = (enum hash)sql_get_i64(&s);
        salts[n].iterations = (uint32_t)sql_get_i64(&s);
        salt = sql_get_bytes(&s, &q->op.arena);
        if (salt.n > sizeof salts[n].salt) {
            db_fail(db, ERR_IO);
            break;
        }
        salts[n].salt_n = salt.n;
        memcpy(salts[n].salt, salt.p, salt.n);
        n++;
    }
    sql_end(&s);
    if (n < PASSWORD_KEYS)
        db_fail(db, ERR_MISSING);
    q->out.password.grants = count_grants(db, q->in.password.account, 0);
}

/* ---- Rows ------------------------------------------------------------------------------------------ */

/* Tokens that its clients got by it are void. Of a client that knows the account's password as well that stays known. */
static void leave_clients(struct db *db, int64_t account, struct str id)
{
    struct sql q = sql_of(db, SQL_GRANT_LEAVE,
                          "UPDATE device SET via = '', token_seed = x'', next_seed = x'' "
                          "WHERE account = ? AND via = ? AND password = 1");

    sql_put_i64(&q, account);
    sql_put_str(&q, id);
    sql_run(&q);
    q = sql_of(db, SQL_GRANT_CLIENTS, "DELETE FROM device WHERE account = ? AND via = ?");
    sql_put_i64(&q, account);
    sql_put_str(&q, id);
    sql_run(&q);
}

void grant_remove(struct db *db, int64_t account, struct str id)
{
    struct sql q =
        sql_of(db, SQL_CREDENTIAL_REMOVE,
               "DELETE FROM credential WHERE account = ?1 AND device = ?2 AND device != '' "
               "AND hash IN (0, 1, 2)");

    sql_put_i64(&q, account);
    sql_put_str(&q, id);
    sql_run(&q);
    leave_clients(db, account, id);
    pushes_of_grant(db, account, id);
}

/* Nobody has used it in time, so it has no clients. */
static void remove_expired(struct db *db, int64_t account, uint64_t now_ms)
{
    struct sql q = sql_of(db, SQL_GRANT_EXPIRED,
                          "DELETE FROM device WHERE account = ? AND granted = 1 "
                          "AND expires != 0 AND expires <= ? RETURNING resource");
    struct arena a = { 0 };
    struct str gone[GRANTS_MAX];
    size_t n = 0;

    sql_put_i64(&q, account);
    sql_put_u64(&q, now_ms);
    while (sql_row(&q))
        if (n < COUNT_OF(gone))
            gone[n++] = sql_get_str(&q, &a);
    for (size_t i = 0; i < n; i++)
        grant_remove(db, account, gone[i]);
    arena_deinit(&a);
}

void grant_put(struct writer *w, int64_t account, struct row *row)
{
    struct db *db = &w->db;

    for (size_t i = 0; i < PASSWORD_KEYS; i++)
        if (!has_salt_of_password(db, account, &row->grant.keys[i])) {
            db_fail(db, ERR_CONFLICT);
            return;
        }
    if (count_grants(db, account, row->grant.now_ms) >= GRANTS_MAX) {
        db_fail(db, ERR_FULL);
        return;
    }
    remove_expired(db, account, row->grant.now_ms);
    device_write(db, account, &row->grant.device);
    for (size_t i = 0; i < PASSWORD_KEYS; i++)
        credential_add(db, account, row->grant.device.resource, &row->grant.keys[i]);
}

void grant_used(struct writer *w, int64_t account, struct row *row)
{
    const struct device_record *d = &row->device;
    struct sql q = sql_of(&w->db, SQL_GRANT_USE,
                          "UPDATE device SET last_seen = ?1, auth = ?2, software = ?3, expires = 0 "
                          "WHERE account = ?4 AND resource = ?5 AND granted = 1 "
                          "AND (expires = 0 OR expires > ?1)");

    sql_put_u64(&q, d->last_ms);
    sql_put_str(&q, d->auth);
    sql_put_str(&q, d->software);
    sql_put_i64(&q, account);
    sql_put_str(&q, d->resource);
    sql_run(&q);
    if (db_changes(&w->db) == 0)
        db_fail(&w->db, ERR_MISSING);
}
