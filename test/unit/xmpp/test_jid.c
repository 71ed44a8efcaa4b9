/* test_jid.c: addresses of RFC 7622 §3.5 and beyond; what is prepared stays as it is. */
#include "test/unit/check.h"

#include <string.h>

#include "base/utf8.h"
#include "xmpp/jid.h"

static const struct {
    const char *text;
    enum err err;
    const char *local, *domain, *resource;
} addresses[] = {
    /* RFC 7622 §3.5, table 1 */
    { "juliet@example.com", ERR_NONE, "juliet", "example.com", "" },
    { "juliet@example.com/foo", ERR_NONE, "juliet", "example.com", "foo" },
    { "juliet@example.com/foo bar", ERR_NONE, "juliet", "example.com", "foo bar" },
    { "juliet@example.com/foo@bar", ERR_NONE, "juliet", "example.com", "foo@bar" },
    { "foo\\20bar@example.com", ERR_NONE, "foo\\20bar", "example.com", "" },
    { "fussball@example.com", ERR_NONE, "fussball", "example.com", "" },
    { "fu\u00dfball@example.com", ERR_NONE, "fu\u00dfball", "example.com", "" },
    { "\u03c0@example.com", ERR_NONE, "\u03c0", "example.com", "" },
    { "\u03a3@example.com/foo", ERR_NONE, "\u03c3", "example.com", "foo" },
    { "\u03c3@example.com/foo", ERR_NONE, "\u03c3", "example.com", "foo" },
    { "\u03c2@example.com/foo", ERR_NONE, "\u03c2", "example.com", "foo" },
    { "king@example.com/\u265a", ERR_NONE, "king", "example.com", "\u265a" },
    { "example.com", ERR_NONE, "", "example.com", "" },
    { "example.com/foobar", ERR_NONE, "", "example.com", "foobar" },
    { "a.example.com/b@example.net", ERR_NONE, "", "a.example.com", "b@example.net" },
    /* RFC 7622 §3.5, table 2 */
    { "\"juliet\"@example.com", ERR_MALFORMED, "", "", "" },
    { "foo bar@example.com", ERR_MALFORMED, "", "", "" },
    { "juliet@example.com/ foo", ERR_MALFORMED, "", "", "" },
    { "@example.com/", ERR_MALFORMED, "", "", "" },
    { "henry\u2163@example.com", ERR_MALFORMED, "", "", "" },
    { "\u265a@example.com", ERR_MALFORMED, "", "", "" },
    { "juliet@", ERR_MALFORMED, "", "", "" },
    { "/foobar", ERR_MALFORMED, "", "", "" },
    /* separators without their parts */
    { "", ERR_MALFORMED, "", "", "" },
    { "@", ERR_MALFORMED, "", "", "" },
    { "/", ERR_MALFORMED, "", "", "" },
    { "@/", ERR_MALFORMED, "", "", "" },
    { "@example.com", ERR_MALFORMED, "", "", "" },
    { "example.com/", ERR_MALFORMED, "", "", "" },
    { "juliet@/foo", ERR_MALFORMED, "", "", "" },
    { "a@b@example.com", ERR_MALFORMED, "", "", "" },
    { "\u03c0@/foo", ERR_MALFORMED, "", "", "" },
    /* resources may hold separators */
    { "example.com/@", ERR_NONE, "", "example.com", "@" },
    { "example.com//", ERR_NONE, "", "example.com", "/" },
    { "a@example.com/b/c", ERR_NONE, "a", "example.com", "b/c" },
    /* equality is byte equality */
    { "Juliet@EXAMPLE.Com/Foo", ERR_NONE, "juliet", "example.com", "Foo" },
    { "a@example.com.", ERR_NONE, "a", "example.com", "" },
    { "a@example.com./r", ERR_NONE, "a", "example.com", "r" },
    { "A@M\u00dcNCHEN.example./R", ERR_NONE, "a", "m\u00fcnchen.example", "R" },
    { "a@[2001:DB8:0::1]/r", ERR_NONE, "a", "[2001:db8::1]", "r" },
    /* one bad part is enough */
    { "a@example.com/\x07", ERR_MALFORMED, "", "", "" },
    { "a@exam_ple.com/r", ERR_MALFORMED, "", "", "" },
    { "a&b@m\u00fcnchen.example", ERR_MALFORMED, "", "", "" },
    { "a@m\u00fcnchen.example/\xff", ERR_MALFORMED, "", "", "" },
};

