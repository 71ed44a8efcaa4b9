/* expiry.c: see expiry.h. */
#include "client/expiry.h"

#include "client/record.h"
#include "xmpp/ns.h"

enum { PLACE = 16, RECORD_MAX = 16 * 1024, NOT_YET = 0 };

/* ---- Timers of chats ------------------------------------------------------------------------------- */

static struct bytes timer_key(struct arena *a, struct str chat)
{
    return bytes_of_str(arena_concat(a, STR("T"), chat));
}

static uint32_t read_timer(const struct engine *c, struct str chat, uint64_t *out_set_ms)
{
    struct arena a = { 0 };
    struct reader r = reader_of(book_get(&c->book, BOOK_EXPIRY, timer_key(&a, chat)));
    uint32_t seconds = read_u32(&r);

    *out_set_ms = read_u64(&r);
    arena_deinit(&a);
    return seconds;
}

uint32_t expiry_timer(const struct engine *c, struct str chat)
{
    uint64_t set_ms;

    return read_timer(c, chat, &set_ms);
}

bool expiry_set(struct engine *c, struct str chat, uint32_t seconds, uint64_t set_ms)
{
    struct arena a = { 0 };
    struct buf record;
    uint64_t before_ms;
    uint32_t before = read_timer(c, chat, &before_ms);

    if (set_ms < before_ms || (before == seconds && before_ms == 0))
        return false;
    buf_init(&record, RECORD_MAX);
    record_u32(&record, seconds);
    record_u64(&record, set_ms);
    book_put(&c->book, BOOK_EXPIRY, timer_key(&a, chat), buf_bytes(&record));
    buf_deinit(&record);
    arena_deinit(&a);
    return before != seconds;
}

struct xml_node *expiry_mark(struct arena *a, uint32_t seconds)
{
    struct xml_node *n = xml_new(a, STR(NS_EPHEMERAL), STR("ephemeral"));

    xml_set(a, n, STR("timer"), arena_printf(a, "%u", seconds));
    return n;
}

/* ---- Entries that will be erased ------------------------------------------------------------------- */

struct expiring {
    uint64_t at_ms; /* NOT_YET: its time has not begun */
    uint32_t expires_s;
    bool outgoing;
    struct str chat, author, id, target;
};

static bool read_row(struct bytes key, struct bytes value, struct expiring *out)
{
    struct reader r = reader_of(value);

    if (key.n != 1 + PLACE || key.p[0] != 'E')
        return false;
    out->at_ms = read_u64(&r);
    out->expires_s = read_u32(&r);
    out->outgoing = read_u8(&r) != 0;
    out->chat = read_text(&r);
    out->author = read_text(&r);
    out->id = read_text(&r);
    out->target = read_text(&r);
    return reader_done(&r);
}

static void keep(struct engine *c, struct bytes key, const struct expiring *e)
{
    struct buf record;

    buf_init(&record, RECORD_MAX);
    record_u64(&record, e->at_ms);
    record_u32(&record, e->expires_s);
    record_u8(&record, e->outgoing);
    record_text(&record, e->chat);
    record_text(&record, e->author);
    record_text(&record, e->id);
    record_text(&record, e->target);
    book_put(&c->book, BOOK_EXPIRY, key, buf_bytes(&record));
    buf_deinit(&record);
    if (e->at_ms != NOT_YET && e->at_ms < c->erase_at_ms)
        c->erase_at_ms = e->at_ms;
}

void expiry_added(struct engine *c, const struct entry *e, struct bytes place)
{
    bool elsewhere = e->outgoing && e->device != c->identity->device_id;
    struct expiring row = { .expires_s = e->expires_s,
                            .outgoing = e->outgoing,
                            .chat = e->chat,
                            .author = e->author,
                            .id = e->id,
                            .target = e->kind == ENTRY_CORRECTION ? e->target : STR_NONE };
    struct arena a = { 0 };

    if (e->expires_s == 0 || (e->kind != ENTRY_MESSAGE && e->kind != ENTRY_CORRECTION))
        return;
    if (elsewhere)
        row.at_ms = c->now_ms + (uint64_t)e->expires_s * 1000;
    keep(c, bytes_of_str(arena_concat(&a, STR("E"), str_of_bytes(place))), &row);
    arena_deinit(&a);
}

/* Keys of all rows, so that rows may change while we walk. */
static struct bytes *all_keys(struct engine *c, struct arena *a, size_t *out_n)
{
    struct bytes *keys = arena_alloc(a, (book_count(&c->book, BOOK_EXPIRY) + 1) * sizeof *keys);
    struct bytes key, value;
    struct expiring row;

