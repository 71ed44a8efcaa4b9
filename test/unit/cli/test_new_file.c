/* test_new_file.c: files that appear whole, under a name that nobody has, or not at all; in both ways. */
#include "../check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/attached.h"
#include "cli/new_file.h"

static void count_up(void *ctx, uint8_t *out, size_t n)
{
    static uint8_t next;

    (void)ctx;
    for (size_t i = 0; i < n; i++)
        out[i] = next++;
}

static const struct random numbers = { count_up, NULL };

static size_t files_in(const char *folder)
{
    DIR *d = opendir(folder);
    size_t n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

static void one_way(const char *folder, enum new_file_way way)
{
    struct arena a = { 0 };
    struct new_file f;
    struct stat st;
    const char *path = arena_printf(&a, "%s/one", folder).p;

    check_err("open", new_file_open(&f, folder, way, &numbers), ERR_NONE);
    assert_int_equal(files_in(folder), way == NEW_FILE_HIDDEN);
    check_err("write", new_file_write(&f, bytes_of_str(STR("hello"))), ERR_NONE);
    new_file_drop(&f);
    assert_int_equal(files_in(folder), 0);

    check_err("open", new_file_open(&f, folder, way, &numbers), ERR_NONE);
    check_err("write", new_file_write(&f, bytes_of_str(STR("hello"))), ERR_NONE);
    check_err("place", new_file_place(&f, "one"), ERR_NONE);
    new_file_drop(&f);
    assert_int_equal(files_in(folder), 1);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 5);

    check_err("open", new_file_open(&f, folder, way, &numbers), ERR_NONE);
    check_err("taken", new_file_place(&f, "one"), ERR_EXISTS);
    check_err("another name", new_file_place(&f, "two"), ERR_NONE);
    new_file_drop(&f);
    assert_int_equal(files_in(folder), 2);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 5);
    unlink(path);
    unlink(arena_printf(&a, "%s/two", folder).p);
    arena_deinit(&a);
}

static void both_ways(void **state)
{
    char folder[] = "/tmp/sotto-new-file-XXXXXX";
    struct new_file f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    one_way(folder, NEW_FILE_NAMELESS);
    one_way(folder, NEW_FILE_HIDDEN);
    rmdir(folder);
    check_err("no folder", new_file_open(&f, folder, NEW_FILE_HIDDEN, &numbers), ERR_MISSING);
}

static const struct {
    struct attachment file;
    const char *words, *name;
} shown[] = {
    { { .name = STR_INIT("a.jpg"),
        .media_type = STR_INIT("image/jpeg"),
        .has_size = true,
        .size = 1234567 },
      "[a.jpg, image/jpeg, 1.2 MB, id x]",
      "a.jpg" },
    { { .is_voice = true, .duration_ms = 62001, .has_size = true, .size = 999 },
      "[voice message, 1:03, 999 bytes, id x]",
      "voice.ogg" },
    { { .has_size = true, .size = 999500 }, "[file, 1.0 MB, id x]", "file" },
    { { .name = STR_INIT("../b\x1b[2J") }, "[../b\xef\xbf\xbd[2J, id x]", "b[2J" },
};

static void words(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        check_str("words", attached_words(&a, &shown[i].file, STR("x")), shown[i].words);
        check_str("name", attached_name(&a, &shown[i].file), shown[i].name);
    }
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(both_ways), cmocka_unit_test(words) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
