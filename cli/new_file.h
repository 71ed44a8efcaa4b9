/* new_file.h: a file that appears in its folder whole or not at all, and never in place of another.
 *
 * Until then it has no name; where the file system needs one, it is hidden and removed in the end. Only this user can read it.
 * Owns: descriptors, the hidden name.  Threads: one at a time.  Errors: ERR_FULL: no room; ERR_EXISTS: the name is taken; ERR_MISSING:
 * no such folder; ERR_DENIED; ERR_IO.
 */
#ifndef SOTTO_CLI_NEW_FILE_H
#define SOTTO_CLI_NEW_FILE_H

#include "base/random.h"

struct new_file {
    int folder, fd; /* -1: not open */
    char hidden[32];
};

enum new_file_way { NEW_FILE_NAMELESS, NEW_FILE_HIDDEN }; /* the second where the first cannot be */

CHECKED enum err new_file_open(struct new_file *f, const char *folder, enum new_file_way way,
                               const struct random *random);
CHECKED enum err new_file_write(struct new_file *f, struct bytes b);
/* On the disk, under this name. On ERR_EXISTS another name may be tried. */
CHECKED enum err new_file_place(struct new_file *f, const char *name);
void new_file_drop(struct new_file *f); /* after new_file_place() the file stays */

/* What errno says, for a person: "the disk is full". */
struct str new_file_why(enum err e);

#endif
