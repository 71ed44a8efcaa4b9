/* engine.c: the SQLite engine: one file, a writing connection, reading ones, a checkpoint thread. */
#include "server/store/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/sqlite/chores.h"
#include "server/store/sqlite/log_vfs.h"
#include "server/store/sqlite/reader.h"
#include "server/store/sqlite/schema.h"

enum { PATH_MAX_OCTETS = 4000 };

struct engine {
    const struct store_options *options;
    char path[PATH_MAX_OCTETS + 1];
    bool in_memory; /* there is one connection only */
    bool failed;    /* fatally: nothing is written any more */
    struct log_vfs vfs;
    struct writer writer;
    struct checkpointer log;
    struct chores chores;
};

struct engine_reader {
    struct engine *engine;
    struct db own;
    struct db *db; /* own, or the writer's */
};

/* ---- Opening --------------------------------------------------------------------------------- */

/* Before the first table: what cannot be changed later. Deleted content is overwritten at once;
 * free pages can go back to the file system. */
static void configure_file(struct db *db)
{
    int on = 1;

    /* The default, but log_vfs.h rests on it: nothing is written after the sync of a commit. */
    if (db->error == ERR_NONE)
        sqlite3_file_control(db->native, NULL, SQLITE_FCNTL_POWERSAFE_OVERWRITE, &on);
    db_exec(db, "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL");
}

/* The log keeps its length on the disk: growing it again would cost more than overwriting it. */
static void configure_writer(struct db *db, bool ack_memory)
{
    db_exec(db,
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; "
            "PRAGMA journal_size_limit = 134217728; PRAGMA cache_size = -8192; "
            "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF");
    db_exec(db, ack_memory ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
}

static void configure_reader(struct db *db)
{
    db_exec(db, "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2048; "
                "PRAGMA trusted_schema = OFF");
}

/* SQLite gives its other files the mode of this one. */
static void create_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
}

static enum err take_path(struct engine *e, struct str url, struct str *why,
                          struct arena *why_arena)
{
    struct str path = str_skip(url, sizeof "sqlite:" - 1);

    if (path.n == 0 || path.n > PATH_MAX_OCTETS || str_find(path, '\0') < path.n) {
        *why = arena_printf(why_arena, "store.url needs a file name: sqlite:PATH");
        return ERR_MALFORMED;
    }
    memcpy(e->path, path.p, path.n);
    e->in_memory = str_is(path, ":memory:");
    return ERR_NONE;
}

/* Looks before it writes: the file may be another program's. */
static enum err database_open(struct engine *e, struct str *why, struct arena *why_arena)
{
    struct db *db = &e->writer.db;
    enum err err;

    if (!e->in_memory)
        create_private(e->path);
    err = writer_open(&e->writer, e->path, e->vfs.real ? e->vfs.name : NULL);
    configure_file(db);
    if (err == ERR_NONE)
        err = schema_prepare(db, str_from(e->path), why, why_arena);
    if (err == ERR_NONE)
        configure_writer(db, e->options->ack_memory);
    if (err == ERR_NONE)
        err = db->error;
    if (db->error != ERR_NONE)
        *why = arena_printf(why_arena, "%s cannot be used: %s", e->path, db->failure);
    return err;
}

static void sqlite_close(struct engine *e)
{
    checkpoint_stop(&e->log);
    chores_deinit(&e->chores);
    writer_close(&e->writer);
    log_vfs_deinit(&e->vfs);
    mem_free(e);
}

static enum err sqlite_open(const struct store_options *options, struct engine **out,
                            struct str *why, struct arena *why_arena)
{
    struct engine *e = mem_alloc(sizeof *e);
    enum err err;

    /* Has no effect if SQLite runs already; its memory figures would cost a lock per allocation. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    e->options = options;
    chores_init(&e->chores, options);
    if ((err = take_path(e, options->url, why, why_arena)) != ERR_NONE)
        goto failed;
    if (!options->ack_memory && (err = log_vfs_init(&e->vfs)) != ERR_NONE) {
        *why = arena_printf(why_arena, "SQLite cannot be started");
        goto failed;
    }
    if ((err = database_open(e, why, why_arena)) != ERR_NONE)
        goto failed;
    if ((err = checkpoint_start(&e->log, &e->writer.db, e->path,
                                !e->in_memory && !options->inline_run))
        != ERR_NONE) {
        *why = arena_printf(why_arena, "%s: its checkpoint thread cannot be started", e->path);
        goto failed;
    }
    e->writer.purge_wanted = true; /* what a crash may have left */
    *out = e;
    return ERR_NONE;
failed:
    sqlite_close(e);
    return err;
}

