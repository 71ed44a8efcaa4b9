/* peek.h: reads a few things from the text of one complete stanza, without a tree.
 *
 * Good enough for what servers say to a client that asks little; not a parser.
 * Owns: nothing; results borrow the stanza.  Threads: pure.  Errors: an empty view means "not there".
 */
#ifndef SOTTO_BENCH_PEEK_H
#define SOTTO_BENCH_PEEK_H

#include "base/str.h"

struct str peek_name(struct str stanza);                   /* of the element, with its prefix */
struct str peek_attr(struct str stanza, const char *name); /* of the outermost element, undecoded */
struct str peek_text(struct str stanza);                   /* between its tags */
struct str peek_child(struct str stanza,
                      const char *name);           /* first element so named, with its tags */
struct str peek_condition(struct str stanza);      /* the condition of a failure or error */
bool peek_has(struct str stanza, struct str text); /* anywhere */

#endif
