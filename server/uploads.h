/* uploads.h: the folder of uploaded files, and their end.
 *
 *     data_dir/uploads/SLOT          a whole file
 *     data_dir/uploads/SLOT.part     one being received; of a server that stopped meanwhile nothing is kept
 *
 * What has expired, and what belonged to an account that is gone, the store reports: the file goes first, then its row.
 * Owns: the folder's descriptor, shared with the workers.  Threads: its loop's; files are removed on another.
 */
#ifndef SOTTO_SERVER_UPLOADS_H
#define SOTTO_SERVER_UPLOADS_H

#include "io/loop.h"
#include "server/log.h"
#include "server/store.h"

struct uploads {
    int folder_fd; /* -1: there is none, and no uploads */
    struct loop *loop;
    struct store *store;
    unsigned home; /* of store operations that complete on this loop */
    struct log *log;
    struct upload_sweep *sweeping;
    bool stopped;
};

int uploads_open(int data_dir_fd, struct log *log); /* the folder's descriptor, or -1 (logged) */
/* One bounded round, unless the last one is still at work; a full one is followed by the next. Call every few seconds. */
void uploads_expire(struct uploads *u, uint64_t now_ms);
/* Removes files that no row names, as a database restored from before them leaves behind. Once, at the start: a slot's
 * row is always there before its file. */
void uploads_tidy(struct uploads *u);
void uploads_stop(struct uploads *u); /* before the store closes: no further operation */

#endif
