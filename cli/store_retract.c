/* store_retract.c: words that were taken back (client/retraction.h) are in no entry any more.
 *
 * All retractions of a commit go through a chat together, twice: nothing can be looked up in what is kept, and somebody who takes
 * back a thousand messages must not cost a thousand walks. Under which names words were taken is a row of its own, by which what comes
 * later than its retraction is kept without words from the beginning.
 */
#include "cli/store_inside.h"

#include <string.h>

#include "client/retraction.h"

/* ---- What is remembered -------------------------------------------------------------------------- */

static struct bytes row_key(struct arena *a, struct str chat, struct str name)
{
    return bytes_of_str(arena_concat(a, arena_concat(a, chat, STR("\n")), name));
}

static enum err remember(struct store *s, struct str chat, const struct retraction *r)
{
    struct arena a = { 0 };
    enum err e = ERR_NONE;
    struct str name;
    uint8_t mark;

    for (size_t cursor = 0; e == ERR_NONE && retraction_next(r, &cursor, &name, &mark);)
        e = row_put(s, TABLE_TAKEN, row_key(&a, chat, name), bytes_of(&mark, 1));
    arena_deinit(&a);
    return e;
}

/* Puts what is known under these names into *r. */
static enum err recall(struct store *s, struct arena *a, const struct entry *entry,
                       struct retraction *r)
{
    struct str names[RETRACTION_NAMES];
    size_t n = retraction_names(a, entry, names);
    struct bytes value;
    enum err e = ERR_NONE;

    for (size_t i = 0; i < n && e == ERR_NONE; i++) {
        e = row_get(s, a, TABLE_TAKEN, row_key(a, entry->chat, names[i]), &value);
        if (e == ERR_NONE && value.n == 1)
            retraction_remember(r, names[i], value.p[0]);
        else if (e == ERR_MISSING)
            e = ERR_NONE;
    }
    return e;
}

static struct bytes written(struct arena *a, const struct entry *e)
{
    struct buf record;
    struct bytes out;

    buf_init(&record, ROW_MAX);
    entry_write(&record, e);
    out = arena_bytes(a, buf_bytes(&record));
    buf_deinit(&record);
    return out;
}

enum err taken_before(struct store *s, struct arena *a, const struct entry *entry,
                      struct bytes *value)
{
    struct retraction r;
    struct entry rest;
    enum err e;

    retraction_init(&r, NULL); /* at most three names */
    e = recall(s, a, entry, &r);
    if (e == ERR_NONE && retraction_takes(&r, entry, &rest))
        *value = written(a, &rest);
    retraction_deinit(&r);
    return e;
}

/* ---- Going through a chat ------------------------------------------------------------------------ */

/* The retractions of one chat. */
struct taking {
    struct taking *next;
    struct str chat;
    struct retraction retraction;
};

static void takings_deinit(struct takings *t)
{
    for (struct taking *i = t->first; i != NULL; i = i->next)
        retraction_deinit(&i->retraction);
    arena_deinit(&t->arena);
}

void taken_note(struct store *s, struct takings *t, const struct entry *e)
{
    struct taking *i = t->first;
    uint64_t seed[2];

    if (e->kind != ENTRY_RETRACTION)
        return;
    while (i != NULL && !str_eq(i->chat, e->chat))
        i = i->next;
    if (i == NULL) {
        i = ARENA_NEW(&t->arena, struct taking);
        i->chat = arena_str(&t->arena, e->chat);
        random_fill(&s->random, seed, sizeof seed);
        retraction_init(&i->retraction, seed);
        i->next = t->first;
        t->first = i;
    }
    retraction_add(&i->retraction, e);
}

/* An entry without its words, to be put where it lies. */
struct rest {
    struct rest *next;
    uint64_t number;
    struct bytes at, value;
};

/* One pass: `rests` is NULL in the first. */
static enum err pass(struct store *s, struct taking *t, struct arena *a, struct rest **rests)
{
    uint8_t lookup[VAULT_LOOKUP] = { 0 };
    struct place_of_entry place = { .chat = bytes_of(lookup, sizeof lookup) };
    struct arena scratch = { 0 };
    struct entry entry, without;
    struct rest *r;
    enum err e = ERR_NONE;
    sqlite3_stmt *q;

