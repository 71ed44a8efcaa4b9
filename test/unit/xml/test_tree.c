/* test_tree.c: looking into trees and building them. */
#include "test/unit/check.h"

#include "tree_text.h"

static struct xml_node *read_tree(struct arena *a, const char *text)
{
    struct xml_node *node = NULL;

    check_err(text, xml_parse_document(a, str_from(text), &wide_limits, &node), ERR_NONE);
    return node;
}

static void check_tree(const struct xml_node *node, const char *want)
{
    struct buf text;

    buf_init(&text, 1 << 12);
    tree_text(&text, node);
    check_str("tree", buf_str(&text), want);
    buf_deinit(&text);
}

static void finds(void **state)
{
    struct arena a = { 0 };
    struct xml_node *node =
        read_tree(&a, "<m xmlns='u:1' id='7' empty='' xml:lang='de'>text<b>1</b>"
                      "<b xmlns='u:2'>2<c/>3</b><d xmlns='u:3'/>tail</m>");

    (void)state;
    assert_true(xml_is(node, STR("u:1"), STR("m")));
    assert_false(xml_is(node, STR("u:2"), STR("m")));
    assert_false(xml_is(node->first, STR(""), STR("")));
    assert_ptr_equal(xml_child(node, STR("u:2"), STR("b")), node->first->next->next);
    assert_null(xml_child(node, STR("u:3"), STR("b")));
    assert_ptr_equal(xml_child_ns(node, STR("u:3")), node->first->next->next->next);
    assert_null(xml_child_ns(node, STR("u:4")));
    assert_null(xml_child_ns(node, STR("")));
    assert_ptr_equal(xml_first_element(node), node->first->next);
    assert_ptr_equal(xml_next_element(node->first->next->next->next), NULL);
    assert_int_equal(xml_count_elements(node), 3);
    check_str("id", xml_get(node, STR("id")), "7");
    check_str("lang", xml_get_ns(node, xml_ns_xml, STR("lang")), "de");
    assert_null(xml_get(node, STR("lang")).p);
    assert_null(xml_get(node, STR("none")).p);
    assert_non_null(xml_get(node, STR("empty")).p);
    assert_int_equal(xml_get(node, STR("empty")).n, 0);
    check_str("text", xml_text_of(&a, node), "texttail");
    check_str("child text", xml_child_text(&a, node, STR("u:2"), STR("b")), "23");
    check_str("one text", xml_child_text(&a, node, STR("u:1"), STR("b")), "1");
    assert_non_null(xml_child_text(&a, node, STR("u:3"), STR("d")).p);
    assert_null(xml_child_text(&a, node, STR("u:3"), STR("e")).p);
    arena_deinit(&a);
}

static void builds(void **state)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR("u:1"), STR("m")), *b, *c;

    (void)state;
    b = xml_add(&a, node, STR("u:1"), STR("b"));
    xml_add_text(&a, b, STR("1"));
    xml_add_text(&a, b, STR(""));
    c = xml_add_text_child(&a, node, STR(""), STR("c"), STR("2"));
    xml_prepend(node, xml_new(&a, STR("u:1"), STR("first")));
    xml_set(&a, node, STR("x"), STR("1"));
    xml_set_ns(&a, node, STR("u:9"), STR("x"), STR("2"));
    xml_set(&a, node, STR("x"), STR("3"));
    check_tree(node, "{u:1}m x=\"3\" {u:9}x=\"2\"({u:1}first(){u:1}b(\"1\")c(\"2\"))");
    xml_unset(node, STR("x"));
    xml_unset(node, STR("none"));
    xml_detach(node, b);
    check_tree(node, "{u:1}m {u:9}x=\"2\"({u:1}first()c(\"2\"))");
    xml_detach(node, c);
    xml_append(node, b);
    check_tree(node, "{u:1}m {u:9}x=\"2\"({u:1}first(){u:1}b(\"1\"))");
    xml_detach(node, node->first);
    xml_detach(node, node->first);
    assert_null(node->first);
    assert_null(node->last);
    xml_prepend(node, c);
    assert_ptr_equal(node->last, c);
    arena_deinit(&a);
}

static void copies_live_alone(void **state)
{
    static const char text[] = "<m xmlns='u:1' p:x='1' xmlns:p='u:2'><b>t</b><c xml:lang='x'/></m>";
    struct arena from = { 0 }, to = { 0 };
    struct xml_node *copy;

    (void)state;
    copy = xml_copy(&to, read_tree(&from, text));
    arena_deinit(&from);
    check_tree(copy, "{u:1}m {u:2}x=\"1\"({u:1}b(\"t\"){u:1}c "
                     "{http://www.w3.org/XML/1998/namespace}lang=\"x\"())");
    arena_deinit(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(builds),
        cmocka_unit_test(copies_live_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
