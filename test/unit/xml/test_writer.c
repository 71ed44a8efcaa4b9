/* test_writer.c: what is written, and that reading it gives the tree again. */
#include "test/unit/check.h"

#include "tree_text.h"
#include "xml/writer.h"

#define CLIENT  "jabber:client"
#define STREAMS "http://etherx.jabber.org/streams"

/* `in` is read as a document and written in a context. */
static const struct {
    const char *in, *context, *out;
} cases[] = {
    { "<a/>", "", "<a/>" },
    { "<a></a>", "", "<a/>" },
    { "<a b=\"1\" c='&apos;'>x<d/>y</a>", "", "<a b='1' c='&apos;'>x<d/>y</a>" },
    { "<m xmlns='" CLIENT "'><body>1</body></m>", CLIENT, "<m><body>1</body></m>" },
    { "<m xmlns='" CLIENT "'><body>1</body></m>", "", "<m xmlns='" CLIENT "'><body>1</body></m>" },
    { "<m xmlns='" CLIENT "'><x xmlns='u:1'><y/></x><z xmlns='u:2'/></m>", CLIENT,
      "<m><x xmlns='u:1'><y/></x><z xmlns='u:2'/></m>" },
    { "<m xmlns='" CLIENT "'><x xmlns='u:1'><body xmlns='" CLIENT "'/></x></m>", CLIENT,
      "<m><x xmlns='u:1'><body xmlns='" CLIENT "'/></x></m>" },
    { "<m xmlns='" CLIENT "'><x xmlns=''/></m>", CLIENT, "<m><x xmlns=''/></m>" },
    { "<a/>", CLIENT, "<a xmlns=''/>" },
    { "<p:m xmlns:p='" CLIENT "'><p:b/></p:m>", CLIENT, "<m><b/></m>" },
    /* the streams namespace */
    { "<features xmlns='" STREAMS "'><x xmlns='u:1'/></features>", CLIENT,
      "<stream:features><x xmlns='u:1'/></stream:features>" },
    { "<features xmlns='" STREAMS "'><x xmlns='u:1'/></features>", "",
      "<stream:features xmlns:stream='" STREAMS "'><x xmlns='u:1'/></stream:features>" },
    { "<s:features xmlns:s='" STREAMS "'><m xmlns='" CLIENT "'/></s:features>", CLIENT,
      "<stream:features><m/></stream:features>" },
    { "<m xmlns='" CLIENT "'><error xmlns='" STREAMS "'/></m>", CLIENT,
      "<m><error xmlns='" STREAMS "'/></m>" },
    { "<error xmlns='" STREAMS "'><error/></error>", CLIENT,
      "<stream:error><error xmlns='" STREAMS "'/></stream:error>" },
    /* the xml namespace */
    { "<m xmlns='" CLIENT "'><xml:a><b/></xml:a></m>", CLIENT, "<m><xml:a><b/></xml:a></m>" },
    { "<xml:a xmlns='" CLIENT "'><b/></xml:a>", "", "<xml:a><b xmlns='" CLIENT "'/></xml:a>" },
    /* attributes with a namespace */
    { "<a xml:lang='de' id='1'/>", "", "<a xml:lang='de' id='1'/>" },
    { "<p:a xmlns:p='u:1' p:x='1' x='2' p:y='3'/>", "",
      "<a xmlns='u:1' xmlns:a1='u:1' a1:x='1' x='2' a1:y='3'/>" },
    { "<a xmlns:p='u:1' xmlns:q='u:2' p:x='1' q:x='2'/>", "",
      "<a xmlns:a1='u:1' a1:x='1' xmlns:a2='u:2' a2:x='2'/>" },
    /* escapes */
    { "<a b='&lt;&gt;&amp;&apos;&quot;&#9;&#10;&#13;'>&lt;&gt;&amp;&apos;&quot;\t\n&#13;]]&gt;</a>",
      "", "<a b='&lt;&gt;&amp;&apos;\"&#9;&#10;&#13;'>&lt;&gt;&amp;'\"\t\n&#13;]]&gt;</a>" },
    { "<a><![CDATA[<&]]></a>", "", "<a>&lt;&amp;</a>" },
    { "<a>\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82, \xf0\x9f\x98\x80 &amp; 0123456789</a>",
      "",
      "<a>\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82, \xf0\x9f\x98\x80 &amp; "
      "0123456789</a>" },
};

