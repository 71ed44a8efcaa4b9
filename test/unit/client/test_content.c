/* test_content.c: what a message means, in all forms that it comes in, and what of it a peer or a server must not be able to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client/arrival.h"
#include "client/emoji.h"
#include "client/quote.h"
#include "xml/parser.h"

#define REPLY "<reply xmlns='urn:xmpp:reply:0' id='t' to='alice@sotto.test'/>"
#define QUOTE(end)                                                                                 \
    "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='" end       \
    "'/></fallback>"
#define REPLACE       "<replace xmlns='urn:xmpp:message-correct:0' id='t'/>"
#define RETRACT       "<retract xmlns='urn:xmpp:message-retract:1' id='t'/>"
#define REACT(emojis) "<reactions xmlns='urn:xmpp:reactions:0' id='t'>" emojis "</reactions>"
#define ONE(emoji)    "<reaction>" emoji "</reaction>"
#define BODY(text)    "<body xmlns='jabber:client'>" text "</body>"
#define THUMB         "\U0001F44D"
#define PARTY         "\U0001F389"
#define NO_ENTRY      0

static const struct {
    enum entry_encryption encryption;
    const char *beside, *content; /* content NULL: nothing is sealed; it is the message itself */
    enum entry_kind kind;
    const char *target, *text, *quote;
} cases[] = {
    { ENCRYPTION_OMEMO_2, "", BODY("hi"), ENTRY_MESSAGE, "", "hi", "" },
    { ENCRYPTION_OMEMO_03, "", BODY("hi"), ENTRY_MESSAGE, "", "hi", "" },
    { ENCRYPTION_NONE, BODY("hi"), NULL, ENTRY_MESSAGE, "", "hi", "" },
    { ENCRYPTION_OMEMO_2, BODY("no words"), "", NO_ENTRY, "", "", "" },
    /* Corrections: sealed in 2, beside in 0.3. What a server puts beside 2 says nothing. */
    { ENCRYPTION_OMEMO_2, "", BODY("hi") REPLACE, ENTRY_CORRECTION, "t", "hi", "" },
    { ENCRYPTION_OMEMO_03, REPLACE, BODY("hi"), ENTRY_CORRECTION, "t", "hi", "" },
    { ENCRYPTION_NONE, BODY("hi") REPLACE, NULL, ENTRY_CORRECTION, "t", "hi", "" },
    { ENCRYPTION_OMEMO_2, REPLACE, BODY("hi"), ENTRY_MESSAGE, "", "hi", "" },
    { ENCRYPTION_OMEMO_2, RETRACT REACT(ONE(THUMB)), BODY("hi"), ENTRY_MESSAGE, "", "hi", "" },
    { ENCRYPTION_OMEMO_2, REPLY QUOTE("5"), BODY("&gt; a\nhi"), ENTRY_MESSAGE, "", "> a\nhi", "" },
    { ENCRYPTION_OMEMO_2, "", BODY("hi") "<replace xmlns='urn:xmpp:message-correct:0'/>",
      ENTRY_MESSAGE, "", "hi", "" },
    /* Retractions: their text is for others. */
    { ENCRYPTION_OMEMO_2, "", RETRACT BODY("I took it back"), ENTRY_RETRACTION, "t", "", "" },
    { ENCRYPTION_OMEMO_03, RETRACT, BODY("I took it back"), ENTRY_RETRACTION, "t", "", "" },
    { ENCRYPTION_NONE, RETRACT, NULL, ENTRY_RETRACTION, "t", "", "" },
    { ENCRYPTION_OMEMO_2, "", "<retract xmlns='urn:xmpp:message-retract:1'/>" BODY("hi"),
      ENTRY_MESSAGE, "", "hi", "" },
    /* Reactions are sealed, or in the open; beside 0.3 they are the server's. */
    { ENCRYPTION_OMEMO_2, "", REACT(ONE(THUMB) ONE(PARTY)), ENTRY_REACTIONS, "t", THUMB " " PARTY,
      "" },
    { ENCRYPTION_NONE, REACT(ONE(THUMB)), NULL, ENTRY_REACTIONS, "t", THUMB, "" },
    { ENCRYPTION_OMEMO_03, REACT(ONE(THUMB)), BODY("hi"), ENTRY_MESSAGE, "", "hi", "" },
    { ENCRYPTION_OMEMO_2, "", REACT(""), ENTRY_REACTIONS, "t", "", "" },
    { ENCRYPTION_OMEMO_2, "", REACT(ONE(THUMB) ONE(" " THUMB "\n")), ENTRY_REACTIONS, "t", THUMB,
      "" },
    { ENCRYPTION_OMEMO_2, "", REACT(ONE("words") ONE(THUMB)), ENTRY_REACTIONS, "t", THUMB, "" },
    { ENCRYPTION_OMEMO_2, "", REACT(ONE("words") ONE(THUMB THUMB)), NO_ENTRY, "", "", "" },
    { ENCRYPTION_OMEMO_2, "", "<reactions xmlns='urn:xmpp:reactions:0'/>", NO_ENTRY, "", "", "" },
    /* Replies. The range may hide nothing but a quote at the beginning. */
    { ENCRYPTION_OMEMO_2, "", BODY("hi") REPLY, ENTRY_MESSAGE, "t", "hi", "" },
    { ENCRYPTION_OMEMO_03, REPLY QUOTE("4"), BODY("&gt; a\nhi"), ENTRY_MESSAGE, "t", "hi", "a" },
    { ENCRYPTION_OMEMO_2, "", BODY("&gt; é\n&gt;b\nhi") REPLY QUOTE("7"), ENTRY_MESSAGE, "t", "hi",
      "é\nb" },
    { ENCRYPTION_OMEMO_2, "", BODY("&gt; a\nhi") REPLY QUOTE("3"), ENTRY_MESSAGE, "t", "hi", "a" },
    { ENCRYPTION_OMEMO_2, "", BODY("&gt; a\n\nhi") REPLY QUOTE("5"), ENTRY_MESSAGE, "t", "hi",
      "a" },
    { ENCRYPTION_OMEMO_2, "", BODY("&gt; a\nhi") REPLY QUOTE("4"), ENTRY_MESSAGE, "t", "hi", "a" },
    { ENCRYPTION_OMEMO_2, "", BODY("&gt; a\nhi") QUOTE("4"), ENTRY_MESSAGE, "", "> a\nhi", "" },
    { ENCRYPTION_OMEMO_03, REPLY QUOTE("7"), BODY("do not meet"), ENTRY_MESSAGE, "t", "do not meet",
      "" },
    { ENCRYPTION_OMEMO_03, REPLY QUOTE("11"), BODY("&gt; a\ndo not\nmeet"), ENTRY_MESSAGE, "t",
      "> a\ndo not\nmeet", "" },
    { ENCRYPTION_OMEMO_2, "", BODY("&gt; a\nhi") REPLY QUOTE("6"), ENTRY_MESSAGE, "t", "> a\nhi",
      "" },
    { ENCRYPTION_OMEMO_2, "", BODY("&gt; a\nhi") REPLY QUOTE("99999999999999999999"), ENTRY_MESSAGE,
      "t", "> a\nhi", "" },
    { ENCRYPTION_OMEMO_2, "", BODY("&gt; a\nhi") REPLY QUOTE("-1"), ENTRY_MESSAGE, "t", "> a\nhi",
      "" },
    { ENCRYPTION_OMEMO_2, "",
      BODY("&gt; a\nhi") REPLY "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>"
                               "<body start='2' end='4'/></fallback>",
      ENTRY_MESSAGE, "t", "> a\nhi", "" },
    /* The origin-id of the form for 0.3 of a message of ours. */
    { ENCRYPTION_OMEMO_2, "",
      BODY("hi") "<reply xmlns='urn:xmpp:reply:0' id='abcdefghijklmnopqrstuvwx-03'/>",
      ENTRY_MESSAGE, "abcdefghijklmnopqrstuvwx", "hi", "" },
};

