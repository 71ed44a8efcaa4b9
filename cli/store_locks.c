/* store_locks.c: what unlocks a store: records of the vault in its database, and the key file beside it.
 *
 * The table of the keyring is made when it is needed: a store that has it opens with older versions, too, by its passphrase.
 */
#include "cli/store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "crypto/kdf.h"

enum { KEY_FILE_OCTETS = 32 };

#define OF_VAULT   "SELECT record FROM vault"
#define OF_KEYRING "SELECT record FROM keyring"

const char *store_path(struct arena *a, const char *folder, const char *file)
{
    return arena_printf(a, "%s/%s", folder, file).p;
}

/* Empty: there is none. */
static struct bytes value_of(struct store *s, const char *query, struct arena *a)
{
    sqlite3_stmt *q = NULL;
    struct bytes out = { NULL, 0 };

    if (sqlite3_prepare_v2(s->db, query, -1, &q, NULL) == SQLITE_OK
        && sqlite3_step(q) == SQLITE_ROW)
        out = arena_bytes(a, sql_column(q, 0));
    sqlite3_finalize(q);
    return out;
}

enum err locks_look(struct store *s, struct store_locks *out, struct arena *a)
{
    enum vault_lock lock;
    enum err e = vault_lock_of(value_of(s, OF_VAULT, a), &lock);

    if (e != ERR_NONE)
        return e;
    out->state = lock == VAULT_PASSPHRASE ? STORE_NEEDS_PASSPHRASE : STORE_NEEDS_NOTHING;
    out->keyring = str_of_bytes(value_of(s, "SELECT name FROM keyring", a));
    return ERR_NONE;
}

/* ---- The key file -------------------------------------------------------------------------------- */

static enum err read_key_file(struct store *s, uint8_t out[KEY_FILE_OCTETS], struct str *why,
                              struct arena *a)
{
    const char *path = store_path(a, s->folder, FILE_KEY);
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

/* The entry in the folder, too, is on the disk before a record asks for it. */
static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return ok;
}

static enum err make_key_file(struct store *s, uint8_t out[KEY_FILE_OCTETS], struct str *why,
                              struct arena *a)
{
    const char *path = store_path(a, s->folder, FILE_KEY);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool written;

    random_fill(&s->random, out, KEY_FILE_OCTETS);
    written = fd >= 0 && write(fd, out, KEY_FILE_OCTETS) == KEY_FILE_OCTETS && fsync(fd) == 0
              && sync_folder(s->folder);
    if (fd >= 0)
        close(fd);
    if (written)
        return ERR_NONE;
    *why = arena_printf(a, "the key file %s cannot be written: %s", path, strerror(errno));
    return ERR_IO;
}

/* It opens nothing any more; if the power goes before it is removed it stays as what it is by then, octets. */
static void remove_key_file(struct store *s)
{
    static const uint8_t zeros[KEY_FILE_OCTETS];
    struct arena a = { 0 };
    const char *path = store_path(&a, s->folder, FILE_KEY);
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd >= 0) {
        if (pwrite(fd, zeros, sizeof zeros, 0) == sizeof zeros)
            (void)fsync(fd);
        close(fd);
        unlink(path);
    }
    arena_deinit(&a);
}

/* ---- Opening ------------------------------------------------------------------------------------- */

static enum err open_by_file(struct store *s, struct bytes record, struct str *why, struct arena *a)
{
    uint8_t file[KEY_FILE_OCTETS];
    enum err e = read_key_file(s, file, why, a);

    if (e != ERR_NONE)
        return e;
    e = vault_open(s->vault, record, bytes_of(file, sizeof file));
    secure_zero(file, sizeof file);
    if (e == ERR_DENIED)
        *why = STR("the key file is not that of this store");
    return e;
}

static enum err open_by_keyring(struct store *s, struct bytes key, struct str *why, struct arena *a)
{
    enum err e = vault_open(s->vault, value_of(s, OF_KEYRING, a), key);

    if (e != ERR_NONE)
        *why = STR("the key that the keyring holds is not that of this store");
    return e;
}

static struct str no_memory(struct arena *a, unsigned mib)
{
    return arena_printf(a,
                        "a passphrase takes %u MiB of memory for a moment, which is not there: "
                        "end other programs, or raise this one's limit (ulimit -v)",
                        mib);
}

enum err locks_open(struct store *s, const struct store_key *key, struct str *why, struct arena *a)
{
    struct bytes record = value_of(s, OF_VAULT, a);
    enum vault_lock lock;
    enum err e = vault_lock_of(record, &lock);

