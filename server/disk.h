/* disk.h: how little room is left on the disk of the store, and what is given up first.
 *
 * One thread measures, every home reads: a number that is a little old does no harm.
 * Owns: nothing.  Threads: any.
 */
#ifndef SOTTO_SERVER_DISK_H
#define SOTTO_SERVER_DISK_H

#include <stdatomic.h>
#include <stdint.h>

enum disk_level {
    DISK_ROOMY,
    DISK_LOW,    /* less than 5 % free: no new accounts, no uploads */
    DISK_LOWER,  /* less than 3 %: no messages of people who are no contacts */
    DISK_LOWEST, /* less than 1 %: no messages */
};

struct disk {
    _Atomic int level;
};

static inline enum disk_level disk_level(const struct disk *d)
{
    return d ? (enum disk_level)atomic_load_explicit(&d->level, memory_order_relaxed) : DISK_ROOMY;
}

static inline void disk_set(struct disk *d, enum disk_level level)
{
    atomic_store_explicit(&d->level, (int)level, memory_order_relaxed);
}

/* Of parts of the same unit. */
static inline enum disk_level disk_level_of(uint64_t free, uint64_t total)
{
    uint64_t percent = total / 100;

    return free < percent       ? DISK_LOWEST
           : free < 3 * percent ? DISK_LOWER
           : free < 5 * percent ? DISK_LOW
                                : DISK_ROOMY;
}

#endif
