/* sealed_file.h: a file of the person made ready to leave: looked at, cleaned, sealed into the account's folder.
 *
 * There it waits for the server, as FOLDER/outgoing/NAME; the key is in the store. What lies in that folder and no message needs is
 * removed when a session begins.
 * Owns: nothing.  Threads: one.  Errors: an exit status, after it was said why.
 */
#ifndef SOTTO_CLI_SEALED_FILE_H
#define SOTTO_CLI_SEALED_FILE_H

#include "cli/program.h"
#include "client/attachment.h"

struct engine;

struct sealing_wish {
    int fd;          /* read from its beginning, not closed */
    struct str name; /* as the other side sees it, once it is cleaned */
    bool voice;      /* it has to be Ogg Opus */
    bool keep_metadata;
};

CHECKED int sealed_file_make(const struct program *p, const struct sealing_wish *wish,
                             struct attachment *out, struct str *out_source, struct arena *a);
/* A place for one that is sealed in another way, to be named when it is whole. */
struct new_file;
CHECKED enum err sealed_file_place(const char *folder, const struct random *random,
                                   struct new_file *out);
/* -1: it is not there. */
int sealed_file_open(const char *folder, struct str source);
void sealed_file_remove(const char *folder, struct str source);
/* All that the engine does not need. */
void sealed_file_sweep(const char *folder, const struct engine *engine);

#endif
