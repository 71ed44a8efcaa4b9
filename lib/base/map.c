/* map.c: open addressing with backward-shift deletion; SipHash-1-3 (Aumasson, Bernstein 2012). */
#include "base/map.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

enum { ROOM_MIN = 8 };

static const uint64_t fixed_seed[2] = { 0x736f74746f6d6170u, 0x6b65796564736565u };

static uint64_t rotl(uint64_t x, int b)
{
    return (x << b) | (x >> (64 - b));
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13);
    v[1] ^= v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16);
    v[3] ^= v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21);
    v[3] ^= v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17);
    v[1] ^= v[2];
    v[2] = rotl(v[2], 32);
}

static uint64_t load_le64(const char *p, size_t n)
{
    uint64_t x = 0;

    for (size_t i = 0; i < n; i++)
        x |= (uint64_t)(uint8_t)p[i] << (8 * i);
    return x;
}

uint64_t map_hash(const uint64_t seed[2], struct str key)
{
    uint64_t v[4] = { seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du,
                      seed[0] ^ 0x6c7967656e657261u, seed[1] ^ 0x7465646279746573u };
    size_t whole = key.n / 8;
    uint64_t m;

    for (size_t i = 0; i < whole; i++) {
        m = load_le64(key.p + 8 * i, 8);
        v[3] ^= m;
        sip_round(v);
        v[0] ^= m;
    }
    m = (uint64_t)key.n << 56 | (key.n % 8 ? load_le64(key.p + 8 * whole, key.n % 8) : 0);
    v[3] ^= m;
    sip_round(v);
    v[0] ^= m;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *m, const uint64_t seed[2])
{
    *m = (struct map){ 0 };
    memcpy(m->seed, seed ? seed : fixed_seed, sizeof m->seed);
}

void map_deinit(struct map *m)
{
    mem_free(m->slots);
    m->slots = NULL;
    m->n = m->room = 0;
}

/* The slot of `key`, or the free slot where it belongs. The map has room. */
static size_t map_seek(const struct map *m, struct str key, uint64_t hash)
{
    size_t i = hash & (m->room - 1);

    while (m->slots[i].value != NULL && !(m->slots[i].hash == hash && str_eq(m->slots[i].key, key)))
        i = (i + 1) & (m->room - 1);
    return i;
}

static void map_grow(struct map *m)
{
    struct map_slot *old = m->slots;
    size_t old_room = m->room;

    m->room = old_room ? old_room * 2 : ROOM_MIN;
    m->slots = mem_alloc(m->room * sizeof *m->slots);
    for (size_t i = 0; i < old_room; i++)
        if (old[i].value != NULL)
            m->slots[map_seek(m, old[i].key, old[i].hash)] = old[i];
    mem_free(old);
}

void *map_get(const struct map *m, struct str key)
{
    if (m->n == 0)
        return NULL;
    return m->slots[map_seek(m, key, map_hash(m->seed, key))].value;
}

void *map_put(struct map *m, struct str key, void *value)
{
    uint64_t hash = map_hash(m->seed, key);
    struct map_slot *slot;
    void *replaced;

    assert(value != NULL); /* NULL marks a free slot */
    if (m->room == 0 || m->n + 1 > m->room - m->room / 4)
        map_grow(m);
    slot = &m->slots[map_seek(m, key, hash)];
    replaced = slot->value;
    m->n += replaced == NULL;
    *slot = (struct map_slot){ key, value, hash };
    return replaced;
}

void *map_remove(struct map *m, struct str key)
{
    size_t mask = m->room - 1, i, j;
    void *removed;

    if (m->n == 0)
        return NULL;
    i = map_seek(m, key, map_hash(m->seed, key));
    removed = m->slots[i].value;
    if (removed == NULL)
        return NULL;
    /* Close the gap: every later entry of the run that may live at i moves there. */
    for (j = (i + 1) & mask; m->slots[j].value != NULL; j = (j + 1) & mask) {
        size_t home = m->slots[j].hash & mask;

        if (((j - home) & mask) >= ((j - i) & mask)) {
            m->slots[i] = m->slots[j];
            i = j;
        }
    }
    m->slots[i] = (struct map_slot){ 0 };
    m->n--;
    return removed;
}

bool map_next(const struct map *m, size_t *cursor, struct map_slot *out)
{
    while (*cursor < m->room) {
        const struct map_slot *slot = &m->slots[(*cursor)++];

        if (slot->value != NULL) {
            *out = *slot;
            return true;
        }
    }
    return false;
}
