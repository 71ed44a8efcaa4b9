/* store_open.c: the folder of a store and the files in it; making, opening and closing it. */
#include "cli/store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/folder_lock.h"

enum {
    APPLICATION_ID = 0x536f7463, /* "Sotc", for file(1) and for us */
    SCHEMA_VERSION = 3,
    BUSY_MS = 2000,
    LOCK_MS = 2000, /* two that begin at the same moment */
};

/* Entries lie in a chat by time; they are unread in the order in which they came. */
static const char schema[] =
    "CREATE TABLE vault(one INTEGER PRIMARY KEY CHECK(one = 1), record BLOB NOT NULL);"
    "CREATE TABLE row(kind INTEGER NOT NULL, lookup BLOB NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY(kind, lookup));"
    "CREATE TABLE chat(lookup BLOB PRIMARY KEY, key BLOB NOT NULL, state BLOB NOT NULL);"
    "CREATE TABLE timeline(number INTEGER PRIMARY KEY, chat BLOB NOT NULL, at BLOB NOT NULL,"
    " value BLOB NOT NULL);"
    "CREATE INDEX timeline_place ON timeline(chat, at, number);"
    "CREATE INDEX timeline_come ON timeline(chat, number);"
    "CREATE INDEX timeline_at ON timeline(at);";

/* ---- Folder and files ---------------------------------------------------------------------------- */

static bool make_folders(struct arena *a, const char *folder)
{
    struct str path = str_from(folder);

    for (size_t i = 1; i <= path.n; i++)
        if (i == path.n || path.p[i] == '/') {
            const char *part = arena_printf(a, "%.*s", (int)i, path.p).p;

            if (mkdir(part, 0700) != 0 && errno != EEXIST)
                return false;
        }
    return true;
}

static enum err lock_folder(struct store *s, struct str *why, struct arena *a)
{
    int folder = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0) {
        *why = arena_printf(a, "%s cannot be used: %s", s->folder, strerror(errno));
        return ERR_IO;
    }
    s->lock_fd = folder_lock_open(folder);
    close(folder);
    if (s->lock_fd >= 0 && folder_lock_wait(s->lock_fd, FOLDER_SERVER, LOCK_MS))
        return ERR_NONE;
    *why = s->lock_fd < 0 ? arena_printf(a, "%s cannot be locked: %s", s->folder, strerror(errno))
                          : arena_printf(a,
                                         "another sotto uses %s: end it first, or give this one a "
                                         "folder and an account of its own with --data",
                                         s->folder);
    return s->lock_fd < 0 ? ERR_IO : ERR_CONFLICT;
}

static enum err open_file(struct store *s, int flags, struct str *why, struct arena *a)
{
    const char *path = store_path(a, s->folder, FILE_STORE);

    if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(s->db, BUSY_MS);
        return ERR_NONE;
    }
    *why = arena_printf(a, "%s cannot be opened: %s", path, sqlite3_errmsg(s->db));
    return ERR_IO;
}

static enum err check_schema(struct store *s, struct str *why, struct arena *a)
{
    int64_t id = sql_number(s, "PRAGMA application_id"),
            version = sql_number(s, "PRAGMA user_version");
    const char *path = store_path(a, s->folder, FILE_STORE);

    if (id == APPLICATION_ID && version > 0 && version <= SCHEMA_VERSION)
        return ERR_NONE;
    if (id == APPLICATION_ID && version > SCHEMA_VERSION)
        *why = arena_printf(a, "%s was written by a newer version of this program", path);
    else
        *why = arena_printf(a, "%s is not a store of this program", path);
    return ERR_UNSUPPORTED;
}

enum err store_look(const char *folder, struct store_locks *out, struct str *why, struct arena *a)
{
    struct store s = { .folder = folder, .lock_fd = -1 };
    enum err e;

    *out = (struct store_locks){ .state = STORE_ABSENT };
    if (access(store_path(a, folder, FILE_STORE), F_OK) != 0 && errno == ENOENT)
        return ERR_NONE;
    if ((e = open_file(&s, SQLITE_OPEN_READWRITE, why, a)) == ERR_NONE)
        e = check_schema(&s, why, a);
    if (e == ERR_NONE && (e = locks_look(&s, out, a)) != ERR_NONE)
        *why = arena_printf(a, "%s is damaged: its key cannot be read", folder);
    sqlite3_close(s.db);
    return e;
}

