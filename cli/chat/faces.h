/* faces.h: the two ways to use the messenger: a full screen, and lines for screen readers, scripts and poor terminals.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_CHAT_FACES_H
#define SOTTO_CLI_CHAT_FACES_H

#include "cli/program.h"

/* Until the person leaves: an exit status. The locale has been set. */
int face_screen(struct program *p);
int face_plain(struct program *p);

#endif
