/* test_default_socket.c: the data folder of the server's file, and when it is another one all the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../check.h"
#include "ctl/default_socket.h"

struct place {
    struct arena arena;
    char folder[64];
    const char *file, *named, *standard;
};

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static const char *in(struct place *p, const char *name)
{
    return arena_printf(&p->arena, "%s/%s", p->folder, name).p;
}

static int setup(void **state)
{
    struct place *p = mem_alloc(sizeof *p);

    snprintf(p->folder, sizeof p->folder, "/tmp/sotto-test-socket-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    p->file = in(p, "sotto.ini");
    p->named = in(p, "named");
    p->standard = in(p, "standard");
    mkdir(p->named, 0700);
    mkdir(p->standard, 0700);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;

    unlink(in(p, "named/control.sock"));
    unlink(in(p, "standard/control.sock"));
    unlink(p->file);
    rmdir(p->named);
    rmdir(p->standard);
    rmdir(p->folder);
    arena_deinit(&p->arena);
    mem_free(p);
    return 0;
}

static void expect(struct place *p, const char *want)
{
    const char *have = default_socket(p->file, p->standard, &p->arena);

    if (strcmp(have, in(p, want)) != 0)
        fail_msg("%s instead of %s", have, want);
}

static void file_names_it(void **state)
{
    struct place *p = *state;

    expect(p, "standard/control.sock"); /* no file */
    write_text(p->file, "[server]\ndomain = a.example\n[log]\ndata_dir = /x\n");
    expect(p, "standard/control.sock");
    write_text(p->file, "[server]\ndata_dir = below\n");
    expect(p, "standard/control.sock"); /* from where? */
    write_text(p->file,
               arena_printf(&p->arena, "; ours\n[log]\nlevel = info\n[server]\n  data_dir = %s\n",
                            p->named)
                   .p);
    expect(p, "named/control.sock");
}

static void command_line_won(void **state)
{
    struct place *p = *state;

    write_text(p->file, arena_printf(&p->arena, "[server]\ndata_dir = %s\n", p->named).p);
    write_text(in(p, "standard/control.sock"), "");
    expect(p, "standard/control.sock");
    write_text(in(p, "named/control.sock"), "");
    expect(p, "named/control.sock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(file_names_it, setup, teardown),
        cmocka_unit_test_setup_teardown(command_line_won, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