/* ---- Opening ------------------------------------------------------------------------------------- */

static enum err create(struct store *s, struct str passphrase, struct str *why, struct arena *a)
{
    enum err e;

    vault_make(s->vault, &s->random);
    if ((e = sql_execute(s, "BEGIN IMMEDIATE")) == ERR_NONE)
        e = sql_execute(s, schema);
    if (e == ERR_NONE && (e = locks_make(s, passphrase, why, a)) == ERR_NONE)
        e = sql_execute(
            s, arena_printf(a, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                            APPLICATION_ID, SCHEMA_VERSION)
                   .p);
    if (e != ERR_NONE && why->n == 0)
        *why = arena_printf(a, "the store cannot be made: %s", sqlite3_errmsg(s->db));
    return e;
}

static enum err prepare(struct store *s, const struct store_key *key, struct str *why,
                        struct arena *a)
{
    enum err e;

    if ((e = lock_folder(s, why, a)) != ERR_NONE)
        return e;
    if ((e = open_file(s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, why, a)) != ERR_NONE)
        return e;
    e = sql_execute(
        s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
           "PRAGMA temp_store = MEMORY");
    if (e != ERR_NONE) {
        *why = arena_printf(a, "%s cannot be used: %s", store_path(a, s->folder, FILE_STORE),
                            sqlite3_errmsg(s->db));
        return e;
    }
    if (sql_number(s, "SELECT count(*) FROM sqlite_schema") == 0)
        return create(s, key->passphrase, why, a);
    if ((e = check_schema(s, why, a)) != ERR_NONE)
        return e;
    if ((e = locks_open(s, key, why, a)) != ERR_NONE)
        return e;
    if (sql_number(s, "PRAGMA user_version") < SCHEMA_VERSION)
        e = store_upgrade(s);
    if (e == ERR_NONE)
        e = log_tidy(s);
    if (e == ERR_NONE)
        e = history_look(s);
    if (e != ERR_NONE)
        *why = arena_printf(a, "%s cannot be brought up to date: %s",
                            store_path(a, s->folder, FILE_STORE), sqlite3_errmsg(s->db));
    return e;
}

enum err store_unlock(const char *folder, const struct store_key *key, const struct random *random,
                      struct store **out, struct str *why, struct arena *a)
{
    struct store *s = mem_alloc(sizeof *s);
    enum err e = ERR_NONE;

    s->random = *random;
    s->lock_fd = -1;
    s->vault = mem_alloc_secret(sizeof *s->vault);
    map_init(&s->chat_keys, NULL); /* lookups are hashes already */
    s->folder = arena_printf(&s->arena, "%s", folder).p;
    if (!make_folders(&s->arena, folder)) {
        *why = arena_printf(a, "the folder %s cannot be made: %s", folder, strerror(errno));
        e = ERR_IO;
    } else {
        e = prepare(s, key, why, a);
    }
    if (e == ERR_NONE)
        *out = s;
    else
        store_close(s);
    return e;
}

enum err store_open(const char *folder, struct str passphrase, const struct random *random,
                    struct store **out, struct str *why, struct arena *a)
{
    return store_unlock(folder, &(struct store_key){ .passphrase = passphrase }, random, out, why,
                        a);
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(s->statements[i]);
    chat_keys_forget(s);
    sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    mem_free_secret(s->vault, sizeof *s->vault);
    arena_deinit(&s->arena);
    mem_free(s);
}

void store_discard(struct store *s)
{
    static const char *const files[] = { FILE_STORE, FILE_STORE "-wal", FILE_STORE "-shm", FILE_KEY,
                                         "lock" };
    struct arena a = { 0 };

    for (size_t i = 0; i < COUNT_OF(files); i++)
        unlink(store_path(&a, s->folder, files[i]));
    arena_deinit(&a);
    store_close(s);
}