static void addresses_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct arena a = { 0 };
        struct jid j = { 0 };

        check_err(addresses[i].text, jid_parse(&a, str_from(addresses[i].text), &j),
                  addresses[i].err);
        check_str(addresses[i].text, j.local, addresses[i].local);
        check_str(addresses[i].text, j.domain, addresses[i].domain);
        check_str(addresses[i].text, j.resource, addresses[i].resource);
        arena_deinit(&a);
    }
}

static void what_is_parsed_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct arena a = { 0 };
        struct jid j, again;

        if (addresses[i].err == ERR_NONE) {
            assert_int_equal(jid_parse(&a, str_from(addresses[i].text), &j), ERR_NONE);
            assert_int_equal(jid_parse(&a, jid_text(&a, &j), &again), ERR_NONE);
            assert_true(jid_eq(&j, &again));
        }
        arena_deinit(&a);
    }
}

/* The header promises one allocation; what it takes is at most the text. */
static void ascii_takes_one_piece_of_the_arena(void **state)
{
    struct str text = STR("Juliet@Example.COM/Balcony");
    struct arena a = { 0 };
    struct jid j;

    (void)state;
    assert_int_equal(jid_parse(&a, text, &j), ERR_NONE);
    assert_true(a.used <= text.n);
    arena_deinit(&a);
}

struct part_case {
    const char *in;
    enum err err;
    const char *out;
};

#define MARKS_5  "\u0301\u0301\u0301\u0301\u0301"
#define MARKS_29 MARKS_5 MARKS_5 MARKS_5 MARKS_5 MARKS_5 "\u0301\u0301\u0301\u0301"
#define MARKS_30 MARKS_29 "\u0301"

