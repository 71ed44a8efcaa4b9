/* book.c: see book.h. A row is one piece of memory: head, key, value. Values may be secrets, so they are zeroed. */
#include "client/book.h"

#include <string.h>

struct row {
    size_t key_n, value_n;
    char octets[]; /* key, value */
};

static struct str key_of(const struct row *r)
{
    return (struct str){ r->octets, r->key_n };
}

static struct bytes value_of(const struct row *r)
{
    return bytes_of(r->octets + r->key_n, r->value_n);
}

static void forget(struct row *r)
{
    if (r == NULL)
        return;
    secure_zero(r->octets, r->key_n + r->value_n);
    mem_free(r);
}

void book_init(struct book *b, const uint64_t seed[2])
{
    *b = (struct book){ 0 };
    for (int t = 0; t < BOOK_TABLES; t++)
        map_init(&b->rows[t], seed);
}

void book_deinit(struct book *b)
{
    struct map_slot slot;

    for (int t = 0; t < BOOK_TABLES; t++) {
        for (size_t cursor = 0; map_next(&b->rows[t], &cursor, &slot);)
            forget(slot.value);
        map_deinit(&b->rows[t]);
    }
    book_changes_deinit(&b->changes);
}

void book_load(struct book *b, enum book_table table, struct bytes key, struct bytes value)
{
    struct row *r = mem_alloc(sizeof *r + key.n + value.n);
    struct row *old = map_remove(&b->rows[table], str_of_bytes(key));

    r->key_n = key.n;
    r->value_n = value.n;
    memcpy(r->octets, key.p, key.n);
    if (value.n > 0)
        memcpy(r->octets + key.n, value.p, value.n);
    map_put(&b->rows[table], key_of(r), r);
    forget(old); /* last: key and value may be views of it */
}

struct bytes book_get(const struct book *b, enum book_table table, struct bytes key)
{
    const struct row *r = map_get(&b->rows[table], str_of_bytes(key));

    return r != NULL ? value_of(r) : (struct bytes){ 0 };
}

static struct book_change *change(struct book *b, enum book_table table, struct bytes key)
{
    struct book_changes *list = &b->changes;
    struct book_change *c = ARENA_NEW(&list->arena, struct book_change);

    c->table = table;
    c->key = arena_bytes(&list->arena, key);
    *(list->last != NULL ? &list->last->next : &list->first) = c;
    list->last = c;
    return c;
}

void book_append(struct book *b, enum book_table table, struct bytes key, struct bytes value)
{
    struct book_change *c = change(b, table, key);

    c->value = arena_bytes(&b->changes.arena, value);
}

void book_put(struct book *b, enum book_table table, struct bytes key, struct bytes value)
{
    book_append(b, table, key, value);
    book_load(b, table, b->changes.last->key, b->changes.last->value);
}

void book_delete(struct book *b, enum book_table table, struct bytes key)
{
    if (book_get(b, table, key).p == NULL)
        return;
    change(b, table, key)->deleted = true;
    forget(map_remove(&b->rows[table], str_of_bytes(b->changes.last->key)));
}

bool book_next(const struct book *b, enum book_table table, size_t *cursor, struct bytes *out_key,
               struct bytes *out_value)
{
    struct map_slot slot;

    if (!map_next(&b->rows[table], cursor, &slot))
        return false;
    *out_key = bytes_of_str(slot.key);
    *out_value = value_of(slot.value);
    return true;
}

size_t book_count(const struct book *b, enum book_table table)
{
    return b->rows[table].n;
}

struct book_changes book_take(struct book *b)
{
    struct book_changes taken = b->changes;

    taken.arena = arena_move(&b->changes.arena);
    b->changes = (struct book_changes){ 0 };
    return taken;
}

void book_changes_deinit(struct book_changes *c)
{
    for (struct book_change *i = c->first; i != NULL; i = i->next)
        secure_zero((void *)i->value.p, i->value.n);
    arena_deinit(&c->arena);
    c->first = c->last = NULL;
}
