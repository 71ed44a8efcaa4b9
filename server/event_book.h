/* event_book.h: what has been written in the last minute, so that nobody can fill the file.
 *
 * The first of its kind is written at once. What is equal to it (all but time and number) is counted for a minute, then written as
 * one line with its number. A source, that is an account, or a network where there is none, gets EVENT_BOOK_SOURCE lines a minute;
 * further ones say only who, where and why; and when EVENT_BOOK_LINES are open in all, only why.
 * Owns: its entries.  Threads: one at a time.  Units: seconds since the epoch.
 */
#ifndef SOTTO_SERVER_EVENT_BOOK_H
#define SOTTO_SERVER_EVENT_BOOK_H

#include "base/list.h"
#include "base/map.h"
#include "server/event_line.h"

enum {
    EVENT_BOOK_SECONDS = 60,
    EVENT_BOOK_SOURCE = 20,
    EVENT_BOOK_LINES = 512,
    EVENT_BOOK_SLOTS = 1024,
};

struct event_book {
    struct map open;   /* by all that makes events equal -> entry */
    struct list order; /* entries, the oldest first */
    uint64_t minute;
    uint8_t lines
        [EVENT_BOOK_SLOTS]; /* of sources this minute; those that share a slot share its lines */
};

void event_book_init(struct event_book *b, const uint64_t seed[2]);
void event_book_deinit(struct event_book *b);

/* True: to be written as it is now; it may have lost what sets it apart. Else it is counted. */
bool event_book_note(struct event_book *b, struct event_line *l);
/* A line of repetitions that is due at `now_s`; UINT64_MAX: all are. Texts in it are constants or gone. */
bool event_book_due(struct event_book *b, uint64_t now_s, struct event_line *out);

#endif
