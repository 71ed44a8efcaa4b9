/* ask.h: a question to whoever sits at the terminal.
 *
 * Owns: nothing.  Threads: one; waits.
 */
#ifndef SOTTO_CLI_ASK_H
#define SOTTO_CLI_ASK_H

#include "base/str.h"

bool ask_yes(struct str question); /* anything but yes is no */

#endif
