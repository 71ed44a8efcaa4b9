/* history.c: reading the archive: one page of one shelf (XEP-0313), and what a view needs of it.
 *
 * Times never decrease along a sequence, so a span of time is a span of seqs: its bounds are found
 * by halving the span between the first and the last seq, some twenty look-ups of one entry each.
 * That costs the same for the oldest and the newest end of a long archive, where a scan from one
 * end would not, and no index on time has to be kept for every entry. Addresses are filtered while
 * walking (owner, seq): a reader may walk long, but it holds up neither the writer nor another
 * reader.
 */
#include <stdlib.h>

#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

/* Entries, sent and received, among which origins and correspondents are sought. */
enum { ORIGINS_LOOK_BACK = 4 * RECENT_ORIGINS };

/* Seqs above `after` and below `before`. */
struct span {
    uint64_t after, before;
};

static bool span_empty(struct span s)
{
    return s.before <= s.after || s.before - s.after == 1;
}

static void span_cut(struct span *s, uint64_t after, uint64_t before)
{
    if (after > s->after)
        s->after = after;
    if (before != 0 && before < s->before)
        s->before = before;
}

uint64_t shelf_floor(struct db *db, int64_t owner)
{
    struct sql q = sql_of(db, SQL_PURGE_FLOOR, "SELECT upto FROM purge WHERE owner = ?");
    uint64_t upto = 0;

    sql_put_i64(&q, owner);
    while (sql_row(&q))
        upto = sql_get_u64(&q);
    return upto;
}

static struct span shelf_span(struct db *db, int64_t owner)
{
    return (struct span){ shelf_floor(db, owner), INT64_MAX };
}

/* ---- Spans of time --------------------------------------------------------------------------- */

/* The first entry at or above `seq`; false if there is none. */
static bool probe(struct db *db, int64_t owner, uint64_t seq, uint64_t *out_seq, uint64_t *out_ts)
{
    struct sql q =
        sql_of(db, SQL_SHELF_PROBE,
               "SELECT e.seq, m.ts FROM entry AS e CROSS JOIN message AS m ON m.id = e.message "
               "WHERE e.owner = ? AND e.seq >= ? ORDER BY e.seq LIMIT 1");

    sql_put_i64(&q, owner);
    sql_put_u64(&q, seq);
    if (!sql_row(&q))
        return false;
    *out_seq = sql_get_u64(&q);
    *out_ts = sql_get_u64(&q);
    sql_end(&q);
    return true;
}

static uint64_t newest_seq(struct db *db, int64_t owner)
{
    struct sql q = sql_of(db, SQL_SHELF_MAX, "SELECT max(seq) FROM entry WHERE owner = ?");
    uint64_t seq = 0;

    sql_put_i64(&q, owner);
    while (sql_row(&q))
        seq = sql_get_u64(&q);
    return seq;
}

/* A seq such that all entries of the shelf below it are older than `ts` and none from it on is. */
static uint64_t first_since(struct db *db, int64_t owner, uint64_t ts)
{
    uint64_t low = 1, high = newest_seq(db, owner) + 1, seq = 0, found_ts = 0;

    (void)probe(db, owner, 1, &low, &found_ts); /* old shelves begin far up */
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (probe(db, owner, middle, &seq, &found_ts) && found_ts < ts)
            low = seq + 1;
        else
            high = middle;
    }
    return low;
}

static void cut_to_time(struct db *db, int64_t owner, const struct archive_query *in,
                        struct span *span)
{
    if (in->has_start && in->start_ms > 0)
        span_cut(span, first_since(db, owner, in->start_ms) - 1, 0);
    if (in->has_end && in->end_ms < INT64_MAX)
        span_cut(span, 0, first_since(db, owner, in->end_ms + 1));
}

/* ---- Pages ----------------------------------------------------------------------------------- */

