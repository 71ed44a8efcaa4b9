/* pause.h: this program stops for the shell, as Ctrl-Z does it.
 *
 * Owns: nothing.  Threads: the main one.
 */
#ifndef SOTTO_CLI_PAUSE_H
#define SOTTO_CLI_PAUSE_H

/* Returns when the shell brings us back; at once where there is none that could. */
void pause_for_shell(void);

#endif
