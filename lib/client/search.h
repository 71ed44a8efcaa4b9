/* search.h: whether a text holds the words that somebody looks for.
 *
 * All words have to be in it, in any order, be it as parts of longer words. Letters match in either case and however they are
 * composed; fullwidth forms are those of every day.
 * Owns: nothing; words live in the arena.  Threads: pure.  Errors: ERR_MALFORMED: not UTF-8; ERR_TOO_BIG; ERR_MISSING: no word.
 */
#ifndef SOTTO_CLIENT_SEARCH_H
#define SOTTO_CLIENT_SEARCH_H

#include "base/arena.h"

enum { SEARCH_WORDS_MAX = 16, SEARCH_OCTETS_MAX = 1024 };

struct search {
    struct str words[SEARCH_WORDS_MAX]; /* folded */
    size_t n;
};

CHECKED enum err search_read(struct arena *a, struct str text, struct search *out);
bool search_finds(const struct search *s, struct str text);

#endif
