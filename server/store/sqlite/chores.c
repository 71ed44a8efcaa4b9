/* chores.c: the housekeeping round, one bounded transaction at a time. */
#include "server/store/sqlite/chores.h"

enum {
    REMOVALS_PER_STEP = 256, /* a few milliseconds of the writer's time */
    SHELVES_PER_STEP = 256,
    SHELVES_PER_ROUND = 32768, /* the next round goes on after them */
    SWEEP_STEPS_PER_ROUND = 64,
    PAGES_PER_STEP = 256,
    FREE_PAGES_KEPT = 1024, /* and an eighth of the file: the next messages take them */
    REQUESTS_DAYS = 30,     /* strangers' requests wait no longer, whatever the archive keeps */
    DAY_MS = 86400000,
    GAPS_DEEP = 4, /* backups of backups: halves that are looked into */
};

void chores_init(struct chores *c, const struct store_options *options)
{
    *c = (struct chores){
        .retention_days = options->retention_days,
        .archive_messages = options->archive_messages,
    };
}

void chores_deinit(struct chores *c)
{
    jid_sweep_deinit(&c->sweep);
}

void chores_begin(struct chores *c, uint64_t now_ms)
{
    c->now_ms = now_ms;
    if (c->in_round) {
        c->another = true; /* the stages that this one is past have not seen what is due now */
        return;
    }
    c->in_round = true;
    c->stage = c->shelves = c->sweep_steps = 0;
}

/* ---- Entries --------------------------------------------------------------------------------- */

struct doomed {
    uint64_t seq[REMOVALS_PER_STEP];
    int64_t message[REMOVALS_PER_STEP];
    size_t n;
};

/* The oldest entries of a shelf: those up to `upto` and older than `before_ms`. */
static void doomed_read(struct doomed *d, struct db *db, int64_t owner, uint64_t upto,
                        uint64_t before_ms)
{
    struct sql q = sql_of(
        db, SQL_ENTRY_OLDEST,
        "SELECT e.seq, e.message, m.ts FROM entry AS e LEFT JOIN message AS m ON m.id = e.message "
        "WHERE e.owner = ? AND e.seq <= ? ORDER BY e.seq LIMIT ?");

    sql_put_i64(&q, owner);
    sql_put_u64(&q, upto);
    sql_put_i64(&q, REMOVALS_PER_STEP);
    for (d->n = 0; sql_row(&q); d->n++) {
        d->seq[d->n] = sql_get_u64(&q);
        d->message[d->n] = sql_get_i64(&q);
        if (sql_get_u64(&q) >= before_ms) {
            sql_end(&q);
            break;
        }
    }
}

static void doomed_remove(const struct doomed *d, struct chores *c, struct writer *w, int64_t owner)
{
    for (size_t i = 0; i < d->n; i++)
        entry_remove(w, owner, d->seq[i], d->message[i]);
    c->jids_unused |= d->n > 0;
}

static void purge_done(struct db *db, int64_t owner)
{
    struct sql q = sql_of(db, SQL_PURGE_DONE, "DELETE FROM purge WHERE owner = ?");

    sql_put_i64(&q, owner);
    sql_run(&q);
}

/* Entries that are hidden already. */
static void purge_step(struct chores *c, struct writer *w)
{
    struct sql q = sql_of(&w->db, SQL_PURGE_NEXT, "SELECT owner, upto FROM purge LIMIT 1");
    struct doomed doomed;
    int64_t owner = 0;
    uint64_t upto = 0;

    while (sql_row(&q)) {
        owner = sql_get_i64(&q);
        upto = sql_get_u64(&q);
    }
    if (owner == 0) {
        w->purge_wanted = false;
        c->empty_log = true;
        c->next_sweep_ms = 0;
        if (c->jids_unused) /* addresses that only this account knew are not to wait for a minute */
            chores_begin(c, c->now_ms);
        return;
    }
    doomed_read(&doomed, &w->db, owner, upto, UINT64_MAX);
    doomed_remove(&doomed, c, w, owner);
    if (doomed.n < REMOVALS_PER_STEP)
        purge_done(&w->db, owner);
}