static const struct part_case locals[] = {
    { "", ERR_MALFORMED, "" },
    { "Juliet.Capulet+x", ERR_NONE, "juliet.capulet+x" },
    { "!#$%()*,-.;=?[\\]^_`{|}~", ERR_NONE, "!#$%()*,-.;=?[\\]^_`{|}~" },
    /* RFC 7622 §3.3.1 */
    { "a\"b", ERR_MALFORMED, "" },
    { "a&b", ERR_MALFORMED, "" },
    { "a'b", ERR_MALFORMED, "" },
    { "a/b", ERR_MALFORMED, "" },
    { "a:b", ERR_MALFORMED, "" },
    { "a<b", ERR_MALFORMED, "" },
    { "a>b", ERR_MALFORMED, "" },
    { "a@b", ERR_MALFORMED, "" },
    { "\u00e4@b", ERR_MALFORMED, "" },
    { "a\uff20b", ERR_MALFORMED, "" }, /* fullwidth @ */
    { "a b", ERR_MALFORMED, "" },
    { "a\u3000b", ERR_MALFORMED, "" }, /* fullwidth space */
    { "a\tb", ERR_MALFORMED, "" },
    { "a\x7f", ERR_MALFORMED, "" },
    /* width, case, composition: RFC 8265 §3.3.2 */
    { "\uff2a\uff35\uff2c\uff29\uff25\uff34", ERR_NONE, "juliet" },
    { "\uff8a\uff9f\uff8c\uff9e", ERR_NONE, "\u30d1\u30d6" }, /* halfwidth katakana with marks */
    { "\u00c4", ERR_NONE, "\u00e4" },
    { "A\u0308", ERR_NONE, "\u00e4" },
    { "\u1e9e", ERR_NONE, "\u00df" },
    { "\u0130", ERR_NONE, "i\u0307" },
    { "\u0391\u03a3", ERR_NONE, "\u03b1\u03c3" }, /* no final sigma */
    { "\u1f88", ERR_NONE, "\u1f80" },             /* title case */
    { "\u212b", ERR_NONE, "\u00e5" },
    { "\u1112\u1161\u11ab", ERR_NONE, "\ud55c" }, /* composed Hangul */
    /* disallowed classes: RFC 8264 §9 */
    { "\u1112", ERR_MALFORMED, "" }, /* a conjoining jamo alone */
    { "\ufb01", ERR_MALFORMED, "" }, /* has a compatibility form */
    { "\u01c5", ERR_MALFORMED, "" },
    { "\u00bd", ERR_MALFORMED, "" },
    { "a\u00adb", ERR_MALFORMED, "" }, /* default ignorable */
    { "a\u200bb", ERR_MALFORMED, "" },
    { "a\ufe0f", ERR_MALFORMED, "" },
    { "a\u202eb", ERR_MALFORMED, "" },   /* override: spoofing */
    { "\u0378", ERR_MALFORMED, "" },     /* unassigned */
    { "\ue000", ERR_MALFORMED, "" },     /* private use */
    { "\ufdd0", ERR_MALFORMED, "" },     /* noncharacter */
    { "\U0010ffff", ERR_MALFORMED, "" }, /* likewise */
    { "\xc2\x85", ERR_MALFORMED, "" },   /* control */
    { "\u2028", ERR_MALFORMED, "" },
    { "a\u2013b", ERR_MALFORMED, "" }, /* punctuation */
    { "\u20ac", ERR_MALFORMED, "" },   /* symbol */
    { "\U0001f600", ERR_MALFORMED, "" },
    /* exceptions: RFC 5892 §2.6 */
    { "\u3007", ERR_NONE, "\u3007" },
    { "\u06fd", ERR_NONE, "\u06fd" },
    { "\u0628\u0640", ERR_MALFORMED, "" },
    { "\u3031", ERR_MALFORMED, "" },
    /* context, RFC 5892 A.1: ZWNJ after a virama, or where two letters would join */
    { "\u0915\u094d\u200c\u0937", ERR_NONE, "\u0915\u094d\u200c\u0937" },
    { "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", ERR_NONE,
      "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645" },
    { "\u0628\u064e\u200c\u064e\u0628", ERR_NONE, "\u0628\u064e\u200c\u064e\u0628" },
    { "\u0627\u200c\u0628", ERR_MALFORMED, "" }, /* alef does not join what follows */
    { "\u0628\u200c", ERR_MALFORMED, "" },
    { "a\u200cb", ERR_MALFORMED, "" },
    { "\u200c", ERR_MALFORMED, "" },
    /* A.2 */
    { "\u0915\u094d\u200d", ERR_NONE, "\u0915\u094d\u200d" },
    { "a\u200db", ERR_MALFORMED, "" },
    { "\u200da", ERR_MALFORMED, "" },
    /* A.3 */
    { "col\u00b7laboraci\u00f3", ERR_NONE, "col\u00b7laboraci\u00f3" },
    { "COL\u00b7LA", ERR_NONE, "col\u00b7la" },
    { "l\u00b7", ERR_MALFORMED, "" },
    { "\u00b7l", ERR_MALFORMED, "" },
    { "a\u00b7l", ERR_MALFORMED, "" },
    /* A.4 */
    { "\u0375\u03b1", ERR_NONE, "\u0375\u03b1" },
    { "\u03b1\u0375", ERR_MALFORMED, "" },
    { "\u0375a", ERR_MALFORMED, "" },
    /* A.5, A.6 */
    { "\u05d0\u05f3", ERR_NONE, "\u05d0\u05f3" },
    { "\u05d0\u05f4\u05d1", ERR_NONE, "\u05d0\u05f4\u05d1" },
    { "\u05f3\u05d0", ERR_MALFORMED, "" },
    /* A.7 */
    { "\u30a2\u30fb\u30a2", ERR_NONE, "\u30a2\u30fb\u30a2" },
    { "\uff71\uff65\uff71", ERR_NONE, "\u30a2\u30fb\u30a2" },
    { "\u30fb\u4e00", ERR_NONE, "\u30fb\u4e00" },
    { "a\u30fbb", ERR_MALFORMED, "" },
    /* A.8, A.9 */
    { "\u0628\u0661\u0662", ERR_NONE, "\u0628\u0661\u0662" },
    { "\u0628\u06f1\u06f2", ERR_NONE, "\u0628\u06f1\u06f2" },
    { "\u0628\u0661\u06f2", ERR_MALFORMED, "" },
    { "\u0628\u06f1\u0662", ERR_MALFORMED, "" },
    /* the Bidi Rule, RFC 5893 §2, by condition */
    { "\u0661\u0628", ERR_MALFORMED, "" },        /* 1 */
    { "1\u05d0", ERR_MALFORMED, "" },             /* 1 */
    { "\u05d0a\u05d1", ERR_MALFORMED, "" },       /* 2 */
    { "\u05d0-", ERR_MALFORMED, "" },             /* 3 */
    { "\u05d01", ERR_NONE, "\u05d01" },           /* 3 */
    { "\u05d0\u05b4", ERR_NONE, "\u05d0\u05b4" }, /* 3: a point over the last letter */
    { "\u0628\u06611", ERR_MALFORMED, "" },       /* 4 */
    { "a\u05d0", ERR_MALFORMED, "" },             /* 5 */
    { "\u00e4\u0661", ERR_MALFORMED, "" },        /* 5 */
    { "1\u00e4-", ERR_NONE, "1\u00e4-" }, /* asked only where something runs right to left */
    /* thirty marks over a letter, and one more */
    { "a" MARKS_30, ERR_NONE, "\u00e1" MARKS_29 },
    { "a" MARKS_30 "\u0301", ERR_MALFORMED, "" },
    { "b\u0344" MARKS_29, ERR_MALFORMED, "" }, /* the first comes apart */
    { "a" MARKS_29 "\u0301b\u0301", ERR_NONE, "\u00e1" MARKS_29 "b\u0301" },
    /* not UTF-8 */
    { "\xff", ERR_MALFORMED, "" },
    { "a\xc3", ERR_MALFORMED, "" },
    { "\xc0\xaf", ERR_MALFORMED, "" },
    { "\xed\xa0\x80", ERR_MALFORMED, "" },
    { "\xf4\x90\x80\x80", ERR_MALFORMED, "" },
};

