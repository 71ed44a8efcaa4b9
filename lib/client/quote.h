/* quote.h: what a reply repeats of the message that it answers, for programs that know no replies (XEP-0461 §3.1).
 *
 *   "> line\n> line\nanswer", and beside it where in the text the quote is, in characters (XEP-0428)
 *
 * Whoever could move that range would hide words of the author's, and in OMEMO 0.3 a server can; so nothing is taken out but
 * a quote at the beginning, whole lines, each with its mark.
 * Owns: nothing; results live in the arena or are views.  Threads: pure.
 */
#ifndef SOTTO_CLIENT_QUOTE_H
#define SOTTO_CLIENT_QUOTE_H

#include "base/arena.h"

/* A few lines of the text, as a quote with a line break at its end. out_n: its characters. Empty for a text of nothing but quotes. */
struct str quote_write(struct arena *a, struct str text, size_t *out_n);

/* Characters 0 to `end` of the text are said to be a quote. False: they are none, or nothing else is there. */
bool quote_read(struct arena *a, struct str text, uint64_t end, struct str *out_quote,
                struct str *out_rest);

#endif
