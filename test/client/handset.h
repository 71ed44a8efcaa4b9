/* handset.h: a whole device for tests: the engine, a store that only knows what was committed, and a connection to the server engine,
 * in one process and under the world's clock. It can lose its connection and its memory, never its store.
 *
 * Owns: engine, wire, store.  Threads: one.
 */
#ifndef SOTTO_TEST_CLIENT_HANDSET_H
#define SOTTO_TEST_CLIENT_HANDSET_H

#include "client/engine.h"
#include "test/script/world.h"

enum { ENTRIES_MAX = 4096 };

struct handset {
    struct world *world;
    struct transport transport;
    void *wire;
    struct engine *engine;
    struct engine_config config;
    struct random random;
    uint64_t dice, now_ms;
    struct arena arena;    /* of the configuration and of what was committed */
    struct book store;     /* what is durable */
    struct entry *entries; /* durable, in the order of their commits */
    size_t entry_count;
    struct entry *shown; /* what the engine told of since it began */
    size_t shown_count;
    unsigned seen[ENGINE_BROKEN + 1]; /* events by kind */
    enum login_failure failure;
    bool hold_commits; /* the store takes its time */
};

void handset_init(struct handset *h, struct world *w, const char *jid, unsigned number);
void handset_deinit(struct handset *h);

void handset_start(struct handset *h); /* from what is durable */
void handset_crash(struct handset *h); /* memory and connection are gone */
void handset_cut(struct handset *h);   /* the connection alone */
bool handset_turn(struct handset *h);  /* false: nothing moved */
void handset_write(struct handset *h, const char *to, const char *text);

/* Durable messages with this text. */
size_t handset_count(const struct handset *h, const char *text, bool outgoing);
const struct entry *handset_last(const struct handset *h, enum entry_kind kind);

/* All of them, until nothing moves. */
void handsets_run(struct handset *const *list, size_t n);

#endif