static const struct part_case resources[] = {
    { "", ERR_MALFORMED, "" },
    { "Balcony", ERR_NONE, "Balcony" },
    { "<&'\"@/:>", ERR_NONE, "<&'\"@/:>" },
    { "a ", ERR_NONE, "a " },
    { " ", ERR_MALFORMED, "" },
    { "a\nb", ERR_MALFORMED, "" },
    { "a\x7f", ERR_MALFORMED, "" },
    /* RFC 8265 §4.2.2 */
    { "a\u00a0b\u3000c\u2003d", ERR_NONE, "a b c d" },
    { "\u00a0a", ERR_MALFORMED, "" },
    { "\uff21", ERR_NONE, "\uff21" },
    { "\u00c4", ERR_NONE, "\u00c4" },
    { "A\u0308", ERR_NONE, "\u00c4" },
    { "\u265a \u2163 \ufb01 \u20ac", ERR_NONE, "\u265a \u2163 \ufb01 \u20ac" },
    { "1\u05d0a", ERR_NONE, "1\u05d0a" }, /* no rule of direction */
    { "a\u200bb", ERR_MALFORMED, "" },
    { "\U0001f468\u200d\U0001f469", ERR_MALFORMED, "" }, /* a joiner without virama */
    { "a\u2028b", ERR_MALFORMED, "" },
    { "\u0378", ERR_MALFORMED, "" },
    { "\ue000", ERR_MALFORMED, "" },
    { "\x80", ERR_MALFORMED, "" },
};

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

