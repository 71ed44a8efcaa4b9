/* store_sql.c: the statements of a store, prepared when they are needed first. */
#include "cli/store_inside.h"

#define OF_CHAT "SELECT number, at, value FROM timeline WHERE chat = ?1 AND "

static const char *const texts[STATEMENTS] = {
    [PUT_ROW] = "INSERT INTO row VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    [DELETE_ROW] = "DELETE FROM row WHERE kind = ? AND lookup = ?",
    [GET_ROW] = "SELECT value FROM row WHERE kind = ? AND lookup = ?",
    [ALL_ROWS] = "SELECT kind, lookup, value FROM row WHERE kind < 200",
    [EVERY_ROW] = "SELECT kind, lookup, value FROM row",
    [EVERY_ENTRY] = "SELECT chat, at, value FROM timeline ORDER BY number",
    [COUNT_UP_TO] = "SELECT count(*) FROM timeline WHERE number <= ?",
    [ADD_ENTRY] = ("INSERT INTO timeline(number, chat, at, value) VALUES("
                   "max((SELECT coalesce(max(number), 0) FROM timeline), ?4) + 1, ?1, ?2, ?3)"),
    [ADD_OLD_ENTRY] = "INSERT OR IGNORE INTO timeline(chat, at, value, number) VALUES(?, ?, ?, ?)",
    [ENTRIES_BELOW] =
        "SELECT number, chat, at, value FROM timeline WHERE number < ? ORDER BY number DESC",
    [REPLACE_ENTRY] = "UPDATE timeline SET value = ?2 WHERE number = ?1",
    [ENTRY_PLACE] = "SELECT at FROM timeline WHERE number = ? AND chat = ?",
    [ENTRIES_BEFORE] = (OF_CHAT "(at, number) < (?2, ?3) ORDER BY at DESC, number DESC"),
    [ENTRIES_AFTER] = (OF_CHAT "(at, number) > (?2, ?3) ORDER BY at, number"),
    [LATER_ENTRIES] =
        "SELECT number, chat, at, value FROM timeline WHERE number > ? ORDER BY number LIMIT ?",
    [NEWEST_ENTRIES] = "SELECT number, chat, at, value FROM timeline ORDER BY number DESC",
    [UNREAD_ENTRIES] = ("SELECT at, value FROM timeline INDEXED BY timeline_come"
                        " WHERE chat = ? AND number > ? ORDER BY number DESC LIMIT ?"),
    [ERASE_ENTRY] = "DELETE FROM timeline WHERE at = ?",
    [ERASE_ENTRIES] = "DELETE FROM timeline WHERE chat = ?",
    [ERASE_CHAT] = "DELETE FROM chat WHERE lookup = ?",
    [ADD_CHAT] = "INSERT INTO chat VALUES(?, ?, ?)",
    [PUT_CHAT_STATE] = "UPDATE chat SET state = ?2 WHERE lookup = ?1",
    [GET_CHAT] = "SELECT key, state FROM chat WHERE lookup = ?",
    [ALL_CHATS] = "SELECT lookup, state FROM chat",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

void sql_bind(sqlite3_stmt *q, int at, struct bytes b)
{
    sqlite3_bind_blob64(q, at, b.n > 0 ? (const void *)b.p : "", b.n, SQLITE_STATIC);
}

struct bytes sql_column(sqlite3_stmt *q, int at)
{
    const void *p = sqlite3_column_blob(q, at);

    return bytes_of(p, (size_t)sqlite3_column_bytes(q, at));
}

sqlite3_stmt *sql_prepared(struct store *s, enum statement which)
{
    if (s->statements[which] == NULL)
        sqlite3_prepare_v3(s->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                           &s->statements[which], NULL);
    return s->statements[which]; /* NULL: stepping it fails */
}

enum err sql_run(sqlite3_stmt *q)
{
    int status = sqlite3_step(q);

    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    if (status == SQLITE_DONE || status == SQLITE_ROW)
        return ERR_NONE;
    return status == SQLITE_FULL ? ERR_FULL : ERR_IO;
}

enum err sql_simple(struct store *s, enum statement which)
{
    return sql_run(sql_prepared(s, which));
}

/* What failed first counts. Some keys may be of chats that are not there now. */
void sql_roll_back(struct store *s)
{
    sqlite3_step(sql_prepared(s, ROLLBACK));
    sqlite3_reset(sql_prepared(s, ROLLBACK));
    chat_keys_forget(s);
}

enum err sql_execute(struct store *s, const char *text)
{
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK ? ERR_NONE : ERR_IO;
}

int64_t sql_number(struct store *s, const char *text)
{
    sqlite3_stmt *q = NULL;
    int64_t out = -1;

    if (sqlite3_prepare_v2(s->db, text, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        out = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return out;
}