static void fill(void *ctx, uint8_t *out, size_t n)
{
    uint8_t *count = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (*count)++;
}

static struct xml_node *parsed(struct arena *a, const char *begin, const char *inner,
                               const char *end)
{
    static const struct xml_limits limits = { 1 << 20, 32, 64, 1000 };
    struct str text = arena_printf(a, "%s%s%s", begin, inner, end);
    struct xml_node *out = NULL;

    assert_int_equal(xml_parse_document(a, text, &limits, &out), ERR_NONE);
    return out;
}

/* An engine that has never been online, and the entries that it makes. */
struct bench {
    struct arena arena;
    uint8_t dice;
    struct random random;
    struct engine *engine;
    struct entry made[8];
    size_t count;
};

static void bench_init(struct bench *b)
{
    struct engine_config config = { .password = STR("secret"), .random = &b->random };

    *b = (struct bench){ .dice = 0 };
    b->random = (struct random){ fill, &b->dice };
    assert_int_equal(jid_parse(&b->arena, STR("alice@sotto.test"), &config.jid), ERR_NONE);
    b->engine = engine_new(&config);
    engine_start(b->engine, 1);
}

static void bench_deinit(struct bench *b)
{
    engine_free(b->engine);
    arena_deinit(&b->arena);
}

static void collect(struct bench *b)
{
    const struct book_changes *changes;

    engine_end_round(b->engine);
    while ((changes = engine_commit(b->engine)) != NULL) {
        for (const struct book_change *c = changes->first; c != NULL; c = c->next)
            if (c->table == BOOK_TIMELINE) {
                struct bytes value = arena_bytes(&b->arena, c->value);

                assert_true(b->count < COUNT_OF(b->made));
                assert_int_equal(entry_read(value, &b->made[b->count++]), ERR_NONE);
            }
        engine_committed(b->engine, true);
    }
}

