/* links.c: what two devices of an account leave for each other while one is linked. Rows of minutes, three to a channel. */
#include "server/store/sqlite/rows.h"

#include "crypto/hash.h"

struct channel {
    uint8_t hash[HASH_SIZE_MAX]; /* SHA-256 */
};

static struct channel channel_of(struct str name)
{
    struct channel c;

    hash_digest(HASH_SHA256, bytes_of_str(name), c.hash);
    return c;
}

static struct bytes view(const struct channel *c)
{
    return bytes_of(c->hash, hash_size(HASH_SHA256));
}

static bool find(struct db *db, struct arena *a, struct str name, enum link_step step,
                 uint64_t now_ms, struct link_record *out)
{
    struct channel channel = channel_of(name);
    struct sql q = sql_of(db, SQL_LINK_FIND,
                          "SELECT account, expires, octets FROM link "
                          "WHERE channel = ? AND step = ? AND expires > ?");
    bool found;

    sql_put_bytes(&q, view(&channel));
    sql_put_i64(&q, step);
    sql_put_u64(&q, now_ms);
    if ((found = sql_row(&q))) {
        *out = (struct link_record){ .channel = name, .step = step };
        out->account = sql_get_i64(&q);
        out->expires_ms = sql_get_u64(&q);
        out->octets = sql_get_bytes(&q, a);
    }
    sql_end(&q);
    return found;
}

static size_t count_channels(struct db *db, int64_t account, uint64_t now_ms)
{
    struct sql q =
        sql_of(db, SQL_LINK_COUNT,
               "SELECT count(*) FROM link WHERE account = ? AND step = 1 AND expires > ?");
    size_t n = 0;

    sql_put_i64(&q, account);
    sql_put_u64(&q, now_ms);
    while (sql_row(&q))
        n = (size_t)sql_get_u64(&q);
    return n;
}

/* Each step follows the one before it, once; who answers has no account to name. */
static enum err judge(struct db *db, struct arena *a, struct link_record *l, uint64_t now_ms)
{
    struct link_record opened, before;

    if (find(db, a, l->channel, l->step, now_ms, &before))
        return ERR_EXISTS;
    if (l->step == LINK_HELLO)
        return count_channels(db, l->account, now_ms) < LINKS_MAX ? ERR_NONE : ERR_FULL;
    if (!find(db, a, l->channel, LINK_HELLO, now_ms, &opened)
        || !find(db, a, l->channel, l->step - 1, now_ms, &before)
        || (l->step == LINK_GIFT && opened.account != l->account))
        return ERR_MISSING;
    l->account = opened.account;
    l->expires_ms = opened.expires_ms;
    return ERR_NONE;
}

static void remove_expired(struct db *db, uint64_t now_ms)
{
    struct sql q = sql_of(db, SQL_LINK_EXPIRE, "DELETE FROM link WHERE expires <= ?");

    sql_put_u64(&q, now_ms);
    sql_run(&q);
}

void link_put(struct writer *w, int64_t account, struct row *row)
{
    struct link_record l = row->link.record;
    struct channel channel = channel_of(l.channel);
    struct arena a = { 0 };
    struct sql q;
    enum err e;

    (void)account;
    e = judge(&w->db, &a, &l, row->link.now_ms);
    arena_deinit(&a);
    if (e != ERR_NONE) {
        db_fail(&w->db, e);
        return;
    }
    remove_expired(&w->db, row->link.now_ms);
    q = sql_of(&w->db, SQL_LINK_PUT, "INSERT INTO link VALUES (?, ?, ?, ?, ?)");
    sql_put_bytes(&q, view(&channel));
    sql_put_i64(&q, l.step);
    sql_put_i64(&q, l.account);
    sql_put_u64(&q, l.expires_ms);
    sql_put_bytes(&q, l.octets);
    sql_run(&q);
}

void link_gone(struct writer *w, int64_t account, struct row *row)
{
    struct channel channel = channel_of(row->link.record.channel);
    struct sql q = sql_of(&w->db, SQL_LINK_REMOVE, "DELETE FROM link WHERE channel = ?");

    (void)account;
    sql_put_bytes(&q, view(&channel));
    sql_run(&q);
    if (db_changes(&w->db) == 0)
        db_fail(&w->db, ERR_MISSING);
}

void link_query(struct db *db, struct store_query *q)
{
    if (!find(db, &q->op.arena, q->in.link.channel, q->in.link.step, q->in.link.now_ms,
              &q->out.link.record))
        db_fail(db, ERR_MISSING);
}
