/* test_parser.c: what the parser takes, with which tree, and what it refuses, with which error; that
 * cuts change nothing; limits; what is kept between elements. */
#include "test/unit/check.h"

#include "tree_text.h"

#define XML_NS "http://www.w3.org/XML/1998/namespace"

static const struct {
    const char *in, *tree;
} accepted[] = {
    { "<a/>", "a()" },
    { "<a></a>", "a()" },
    { "<a ></a\t\n >", "a()" },
    { " \t\r\n<a/> \t\r\n", "a()" },
    { "<a-b.c_1/>", "a-b.c_1()" },
    { "<_/>", "_()" },
    { "<a>x</a>", "a(\"x\")" },
    { "<a> <b/>\n</a>", "a(\" \"b()\"\n\")" },
    { "<a><b><c/></b><d/></a>", "a(b(c())d())" },
    { "<a b='1' c=\"2\"/>", "a b=\"1\" c=\"2\"()" },
    { "<a b = '1'\n\tc\r=\r\"2\" />", "a b=\"1\" c=\"2\"()" },
    { "<a b=''/>", "a b=\"\"()" },
    { "<a b='\"' c=\"'\"/>", "a b=\"\\\"\" c=\"'\"()" },
    { "<a b='>' c='/>'/>", "a b=\">\" c=\"/>\"()" },
    /* references: XML 1.0 §4.1, §4.6 */
    { "<a>&lt;&gt;&amp;&apos;&quot;</a>", "a(\"<>&'\\\"\")" },
    { "<a b='&lt;&gt;&amp;&apos;&quot;'/>", "a b=\"<>&'\\\"\"()" },
    { "<a>&#65;&#x42;&#x00000043;&#00000068;</a>", "a(\"ABCD\")" },
    { "<a>&#xe9;&#x20ac;&#x1F600;&#x10FFFF;</a>",
      "a(\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\")" },
    { "<a>&amp;lt;</a>", "a(\"&lt;\")" },
    { "<a>&#38;lt;</a>", "a(\"&lt;\")" },
    /* line ends: §2.11; only literal ones are changed */
    { "<a>1\r\n2\r3\n4\r\r\n5</a>", "a(\"1\n2\n3\n4\n\n5\")" },
    { "<a>1&#13;\n2&#xd;&#xa;</a>", "a(\"1\r\n2\r\n\")" },
    { "<a>\r</a>", "a(\"\n\")" },
    /* values: §3.3.3 */
    { "<a b='1\t2\n3\r4\r\n5  6'/>", "a b=\"1 2 3 4 5  6\"()" },
    { "<a b='&#9;&#10;&#13;'/>", "a b=\"\t\n\r\"()" },
    /* CDATA sections: §2.7 */
    { "<a><![CDATA[x]]></a>", "a(\"x\")" },
    { "<a>1<![CDATA[<b>&amp;]] >]]>2<![CDATA[3]]></a>", "a(\"1<b>&amp;]] >23\")" },
    { "<a><![CDATA[]]></a>", "a()" },
    { "<a><![CDATA[]]]></a>", "a(\"]\")" },
    { "<a><![CDATA[]]]]><![CDATA[>]]></a>", "a(\"]]>\")" },
    { "<a><![CDATA[1\r\n2\r3]]></a>", "a(\"1\n2\n3\")" },
    { "<a>]]<![CDATA[>]]></a>", "a(\"]]>\")" },
    { "<a>]]&gt;</a>", "a(\"]]>\")" },
    { "<a>]] ></a>", "a(\"]] >\")" },
    { "<a>a > b ]> ></a>", "a(\"a > b ]> >\")" },
    { "<a b=']]>'/>", "a b=\"]]>\"()" },
    /* characters: §2.2 */
    { "<a>\x7f\xc2\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf0\x90\x80\x80</a>",
      "a(\"\x7f\xc2\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd\xf0\x90\x80\x80\")" },
    { "<a>\xef\xbb\xbf</a>", "a(\"\xef\xbb\xbf\")" },         /* U+FEFF inside is a character */
    { "<a>\xf0\x9f\xbf\xbe</a>", "a(\"\xf0\x9f\xbf\xbe\")" }, /* U+1FFFE is allowed */
    { "<a b='gr\xc3\xbc\xc3\x9f'>\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82</a>",
      "a b=\"gr\xc3\xbc\xc3\x9f\"(\"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82\")" },
    /* namespaces */
    { "<a xmlns='u:1'><b/></a>", "{u:1}a({u:1}b())" },
    { "<a xmlns='u:1'><b xmlns=''><c/></b><d/></a>", "{u:1}a(b(c()){u:1}d())" },
    { "<a xmlns='u:1'><b xmlns='u:2'/><c/></a>", "{u:1}a({u:2}b(){u:1}c())" },
    { "<p:a xmlns:p='u:1'><p:b/><c/></p:a>", "{u:1}a({u:1}b()c())" },
    { "<p:a p:x='1' x='2' xmlns:p='u:1'/>", "{u:1}a {u:1}x=\"1\" x=\"2\"()" },
    { "<a xmlns:p='u:1'><p:b xmlns:p='u:2'><p:c/></p:b><p:d/></a>", "a({u:2}b({u:2}c()){u:1}d())" },
    { "<a xmlns='u:1' b='x'/>", "{u:1}a b=\"x\"()" },
    { "<a xml:lang='de'/>", "a {" XML_NS "}lang=\"de\"()" },
    { "<a xmlns:xml='" XML_NS "' xml:lang='de'/>", "a {" XML_NS "}lang=\"de\"()" },
    { "<xml:a/>", "{" XML_NS "}a()" },
    { "<a xmlns='u:1' xmlns:p='u:1' p:x='1' x='2'/>", "{u:1}a {u:1}x=\"1\" x=\"2\"()" },
    { "<a xmlnsx='1'/>", "a xmlnsx=\"1\"()" },
    { "<a xmlns='&#117;:1'/>", "{u:1}a()" },
    { "<xmla/>", "xmla()" },
    /* the XML declaration: §2.8 */
    { "<?xml version='1.0'?><a/>", "a()" },
    { "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<a/>", "a()" },
    { "<?xml\tversion = '1.0'\n encoding = 'utf-8' standalone='no' ?><a/>", "a()" },
    /* enough attributes and values for the bulk checks */
    { "<a "
      "b='0123456789abcdef0123456789abcdef0123456789&amp;'>0123456789abcdef0123456789abcdef]]</a>",
      "a "
      "b=\"0123456789abcdef0123456789abcdef0123456789&\"(\"0123456789abcdef0123456789abcdef]]\")" },
};

