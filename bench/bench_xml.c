/* bench_xml.c: how fast a stanza becomes a tree, and a tree text, beside expat building the same tree.
 *
 * usage: bench_xml [rounds]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../test/unit/xml/expat_tree.h"
#include "xml/parser.h"
#include "xml/writer.h"

static const struct xml_limits limits = {
    .element_bytes = 256 * 1024, .depth = 64, .attrs = 32, .nodes = 4096
};

static const struct str header =
    STR_INIT("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
             "version='1.0'>");

/* The shape of an OMEMO message to three devices. */
static const struct str omemo = STR_INIT(
    "<message type='chat' to='juliet@capulet.example' id='8f1b0a2c-5a0e-4d2b-9f5e-0c6b1f7a9d3e'>"
    "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1290473852'>"
    "<key rid='287345234'>MwohBZqQ3pQ2b2f3cFx5yq0m7o8p4Wc1nT9yN6h2k3JvXq5tEAAYACIwQx1uZl2s9aWmPq0Tb"
    "V8eRrJ6Yk5HnC4DgLsXwZoUiFa7MpBtKy3cNdEhGjQv</key>"
    "<key rid='1093847561' prekey='true'>MwhnEiEFpV1b3Xz8Jm5Qk9Ws2Ld7Rt4Yh6Nc0Gf1Ua8Eo3Ib5PxZq7Sv9"
    "Tw2Ky4Jn6Hm8GaFhBcDeRlM0oXpUuQiVtWs</key>"
    "<key rid='733284610'>MwohBQz1Xw2Ce3Vr4Bt5Ny6Mu7Ki8Lo9Pa0Sq1Dw2Fe3Gr4Ht5Jy6Ku7Li8Zo9XpCaVqB"
    "wNeMr0t1y2u3i4o5p6a7s8d</key><iv>3q2+7wABAgMEBQYH</iv></header>"
    "<payload>pT5vK2mQ8xZ1cB7nL4jH0gF3dS6aW9eR</payload></encrypted>"
    "<encryption xmlns='urn:xmpp:eme:0' namespace='eu.siacs.conversations.axolotl' name='OMEMO'/>"
    "<store xmlns='urn:xmpp:hints'/></message>");

static const struct str chat = STR_INIT(
    "<message from='romeo@montague.example/orchard' to='juliet@capulet.example' type='chat' id='m1'>"
    "<body>Wo bist du? \xd0\x93\xd0\xb4\xd0\xb5 \xd1\x82\xd1\x8b? It&apos;s 5 &lt; 6.</body>"
    "<active xmlns='http://jabber.org/protocol/chatstates'/>"
    "<request xmlns='urn:xmpp:receipts'/></message>");

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double report(const char *what, struct str text, long rounds, double start)
{
    double seconds = now_s() - start, rate = (double)text.n * (double)rounds / seconds / 1e6;

    printf("  %-24s %7.0f ns  %6.0f MB/s\n", what, seconds / (double)rounds * 1e9, rate);
    return rate;
}

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_xml: %s failed\n", what);
        exit(1);
    }
}

static void parse_one(struct xml_parser *p, struct str text, struct xml_event *event)
{
    struct str in = text;

    must(xml_parse(p, &in, event) == ERR_NONE && event->kind != XML_MORE, "parser");
}

static double bench_parse(struct str text, long rounds, size_t cut)
{
    struct xml_parser p;
    struct xml_event event;
    double start;

    xml_parser_init(&p, XML_STREAM, &limits);
    parse_one(&p, header, &event);
    arena_deinit(&event.arena);
    start = now_s();
    for (long i = 0; i < rounds; i++) {
        if (cut > 0) {
            struct str in = str_slice(text, 0, cut);

            must(xml_parse(&p, &in, &event) == ERR_NONE, "parser");
        }
        parse_one(&p, str_skip(text, cut), &event);
        arena_deinit(&event.arena);
    }
    xml_parser_deinit(&p);
    return report(cut > 0 ? "parse, cut in two" : "parse", text, rounds, start);
}

static double bench_expat(struct str text, long rounds)
{
    struct arena a = { 0 };
    struct expat_tree t;
    double start;

    expat_tree_init(&t, &a, 1);
    must(XML_Parse(t.parser, header.p, (int)header.n, 0) == XML_STATUS_OK, "expat");
    start = now_s();
    for (long i = 0; i < rounds; i++) {
        must(XML_Parse(t.parser, text.p, (int)text.n, 0) == XML_STATUS_OK, "expat");
        must(t.top.first != NULL, "expat");
        t.top = (struct xml_node){ 0 };
        arena_deinit(&a);
    }
    expat_tree_deinit(&t);
    return report("expat", text, rounds, start);
}

static void bench_write(struct str text, long rounds)
{
    struct arena a = { 0 };
    struct xml_node *node;
    struct buf out;
    double start;

    buf_init(&out, 1 << 20);
    must(xml_parse_document(&a, text, &limits, &node) == ERR_NONE, "parser");
    start = now_s();
    for (long i = 0; i < rounds; i++) {
        buf_reset(&out);
        xml_write(&out, node, STR_NONE);
    }
    report("write", text, rounds, start);
    buf_deinit(&out);
    arena_deinit(&a);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; const struct str *text; } cases[] = {
        { "OMEMO message", &omemo }, { "chat message", &chat },
    };
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 200000;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str text = *cases[i].text;
        double ours, theirs;

        printf("%s, %zu bytes\n", cases[i].name, text.n);
        ours = bench_parse(text, rounds, 0);
        bench_parse(text, rounds, text.n / 2);
        theirs = bench_expat(text, rounds);
        bench_write(text, rounds);
        printf("  %-24s %7.2f\n", "times expat", ours / theirs);
    }
    return 0;
}