    *out_n = 0;
    for (size_t cursor = 0; book_next(&c->book, BOOK_EXPIRY, &cursor, &key, &value);)
        if (read_row(key, value, &row))
            keys[(*out_n)++] = arena_bytes(a, key);
    return keys;
}

static void begin(struct engine *c, struct bytes key, struct expiring row)
{
    row.at_ms = c->now_ms + (uint64_t)row.expires_s * 1000;
    keep(c, key, &row);
}

void expiry_sent(struct engine *c, struct str chat, struct str id)
{
    struct arena a = { 0 };
    size_t n;
    struct bytes *keys = all_keys(c, &a, &n);
    struct expiring row;

    for (size_t i = 0; i < n; i++)
        if (read_row(keys[i], book_get(&c->book, BOOK_EXPIRY, keys[i]), &row) && row.outgoing
            && row.at_ms == NOT_YET && str_eq(row.id, id) && str_eq(row.chat, chat))
            begin(c, keys[i], row);
    arena_deinit(&a);
}

void expiry_read(struct engine *c, struct str chat, expiry_unread *is_unread, const void *ctx)
{
    struct arena a = { 0 };
    size_t n;
    struct bytes *keys = all_keys(c, &a, &n);
    struct expiring row;

    for (size_t i = 0; i < n; i++)
        if (read_row(keys[i], book_get(&c->book, BOOK_EXPIRY, keys[i]), &row) && !row.outgoing
            && row.at_ms == NOT_YET && str_eq(row.chat, chat) && !is_unread(ctx, row.id))
            begin(c, keys[i], row);
    arena_deinit(&a);
}

/* ---- Erasing --------------------------------------------------------------------------------------- */

static bool is_due(const struct engine *c, const struct expiring *e)
{
    return e->at_ms != NOT_YET && e->at_ms <= c->now_ms;
}

static void erase(struct engine *c, struct bytes key, const struct expiring *e)
{
    struct engine_event event = { .kind = ENGINE_ERASED };

    event.entry.chat = e->chat;
    event.entry.author = e->author;
    event.entry.id = e->id;
    event.entry.outgoing = e->outgoing;
    engine_tell(c, &event);
    book_erase(&c->book, BOOK_TIMELINE, bytes_of(key.p + 1, key.n - 1));
}

/* A correction goes with what it corrects: it would be shown by itself. */
static bool corrects_one(struct engine *c, const struct bytes *gone, size_t n,
                         const struct expiring *e)
{
    struct expiring other;

    for (size_t i = 0; i < n && e->target.n > 0; i++)
        if (read_row(gone[i], book_get(&c->book, BOOK_EXPIRY, gone[i]), &other)
            && str_eq(other.id, e->target) && str_eq(other.chat, e->chat)
            && str_eq(other.author, e->author))
            return true;
    return false;
}

/* Moves the keys of those that go now from `keys` to `gone`; their rows are still there. */
static size_t sort_out(struct engine *c, struct bytes *keys, size_t *n, struct bytes *gone)
{
    size_t kept = 0, erased = 0, due;
    struct expiring row;

    for (size_t i = 0; i < *n; i++) {
        if (read_row(keys[i], book_get(&c->book, BOOK_EXPIRY, keys[i]), &row) && is_due(c, &row))
            gone[erased++] = keys[i];
        else
            keys[kept++] = keys[i];
    }
    due = erased;
    *n = kept;
    kept = 0;
    for (size_t i = 0; i < *n; i++) {
        if (read_row(keys[i], book_get(&c->book, BOOK_EXPIRY, keys[i]), &row)
            && corrects_one(c, gone, due, &row))
            gone[erased++] = keys[i];
        else
            keys[kept++] = keys[i];
    }
    *n = kept;
    return erased;
}

void expiry_work(struct engine *c)
{
    struct arena a = { 0 };
    size_t n, erased;
    struct bytes *keys = all_keys(c, &a, &n), *gone = arena_alloc(&a, (n + 1) * sizeof *gone);
    struct expiring row;

    erased = sort_out(c, keys, &n, gone);
    for (size_t i = 0; i < erased; i++)
        if (read_row(gone[i], book_get(&c->book, BOOK_EXPIRY, gone[i]), &row))
            erase(c, gone[i], &row);
    for (size_t i = 0; i < erased; i++)
        book_delete(&c->book, BOOK_EXPIRY, gone[i]);
    c->erase_at_ms = UINT64_MAX;
    for (size_t i = 0; i < n; i++)
        if (read_row(keys[i], book_get(&c->book, BOOK_EXPIRY, keys[i]), &row)
            && row.at_ms != NOT_YET && row.at_ms < c->erase_at_ms)
            c->erase_at_ms = row.at_ms;
    arena_deinit(&a);
}
