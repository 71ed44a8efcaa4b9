/* checkpoint.c: when and by whom the log is copied. */
#include "server/store/sqlite/checkpoint.h"

enum {
    PASSIVE_PAGES = 4096, /* 16 MiB: a page changed often is copied once */
    RESTART_PAGES = 4 * PASSIVE_PAGES,
    READER_PATIENCE_MS = 50, /* a restart waits for readers that still use the log */
    LAST_PASSES = 4,
    SHORT_PASS_PAGES = 64, /* that many are copied in less time than a commit takes */
};

static int log_length(void *ctx, sqlite3 *native, const char *name, int pages)
{
    struct checkpointer *c = ctx;

    (void)native;
    (void)name;
    c->log = pages;
    return SQLITE_OK;
}

/* Before the log starts anew the file must be on the disk: SQLite leaves that to whoever copies the last page, which is
 * the writer, while commits wait. Each pass leaves what was written during it; where the writer's part follows, some
 * more passes make that short. */
static void copy_pages(struct db *db, int passes)
{
    int copied = 0, before;

    do {
        before = copied;
        db_checkpoint(db, SQLITE_CHECKPOINT_PASSIVE, 0, &copied);
        db_sync(db);
    } while (!db->broken && copied - before > SHORT_PASS_PAGES && --passes > 0);
}

static void checkpoint_main(void *ctx)
{
    struct checkpointer *c = ctx;

    mutex_lock(&c->lock);
    while (!c->stopping) {
        int passes = c->passes;

        if (c->state != CHECKPOINT_ASKED) {
            condition_wait(&c->wake, &c->lock);
            continue;
        }
        c->state = CHECKPOINT_RUNNING;
        mutex_unlock(&c->lock);
        copy_pages(&c->db, passes);
        mutex_lock(&c->lock);
        if (c->db.fatal)
            break;
        c->state = CHECKPOINT_DONE;
    }
    mutex_unlock(&c->lock);
    c->failed = c->db.fatal;
}

const char *checkpoint_failure(struct checkpointer *c)
{
    return c->failed ? c->db.failure : NULL;
}

enum err checkpoint_start(struct checkpointer *c, struct db *writer, const char *path,
                          bool threaded)
{
    enum err e;

    *c = (struct checkpointer){ .writer = writer, .restart_at = RESTART_PAGES };
    mutex_init(&c->lock);
    condition_init(&c->wake);
    sqlite3_wal_hook(writer->native, log_length, c);
    if (!threaded)
        return ERR_NONE;
    if ((e = db_open(&c->db, path, NULL)) != ERR_NONE)
        return e;
    /* Only a connection that has read knows of the log. */
    db_pragma(&c->db, "PRAGMA user_version");
    return thread_start("store-wal", checkpoint_main, c, &c->thread);
}

void checkpoint_stop(struct checkpointer *c)
{
    if (c->writer == NULL)
        return;
    mutex_lock(&c->lock);
    c->stopping = true;
    condition_wake_one(&c->wake);
    mutex_unlock(&c->lock);
    thread_join(c->thread);
    db_close(&c->db);
    condition_deinit(&c->wake);
    mutex_deinit(&c->lock);
}

/* Copies the rest and waits a little for readers of the log; the next commit starts it anew. */
static bool finish(struct checkpointer *c, int mode)
{
    int copied;

    return db_checkpoint(c->writer, mode, READER_PATIENCE_MS, &copied);
}

static void ask(struct checkpointer *c)
{
    c->asked_at = c->log;
    c->passes = c->log >= c->restart_at ? LAST_PASSES : 1;
    c->state = CHECKPOINT_ASKED;
    condition_wake_one(&c->wake);
}

/* The thread did its part on a long log: little is left to copy, this is the moment to finish. */
static bool ready_to_finish(const struct checkpointer *c)
{
    return c->thread == NULL || (c->state == CHECKPOINT_DONE && c->asked_at >= c->restart_at);
}

void checkpoint_note(struct checkpointer *c)
{
    bool finishing = false;

    if (c->log < c->asked_at) { /* it has started anew */
        c->asked_at = 0;
        c->restart_at = RESTART_PAGES;
    }
    if (c->log - c->asked_at < PASSIVE_PAGES && c->log < c->restart_at)
        return;
    mutex_lock(&c->lock);
    if (ready_to_finish(c))
        finishing = true;
    else if (c->log - c->asked_at >= PASSIVE_PAGES && c->state != CHECKPOINT_ASKED
             && c->state != CHECKPOINT_RUNNING)
        ask(c);
    mutex_unlock(&c->lock);
    /* With a long reader in the way, not after every commit. */
    if (finishing && !finish(c, SQLITE_CHECKPOINT_RESTART))
        c->restart_at = c->log + PASSIVE_PAGES;
}

bool checkpoint_truncate(struct checkpointer *c)
{
    return finish(c, SQLITE_CHECKPOINT_TRUNCATE);
}
