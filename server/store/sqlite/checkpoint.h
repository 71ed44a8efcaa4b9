/* checkpoint.h: moving the write-ahead log into the database file, beside the writer.
 *
 * A thread with a connection of its own copies pages while the writer goes on (a passive
 * checkpoint), and waits for the disk. It can never catch up with a busy writer, so the log would
 * grow for ever: once it is large, the writer copies the last few pages itself, between two batches,
 * and the log starts again at its beginning.
 * Owns: its thread and connection.  Threads: start, note, truncate, stop: the writer's.
 * Units: pages.
 */
#ifndef SOTTO_SERVER_STORE_SQLITE_CHECKPOINT_H
#define SOTTO_SERVER_STORE_SQLITE_CHECKPOINT_H

#include <stdatomic.h>

#include "io/thread.h"
#include "server/store/sqlite/sql.h"

struct checkpointer {
    struct db db;
    struct db *writer;
    struct thread *thread; /* NULL: the writer does it all */
    struct mutex lock;
    struct condition wake;
    enum { CHECKPOINT_IDLE, CHECKPOINT_ASKED, CHECKPOINT_RUNNING, CHECKPOINT_DONE } state;
    int passes; /* that the thread is asked for */
    bool stopping;
    atomic_bool failed; /* the thread met what db->fatal says, and stopped */
    int log;            /* pages in the log, as the writer last heard */
    int asked_at;       /* its length when the thread was last asked */
    int restart_at;     /* from this length on the writer finishes what the thread did */
};

/* What the thread failed with fatally; NULL: nothing. A failure of the writer's own part stays
 * in its connection. */
const char *checkpoint_failure(struct checkpointer *c);

/* `threaded` false: no thread, as with inline_run. */
CHECKED enum err checkpoint_start(struct checkpointer *c, struct db *writer, const char *path,
                                  bool threaded);
void checkpoint_stop(struct checkpointer *c);
void checkpoint_note(struct checkpointer *c); /* after each commit */

/* Empties the log, so that nothing removed stays readable in it. False: a reader is in the way,
 * or a failure. */
bool checkpoint_truncate(struct checkpointer *c);

#endif
