/* store_chats.c: chats: the key of each, its draft, how far it was read, and the list of them all. */
#include "cli/store_inside.h"

#include <string.h>

#include "client/record.h"

enum { STATE_FORMAT = 1, STATE_MAX = 1 << 20, LOOKED_AT_MAX = 1000 };

/* ---- Keys ---------------------------------------------------------------------------------------- */

void chat_keys_forget(struct store *s)
{
    struct map_slot slot;

    for (size_t cursor = 0; map_next(&s->chat_keys, &cursor, &slot);) {
        secure_zero(slot.value, sizeof(struct chat_key));
        mem_free(slot.value);
    }
    map_deinit(&s->chat_keys);
    map_init(&s->chat_keys, NULL);
}

static const struct chat_key *remember(struct store *s, struct bytes lookup, struct bytes key)
{
    struct chat_key *k = mem_alloc(sizeof *k);

    memcpy(k->lookup, lookup.p, sizeof k->lookup);
    memcpy(k->key, key.p, sizeof k->key);
    map_put(&s->chat_keys, str_of_bytes(bytes_of(k->lookup, sizeof k->lookup)), k);
    return k;
}

const struct chat_key *chat_key_of(struct store *s, struct bytes lookup)
{
    const struct chat_key *known = map_get(&s->chat_keys, str_of_bytes(lookup));
    sqlite3_stmt *q = sql_prepared(s, GET_CHAT);
    struct arena a = { 0 };
    struct bytes key;

    if (known != NULL || lookup.n != VAULT_LOOKUP)
        return known;
    sql_bind(q, 1, lookup);
    if (sqlite3_step(q) == SQLITE_ROW
        && vault_unseal(s->vault->values, &a, TABLE_CHAT_KEY, lookup, sql_column(q, 0), &key)
               == ERR_NONE
        && key.n == VAULT_KEY) {
        known = remember(s, lookup, key);
        secure_zero((void *)key.p, key.n);
    }
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    arena_deinit(&a);
    return known;
}

/* ---- State --------------------------------------------------------------------------------------- */

static struct bytes seal_state(struct store *s, struct arena *a, const struct chat_key *k,
                               const struct chat_state *state)
{
    struct bytes sealed = { NULL, 0 };
    struct buf plain;

    buf_init(&plain, STATE_MAX);
    record_u8(&plain, STATE_FORMAT);
    record_u64(&plain, state->read);
    record_text(&plain, state->jid);
    record_text(&plain, state->draft);
    if (!plain.failed)
        sealed = vault_seal(k->key, &s->random, a, TABLE_CHAT_STATE,
                            bytes_of(k->lookup, sizeof k->lookup), buf_bytes(&plain));
    secure_zero(plain.p, plain.n);
    buf_deinit(&plain);
    return sealed;
}

static enum err open_state(struct arena *a, const struct chat_key *k, struct bytes sealed,
                           struct chat_state *out)
{
    struct bytes plain;
    struct reader r;
    enum err e = vault_unseal(k->key, a, TABLE_CHAT_STATE, bytes_of(k->lookup, sizeof k->lookup),
                              sealed, &plain);

    if (e != ERR_NONE)
        return e;
    r = reader_of(plain);
    if (read_u8(&r) != STATE_FORMAT)
        return ERR_MALFORMED;
    out->read = read_u64(&r);
    out->jid = read_text(&r);
    out->draft = read_text(&r);
    return reader_done(&r) ? ERR_NONE : ERR_MALFORMED;
}

const struct chat_key *chat_key_made(struct store *s, struct str jid)
{
    const struct chat_key *known;
    struct chat_state state = { .jid = jid };
    uint8_t lookup[VAULT_LOOKUP] = { 0 }, key[VAULT_KEY] = { 0 };
    struct bytes place = bytes_of(lookup, sizeof lookup), fresh = bytes_of(key, sizeof key);
    sqlite3_stmt *q = sql_prepared(s, ADD_CHAT);
    struct arena a = { 0 };

    vault_lookup(s->vault, BOOK_TIMELINE, bytes_of_str(jid), lookup);
    if ((known = chat_key_of(s, place)) != NULL)
        return known;
    random_fill(&s->random, key, sizeof key);
    known = remember(s, place, fresh);
    sql_bind(q, 1, place);
    sql_bind(q, 2, vault_seal(s->vault->values, &s->random, &a, TABLE_CHAT_KEY, place, fresh));
    sql_bind(q, 3, seal_state(s, &a, known, &state));
    if (sql_run(q) != ERR_NONE) {
        chat_keys_forget(s); /* it is nowhere but here */
        known = NULL;
    }
    secure_zero(key, sizeof key);
    arena_deinit(&a);
    return known;
}

static enum err load_state(struct store *s, struct arena *a, const struct chat_key *k,
                           struct chat_state *out)
{
    sqlite3_stmt *q = sql_prepared(s, GET_CHAT);
    enum err e = ERR_MISSING;

    sql_bind(q, 1, bytes_of(k->lookup, sizeof k->lookup));
    if (sqlite3_step(q) == SQLITE_ROW)
        e = open_state(a, k, sql_column(q, 1), out);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return e;
}

static enum err keep_state(struct store *s, const struct chat_key *k,
                           const struct chat_state *state)
{
    sqlite3_stmt *q = sql_prepared(s, PUT_CHAT_STATE);
    struct arena a = { 0 };
    struct bytes sealed = seal_state(s, &a, k, state);
    enum err e = ERR_TOO_BIG;

    if (sealed.p != NULL) {
        sql_bind(q, 1, bytes_of(k->lookup, sizeof k->lookup));
        sql_bind(q, 2, sealed);
        e = sql_run(q);
    }
    arena_deinit(&a);
    return e;
}

