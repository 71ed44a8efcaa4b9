/* store_copy.c: what a backup holds of a store, record by record, and a new store made of such records.
 *
 * Sessions of the ratchets, our identity and prekeys, device lists, the login's token, the outbox and files under way stay behind:
 * they belong to one device, and what two devices share of them breaks.
 */
#include "cli/store_inside.h"

/* By name: of the rows about ourselves those that are not of this device. */
static const char *const selves[] = { "pins",   "archive",       "archive recent", "archive begun",
                                      "roster", "roster groups", "people" };

static bool belongs(uint8_t table, struct bytes key)
{
    switch (table) {
    case TABLE_TAKEN:
    case BOOK_CONTACT:
    case BOOK_TRUST:
    case BOOK_PEOPLE:
    case BOOK_BLOCKED:
    case BOOK_HELD:
    case BOOK_ROOM:
    case BOOK_CHAT:
    case BOOK_EXPIRY: return true;
    case BOOK_SELF:
        for (size_t i = 0; i < COUNT_OF(selves); i++)
            if (str_is(str_of_bytes(key), selves[i]))
                return true;
        return false;
    default: return false;
    }
}

/* ---- Out ----------------------------------------------------------------------------------------- */

/* Numbers of entries, which are others in another store, and the name of this device. */
static bool is_of_store(struct str setting)
{
    return str_is(setting, HEARD) || str_is(setting, FIRST) || str_is(setting, NAMED);
}

struct copying {
    struct store *store;
    store_record *each;
    void *ctx;
};

static enum err one_row(void *ctx, sqlite3_stmt *q)
{
    struct copying *c = ctx;
    int kind = sqlite3_column_int(q, 0);
    bool is_setting = kind == TABLE_SETTINGS;
    struct backup_record r = { .kind = is_setting ? BACKUP_SETTING : BACKUP_ROW,
                               .table = is_setting ? 0 : (uint8_t)kind };
    struct arena a = { 0 };
    enum err e =
        row_open(c->store, &a, (uint8_t)kind, sql_column(q, 1), sql_column(q, 2), &r.key, &r.value);

    if (e == ERR_NONE && (is_setting ? !is_of_store(str_of_bytes(r.key)) : belongs(r.table, r.key)))
        e = c->each(c->ctx, &r);
    arena_deinit(&a);
    return e;
}

static enum err one_entry(void *ctx, sqlite3_stmt *q)
{
    struct copying *c = ctx;
    struct place_of_entry place = { sql_column(q, 0), sql_column(q, 1) };
    struct backup_record r = { .kind = BACKUP_ENTRY, .key = place.at };
    struct arena a = { 0 };
    enum err e = kept_value(c->store, &a, place, sql_column(q, 2), &r.value);

    if (e == ERR_NONE)
        e = c->each(c->ctx, &r);
    arena_deinit(&a);
    return e;
}

uint64_t number_anew(struct store *s, uint64_t number)
{
    sqlite3_stmt *q = sql_prepared(s, COUNT_UP_TO);
    uint64_t out = 0;

    sqlite3_bind_int64(q, 1, (int64_t)number);
    if (sqlite3_step(q) == SQLITE_ROW)
        out = (uint64_t)sqlite3_column_int64(q, 0);
    sqlite3_reset(q);
    return out;
}

enum err copy_chat(struct store *s, sqlite3_stmt *q, store_record *each, void *ctx)
{
    struct backup_record r = { .kind = BACKUP_CHAT };
    struct arena a = { 0 };
    struct chat_state state;
    enum err e = chat_open(s, &a, sql_column(q, 0), sql_column(q, 1), &state);

    if (e == ERR_NONE) {
        r.key = bytes_of_str(state.jid);
        r.value = bytes_of_str(state.draft);
        r.number = number_anew(s, state.read);
        e = each(ctx, &r);
    }
    arena_deinit(&a);
    return e;
}

static enum err one_chat(void *ctx, sqlite3_stmt *q)
{
    struct copying *c = ctx;

    return copy_chat(c->store, q, c->each, c->ctx);
}

enum err copy_walk(sqlite3_stmt *q, copy_one *one, void *ctx)
{
    enum err e = ERR_NONE;
    int status = SQLITE_DONE;

    while (e == ERR_NONE && (status = sqlite3_step(q)) == SQLITE_ROW)
        e = one(ctx, q);
    sqlite3_reset(q);
    return e == ERR_NONE && status != SQLITE_DONE ? ERR_IO : e;
}

enum err store_copy(struct store *s, store_record *each, void *ctx)
{
    struct copying c = { s, each, ctx };
    enum err e = sql_simple(s, BEGIN); /* as it is now */

    if (e != ERR_NONE)
        return e;
    if ((e = copy_walk(sql_prepared(s, EVERY_ROW), one_row, &c)) == ERR_NONE
        && (e = copy_walk(sql_prepared(s, EVERY_ENTRY), one_entry, &c)) == ERR_NONE)
        e = copy_walk(sql_prepared(s, ALL_CHATS), one_chat, &c);
    sql_roll_back(s);
    return e;
}

uint64_t store_count(struct store *s)
{
    int64_t n = sql_number(s, "SELECT count(*) FROM timeline");

    return n > 0 ? (uint64_t)n : 0;
}

/* ---- In ------------------------------------------------------------------------------------------ */

enum err store_fill(struct store *s, const struct backup_record *r)
{
    struct str key = str_of_bytes(r->key);

    switch (r->kind) {
    case BACKUP_SETTING: return row_put(s, TABLE_SETTINGS, r->key, r->value);
    case BACKUP_ROW:
        return belongs(r->table, r->key) ? row_put(s, r->table, r->key, r->value) : ERR_NONE;
    case BACKUP_ENTRY: return r->key.n > 0 ? kept_add(s, r->key, r->value) : ERR_MALFORMED;
    case BACKUP_CHAT:
        if (key.n == 0 || r->number > INT64_MAX)
            return ERR_MALFORMED;
        if (r->value.n > 0 && store_set_draft(s, key, str_of_bytes(r->value)) != ERR_NONE)
            return ERR_IO;
        return store_set_read(s, key, r->number);
    default: return ERR_NONE; /* of a later version, or about the backup itself */
    }
}

enum err store_fill_begin(struct store *s)
{
    return sql_simple(s, BEGIN);
}

enum err store_fill_end(struct store *s)
{
    struct arena a = { 0 };
    struct str all = arena_printf(&a, "%llu", (unsigned long long)store_count(s));
    enum err e = store_set(s, HEARD, all); /* all that is there has been heard */
    bool taken = false;

    if (e == ERR_NONE)
        e = taken_everywhere(s, &taken); /* the backup may be of an older version */
    if (e == ERR_NONE)
        e = sql_simple(s, COMMIT);
    if (e == ERR_NONE && taken)
        e = log_wipe(s);
    arena_deinit(&a);
    return e;
}
