/* store_upgrade.c: a store of an older version becomes one of this version, as a whole or not at all. */
#include "cli/store_inside.h"

/* Version 1 sealed entries with the master key itself. */
static enum err reseal(struct store *s, sqlite3_stmt *from, sqlite3_stmt *to)
{
    struct arena a = { 0 };
    struct bytes chat = sql_column(from, 1), at = sql_column(from, 2), value;
    struct bytes place = bytes_of_str(arena_concat(&a, str_of_bytes(chat), str_of_bytes(at)));
    const struct chat_key *k;
    struct entry entry;
    enum err e;

    e = vault_unseal(s->vault->values, &a, BOOK_TIMELINE, place, sql_column(from, 3), &value);
    if (e == ERR_NONE)
        e = entry_read(value, &entry);
    if (e == ERR_NONE && (k = chat_key_made(s, entry.chat)) == NULL)
        e = ERR_IO;
    if (e == ERR_NONE) {
        sqlite3_bind_int64(to, 1, sqlite3_column_int64(from, 0));
        sql_bind(to, 2, vault_seal(k->key, &s->random, &a, BOOK_TIMELINE, place, value));
        e = sql_run(to);
    }
    arena_deinit(&a);
    return e;
}

static enum err reseal_all(struct store *s)
{
    sqlite3_stmt *from = sql_prepared(s, LATER_ENTRIES), *to = NULL;
    enum err e = ERR_NONE;
    int64_t number = 0;
    bool more = true;

    if (sqlite3_prepare_v2(s->db, "UPDATE timeline SET value = ?2 WHERE number = ?1", -1, &to, NULL)
        != SQLITE_OK)
        return ERR_IO;
    while (e == ERR_NONE && more) {
        sqlite3_bind_int64(from, 1, number);
        sqlite3_bind_int64(from, 2, 1);
        more = sqlite3_step(from) == SQLITE_ROW;
        number = more ? sqlite3_column_int64(from, 0) : 0;
        if (more)
            e = reseal(s, from, to);
        sqlite3_reset(from);
    }
    sqlite3_finalize(to);
    return e;
}

static enum err from_1(struct store *s)
{
    enum err e = sql_execute(
        s, "CREATE TABLE chat(lookup BLOB PRIMARY KEY, key BLOB NOT NULL, state BLOB NOT NULL);"
           "CREATE INDEX timeline_come ON timeline(chat, number);"
           "CREATE INDEX timeline_at ON timeline(at)");

    return e == ERR_NONE ? reseal_all(s) : e;
}

/* Version 2 kept the words of what was taken back. They are in the log until log_tidy(). */
enum err store_upgrade(struct store *s)
{
    enum err e = sql_simple(s, BEGIN);
    bool taken;

    if (e == ERR_NONE && sql_number(s, "PRAGMA user_version") == 1)
        e = from_1(s);
    if (e == ERR_NONE)
        e = taken_everywhere(s, &taken);
    if (e == ERR_NONE)
        e = sql_execute(s, "PRAGMA user_version = 3");
    if (e == ERR_NONE)
        e = sql_simple(s, COMMIT);
    if (e != ERR_NONE)
        sql_roll_back(s);
    return e;
}
