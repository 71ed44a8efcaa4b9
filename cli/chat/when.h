/* when.h: times as people write them, in the time zone of the program.
 *
 * Owns: nothing; texts lie in the arena.  Threads: any.  Units: milliseconds since 1970.
 */
#ifndef SOTTO_CLI_CHAT_WHEN_H
#define SOTTO_CLI_CHAT_WHEN_H

#include "base/arena.h"

struct str when_clock(struct arena *a, uint64_t at_ms); /* 14:03 */
struct str when_day(struct arena *a, uint64_t at_ms,
                    uint64_t now_ms); /* Today; Monday, 16 November 2026 */
struct str when_short(struct arena *a, uint64_t at_ms,
                      uint64_t now_ms); /* 14:03, Mon, 16 Nov, 2025 */
bool when_same_day(uint64_t one_ms, uint64_t other_ms);

#endif
