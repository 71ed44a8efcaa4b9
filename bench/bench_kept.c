/* bench_kept.c: how long a messenger's store takes: a history is written, a chat's last page and the list of chats are read, and
 * words are looked for that nobody wrote, so that every message is opened.
 *
 *     bench_kept [MESSAGES]     in a folder of its own below /tmp, which it removes
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/store.h"
#include "client/record.h"
#include "io/tls.h"

enum { MESSAGES = 100000, BATCH = 1000, CHATS = 50, PAGE = 50 };

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench_kept: %s failed\n", what);
    exit(1);
}

static void add(struct book *b, struct arena *a, unsigned i)
{
    struct str chat = arena_printf(a, "somebody.%u@example.org", i % CHATS);
    struct entry e = { .kind = ENTRY_MESSAGE,
                       .outgoing = i % 2 == 0,
                       .encryption = ENCRYPTION_OMEMO_2,
                       .time_ms = 1700000000000 + (uint64_t)i * 60000,
                       .chat = chat,
                       .author = chat,
                       .id = arena_printf(a, "0f4c0a52-4a3e-4e51-8a5b-%012u", i),
                       .archive_id = arena_printf(a, "%020u", i) };
    struct buf key, value;

    /* Every fifth is not plain ASCII, as in many languages most are. */
    e.text = arena_printf(a, "Message %u: the boat leaves at %u, bring%s warm things along", i,
                          i % 24, i % 5 == 0 ? " Käse, Brot und" : "");
    buf_init(&key, 16);
    buf_init(&value, 4096);
    record_u64(&key, e.time_ms);
    record_u64(&key, i);
    entry_write(&value, &e);
    book_append(b, BOOK_TIMELINE, buf_bytes(&key), buf_bytes(&value));
    buf_deinit(&key);
    buf_deinit(&value);
}

static void fill(struct store *s, unsigned messages)
{
    struct book b;

    book_init(&b, NULL);
    for (unsigned i = 0; i < messages;) {
        struct book_changes changes;
        struct arena a = { 0 };

        do
            add(&b, &a, i++);
        while (i % BATCH != 0 && i < messages);
        changes = book_take(&b);
        must(store_commit(s, &changes) == ERR_NONE, "writing");
        book_changes_deinit(&changes);
        arena_deinit(&a);
    }
    book_deinit(&b);
}

static void count(void *ctx, uint64_t number, const struct entry *e)
{
    (void)number, (void)e;
    ++*(unsigned *)ctx;
}

static void count_chat(void *ctx, const struct store_chat *c)
{
    (void)c;
    ++*(unsigned *)ctx;
}

static void measure(struct store *s, unsigned messages)
{
    unsigned page = 0, chats = 0, found = 0;
    double start = now_s(), paged, listed, searched;

    must(store_page(s, STR("somebody.7@example.org"), 0, STORE_BEFORE, PAGE, count, &page)
             == ERR_NONE,
         "reading");
    paged = now_s() - start;
    start = now_s();
    must(store_chats(s, count_chat, &chats) == ERR_NONE, "listing");
    listed = now_s() - start;
    start = now_s();
    must(store_search(s, STR_NONE, STR("submarine boat"), PAGE, count, &found) == ERR_NONE,
         "searching");
    searched = now_s() - start;
    must(page == PAGE && chats == CHATS && found == 0, "counting");
    printf("page of %d %.1f ms, %d chats %.1f ms, search %.0f ms: %.2f us a message\n", PAGE,
           paged * 1e3, CHATS, listed * 1e3, searched * 1e3, searched * 1e6 / messages);
}

int main(int argc, char **argv)
{
    const struct random random = { tls_random, NULL };
    char folder[] = "/tmp/bench-kept-XXXXXX";
    unsigned messages = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : MESSAGES;
    struct arena a = { 0 };
    struct store *s;
    struct str why;
    double start;

    must(messages >= CHATS * PAGE && mkdtemp(folder) != NULL, "beginning");
    must(store_open(folder, STR_NONE, &random, &s, &why, &a) == ERR_NONE, "making a store");
    start = now_s();
    fill(s, messages);
    printf("%u messages written: %.1f us a message\n", messages,
           (now_s() - start) * 1e6 / messages);
    measure(s, messages);
    store_discard(s);
    arena_deinit(&a);
    return rmdir(folder) == 0 ? 0 : 1;
}
