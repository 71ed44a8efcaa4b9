/* test_e2ee.c: policy.e2ee = required against the shapes in test/vectors/e2ee-shapes.txt, one case a shape.
 *
 * Its argument is that file.
 */
#include "../check.h"

#include <stdio.h>

#include "base/buf.h"
#include "server/modules/modules.h"
#include "server/routed.h"
#include "server/stored.h"

enum { SHAPES_MAX = 200, DEFINITIONS_MAX = 32, FILE_MAX = 256 * 1024, SHAPES_AT_LEAST = 60 };

struct shape {
    struct str name, sent, verdict, received;
};
struct definition {
    struct str name, text;
};

struct shapes {
    struct arena arena;
    struct definition definitions[DEFINITIONS_MAX];
    size_t definition_count;
    struct shape all[SHAPES_MAX];
    size_t count;
};

/* ---- The file -------------------------------------------------------------------------------------- */

static struct str expand(struct shapes *s, struct str line)
{
    struct buf text;
    struct str copy;

    buf_init(&text, FILE_MAX);
    while (line.n > 0) {
        size_t open = str_find(line, '{'), close = str_find(line, '}');
        struct str name = str_slice(line, open + 1, close > open ? close - open - 1 : 0);
        bool known = false;

        buf_add(&text, str_slice(line, 0, open));
        for (size_t i = 0; i < s->definition_count && open < line.n; i++)
            if (str_eq(s->definitions[i].name, name)) {
                buf_add(&text, s->definitions[i].text);
                known = true;
            }
        if (open < line.n && !known)
            fail_msg("{%.*s} is not defined", STR_ARG(name));
        line = open < line.n ? str_skip(line, close + 1) : STR_NONE;
    }
    copy = arena_str(&s->arena, buf_str(&text));
    buf_deinit(&text);
    return copy;
}

static void read_line(struct shapes *s, struct str line)
{
    struct shape *now = s->count ? &s->all[s->count - 1] : NULL;

    if (line.n == 0 || line.p[0] == '#')
        return;
    if (line.p[0] == ':') {
        line = str_skip(line, 1);
        s->definitions[s->definition_count].name = str_split(&line, ' ');
        s->definitions[s->definition_count++].text = line;
    } else if (str_starts(line, STR("== "))) {
        assert_true(s->count < SHAPES_MAX);
        s->all[s->count++].name = arena_concat(&s->arena, str_skip(line, 3), STR("\0"));
    } else if (str_starts(line, STR("-> ")) && now != NULL) {
        now->verdict = str_skip(line, 3);
        now->received = expand(s, now->verdict);
    } else if (now != NULL) {
        now->sent = expand(s, line);
    }
}

static void read_shapes(struct shapes *s, const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = arena_raw(&s->arena, FILE_MAX);
    struct str rest;

    assert_non_null(f);
    rest = (struct str){ text, fread(text, 1, FILE_MAX, f) };
    fclose(f);
    while (rest.p != NULL)
        read_line(s, str_split(&rest, '\n'));
}

/* ---- One shape ------------------------------------------------------------------------------------- */

static struct str normal(struct arena *a, struct str text)
{
    struct xml_node *node = stored_stanza(a, text);

    if (node == NULL)
        fail_msg("not well-formed: %.*s", STR_ARG(text));
    return stanza_text(a, node);
}

static void judge_shape(void **state)
{
    const struct shape *shape = *state;
    const struct settings settings = { .e2ee_required = true,
                                       .domains = &STR("sotto.test"),
                                       .domain_count = 1 };
    struct routed *r = routed_new();
    struct outcome out = { r, &r->at_origin, 1 };
    struct incoming in = { .stanza = &r->stanza, .settings = &settings };
    enum stanza_condition why;
    struct xml_node *node = stored_stanza(&r->arena, shape->sent);
    enum verdict v;

    assert_non_null(node);
    xml_set(&r->arena, node, STR("from"), STR("alice@sotto.test/phone"));
    assert_int_equal(stanza_parse(&r->arena, node, &r->stanza, &why), ERR_NONE);
    v = e2ee_module.hooks[HOOK_OUT](&in, &out);
    xml_unset(node, STR("from"));
    if (str_is(shape->verdict, "refused")) {
        assert_int_equal(v, HANDLED);
        assert_non_null(r->at_origin.first); /* with a reason */
        assert_non_null(xml_child(xml_child(r->at_origin.first->node, STR(NS_CLIENT), STR("error")),
                                  STR(NS_STANZA_ERRORS), STR("policy-violation")));
    } else {
        struct str want = str_is(shape->verdict, "same") ? shape->sent : shape->received;
        struct str have = stanza_text(&r->arena, node);

        assert_int_equal(v, PASS);
        want = normal(&r->arena, want);
        if (!str_eq(have, want))
            fail_msg("have %.*s\n want %.*s", STR_ARG(have), STR_ARG(want));
    }
    routed_free(r);
}

static void enough_shapes(void **state)
{
    const struct shapes *s = *state;

    assert_true(s->count >= SHAPES_AT_LEAST);
    for (size_t i = 0; i < s->count; i++)
        assert_true(s->all[i].sent.n > 0 && s->all[i].verdict.n > 0);
}

int main(int argc, char **argv)
{
    static struct shapes shapes;
    static struct CMUnitTest tests[SHAPES_MAX + 1];

    if (argc != 2) {
        fprintf(stderr, "usage: test_e2ee SHAPES\n");
        return 2;
    }
    read_shapes(&shapes, argv[1]);
    tests[0] = (struct CMUnitTest){ "there are enough shapes, all whole", enough_shapes, NULL, NULL,
                                    &shapes };
    for (size_t i = 0; i < shapes.count; i++)
        tests[i + 1] =
            (struct CMUnitTest){ shapes.all[i].name.p, judge_shape, NULL, NULL, &shapes.all[i] };
    return _cmocka_run_group_tests("e2ee shapes", tests, shapes.count + 1, NULL, NULL);
}