#define MALFORMED(literal)                                                                         \
    {                                                                                              \
        STR_INIT(literal), ERR_MALFORMED                                                           \
    }
#define RESTRICTED(literal)                                                                        \
    {                                                                                              \
        STR_INIT(literal), ERR_UNSUPPORTED                                                         \
    }

static const struct {
    struct str in;
    enum err err;
} refused[] = {
    /* structure */
    MALFORMED(""),
    MALFORMED("  "),
    MALFORMED("x"),
    MALFORMED("x<a/>"),
    MALFORMED("<a/>x"),
    MALFORMED("<a/><b/>"),
    MALFORMED("<a>"),
    MALFORMED("<a><b></a>"),
    MALFORMED("<a><b></a></b>"),
    MALFORMED("</a>"),
    MALFORMED("<a/></a>"),
    MALFORMED("<a></b>"),
    MALFORMED("<a></A>"),
    MALFORMED("<a></ab>"),
    MALFORMED("<ab></a>"),
    MALFORMED("<a></a b=''>"),
    MALFORMED("<a></a/>"),
    MALFORMED("<a></ a>"),
    MALFORMED("<a></>"),
    MALFORMED("<a/"),
    MALFORMED("<a"),
    MALFORMED("<"),
    MALFORMED("<a>x"),
    MALFORMED("<a><![CDATA[x]]>"),
    MALFORMED("<![CDATA[x]]><a/>"),
    MALFORMED("<a/><![CDATA[x]]>"),
    MALFORMED("<a/><!-- c -->"),
    MALFORMED("<a/><?pi?>"),
    MALFORMED("<a><![CDATA[x</a>"),
    MALFORMED("<a>&amp</a>"),
    /* tags and names */
    MALFORMED("< a/>"),
    MALFORMED("<>"),
    MALFORMED("</>"),
    MALFORMED("<1a/>"),
    MALFORMED("<-a/>"),
    MALFORMED("<.a/>"),
    MALFORMED("<a!/>"),
    MALFORMED("<a/ >"),
    MALFORMED("<a / >"),
    MALFORMED("<a//>"),
    MALFORMED("<a<b/>"),
    MALFORMED("<a <b/>>"),
    MALFORMED("<a b/>"),
    MALFORMED("<a b=/>"),
    MALFORMED("<a b=1/>"),
    MALFORMED("<a b='1/>"),
    MALFORMED("<a ='1'/>"),
    MALFORMED("<a '1'/>"),
    MALFORMED("<a 1='1'/>"),
    MALFORMED("<a b''/>"),
    MALFORMED("<a b='1'c='2'/>"),
    MALFORMED("<a b='1''2'/>"),
    MALFORMED("<a b='<'/>"),
    MALFORMED("<a b='&lt'/>"),
    MALFORMED("<a b='&'/>"),
    MALFORMED("<a/b='1'>"),
    MALFORMED("<a b='1' b='2'/>"),
    MALFORMED("<a b='1' c='2' b='1'/>"),
    MALFORMED("<a,b/>"),
    MALFORMED("<a;b/>"),
    /* namespaces: Namespaces in XML 1.0 §2.2, §3, §4, §5, §6.3, §7 */
    MALFORMED("<p:a/>"),
    MALFORMED("<a p:b='1'/>"),
    MALFORMED("<:a/>"),
    MALFORMED("<a:/>"),
    MALFORMED("<a :b='1'/>"),
    MALFORMED("<a b:='1'/>"),
    MALFORMED("<a xmlns:='u:1'/>"),
    MALFORMED("<p:a:b xmlns:p='u:1'/>"),
    MALFORMED("<p::a xmlns:p='u:1'/>"),
    MALFORMED("<p:1 xmlns:p='u:1'/>"),
    MALFORMED("<a xmlns:p=''/>"),
    MALFORMED("<a xmlns:p='u:1'><b xmlns:p=''/></a>"),
    MALFORMED("<a xmlns:xmlns='u:1'/>"),
    MALFORMED("<a xmlns:xml='u:1'/>"),
    MALFORMED("<a xmlns:p='" XML_NS "'/>"),
    MALFORMED("<a xmlns='" XML_NS "'/>"),
    MALFORMED("<a xmlns='http://www.w3.org/2000/xmlns/'/>"),
    MALFORMED("<a xmlns:p='http://www.w3.org/2000/xmlns/'/>"),
    MALFORMED("<a xmlns:xmlns='http://www.w3.org/2000/xmlns/'/>"),
    MALFORMED("<xmlns:a/>"),
    MALFORMED("<a xmlns='u:1' xmlns='u:1'/>"),
    MALFORMED("<a xmlns:p='u:1' xmlns:p='u:2'/>"),
    MALFORMED("<a xmlns:xml='" XML_NS "' xmlns:xml='" XML_NS "'/>"),
    MALFORMED("<a xmlns:p='u:1' xmlns:q='u:1' p:x='1' q:x='2'/>"),
    MALFORMED("<a xmlns:p='u:1' xmlns:q='u:1'><b p:x='1' q:x='2'/></a>"),
    MALFORMED("<a><p:b xmlns:p='u:1'/><p:c/></a>"),
    MALFORMED("<a p:b='1' xmlns:q='u:1'/>"),
    MALFORMED("<p:a xmlns:p='u:1'></a>"),
    MALFORMED("<p:a xmlns:p='u:1' xmlns:q='u:1'></q:a>"),
    /* text and references */
    MALFORMED("<a>]]></a>"),
    MALFORMED("<a>x]]>y</a>"),
    MALFORMED("<a>&</a>"),
    MALFORMED("<a>&;</a>"),
    MALFORMED("<a>& amp;</a>"),
    MALFORMED("<a>&amp ;</a>"),
    MALFORMED("<a>&#;</a>"),
    MALFORMED("<a>&#x;</a>"),
    MALFORMED("<a>&#a;</a>"),
    MALFORMED("<a>&#xg;</a>"),
    MALFORMED("<a>&#X41;</a>"),
    MALFORMED("<a>&#-1;</a>"),
    MALFORMED("<a>&#+65;</a>"),
    MALFORMED("<a>&# 65;</a>"),
    MALFORMED("<a>&#0;</a>"),
    MALFORMED("<a>&#8;</a>"),
    MALFORMED("<a>&#x1f;</a>"),
    MALFORMED("<a>&#xd800;</a>"),
    MALFORMED("<a>&#xDFFF;</a>"),
    MALFORMED("<a>&#xfffe;</a>"),
    MALFORMED("<a>&#xffff;</a>"),
    MALFORMED("<a>&#x110000;</a>"),
    MALFORMED("<a>&#1114112;</a>"),
    MALFORMED("<a>&#4294967361;</a>"),
    MALFORMED("<a>&#x100000041;</a>"),
    MALFORMED("<a b='&#0;'/>"),
    MALFORMED("<a>&#x00000000g;</a>"),
    RESTRICTED("<a>&#x0000000041;</a>"),
    RESTRICTED("<a b='&#000000065;'/>"),
    MALFORMED("<a>&1;</a>"),
    MALFORMED("<a>&a b;</a>"),
    MALFORMED("<a><![cdata[x]]></a>"),
    MALFORMED("<a><![CDATA x]]></a>"),
    MALFORMED("<a><!x></a>"),
    MALFORMED("<a><!></a>"),
    MALFORMED("<a><![CDATA[x]]></a>]]>"),
    /* control characters, U+FFFE, U+FFFF */
    MALFORMED("<a>\x01</a>"),
    MALFORMED("<a>\x08</a>"),
    MALFORMED("<a>\x0b</a>"),
    MALFORMED("<a>\x0c</a>"),
    MALFORMED("<a>\x1f</a>"),
    MALFORMED("<a>\0</a>"),
    MALFORMED("<a b='\x01'/>"),
    MALFORMED("<a b='\0'/>"),
    MALFORMED("<a\x01/>"),
    MALFORMED("<a \0/>"),
    MALFORMED("<a></a\0>"),
    MALFORMED("<a><![CDATA[\x02]]></a>"),
    MALFORMED("<a>\xef\xbf\xbe</a>"),
    MALFORMED("<a>\xef\xbf\xbf</a>"),
    MALFORMED("<a b='\xef\xbf\xbf'/>"),
    MALFORMED("<a><![CDATA[\xef\xbf\xbe]]></a>"),
    MALFORMED("<a>0123456789abcdef\x1b"
              "0123456789abcdef</a>"),
    /* UTF-8: overlong forms, surrogates, beyond U+10FFFF, cut short, five and six octets */
    MALFORMED("<a>\x80</a>"),
    MALFORMED("<a>\xc0\x80</a>"),
    MALFORMED("<a>\xc0\xbc</a>"),
    MALFORMED("<a>\xc1\xbf</a>"),
    MALFORMED("<a>\xe0\x80\xbc</a>"),
    MALFORMED("<a>\xe0\x9f\xbf</a>"),
    MALFORMED("<a>\xf0\x80\x80\xbc</a>"),
    MALFORMED("<a>\xf0\x8f\xbf\xbf</a>"),
    MALFORMED("<a>\xed\xa0\x80</a>"),
    MALFORMED("<a>\xed\xbf\xbf</a>"),
    MALFORMED("<a>\xed\xa0\xbd\xed\xb8\x80</a>"),
    MALFORMED("<a>\xf4\x90\x80\x80</a>"),
    MALFORMED("<a>\xf5\x80\x80\x80</a>"),
    MALFORMED("<a>\xf8\x88\x80\x80\x80</a>"),
    MALFORMED("<a>\xfc\x84\x80\x80\x80\x80</a>"),
    MALFORMED("<a>\xff</a>"),
    MALFORMED("<a>\xfe</a>"),
    MALFORMED("<a>\xc3</a>"),
    MALFORMED("<a>\xe2\x82</a>"),
    MALFORMED("<a>\xf0\x9f\x98</a>"),
    MALFORMED("<a>\xc3(</a>"),
    MALFORMED("<a>\xe2\x82(</a>"),
    MALFORMED("<a>\xe2(\xac</a>"),
    MALFORMED("<a b='\xc3'/>"),
    MALFORMED("<a b='\xe2\x82'/>"),
    MALFORMED("<a\xc3/>"),
    MALFORMED("<a b='\xc0\xa7'/>"),
    /* before the root */
    MALFORMED("\xef\xbb\xbf<a/>"),
    MALFORMED("&#32;<a/>"),
    MALFORMED("&amp;"),
    /* the XML declaration */
    RESTRICTED("<?xml?><a/>"),
    MALFORMED("<?xml version='1.0'><a/>"),
    MALFORMED("<?xml encoding='UTF-8'?><a/>"),
    MALFORMED("<?xml version='1.0' standalone='maybe'?><a/>"),
    MALFORMED("<?xml version='1.0'encoding='UTF-8'?><a/>"),
    MALFORMED("<?xml version=1.0?><a/>"),
    MALFORMED("<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>"),
    MALFORMED("<?xml version='1.0' version='1.0'?><a/>"),
    MALFORMED("<?xml version='1.0' x?><a/>"),
    MALFORMED("<?xml version='1.0\"?><a/>"),
    MALFORMED("<?xml version='1.0'?>"),
    /* restricted: RFC 6120 §11.1 */
    RESTRICTED("<!-- c --><a/>"),
    RESTRICTED("<a><!-- c --></a>"),
    RESTRICTED("<!DOCTYPE a><a/>"),
    RESTRICTED("<a><!DOCTYPE a></a>"),
    RESTRICTED("<?pi x?><a/>"),
    RESTRICTED("<a><?pi?></a>"),
    RESTRICTED("<a>&nbsp;</a>"),
    RESTRICTED("<a b='&x;'/>"),
    RESTRICTED("<a>&AMP;</a>"),
    RESTRICTED(" <?xml version='1.0'?><a/>"),
    RESTRICTED("<a><?xml version='1.0'?></a>"),
    RESTRICTED("<?xml version='1.1'?><a/>"),
    RESTRICTED("<?xml-stylesheet href='x'?><a/>"),
    RESTRICTED("<?XML version='1.0'?><a/>"),
    RESTRICTED("<?xml version='1.0'?><?xml version='1.0'?><a/>"),
    RESTRICTED("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"),
    /* other encodings */
    RESTRICTED("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"),
    RESTRICTED("<?xml version='1.0' encoding='UTF-16'?><a/>"),
    RESTRICTED("\xff\xfe<\0a\0/\0>\0"),
    RESTRICTED("\xfe\xff\0<\0a\0/\0>"),
    RESTRICTED("<\0a\0/\0>\0"),
    RESTRICTED("\0<\0a\0/\0>"),
    /* stricter than XML: see lib/xml/README.md */
    RESTRICTED("<\xc3\xa9/>"),
    RESTRICTED("<a\xc3\xa9/>"),
    RESTRICTED("<a \xc3\xa9='1'/>"),
    RESTRICTED("<a\xc2\xa0/>"),
    RESTRICTED("<a b\xe2\x80\x8b='1'/>"),
    RESTRICTED("<a xmlns='u:1 2'/>"),
    RESTRICTED("<a xmlns='u:1&#10;2'/>"),
    RESTRICTED("<a xmlns='u:\xc3\xa9'/>"),
    RESTRICTED("<p:a xmlns:p='u|1'/>"),
    RESTRICTED("<a xmlns='{u}'/>"),
    RESTRICTED("<a xmlns='u:1&amp;2'/>"),
};

