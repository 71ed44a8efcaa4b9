/* store.c: see store.h. */
#include "cli/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/vault.h"
#include "client/record.h"
#include "io/folder_lock.h"

enum {
    APPLICATION_ID = 0x536f7463, /* "Sotc", for file(1) and for us */
    SCHEMA_VERSION = 1,
    SETTINGS = 200, /* beside the tables of the book */
    KEY_FILE_OCTETS = 32,
    ROW_MAX = 2 << 20,
    BUSY_MS = 2000,
};

#define FILE_STORE "sotto.db"
#define FILE_KEY   "key"

static const char schema[] =
    "CREATE TABLE vault(one INTEGER PRIMARY KEY CHECK(one = 1), record BLOB NOT NULL);"
    "CREATE TABLE row(kind INTEGER NOT NULL, lookup BLOB NOT NULL, value BLOB NOT NULL,"
    " PRIMARY KEY(kind, lookup));"
    "CREATE TABLE timeline(number INTEGER PRIMARY KEY, chat BLOB NOT NULL, at BLOB NOT NULL,"
    " value BLOB NOT NULL);"
    "CREATE INDEX timeline_place ON timeline(chat, at, number);";

enum statement {
    PUT_ROW,
    DELETE_ROW,
    GET_ROW,
    ALL_ROWS,
    ADD_ENTRY,
    LAST_ENTRIES,
    LATER_ENTRIES,
    BEGIN,
    COMMIT,
    ROLLBACK,
    STATEMENTS,
};

static const char *const texts[STATEMENTS] = {
    [PUT_ROW] = "INSERT INTO row VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    [DELETE_ROW] = "DELETE FROM row WHERE kind = ? AND lookup = ?",
    [GET_ROW] = "SELECT value FROM row WHERE kind = ? AND lookup = ?",
    [ALL_ROWS] = "SELECT kind, lookup, value FROM row WHERE kind < 200",
    [ADD_ENTRY] = "INSERT INTO timeline(chat, at, value) VALUES(?, ?, ?)",
    [LAST_ENTRIES] = "SELECT at, value FROM timeline WHERE chat = ? ORDER BY at DESC, number DESC",
    [LATER_ENTRIES] =
        "SELECT chat, at, value, number FROM timeline WHERE number > ? ORDER BY number LIMIT ?",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    struct vault vault;
    struct random random;
    struct arena arena; /* of `folder` */
    const char *folder;
    int lock_fd;
};

/* ---- Statements ---------------------------------------------------------------------------------- */

static void bind(sqlite3_stmt *q, int at, struct bytes b)
{
    sqlite3_bind_blob64(q, at, b.n > 0 ? (const void *)b.p : "", b.n, SQLITE_STATIC);
}

static struct bytes column(sqlite3_stmt *q, int at)
{
    const void *p = sqlite3_column_blob(q, at);

    return bytes_of(p, (size_t)sqlite3_column_bytes(q, at));
}

static sqlite3_stmt *prepared(struct store *s, enum statement which)
{
    if (s->statements[which] == NULL)
        sqlite3_prepare_v3(s->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                           &s->statements[which], NULL);
    return s->statements[which]; /* NULL: stepping it fails */
}

static enum err run(sqlite3_stmt *q)
{
    int status = sqlite3_step(q);

    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    if (status == SQLITE_DONE || status == SQLITE_ROW)
        return ERR_NONE;
    return status == SQLITE_FULL ? ERR_FULL : ERR_IO;
}

static enum err simple(struct store *s, enum statement which)
{
    return run(prepared(s, which));
}

static enum err execute(struct store *s, const char *text)
{
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK ? ERR_NONE : ERR_IO;
}