/* Parameters: owner, after, before, flags that count, their values, limit[, bare JID, resource]. */
#define MATCHING "e.owner = ?1 AND e.seq > ?2 AND e.seq < ?3 AND (e.flags & ?4) = ?5"
#define WITH     " AND e.peer IN (SELECT id FROM jid WHERE bare = ?7 AND ?8 IN ('', resource))"
#define PAGE(filter, order)                                                                        \
    "SELECT e.seq, e.flags, m.ts, coalesce(m.sent, m.ts), "                                        \
    "CASE j.resource WHEN '' THEN j.bare ELSE j.bare || '/' || j.resource END, m.body "            \
    "FROM entry AS e CROSS JOIN message AS m ON m.id = e.message "                                 \
    "CROSS JOIN jid AS j ON j.id = e.peer WHERE " MATCHING filter " ORDER BY e.seq " order         \
    " LIMIT ?6"
#define COUNT(filter) "SELECT count(*) FROM entry AS e WHERE " MATCHING filter " LIMIT ?6"

static struct sql page_statement(struct db *db, bool with, bool newest)
{
    if (with)
        return newest ? sql_of(db, SQL_PAGE_DOWN_WITH, PAGE(WITH, "DESC"))
                      : sql_of(db, SQL_PAGE_UP_WITH, PAGE(WITH, "ASC"));
    return newest ? sql_of(db, SQL_PAGE_DOWN, PAGE("", "DESC"))
                  : sql_of(db, SQL_PAGE_UP, PAGE("", "ASC"));
}

static struct sql count_statement(struct db *db, bool with)
{
    return with ? sql_of(db, SQL_PAGE_COUNT_WITH, COUNT(WITH))
                : sql_of(db, SQL_PAGE_COUNT, COUNT(""));
}

/* The flags that count, and their values. */
static const struct {
    unsigned mask, value;
} parts[] = {
    [ARCHIVE_SHOWN] = { ENTRY_HIDDEN, 0 },
    [ARCHIVE_WAITING] = { ENTRY_OFFLINE, ENTRY_OFFLINE },
    [ARCHIVE_UNSHOWN] = { ENTRY_OFFLINE | ENTRY_HIDDEN, ENTRY_OFFLINE | ENTRY_HIDDEN },
    [ARCHIVE_ALL] = { 0, 0 },
};

static void put_filter(struct sql *q, const struct archive_query *in, struct span span,
                       uint64_t limit)
{
    sql_put_i64(q, shelf_owner(in->account, in->shelf));
    sql_put_u64(q, span.after);
    sql_put_u64(q, span.before);
    sql_put_i64(q, parts[in->part].mask);
    sql_put_i64(q, parts[in->part].value);
    sql_put_u64(q, limit);
    if (in->with.n > 0) {
        sql_put_str(q, jid_text_bare(in->with));
        sql_put_str(q, jid_text_resource(in->with));
    }
}

static void add_results(struct db *db, const struct archive_query *in, struct span span,
                        uint64_t limit, struct growing *results)
{
    struct sql q = page_statement(db, in->with.n > 0, in->newest);

    put_filter(&q, in, span, limit);
    while (sql_row(&q)) {
        struct archive_result *r = growing_add(results);

        r->seq = sql_get_u64(&q);
        r->flags = (unsigned)sql_get_i64(&q);
        r->at_ms = sql_get_u64(&q);
        r->sent_ms = sql_get_u64(&q);
        r->peer = sql_get_str(&q, results->arena);
        r->body = sql_get_str(&q, results->arena);
    }
}

static uint64_t count_results(struct db *db, const struct archive_query *in, struct span span)
{
    struct sql q = count_statement(db, in->with.n > 0);
    uint64_t n = 0;

    put_filter(&q, in, span, 1);
    while (sql_row(&q))
        n = sql_get_u64(&q);
    return n;
}

/* ---- Named entries --------------------------------------------------------------------------- */

