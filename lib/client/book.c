/* book.c: see book.h. A row is one piece of memory: head, key, value. Values may be secrets, so they are zeroed; the one that lives
 * longest, our key of OMEMO, lies in memory for secrets. */
#include "client/book.h"

#include <string.h>

struct row {
    struct book_change
        *pending; /* the change that put it, if that is listed still: in this generation */
    uint64_t generation;
    size_t key_n, value_n;
    bool secret;   /* in memory for secrets */
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
    if (r->secret) {
        mem_free_secret(r, sizeof *r + r->key_n + r->value_n);
        return;
    }
    secure_zero(r->octets, r->key_n + r->value_n);
    mem_free(r);
}

void book_init(struct book *b, const uint64_t seed[2])
{
    *b = (struct book){ .generation = 1 };
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

static struct row *load(struct book *b, enum book_table table, struct bytes key, struct bytes value)
{
    size_t n = sizeof(struct row) + key.n + value.n;
    bool secret = table == BOOK_IDENTITY;
    struct row *r = secret ? mem_alloc_secret(n) : mem_alloc(n);
    struct row *old = map_remove(&b->rows[table], str_of_bytes(key));

    r->secret = secret;
    r->key_n = key.n;
    r->value_n = value.n;
    memcpy(r->octets, key.p, key.n);
    if (value.n > 0)
        memcpy(r->octets + key.n, value.p, value.n);
    map_put(&b->rows[table], key_of(r), r);
    forget(old); /* last: key and value may be views of it */
    return r;
}

void book_load(struct book *b, enum book_table table, struct bytes key, struct bytes value)
{
    (void)load(b, table, key, value);
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

/* A ratchet turns with every message, but only where it stands when the list is taken has to be stored. */
static void replace_value(struct book *b, struct book_change *c, struct bytes value)
{
    if (value.n > c->value.n) {
        secure_zero((void *)c->value.p, c->value.n);
        c->value = arena_bytes(&b->changes.arena, value);
        return;
    }
    secure_zero((void *)(c->value.p + value.n), c->value.n - value.n);
    if (value.n > 0)
        memcpy((void *)c->value.p, value.p, value.n);
    c->value.n = value.n;
}

void book_erase(struct book *b, enum book_table table, struct bytes key)
{
    change(b, table, key)->deleted = true;
}

void book_put(struct book *b, enum book_table table, struct bytes key, struct bytes value)
{
    struct row *r = map_get(&b->rows[table], str_of_bytes(key));
    struct book_change *c = r != NULL && r->generation == b->generation ? r->pending : NULL;

    if (c != NULL) {
        replace_value(b, c, value);
    } else {
        book_append(b, table, key, value);
        c = b->changes.last;
    }
    r = load(b, table, c->key, c->value);
    r->pending = c;
    r->generation = b->generation;
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
    b->generation++;
    return taken;
}

void book_changes_deinit(struct book_changes *c)
{
    for (struct book_change *i = c->first; i != NULL; i = i->next)
        secure_zero((void *)i->value.p, i->value.n);
    arena_deinit(&c->arena);
    c->first = c->last = NULL;
}
