/* store_history.c: what a device that was linked gets of this one's store, part by part, and how it puts that into its own.
 *
 * The numbers of entries say in which order they came to a device. In the new store those of the other device come before all that came
 * here, in the order that they had there: so nothing of them is taken for news, and a part that comes again finds its places taken.
 */
#include "cli/store_inside.h"

#include <string.h>

#include "client/history.h"

/* More than any device has entries. */
#define ROOM ((int64_t)1 << 40)

enum err history_look(struct store *s)
{
    struct arena a = { 0 };
    struct str text;
    uint64_t first = 0;
    enum err e = store_setting(s, FIRST, &a, &text);

    if (e == ERR_NONE)
        e = str_to_u64(text, ROOM, &first);
    s->first = (int64_t)first;
    arena_deinit(&a);
    return e == ERR_MISSING ? ERR_NONE : e;
}

enum err store_make_room(struct store *s)
{
    struct arena a = { 0 };
    struct str room = arena_printf(&a, "%lld", (long long)ROOM);
    enum err e = store_set(s, FIRST, room);

    if (e == ERR_NONE)
        e = store_set(s, HEARD, room);
    s->first = ROOM;
    arena_deinit(&a);
    return e;
}

/* ---- Out ----------------------------------------------------------------------------------------- */

struct cutting {
    struct store *store;
    struct store_cut *cut;
    store_record *each;
    void *ctx;
    size_t room;     /* in this part */
    uint64_t number; /* of the next entry, where it goes */
};

/* ERR_FULL: it belongs into the next part, if there is one for such. */
static enum err give(struct cutting *c, const struct backup_record *r)
{
    size_t n = r->key.n + r->value.n;

    if (n > c->room)
        return ERR_FULL;
    c->room -= n;
    return c->each(c->ctx, r);
}

static enum err one_entry(void *ctx, sqlite3_stmt *q)
{
    struct cutting *c = ctx;
    struct place_of_entry place = { sql_column(q, 1), sql_column(q, 2) };
    struct backup_record r = { .kind = BACKUP_ENTRY, .key = place.at, .number = c->number };
    struct arena a = { 0 };
    enum err e = kept_value(c->store, &a, place, sql_column(q, 3), &r.value);

    if (e == ERR_NONE && (e = give(c, &r)) == ERR_NONE) {
        c->cut->below = (uint64_t)sqlite3_column_int64(q, 0);
        c->cut->entries++;
        c->number--;
    }
    arena_deinit(&a);
    return e;
}

static enum err one_row(void *ctx, sqlite3_stmt *q)
{
    struct cutting *c = ctx;
    int kind = sqlite3_column_int(q, 0);
    struct backup_record r = { .kind = BACKUP_ROW, .table = (uint8_t)kind };
    struct arena a = { 0 };
    enum err e = ERR_NONE;

    if (history_carries((enum book_table)kind)
        && (e = row_open(c->store, &a, (uint8_t)kind, sql_column(q, 1), sql_column(q, 2), &r.key,
                         &r.value))
               == ERR_NONE)
        e = give(c, &r);
    arena_deinit(&a);
    return e;
}

static enum err give_record(void *ctx, const struct backup_record *r)
{
    return give(ctx, r);
}

static enum err one_chat(void *ctx, sqlite3_stmt *q)
{
    struct cutting *c = ctx;

    return copy_chat(c->store, q, give_record, c);
}

/* What finds no room in a part of its own stays out: it would be more than people decide in their life. */
static enum err give_beside(struct cutting *c)
{
    enum err e = copy_walk(sql_prepared(c->store, EVERY_ROW), one_row, c);

    if (e == ERR_NONE)
        e = copy_walk(sql_prepared(c->store, ALL_CHATS), one_chat, c);
    return e == ERR_FULL ? ERR_NONE : e;
}

static enum err give_entries(struct cutting *c)
{
    sqlite3_stmt *q = sql_prepared(c->store, ENTRIES_BELOW);
    uint64_t below = c->cut->below;
    enum err e;

    sqlite3_bind_int64(q, 1, below < INT64_MAX ? (int64_t)below : INT64_MAX);
    e = copy_walk(q, one_entry, c);
    c->cut->last = e == ERR_NONE;
    /* An entry that fills more than a part would be in its way for ever. */
    return e == ERR_FULL && c->cut->entries > 0 ? ERR_NONE : e;
}

enum err store_history(struct store *s, struct store_cut *cut, store_record *each, void *ctx)
{
    struct cutting c = { .store = s, .cut = cut, .each = each, .ctx = ctx, .room = HISTORY_PART };
    bool first = cut->below == UINT64_MAX;
    enum err e = sql_simple(s, BEGIN); /* as it is now */

    if (e != ERR_NONE)
        return e;
    c.number = number_anew(s, first ? INT64_MAX : cut->below - 1);
    cut->entries = 0;
    cut->total = c.number;
    if (first)
        e = give_beside(&c);
    c.room = HISTORY_PART;
    if (e == ERR_NONE)
        e = give_entries(&c);
    sql_roll_back(s);
    return e;
}

/* ---- In ------------------------------------------------------------------------------------------ */