static const struct part_case domains[] = {
    { "", ERR_MALFORMED, "" },
    { ".", ERR_MALFORMED, "" },
    { ".a", ERR_MALFORMED, "" },
    { "a..b", ERR_MALFORMED, "" },
    { "localhost", ERR_NONE, "localhost" },
    { "XMPP.Example.COM.", ERR_NONE, "xmpp.example.com" },
    { "3com.example", ERR_NONE, "3com.example" },
    { "a-b--c.example", ERR_NONE, "a-b--c.example" },
    { "-a.example", ERR_MALFORMED, "" },
    { "a-.example", ERR_MALFORMED, "" },
    { "ab--c.example", ERR_MALFORMED, "" }, /* RFC 5890 §2.3.1: reserved */
    { "a_b.example", ERR_MALFORMED, "" },
    { "a b.example", ERR_MALFORMED, "" },
    { "a:5222", ERR_MALFORMED, "" },
    /* RFC 1035 §2.3.4 */
    { LABEL_63 ".example", ERR_NONE, LABEL_63 ".example" },
    { "x" LABEL_63 ".example", ERR_TOO_BIG, "" },
    { LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, ERR_TOO_BIG, "" },
    { LABEL_63 "." LABEL_63 "." LABEL_63
               ".b2345678901234567890123456789012345678901234567890123456789012",
      ERR_TOO_BIG, "" },
    { LABEL_63 "." LABEL_63 "." LABEL_63
               ".b234567890123456789012345678901234567890123456789012345678901",
      ERR_NONE,
      LABEL_63 "." LABEL_63 "." LABEL_63
               ".b234567890123456789012345678901234567890123456789012345678901" },
    /* addresses */
    { "192.0.2.1", ERR_NONE, "192.0.2.1" },
    { "192.0.2.256", ERR_MALFORMED, "" },
    { "192.0.2.01", ERR_MALFORMED, "" },
    { "192.0.2", ERR_MALFORMED, "" },
    { "1.192.0.2.1", ERR_MALFORMED, "" },
    { "example.1", ERR_MALFORMED, "" },
    { "\uff11.\uff12.\uff13.\uff14", ERR_MALFORMED, "" },
    { "[::1]", ERR_NONE, "[::1]" },
    { "[2001:DB8::A]", ERR_NONE, "[2001:db8::a]" },
    { "[2001:0db8:0:0:0:0:0:a]", ERR_NONE, "[2001:db8::a]" },
    { "[::ffff:192.0.2.1]", ERR_NONE, "[::ffff:192.0.2.1]" },
    { "[192.0.2.1]", ERR_MALFORMED, "" },
    { "[fe80::1%eth0]", ERR_MALFORMED, "" },
    { "[::1", ERR_MALFORMED, "" },
    { "[]", ERR_MALFORMED, "" },
    { "[", ERR_MALFORMED, "" },
    { "[::1].example", ERR_MALFORMED, "" },
    /* Unicode and its ASCII form meet: RFC 7622 §3.2.1 */
    { "m\u00fcnchen.example", ERR_NONE, "m\u00fcnchen.example" },
    { "M\u00dcNCHEN.example.", ERR_NONE, "m\u00fcnchen.example" },
    { "mu\u0308nchen.example", ERR_NONE, "m\u00fcnchen.example" },
    { "xn--mnchen-3ya.example", ERR_NONE, "m\u00fcnchen.example" },
    { "XN--MNCHEN-3YA.example", ERR_NONE, "m\u00fcnchen.example" },
    { "stra\u00dfe.example", ERR_NONE, "stra\u00dfe.example" },
    { "xn--strae-oqa.example", ERR_NONE, "stra\u00dfe.example" },
    { "\u4f8b\u3048\uff0e\u30c6\u30b9\u30c8", ERR_NONE, "\u4f8b\u3048.\u30c6\u30b9\u30c8" },
    { "\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45.com", ERR_NONE, "example.com" },
    { "xn--.example", ERR_MALFORMED, "" },
    { "xn--abc-.example", ERR_MALFORMED, "" },     /* stands for "abc" */
    { "xn--wca.example", ERR_MALFORMED, "" },      /* for a capital letter */
    { "xn--e-xbb.example", ERR_MALFORMED, "" },    /* for a decomposed one */
    { "xn--99999999.example", ERR_MALFORMED, "" }, /* overflow */
    { "xn--g6h.example", ERR_MALFORMED, "" },      /* a heart */
    { "\u2665.example", ERR_MALFORMED, "" },
    { "xn--a!b-xbb.example", ERR_MALFORMED, "" },
    { "\u00fc!b.example", ERR_MALFORMED, "" },
    { "-\u00fc.example", ERR_MALFORMED, "" },
    { "\u00fc-.example", ERR_MALFORMED, "" },
    { "\u00fc--c.example", ERR_NONE, "\u00fc--c.example" }, /* places 2 and 3 */
    { "\u00fcb--c.example", ERR_MALFORMED, "" },
    { "\u00fc\u00fc--c.example", ERR_MALFORMED, "" },
    { "xx--\u00fc.example", ERR_MALFORMED, "" },
    { "\u0301a.example", ERR_MALFORMED, "" }, /* RFC 5891 §4.2.3.2 */
    { "\u0903a.example", ERR_MALFORMED, "" },
    { "\u4f8b\u3002example", ERR_MALFORMED, "" },
    /* 59 octets after the prefix are the most */
    { "\u00fc" LABEL_63 ".example", ERR_TOO_BIG, "" },
    /* the Bidi Rule binds all labels as soon as one runs right to left: RFC 5893 §2 */
    { "\u05d0\u05d1.example", ERR_NONE, "\u05d0\u05d1.example" },
    { "\u05d0\u05d11.example", ERR_NONE, "\u05d0\u05d11.example" },
    { "1\u05d0.example", ERR_MALFORMED, "" },
    { "\u05d0\u05d1.1example", ERR_MALFORMED, "" },
    { "\u00e4.1example", ERR_NONE, "\u00e4.1example" },
    { "\u05d0a.example", ERR_MALFORMED, "" },
    { "\xc3.example", ERR_MALFORMED, "" },
};

typedef enum err prepare(struct arena *, struct str, struct str *);

