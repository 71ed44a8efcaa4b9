/* fetching.h: a file of a message on its way into the person's folder ~/Downloads, or ~ where there is none: from our own server, else
 * through it, so that the other host learns nothing of us. Only because the person asked, or has asked for all (desk_files.c).
 *
 * Owns: the transfer, what came so far.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_CHAT_FETCHING_H
#define SOTTO_CLI_CHAT_FETCHING_H

#include "cli/program.h"
#include "client/engine.h"
#include "io/loop.h"

struct fetching;

/* Once, also from within fetching_new() and fetching_event(): where it is, or why not. Then fetching_free(). */
typedef void fetching_ended(void *ctx, bool ok, struct str words);

/* `record`: of attachment.h. */
struct fetching *fetching_new(struct loop *l, struct engine *c, const struct program *p,
                              struct str record, fetching_ended *ended, void *ctx);
void fetching_free(struct fetching *f); /* NULL is allowed */
void fetching_begin(struct fetching *f);
void fetching_event(struct fetching *f, const struct engine_event *e);

#endif
