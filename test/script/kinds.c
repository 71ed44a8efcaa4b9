/* kinds.c: every module has at least one script of each kind: it works, it is refused, somebody else's account tries.
 *
 *   kinds FOLDER          reads the scripts' heads; one TAP line per module and kind
 */
#include <stdio.h>

#include "server/module.h"
#include "test/script/files.h"
#include "test/script/script.h"

enum { PARTS_MAX = 128 };

/* What the engine does itself, beside the modules. */
static const char *const parts[] = { "bind",     "bind2", "csi",   "delivery", "fast",
                                     "presence", "sasl",  "sasl2", "sm",       "stream" };
static const char *const kinds[] = { "success", "refusal", "other-account" };

struct part {
    struct str name;
    unsigned scripts[COUNT_OF(kinds)];
};

struct tally {
    struct part parts[PARTS_MAX];
    size_t count;
    unsigned cases, failures;
};

static void add_part(struct tally *t, struct str name)
{
    if (t->count < PARTS_MAX)
        t->parts[t->count++] = (struct part){ .name = name };
}

static void check(struct tally *t, bool good, struct str what, const char *detail)
{
    t->cases++;
    t->failures += !good;
    printf("%sok %u - %.*s: %s\n", good ? "" : "not ", t->cases, STR_ARG(what), detail);
}

/* False: its head names no module, or no kind, that there is. */
static bool count_script(struct tally *t, const struct script *s)
{
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < COUNT_OF(kinds); k++)
            if (str_eq(t->parts[i].name, s->module) && str_is(s->kind, kinds[k])) {
                t->parts[i].scripts[k]++;
                return true;
            }
    return false;
}

static void read_script(struct tally *t, struct str path)
{
    struct arena a = { 0 };
    struct script script = { 0 };
    struct str text, why;
    bool good = file_read(&a, path, &text) && script_parse(&a, text, 0, &script, &why) == ERR_NONE
                && count_script(t, &script);

    if (!good)
        check(t, false, path, "its head names a module and a kind");
    arena_deinit(&a);
}

int main(int argc, char **argv)
{
    struct arena arena = { 0 };
    struct files files = { 0 };
    struct tally t = { 0 };

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        add_part(&t, str_from(parts[i]));
    for (size_t i = 0; all_modules[i] != NULL; i++)
        add_part(&t, str_from(all_modules[i]->name));
    for (int i = 1; i < argc; i++)
        files_add(&files, &arena, argv[i]);
    for (size_t i = 0; i < files.count; i++)
        read_script(&t, files.paths[i]);
    for (size_t i = 0; i < t.count; i++)
        for (size_t k = 0; k < COUNT_OF(kinds); k++)
            check(&t, t.parts[i].scripts[k] > 0, t.parts[i].name, kinds[k]);
    printf("1..%u\n", t.cases);
    arena_deinit(&arena);
    return t.failures > 0;
}