static bool sqlite_single_thread(const struct engine *e)
{
    return e->in_memory;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void tell(const struct engine *e, void (*listener)(void *, const char *), const char *what,
                 const char *failure)
{
    char sentence[300];

    if (listener == NULL)
        return;
    snprintf(sentence, sizeof sentence, "%s: %s", what, failure);
    listener(e->options->trouble_ctx, sentence);
}

/* After a failed fsync the kernel may have dropped the pages, so trying again would prove nothing:
 * nothing is written any more, not even by the checkpoint that closing would do. */
static void check_fatal(struct engine *e)
{
    const char *failure = e->writer.db.fatal ? e->writer.db.failure : checkpoint_failure(&e->log);

    if (failure == NULL || e->failed)
        return;
    e->failed = true;
    sqlite3_db_config(e->writer.db.native, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    tell(e, e->options->fatal, "the store cannot be written any more", failure);
}

static void note_refused(const struct engine *e)
{
    tell(e, e->options->refused, "nothing of a transaction could be stored", e->writer.db.failure);
}

/* Housekeeping and checkpoints go on later, but a full disk is news. Readers in the way are not. */
static void check_room(const struct engine *e)
{
    if (!e->failed && e->writer.db.error == ERR_FULL)
        note_refused(e);
}

static void fail_all(struct list *write_sets, enum err err)
{
    LIST_EACH (write_sets, item) {
        struct store_op *op = LIST_ENTRY(item, struct store_op, link);

        op->result = err;
        op->by_rule = false;
    }
}

static void sqlite_commit(struct engine *e, struct list *write_sets)
{
    struct writer *w = &e->writer;

    check_fatal(e); /* the checkpoint thread may have met it meanwhile */
    if (e->failed) {
        fail_all(write_sets, ERR_IO);
        return;
    }
    writer_begin(w);
    LIST_EACH (write_sets, item) {
        if (w->db.broken)
            break;
        writer_apply(w,
                     CONTAINER_OF(LIST_ENTRY(item, struct store_op, link), struct write_set, op));
    }
    if (writer_end(w) != ERR_NONE) {
        fail_all(write_sets, w->db.error);
        check_fatal(e);
        if (!e->failed)
            note_refused(e);
        return;
    }
    checkpoint_note(&e->log);
    check_fatal(e);
    check_room(e);
}

static void sqlite_expire(struct engine *e, uint64_t now_ms)
{
    chores_begin(&e->chores, now_ms);
}

static bool sqlite_chore(struct engine *e)
{
    bool more;

    if (e->failed)
        return false;
    db_clear(&e->writer.db); /* what the last batch met has been told */
    more = chores_step(&e->chores, &e->writer, &e->log);
    check_fatal(e);
    check_room(e);
    return more;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void sqlite_reader_close(struct engine_reader *r)
{
    db_close(&r->own);
    mem_free(r);
}

static enum err sqlite_reader_open(struct engine *e, struct engine_reader **out)
{
    struct engine_reader *r = mem_alloc(sizeof *r);

    r->engine = e;
    r->db = e->in_memory ? &e->writer.db : &r->own;
    if (!e->in_memory) {
        if (db_open(&r->own, e->path, NULL) == ERR_NONE)
            configure_reader(&r->own);
        if (r->own.error != ERR_NONE) {
            sqlite_reader_close(r);
            return ERR_IO;
        }
    }
    *out = r;
    return ERR_NONE;
}

static uint64_t log_bytes(const struct engine *e)
{
    struct stat st;
    char path[PATH_MAX_OCTETS + sizeof "-wal"];

    snprintf(path, sizeof path, "%s-wal", e->path);
    return !e->in_memory && stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void sqlite_read(struct engine_reader *r, struct store_query *q)
{
    if (!db_answer(r->db, q))
        tell(r->engine, r->engine->options->refused, "a query could not be answered",
             r->db->failure);
    if (q->kind == QUERY_STATS)
        q->out.stats.wal_bytes = log_bytes(r->engine);
}

/* ---- Backup ---------------------------------------------------------------------------------- */

/* A new file that only we may read; SQLite fills an empty one. */
static enum err create_copy(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno == EEXIST ? ERR_EXISTS : ERR_IO;
    close(fd);
    return ERR_NONE;
}

static enum err vacuum_into(struct db *db, const char *path)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->native, "VACUUM INTO ?", -1, &s, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    sqlite3_finalize(s);
    return rc == SQLITE_DONE ? ERR_NONE : rc == SQLITE_FULL ? ERR_FULL : ERR_IO;
}

/* Without a log: nothing is to lie beside the copy. */
static enum err mark_copy(const char *path)
{
    struct db db = { 0 };
    enum err err = db_open(&db, path, NULL);

    if (err == ERR_NONE)
        schema_mark_copy(&db);
    err = db.error;
    db_close(&db);
    return err;
}

/* VACUUM INTO does not wait for the disk. */
static enum err sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err;

    if (fd < 0)
        return ERR_IO;
    err = fsync(fd) == 0 ? ERR_NONE : ERR_IO;
    close(fd);
    return err;
}

/* One read transaction: the writer goes on meanwhile, only the log cannot start anew. The copy
 * holds no remains of what was deleted. */
static enum err sqlite_backup(struct engine *e, const char *path)
{
    struct db db = { 0 };
    enum err err;

    if (e->in_memory)
        return ERR_UNSUPPORTED;
    if ((err = create_copy(path)) != ERR_NONE)
        return err;
    err = db_open(&db, e->path, NULL);
    if (err == ERR_NONE)
        err = vacuum_into(&db, path);
    db_close(&db);
    if (err == ERR_NONE)
        err = mark_copy(path);
    if (err == ERR_NONE)
        err = sync_file(path);
    if (err != ERR_NONE)
        unlink(path);
    return err;
}

const struct engine_kind sqlite_engine = {
    .scheme = "sqlite:",
    .open = sqlite_open,
    .close = sqlite_close,
    .single_thread = sqlite_single_thread,
    .commit = sqlite_commit,
    .expire = sqlite_expire,
    .chore = sqlite_chore,
    .reader_open = sqlite_reader_open,
    .reader_close = sqlite_reader_close,
    .read = sqlite_read,
    .backup = sqlite_backup,
};
