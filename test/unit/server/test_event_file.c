/* test_event_file.c: segments: torn lines, the ring, days, questions; and the keys of pseudonyms, and their end. */
#include "../check.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/event_file.h"
#include "server/event_keys.h"

enum { DAY = 24 * 3600, TODAY = 20454 * DAY };

static char folder[64];
static int folder_fd;

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/sotto-events-XXXXXX");
    assert_non_null(mkdtemp(folder));
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder_fd >= 0);
    return 0;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s;
    (void)kind;
    (void)at;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    close(folder_fd);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct event_file opened(uint32_t days)
{
    struct event_file f;

    assert_int_equal(event_file_open(&f, folder_fd, days), ERR_NONE);
    return f;
}

static void append(struct event_file *f, enum event_reason reason, uint64_t now_s)
{
    struct event_line l = { .time_s = now_s, .n = 1, .reason = reason };

    assert_int_equal(event_file_append(f, &l, now_s), ERR_NONE);
}

/* The numbers of the lines that answer, as text: "3 4 5 ". */
static const char *ask(const struct event_file *f, const struct event_query *q)
{
    static char numbers[4096];
    struct arena a = { 0 };
    struct buf out;
    struct str rest;
    size_t n = 0;

    buf_init(&out, 1024 * 1024);
    assert_int_equal(event_file_query(f, q, &out), ERR_NONE);
    rest = buf_str(&out);
    numbers[0] = '\0';
    while (rest.n > 0) {
        struct event_line l;

        assert_int_equal(event_line_read(&a, str_split(&rest, '\n'), &l), ERR_NONE);
        n += (size_t)snprintf(numbers + n, sizeof numbers - n, "%llu ", (unsigned long long)l.seq);
    }
    buf_deinit(&out);
    arena_deinit(&a);
    return numbers;
}

static unsigned count_entries(const char *ending)
{
    DIR *d = opendir(folder);
    unsigned n = 0;

    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += str_ends(str_from(e->d_name), str_from(ending));
    closedir(d);
    return n;
}

static void questions(void **state)
{
    static const struct {
        struct event_query query;
        const char *answer;
    } asked[] = {
        { { 0, 0, EVENT_TYPES, 100 }, "1 2 3 4 5 6 " },
        { { 0, 0, EVENT_TYPES, 2 }, "5 6 " },
        { { 2, 0, EVENT_TYPES, 2 }, "3 4 " },
        { { 6, 0, EVENT_TYPES, 2 }, "" },
        { { 0, 0, EVENT_LOGIN, 100 }, "1 3 5 " },
        { { 0, 0, EVENT_LOGIN, 1 }, "5 " },
        { { 3, 0, EVENT_LOGIN, 9 }, "5 " },
        { { 0, TODAY + DAY, EVENT_TYPES, 100 }, "4 5 6 " },
        { { 0, 0, EVENT_CALL, 100 }, "" },
    };
    struct event_file f = opened(14);

    (void)state;
    for (unsigned i = 0; i < 6; i++)
        append(&f, i % 2 == 0 ? EVENT_CREDENTIALS : EVENT_BLOCKED, i < 3 ? TODAY : TODAY + DAY);
    assert_int_equal(count_entries(".jsonl"), 2); /* a day, a segment */
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        assert_string_equal(ask(&f, &asked[i].query), asked[i].answer);
    event_file_close(&f);
}