static int order_of_seqs(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* The ids in the order of the page, each once. */
static const uint64_t *sorted_ids(struct arena *a, const struct archive_query *in, size_t *out_n)
{
    uint64_t *ids = arena_alloc(a, in->id_count * sizeof *ids);
    size_t n = 0;

    memcpy(ids, in->ids, in->id_count * sizeof *ids);
    qsort(ids, in->id_count, sizeof *ids, order_of_seqs);
    for (size_t i = 0; i < in->id_count; i++)
        if (n == 0 || ids[i] != ids[n - 1])
            ids[n++] = ids[i];
    *out_n = n;
    return ids;
}

static void add_named(struct db *db, const struct archive_query *in, struct span span,
                      uint64_t limit, struct growing *results)
{
    size_t n = 0;
    const uint64_t *ids = sorted_ids(results->arena, in, &n);

    for (size_t i = 0; i < n && results->n < limit; i++) {
        uint64_t seq = ids[in->newest ? n - 1 - i : i];
        struct span one = span;

        if (seq == 0 || seq > INT64_MAX)
            continue;
        span_cut(&one, seq - 1, seq + 1);
        if (!span_empty(one))
            add_results(db, in, one, 1, results);
    }
}

static uint64_t count_named(struct db *db, const struct archive_query *in, struct span span,
                            struct arena *a)
{
    size_t n = 0;
    const uint64_t *ids = sorted_ids(a, in, &n);
    uint64_t total = 0;

    for (size_t i = 0; i < n; i++) {
        struct span one = span;

        if (ids[i] == 0 || ids[i] > INT64_MAX)
            continue;
        span_cut(&one, ids[i] - 1, ids[i] + 1);
        if (!span_empty(one))
            total += count_results(db, in, one);
    }
    return total;
}

/* ---- The query ------------------------------------------------------------------------------- */

static void reverse(struct archive_result *r, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct archive_result swapped = r[i];

        r[i] = r[n - 1 - i];
        r[n - 1 - i] = swapped;
    }
}

/* The ends of the whole shelf as MAM shows it (XEP-0313, "Archive metadata"). */
static void shelf_ends(struct db *db, int64_t owner, struct span span, struct store_query *out)
{
    struct sql first =
        sql_of(db, SQL_SHELF_FIRST,
               "SELECT e.seq, m.ts FROM entry AS e CROSS JOIN message AS m ON m.id = e.message "
               "WHERE e.owner = ? AND e.seq > ? AND (e.flags & ?) = 0 ORDER BY e.seq LIMIT 1");
    struct sql last =
        sql_of(db, SQL_SHELF_LAST,
               "SELECT e.seq, m.ts FROM entry AS e CROSS JOIN message AS m ON m.id = e.message "
               "WHERE e.owner = ? AND e.seq > ? AND (e.flags & ?) = 0 ORDER BY e.seq DESC LIMIT 1");

    sql_put_i64(&first, owner);
    sql_put_u64(&first, span.after);
    sql_put_i64(&first, ENTRY_HIDDEN);
    while (sql_row(&first)) {
        out->out.archive.first_seq = sql_get_u64(&first);
        out->out.archive.first_ms = sql_get_u64(&first);
    }
    sql_put_i64(&last, owner);
    sql_put_u64(&last, span.after);
    sql_put_i64(&last, ENTRY_HIDDEN);
    while (sql_row(&last)) {
        out->out.archive.last_seq = sql_get_u64(&last);
        out->out.archive.last_ms = sql_get_u64(&last);
    }
}

static bool is_there(struct db *db, int64_t owner, uint64_t seq, uint64_t floor)
{
    struct sql q = sql_of(db, SQL_ENTRY_THERE, "SELECT 1 FROM entry WHERE owner = ? AND seq = ?");
    bool there = false;

    sql_put_i64(&q, owner);
    sql_put_u64(&q, seq);
    while (sql_row(&q))
        there = seq > floor;
    return there;
}

