/* incoming_file.h: a file that comes sealed, piece by piece: opened into a file without a name (new_file.h), which gets one once the tag
 * and all that its sender said of it hold.
 *
 * Owns: the file that has no name yet, the cipher.  Threads: the loop's, but for incoming_file_piece(), which is the transfer's.
 * Errors: as new_file.h; ERR_DENIED: it is not what was sent.
 */
#ifndef SOTTO_CLI_INCOMING_FILE_H
#define SOTTO_CLI_INCOMING_FILE_H

#include "cli/new_file.h"
#include "client/file_cipher.h"

struct incoming_file {
    const struct attachment *file; /* borrowed, like the rest that the caller sets */
    const char *folder, *name;
    bool is_named; /* by the person: it is that name or none */
    /* Its own: */
    struct new_file to;
    struct file_cipher cipher;
    bool opening;
    uint8_t *plain;
    enum err failed; /* why incoming_file_piece() gave up */
};

/* Makes its place in the folder. ERR_EXISTS: the name that the person gave is taken; ERR_FULL: it will not fit. */
CHECKED enum err incoming_file_open(struct incoming_file *f, const struct random *random);
void incoming_file_begin(struct incoming_file *f); /* from the first octet */
bool incoming_file_piece(struct incoming_file *f, struct bytes piece);
/* *out_name: what it is called in its folder; name-2.jpg if there was one of its name. */
CHECKED enum err incoming_file_end(struct incoming_file *f, struct arena *a, const char **out_name);
void incoming_file_drop(struct incoming_file *f); /* what was opened, in any state */

#endif
