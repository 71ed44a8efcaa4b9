/* archive.c: writing the archive: messages once, an entry for each owner, cursors, removals. */
#include <string.h>

#include "server/store/growing.h"
#include "server/store/sqlite/rows.h"

/* Both owners share the message, so its time is late enough for the sequences of both. */
static uint64_t time_for(const struct row *row, struct owner *const owners[2])
{
    uint64_t ts = row->message.at_ms;

    for (int i = 0; i < 2; i++)
        if (owners[i] != NULL && owners[i]->shelf[row->message.entry[i].shelf].last_ms > ts)
            ts = owners[i]->shelf[row->message.entry[i].shelf].last_ms;
    return ts;
}

static int64_t message_add(struct writer *w, const struct row *row, uint64_t ts, int refs)
{
    static const uint8_t none[sizeof row->message.origin];
    struct sql q = sql_of(&w->db, SQL_MESSAGE_ADD,
                          "INSERT INTO message (ts, refs, origin, body) VALUES (?, ?, ?, ?)");

    sql_put_u64(&q, ts);
    sql_put_i64(&q, refs);
    if (memcmp(row->message.origin, none, sizeof none) == 0)
        sql_put_null(&q);
    else
        sql_put_bytes(&q, bytes_of(row->message.origin, sizeof row->message.origin));
    sql_put_str(&q, row->message.body);
    sql_run(&q);
    w->tally.messages++;
    return db_last_id(&w->db);
}

static void entry_add(struct writer *w, int64_t owner, uint64_t seq, int64_t peer, int64_t message,
                      unsigned flags)
{
    struct sql q =
        sql_of(&w->db, SQL_ENTRY_ADD,
               "INSERT INTO entry (owner, seq, peer, message, flags) VALUES (?, ?, ?, ?, ?)");

    sql_put_i64(&q, owner);
    sql_put_u64(&q, seq);
    sql_put_i64(&q, peer);
    sql_put_i64(&q, message);
    sql_put_i64(&q, flags);
    sql_run(&q);
    w->tally.entries++;
    jids_use(&w->jids, peer);
}

void message_put(struct writer *w, int64_t account, struct row *row)
{
    struct owner *owners[2] = { NULL, NULL };
    int64_t message;
    int refs = 0;

    (void)account;
    for (int i = 0; i < 2; i++) {
        if (row->message.entry[i].account == 0)
            continue;
        owners[i] = owners_get(&w->owners, &w->db, row->message.entry[i].account);
        if (owners[i] == NULL) {
            db_fail(&w->db, ERR_MISSING);
            return;
        }
        refs++;
    }
    if (refs == 0)
        return;
    row->message.at_ms = time_for(row, owners);
    message = message_add(w, row, row->message.at_ms, refs);
    for (int i = 0; i < 2; i++) {
        struct archive_entry *entry = &row->message.entry[i];

        if (owners[i] == NULL)
            continue;
        entry->seq = owner_next_seq(owners[i], &w->db, entry->shelf);
        owners[i]->shelf[entry->shelf].last_ms = row->message.at_ms;
        entry_add(w, shelf_owner(entry->account, entry->shelf), entry->seq,
                  jids_intern(&w->jids, &w->db, entry->peer), message, entry->flags);
    }
}

void cursor_put(struct writer *w, int64_t account, struct row *row)
{
    struct sql q = sql_of(&w->db, SQL_ACCOUNT_CURSOR,
                          "UPDATE account SET cursor = ?1 WHERE id = ?2 AND cursor < ?1");

    sql_put_u64(&q, row->entry.seq);
    sql_put_i64(&q, account);
    sql_run(&q);
}

/* One reference less; the last one takes the body along. */
static void message_unref(struct writer *w, int64_t message)
{
    struct sql q =
        sql_of(&w->db, SQL_MESSAGE_REMOVE, "DELETE FROM message WHERE id = ? AND refs <= 1");

    sql_put_i64(&q, message);
    sql_run(&q);
    if (db_changes(&w->db) > 0) {
        w->tally.messages--;
        return;
    }
    q = sql_of(&w->db, SQL_MESSAGE_UNREF, "UPDATE message SET refs = refs - 1 WHERE id = ?");
    sql_put_i64(&q, message);
    sql_run(&q);
}

static void entry_drop(struct writer *w, int64_t owner, uint64_t seq)
{
    struct sql q =
        sql_of(&w->db, SQL_ENTRY_REMOVE, "DELETE FROM entry WHERE owner = ? AND seq = ?");

    sql_put_i64(&q, owner);
    sql_put_u64(&q, seq);
    sql_run(&q);
    w->tally.entries -= db_changes(&w->db);
}

void entry_remove(struct writer *w, int64_t owner, uint64_t seq, int64_t message)
{
    entry_drop(w, owner, seq);
    message_unref(w, message);
}