void archive_query(struct db *db, struct store_query *q)
{
    const struct archive_query *in = &q->in.archive;
    struct growing results = GROWING(&q->op.arena, struct archive_result);
    int64_t owner = shelf_owner(in->account, in->shelf);
    struct span all = shelf_span(db, owner), page;
    uint64_t limit = (uint64_t)in->max + 1; /* one more says whether the page is complete */

    for (size_t i = 0; i < in->position_count; i++)
        if (!is_there(db, owner, in->positions[i], all.after)) {
            db_fail(db, ERR_MISSING);
            return;
        }
    shelf_ends(db, owner, all, q);
    cut_to_time(db, owner, in, &all);
    page = all;
    span_cut(&page, in->after, in->before);
    if (in->id_count > 0)
        add_named(db, in, page, limit, &results);
    else if (!span_empty(page))
        add_results(db, in, page, limit, &results);
    if (in->want_count)
        q->out.archive.total =
            in->id_count > 0 ? count_named(db, in, all, &q->op.arena) : count_results(db, in, all);
    q->out.archive.complete = results.n < limit;
    q->out.archive.count = results.n < limit ? results.n : in->max;
    if (in->newest)
        reverse(results.items, q->out.archive.count);
    q->out.archive.results = results.items;
}

/* Without the messages' bodies this reads little more than entries: SQLite skips what follows
 * the origin. */
static void origins_load(struct db *db, struct arena *a, int64_t owner, struct account_record *out)
{
    uint8_t(*origins)[16] = arena_alloc(a, RECENT_ORIGINS * sizeof *origins);
    struct sql q =
        sql_of(db, SQL_SHELF_ORIGINS,
               "SELECT m.origin FROM (SELECT message, flags FROM entry WHERE owner = ? AND seq > ? "
               "ORDER BY seq DESC LIMIT ?) AS e CROSS JOIN message AS m ON m.id = e.message "
               "WHERE (e.flags & ?) != 0 AND m.origin IS NOT NULL LIMIT ?");

    sql_put_i64(&q, owner);
    sql_put_u64(&q, shelf_floor(db, owner));
    sql_put_i64(&q, ORIGINS_LOOK_BACK);
    sql_put_i64(&q, ENTRY_SENT);
    sql_put_i64(&q, RECENT_ORIGINS);
    while (sql_row(&q)) {
        struct bytes origin = sql_get_bytes(&q, a);

        if (origin.n == sizeof *origins)
            memcpy(origins[out->origin_count++], origin.p, origin.n);
    }
    out->origins = (const uint8_t(*)[16])origins;
}

/* Whom the last messages and calls went to; what only says that one was received is none. */
static void written_load(struct db *db, struct arena *a, int64_t owner, struct account_record *out)
{
    struct growing written = GROWING(a, struct str);
    struct sql q =
        sql_of(db, SQL_SHELF_WRITTEN,
               "SELECT DISTINCT CASE j.resource WHEN '' THEN j.bare ELSE j.bare || '/' || "
               "j.resource END FROM (SELECT peer, flags FROM entry WHERE owner = ? AND seq > ? "
               "ORDER BY seq DESC LIMIT ?) AS e CROSS JOIN jid AS j ON j.id = e.peer "
               "WHERE (e.flags & ?) = ? OR (e.flags & ?) != 0 LIMIT ?");

    sql_put_i64(&q, owner);
    sql_put_u64(&q, shelf_floor(db, owner));
    sql_put_i64(&q, ORIGINS_LOOK_BACK);
    sql_put_i64(&q, ENTRY_SENT | ENTRY_RECEIPT);
    sql_put_i64(&q, ENTRY_SENT);
    sql_put_i64(&q, ENTRY_CALLED);
    sql_put_i64(&q, CORRESPONDENTS);
    while (sql_row(&q)) {
        struct str bare = sql_get_str(&q, a);

        *(struct str *)growing_add(&written) = bare;
    }
    out->written = written.items;
    out->written_count = written.n;
}

void history_load(struct db *db, struct arena *a, struct account_record *out)
{
    int64_t owner = shelf_owner(out->id, SHELF_ARCHIVE);

    out->last_seq = newest_seq(db, owner);
    origins_load(db, a, owner, out);
    written_load(db, a, owner, out);
}