static int64_t number_of(struct store *s, const char *text)
{
    sqlite3_stmt *q = NULL;
    int64_t out = -1;

    if (sqlite3_prepare_v2(s->db, text, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        out = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return out;
}

/* ---- Rows: the lookup and the sealed value, which holds the key as well -------------------------- */

static enum err put_row(struct store *s, uint8_t kind, struct bytes key, struct bytes value)
{
    struct arena a = { 0 };
    uint8_t lookup[VAULT_LOOKUP];
    sqlite3_stmt *q = prepared(s, PUT_ROW);
    struct bytes place = bytes_of(lookup, sizeof lookup);
    struct buf plain;
    enum err e = ERR_TOO_BIG;

    vault_lookup(&s->vault, kind, key, lookup);
    buf_init(&plain, ROW_MAX);
    record_bytes(&plain, key);
    buf_add_bytes(&plain, value);
    if (!plain.failed) {
        sqlite3_bind_int(q, 1, kind);
        bind(q, 2, place);
        bind(q, 3, vault_seal(&s->vault, &s->random, &a, kind, place, buf_bytes(&plain)));
        e = run(q);
    }
    secure_zero(plain.p, plain.n);
    buf_deinit(&plain);
    arena_deinit(&a);
    return e;
}

static enum err delete_row(struct store *s, uint8_t kind, struct bytes key)
{
    uint8_t lookup[VAULT_LOOKUP];
    sqlite3_stmt *q = prepared(s, DELETE_ROW);

    vault_lookup(&s->vault, kind, key, lookup);
    sqlite3_bind_int(q, 1, kind);
    bind(q, 2, bytes_of(lookup, sizeof lookup));
    return run(q);
}

static enum err open_row(struct store *s, struct arena *a, uint8_t kind, struct bytes place,
                         struct bytes sealed, struct bytes *out_key, struct bytes *out_value)
{
    struct bytes plain;
    struct reader r;
    enum err e = vault_unseal(&s->vault, a, kind, place, sealed, &plain);

    if (e != ERR_NONE)
        return e;
    r = reader_of(plain);
    *out_key = read_field(&r);
    *out_value = r.left;
    return r.failed ? ERR_MALFORMED : ERR_NONE;
}

enum err store_setting(struct store *s, const char *name, struct arena *a, struct str *out)
{
    struct bytes key = bytes_of_str(str_from(name)), found, value = { NULL, 0 };
    uint8_t lookup[VAULT_LOOKUP];
    sqlite3_stmt *q = prepared(s, GET_ROW);
    enum err e = ERR_MISSING;

    vault_lookup(&s->vault, SETTINGS, key, lookup);
    sqlite3_bind_int(q, 1, SETTINGS);
    bind(q, 2, bytes_of(lookup, sizeof lookup));
    if (sqlite3_step(q) == SQLITE_ROW)
        e = open_row(s, a, SETTINGS, bytes_of(lookup, sizeof lookup), column(q, 0), &found, &value);
    if (e == ERR_NONE)
        *out = str_of_bytes(value);
    sqlite3_reset(q);
    return e;
}

enum err store_set(struct store *s, const char *name, struct str value)
{
    return put_row(s, SETTINGS, bytes_of_str(str_from(name)), bytes_of_str(value));
}

/* ---- Commits ------------------------------------------------------------------------------------- */

/* Where an entry lies: its chat's lookup, then its key. */
static struct bytes entry_place(struct arena *a, struct bytes chat, struct bytes at)
{
    return bytes_of_str(arena_concat(a, str_of_bytes(chat), str_of_bytes(at)));
}

static enum err add_entry(struct store *s, struct bytes at, struct bytes value)
{
    sqlite3_stmt *q = prepared(s, ADD_ENTRY);
    struct arena a = { 0 };
    uint8_t lookup[VAULT_LOOKUP];
    struct bytes chat = bytes_of(lookup, sizeof lookup);
    struct entry entry;
    enum err e = entry_read(value, &entry);

    if (e != ERR_NONE)
        return e;
    vault_lookup(&s->vault, BOOK_TIMELINE, bytes_of_str(entry.chat), lookup);
    bind(q, 1, chat);
    bind(q, 2, at);
    bind(q, 3,
         vault_seal(&s->vault, &s->random, &a, BOOK_TIMELINE, entry_place(&a, chat, at), value));
    e = run(q);
    arena_deinit(&a);
    return e;
}

static enum err change(struct store *s, const struct book_change *c)
{
    if (c->table == BOOK_TIMELINE)
        return add_entry(s, c->key, c->value);
    return c->deleted ? delete_row(s, (uint8_t)c->table, c->key)
                      : put_row(s, (uint8_t)c->table, c->key, c->value);
}

enum err store_commit(struct store *s, const struct book_changes *changes)
{
    enum err e = simple(s, BEGIN);

    if (e != ERR_NONE)
        return e;
    for (const struct book_change *c = changes->first; c != NULL && e == ERR_NONE; c = c->next)
        e = change(s, c);
    if (e == ERR_NONE)
        e = simple(s, COMMIT);
    if (e != ERR_NONE)
        (void)simple(s, ROLLBACK); /* what failed first counts */
    return e;
}

/* ---- Reading ------------------------------------------------------------------------------------- */

enum err store_load(struct store *s, struct engine *engine)
{
    sqlite3_stmt *q = prepared(s, ALL_ROWS);
    enum err e = ERR_NONE;
    int status;

    while ((status = sqlite3_step(q)) == SQLITE_ROW && e == ERR_NONE) {
        struct arena a = { 0 };
        int kind = sqlite3_column_int(q, 0);
        struct bytes key, value;

        e = open_row(s, &a, (uint8_t)kind, column(q, 1), column(q, 2), &key, &value);
        if (e == ERR_NONE)
            e = engine_load(engine, (enum book_table)kind, key, value);
        arena_deinit(&a);
    }
    sqlite3_reset(q);
    return e == ERR_NONE && status != SQLITE_DONE ? ERR_IO : e;
}

struct found {
    struct found *older;
    struct entry entry;
};

/* Read from the newest; told from the oldest. */
static void tell(struct found *newest, store_entry *each, void *ctx)
{
    struct found *oldest = NULL;

    while (newest != NULL) {
        struct found *next = newest->older;

        newest->older = oldest;
        oldest = newest;
        newest = next;
    }
    for (; oldest != NULL; oldest = oldest->older)
        each(ctx, &oldest->entry);
}

enum err store_history(struct store *s, struct str chat, size_t limit, store_entry *each, void *ctx)
{
    sqlite3_stmt *q = prepared(s, LAST_ENTRIES);
    struct arena a = { 0 };
    uint8_t lookup[VAULT_LOOKUP];
    struct bytes place = bytes_of(lookup, sizeof lookup), plain;
    struct found *head = NULL, *last = NULL;
    enum err e = ERR_NONE;

    vault_lookup(&s->vault, BOOK_TIMELINE, bytes_of_str(chat), lookup);
    bind(q, 1, place);
    for (size_t messages = 0; messages < limit && sqlite3_step(q) == SQLITE_ROW;) {
        struct found *f = ARENA_NEW(&a, struct found);

        e = vault_unseal(&s->vault, &a, BOOK_TIMELINE, entry_place(&a, place, column(q, 0)),
                         column(q, 1), &plain);
        if (e != ERR_NONE || (e = entry_read(plain, &f->entry)) != ERR_NONE)
            break;
        messages += f->entry.kind == ENTRY_MESSAGE || f->entry.kind == ENTRY_SEALED;
        *(last != NULL ? &last->older : &head) = f;
        last = f;
    }
    sqlite3_reset(q);
    if (e == ERR_NONE)
        tell(head, each, ctx);
    arena_deinit(&a);
    return e;
}

enum err store_later(struct store *s, uint64_t after, size_t limit, store_numbered *each, void *ctx)
{
    sqlite3_stmt *q = prepared(s, LATER_ENTRIES);
    enum err e = ERR_NONE;

    sqlite3_bind_int64(q, 1, (int64_t)after);
    sqlite3_bind_int64(q, 2, (int64_t)limit);
    while (e == ERR_NONE && sqlite3_step(q) == SQLITE_ROW) {
        struct arena a = { 0 };
        struct bytes place = entry_place(&a, column(q, 0), column(q, 1)), plain;
        struct entry entry;

        e = vault_unseal(&s->vault, &a, BOOK_TIMELINE, place, column(q, 2), &plain);
        if (e == ERR_NONE && (e = entry_read(plain, &entry)) == ERR_NONE)
            each(ctx, (uint64_t)sqlite3_column_int64(q, 3), &entry);
        arena_deinit(&a);
    }
    sqlite3_reset(q);
    return e;
}

/* ---- Folder and files ---------------------------------------------------------------------------- */

static const char *path_of(struct arena *a, const char *folder, const char *file)
{
    return arena_printf(a, "%s/%s", folder, file).p;
}

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
    if (s->lock_fd >= 0 && folder_lock_try(s->lock_fd, FOLDER_SERVER))
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
    const char *path = path_of(a, s->folder, FILE_STORE);

    if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(s->db, BUSY_MS);
        return ERR_NONE;
    }
    *why = arena_printf(a, "%s cannot be opened: %s", path, sqlite3_errmsg(s->db));
    return ERR_IO;
}