static enum err parse(struct str in, struct buf *out_tree)
{
    struct arena a = { 0 };
    struct xml_node *node;
    enum err e = xml_parse_document(&a, in, &wide_limits, &node);

    if (e == ERR_NONE)
        tree_text(out_tree, node);
    arena_deinit(&a);
    return e;
}

static void accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(accepted); i++) {
        struct buf tree;

        buf_init(&tree, 1 << 16);
        check_err(accepted[i].in, parse(str_from(accepted[i].in), &tree), ERR_NONE);
        check_str(accepted[i].in, buf_str(&tree), accepted[i].tree);
        buf_deinit(&tree);
    }
}

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct buf tree;

        buf_init(&tree, 1 << 16);
        check_err(refused[i].in.p, parse(refused[i].in, &tree), refused[i].err);
        buf_deinit(&tree);
    }
}

/* An element of a stream obeys the same rules: it never comes out, and no other error does. */
static void streams_refuse_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct str in = refused[i].in, log;
        struct buf text, events;

        if (!str_starts(in, STR("<a>")))
            continue;
        buf_init(&text, 1 << 10);
        buf_init(&events, 1 << 10);
        buf_add(&text, STR("<r><m>"));
        buf_add(&text, in);
        buf_add(&text, STR("</m></r>"));
        event_text(&events, XML_STREAM, &wide_limits, buf_str(&text), 0, text.n);
        log = buf_str(&events);
        if (!str_is(log, "open r()\n")
            && !(str_starts(log, STR("open r()\n"))
                 && str_is(str_skip(log, 9), err_text(refused[i].err))))
            fail_msg("%s: %.*s", in.p, STR_ARG(log));
        buf_deinit(&text);
        buf_deinit(&events);
    }
}