    if (e == ERR_NONE && lock == VAULT_KEY_FILE) {
        e = open_by_file(s, record, why, a);
    } else if (e == ERR_NONE && key->keyring.n > 0) {
        e = open_by_keyring(s, key->keyring, why, a);
    } else if (e == ERR_NONE) {
        e = vault_open(s->vault, record, bytes_of_str(key->passphrase));
        if (e == ERR_DENIED)
            *why = STR("the passphrase is wrong");
        if (e == ERR_FULL)
            *why = no_memory(a, vault_memory_mib(record));
    }
    if (e != ERR_NONE && why->n == 0)
        *why = arena_printf(a, "the key of the store cannot be read: %s", err_text(e));
    return e;
}

/* ---- Changing ------------------------------------------------------------------------------------ */

static enum err put(struct store *s, const char *statement, struct bytes record, struct bytes name)
{
    sqlite3_stmt *q = NULL;
    enum err e;

    if (sqlite3_prepare_v2(s->db, statement, -1, &q, NULL) != SQLITE_OK)
        return ERR_IO;
    sql_bind(q, 1, record);
    if (name.n > 0)
        sql_bind(q, 2, name);
    e = sql_run(q);
    sqlite3_finalize(q);
    return e;
}

enum err locks_make(struct store *s, struct str passphrase, struct str *why, struct arena *a)
{
    uint8_t file[KEY_FILE_OCTETS];
    struct bytes secret = bytes_of_str(passphrase);
    enum vault_lock lock = secret.n > 0 ? VAULT_PASSPHRASE : VAULT_KEY_FILE;
    struct buf record;
    enum err e = ERR_NONE;

    buf_init(&record, VAULT_RECORD_MAX);
    if (lock == VAULT_KEY_FILE) {
        e = make_key_file(s, file, why, a);
        secret = bytes_of(file, sizeof file);
    }
    if (e == ERR_NONE)
        e = vault_wrap(s->vault, lock, secret, &s->random, &record);
    if (e == ERR_FULL)
        *why = no_memory(a, ARGON2_STRONG.memory_kib / 1024);
    if (e == ERR_NONE)
        e = put(s, "INSERT OR REPLACE INTO vault VALUES(1, ?)", buf_bytes(&record),
                (struct bytes){ NULL, 0 });
    secure_zero(file, sizeof file);
    buf_deinit(&record);
    return e;
}

static enum err commit(struct store *s, enum err e)
{
    if (e == ERR_NONE)
        e = sql_simple(s, COMMIT);
    if (e != ERR_NONE)
        sql_roll_back(s);
    return e != ERR_NONE ? e : log_wipe(s);
}

/* A key file that is in use must not be written anew before the record asks for the new one. */
enum err store_set_passphrase(struct store *s, struct str passphrase, struct str *why,
                              struct arena *a)
{
    enum vault_lock lock;
    enum err e = vault_lock_of(value_of(s, OF_VAULT, a), &lock);

    if (e == ERR_NONE && lock == VAULT_KEY_FILE && passphrase.n == 0)
        e = ERR_CONFLICT;
    if (e == ERR_NONE && (e = sql_simple(s, BEGIN)) == ERR_NONE) {
        e = locks_make(s, passphrase, why, a);
        if (e == ERR_NONE && passphrase.n == 0)
            e = sql_execute(s, "DROP TABLE IF EXISTS keyring");
        e = commit(s, e);
    }
    if (e == ERR_NONE && lock == VAULT_KEY_FILE)
        remove_key_file(s);
    if (e != ERR_NONE && why->n == 0)
        *why = e == ERR_CONFLICT ? STR("there is no passphrase: a key file opens the store")
                                 : STR("the store cannot be written: is the disk full?");
    return e;
}

enum err store_set_keyring(struct store *s, struct str name, struct bytes key)
{
    struct buf record;
    enum err e = sql_simple(s, BEGIN);

    if (e != ERR_NONE)
        return e;
    buf_init(&record, VAULT_RECORD_MAX);
    e = sql_execute(s, "DROP TABLE IF EXISTS keyring");
    if (e == ERR_NONE && name.n > 0)
        e = sql_execute(s, "CREATE TABLE keyring(one INTEGER PRIMARY KEY CHECK(one = 1),"
                           " record BLOB NOT NULL, name BLOB NOT NULL)");
    if (e == ERR_NONE && name.n > 0)
        e = vault_wrap(s->vault, VAULT_KEYRING, key, &s->random, &record);
    if (e == ERR_NONE && name.n > 0)
        e = put(s, "INSERT INTO keyring VALUES(1, ?, ?)", buf_bytes(&record), bytes_of_str(name));
    buf_deinit(&record);
    return commit(s, e);
}
