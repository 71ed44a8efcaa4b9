/* bad_option.h: what is wrong with a command line that getopt_long() does not take, for people and for programs.
 *
 * Its letters begin with ':' (after '+'), so that it says nothing itself.
 * Owns: nothing; the words lie in the arena.  Threads: one.
 */
#ifndef SOTTO_IO_BAD_OPTION_H
#define SOTTO_IO_BAD_OPTION_H

#include "base/arena.h"

/* After getopt_long() has returned ':' or '?'. */
struct str bad_option_words(struct arena *a, char **argv, int returned);
/* The same line asks for JSON somewhere, also behind what is wrong. */
bool bad_option_in_json(int argc, char **argv);

#endif