#define ROOT "<stream:stream xmlns='jabber:client' xmlns:stream='u:s' to='x'>"
#define OPEN "open {u:s}stream to=\"x\"()\n"

/* Whole streams. */
static const struct {
    struct str in;
    const char *events;
} streams[] = {
    { STR_INIT(ROOT), OPEN },
    { STR_INIT("<?xml version='1.0'?>\n" ROOT "</stream:stream>"), OPEN "close \n" },
    { STR_INIT(ROOT
               "<message><body>&lt;</body></message> \n<stream:features/>\t</stream:stream>\n "),
      OPEN "element {jabber:client}message({jabber:client}body(\"<\"))\nelement "
           "{u:s}features()\nclose \n" },
    { STR_INIT(ROOT "<a xmlns='u:1' stream:b='1'><stream:c/></a><d/>"),
      OPEN "element {u:1}a {u:s}b=\"1\"({u:s}c())\nelement {jabber:client}d()\n" },
    { STR_INIT("<r/>"), "open r()\nclose \n" },
    { STR_INIT("<r/> \n"), "open r()\nclose \n" },
    { STR_INIT("<r/><a/>"), "open r()\nclose \nmalformed input" },
    { STR_INIT("<r></r><r>"), "open r()\nclose \nmalformed input" },
    { STR_INIT("<r></r>x"), "open r()\nclose \nmalformed input" },
    { STR_INIT("<r></q>"), "open r()\nmalformed input" },
    { STR_INIT("<r><a></r>"), "open r()\nmalformed input" },
    { STR_INIT("<r></a>"), "open r()\nmalformed input" },
    { STR_INIT("<r>text<a/>"), "open r()\nnot supported" },
    { STR_INIT("<r><a/>&#32;<a/>"), "open r()\nelement a()\nnot supported" },
    { STR_INIT("<r><![CDATA[ ]]><a/>"), "open r()\nnot supported" },
    { STR_INIT("<r><a/><!-- c --><a/>"), "open r()\nelement a()\nnot supported" },
    { STR_INIT("<r><a/><?pi?>"), "open r()\nelement a()\nnot supported" },
    { STR_INIT("<r><?xml version='1.0'?>"), "open r()\nnot supported" },
    { STR_INIT("<r><a>"
               "<b>1</b><c d='\xe2\x82\xac'>&amp;<![CDATA[]]]]>]]</c></a><e/></r>"),
      "open r()\nelement a(b(\"1\")c d=\"\xe2\x82\xac\"(\"&]]]]\"))\nelement e()\nclose \n" },
    { STR_INIT("GET / HTTP/1.1\r\n\r\n"), "malformed input" },
    { STR_INIT("\x16\x03\x01"), "malformed input" },
};