void shelf_purge(struct writer *w, int64_t owner, uint64_t upto)
{
    struct sql q =
        sql_of(&w->db, SQL_PURGE_ADD, "INSERT OR REPLACE INTO purge (owner, upto) VALUES (?, ?)");

    sql_put_i64(&q, owner);
    sql_put_u64(&q, upto);
    sql_run(&q);
    w->purge_wanted = true;
}

void entry_gone(struct writer *w, int64_t account, struct row *row)
{
    int64_t owner = shelf_owner(account, row->entry.shelf), message = 0;
    struct sql q;

    if (row->entry.seq == 0) {
        shelf_purge(w, owner,
                    owners_get(&w->owners, &w->db, account)->shelf[row->entry.shelf].last);
        return;
    }
    q = sql_of(&w->db, SQL_ENTRY_FIND, "SELECT message FROM entry WHERE owner = ? AND seq = ?");
    sql_put_i64(&q, owner);
    sql_put_u64(&q, row->entry.seq);
    while (sql_row(&q))
        message = sql_get_i64(&q);
    if (message != 0)
        entry_remove(w, owner, row->entry.seq, message);
}

/* ---- From one shelf to the other ------------------------------------------------------------- */

struct moving {
    uint64_t seq;
    int64_t peer, message, refs;
    unsigned flags;
    uint64_t ts;
};

static void entries_of_peer(struct db *db, int64_t owner, struct str peer, struct growing *out)
{
    struct sql q = sql_of(
        db, SQL_ENTRY_OF_PEER,
        "SELECT e.seq, e.peer, e.message, e.flags, m.refs, m.ts "
        "FROM entry AS e CROSS JOIN message AS m ON m.id = e.message "
        "WHERE e.owner = ?1 AND e.seq > ?2 AND e.peer IN "
        "(SELECT id FROM jid WHERE bare = ?3 AND (?4 = '' OR resource = ?4)) ORDER BY e.seq");

    sql_put_i64(&q, owner);
    sql_put_u64(&q, shelf_floor(db, owner));
    sql_put_str(&q, jid_text_bare(peer));
    sql_put_str(&q, jid_text_resource(peer));
    while (sql_row(&q)) {
        struct moving *m = growing_add(out);

        m->seq = sql_get_u64(&q);
        m->peer = sql_get_i64(&q);
        m->message = sql_get_i64(&q);
        m->flags = (unsigned)sql_get_i64(&q);
        m->refs = sql_get_i64(&q);
        m->ts = sql_get_u64(&q);
    }
}

/* A moved message arrives in the archive now; when it was sent is kept beside. Where its sender has
 * it too, the sender's copy keeps its time, so ours becomes a message of its own. */
static int64_t message_renew(struct writer *w, const struct moving *m, uint64_t ts)
{
    struct sql q;

    if (m->refs == 1) {
        q = sql_of(&w->db, SQL_MESSAGE_RENEW,
                   "UPDATE message SET sent = coalesce(sent, ts), ts = ? WHERE id = ?");
        sql_put_u64(&q, ts);
        sql_put_i64(&q, m->message);
        sql_run(&q);
        return m->message;
    }
    q = sql_of(&w->db, SQL_MESSAGE_COPY,
               "INSERT INTO message (ts, sent, refs, origin, body) "
               "SELECT ?, coalesce(sent, ts), 1, origin, body FROM message WHERE id = ?");
    sql_put_u64(&q, ts);
    sql_put_i64(&q, m->message);
    sql_run(&q);
    w->tally.messages++;
    return db_last_id(&w->db);
}

static void move_one(struct writer *w, struct owner *owner, const struct moving *m, uint64_t ts)
{
    int64_t message = m->message;

    entry_drop(w, shelf_owner(owner->account, SHELF_REQUESTS), m->seq);
    if (m->ts != ts)
        message = message_renew(w, m, ts);
    if (message != m->message)
        message_unref(w, m->message);
    entry_add(w, shelf_owner(owner->account, SHELF_ARCHIVE),
              owner_next_seq(owner, &w->db, SHELF_ARCHIVE), m->peer, message, m->flags);
}

void entry_move(struct writer *w, int64_t account, struct row *row)
{
    struct owner *owner = owners_get(&w->owners, &w->db, account);
    struct arena scratch = { 0 };
    struct growing found = GROWING(&scratch, struct moving);
    const struct moving *items;

    entries_of_peer(&w->db, shelf_owner(account, SHELF_REQUESTS), row->entry.peer, &found);
    items = found.items;
    for (size_t i = 0; i < found.n; i++) {
        uint64_t *last_ms = &owner->shelf[SHELF_ARCHIVE].last_ms;

        if (*last_ms < row->entry.at_ms)
            *last_ms = row->entry.at_ms;
        if (*last_ms < items[i].ts)
            *last_ms = items[i].ts;
        move_one(w, owner, &items[i], *last_ms);
    }
    arena_deinit(&scratch);
}
