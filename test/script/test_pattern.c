/* test_pattern.c: the matcher of scripts says no where it has to: a script that cannot fail proves nothing. */
#include "test/unit/check.h"

#include "test/script/pattern.h"
#include "test/script/script.h"

#define X "<x xmlns='urn:x'/>"

static const struct {
    const char *pattern, *node;
    bool matches;
} patterns[] = {
    { "<message/>", "<message id='1'><body>hi</body></message>", true },
    { "<message/>", "<presence/>", false },
    { "<message/>", "<message xmlns='jabber:server'/>", false },
    { "<any id='1'/>", "<presence id='1'/>", true },
    { "<any id='1'/>", "<presence id='2'/>", false },
    /* attributes */
    { "<message id='1'/>", "<message id='1' to='x'/>", true },
    { "<message id='1'/>", "<message id='11'/>", false },
    { "<message id='1'/>", "<message/>", false },
    { "<message id=''/>", "<message/>", false },
    { "<message id=''/>", "<message id=''/>", true },
    { "<message id='*'/>", "<message id=''/>", true },
    { "<message id='*'/>", "<message/>", false },
    { "<message to='bob@sotto.test/*'/>", "<message to='bob@sotto.test/x'/>", true },
    { "<message to='bob@sotto.test/*'/>", "<message to='bob@sotto.test'/>", false },
    { "<message id='a*c*e'/>", "<message id='abcde'/>", true },
    { "<message id='a*c*e'/>", "<message id='abcdef'/>", false },
    { "<message id='!'/>", "<message/>", true },
    { "<message id='!'/>", "<message id=''/>", false },
    { "<message id='!1'/>", "<message id='2'/>", true },
    { "<message id='!1'/>", "<message/>", true },
    { "<message id='!1'/>", "<message id='1'/>", false },
    { "<message id='!a*'/>", "<message id='abc'/>", false },
    { "<message xml:lang='de'/>", "<message lang='de'/>", false },
    /* children */
    { "<message>" X "</message>", "<message><body/>" X "</message>", true },
    { "<message>" X "</message>", "<message><x/></message>", false },
    { "<message>" X "</message>", "<message><body>" X "</body></message>", false },
    { "<message>" X X "</message>", "<message>" X "</message>", false },
    { "<message>" X X "</message>", "<message>" X X X "</message>", true },
    { "<message><a i='2'/><a i='1'/></message>", "<message><a i='1'/><a i='2'/></message>", true },
    { "<message><not>" X "</not></message>", "<message><x/></message>", true },
    { "<message><not>" X "</not></message>", "<message>" X "</message>", false },
    { "<message><not><a i='1'/></not></message>", "<message><a i='2'/></message>", true },
    { "<message><not><a i='1'/><b/></not></message>", "<message><b/></message>", false },
    /* text */
    { "<body>hi</body>", "<body>hi</body>", true },
    { "<body>hi</body>", "<body>\n hi </body>", true },
    { "<body>hi</body>", "<body>high</body>", false },
    { "<body>hi</body>", "<body/>", false },
    { "<body>h*</body>", "<body>high</body>", true },
    { "<body/>", "<body>anything</body>", true },
    /* names */
    { "<message from='{alice}'/>", "<message from='alice@sotto.test/abc'/>", true },
    { "<message from='{alice}'/>", "<message from='alice@sotto.test/abcd'/>", false },
    { "<message from='{alice}'/>", "<message from='alice@sotto.test'/>", false },
    { "<message from='x{alice}y'/>", "<message from='xalice@sotto.test/abcy'/>", true },
    { "<message id='!{alice}'/>", "<message id='alice@sotto.test/abc'/>", false },
    { "<message id='{new}' to='{new}'/>", "<message id='1' to='1'/>", true },
    { "<message id='{new}' to='{new}'/>", "<message id='1' to='2'/>", false },
    { "<message id='{new}'/>", "<message id=''/>", false },
    { "<message><a i='{new}'/><b i='{new}'/></message>", "<message><a i='1'/><b i='2'/></message>",
      false },
    { "<a h='1'/>", "<a xmlns='urn:xmpp:sm:3' h='1'/>", true },
    { "<a h='1'/>", "<a xmlns='urn:other' h='1'/>", false },
};

static struct names *known_names(void)
{
    struct names *v = mem_alloc(sizeof *v);

    names_set(v, STR("alice"), STR("alice@sotto.test/abc"));
    return v;
}

static void free_names(struct names *v)
{
    arena_deinit(&v->arena);
    mem_free(v);
}

/* <a/> is short for XEP-0198's: the other side of those rows says what it means. */
static struct xml_node *read(struct arena *a, const char *text)
{
    struct xml_node *node = NULL;

    check_err(text, pattern_read(a, str_from(text), &node), ERR_NONE);
    return node;
}

