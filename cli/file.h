/* file.h: `sotto file` in parts: file_send.c, file_get.c, and the rest in file.c.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_CLI_FILE_H
#define SOTTO_CLI_FILE_H

#include "cli/account.h"
#include "client/attachment.h"

int file_send(struct program *p, const struct jid *to, const char *path);
int file_get(struct program *p, const struct jid *chat, struct str id);

/* A file of a chat that is told of by the message with this id. ERR_MISSING: there is none. */
CHECKED enum err file_find(struct account *a, const struct jid *chat, struct str id,
                           struct attachment *out);

#endif
