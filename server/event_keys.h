/* event_keys.h: the keys that turn accounts and networks into pseudonyms, and their end.
 *
 *     accounts   one key for a quarter of a year, in memory only: it is gone when the process is, and what it made cannot be
 *                tied to accounts any more, nor to what the next one makes (the era tells them apart)
 *     networks   one key for each day, UTC, in data_dir/events/keys, so that a restart does not part a day; overwritten and
 *                removed EVENT_KEY_DAYS after that day began: from then on nobody can say which network a line is about
 *
 * Owns: nothing; keys lie in locked memory, the descriptor is the caller's.  Threads: one at a time.  Units: seconds since the epoch.
 */
#ifndef SOTTO_SERVER_EVENT_KEYS_H
#define SOTTO_SERVER_EVENT_KEYS_H

#include "base/random.h"

enum { EVENT_KEY_SIZE = 32, EVENT_KEY_DAYS = 14 };

struct event_keys {
    int folder_fd; /* -1: keys of days are not kept either */
    struct random random;
    uint64_t day, quarter;
    bool begun;
    uint32_t era;
    uint8_t *of_day, *of_accounts; /* EVENT_KEY_SIZE each, the caller's */
};

void event_keys_init(struct event_keys *k, int folder_fd, const struct random *random,
                     uint8_t memory[2 * EVENT_KEY_SIZE]);
/* Before others, with a time that is now: takes or makes the keys of its day and quarter, and destroys those whose time is over. */
void event_keys_turn(struct event_keys *k, uint64_t now_s);

/* No key of any day is left. */
void event_keys_end(struct event_keys *k);

/* Never 0, but for nobody. */
uint64_t event_keys_account(const struct event_keys *k, struct str bare);
/* The IPv4 /24 or the IPv6 /48 of it; IPv4 as ::ffff:a.b.c.d. */
uint64_t event_keys_network(const struct event_keys *k, const uint8_t ip[16]);

#endif
