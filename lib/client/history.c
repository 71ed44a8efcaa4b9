/* history.c: see history.h. Rows of BOOK_HISTORY: 'G' and a device, what it is still to get; 'T', what this device expects; 'P' and the
 * id of a message, a part that has come.
 */
#include "client/history.h"

#include <string.h>

#include "client/devices.h"
#include "client/expiry.h"
#include "client/record.h"
#include "client/trust_book.h"
#include "client/uploads.h"
#include "xmpp/ns.h"

enum {
    RECORD_MAX = 4 * ATTACHMENT_RECORD_MAX,
    NAME_MAX_OCTETS = 1024,
    ROW_MAX_OCTETS = 64 * 1024,
    ROWS_MAX = 50000, /* of a table: who gives more is no device of ours */
};

#define DAY_MS      (24 * 3600 * (uint64_t)1000)
#define GIVEN_MS    (7 * DAY_MS)
#define EXPECTED_MS (30 * DAY_MS) /* servers keep files for about that long */

/* ---- Rows: giving -------------------------------------------------------------------------------- */

struct promise {
    struct history_gift gift;
    uint64_t since_ms;
    bool made; /* all parts */
};

static struct bytes promise_key(struct arena *a, uint32_t device)
{
    return bytes_of_str(arena_printf(a, "G%u", device));
}

static void keep_promise(struct engine *c, const struct promise *p)
{
    struct arena a = { 0 };
    struct buf record;

    buf_init(&record, RECORD_MAX);
    record_u32(&record, p->gift.device);
    record_u32(&record, p->gift.part);
    buf_add_bytes(&record, bytes_of(p->gift.key, HISTORY_KEY));
    record_u64(&record, p->gift.below);
    record_u64(&record, p->gift.done);
    record_u64(&record, p->gift.total);
    record_u64(&record, p->since_ms);
    record_u8(&record, p->made);
    book_put(&c->book, BOOK_HISTORY, promise_key(&a, p->gift.device), buf_bytes(&record));
    secure_zero(record.p, record.n);
    buf_deinit(&record);
    arena_deinit(&a);
}

static void read_key(struct reader *r, uint8_t out[HISTORY_KEY])
{
    struct bytes key = read_bytes(r, HISTORY_KEY);

    if (key.n == HISTORY_KEY)
        memcpy(out, key.p, HISTORY_KEY);
}

static bool read_promise(struct bytes key, struct bytes value, struct promise *out)
{
    struct reader r = reader_of(value);

    *out = (struct promise){ .gift.device = read_u32(&r), .gift.part = read_u32(&r) };
    read_key(&r, out->gift.key);
    out->gift.below = read_u64(&r);
    out->gift.done = read_u64(&r);
    out->gift.total = read_u64(&r);
    out->since_ms = read_u64(&r);
    out->made = read_u8(&r) != 0;
    return key.p[0] == 'G' && reader_done(&r);
}

static bool next_promise(const struct engine *c, size_t *cursor, struct promise *out)
{
    struct bytes key, value;

    while (book_next(&c->book, BOOK_HISTORY, cursor, &key, &value))
        if (read_promise(key, value, out))
            return true;
    return false;
}

void history_promise(struct engine *c, uint32_t device, const uint8_t key[HISTORY_KEY])
{
    struct promise p = { .gift = { .device = device, .below = UINT64_MAX }, .since_ms = c->now_ms };

    memcpy(p.gift.key, key, HISTORY_KEY);
    keep_promise(c, &p);
    secure_zero(&p, sizeof p);
}

void history_cancel(struct engine *c, uint32_t device)
{
    struct arena a = { 0 };

    book_delete(&c->book, BOOK_HISTORY, promise_key(&a, device));
    arena_deinit(&a);
}

void history_refused(struct engine *c, uint32_t device, struct str why)
{
    history_cancel(c, device);
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_HISTORY, .refused = true, .text = why });
}

/* ---- Giving -------------------------------------------------------------------------------------- */

/* One part at a time: the next is made when the one before lies with the server. */
static bool is_moving(const struct engine *c, uint32_t device)
{
    LIST_EACH (&c->uploads.files, l)
        if (LIST_ENTRY(l, const struct waiting_file, link)->only == device)
            return true;
    return false;
}

static void forget_late_promises(struct engine *c)
{
    struct promise p, late = { .since_ms = c->now_ms };

    for (size_t cursor = 0; next_promise(c, &cursor, &p);)
        if (p.since_ms < late.since_ms)
            late = p;
    if (late.gift.device != 0 && c->now_ms - late.since_ms > GIVEN_MS)
        history_refused(c, late.gift.device, STR("the new device did not appear in time"));
    secure_zero(&p, sizeof p);
    secure_zero(&late, sizeof late);
}