static void reads_streams(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(streams); i++) {
        struct buf log;

        buf_init(&log, 1 << 16);
        event_text(&log, XML_STREAM, &wide_limits, streams[i].in, streams[i].in.n, 1);
        check_str(streams[i].in.p, buf_str(&log), streams[i].events);
        buf_deinit(&log);
    }
}

/* Whatever was fed, the events so far depend on the bytes so far alone: for every beginning of the
 * input, fed whole, cut anywhere, and byte by byte. */
static void check_cuts(struct str in, enum xml_framing framing)
{
    struct buf whole, other;

    buf_init(&whole, 1 << 16);
    buf_init(&other, 1 << 16);
    for (size_t n = 0; n <= in.n; n++) {
        struct str begin = str_slice(in, 0, n);

        buf_reset(&whole);
        event_text(&whole, framing, &wide_limits, begin, n, 1);
        for (size_t cut = 0; cut < n; cut++) {
            buf_reset(&other);
            event_text(&other, framing, &wide_limits, begin, cut, cut == 0 ? 1 : n);
            if (!str_eq(buf_str(&whole), buf_str(&other)))
                fail_msg("%.*s, cut at %zu: have '%.*s', want '%.*s'", STR_ARG(begin), cut,
                         STR_ARG(buf_str(&other)), STR_ARG(buf_str(&whole)));
        }
    }
    buf_deinit(&whole);
    buf_deinit(&other);
}

