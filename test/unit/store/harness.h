/* harness.h: a store of its own for each test, and operations that wait for their completion.
 *
 * The same tests run against every engine and both ways of running it.
 * Owns: a temporary folder.  Threads: one test thread; completions come from the store's.
 */
#ifndef SOTTO_TEST_STORE_HARNESS_H
#define SOTTO_TEST_STORE_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "io/thread.h"
#include "server/store.h"

enum way { IN_FILE_INLINE, IN_FILE_THREADED, IN_MEMORY_INLINE, IN_MEMORY_THREADED, WAY_COUNT };

struct harness {
    enum way way;
    struct store *store;
    struct store_options options;
    struct arena arena; /* until the end of the test */
    char folder[64], path[80];
    struct mutex lock;
    struct condition done;
    struct call *calls;               /* all that were made */
    unsigned deliveries, completions; /* calls of deliver; operations it brought */
    char fatal[300];
    unsigned refused; /* transactions that found no room */
};

struct store_test {
    const char *name;
    void (*run)(struct harness *h);
};

/* Each test in every way; the result of main(). */
int harness_run(const struct store_test *tests, size_t n);

struct harness *harness_new(enum way way);
void harness_free(struct harness *h);
bool harness_on_disk(const struct harness *h);
enum err harness_open(struct harness *h, struct str *why); /* harness_new() did it once */
void harness_reopen(struct harness *h); /* closes first; nothing if there is no file */
void harness_settle(struct harness *h,
                    uint64_t entries); /* until so many archive entries are left */

/* An operation and whether it is done. Submit, then wait. */
struct call {
    struct harness *harness;
    struct call *older;
    bool finished;
    unsigned order; /* of completion, among all calls */
    union {
        struct store_op op;
        struct write_set set;
        struct store_query query;
    };
};

struct call *call_new(struct harness *h); /* lives as long as the harness */
struct row *call_row(struct call *c, enum row_kind kind, int64_t account);
void call_submit(struct call *c);                    /* the write-set */
void call_ask(struct call *c, enum query_kind kind); /* the query */
enum err call_wait(struct call *c);

/* Submit and wait. */
enum err commit(struct call *c);
enum err ask(struct call *c, enum query_kind kind);

/* Shorthands that must succeed. */
int64_t make_account(struct harness *h, const char *local);
struct row *add_message(struct call *c, int64_t to, const char *from_jid, int64_t from,
                        const char *to_jid, uint64_t at_ms, struct str body);

#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        struct str actual_ = (actual);                                                             \
        assert_int_equal(actual_.n, strlen(expected));                                             \
        assert_memory_equal(actual_.n ? actual_.p : "", expected, actual_.n);                      \
    } while (0)

/* The devices of an account, all or the one with this resource; their number is checked. */
const struct device_record *devices_of(struct harness *h, int64_t account, const char *resource,
                                       size_t expected);

#endif
