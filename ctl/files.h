/* files.h: backup and restore, and what they share.
 *
 * Owns: nothing.  Threads: one, blocking.  The exit status is returned, the answer given.
 */
#ifndef SOTTO_CTL_FILES_H
#define SOTTO_CTL_FILES_H

#include <sys/stat.h>

#include "ctl/session.h"

int files_backup(struct session *s);  /* backup.c: of the running server, into one file */
int files_restore(struct session *s); /* restore.c: into a stopped server's folder */

/* files.c */
int files_fail(const struct session *s, const char *what, const char *path); /* says errno */
const char *files_folder_of(struct session *s, const char *path);
bool files_sync_folder(const char *folder);
/* On disk when it returns. Root may give it to the owner of `like`; NULL: keeps it. */
bool files_copy(const char *from, const char *to, const struct stat *like);
/* A database of SQLite with our mark in its header, and of as many whole pages as it is long. */
bool files_is_store(int folder_fd, const char *name);

#endif
