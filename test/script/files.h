/* files.h: the scripts that a command line names, as files or as folders of them.
 *
 * Owns: nothing; paths live in the arena.  Threads: one.
 */
#ifndef SOTTO_TEST_SCRIPT_FILES_H
#define SOTTO_TEST_SCRIPT_FILES_H

#include "base/arena.h"

enum { FILES_MAX = 4096 };

struct files {
    struct str paths[FILES_MAX];
    size_t count;
};

void files_add(struct files *f, struct arena *a,
               const char *path); /* of a folder: its *.chat, in order */
bool file_read(struct arena *a, struct str path, struct str *out);

#endif
