/* engine.h: what a database has to offer to carry the store: batches of write-sets, and queries.
 *
 * store.c owns the queues, the threads and the order of completion; an engine turns one batch into
 * one transaction and one query into records. Everything here blocks.
 * Threads: commit, expire and chore on the writer's thread; each reader on a thread of its own;
 * `backup` anywhere.
 * Errors: in op->result of what was handed in.
 */
#ifndef SOTTO_SERVER_STORE_ENGINE_H
#define SOTTO_SERVER_STORE_ENGINE_H

#include "server/store.h"

struct engine;
struct engine_reader;

struct engine_kind {
    const char *scheme; /* of store.url, with its colon */

    /* Borrows the options until close. */
    enum err (*open)(const struct store_options *options, struct engine **out, struct str *why,
                     struct arena *why_arena);
    void (*close)(struct engine *e);               /* after its readers */
    bool (*single_thread)(const struct engine *e); /* readers must run on the writer's thread */

    /* All write-sets of the list in one transaction, each of them whole or not at all. Sets
     * every result. */
    void (*commit)(struct engine *e, struct list *write_sets);
    /* Begins a round of retention. It is done by chore(), one bounded step of housekeeping;
     * false: none is left. */
    void (*expire)(struct engine *e, uint64_t now_ms);
    bool (*chore)(struct engine *e);

    enum err (*reader_open)(struct engine *e, struct engine_reader **out);
    void (*reader_close)(struct engine_reader *r);
    void (*read)(struct engine_reader *r, struct store_query *q); /* sets its result */

    enum err (*backup)(struct engine *e, const char *path);
};

extern const struct engine_kind sqlite_engine;

#endif
