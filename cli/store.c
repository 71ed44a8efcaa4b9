/* store.c: rows of the book and settings: kept, and given back. */
#include "cli/store_inside.h"

#include "client/record.h"

/* ---- Rows: the lookup and the sealed value, which holds the key as well -------------------------- */

enum err row_put(struct store *s, uint8_t kind, struct bytes key, struct bytes value)
{
    struct arena a = { 0 };
    uint8_t lookup[VAULT_LOOKUP];
    sqlite3_stmt *q = sql_prepared(s, PUT_ROW);
    struct bytes place = bytes_of(lookup, sizeof lookup);
    struct buf plain;
    enum err e = ERR_TOO_BIG;

    vault_lookup(s->vault, kind, key, lookup);
    buf_init(&plain, ROW_MAX);
    record_bytes(&plain, key);
    buf_add_bytes(&plain, value);
    if (!plain.failed) {
        sqlite3_bind_int(q, 1, kind);
        sql_bind(q, 2, place);
        sql_bind(q, 3,
                 vault_seal(s->vault->values, &s->random, &a, kind, place, buf_bytes(&plain)));
        e = sql_run(q);
    }
    secure_zero(plain.p, plain.n);
    buf_deinit(&plain);
    arena_deinit(&a);
    return e;
}

static enum err delete_row(struct store *s, uint8_t kind, struct bytes key)
{
    uint8_t lookup[VAULT_LOOKUP];
    sqlite3_stmt *q = sql_prepared(s, DELETE_ROW);

    vault_lookup(s->vault, kind, key, lookup);
    sqlite3_bind_int(q, 1, kind);
    sql_bind(q, 2, bytes_of(lookup, sizeof lookup));
    return sql_run(q);
}

enum err row_open(struct store *s, struct arena *a, uint8_t kind, struct bytes place,
                  struct bytes sealed, struct bytes *out_key, struct bytes *out_value)
{
    struct bytes plain;
    struct reader r;
    enum err e = vault_unseal(s->vault->values, a, kind, place, sealed, &plain);

    if (e != ERR_NONE)
        return e;
    r = reader_of(plain);
    *out_key = read_field(&r);
    *out_value = r.left;
    return r.failed ? ERR_MALFORMED : ERR_NONE;
}

enum err row_get(struct store *s, struct arena *a, uint8_t kind, struct bytes key,
                 struct bytes *out)
{
    uint8_t lookup[VAULT_LOOKUP];
    sqlite3_stmt *q = sql_prepared(s, GET_ROW);
    enum err e = ERR_MISSING;
    struct bytes found;

    vault_lookup(s->vault, kind, key, lookup);
    sqlite3_bind_int(q, 1, kind);
    sql_bind(q, 2, bytes_of(lookup, sizeof lookup));
    if (sqlite3_step(q) == SQLITE_ROW)
        e = row_open(s, a, kind, bytes_of(lookup, sizeof lookup), sql_column(q, 0), &found, out);
    sqlite3_reset(q);
    return e;
}

enum err store_setting(struct store *s, const char *name, struct arena *a, struct str *out)
{
    struct bytes value;
    enum err e = row_get(s, a, TABLE_SETTINGS, bytes_of_str(str_from(name)), &value);

    if (e == ERR_NONE)
        *out = str_of_bytes(value);
    return e;
}

enum err store_set(struct store *s, const char *name, struct str value)
{
    return row_put(s, TABLE_SETTINGS, bytes_of_str(str_from(name)), bytes_of_str(value));
}

/* ---- Commits ------------------------------------------------------------------------------------- */

static enum err change(struct store *s, const struct book_change *c)
{
    if (c->table == BOOK_TIMELINE)
        return c->deleted ? kept_erase(s, c->key) : kept_add(s, c->key, c->value);
    return c->deleted ? delete_row(s, (uint8_t)c->table, c->key)
                      : row_put(s, (uint8_t)c->table, c->key, c->value);
}

static bool erases(const struct book_changes *changes)
{
    for (const struct book_change *c = changes->first; c != NULL; c = c->next)
        if (c->table == BOOK_TIMELINE && c->deleted)
            return true;
    return false;
}

enum err store_commit(struct store *s, const struct book_changes *changes)
{
    enum err e = sql_simple(s, BEGIN);
    bool taken = false;

    if (e != ERR_NONE)
        return e;
    for (const struct book_change *c = changes->first; c != NULL && e == ERR_NONE; c = c->next)
        e = change(s, c);
    if (e == ERR_NONE)
        e = taken_by(s, changes, &taken);
    if (e == ERR_NONE)
        e = sql_simple(s, COMMIT);
    if (e != ERR_NONE)
        sql_roll_back(s);
    else if (taken || erases(changes))
        e = log_wipe(s);
    return e;
}

/* ---- Reading ------------------------------------------------------------------------------------- */

enum err store_load(struct store *s, struct engine *engine)
{
    sqlite3_stmt *q = sql_prepared(s, ALL_ROWS);
    enum err e = ERR_NONE;
    int status;

    while ((status = sqlite3_step(q)) == SQLITE_ROW && e == ERR_NONE) {
        struct arena a = { 0 };
        int kind = sqlite3_column_int(q, 0);
        struct bytes key, value = { NULL, 0 };

        e = row_open(s, &a, (uint8_t)kind, sql_column(q, 1), sql_column(q, 2), &key, &value);
        if (e == ERR_NONE)
            e = engine_load(engine, (enum book_table)kind, key, value);
        secure_zero((void *)value.p, value.n); /* it may be a key, and the engine has it now */
        arena_deinit(&a);
    }
    sqlite3_reset(q);
    return e == ERR_NONE && status != SQLITE_DONE ? ERR_IO : e;
}
