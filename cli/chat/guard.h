/* guard.h: a program that crashes gives the terminal back first.
 *
 * Owns: the signals of crashes, until guard_lower().  Threads: one guard per program.
 */
#ifndef SOTTO_CLI_CHAT_GUARD_H
#define SOTTO_CLI_CHAT_GUARD_H

#include <termios.h>

#include "base/str.h"

/* What is written to the terminal then, and the modes that it gets. */
void guard_raise(int fd, const struct termios *modes, struct str restore);
void guard_lower(void);

#endif