/* A power failure may leave a part of the last line, and anything behind it. */
static void torn_lines_go(void **state)
{
    static const char *const torn[] = { "{\"v\":1,\"seq\":99", "\0\0\0\0", "{\"v\":1,\"seq\":9}x" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(torn); i++) {
        struct event_file f = opened(14);
        int fd;

        append(&f, EVENT_BLOCKED, TODAY);
        fd = openat(folder_fd, "020454-0000000000000001.jsonl", O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_true(write(fd, torn[i], 4 + i) > 0);
        close(fd);
        event_file_close(&f);
    }
    {
        struct event_file f = opened(14);

        append(&f, EVENT_BLOCKED, TODAY);
        assert_string_equal(ask(&f, &(struct event_query){ .type = EVENT_TYPES, .max = 9 }),
                            "1 2 3 4 ");
        event_file_close(&f);
    }
}

static void ring_is_bounded(void **state)
{
    struct event_file f = opened(14);
    struct event_query newest = { .type = EVENT_TYPES, .max = 1 };
    struct stat st;

    (void)state;
    while (count_entries(".jsonl") < EVENT_SEGMENTS || f.bytes < EVENT_SEGMENT_BYTES / 2)
        for (unsigned i = 0; i < 4000; i++)
            append(&f, EVENT_BLOCKED, TODAY);
    for (unsigned i = 0; i < 30000; i++)
        append(&f, EVENT_BLOCKED, TODAY);
    assert_int_equal(count_entries(".jsonl"), EVENT_SEGMENTS);
    assert_int_not_equal(fstatat(folder_fd, "020454-0000000000000001.jsonl", &st, 0), 0);
    assert_int_equal(strtoull(ask(&f, &newest), NULL, 10), f.next_seq - 1);
    event_file_close(&f);
}

static void days_go(void **state)
{
    struct event_file f = opened(3);
    struct event_query all = { .type = EVENT_TYPES, .max = 9 };

    (void)state;
    for (unsigned day = 0; day < 4; day++)
        append(&f, EVENT_BLOCKED, TODAY + day * DAY);
    event_file_expire(&f, TODAY + 3 * DAY);
    assert_string_equal(ask(&f, &all), "2 3 4 ");
    event_file_expire(&f, TODAY + 30 * DAY);
    assert_string_equal(ask(&f, &all), "");
    append(&f, EVENT_BLOCKED, TODAY + 30 * DAY);
    assert_string_equal(ask(&f, &all), "5 ");
    event_file_close(&f);
}

static void limit_file_size(rlim_t bytes)
{
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ bytes, RLIM_INFINITY }), 0);
}

/* The disk takes a part of a line: it is taken back, and when there is room again all goes on. */
static void full_in_the_middle(void **state)
{
    struct event_file f = opened(14);
    struct event_line l = { .time_s = TODAY, .n = 1, .reason = EVENT_BLOCKED };
    unsigned written = 0;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    limit_file_size(500);
    while (event_file_append(&f, &l, TODAY) == ERR_NONE)
        written++;
    assert_in_range(written, 3, 10);
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(event_file_append(&f, &l, TODAY), ERR_NONE);
    assert_int_equal(l.seq, written + 1);
    event_file_close(&f);
    f = opened(14);
    assert_int_equal(f.next_seq, written + 2);
    event_file_close(&f);
}

/* No segment can be made. */
static void no_room(void **state)
{
    struct event_file f = opened(14);
    struct event_line l = { .time_s = TODAY, .n = 1, .reason = EVENT_BLOCKED };
    int gone = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    f.folder_fd = gone;
    assert_int_not_equal(event_file_append(&f, &l, TODAY), ERR_NONE);
    f.folder_fd = folder_fd;
    assert_int_equal(event_file_append(&f, &l, TODAY), ERR_NONE);
    assert_string_equal(ask(&f, &(struct event_query){ .type = EVENT_TYPES, .max = 9 }), "1 ");
    close(gone);
    event_file_close(&f);
}

/* ---- Keys ------------------------------------------------------------------------------------------ */

static void fill(void *ctx, uint8_t *out, size_t n)
{
    uint8_t *state = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(*state += 37);
}

static uint8_t drawn;
static const struct random seeded = { fill, &drawn };
static const uint8_t home[16] = { [10] = 0xff, 0xff, 192, 0, 2, 7 };
static const uint8_t neighbour[16] = { [10] = 0xff, 0xff, 192, 0, 2, 200 };
static const uint8_t elsewhere[16] = { [10] = 0xff, 0xff, 192, 0, 3, 7 };
static const uint8_t v6[16] = { 0x20, 1, 0xd, 0xb8, 0, 1, 5, 5 };
static const uint8_t v6_neighbour[16] = { 0x20, 1, 0xd, 0xb8, 0, 1, 9, 9, 1 };
static const uint8_t v6_elsewhere[16] = { 0x20, 1, 0xd, 0xb8, 0, 2, 5, 5 };