static void writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a = { 0 };
        struct xml_node *node;
        struct buf out;

        buf_init(&out, 1 << 12);
        check_err(cases[i].in, xml_parse_document(&a, str_from(cases[i].in), &wide_limits, &node),
                  ERR_NONE);
        xml_write(&out, node, str_from(cases[i].context));
        check_str(cases[i].in, buf_str(&out), cases[i].out);
        buf_deinit(&out);
        arena_deinit(&a);
    }
}

/* What stands around an element must declare no more than its context and `stream:`. */
static void reads_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a = { 0 };
        struct xml_node *node, *again;
        struct buf out, first, second;

        buf_init(&out, 1 << 12);
        buf_init(&first, 1 << 12);
        buf_init(&second, 1 << 12);
        check_err("first", xml_parse_document(&a, str_from(cases[i].in), &wide_limits, &node),
                  ERR_NONE);
        buf_add(&out, STR("<s xmlns:stream='" STREAMS "' xmlns='"));
        buf_add(&out, str_from(cases[i].context));
        buf_add(&out, STR("'>"));
        xml_write(&out, node, str_from(cases[i].context));
        buf_add(&out, STR("</s>"));
        check_err("second", xml_parse_document(&a, buf_str(&out), &wide_limits, &again), ERR_NONE);
        tree_text(&first, node);
        tree_text(&second, again->first);
        if (!str_eq(buf_str(&first), buf_str(&second)))
            fail_msg("%s: %.*s", cases[i].in, STR_ARG(buf_str(&second)));
        buf_deinit(&out);
        buf_deinit(&first);
        buf_deinit(&second);
        arena_deinit(&a);
    }
}

/* Texts of our own builders may hold anything; what XML cannot hold becomes U+FFFD. */
static void replaces_what_xml_has_no_form_for(void **state)
{
    static const struct {
        struct str text;
        const char *out;
    } texts[] = {
        { STR_INIT("a\0b"), "a\xef\xbf\xbd"
                            "b" },
        { STR_INIT("\x01\x1f\x0b"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { STR_INIT("\x7f"), "\x7f" },
        { STR_INIT("\xff"
                   "a\xc3"),
          "\xef\xbf\xbd"
          "a\xef\xbf\xbd" },
        { STR_INIT("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { STR_INIT("\xef\xbf\xbe"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { STR_INIT("\xc0\xbc"), "\xef\xbf\xbd\xef\xbf\xbd" },
        { STR_INIT("0123456\x02"
                   "89abcdef"),
          "0123456\xef\xbf\xbd"
          "89abcdef" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct buf out;

        buf_init(&out, 1 << 12);
        xml_escape(&out, texts[i].text, i % 2 == 0);
        check_str("escape", buf_str(&out), texts[i].out);
        buf_deinit(&out);
    }
}

static void wraps_ready_made_text(void **state)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR("u:1"), STR("forwarded"));
    struct buf out;

    (void)state;
    buf_init(&out, 1 << 12);
    xml_set(&a, node, STR("id"), STR("1"));
    xml_write_open(&out, node, STR(CLIENT));
    buf_add(&out, STR("<m/>"));
    xml_write_close(&out, node, STR(CLIENT));
    check_str("wrapper", buf_str(&out), "<forwarded xmlns='u:1' id='1'><m/></forwarded>");
    buf_reset(&out);
    node = xml_new(&a, STR(STREAMS), STR("stream"));
    xml_set(&a, node, STR("to"), STR("a.example"));
    xml_write_root(&out, node, STR(CLIENT));
    xml_write_close(&out, node, STR(CLIENT));
    check_str("root", buf_str(&out),
              "<stream:stream xmlns:stream='" STREAMS "' to='a.example' xmlns='" CLIENT
              "'></stream:stream>");
    buf_deinit(&out);
    arena_deinit(&a);
}

static void stops_at_the_cap(void **state)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR(""), STR("a"));

    (void)state;
    xml_add_text(&a, node, STR("0123456789"));
    for (size_t limit = 0; limit < 20; limit++) {
        struct buf out;

        buf_init(&out, limit);
        xml_write(&out, node, STR(""));
        assert_true(out.n <= limit);
        assert_int_equal(out.failed, limit < sizeof "<a>0123456789</a>" - 1);
        buf_deinit(&out);
    }
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes),
        cmocka_unit_test(reads_again),
        cmocka_unit_test(replaces_what_xml_has_no_form_for),
        cmocka_unit_test(wraps_ready_made_text),
        cmocka_unit_test(stops_at_the_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