static void check_parts(const struct part_case *cases, size_t n, prepare *by)
{
    for (size_t i = 0; i < n; i++) {
        struct arena a = { 0 };
        struct str out = STR_NONE, again;

        check_err(cases[i].in, by(&a, str_from(cases[i].in), &out), cases[i].err);
        check_str(cases[i].in, out, cases[i].out);
        if (cases[i].err == ERR_NONE) {
            check_err(cases[i].in, by(&a, out, &again), ERR_NONE);
            check_str(cases[i].in, again, cases[i].out);
        }
        arena_deinit(&a);
    }
}

static void locals_are_prepared(void **state)
{
    (void)state;
    check_parts(locals, COUNT_OF(locals), jid_prepare_local);
}

static void resources_are_prepared(void **state)
{
    (void)state;
    check_parts(resources, COUNT_OF(resources), jid_prepare_resource);
}

static void domains_are_prepared(void **state)
{
    (void)state;
    check_parts(domains, COUNT_OF(domains), jid_prepare_domain);
}

/* `n` times `piece`. */
static struct str repeat(struct arena *a, const char *piece, size_t n)
{
    size_t piece_n = strlen(piece);
    char *text = arena_raw(a, n * piece_n);

    for (size_t i = 0; i < n; i++)
        memcpy(text + i * piece_n, piece, piece_n);
    return (struct str){ text, n * piece_n };
}

static const struct {
    const char *piece;
    size_t n;
    prepare *by;
    enum err err;
} sizes[] = {
    { "a", 1023, jid_prepare_local, ERR_NONE },
    { "a", 1024, jid_prepare_local, ERR_TOO_BIG },
    { "\u00e4", 511, jid_prepare_local, ERR_NONE },
    { "\u00e4", 512, jid_prepare_local, ERR_TOO_BIG },
    { "\uff21", 1023, jid_prepare_local, ERR_NONE }, /* the cap binds what is prepared: §3.3 */
    { "\uff21", 1024, jid_prepare_local, ERR_TOO_BIG },
    { "a", 1023, jid_prepare_resource, ERR_NONE },
    { "a", 1024, jid_prepare_resource, ERR_TOO_BIG },
    { "\u265a", 341, jid_prepare_resource, ERR_NONE },
    { "\u265a", 342, jid_prepare_resource, ERR_TOO_BIG },
    { "a", 100000, jid_prepare_domain, ERR_TOO_BIG },
    { "\u00e4", 100000, jid_prepare_domain, ERR_TOO_BIG },
    { "\u00e4.", 100000, jid_prepare_domain, ERR_TOO_BIG },
    { "\u00e4.", 900, jid_prepare_domain, ERR_TOO_BIG },
    { "\u00e4", 100000, jid_prepare_local, ERR_TOO_BIG },
    { "\u00e4", 100000, jid_prepare_resource, ERR_TOO_BIG },
};

static void parts_are_capped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct arena a = { 0 };
        struct str out;

        check_err(sizes[i].piece, sizes[i].by(&a, repeat(&a, sizes[i].piece, sizes[i].n), &out),
                  sizes[i].err);
        arena_deinit(&a);
    }
}

static void forms_of_an_address(void **state)
{
    struct arena a = { 0 };
    struct jid full, other, domain, copy;

    (void)state;
    assert_int_equal(jid_parse(&a, STR("juliet@example.com/balcony"), &full), ERR_NONE);
    assert_int_equal(jid_parse(&a, STR("juliet@example.com/garden"), &other), ERR_NONE);
    assert_int_equal(jid_parse(&a, STR("example.com"), &domain), ERR_NONE);
    check_str("full", jid_text(&a, &full), "juliet@example.com/balcony");
    check_str("bare", jid_bare_text(&a, &full), "juliet@example.com");
    check_str("domain", jid_text(&a, &domain), "example.com");
    check_str("domain", jid_bare_text(&a, &domain), "example.com");
    assert_false(jid_is_bare(&full));
    copy = jid_bare(&full);
    assert_true(jid_is_bare(&copy));
    assert_true(jid_is_bare(&domain));
    assert_true(jid_same_account(&full, &other));
    assert_false(jid_same_account(&full, &domain));
    assert_false(jid_eq(&full, &other));
    copy = jid_copy(&a, &full);
    assert_true(jid_eq(&full, &copy));
    assert_true(copy.local.p != full.local.p);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_parse),
        cmocka_unit_test(what_is_parsed_stays),
        cmocka_unit_test(ascii_takes_one_piece_of_the_arena),
        cmocka_unit_test(locals_are_prepared),
        cmocka_unit_test(resources_are_prepared),
        cmocka_unit_test(domains_are_prepared),
        cmocka_unit_test(parts_are_capped),
        cmocka_unit_test(forms_of_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
