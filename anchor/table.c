/* table.c: linear probing; what is removed is closed up, so there are no traces of it. */
#include "anchor/table.h"

#include <assert.h>

#include "base/mem.h"

void table_init(struct table *t, uint32_t values)
{
    uint32_t room = 16;

    while (room < values + values / 8)
        room *= 2;
    *t = (struct table){ mem_alloc(room * sizeof *t->slots), room - 1 };
}

void table_deinit(struct table *t)
{
    mem_free(t->slots);
    *t = (struct table){ 0 };
}

uint32_t table_find(const struct table *t, uint32_t hash, table_is *is, const void *ctx)
{
    for (uint32_t i = hash & t->mask; t->slots[i].value != 0; i = (i + 1) & t->mask) {
        if (t->slots[i].hash == hash && is(ctx, t->slots[i].value - 1))
            return t->slots[i].value - 1;
    }
    return TABLE_NONE;
}

void table_put(struct table *t, uint32_t hash, uint32_t value)
{
    uint32_t i = hash & t->mask;

    while (t->slots[i].value != 0)
        i = (i + 1) & t->mask;
    t->slots[i] = (struct table_slot){ hash, value + 1 };
}

void table_remove(struct table *t, uint32_t hash, uint32_t value)
{
    uint32_t hole = hash & t->mask, i;

    while (t->slots[hole].hash != hash || t->slots[hole].value != value + 1) {
        assert(t->slots[hole].value != 0); /* it is there */
        hole = (hole + 1) & t->mask;
    }
    /* What comes later in the chain moves up, unless that would put it before its own place. */
    for (i = (hole + 1) & t->mask; t->slots[i].value != 0; i = (i + 1) & t->mask) {
        if (((i - t->slots[i].hash) & t->mask) >= ((i - hole) & t->mask)) {
            t->slots[hole] = t->slots[i];
            hole = i;
        }
    }
    t->slots[hole] = (struct table_slot){ 0 };
}
