/* bench_xml.c: how fast a stanza becomes a tree, and a tree text, beside expat building the same tree.
 *
 * usage: bench_xml [rounds]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "test/unit/xml/expat_tree.h"
#include "xml/parser.h"
#include "xml/writer.h"

enum { BATCHES = 40 };

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
    "<message from='romeo@montague.example/orchard' to='juliet@capulet.example' type='chat' "
    "id='m1'>"
    "<body>Wo bist du? \xd0\x93\xd0\xb4\xd0\xb5 \xd1\x82\xd1\x8b? It&apos;s 5 &lt; 6.</body>"
    "<active xmlns='http://jabber.org/protocol/chatstates'/>"
    "<request xmlns='urn:xmpp:receipts'/></message>");

static void must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_xml: %s failed\n", what);
        exit(1);
    }
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Everything that is measured, ready to run. */
struct subject {
    struct str text;
    struct xml_parser parser;
    struct expat_tree expat;
    struct arena arena, expat_arena;
    struct xml_node *node;
    struct buf out;
};

static void parse(struct subject *s, size_t cut)
{
    struct xml_event event = { 0 };
    struct str first = str_slice(s->text, 0, cut), rest = str_skip(s->text, cut);

    if (cut > 0)
        must(xml_parse(&s->parser, &first, &event) == ERR_NONE, "parser");
    must(xml_parse(&s->parser, &rest, &event) == ERR_NONE && event.node != NULL, "parser");
    arena_deinit(&event.arena);
}

static void run_parse(struct subject *s)
{
    parse(s, 0);
}

static void run_parse_cut(struct subject *s)
{
    parse(s, s->text.n / 2);
}

static void run_expat(struct subject *s)
{
    must(XML_Parse(s->expat.parser, s->text.p, (int)s->text.n, 0) == XML_STATUS_OK, "expat");
    must(s->expat.top.first != NULL, "expat");
    s->expat.top = (struct xml_node){ 0 };
    arena_deinit(&s->expat_arena);
}

static void run_write(struct subject *s)
{
    buf_reset(&s->out);
    xml_write(&s->out, s->node, STR_NONE);
}

/* The best of many batches: what disturbs the machine only ever adds. */
static double measure(struct subject *s, const char *what, void (*run)(struct subject *),
                      long rounds)
{
    double best = 1e9;

    for (int batch = 0; batch < BATCHES; batch++) {
        long count = rounds / BATCHES;
        double start = now_s(), took;

        for (long i = 0; i < count; i++)
            run(s);
        took = (now_s() - start) / (double)count;
        best = took < best ? took : best;
    }
    printf("  %-24s %7.0f ns  %6.0f MB/s\n", what, best * 1e9, (double)s->text.n / best / 1e6);
    return best;
}

static void subject_init(struct subject *s, struct str text)
{
    struct xml_event event;
    struct str in = header;

    *s = (struct subject){ .text = text };
    xml_parser_init(&s->parser, XML_STREAM, &limits);
    must(xml_parse(&s->parser, &in, &event) == ERR_NONE, "parser");
    arena_deinit(&event.arena);
    expat_tree_init(&s->expat, &s->expat_arena, 1);
    must(XML_Parse(s->expat.parser, header.p, (int)header.n, 0) == XML_STATUS_OK, "expat");
    must(xml_parse_document(&s->arena, text, &limits, &s->node) == ERR_NONE, "parser");
    buf_init(&s->out, 1 << 20);
}

static void subject_deinit(struct subject *s)
{
    xml_parser_deinit(&s->parser);
    expat_tree_deinit(&s->expat);
    arena_deinit(&s->arena);
    buf_deinit(&s->out);
}

static void compare(const char *name, struct str text, long rounds)
{
    static struct subject s;
    double ours, theirs;

    subject_init(&s, text);
    printf("%s, %zu bytes\n", name, text.n);
    ours = measure(&s, "parse", run_parse, rounds);
    measure(&s, "parse, cut in two", run_parse_cut, rounds);
    theirs = measure(&s, "expat", run_expat, rounds);
    measure(&s, "write", run_write, rounds);
    printf("  %-24s %7.2f\n", "times expat", theirs / ours);
    subject_deinit(&s);
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 400000;

    if (rounds < BATCHES) {
        fprintf(stderr, "usage: bench_xml [rounds, at least %d]\n", BATCHES);
        return 2;
    }
    compare("OMEMO message", omemo, rounds);
    compare("chat message", chat, rounds);
    return 0;
}
