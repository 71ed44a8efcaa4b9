/* accounts.c: accounts and the keys that open them. */
#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

#include <string.h>

int64_t account_find(struct db *db, struct str local, struct str domain)
{
    struct sql q =
        sql_of(db, SQL_ACCOUNT_FIND, "SELECT id FROM account WHERE domain = ? AND local = ?");
    int64_t id = 0;

    sql_put_str(&q, domain);
    sql_put_str(&q, local);
    while (sql_row(&q))
        id = sql_get_i64(&q);
    return id;
}

void account_new(struct writer *w, int64_t account, struct row *row)
{
    struct db *db = &w->db;
    struct sql q;

    (void)account;
    if (account_find(db, row->account_new.local, row->account_new.domain) != 0) {
        db_fail(db, ERR_EXISTS);
        return;
    }
    q = sql_of(db, SQL_ACCOUNT_ADD,
               "INSERT INTO account (domain, local, created) VALUES (?, ?, ?)");
    sql_put_str(&q, row->account_new.domain);
    sql_put_str(&q, row->account_new.local);
    sql_put_u64(&q, row->account_new.created_ms);
    sql_run(&q);
    row->account = w->new_account = db_last_id(db);
    w->tally.accounts++;
}

static void remove_of_account(struct db *db, enum sql_id id, const char *text, int64_t account)
{
    struct sql q = sql_of(db, id, text);

    sql_put_i64(&q, account);
    sql_run(&q);
}

/* Entries can be many: they are hidden now and removed in steps. An upload's row stays, without its
 * text, until the server has removed the file. */
void account_gone(struct writer *w, int64_t account, struct row *row)
{
    static const struct {
        enum sql_id id;
        const char *text;
    } removals[] = {
        { SQL_CREDENTIAL_CLEAR, "DELETE FROM credential WHERE account = ?" },
        { SQL_DEVICE_CLEAR, "DELETE FROM device WHERE account = ?" },
        { SQL_PUSH_CLEAR, "DELETE FROM push WHERE account = ?" },
        { SQL_LINK_CLEAR, "DELETE FROM link WHERE account = ?" },
        { SQL_ROSTER_CLEAR, "DELETE FROM roster WHERE account = ?" },
        { SQL_BLOCK_CLEAR, "DELETE FROM block WHERE account = ?" },
        { SQL_PEP_ITEM_CLEAR_ACCOUNT,
          "DELETE FROM pep_item WHERE node IN (SELECT id FROM pep_node WHERE account = ?)" },
        { SQL_PEP_NODE_CLEAR, "DELETE FROM pep_node WHERE account = ?" },
        { SQL_DOCUMENT_CLEAR, "DELETE FROM document WHERE account = ?" },
        { SQL_UPLOAD_ORPHAN,
          "UPDATE upload SET account = 0, filename = '', content_type = '', expires = 0 "
          "WHERE account = ?" },
        { SQL_INVITE_CLEAR, /* without an index: it is rare, and invitations are few */
          "DELETE FROM invite WHERE inviter = "
          "(SELECT local || '@' || domain FROM account WHERE id = ?)" },
        { SQL_ACCOUNT_REMOVE, "DELETE FROM account WHERE id = ?" },
    };

    (void)row;
    for (size_t i = 0; i < COUNT_OF(removals); i++)
        remove_of_account(&w->db, removals[i].id, removals[i].text, account);
    for (unsigned shelf = 0; shelf < SHELF_COUNT; shelf++)
        shelf_purge(w, shelf_owner(account, shelf), INT64_MAX);
    owners_forget(&w->owners, account);
    w->tally.accounts--;
}

void credential_add(struct db *db, int64_t account, struct str device,
                    const struct scram_keys *keys)
{
    struct sql q = sql_of(db, SQL_CREDENTIAL_PUT,
                          "INSERT OR REPLACE INTO credential "
                          "(account, hash, device, iterations, salt, stored_key, server_key) "
                          "VALUES (?, ?, ?, ?, ?, ?, ?)");

    sql_put_i64(&q, account);
    sql_put_i64(&q, keys->hash);
    sql_put_str(&q, device);
    sql_put_i64(&q, keys->iterations);
    sql_put_bytes(&q, bytes_of(keys->salt, keys->salt_n));
    sql_put_bytes(&q, bytes_of(keys->stored_key, sizeof keys->stored_key));
    sql_put_bytes(&q, bytes_of(keys->server_key, sizeof keys->server_key));
    sql_run(&q);
}

void credential_put(struct writer *w, int64_t account, struct row *row)
{
    const struct scram_keys *keys = &row->credential.keys;

    if (!grants_fit(&w->db, account, keys)) {
        db_fail(&w->db, ERR_CONFLICT);
        return;
    }
    credential_add(&w->db, account, STR(""), keys);
    devices_new_password(&w->db, account);
}

