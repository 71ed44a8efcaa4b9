/* files.h: backup and restore: where the store's copy goes and comes from.
 *
 * Owns: nothing.  Threads: one, blocking.  The exit status is returned, the answer given.
 */
#ifndef SOTTO_CTL_FILES_H
#define SOTTO_CTL_FILES_H

#include "ctl/session.h"

int files_backup(struct session *s);  /* asks the server for a copy, moves it to the file */
int files_restore(struct session *s); /* on a stopped server's folder, without the server */

#endif