static enum err check_schema(struct store *s, struct str *why, struct arena *a)
{
    int64_t id = number_of(s, "PRAGMA application_id"),
            version = number_of(s, "PRAGMA user_version");
    const char *path = path_of(a, s->folder, FILE_STORE);

    if (id == APPLICATION_ID && version == SCHEMA_VERSION)
        return ERR_NONE;
    if (id == APPLICATION_ID && version > SCHEMA_VERSION)
        *why = arena_printf(a, "%s was written by a newer version of this program", path);
    else
        *why = arena_printf(a, "%s is not a store of this program", path);
    return ERR_UNSUPPORTED;
}

static struct bytes vault_record(struct store *s, struct arena *a)
{
    sqlite3_stmt *q = NULL;
    struct bytes out = { NULL, 0 };

    if (sqlite3_prepare_v2(s->db, "SELECT record FROM vault", -1, &q, NULL) == SQLITE_OK
        && sqlite3_step(q) == SQLITE_ROW)
        out = arena_bytes(a, column(q, 0));
    sqlite3_finalize(q);
    return out;
}

enum err store_look(const char *folder, enum store_state *out, struct str *why, struct arena *a)
{
    struct store s = { .folder = folder, .lock_fd = -1 };
    enum vault_lock lock;
    enum err e;

