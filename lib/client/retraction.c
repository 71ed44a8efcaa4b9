/* retraction.c: see retraction.h.
 *
 * A name is the author's and the id's of a message, or, for quotes, the id alone: who answers names no author.
 */
#include "client/retraction.h"

enum {
    TAKEN_OPEN = 0,   /* what nobody sealed */
    TAKEN_SEALED = 1, /* everything */
    CHAIN_MAX = 16,   /* corrections of corrections, each seen before the one that it corrects */
};

struct correction_link {
    struct correction_link *next;
    struct str one, other; /* names */
};

void retraction_init(struct retraction *r, const uint64_t seed[2])
{
    *r = (struct retraction){ .links = NULL };
    map_init(&r->names, seed);
}

void retraction_deinit(struct retraction *r)
{
    map_deinit(&r->names);
    arena_deinit(&r->arena);
}

static struct str name_of(struct arena *a, struct str author, struct str id)
{
    return arena_concat(a, arena_concat(a, author, STR("\n")), id);
}

static bool is_text(const struct entry *e)
{
    return e->kind == ENTRY_MESSAGE || e->kind == ENTRY_CORRECTION;
}

void retraction_remember(struct retraction *r, struct str name, uint8_t mark)
{
    uint8_t *known = map_get(&r->names, name);

    if (known == NULL) {
        known = ARENA_NEW(&r->arena, uint8_t);
        (void)map_put(&r->names, arena_str(&r->arena, name), known);
    }
    *known |= mark;
}

/* True: it was not known so far. */
static bool take(struct retraction *r, struct str name, uint8_t mark)
{
    const uint8_t *known = map_get(&r->names, name);

    if (known != NULL && (*known | mark) == *known)
        return false;
    retraction_remember(r, name, mark);
    return true;
}

/* Under its author's name, and for quotes. */
static bool take_message(struct retraction *r, struct str name, uint8_t mark)
{
    struct arena a = { 0 };
    struct str id = name;
    bool out;

    (void)str_split(&id, '\n');
    out = take(r, name, mark);
    (void)take(r, name_of(&a, STR_NONE, id), mark);
    arena_deinit(&a);
    return out;
}

void retraction_add(struct retraction *r, const struct entry *e)
{
    struct arena a = { 0 };

    if (e->kind == ENTRY_RETRACTION && e->target.n > 0)
        (void)take_message(r, name_of(&a, e->author, e->target),
                           entry_is_sealed(e) ? TAKEN_SEALED : TAKEN_OPEN);
    arena_deinit(&a);
}

void retraction_learn(struct retraction *r, const struct entry *e)
{
    struct correction_link *l;

    if (e->kind != ENTRY_CORRECTION || e->id.n == 0 || e->target.n == 0)
        return;
    l = ARENA_NEW(&r->arena, struct correction_link);
    l->one = name_of(&r->arena, e->author, e->id);
    l->other = name_of(&r->arena, e->author, e->target);
    l->next = r->links;
    r->links = l;
}

/* Whoever of the two is taken back, the other one is. */
static bool follow(struct retraction *r, struct str from, struct str to)
{
    const uint8_t *mark = map_get(&r->names, from);

    return mark != NULL && take_message(r, to, *mark);
}

void retraction_follow(struct retraction *r)
{
    bool more = true;

    for (int i = 0; i < CHAIN_MAX && more; i++) {
        more = false;
        for (const struct correction_link *l = r->links; l != NULL; l = l->next) {
            more |= follow(r, l->one, l->other);
            more |= follow(r, l->other, l->one);
        }
    }
}

/* Whether what has this name is taken back, sealed or not as `e`. */
static bool is_taken(const struct retraction *r, const struct entry *e, struct str author,
                     struct str id)
{
    struct arena a = { 0 };
    const uint8_t *mark = id.n > 0 ? map_get(&r->names, name_of(&a, author, id)) : NULL;

    arena_deinit(&a);
    return mark != NULL && (*mark == TAKEN_SEALED || !entry_is_sealed(e));
}

bool retraction_takes(const struct retraction *r, const struct entry *e, struct entry *out)
{
    bool words = is_text(e)
                 && (is_taken(r, e, e->author, e->id)
                     || (e->kind == ENTRY_CORRECTION && is_taken(r, e, e->author, e->target)));
    bool quote = is_text(e) && (words || is_taken(r, e, STR_NONE, e->target));

    if (!(words && (e->text.n > 0 || e->attachment.n > 0)) && !(quote && e->quote.n > 0))
        return false;
    *out = *e;
    out->quote = STR_NONE;
    if (words)
        out->text = out->attachment = STR_NONE;
    return true;
}

bool retraction_next(const struct retraction *r, size_t *cursor, struct str *out_name,
                     uint8_t *out_mark)
{
    struct map_slot slot;

    if (!map_next(&r->names, cursor, &slot))
        return false;
    *out_name = slot.key;
    *out_mark = *(const uint8_t *)slot.value;
    return true;
}

size_t retraction_names(struct arena *a, const struct entry *e, struct str out[RETRACTION_NAMES])
{
    size_t n = 0;

    if (!is_text(e))
        return 0;
    if (e->id.n > 0)
        out[n++] = name_of(a, e->author, e->id);
    if (e->kind == ENTRY_CORRECTION && e->target.n > 0)
        out[n++] = name_of(a, e->author, e->target);
    if (e->quote.n > 0 && e->target.n > 0)
        out[n++] = name_of(a, STR_NONE, e->target);
    return n;
}