static void receive(struct bench *b, enum entry_encryption encryption, const char *beside,
                    const char *content)
{
    struct arrival m = { .author = STR("bob@sotto.test"),
                         .chat = STR("bob@sotto.test"),
                         .encryption = encryption,
                         .time_ms = 1 };
    struct xml_node *node = parsed(&b->arena,
                                   "<message xmlns='jabber:client' type='chat' id='i' "
                                   "from='bob@sotto.test/x' to='alice@sotto.test'>",
                                   beside, "</message>");
    struct stanza s;
    enum stanza_condition why;

    assert_int_equal(stanza_parse(&b->arena, node, &s, &why), ERR_NONE);
    m.stanza = &s;
    m.from = jid_bare(&s.from);
    m.to = s.to;
    if (content != NULL)
        node = parsed(&b->arena, "<content xmlns='urn:xmpp:sce:1'>", content, "</content>");
    content_came(b->engine, &m, node);
    collect(b);
}

static void means(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bench b;
        const struct entry *e = &b.made[0];

        bench_init(&b);
        receive(&b, cases[i].encryption, cases[i].beside, cases[i].content);
        if (b.count != (cases[i].kind != NO_ENTRY) || (b.count > 0 && e->kind != cases[i].kind)
            || (b.count > 0
                && (!str_is(e->target, cases[i].target) || !str_is(e->text, cases[i].text)
                    || !str_is(e->quote, cases[i].quote))))
            fail_msg("case %zu: %zu entries; kind %d, target %.*s, text %.*s, quote %.*s", i,
                     b.count, b.count > 0 ? (int)e->kind : 0, STR_ARG(e->target), STR_ARG(e->text),
                     STR_ARG(e->quote));
        bench_deinit(&b);
    }
}

