/* sealings.c: see sealings.h. */
#include "cli/sealings.h"

#include <string.h>

#include "base/mem.h"

struct sealing {
    enum entry_encryption encryption;
    enum entry_trust trust;
    char id[];
};

void sealings_init(struct sealings *s, const struct random *random)
{
    uint64_t seed[2];

    random_fill(random, seed,
                sizeof seed); /* another device of ours may be hostile, and chooses ids */
    map_init(&s->map, seed);
}

void sealings_deinit(struct sealings *s)
{
    struct map_slot slot;

    for (size_t cursor = 0; map_next(&s->map, &cursor, &slot);)
        mem_free(slot.value);
    map_deinit(&s->map);
}

void sealings_note(struct sealings *s, const struct entry *e)
{
    struct sealing *new;

    if (e->kind != ENTRY_SENT || !e->outgoing || e->target.n == 0)
        return;
    new = mem_alloc(sizeof *new + e->target.n);
    new->encryption = e->encryption;
    new->trust = e->trust;
    memcpy(new->id, e->target.p, e->target.n);
    sealings_forget(s, e->target);
    map_put(&s->map, (struct str){ new->id, e->target.n }, new);
}

void sealings_apply(const struct sealings *s, struct entry *e)
{
    const struct sealing *found;

    if (!e->outgoing || e->encryption != ENCRYPTION_NONE
        || (found = map_get(&s->map, e->id)) == NULL)
        return;
    e->encryption = found->encryption;
    e->trust = found->trust;
}

void sealings_forget(struct sealings *s, struct str id)
{
    mem_free(map_remove(&s->map, id));
}