    *out = STORE_ABSENT;
    if (access(path_of(a, folder, FILE_STORE), F_OK) != 0 && errno == ENOENT)
        return ERR_NONE;
    if ((e = open_file(&s, SQLITE_OPEN_READWRITE, why, a)) != ERR_NONE)
        goto done;
    if ((e = check_schema(&s, why, a)) != ERR_NONE)
        goto done;
    if ((e = vault_lock_of(vault_record(&s, a), &lock)) != ERR_NONE)
        *why = arena_printf(a, "%s is damaged: its key cannot be read", folder);
    else
        *out = lock == VAULT_PASSPHRASE ? STORE_NEEDS_PASSPHRASE : STORE_NEEDS_NOTHING;
done:
    sqlite3_close(s.db);
    return e;
}

/* ---- Opening ------------------------------------------------------------------------------------- */

static enum err read_key_file(struct store *s, uint8_t out[KEY_FILE_OCTETS], struct str *why,
                              struct arena *a)
{
    const char *path = path_of(a, s->folder, FILE_KEY);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, out, KEY_FILE_OCTETS) : -1;

    if (fd >= 0)
        close(fd);
    if (n == KEY_FILE_OCTETS)
        return ERR_NONE;
    *why =
        arena_printf(a, "the key file %s cannot be read: without it the store stays locked", path);
    return ERR_IO;
}

static enum err make_key_file(struct store *s, uint8_t out[KEY_FILE_OCTETS], struct str *why,
                              struct arena *a)
{
    const char *path = path_of(a, s->folder, FILE_KEY);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool written;

    random_fill(&s->random, out, KEY_FILE_OCTETS);
    written = fd >= 0 && write(fd, out, KEY_FILE_OCTETS) == KEY_FILE_OCTETS && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    if (written)
        return ERR_NONE;
    *why = arena_printf(a, "the key file %s cannot be written: %s", path, strerror(errno));
    return ERR_IO;
}

static enum err keep_vault(struct store *s, struct bytes record)
{
    sqlite3_stmt *q = NULL;
    enum err e;

    sqlite3_prepare_v2(s->db, "INSERT INTO vault VALUES(1, ?)", -1, &q, NULL);
    bind(q, 1, record);
    e = run(q);
    sqlite3_finalize(q);
    return e;
}