static int64_t next_shelf(struct db *db, int64_t owner)
{
    struct sql q = sql_of(db, SQL_ENTRY_NEXT_OWNER,
                          "SELECT owner FROM entry WHERE owner > ? ORDER BY owner LIMIT 1");
    int64_t next = 0;

    sql_put_i64(&q, owner);
    while (sql_row(&q))
        next = sql_get_i64(&q);
    return next;
}

/* Entries of a shelf older than this go; 0: none. */
static uint64_t oldest_kept(const struct chores *c, enum shelf shelf)
{
    int64_t days = c->retention_days;

    if (shelf == SHELF_REQUESTS && (days < 0 || days > REQUESTS_DAYS))
        days = REQUESTS_DAYS;
    if (days < 0 || (uint64_t)days > c->now_ms / DAY_MS)
        return 0;
    return c->now_ms - (uint64_t)days * DAY_MS;
}

struct stretch {
    uint64_t first, last; /* seqs of entries, both included */
};

/* The entries on both sides of a seq, in a stretch. */
static void neighbours(struct db *db, int64_t owner, struct stretch s, uint64_t seq,
                       struct stretch *out)
{
    struct sql q = sql_of(db, SQL_SHELF_GAP,
                          "SELECT (SELECT max(seq) FROM entry WHERE owner = ?1 AND seq < ?2), "
                          "(SELECT min(seq) FROM entry WHERE owner = ?1 AND seq >= ?2)");

    *out = s;
    sql_put_i64(&q, owner);
    sql_put_u64(&q, seq);
    while (sql_row(&q)) {
        out->first = sql_get_u64(&q);
        out->last = sql_get_u64(&q);
    }
}

/* No more entries than this are in a stretch. Seqs have no doubles, and the one wide gap that a backup leaves when it is
 * opened lies across the middle, so nothing is counted. */
static uint64_t most_entries(struct db *db, int64_t owner, struct stretch s, uint64_t enough,
                             unsigned depth)
{
    uint64_t width = s.last - s.first + 1;
    struct stretch gap;

    if (width <= enough || depth == 0)
        return width;
    neighbours(db, owner, s, s.first + width / 2, &gap);
    if (gap.last - gap.first <= enough)
        return width;
    return most_entries(db, owner, (struct stretch){ s.first, gap.first }, enough, depth - 1)
           + most_entries(db, owner, (struct stretch){ gap.last, s.last }, enough, depth - 1);
}

/* Entries of an archive up to this one are more than its account may have; 0: none, which in the common case is found
 * without counting. */
static uint64_t last_surplus(const struct chores *c, struct db *db, int64_t owner)
{
    struct sql q = sql_of(db, SQL_SHELF_WIDTH,
                          "SELECT (SELECT min(seq) FROM entry WHERE owner = ?1), "
                          "(SELECT max(seq) FROM entry WHERE owner = ?1)");
    struct stretch all = { 0 };
    uint64_t upto = 0;

    if (c->archive_messages == 0 || owner % SHELF_COUNT != SHELF_ARCHIVE)
        return 0;
    sql_put_i64(&q, owner);
    while (sql_row(&q)) {
        all.first = sql_get_u64(&q);
        all.last = sql_get_u64(&q);
    }
    if (most_entries(db, owner, all, c->archive_messages, GAPS_DEEP) <= c->archive_messages)
        return 0;
    q = sql_of(db, SQL_SHELF_SURPLUS,
               "SELECT seq FROM entry WHERE owner = ? ORDER BY seq DESC LIMIT 1 OFFSET ?");
    sql_put_i64(&q, owner);
    sql_put_u64(&q, c->archive_messages);
    while (sql_row(&q))
        upto = sql_get_u64(&q);
    return upto;
}

/* What is too old, then what is too much; the oldest first. */
static void doomed_find(struct doomed *d, const struct chores *c, struct db *db, int64_t owner)
{
    uint64_t surplus;

    doomed_read(d, db, owner, INT64_MAX, oldest_kept(c, (enum shelf)(owner % SHELF_COUNT)));
    if (d->n == 0 && (surplus = last_surplus(c, db, owner)) > 0)
        doomed_read(d, db, owner, surplus, UINT64_MAX);
}

