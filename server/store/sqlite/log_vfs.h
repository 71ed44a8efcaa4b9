/* log_vfs.h: the write-ahead log in large writes.
 *
 * SQLite writes each page of a transaction to its log in two pieces, some two thousand system calls
 * for a batch of messages. This layer over the default VFS gathers what is written to the log one
 * after the other, and hands it down in pieces of a hundred kilobytes, at the latest before the
 * sync that ends the transaction.
 *
 * That is safe because other connections read a page of the log only after the commit that wrote
 * it, and with synchronous=FULL every commit syncs; the writer itself reads through this layer. So
 * it is for a connection with synchronous=FULL only, and only one that writes.
 * Owns: its registration and the buffer of each open log.  Threads: those of the connection.
 * Errors: a failed write may show in the sync, as any SQLite code; the transaction fails either
 * way.
 */
#ifndef SOTTO_SERVER_STORE_SQLITE_LOG_VFS_H
#define SOTTO_SERVER_STORE_SQLITE_LOG_VFS_H

#include <sqlite3.h>

#include "base/err.h"

struct log_vfs {
    sqlite3_vfs base;
    sqlite3_vfs *real;
    char name[40]; /* for sqlite3_open_v2() */
};

CHECKED enum err log_vfs_init(struct log_vfs *v);
void log_vfs_deinit(struct log_vfs *v); /* after the connection; a zeroed struct is fine */

#endif
