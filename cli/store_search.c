/* store_search.c: words in what was written: every entry is opened and looked at, the newest first.
 *
 * There is no index: whatever could be looked up in it would be one more thing to steal, to erase and to keep in step. What was
 * corrected is found as it stands now; what was taken back is not found.
 */
#include "cli/store_inside.h"

#include <string.h>

#include "cli/sealings.h"
#include "client/search.h"

struct hit {
    struct hit *newer;
    uint64_t number;
    struct entry entry;
};

struct searching {
    struct search search;
    struct arena arena;       /* of what was found, and of `replaced` */
    struct map replaced;      /* names of what is older than a correction; whether that is sealed */
    struct sealings sealings; /* that a message left comes before it: the newest is read first */
    struct hit *oldest;
    size_t found;
};

/* Only its author replaces a message. */
static struct str name_of(struct arena *a, const struct entry *e, struct str id)
{
    return arena_printf(a, "%.*s\n%.*s\n%.*s", STR_ARG(e->chat), STR_ARG(e->author), STR_ARG(id));
}

/* False: it has been replaced already, by what is newer. What is sealed is replaced only by what is sealed (timeline.h). */
static bool stands(struct searching *w, const struct entry *e)
{
    struct str id = e->kind == ENTRY_MESSAGE ? e->id : e->target;
    struct arena a = { 0 };
    struct str name = name_of(&a, e, id);
    const bool *by = map_get(&w->replaced, name);
    bool out = by == NULL || (!*by && entry_is_sealed(e)), *note;

    if (out && e->kind != ENTRY_MESSAGE) {
        note = ARENA_NEW(&w->arena, bool);
        *note = entry_is_sealed(e);
        map_put(&w->replaced, arena_str(&w->arena, name), note);
    }
    arena_deinit(&a);
    return out;
}

static void look(struct searching *w, uint64_t number, struct bytes value, const struct entry *e)
{
    struct hit *h;

    sealings_note(&w->sealings, e);
    if (e->kind != ENTRY_MESSAGE && e->kind != ENTRY_CORRECTION && e->kind != ENTRY_RETRACTION)
        return;
    if (!stands(w, e) || e->kind == ENTRY_RETRACTION || !search_finds(&w->search, e->text))
        return;
    h = ARENA_NEW(&w->arena, struct hit);
    if (entry_read(arena_bytes(&w->arena, value), &h->entry) != ERR_NONE)
        return; /* it was one a moment ago */
    sealings_apply(&w->sealings, &h->entry);
    h->number = number;
    h->newer = w->oldest;
    w->oldest = h;
    w->found++;
}

static enum err scan(struct store *s, struct searching *w, struct bytes chat, size_t limit)
{
    sqlite3_stmt *q = sql_prepared(s, NEWEST_ENTRIES);
    struct arena a = { 0 };
    enum err e = ERR_NONE;
    int status = SQLITE_DONE;

    while (e == ERR_NONE && w->found < limit && (status = sqlite3_step(q)) == SQLITE_ROW) {
        struct place_of_entry place = { sql_column(q, 1), sql_column(q, 2) };
        struct bytes value;
        struct entry entry;

        if (chat.n > 0 && (place.chat.n != chat.n || memcmp(place.chat.p, chat.p, chat.n) != 0))
            continue;
        if ((e = kept_value(s, &a, place, sql_column(q, 3), &value)) == ERR_NONE
            && (e = entry_read(value, &entry)) == ERR_NONE)
            look(w, (uint64_t)sqlite3_column_int64(q, 0), value, &entry);
        if (e == ERR_NONE && entry.kind != ENTRY_SENT)
            sealings_forget(&w->sealings, entry.id);
        arena_deinit(&a);
    }
    sqlite3_reset(q);
    return e == ERR_NONE && status != SQLITE_DONE && status != SQLITE_ROW ? ERR_IO : e;
}

enum err store_search(struct store *s, struct str chat, struct str words, size_t limit,
                      store_entry *each, void *ctx)
{
    struct searching w = { .oldest = NULL };
    uint8_t lookup[VAULT_LOOKUP] = { 0 };
    uint64_t seed[2];
    enum err e;

    random_fill(&s->random, (uint8_t *)seed, sizeof seed); /* others choose ids */
    map_init(&w.replaced, seed);
    sealings_init(&w.sealings, &s->random);
    if (chat.n > 0)
        vault_lookup(s->vault, BOOK_TIMELINE, bytes_of_str(chat), lookup);
    if ((e = search_read(&w.arena, words, &w.search)) == ERR_NONE)
        e = scan(s, &w, bytes_of(lookup, chat.n > 0 ? sizeof lookup : 0), limit);
    for (; e == ERR_NONE && w.oldest != NULL; w.oldest = w.oldest->newer)
        each(ctx, w.oldest->number, &w.oldest->entry);
    map_deinit(&w.replaced);
    sealings_deinit(&w.sealings);
    arena_deinit(&w.arena);
    return e;
}