/* Ids and emojis as long as a stanza may be. */
static void bears_lengths(void **state)
{
    static const struct {
        const char *begin, *end;
        size_t n;
        enum entry_kind kind;
        size_t target_n;
    } lengths[] = {
        { BODY("hi") "<replace xmlns='urn:xmpp:message-correct:0' id='", "'/>", 1024,
          ENTRY_CORRECTION, 1024 },
        { BODY("hi") "<replace xmlns='urn:xmpp:message-correct:0' id='", "'/>", 1025, ENTRY_MESSAGE,
          0 },
        { "<retract xmlns='urn:xmpp:message-retract:1' id='", "'/>", 1 << 19, NO_ENTRY, 0 },
        { "<reactions xmlns='urn:xmpp:reactions:0' id='t'><reaction>", "</reaction></reactions>",
          1 << 19, NO_ENTRY, 0 },
        { "<reactions xmlns='urn:xmpp:reactions:0' id='", "'/>", 1 << 19, NO_ENTRY, 0 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct bench b;
        char *long_text;

        bench_init(&b);
        long_text = arena_alloc(&b.arena, lengths[i].n + 1);
        memset(long_text, 'x', lengths[i].n);
        receive(&b, ENCRYPTION_OMEMO_2, "",
                arena_printf(&b.arena, "%s%s%s", lengths[i].begin, long_text, lengths[i].end).p);
        assert_int_equal(b.count, lengths[i].kind != NO_ENTRY);
        if (b.count > 0) {
            assert_int_equal(b.made[0].kind, lengths[i].kind);
            assert_int_equal(b.made[0].target.n, lengths[i].target_n);
        }
        bench_deinit(&b);
    }
}

static void knows_emojis(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } emojis[] = {
        { THUMB, true },
        { "❤", true },
        { "❤\uFE0F", true },
        { "\U0001F44D\U0001F3FD", true },                               /* a skin tone */
        { "\U0001F468\u200D\U0001F469\u200D\U0001F467", true },         /* a family */
        { "\U0001F3F3\uFE0F\u200D\U0001F308", true },                   /* a rainbow flag */
        { "\U0001F1EB\U0001F1F7", true },                               /* a country's */
        { "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E007F", true }, /* a region's */
        { "1\uFE0F\u20E3", true },
        { "#\u20E3", true },
        { "", false },
        { "1", false },
        { "a", false },
        { "ok", false },
        { " ", false },
        { "\u200D", false },
        { "\uFE0F", false },
        { THUMB "\u200D", false },
        { "\u200D" THUMB, false },
        { THUMB THUMB, false },
        { THUMB " ", false },
        { "\U0001F1EB", false },
        { "\U0001F1EB\U0001F1F7\U0001F1EB", false },
        { "\u202E" THUMB, false },
        { "a\u0301\u0301\u0301", false },
        { "\xf0\x9f\x91", false },
        { "\xff", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(emojis); i++)
        if (emoji_valid(str_from(emojis[i].text)) != emojis[i].valid)
            fail_msg("emoji %zu: %s", i, emojis[i].text);
}

/* What is written as a quote is read as one, and what is not too long to be is the same. */
static void quotes_come_back(void **state)
{
    static const struct {
        const char *text, *quote;
    } quotes[] = {
        { "hello", "hello" },
        { "two\nlines", "two\nlines" },
        { "  with room  \n\n\naround", "with room\naround" },
        { "> a quote of mine\nand more", "and more" },
        { "> nothing else", "" },
        { "1\n2\n3\n4\n5\n6", "1\n2\n3\n4" },
        { "é ü ∀ \U0001F44D", "é ü ∀ \U0001F44D" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(quotes); i++) {
        struct arena a = { 0 };
        struct str quote = STR(""), rest, written;
        size_t n;

        written = quote_write(&a, str_from(quotes[i].text), &n);
        if (n > 0) {
            assert_true(quote_read(&a, arena_concat(&a, written, STR("answer")), n, &quote, &rest));
            assert_true(str_is(rest, "answer"));
        }
        assert_true(str_is(quote, quotes[i].quote));
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means),
        cmocka_unit_test(bears_lengths),
        cmocka_unit_test(knows_emojis),
        cmocka_unit_test(quotes_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