static void networks_and_accounts(void **state)
{
    uint8_t memory[2 * EVENT_KEY_SIZE];
    struct event_keys k;

    (void)state;
    event_keys_init(&k, folder_fd, &seeded, memory);
    event_keys_turn(&k, TODAY);
    assert_int_equal(event_keys_network(&k, home), event_keys_network(&k, neighbour));
    assert_int_not_equal(event_keys_network(&k, home), event_keys_network(&k, elsewhere));
    assert_int_equal(event_keys_network(&k, v6), event_keys_network(&k, v6_neighbour));
    assert_int_not_equal(event_keys_network(&k, v6), event_keys_network(&k, v6_elsewhere));
    assert_int_equal(event_keys_account(&k, STR("")), 0);
    assert_int_equal(event_keys_account(&k, STR("a@x")), event_keys_account(&k, STR("a@x")));
    assert_int_not_equal(event_keys_account(&k, STR("a@x")), event_keys_account(&k, STR("b@x")));
}

/* A restart parts accounts, not networks; another day parts networks, another quarter accounts. */
static void what_links_and_what_not(void **state)
{
    uint8_t memory[2 * EVENT_KEY_SIZE], again[2 * EVENT_KEY_SIZE];
    struct event_keys k, after;
    uint64_t network, account;

    (void)state;
    event_keys_init(&k, folder_fd, &seeded, memory);
    event_keys_turn(&k, TODAY);
    network = event_keys_network(&k, home);
    account = event_keys_account(&k, STR("a@x"));

    event_keys_init(&after, folder_fd, &seeded, again);
    event_keys_turn(&after, TODAY + 3600);
    assert_int_equal(event_keys_network(&after, home), network);
    assert_int_not_equal(event_keys_account(&after, STR("a@x")), account);
    assert_int_not_equal(after.era, k.era);

    event_keys_turn(&k, TODAY + DAY);
    assert_int_not_equal(event_keys_network(&k, home), network);
    assert_int_equal(event_keys_account(&k, STR("a@x")), account);
    event_keys_turn(&k, TODAY + 100 * (uint64_t)DAY);
    assert_int_not_equal(event_keys_account(&k, STR("a@x")), account);
}

static bool is_there(const char *name)
{
    struct stat st;

    return fstatat(folder_fd, name, &st, 0) == 0;
}

/* After fourteen days the key of a day is gone, and what it was is not on the disk under any name. */
static void keys_end(void **state)
{
    uint8_t memory[2 * EVENT_KEY_SIZE], kept[EVENT_KEY_SIZE] = { 0 };
    struct event_keys k;
    int fd;

    (void)state;
    event_keys_init(&k, folder_fd, &seeded, memory);
    event_keys_turn(&k, TODAY);
    assert_true(is_there("20454"));
    fd =
        openat(folder_fd, "20454", O_RDONLY | O_CLOEXEC); /* sees the file after its name is gone */
    event_keys_turn(&k, TODAY + 13 * DAY);
    assert_true(is_there("20454"));
    event_keys_turn(&k, TODAY + 14 * DAY);
    assert_false(is_there("20454"));
    assert_true(is_there("20468"));
    assert_int_equal(pread(fd, kept, sizeof kept, 0), sizeof kept);
    for (size_t i = 0; i < sizeof kept; i++)
        assert_int_equal(kept[i], 0);
    close(fd);
    event_keys_end(&k);
    assert_false(is_there("20468"));
}

/* What a cut write, or a clock that was wrong, left behind. */
static void leftovers_go(void **state)
{
    static const char *const names[] = { "20454.new", "99999999", "key" };
    uint8_t memory[2 * EVENT_KEY_SIZE];
    struct event_keys k;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        close(openat(folder_fd, names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    event_keys_init(&k, folder_fd, &seeded, memory);
    event_keys_turn(&k, TODAY);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_false(is_there(names[i]));
    assert_true(is_there("20454"));
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_FOLDER(questions),
        WITH_FOLDER(torn_lines_go),
        WITH_FOLDER(ring_is_bounded),
        WITH_FOLDER(days_go),
        WITH_FOLDER(full_in_the_middle),
        WITH_FOLDER(no_room),
        WITH_FOLDER(networks_and_accounts),
        WITH_FOLDER(what_links_and_what_not),
        WITH_FOLDER(keys_end),
        WITH_FOLDER(leftovers_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
