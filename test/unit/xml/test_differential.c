/* test_differential.c: tens of thousands of damaged documents, read by us, expat and libxml2.
 *
 * Stanzas have been smuggled past servers whose parser disagreed with the clients' (CVE-2022-22784 and
 * its kin); this test looks for such disagreements.
 */
#include "test/unit/check.h"

#include <libxml/parser.h>
#include <string.h>

#include "differential.h"

enum { CASES = 100000, SIZE_MAX_BYTES = 600, DAMAGES_MAX = 3 };

#define STREAMS "http://etherx.jabber.org/streams"

static const char *const bases[] = {
    "<message from='romeo@montague.example/orchard' to='juliet@capulet.example' type='chat' id='1' "
    "xml:lang='en'><body>Art thou not Romeo, &amp; a Montague?</body><thread>t1</thread></message>",
    "<stream:stream xmlns='jabber:client' xmlns:stream='" STREAMS "' to='a' version='1.0'>"
    "<stream:features><mechanisms "
    "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
    "</mechanisms></stream:features></stream:stream>",
    "<iq type='set' id='bind'><bind "
    "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>b</resource></bind></iq>",
    "<a xmlns='u:1' xmlns:p='u:2' p:b='1' b='2'><p:c xmlns:p='u:3' p:d='&lt;'/><p:e/><f "
    "xmlns=''/></a>",
    "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n<r "
    "a='1\t2\r\n3&#9;'>\r\n1\r2\n<b/>]] ></r>",
    "<r>1<![CDATA[<&>]]]]>2<![CDATA[]]>&#x20ac;&quot;&apos;&gt;</r>",
    "<r t='\xd0\x9f\xd1\x80\xe2\x82\xac\xf0\x9f\x98\x80'>gr\xc3\xbc\xc3\x9f "
    "\xe4\xbd\xa0\xe5\xa5\xbd "
    "\xf0\x9f\x98\x80 \xef\xbf\xbd</r>",
    "<a b=\"'\" c='\"' d='>' e='/>'><!-- c --><?pi x?></a>",
    "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
    "<m><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'><key rid='2' "
    "prekey='true'>"
    "MwohBZqQ3pQ2b2f3cFx5</key><iv>AAECAwQ=</iv></header><payload>cA==</payload></encrypted></m>",
};

static const struct str fragments[] = {
    STR_INIT("<"),
    STR_INIT(">"),
    STR_INIT("/"),
    STR_INIT("/>"),
    STR_INIT("</"),
    STR_INIT("'"),
    STR_INIT("\""),
    STR_INIT("="),
    STR_INIT(" "),
    STR_INIT("\t"),
    STR_INIT("\r"),
    STR_INIT("\n"),
    STR_INIT("\r\n"),
    STR_INIT("&"),
    STR_INIT(";"),
    STR_INIT("&amp;"),
    STR_INIT("&lt;"),
    STR_INIT("&#"),
    STR_INIT("&#x"),
    STR_INIT("&#0;"),
    STR_INIT("&#10;"),
    STR_INIT("&#xD;"),
    STR_INIT("&#xd800;"),
    STR_INIT("&#xFFFE;"),
    STR_INIT("&#x10FFFF;"),
    STR_INIT("&x;"),
    STR_INIT("]]>"),
    STR_INIT("<![CDATA["),
    STR_INIT("]"),
    STR_INIT("<!--"),
    STR_INIT("-->"),
    STR_INIT("<?x?>"),
    STR_INIT("<?xml version='1.0'?>"),
    STR_INIT("!"),
    STR_INIT("?"),
    STR_INIT(":"),
    STR_INIT("p:"),
    STR_INIT("xml:"),
    STR_INIT("xmlns"),
    STR_INIT("xmlns:"),
    STR_INIT(" xmlns='u:2'"),
    STR_INIT(" xmlns:p='u:2'"),
    STR_INIT(" xmlns:q='u:2'"),
    STR_INIT(" xmlns=''"),
    STR_INIT(" xmlns:p=''"),
    STR_INIT(" xmlns:xml='http://www.w3.org/XML/1998/namespace'"),
    STR_INIT(" xmlns:x='http://www.w3.org/2000/xmlns/'"),
    STR_INIT(" q:b='3'"),
    STR_INIT(" p:b='3'"),
    STR_INIT(" b='3'"),
    STR_INIT(" xml:id='1'"),
    STR_INIT(" xml:space='x'"),
    STR_INIT("<p:x/>"),
    STR_INIT("<x>"),
    STR_INIT("</x>"),
    STR_INIT("<x/>"),
    STR_INIT("x"),
    STR_INIT("-"),
    STR_INIT("."),
    STR_INIT("1"),
    STR_INIT("\0"),
    STR_INIT("\x01"),
    STR_INIT("\x1f"),
    STR_INIT("\x7f"),
    STR_INIT("\x80"),
    STR_INIT("\xc0\xbc"),
    STR_INIT("\xc3"),
    STR_INIT("\xc3\xa9"),
    STR_INIT("\xc2\xb7"),
    STR_INIT("\xcc\x81"),
    STR_INIT("\xe2\x82"),
    STR_INIT("\xed\xa0\x80"),
    STR_INIT("\xef\xbb\xbf"),
    STR_INIT("\xef\xbf\xbe"),
    STR_INIT("\xef\xbf\xbf"),
    STR_INIT("\xf0\x8f\xbf\xbf"),
    STR_INIT("\xf4\x90\x80\x80"),
    STR_INIT("\xf8\x88\x80\x80\x80"),
    STR_INIT("\xff"),
    STR_INIT("\xc2\x85"),
    STR_INIT("\xe2\x80\xa8"),
};

