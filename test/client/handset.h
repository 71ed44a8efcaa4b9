/* handset.h: a whole device for tests: the engine, a store that only knows what was committed, and a connection to the server engine,
 * in one process and under the world's clock. It can lose its connection and its memory, never its store.
 *
 * Owns: engine, wire, store.  Threads: one.
 */
#ifndef SOTTO_TEST_CLIENT_HANDSET_H
#define SOTTO_TEST_CLIENT_HANDSET_H

#include "client/chat.h"
#include "test/script/world.h"

enum { ENTRIES_MAX = 4096, CHANGES_MAX = 64 };

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
    struct bytes *places;  /* of the entries: their keys */
    size_t entry_count;
    struct entry *shown; /* what the engine told of since it began */
    size_t shown_count;
    unsigned seen[ENGINE_BROKEN + 1];   /* events by kind */
    struct str told[ENGINE_BROKEN + 1]; /* the text of the last of each */
    struct {
        enum contact_change change;
        struct str jid, text;
    } changes[CHANGES_MAX]; /* of people, since the engine began */
    size_t change_count;
    struct {
        struct str jid, text;
        bool held;
    } requests[CHANGES_MAX]; /* of strangers, since the engine began */
    size_t request_count;
    enum login_failure failure;
    enum access_change access; /* of the last ENGINE_ACCESS, and the id of what was made */
    struct str access_id;
    enum link_change link; /* of the last ENGINE_LINK */
    bool typing;           /* somebody, as was told last */
    unsigned commits;
    bool hold_commits; /* the store takes its time */
    bool takes_calls;
    struct {
        enum call_news news;
        struct str id, text;
        unsigned media;
        enum entry_trust trust;
    } calls[CHANGES_MAX]; /* since the engine began */
    size_t call_count;
    /* What stands between it and the server, or NULL: returns what goes on, in the arena. */
    struct str (*leaving)(void *ctx, struct handset *h, struct arena *a, struct str out);
    void *leaving_ctx;
};

void handset_init(struct handset *h, struct world *w, const char *jid, unsigned number);
void handset_deinit(struct handset *h);

void handset_start(struct handset *h); /* from what is durable */
void handset_crash(struct handset *h); /* memory and connection are gone */
void handset_cut(struct handset *h);   /* the connection alone */
bool handset_turn(struct handset *h);  /* false: nothing moved */
void handset_write(struct handset *h, const char *to, const char *text);

/* What can happen to a store while the program does not run. */
void handset_lose_sessions(struct handset *h);
void handset_save(const struct handset *h, struct book *out); /* a copy of it, to be deinited */
void handset_restore(struct handset *h, const struct book *copy);

/* Durable messages with this text. */
size_t handset_count(const struct handset *h, const char *text, bool outgoing);
const struct entry *handset_last(const struct handset *h, enum entry_kind kind);

/* All of them, until nothing moves. */
void handsets_run(struct handset *const *list, size_t n);

#endif
