/* table.h: hash table from 32 bits of a hash to 32 bits that mean something to its owner, of a fixed size: room for the
 * most values that will ever be in it, and an eighth more. Values are told apart by their owner, who holds the keys.
 *
 * Owns: its slots.  Threads: one at a time.
 */
#ifndef SOTTO_ANCHOR_TABLE_H
#define SOTTO_ANCHOR_TABLE_H

#include "base/str.h"

struct table_slot {
    uint32_t hash, value; /* value is one more than what was put; 0: free */
};

struct table {
    struct table_slot *slots;
    uint32_t mask;
};

typedef bool table_is(const void *ctx, uint32_t value);

enum { TABLE_NONE = UINT32_MAX };

void table_init(struct table *t, uint32_t values);
void table_deinit(struct table *t);
/* The first value with this hash that `is` recognises; TABLE_NONE: there is none. */
uint32_t table_find(const struct table *t, uint32_t hash, table_is *is, const void *ctx);
void table_put(struct table *t, uint32_t hash, uint32_t value);
void table_remove(struct table *t, uint32_t hash, uint32_t value);

#endif
