/* store_timeline.c: entries: each sealed with the key of its chat, in a place that it cannot be moved from. */
#include "cli/store_inside.h"

#include <string.h>

/* Where an entry lies: its chat's lookup, then its key. */
static struct bytes sealed_place(struct arena *a, struct place_of_entry place)
{
    return bytes_of_str(arena_concat(a, str_of_bytes(place.chat), str_of_bytes(place.at)));
}

static enum err add(struct store *s, sqlite3_stmt *q, struct bytes at, struct bytes value,
                    int64_t number)
{
    struct arena a = { 0 };
    const struct chat_key *k;
    struct place_of_entry place = { .at = at };
    struct entry entry;
    enum err e = entry_read(value, &entry);

    if (e != ERR_NONE)
        return e;
    if ((k = chat_key_made(s, entry.chat)) == NULL)
        return ERR_IO;
    place.chat = bytes_of(k->lookup, sizeof k->lookup);
    if ((e = taken_before(s, &a, &entry, &value)) == ERR_NONE) {
        sql_bind(q, 1, place.chat);
        sql_bind(q, 2, at);
        sql_bind(q, 3,
                 vault_seal(k->key, &s->random, &a, BOOK_TIMELINE, sealed_place(&a, place), value));
        sqlite3_bind_int64(q, 4, number);
        e = sql_run(q);
    }
    arena_deinit(&a);
    return e;
}

enum err kept_replace(struct store *s, uint64_t number, struct bytes at, struct bytes value)
{
    sqlite3_stmt *q = sql_prepared(s, REPLACE_ENTRY);
    struct arena a = { 0 };
    const struct chat_key *k;
    struct place_of_entry place = { .at = at };
    struct entry entry;
    enum err e = entry_read(value, &entry);

    if (e == ERR_NONE && (k = chat_key_made(s, entry.chat)) == NULL)
        e = ERR_IO;
    if (e == ERR_NONE) {
        place.chat = bytes_of(k->lookup, sizeof k->lookup);
        sqlite3_bind_int64(q, 1, (int64_t)number);
        sql_bind(q, 2,
                 vault_seal(k->key, &s->random, &a, BOOK_TIMELINE, sealed_place(&a, place), value));
        e = sql_run(q);
    }
    arena_deinit(&a);
    return e;
}

enum err kept_add(struct store *s, struct bytes at, struct bytes value)
{
    return add(s, sql_prepared(s, ADD_ENTRY), at, value, s->first);
}

enum err kept_add_old(struct store *s, struct bytes at, struct bytes value, uint64_t number)
{
    return add(s, sql_prepared(s, ADD_OLD_ENTRY), at, value, (int64_t)number);
}

enum err kept_value(struct store *s, struct arena *a, struct place_of_entry place,
                    struct bytes sealed, struct bytes *out)
{
    const struct chat_key *k = chat_key_of(s, place.chat);

    if (k == NULL)
        return ERR_DENIED;
    return vault_unseal(k->key, a, BOOK_TIMELINE, sealed_place(a, place), sealed, out);
}

enum err kept_open(struct store *s, struct arena *a, struct place_of_entry place,
                   struct bytes sealed, struct entry *out)
{
    struct bytes value;
    enum err e = kept_value(s, a, place, sealed, &value);

    return e == ERR_NONE ? entry_read(value, out) : e;
}

/* ---- Pages of a chat ----------------------------------------------------------------------------- */

/* Where an entry stands among those of its chat, and the places before all and behind all. */
static struct bytes place_of_number(struct store *s, struct arena *a, struct bytes chat,
                                    uint64_t number, enum store_side side)
{
    sqlite3_stmt *q = sql_prepared(s, ENTRY_PLACE);
    struct bytes out = bytes_of("", 0);

    if (number == 0) {
        static const uint8_t behind[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

        return side == STORE_BEFORE ? bytes_of(behind, sizeof behind) : out;
    }
    sqlite3_bind_int64(q, 1, (int64_t)number);
    sql_bind(q, 2, chat);
    if (sqlite3_step(q) == SQLITE_ROW)
        out = arena_bytes(a, sql_column(q, 0));
    sqlite3_reset(q);
    return out;
}

sqlite3_stmt *kept_from(struct store *s, struct bytes chat, uint64_t number, enum store_side side)
{
    sqlite3_stmt *q = sql_prepared(s, side == STORE_BEFORE ? ENTRIES_BEFORE : ENTRIES_AFTER);
    struct arena a = { 0 };
    struct bytes at = place_of_number(s, &a, chat, number, side);

    sqlite3_bind_blob64(q, 1, chat.p, chat.n, SQLITE_TRANSIENT);
    sqlite3_bind_blob64(q, 2, at.n > 0 ? (const void *)at.p : "", at.n, SQLITE_TRANSIENT);
    sqlite3_bind_int64(q, 3, (int64_t)number);
    arena_deinit(&a);
    return q;
}

struct found {
    struct found *next;
    uint64_t number;
    struct entry entry;
};

static void tell(struct found *first, store_entry *each, void *ctx)
{
    for (; first != NULL; first = first->next)
        each(ctx, first->number, &first->entry);
}

static struct found *reversed(struct found *first)
{
    struct found *out = NULL;

    while (first != NULL) {
        struct found *next = first->next;

        first->next = out;
        out = first;
        first = next;
    }
    return out;
}

enum err store_page(struct store *s, struct str chat, uint64_t number, enum store_side side,
                    size_t limit, store_entry *each, void *ctx)
{
    struct arena a = { 0 };
    uint8_t lookup[VAULT_LOOKUP] = { 0 };
    struct place_of_entry place = { .chat = bytes_of(lookup, sizeof lookup) };
    struct found *first = NULL, **end = &first;
    sqlite3_stmt *q;
    enum err e = ERR_NONE;

    vault_lookup(s->vault, BOOK_TIMELINE, bytes_of_str(chat), lookup);
    q = kept_from(s, place.chat, number, side);
    for (size_t messages = 0; messages < limit && sqlite3_step(q) == SQLITE_ROW;) {
        struct found *f = ARENA_NEW(&a, struct found);

        place.at = sql_column(q, 1);
        f->number = (uint64_t)sqlite3_column_int64(q, 0);
        if ((e = kept_open(s, &a, place, sql_column(q, 2), &f->entry)) != ERR_NONE)
            break;
        messages += f->entry.kind == ENTRY_MESSAGE || f->entry.kind == ENTRY_SEALED;
        *end = f;
        end = &f->next;
    }
    sqlite3_reset(q);
    if (e == ERR_NONE)
        tell(side == STORE_BEFORE ? reversed(first) : first, each, ctx);
    arena_deinit(&a);
    return e;
}

/* ---- All chats, in the order of coming ----------------------------------------------------------- */

enum err store_later(struct store *s, uint64_t after, size_t limit, store_entry *each, void *ctx)
{
    sqlite3_stmt *q = sql_prepared(s, LATER_ENTRIES);
    enum err e = ERR_NONE;

    sqlite3_bind_int64(q, 1, (int64_t)after);
    sqlite3_bind_int64(q, 2, (int64_t)limit);
    while (e == ERR_NONE && sqlite3_step(q) == SQLITE_ROW) {
        struct place_of_entry place = { sql_column(q, 1), sql_column(q, 2) };
        struct arena a = { 0 };
        struct entry entry;

        if ((e = kept_open(s, &a, place, sql_column(q, 3), &entry)) == ERR_NONE)
            each(ctx, (uint64_t)sqlite3_column_int64(q, 0), &entry);
        arena_deinit(&a);
    }
    sqlite3_reset(q);
    return e;
}
