/* runner.c: runs conversation scripts; one TAP line per case.
 *
 *   runner [--homes N] [--bytewise] [--shuffle SEED] [--trace] [--only TEXT] FILE.chat|FOLDER …
 *   runner --server SOTTOD [--slice I/N] …     against a server in a process of its own; a part of the files
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/script/files.h"
#include "test/script/live.h"
#include "test/script/run.h"

struct runner {
    struct run_options options;
    struct arena arena;
    struct str only;
    struct files files;
    uint64_t slice, slices; /* only every so many-th file */
    unsigned cases, failures, left_out;
};

/* ---- Cases ----------------------------------------------------------------------------------------- */

static struct str base_name(struct str path)
{
    size_t slash = str_find_last(path, '/');

    path = slash < path.n ? str_skip(path, slash + 1) : path;
    return str_slice(path, 0, str_find_last(path, '.'));
}

static void print_diagnostics(struct str path, unsigned line, struct str why)
{
    printf("# %.*s:%u:\n", STR_ARG(path), line);
    while (why.p != NULL) {
        struct str text = str_split(&why, '\n');

        printf("#   %.*s\n", STR_ARG(text));
    }
}

static void report(struct runner *r, struct str path, const struct script *script, bool good,
                   unsigned line, struct str why)
{
    struct str name = base_name(path);

    r->cases++;
    r->failures += !good;
    printf("%sok %u - %.*s", good ? "" : "not ", r->cases, STR_ARG(name));
    if (script->rows > 0)
        printf(" [%.*s]", STR_ARG(script->row));
    printf("\n");
    if (!good)
        print_diagnostics(path, line, why);
    fflush(stdout);
}

/* Says so if no server in a process of its own can play it. */
static bool is_left_out(struct runner *r, struct arena *a, struct str path,
                        const struct script *script)
{
    struct str why = r->options.server != NULL ? live_obstacle(a, script) : STR("");

    if (why.n == 0)
        return false;
    printf("# not over sockets: %.*s: %.*s\n", STR_ARG(base_name(path)), STR_ARG(why));
    r->left_out++;
    return true;
}

static void run_file(struct runner *r, struct str path)
{
    size_t row = 0, rows = 1;

    for (; row < rows; row++) {
        struct arena a = { 0 };
        struct script script = { 0 };
        struct str text = STR(""), why = STR("cannot be read");
        unsigned line = 0;
        bool good =
            file_read(&a, path, &text) && script_parse(&a, text, row, &script, &why) == ERR_NONE;

        if (good)
            rows = script.rows > 0 ? script.rows : 1;
        if (good && is_left_out(r, &a, path, &script)) { /* another row may do without */
            arena_deinit(&a);
            continue;
        }
        if (good)
            good = run_script(&r->options, &script, &a, &line, &why);
        else
            line = script.error_line;
        report(r, path, &script, good, line, why);
        arena_deinit(&a);
    }
}

static bool is_wanted(const struct runner *r, struct str path)
{
    for (size_t i = 0; i + r->only.n <= path.n; i++)
        if (str_starts(str_skip(path, i), r->only))
            return true;
    return false;
}

/* ---- Command line ---------------------------------------------------------------------------------- */

static uint64_t number_of(const char *text)
{
    uint64_t n;

    if (text == NULL || str_to_u64(str_from(text), UINT32_MAX, &n) != ERR_NONE) {
        fprintf(stderr, "runner: a number is missing\n");
        exit(2);
    }
    return n;
}

/* I/N: of N runners, this one is number I, from 0. */
static void read_slice(struct runner *r, const char *text)
{
    struct str count = str_from(text), number = str_split(&count, '/');

    if (str_to_u64(count, UINT32_MAX, &r->slices) != ERR_NONE || r->slices == 0
        || str_to_u64(number, r->slices - 1, &r->slice) != ERR_NONE) {
        fprintf(stderr, "runner: --slice I/N\n");
        exit(2);
    }
}

static void read_arguments(struct runner *r, char **argv)
{
    for (; *argv != NULL; argv++) {
        if (strcmp(*argv, "--bytewise") == 0)
            r->options.world.bytewise = true;
        else if (strcmp(*argv, "--trace") == 0)
            r->options.trace = true;
        else if (strcmp(*argv, "--homes") == 0)
            r->options.world.homes = (unsigned)number_of(*++argv);
        else if (strcmp(*argv, "--shuffle") == 0)
            r->options.world.shuffle = number_of(*++argv);
        else if (strcmp(*argv, "--server") == 0 && argv[1] != NULL)
            r->options.server = *++argv;
        else if (strcmp(*argv, "--slice") == 0)
            read_slice(r, *++argv);
        else if (strcmp(*argv, "--only") == 0 && argv[1] != NULL)
            r->only = str_from(*++argv);
        else
            files_add(&r->files, &r->arena, *argv);
    }
}

int main(int argc, char **argv)
{
    struct runner *r = mem_alloc(sizeof *r);
    unsigned failures;

    (void)argc;
    r->options.world.homes = 1;
    r->slices = 1;
    read_arguments(r, argv + 1);
    for (size_t i = 0; i < r->files.count; i++)
        if (i % r->slices == r->slice && is_wanted(r, r->files.paths[i]))
            run_file(r, r->files.paths[i]);
    if (r->options.server != NULL)
        printf("# %u cases over sockets, %u not\n", r->cases, r->left_out);
    printf("1..%u\n", r->cases);
    failures = r->failures + (r->cases == 0);
    arena_deinit(&r->arena);
    mem_free(r);
    return failures > 0;
}