static void test_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        struct arena a = { 0 };
        struct names *v = known_names();

        if (pattern_matches(read(&a, patterns[i].pattern), read(&a, patterns[i].node), v)
            != patterns[i].matches)
            fail_msg("%s against %s", patterns[i].pattern, patterns[i].node);
        free_names(v);
        arena_deinit(&a);
    }
}

static void test_captures(void **state)
{
    struct arena a = { 0 };
    struct names *v = known_names();
    struct str missing;

    (void)state;
    assert_false(pattern_matches(read(&a, "<message id='{one}' to='x'/>"),
                                 read(&a, "<message id='1' to='y'/>"), v));
    assert_null(names_get(v, STR("one")).p); /* nothing is kept of what did not match */
    assert_true(pattern_matches(read(&a, "<message id='p-{one}-s'/>"),
                                read(&a, "<message id='p-1-s'/>"), v));
    check_str("one", names_get(v, STR("one")), "1");
    assert_true(pattern_matches(read(&a, "<message><c i='{two}' j='2'/></message>"),
                                read(&a, "<message><c i='1' j='1'/><c i='2' j='2'/></message>"),
                                v));
    check_str("two", names_get(v, STR("two")), "2");
    check_str("filled", names_fill(v, &a, STR("{one}{two} {Not} {alice}"), &missing),
              "12 {Not} alice@sotto.test/abc");
    assert_null(names_fill(v, &a, STR("{nobody}"), &missing).p);
    check_str("missing", missing, "nobody");
    free_names(v);
    arena_deinit(&a);
}

static const char *const not_patterns[] = { "",         "text",   "<a>",     "<a/><b/>",
                                            "<a/>text", "<x:a/>", "<a b=c/>" };

static void test_not_patterns(void **state)
{
    struct arena a = { 0 };
    struct xml_node *node;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(not_patterns); i++)
        if (pattern_read(&a, str_from(not_patterns[i]), &node) == ERR_NONE)
            fail_msg("is a pattern: %s", not_patterns[i]);
    arena_deinit(&a);
}

/* ---- Scripts --------------------------------------------------------------------------------------- */

static const char whole[] = "# XEP-0000 §1: title.\n"
                            "# module: ping\n"
                            "# kind: success\n"
                            "\n"
                            "table name | what\n"
                            "      one  | <a/>\n"
                            "      two  |\n"
                            "alice connect sm    # a comment\n"
                            "alice/2 send <x a='disco#info'>\n"
                            "               <y/></x>   # another\n"
                            "bob   expect <x b='{name}'\n"
                            "             c='{other}'>{what}</x>\n"
                            "repeat 2 bob send <z n='{n}'/>\n"
                            "advance 20s\n";

static const struct {
    const char *actor, *verb, *args;
    unsigned line;
} steps[] = {
    { "alice", "connect", "sm", 8 },
    { "alice/2", "send", "<x a='disco#info'><y/></x>", 9 },
    { "bob", "expect", "<x b='two' c='{other}'></x>", 11 },
    { "bob", "send", "<z n='1'/>", 13 },
    { "bob", "send", "<z n='2'/>", 13 },
    { "", "advance", "20s", 14 },
};

static void test_script(void **state)
{
    struct arena a = { 0 };
    struct script s;
    struct str why = STR("");

    (void)state;
    check_err("parse", script_parse(&a, str_from(whole), 1, &s, &why), ERR_NONE);
    check_str("title", s.title, "XEP-0000 §1: title.");
    check_str("module", s.module, "ping");
    check_str("kind", s.kind, "success");
    assert_int_equal(s.rows, 2);
    check_str("row", s.row, "two");
    assert_int_equal(s.actor_count, 3);
    assert_int_equal(s.count, COUNT_OF(steps));
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        check_str("actor", s.steps[i].actor, steps[i].actor);
        check_str("verb", s.steps[i].verb, steps[i].verb);
        check_str("args", s.steps[i].args, steps[i].args);
        assert_int_equal(s.steps[i].line, steps[i].line);
    }
    arena_deinit(&a);
}

static const struct {
    const char *text;
    unsigned line;
} refused[] = {
    { "alice\n", 1 },
    { "table a | b\n  1\n", 1 },
    { "table a | b\n", 1 },
    { "\nrepeat often alice quiet\n", 2 },
    { "repeat 5000 alice quiet\n", 1 },
};

static void test_refused_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct arena a = { 0 };
        struct script s;
        struct str why = STR("");

        if (script_parse(&a, str_from(refused[i].text), 0, &s, &why) == ERR_NONE || why.n == 0
            || s.error_line != refused[i].line)
            fail_msg("row %zu: line %u: %.*s", i, s.error_line, STR_ARG(why));
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),        cmocka_unit_test(test_captures),
        cmocka_unit_test(test_not_patterns),    cmocka_unit_test(test_script),
        cmocka_unit_test(test_refused_scripts),
    };

    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