static void cuts_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(accepted); i++)
        check_cuts(str_from(accepted[i].in), XML_DOCUMENTS);
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        check_cuts(refused[i].in, XML_DOCUMENTS);
    for (size_t i = 0; i < COUNT_OF(streams); i++)
        check_cuts(streams[i].in, XML_STREAM);
}

static void documents_follow_each_other(void **state)
{
    struct buf log;

    (void)state;
    buf_init(&log, 1 << 16);
    event_text(&log, XML_DOCUMENTS, &wide_limits,
               STR("<a xmlns='u:1'><b/></a><?xml version='1.0'?><c>1</c>\n<d/>"), 0, 3);
    check_str("documents", buf_str(&log),
              "element {u:1}a({u:1}b())\nelement c(\"1\")\nelement d()\n");
    buf_deinit(&log);
}

/* Each limit holds exactly: what fits is taken, one more is not. Cuts do not matter to that. */
static void limits_hold(void **state)
{
    static const struct {
        struct xml_limits limits;
        const char *fits, *too_big;
    } cases[] = {
        { { 11, 9, 9, 9 }, "<r><a>1234</a>", "<r><a>12345</a>" },
        { { 12, 9, 9, 9 }, "<r><a b='123'/>", "<r><a b='1234'/>" },
        { { 12, 9, 9, 9 }, "<r>             <a>1234</a>   <a>1234</a>", "<r><a><b></b></a>" },
        { { 3, 9, 9, 9 }, "<r>", "<rr>" },
        { { 99, 3, 9, 9 }, "<r><a><b/></a>", "<r><a><b><c/></b></a>" },
        { { 99, 3, 9, 9 }, "<r><a><b/><b/></a><a><b/></a>", "<r><a><b/><b><c/></b></a>" },
        { { 99, 9, 2, 9 }, "<r><a b='' c=''/>", "<r><a b='' c='' d=''/>" },
        { { 99, 9, 2, 9 }, "<r><a b='' xmlns=''/>", "<r><a b='' c='' xmlns=''/>" },
        { { 99, 9, 9, 4 }, "<r><a>1<b/>2</a><a>1<b/>2</a>", "<r><a>1<b/>2<c/></a>" },
        { { 99, 9, 9, 4 }, "<r><a><b>1</b>2</a>", "<r><a><b>1</b>2<b>3</b></a>" },
        { { 99, 1, 9, 9 }, "<r>", "<r><a/>" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t step = 1; step < 40; step++) {
            struct buf fits, too_big;

            buf_init(&fits, 1 << 12);
            buf_init(&too_big, 1 << 12);
            event_text(&fits, XML_STREAM, &cases[i].limits, str_from(cases[i].fits), 0, step);
            event_text(&too_big, XML_STREAM, &cases[i].limits, str_from(cases[i].too_big), 0, step);
            if (str_ends(buf_str(&fits), str_from(err_text(ERR_TOO_BIG))))
                fail_msg("%s does not fit", cases[i].fits);
            if (!str_ends(buf_str(&too_big), str_from(err_text(ERR_TOO_BIG))))
                fail_msg("%s fits", cases[i].too_big);
            buf_deinit(&fits);
            buf_deinit(&too_big);
        }
}

/* A text that never ends is refused at the limit, not kept. */
static void endless_input_is_bounded(void **state)
{
    static const struct xml_limits limits = { 1000, 9, 9, 9 };
    static const char *const begins[] = { "<r><a>",          "<r><a b='", "<r><a ",
                                          "<r><a><![CDATA[", "<r></",     "<?" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(begins); i++) {
        struct xml_parser p;
        struct xml_event event;
        struct str in = str_from(begins[i]);
        enum err e = ERR_NONE;
        size_t n = 0;

        xml_parser_init(&p, XML_STREAM, &limits);
        while (e == ERR_NONE) {
            e = xml_parse(&p, &in, &event);
            if (e == ERR_NONE && event.kind == XML_MORE)
                in = STR("x"), n++;
            else if (e == ERR_NONE)
                arena_deinit(&event.arena);
            assert_true(p.partial.room <= 1024);
        }
        check_err(begins[i], e, ERR_TOO_BIG);
        assert_in_range(n, 900, 1000);
        xml_parser_deinit(&p);
    }
}

static void prefixes_are_bounded(void **state)
{
    struct arena a = { 0 };
    struct buf in;
    struct xml_node *node;

    (void)state;
    buf_init(&in, 1 << 16);
    for (int i = 0; i < 40; i++)
        buf_add(&in, arena_printf(&a, "<a xmlns:p%d='u:%d'>", i, i));
    for (int i = 0; i < 40; i++)
        buf_add(&in, STR("</a>"));
    check_err("40 prefixes", xml_parse_document(&a, buf_str(&in), &wide_limits, &node),
              ERR_TOO_BIG);
    buf_deinit(&in);
    arena_deinit(&a);
}

static void idle_parser_holds_its_root_only(void **state)
{
    struct str in = STR(ROOT "<a><b>text</b></a> ");
    struct xml_parser p;
    struct xml_event event;

    (void)state;
    assert_true(sizeof p <= 256);
    xml_parser_init(&p, XML_STREAM, &wide_limits);
    assert_true(xml_parser_idle(&p));
    for (size_t i = 0; i < in.n; i++) {
        struct str byte = str_slice(in, i, 1);

        check_err("byte", xml_parse(&p, &byte, &event), ERR_NONE);
        arena_deinit(&event.arena);
    }
    assert_true(xml_parser_idle(&p));
    assert_null(p.partial.p);
    assert_null(p.arena.chunk);
    assert_null(p.open);
    check_str("prefix", xml_parser_root_prefix(&p), "stream");
    check_str("default", xml_parser_root_default_ns(&p), "jabber:client");
    in = STR("<c");
    check_err("half a tag", xml_parse(&p, &in, &event), ERR_NONE);
    assert_false(xml_parser_idle(&p));
    xml_parser_deinit(&p);
}

/* An element may live longer than the parser that made it. */
static void elements_outlive_the_parser(void **state)
{
    struct str in = STR(ROOT "<stream:a stream:b='1'><c/></stream:a>");
    struct xml_parser p;
    struct xml_event root, element;
    struct buf tree;

    (void)state;
    buf_init(&tree, 1 << 12);
    xml_parser_init(&p, XML_STREAM, &wide_limits);
    check_err("root", xml_parse(&p, &in, &root), ERR_NONE);
    check_err("element", xml_parse(&p, &in, &element), ERR_NONE);
    assert_int_equal(element.bytes, sizeof "<stream:a stream:b='1'><c/></stream:a>" - 1);
    xml_parser_deinit(&p);
    tree_text(&tree, root.node);
    tree_text(&tree, element.node);
    check_str("trees", buf_str(&tree),
              "{u:s}stream to=\"x\"(){u:s}a {u:s}b=\"1\"({jabber:client}c())");
    arena_deinit(&root.arena);
    arena_deinit(&element.arena);
    buf_deinit(&tree);
}

static void errors_are_final_and_named(void **state)
{
    static const struct {
        struct str in;
        enum xml_fault fault;
    } cases[] = {
        { STR_INIT("<?xml version='1.0' encoding='latin1'?>"), XML_FAULT_ENCODING },
        { STR_INIT("\xff\xfe"), XML_FAULT_ENCODING },
        { STR_INIT("<\0r\0>\0"), XML_FAULT_ENCODING },
        { STR_INIT("<r>x"), XML_FAULT_TEXT },
        { STR_INIT("<r><![CDATA[]]></r>"), XML_FAULT_TEXT },
        { STR_INIT("<r><?x?>"), XML_FAULT_OTHER },
        { STR_INIT("x"), XML_FAULT_OTHER },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct xml_parser p;
        struct xml_event event;
        struct str in = cases[i].in, more = STR("<r><a/></r>");
        enum err e;

        xml_parser_init(&p, XML_STREAM, &wide_limits);
        while ((e = xml_parse(&p, &in, &event)) == ERR_NONE)
            arena_deinit(&event.arena);
        assert_int_equal(xml_parser_fault(&p), cases[i].fault);
        check_err("again", xml_parse(&p, &more, &event), e);
        xml_parser_deinit(&p);
    }
}

static void limits_change(void **state)
{
    static const struct xml_limits narrow = { 10, 9, 9, 9 }, narrower = { 3, 9, 9, 9 };
    struct str in = STR("<r><a>12345678</a><a>1</a><a>12345678</a>");
    struct xml_parser p;
    struct xml_event event;

    (void)state;
    xml_parser_init(&p, XML_STREAM, &wide_limits);
    for (int i = 0; i < 2; i++) {
        check_err("wide", xml_parse(&p, &in, &event), ERR_NONE);
        arena_deinit(&event.arena);
    }
    xml_parser_limits(&p, &narrow);
    check_err("narrow", xml_parse(&p, &in, &event), ERR_NONE);
    arena_deinit(&event.arena);
    check_err("narrow", xml_parse(&p, &in, &event), ERR_TOO_BIG);
    xml_parser_deinit(&p);

    in = STR("<r><a>1234");
    xml_parser_init(&p, XML_STREAM, &narrow);
    for (int i = 0; i < 2; i++) {
        check_err("begin", xml_parse(&p, &in, &event), ERR_NONE);
        arena_deinit(&event.arena);
    }
    xml_parser_limits(&p, &narrower);
    in = STR("5");
    check_err("within an element", xml_parse(&p, &in, &event), ERR_TOO_BIG);
    xml_parser_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses),
        cmocka_unit_test(streams_refuse_the_same),
        cmocka_unit_test(reads_streams),
        cmocka_unit_test(cuts_change_nothing),
        cmocka_unit_test(documents_follow_each_other),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(endless_input_is_bounded),
        cmocka_unit_test(prefixes_are_bounded),
        cmocka_unit_test(idle_parser_holds_its_root_only),
        cmocka_unit_test(elements_outlive_the_parser),
        cmocka_unit_test(errors_are_final_and_named),
        cmocka_unit_test(limits_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