bool history_due(struct engine *c, struct history_gift *out)
{
    struct promise p;
    bool found = false;

    if (c->line.state != LINE_ONLINE || c->broken || !c->archive.caught_up)
        return false;
    for (size_t cursor = 0; !found && next_promise(c, &cursor, &p);) {
        found = !p.made && !is_moving(c, p.gift.device)
                && devices_lists(c, OMEMO_2, c->bare, p.gift.device);
        if (found)
            *out = p.gift;
    }
    if (!found)
        forget_late_promises(c);
    engine_end_round(c);
    secure_zero(&p, sizeof p);
    return found;
}

enum err history_given(struct engine *c, const struct history_gift *g, bool last,
                       const struct attachment *f, struct str source)
{
    struct arena a = { 0 };
    struct bytes key = promise_key(&a, g->device);
    struct promise p;
    enum err e = ERR_MISSING; /* it was given up meanwhile */

    if (read_promise(key, book_get(&c->book, BOOK_HISTORY, key), &p)
        && (e = uploads_add(c, g->device, f, source)) == ERR_NONE) {
        p.gift = *g;
        p.made = last;
        keep_promise(c, &p);
    }
    engine_end_round(c);
    secure_zero(&p, sizeof p);
    arena_deinit(&a);
    return e;
}

bool history_is_given(const struct engine *c, uint64_t *out_done, uint64_t *out_total)
{
    struct promise p;

    for (size_t cursor = 0; next_promise(c, &cursor, &p);) {
        *out_done = p.gift.done;
        *out_total = p.gift.total;
        if (!p.made || is_moving(c, p.gift.device))
            return false;
    }
    return true;
}

/* ---- Rows: taking -------------------------------------------------------------------------------- */

struct expected {
    uint8_t key[HISTORY_KEY];
    uint32_t device; /* from whom */
    uint64_t since_ms;
    uint64_t parts; /* a bit for each that has come */
    unsigned count; /* of all parts; 0: not known yet */
    struct history_state state;
};

static void keep_expected(struct engine *c, const struct expected *x)
{
    struct buf record;

    buf_init(&record, RECORD_MAX);
    record_u32(&record, x->device);
    buf_add_bytes(&record, bytes_of(x->key, HISTORY_KEY));
    record_u64(&record, x->since_ms);
    record_u64(&record, x->parts);
    record_u32(&record, x->count);
    record_u64(&record, x->state.done);
    record_u64(&record, x->state.total);
    record_u8(&record, x->state.incomplete);
    book_put(&c->book, BOOK_HISTORY, engine_key("T"), buf_bytes(&record));
    secure_zero(record.p, record.n);
    buf_deinit(&record);
}

static bool find_expected(const struct engine *c, struct expected *out)
{
    struct reader r = reader_of(book_get(&c->book, BOOK_HISTORY, engine_key("T")));

    *out = (struct expected){ .device = read_u32(&r) };
    read_key(&r, out->key);
    out->since_ms = read_u64(&r);
    out->parts = read_u64(&r);
    out->count = read_u32(&r);
    out->state.done = read_u64(&r);
    out->state.total = read_u64(&r);
    out->state.incomplete = read_u8(&r) != 0;
    return reader_done(&r);
}

void history_expect(struct engine *c, uint32_t device, const uint8_t key[HISTORY_KEY])
{
    struct expected x = { .device = device, .since_ms = c->now_ms };

    memcpy(x.key, key, HISTORY_KEY);
    keep_expected(c, &x);
    secure_zero(&x, sizeof x);
}

/* ---- Taking -------------------------------------------------------------------------------------- */

static struct bytes part_key(struct arena *a, struct str id)
{
    return bytes_of_str(arena_concat(a, STR("P"), id));
}

static void keep_part(struct engine *c, struct str id, const struct attachment *f)
{
    struct arena a = { 0 };
    struct buf record;

    buf_init(&record, RECORD_MAX);
    attachment_write(&record, f);
    book_put(&c->book, BOOK_HISTORY, part_key(&a, id), buf_bytes(&record));
    secure_zero(record.p, record.n);
    buf_deinit(&record);
    arena_deinit(&a);
}

/* From the device that was linked with, sealed, and not more than there can be; else it is nobody's business. */
bool history_came(struct engine *c, const struct arrival *m, const struct xml_node *content)
{
    const struct xml_node *node = xml_child(content, STR(NS_HISTORY), STR("history"));
    struct reader expected = reader_of(book_get(&c->book, BOOK_HISTORY, engine_key("T")));
    struct str id = m->stanza->id;
    struct arena a = { 0 };
    struct attachment f;

    if (node == NULL)
        return false;
    if (m->outgoing && m->device == read_u32(&expected) && !expected.failed
        && m->encryption == ENCRYPTION_OMEMO_2 && m->trust >= ENTRY_TRUST_TRUSTED && id.n > 0
        && id.n <= NAME_MAX_OCTETS && book_count(&c->book, BOOK_HISTORY) <= HISTORY_PARTS_MAX
        && attachment_of_content(&a, node, &f) == ERR_NONE)
        keep_part(c, id, &f);
    arena_deinit(&a);
    return true;
}