/* What came here by itself: the same message has another place then, but the same author and id. */
struct known {
    struct map map; /* of struct known_entry, by name */
    struct arena arena;
    struct takings takings; /* what comes and takes words */
};

struct known_entry {
    struct bytes at;
    bool sealed; /* it could not be read */
};

/* Empty: nothing tells it from others. */
static struct str name_of(struct arena *a, const struct entry *e)
{
    bool is_report = e->kind == ENTRY_SENT || e->kind == ENTRY_DELIVERED || e->kind == ENTRY_READ
                     || e->kind == ENTRY_FAILED;
    struct str id = e->id.n > 0 ? e->id : e->archive_id;

    if (id.n == 0)
        return STR_NONE;
    return arena_printf(a, "%d %.*s %.*s %.*s %.*s", is_report ? (int)e->kind : 0, STR_ARG(e->chat),
                        STR_ARG(e->author), STR_ARG(is_report ? e->target : STR_NONE), STR_ARG(id));
}

static enum err learn(void *ctx, struct store *s, sqlite3_stmt *q)
{
    struct known *k = ctx;
    struct place_of_entry place = { sql_column(q, 1), sql_column(q, 2) };
    struct known_entry *known = ARENA_NEW(&k->arena, struct known_entry);
    struct arena a = { 0 };
    struct entry entry;
    struct str name;
    enum err e = kept_open(s, &a, place, sql_column(q, 3), &entry);

    if (e == ERR_NONE && (name = name_of(&k->arena, &entry)).n > 0) {
        known->at = arena_bytes(&k->arena, place.at);
        known->sealed = entry.kind == ENTRY_SEALED;
        map_put(&k->map, name, known);
    }
    arena_deinit(&a);
    return e;
}

static enum err learn_all(struct store *s, struct known *k)
{
    sqlite3_stmt *q = sql_prepared(s, LATER_ENTRIES);
    enum err e = ERR_NONE;

    sqlite3_bind_int64(q, 1, s->first);
    sqlite3_bind_int64(q, 2, -1);
    while (e == ERR_NONE && sqlite3_step(q) == SQLITE_ROW)
        e = learn(k, s, q);
    sqlite3_reset(q);
    return e;
}

static enum err take_entry(struct store *s, struct known *k, const struct backup_record *r)
{
    struct arena a = { 0 };
    const struct known_entry *known;
    struct entry entry;
    struct str name;
    enum err e = entry_read(r->value, &entry);

    if (e != ERR_NONE || r->key.n != 16 || r->number == 0 || r->number > (uint64_t)s->first) {
        arena_deinit(&a);
        return ERR_MALFORMED;
    }
    name = name_of(&a, &entry);
    known = name.n > 0 ? map_get(&k->map, name) : NULL;
    if (known != NULL && known->sealed && entry.kind != ENTRY_SEALED) {
        e = kept_erase(s, known->at);
        known = NULL;
    }
    if (e == ERR_NONE && known == NULL)
        e = kept_add_old(s, r->key, r->value, r->number);
    taken_note(s, &k->takings, &entry);
    arena_deinit(&a);
    return e;
}

static enum err take_chat(struct store *s, const struct backup_record *r)
{
    struct arena a = { 0 };
    struct store_chat chat;
    struct str jid = str_of_bytes(r->key);
    enum err e = ERR_NONE;

    if (jid.n == 0 || r->number > (uint64_t)s->first)
        return ERR_MALFORMED;
    if (r->value.n > 0 && (store_chat(s, jid, &a, &chat) == ERR_MISSING || chat.draft.n == 0))
        e = store_set_draft(s, jid, str_of_bytes(r->value));
    if (e == ERR_NONE)
        e = store_set_read(s, jid, r->number);
    arena_deinit(&a);
    return e;
}

static enum err take_all(struct store *s, struct known *k, store_next *next, void *ctx)
{
    struct backup_record r;
    enum err e;

    while ((e = next(ctx, &r)) == ERR_NONE) {
        if (r.kind == BACKUP_ENTRY)
            e = take_entry(s, k, &r);
        else if (r.kind == BACKUP_CHAT)
            e = take_chat(s, &r);
        if (e != ERR_NONE)
            return e;
    }
    return e == ERR_MISSING ? ERR_NONE : e;
}

enum err store_take_history(struct store *s, store_next *next, void *ctx)
{
    struct known k = { .arena = { 0 } };
    enum err e = sql_simple(s, BEGIN), taken;
    uint64_t seed[2];
    bool any;

    if (e != ERR_NONE)
        return e;
    random_fill(&s->random, seed, sizeof seed);
    map_init(&k.map, seed);
    e = learn_all(s, &k);
    if (e == ERR_NONE)
        e = take_all(s, &k, next, ctx);
    taken = taken_noted(s, &k.takings, &any);
    if (e == ERR_NONE)
        e = taken;
    if (e == ERR_NONE)
        e = sql_simple(s, COMMIT);
    if (e != ERR_NONE)
        sql_roll_back(s);
    else if (any)
        e = log_wipe(s);
    map_deinit(&k.map);
    arena_deinit(&k.arena);
    return e;
}
