/* outgoing_file.h: a file of the person on its way to a chat: opened, cleaned and sealed on a thread, then the engine's.
 *
 * Owns: itself, until `done` was called.  Threads: the loop's, but for the sealing.
 */
#ifndef SOTTO_CLI_CHAT_OUTGOING_FILE_H
#define SOTTO_CLI_CHAT_OUTGOING_FILE_H

#include "cli/program.h"
#include "client/attachment.h"
#include "io/loop.h"

struct outgoing_file {
    struct arena arena;
    struct str chat;
    struct attachment file;
    struct str source; /* p == NULL: it could not be sealed */
    struct buf said;   /* why not, or what is to be known */
    /* The rest is its own. */
    struct program program;
    struct str path;
    bool voice;
    void (*done)(void *ctx, struct outgoing_file *f); /* on the loop; does not free it */
    void *ctx;
};

/* `path` may begin with ~/. */
void outgoing_file_begin(struct loop *l, const struct program *p, struct str chat, struct str path,
                         bool voice, void (*done)(void *ctx, struct outgoing_file *f), void *ctx);

#endif