enum err store_set_draft(struct store *s, struct str chat, struct str draft)
{
    const struct chat_key *k = chat_key_made(s, chat);
    struct chat_state state;
    struct arena a = { 0 };
    enum err e = k != NULL ? load_state(s, &a, k, &state) : ERR_IO;

    state.draft = draft;
    if (e == ERR_NONE)
        e = keep_state(s, k, &state);
    arena_deinit(&a);
    return e;
}

enum err store_set_read(struct store *s, struct str chat, uint64_t number)
{
    const struct chat_key *k = chat_key_made(s, chat);
    struct chat_state state;
    struct arena a = { 0 };
    enum err e = k != NULL ? load_state(s, &a, k, &state) : ERR_IO;

    if (e == ERR_NONE && number > state.read) { /* what was read stays so */
        state.read = number;
        e = keep_state(s, k, &state);
    }
    arena_deinit(&a);
    return e;
}

/* ---- The list ------------------------------------------------------------------------------------ */

struct listed {
    struct listed *next;
    struct store_chat chat;
};

static bool is_message(const struct entry *e)
{
    return e->kind == ENTRY_MESSAGE || e->kind == ENTRY_SEALED;
}

static enum err find_last(struct store *s, struct arena *a, struct bytes chat,
                          struct store_chat *out)
{
    sqlite3_stmt *q = kept_from(s, chat, 0, STORE_BEFORE);
    enum err e = ERR_NONE;

    while (e == ERR_NONE && !is_message(&out->last) && sqlite3_step(q) == SQLITE_ROW) {
        struct place_of_entry place = { chat, sql_column(q, 1) };

        out->last_number = (uint64_t)sqlite3_column_int64(q, 0);
        e = kept_open(s, a, place, sql_column(q, 2), &out->last);
    }
    sqlite3_reset(q);
    if (e == ERR_NONE && !is_message(&out->last)) {
        out->last = (struct entry){ 0 };
        out->last_number = 0;
    }
    return e;
}

/* Who answers has read what was there. */
static enum err count_unread(struct store *s, struct bytes chat, struct store_chat *out)
{
    sqlite3_stmt *q = sql_prepared(s, UNREAD_ENTRIES);
    enum err e = ERR_NONE;
    bool answered = false;

    sql_bind(q, 1, chat);
    sqlite3_bind_int64(q, 2, (int64_t)out->read);
    sqlite3_bind_int64(q, 3, LOOKED_AT_MAX);
    while (e == ERR_NONE && !answered && out->unread < STORE_UNREAD_MAX
           && sqlite3_step(q) == SQLITE_ROW) {
        struct place_of_entry place = { chat, sql_column(q, 0) };
        struct arena a = { 0 };
        struct entry entry;

        if ((e = kept_open(s, &a, place, sql_column(q, 1), &entry)) == ERR_NONE) {
            answered = entry.outgoing && (is_message(&entry) || entry.kind == ENTRY_READ);
            out->unread += is_message(&entry) && !entry.outgoing;
        }
        arena_deinit(&a);
    }
    sqlite3_reset(q);
    return e;
}

enum err chat_open(struct store *s, struct arena *a, struct bytes lookup, struct bytes sealed,
                   struct chat_state *out)
{
    const struct chat_key *k = chat_key_of(s, lookup);

    return k != NULL ? open_state(a, k, sealed, out) : ERR_DENIED;
}

static enum err describe(struct store *s, struct arena *a, struct bytes lookup, struct bytes sealed,
                         struct store_chat *out)
{
    struct chat_state state;
    enum err e = chat_open(s, a, lookup, sealed, &state);

    if (e != ERR_NONE)
        return e;
    *out = (struct store_chat){ .jid = state.jid, .draft = state.draft, .read = state.read };
    if ((e = find_last(s, a, lookup, out)) != ERR_NONE)
        return e;
    return count_unread(s, lookup, out);
}

enum err store_chat(struct store *s, struct str jid, struct arena *a, struct store_chat *out)
{
    sqlite3_stmt *q = sql_prepared(s, GET_CHAT);
    uint8_t lookup[VAULT_LOOKUP];
    struct bytes place = bytes_of(lookup, sizeof lookup), sealed = { NULL, 0 };

    vault_lookup(s->vault, BOOK_TIMELINE, bytes_of_str(jid), lookup);
    sql_bind(q, 1, place);
    if (sqlite3_step(q) == SQLITE_ROW)
        sealed = arena_bytes(a, sql_column(q, 1));
    sqlite3_reset(q);
    return sealed.p != NULL ? describe(s, a, place, sealed, out) : ERR_MISSING;
}

/* Newest first; chats without a message last. */
static void insert(struct listed **first, struct listed *l)
{
    while (*first != NULL && (*first)->chat.last.time_ms >= l->chat.last.time_ms)
        first = &(*first)->next;
    l->next = *first;
    *first = l;
}

enum err store_chats(struct store *s, store_chat_each *each, void *ctx)
{
    sqlite3_stmt *q = sql_prepared(s, ALL_CHATS);
    struct arena a = { 0 };
    struct listed *first = NULL;
    enum err e = ERR_NONE;
    int status;

    while ((status = sqlite3_step(q)) == SQLITE_ROW && e == ERR_NONE) {
        struct listed *l = ARENA_NEW(&a, struct listed);

        e = describe(s, &a, sql_column(q, 0), sql_column(q, 1), &l->chat);
        insert(&first, l);
    }
    sqlite3_reset(q);
    if (e == ERR_NONE && status != SQLITE_DONE)
        e = ERR_IO;
    for (; e == ERR_NONE && first != NULL; first = first->next)
        each(ctx, &first->chat);
    arena_deinit(&a);
    return e;
}