bool history_next(struct engine *c, struct history_part *out)
{
    struct bytes key = { NULL, 0 }, value;
    struct expected x;
    bool found = false;

    if (find_expected(c, &x))
        for (size_t cursor = 0; !found && book_next(&c->book, BOOK_HISTORY, &cursor, &key, &value);)
            found = key.p[0] == 'P' && attachment_read(value, &out->file) == ERR_NONE;
    if (found) {
        out->id = str_skip(str_of_bytes(key), 1);
        memcpy(out->key, x.key, HISTORY_KEY);
    }
    secure_zero(&x, sizeof x);
    return found;
}

struct backup_record history_about_write(struct buf *scratch, const struct history_about *about)
{
    buf_reset(scratch);
    record_u8(scratch, (uint8_t)about->part);
    record_u8(scratch, about->last);
    record_u64(scratch, about->entries);
    record_u64(scratch, about->total);
    return (struct backup_record){ .kind = BACKUP_PART, .value = buf_bytes(scratch) };
}

enum err history_about_read(const struct backup_record *r, struct history_about *out)
{
    struct reader in = reader_of(r->value);
    struct history_about about = { .part = read_u8(&in), .last = read_u8(&in) != 0 };

    about.entries = read_u64(&in);
    about.total = read_u64(&in);
    if (r->kind != BACKUP_PART || !reader_done(&in) || about.part >= HISTORY_PARTS_MAX
        || about.entries > about.total || about.total > HISTORY_ENTRIES_MAX)
        return ERR_MALFORMED;
    *out = about;
    return ERR_NONE;
}

bool history_carries(enum book_table table)
{
    return table == BOOK_TRUST || table == BOOK_PEOPLE || table == BOOK_HELD
           || table == BOOK_EXPIRY;
}

/* What was decided here stays. */
enum err history_adopt(struct engine *c, const struct backup_record *r)
{
    enum book_table table = (enum book_table)r->table;

    if (r->kind != BACKUP_ROW || !history_carries(table) || r->key.n == 0
        || r->key.n > NAME_MAX_OCTETS || r->value.n > ROW_MAX_OCTETS)
        return ERR_MALFORMED;
    if (book_get(&c->book, table, r->key).p == NULL && book_count(&c->book, table) < ROWS_MAX)
        book_put(&c->book, table, r->key, r->value);
    return ERR_NONE;
}

static void count_part(struct expected *x, const struct history_about *about)
{
    uint64_t bit = (uint64_t)1 << about->part;

    if ((x->parts & bit) != 0)
        return;
    x->parts |= bit;
    x->state.done += about->entries;
    x->state.total = about->total;
    if (about->last)
        x->count = about->part + 1;
}

void history_taken(struct engine *c, struct str id, const struct history_about *about)
{
    struct arena a = { 0 };
    struct expected x;

    book_delete(&c->book, BOOK_HISTORY, part_key(&a, id));
    if (find_expected(c, &x)) {
        if (about != NULL)
            count_part(&x, about);
        else
            x.state.incomplete = true;
        keep_expected(c, &x);
    }
    expiry_work(c); /* the rows may have brought what is due */
    engine_end_round(c);
    secure_zero(&x, sizeof x);
    arena_deinit(&a);
}

/* All parts have come; or the last one has, and which one is missing nobody can tell. */
static bool is_over(struct engine *c, const struct expected *x)
{
    struct history_part part;

    if (c->now_ms > x->since_ms && c->now_ms - x->since_ms > EXPECTED_MS)
        return true;
    if (x->count == 0)
        return false;
    if (x->parts == UINT64_MAX >> (64 - x->count))
        return true;
    return x->state.incomplete && !history_next(c, &part);
}

static void forget_expected(struct engine *c)
{
    struct history_part part;
    struct arena a = { 0 };

    while (history_next(c, &part))
        book_delete(&c->book, BOOK_HISTORY, part_key(&a, part.id));
    book_delete(&c->book, BOOK_HISTORY, engine_key("T"));
    engine_end_round(c);
    arena_deinit(&a);
}

bool history_is_taken(struct engine *c, struct history_state *out)
{
    struct expected x;
    bool over = !find_expected(c, &x);

    if (!over && is_over(c, &x)) {
        x.state.incomplete |= x.count == 0;
        forget_expected(c);
        over = true;
    }
    *out = x.state;
    secure_zero(&x, sizeof x);
    return over;
}
