/* file.h: small files read and written whole, with the care that keys need.
 *
 * Owns: nothing.  Threads: safe; blocking: never on a loop.  Errors: errno says more after ERR_IO.
 */
#ifndef SOTTO_SERVER_FILE_H
#define SOTTO_SERVER_FILE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"

/* ERR_TOO_BIG past out's cap; ERR_MISSING. */
CHECKED enum err file_read(const char *path, struct buf *out);
CHECKED enum err file_read_fd(int fd, struct buf *out); /* from where it stands */
/* Written beside, synced, then renamed: after a crash the old file or the new one is there,
 * never a part. */
CHECKED enum err file_write(int folder_fd, const char *name, mode_t mode, struct bytes content);
/* Sealed memory that reads like a file, for another process. -1 on failure. */
int file_memory(const char *name, struct bytes content);
/* The same with the content of a file, which never passes through our own memory: it may be a
 * key. */
int file_memory_copy(const char *name, const char *path);
/* And its parents (0755); what exists stays as it is. */
CHECKED enum err file_make_folder(const char *path, mode_t mode);
CHECKED enum err file_write_all(int fd, struct bytes content);

#endif
