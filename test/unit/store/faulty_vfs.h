/* faulty_vfs.h: the file system below SQLite, with one operation that fails.
 *
 * Counts reads, writes, syncs and truncations of all files, and lets the n-th fail in a chosen way.
 * Threads: the counters are atomic.
 */
#ifndef SOTTO_TEST_STORE_FAULTY_VFS_H
#define SOTTO_TEST_STORE_FAULTY_VFS_H

#include <stdbool.h>

enum fault_at { FAULT_READ, FAULT_WRITE, FAULT_SYNC, FAULT_TRUNCATE, FAULT_KINDS };

void faulty_vfs_install(void); /* it becomes SQLite's default */

/* From now on: the n-th (from 1) of a kind returns `rc`, an SQLite code; n = 0: none does. */
void faulty_vfs_arm(enum fault_at kind, int n, int rc);
int faulty_vfs_left(enum fault_at kind); /* how many still succeed before */
bool faulty_vfs_fired(void);             /* since it was armed */

#endif