/* What does not fit was not written by us: a damaged file. */
static size_t copy_octets(struct db *db, struct bytes from, uint8_t *to, size_t room)
{
    if (from.n > room) {
        db_fail(db, ERR_IO);
        return 0;
    }
    if (from.n > 0)
        memcpy(to, from.p, from.n);
    return from.n;
}

static void get_keys(struct sql *s, struct arena *a, struct scram_keys *out)
{
    out->iterations = (uint32_t)sql_get_i64(s);
    out->salt_n = copy_octets(s->db, sql_get_bytes(s, a), out->salt, sizeof out->salt);
    copy_octets(s->db, sql_get_bytes(s, a), out->stored_key, sizeof out->stored_key);
    copy_octets(s->db, sql_get_bytes(s, a), out->server_key, sizeof out->server_key);
}

/* The same steps whether the name exists or not, and however many passwords it has: what is missing is filled up with
 * keys of account 0, of which there are enough (schema-3.sql). So the time that a login takes does not tell who has an
 * account. In either part the key of the table gives the order: the account's own password comes first. */
void credentials_query(struct db *db, struct store_query *q)
{
    struct arena *a = &q->op.arena;
    struct credential *list = arena_alloc(a, CREDENTIALS_MAX * sizeof *list);
    struct sql s = sql_of(
        db, SQL_CREDENTIAL_FIND,
        "SELECT account, device, iterations, salt, stored_key, server_key FROM credential "
        "WHERE hash = ?3 AND account = (SELECT id FROM account WHERE domain = ?1 AND local = ?2) "
        "UNION ALL "
        "SELECT account, device, iterations, salt, stored_key, server_key FROM credential "
        "WHERE hash = ?3 AND account = 0 LIMIT ?4");
    size_t n = 0;

    sql_put_str(&s, q->in.credentials.domain);
    sql_put_str(&s, q->in.credentials.local);
    sql_put_i64(&s, q->in.credentials.hash);
    sql_put_i64(&s, CREDENTIALS_MAX);
    while (n < CREDENTIALS_MAX && sql_row(&s)) {
        list[n].account = sql_get_i64(&s);
        list[n].device = sql_get_str(&s, a);
        list[n].keys.hash = q->in.credentials.hash;
        get_keys(&s, a, &list[n].keys);
        n++;
    }
    sql_end(&s);
    q->out.credentials.list = list;
    q->out.credentials.count = n;
}

void account_query(struct db *db, struct store_query *q)
{
    struct account_record *out = &q->out.account;
    struct arena *a = &q->op.arena;
    struct sql s = sql_of(
        db, SQL_ACCOUNT_LOAD,
        "SELECT id, created, roster_version, cursor FROM account WHERE domain = ? AND local = ?");

    sql_put_str(&s, q->in.account.domain);
    sql_put_str(&s, q->in.account.local);
    if (!sql_row(&s)) {
        db_fail(db, ERR_MISSING);
        return;
    }
    out->id = sql_get_i64(&s);
    out->created_ms = sql_get_u64(&s);
    out->roster_version = sql_get_u64(&s);
    out->cursor = sql_get_u64(&s);
    sql_end(&s);
    roster_load(db, a, out);
    blocks_load(db, a, out);
    pep_nodes_load(db, a, out);
    out->mam_prefs = document_find(db, a, out->id, DOC_MAM_PREFS, STR(""));
    out->avatar = document_find(db, a, out->id, DOC_AVATAR, STR(""));
    out->call_rules = documents_load(db, a, out->id, DOC_CALL_RULE, &out->call_rule_count);
    out->spent_tokens = documents_load(db, a, out->id, DOC_SPENT_TOKEN, &out->spent_token_count);
    out->has_pushes = pushes_exist(db, out->id);
    history_load(db, a, out);
}

/* Accounts are listed by domain, then by name; `after` is the last one seen, and may be gone. */
void accounts_query(struct db *db, struct store_query *q)
{
    struct str domain = q->in.accounts.after, local = str_split(&domain, '@');
    struct growing jids = GROWING(&q->op.arena, struct str);
    struct sql s =
        sql_of(db, SQL_ACCOUNT_LIST,
               "SELECT local || '@' || domain FROM account WHERE (domain, local) > (?, ?) "
               "ORDER BY domain, local LIMIT ?");

    sql_put_str(&s, domain);
    sql_put_str(&s, local);
    sql_put_i64(&s, q->in.accounts.max);
    while (sql_row(&s))
        *(struct str *)growing_add(&jids) = sql_get_str(&s, &q->op.arena);
    q->out.accounts.jids = jids.items;
    q->out.accounts.count = jids.n;
}