/* xorshift64 (Marsaglia 2003): the same documents on every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t below(uint64_t *state, size_t n)
{
    return n > 0 ? (size_t)(next_random(state) % n) : 0;
}

/* Puts `in` in the place of the n bytes at `at`. */
static void replace(char *text, size_t *size, size_t at, size_t n, struct str in)
{
    if (*size - n + in.n > SIZE_MAX_BYTES)
        return;
    memmove(text + at + in.n, text + at + n, *size - at - n);
    if (in.n > 0)
        memcpy(text + at, in.p, in.n);
    *size = *size - n + in.n;
}

static void damage(uint64_t *random, char *text, size_t *size)
{
    size_t at = below(random, *size + 1), left = *size - at,
           n = below(random, left < 12 ? left + 1 : 12);
    char copy[12];
    struct str piece = { copy, n };

    memcpy(copy, text + at, n);
    switch (below(random, 4)) {
    case 0: /* something takes the place of something, */
        replace(text, size, at, n, fragments[below(random, COUNT_OF(fragments))]);
        break;
    case 1: /* stands before it, */
        replace(text, size, at, 0, fragments[below(random, COUNT_OF(fragments))]);
        break;
    case 2: /* stands again elsewhere, */
        replace(text, size, below(random, *size + 1), 0, piece);
        break;
    default: /* or is missing */ replace(text, size, at, n, STR_NONE); break;
    }
}

static void parsers_agree(void **state)
{
    uint64_t random = 0x5eed5eed5eed5eed;
    size_t accepted = 0;

    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        char text[SIZE_MAX_BYTES];
        const char *base = bases[i % COUNT_OF(bases)];
        size_t size = strlen(base), damages = below(&random, DAMAGES_MAX + 1);
        struct verdict verdict;

        memcpy(text, base, size);
        while (damages-- > 0)
            damage(&random, text, &size);
        verdict = differential_check((struct str){ text, size });
        if (verdict.broken != NULL)
            fail_msg("%s: %.*s", verdict.broken, (int)size, text);
        accepted += verdict.accepted;
    }
    /* The damage must leave enough whole, or the test says little. */
    assert_in_range(accepted, CASES / 5, CASES - CASES / 5);
}

static int end(void **state)
{
    (void)state;
    xmlCleanupParser();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(parsers_agree) };

    return cmocka_run_group_tests(tests, NULL, end);
}
