/* store_erase.c: what is to be gone is gone: from the tables, from their free pages, and from the log.
 *
 * SQLite overwrites what it deletes (secure_delete), but the pages as they were are still in the write-ahead log. So the log is
 * brought into the database, overwritten and cut off. What a disk keeps of blocks that were overwritten is sealed; of a whole chat
 * the key is gone as well.
 */
#include "cli/store_inside.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_HEADER = 32, PIECE = 64 * 1024 };

static bool overwrite(int fd, off_t from, off_t to)
{
    static const uint8_t zeros[PIECE];

    while (from < to) {
        size_t n = to - from < PIECE ? (size_t)(to - from) : PIECE;
        ssize_t written = pwrite(fd, zeros, n, from);

        if (written <= 0)
            return false;
        from += written;
    }
    return fsync(fd) == 0;
}

/* The header first: with it the rest counts for nothing, whenever the power goes. A log of which only a part were left would
 * put pages back to what they were. */
static enum err overwrite_log(struct store *s)
{
    struct arena a = { 0 };
    int fd =
        open(arena_printf(&a, "%s/sotto.db-wal", s->folder).p, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat about;
    bool done = fd >= 0 && fstat(fd, &about) == 0
                && (about.st_size < LOG_HEADER
                    || (overwrite(fd, 0, LOG_HEADER) && overwrite(fd, LOG_HEADER, about.st_size)));

    if (fd >= 0)
        close(fd);
    arena_deinit(&a);
    return done ? ERR_NONE : ERR_IO;
}

enum err log_wipe(struct store *s)
{
    enum err e;

    if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL) != SQLITE_OK)
        return ERR_IO;
    if ((e = overwrite_log(s)) != ERR_NONE)
        return e;
    return sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL)
                   == SQLITE_OK
               ? ERR_NONE
               : ERR_IO;
}

/* What was to be gone when the power went. */
enum err log_tidy(struct store *s)
{
    struct arena a = { 0 };
    struct stat about;
    bool any =
        stat(arena_printf(&a, "%s/sotto.db-wal", s->folder).p, &about) == 0 && about.st_size > 0;

    arena_deinit(&a);
    return any ? log_wipe(s) : ERR_NONE;
}

enum err kept_erase(struct store *s, struct bytes at)
{
    sqlite3_stmt *q = sql_prepared(s, ERASE_ENTRY);

    sql_bind(q, 1, at);
    return sql_run(q);
}

enum err store_erase_chat(struct store *s, struct str chat)
{
    static const enum statement both[] = { ERASE_CHAT, ERASE_ENTRIES };
    uint8_t lookup[VAULT_LOOKUP] = { 0 };
    enum err e = sql_simple(s, BEGIN);

    vault_lookup(s->vault, BOOK_TIMELINE, bytes_of_str(chat), lookup);
    for (size_t i = 0; i < COUNT_OF(both) && e == ERR_NONE; i++) {
        sqlite3_stmt *q = sql_prepared(s, both[i]);

        sql_bind(q, 1, bytes_of(lookup, sizeof lookup));
        e = sql_run(q);
    }
    if (e == ERR_NONE)
        e = sql_simple(s, COMMIT);
    if (e != ERR_NONE) {
        sql_roll_back(s);
        return e;
    }
    chat_keys_forget(s);
    return log_wipe(s);
}