/* The oldest entries come first, so one that is young enough ends a shelf. True: the round has seen its share. */
static bool expire_step(struct chores *c, struct writer *w)
{
    struct doomed doomed = { .n = 0 };

    for (unsigned i = 0; i < SHELVES_PER_STEP && doomed.n == 0; i++) {
        int64_t owner = next_shelf(&w->db, c->owner);

        if (owner == 0 || c->shelves == SHELVES_PER_ROUND) {
            c->owner = owner == 0 ? 0 : c->owner; /* past the last: the next round begins anew */
            return true;
        }
        doomed_find(&doomed, c, &w->db, owner);
        doomed_remove(&doomed, c, w, owner);
        if (doomed.n < REMOVALS_PER_STEP) {
            c->owner = owner;
            c->shelves++;
        }
    }
    return w->db.error != ERR_NONE;
}

/* ---- Small tables ---------------------------------------------------------------------------- */

static bool invites_step(struct chores *c, struct writer *w)
{
    struct sql q = sql_of(&w->db, SQL_INVITE_EXPIRE,
                          "DELETE FROM invite WHERE token_hash IN "
                          "(SELECT token_hash FROM invite WHERE expires <= ? LIMIT ?)");

    sql_put_u64(&q, c->now_ms);
    sql_put_i64(&q, REMOVALS_PER_STEP);
    sql_run(&q);
    return db_changes(&w->db) < REMOVALS_PER_STEP;
}

/* Items of nodes with pubsub#item_expire (XEP-0060 §16.4.4). */
static bool items_step(struct chores *c, struct writer *w)
{
    struct sql q = sql_of(&w->db, SQL_PEP_ITEM_EXPIRE,
                          "DELETE FROM pep_item WHERE n IN (SELECT i.n FROM pep_node AS p "
                          "CROSS JOIN pep_item AS i ON i.node = p.id "
                          "WHERE p.expire > 0 AND i.at <= ? - p.expire * 1000 LIMIT ?)");

    sql_put_u64(&q, c->now_ms);
    sql_put_i64(&q, REMOVALS_PER_STEP);
    sql_run(&q);
    return db_changes(&w->db) < REMOVALS_PER_STEP;
}

/* Once a day, if entries went; after a purge at once. A long sweep goes on in later rounds. */
static bool jids_step(struct chores *c, struct writer *w)
{
    if (c->sweep.marks == NULL) {
        if (!c->jids_unused || c->now_ms < c->next_sweep_ms)
            return true;
        jid_sweep_begin(&c->sweep, &w->jids, &w->db);
        c->jids_unused = false;
        c->next_sweep_ms = c->now_ms + DAY_MS;
    }
    return !jid_sweep_step(&c->sweep, &w->jids, &w->db)
           || ++c->sweep_steps == SWEEP_STEPS_PER_ROUND;
}

static bool pages_step(struct chores *c, struct writer *w)
{
    int64_t free = db_pragma(&w->db, "PRAGMA freelist_count");
    int64_t kept = FREE_PAGES_KEPT + db_pragma(&w->db, "PRAGMA page_count") / 8;
    _Static_assert(PAGES_PER_STEP == 256, "stands in the pragma below");

    (void)c;
    if (free > kept)
        db_exec(&w->db, "PRAGMA incremental_vacuum(256)");
    return free - PAGES_PER_STEP <= kept;
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static bool (*const stages[])(struct chores *c, struct writer *w) = {
    expire_step, invites_step, items_step, jids_step, pages_step,
};

static void round_step(struct chores *c, struct writer *w)
{
    if (stages[c->stage](c, w))
        c->stage++;
    if (c->stage < COUNT_OF(stages))
        return;
    c->in_round = false;
    c->empty_log = true;
    if (c->another) {
        c->another = false;
        chores_begin(c, c->now_ms);
    }
}

bool chores_step(struct chores *c, struct writer *w, struct checkpointer *log)
{
    if (!w->purge_wanted && c->empty_log) {
        checkpoint_truncate(log); /* if a reader is in the way, the next round tries again */
        c->empty_log = false;
        return true;
    }
    if (!w->purge_wanted && !c->in_round)
        return false;
    writer_begin(w);
    if (w->purge_wanted)
        purge_step(c, w);
    else
        round_step(c, w);
    return writer_end(w) == ERR_NONE;
}