static enum err create(struct store *s, struct str passphrase, struct str *why, struct arena *a)
{
    uint8_t file[KEY_FILE_OCTETS];
    bool by_file = passphrase.n == 0;
    struct buf record;
    enum err e = by_file ? make_key_file(s, file, why, a) : ERR_NONE;

    if (e != ERR_NONE)
        return e;
    buf_init(&record, VAULT_RECORD_MAX);
    e = vault_make(&s->vault, by_file ? VAULT_KEY_FILE : VAULT_PASSPHRASE,
                   by_file ? bytes_of(file, sizeof file) : bytes_of_str(passphrase), &s->random,
                   &record);
    secure_zero(file, sizeof file);
    if (e == ERR_NONE)
        e = execute(s, "BEGIN IMMEDIATE");
    if (e == ERR_NONE)
        e = execute(s, schema);
    if (e == ERR_NONE)
        e = keep_vault(s, buf_bytes(&record));
    if (e == ERR_NONE)
        e = execute(s,
                    arena_printf(a, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                                 APPLICATION_ID, SCHEMA_VERSION)
                        .p);
    buf_deinit(&record);
    if (e != ERR_NONE)
        *why = arena_printf(a, "the store cannot be made: %s", sqlite3_errmsg(s->db));
    return e;
}

static enum err unlock(struct store *s, struct str passphrase, struct str *why, struct arena *a)
{
    struct bytes record = vault_record(s, a);
    uint8_t file[KEY_FILE_OCTETS];
    enum vault_lock lock;
    enum err e = vault_lock_of(record, &lock);

    if (e == ERR_NONE && lock == VAULT_KEY_FILE) {
        if ((e = read_key_file(s, file, why, a)) != ERR_NONE)
            return e;
        e = vault_open(&s->vault, record, bytes_of(file, sizeof file));
        secure_zero(file, sizeof file);
    } else if (e == ERR_NONE) {
        e = vault_open(&s->vault, record, bytes_of_str(passphrase));
    }
    if (e == ERR_DENIED)
        *why = lock == VAULT_PASSPHRASE ? STR("the passphrase is wrong")
                                        : STR("the key file is not that of this store");
    else if (e != ERR_NONE)
        *why = arena_printf(a, "the key of the store cannot be read: %s", err_text(e));
    return e;
}

static enum err prepare(struct store *s, struct str passphrase, struct str *why, struct arena *a)
{
    enum err e;

    if ((e = lock_folder(s, why, a)) != ERR_NONE)
        return e;
    if ((e = open_file(s, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, why, a)) != ERR_NONE)
        return e;
    e = execute(s,
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
                "PRAGMA temp_store = MEMORY");
    if (e != ERR_NONE) {
        *why = arena_printf(a, "%s cannot be used: %s", path_of(a, s->folder, FILE_STORE),
                            sqlite3_errmsg(s->db));
        return e;
    }
    if (number_of(s, "SELECT count(*) FROM sqlite_schema") == 0)
        return create(s, passphrase, why, a);
    if ((e = check_schema(s, why, a)) != ERR_NONE)
        return e;
    return unlock(s, passphrase, why, a);
}

enum err store_open(const char *folder, struct str passphrase, const struct random *random,
                    struct store **out, struct str *why, struct arena *a)
{
    struct store *s = mem_alloc(sizeof *s);
    enum err e = ERR_NONE;

    s->random = *random;
    s->lock_fd = -1;
    s->folder = arena_printf(&s->arena, "%s", folder).p;
    if (!make_folders(&s->arena, folder)) {
        *why = arena_printf(a, "the folder %s cannot be made: %s", folder, strerror(errno));
        e = ERR_IO;
    } else {
        e = prepare(s, passphrase, why, a);
    }
    if (e == ERR_NONE)
        *out = s;
    else
        store_close(s);
    return e;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->db);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    vault_close(&s->vault);
    arena_deinit(&s->arena);
    mem_free(s);
}

void store_discard(struct store *s)
{
    static const char *const files[] = { FILE_STORE, FILE_STORE "-wal", FILE_STORE "-shm", FILE_KEY,
                                         "lock" };
    struct arena a = { 0 };

    for (size_t i = 0; i < COUNT_OF(files); i++)
        unlink(path_of(&a, s->folder, files[i]));
    arena_deinit(&a);
    store_close(s);
}
