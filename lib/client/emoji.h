/* emoji.h: what may stand as a reaction (XEP-0444 §4): one emoji, as Unicode composes it (UTS #51).
 *
 * A sequence of a form that emojis have is accepted, whether or not somebody has drawn it; letters, words, marks of direction and
 * towers of combining characters are not.
 * Owns: nothing; results live in the arena.  Threads: pure.
 */
#ifndef SOTTO_CLIENT_EMOJI_H
#define SOTTO_CLIENT_EMOJI_H

#include "base/arena.h"

enum { EMOJI_MAX = 64, REACTIONS_MAX = 20 }; /* octets of one; of one author to one message */

bool emoji_valid(struct str text);

/* Adds one to a list that is separated by spaces; what is none, is in it already, or would be one too many, is left out. */
struct str emoji_add(struct arena *a, struct str list, struct str emoji);

#endif