    vault_lookup(s->vault, BOOK_TIMELINE, bytes_of_str(t->chat), lookup);
    q = kept_from(s, place.chat, 0, STORE_BEFORE);
    while (e == ERR_NONE && sqlite3_step(q) == SQLITE_ROW) {
        place.at = sql_column(q, 1);
        if ((e = kept_open(s, &scratch, place, sql_column(q, 2), &entry)) != ERR_NONE)
            break;
        if (rests == NULL) {
            retraction_learn(&t->retraction, &entry);
        } else if (retraction_takes(&t->retraction, &entry, &without)) {
            r = ARENA_NEW(a, struct rest);
            *r = (struct rest){ *rests, (uint64_t)sqlite3_column_int64(q, 0),
                                arena_bytes(a, place.at), written(a, &without) };
            *rests = r;
        }
        arena_deinit(&scratch);
    }
    arena_deinit(&scratch);
    sqlite3_reset(q);
    return e;
}

static enum err take(struct store *s, struct taking *t, bool *any)
{
    struct arena a = { 0 };
    struct rest *rests = NULL;
    enum err e = pass(s, t, &a, NULL);

    retraction_follow(&t->retraction);
    if (e == ERR_NONE)
        e = remember(s, t->chat, &t->retraction);
    if (e == ERR_NONE)
        e = pass(s, t, &a, &rests);
    for (; e == ERR_NONE && rests != NULL; rests = rests->next) {
        e = kept_replace(s, rests->number, rests->at, rests->value);
        *any = true;
    }
    arena_deinit(&a);
    return e;
}

enum err taken_noted(struct store *s, struct takings *t, bool *out_any)
{
    enum err e = ERR_NONE;

    *out_any = false;
    for (struct taking *i = t->first; i != NULL && e == ERR_NONE; i = i->next)
        e = take(s, i, out_any);
    takings_deinit(t);
    return e;
}

/* A correction of what was taken back before: what it was corrected by in its turn may be here already. */
static enum err add_correction(struct store *s, struct takings *t, const struct entry *e)
{
    struct entry back = *e, rest;
    struct arena a = { 0 };
    struct retraction r;
    enum err error;

    retraction_init(&r, NULL);
    error = recall(s, &a, e, &r);
    if (error == ERR_NONE && retraction_takes(&r, e, &rest) && rest.text.n < e->text.n) {
        back.kind = ENTRY_RETRACTION;
        back.target = e->id;
        taken_note(s, t, &back);
    }
    retraction_deinit(&r);
    arena_deinit(&a);
    return error;
}

enum err taken_by(struct store *s, const struct book_changes *changes, bool *out_any)
{
    struct takings t = { .first = NULL };
    struct entry entry;
    enum err e = ERR_NONE, ended;

    for (const struct book_change *c = changes->first; c != NULL && e == ERR_NONE; c = c->next) {
        if (c->table != BOOK_TIMELINE || c->deleted || entry_read(c->value, &entry) != ERR_NONE)
            continue;
        taken_note(s, &t, &entry);
        if (entry.kind == ENTRY_CORRECTION)
            e = add_correction(s, &t, &entry);
    }
    ended = taken_noted(s, &t, out_any);
    return e != ERR_NONE ? e : ended;
}

enum err taken_everywhere(struct store *s, bool *out_any)
{
    sqlite3_stmt *q = sql_prepared(s, EVERY_ENTRY);
    struct takings t = { .first = NULL };
    struct arena a = { 0 };
    enum err e = ERR_NONE, ended;
    int status = SQLITE_DONE;

    while (e == ERR_NONE && (status = sqlite3_step(q)) == SQLITE_ROW) {
        struct place_of_entry place = { sql_column(q, 0), sql_column(q, 1) };
        struct entry entry;

        if ((e = kept_open(s, &a, place, sql_column(q, 2), &entry)) == ERR_NONE)
            taken_note(s, &t, &entry);
        arena_deinit(&a);
    }
    sqlite3_reset(q);
    ended = taken_noted(s, &t, out_any);
    return e != ERR_NONE ? e : status != SQLITE_DONE ? ERR_IO : ended;
}
