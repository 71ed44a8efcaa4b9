/* test_message.c: every word of XEP-0353 as clients send it, and what is written of it; what is refused. */
#include "test/unit/jingle/texts.h"

#include "jingle/message.h"

#define SID  "ca3cf894-5325-482f-a412-a6e9f832298d"
#define HEAD "<message xmlns='jabber:client' type='chat'>"
#define TAIL "</message>"
#define WORD(name, rest)                                                                           \
    "<" name " xmlns='urn:xmpp:jingle-message:0' id='" SID "'>" rest "</" name ">"
#define BARE(name)        "<" name " xmlns='urn:xmpp:jingle-message:0' id='" SID "'/>"
#define MEDIA(media)      "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='" media "'/>"
#define STORE             "<store xmlns='urn:xmpp:hints'/>"
#define RECEIPT           "<request xmlns='urn:xmpp:receipts'/>"
#define REASON(condition) "<reason xmlns='urn:xmpp:jingle:1'><" condition "/></reason>"
#define DEVICE                                                                                     \
    "<device xmlns='http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification' id='1516676469'/>"

static const struct {
    const char *in, *out;
    unsigned left_out;
} kept[] = {
    /* Conversations, Dino, Monal, Movim */
    { WORD("propose", MEDIA("audio")) RECEIPT STORE, WORD("propose", MEDIA("audio")) RECEIPT STORE,
      0 },
    { WORD("propose", MEDIA("audio") MEDIA("video")),
      WORD("propose", MEDIA("audio") MEDIA("video")) RECEIPT STORE, 0 },
    { WORD("propose", MEDIA("video") MEDIA("audio")),
      WORD("propose", MEDIA("audio") MEDIA("video")) RECEIPT STORE, 0 },
    { WORD("propose", MEDIA("audio")) "<body>Call me</body><nick "
                                      "xmlns='http://jabber.org/protocol/nick'>Bank</nick>",
      WORD("propose", MEDIA("audio")) RECEIPT STORE, 2 },
    { BARE("ringing"), BARE("ringing") STORE, 0 },
    { WORD("proceed", DEVICE) STORE, WORD("proceed", DEVICE) STORE, 0 },
    { WORD("reject", MEDIA("audio")), BARE("reject") STORE, 0 },
    { WORD("reject", REASON("busy")), WORD("reject", REASON("busy")) STORE, 0 },
    { WORD("reject", REASON("expired") "<tie-break/>"),
      WORD("reject", REASON("expired") "<tie-break/>") STORE, 0 },
    { WORD("retract", "<reason xmlns='urn:xmpp:jingle:1'><cancel/><text>Retracted</text></reason>"),
      WORD("retract", REASON("cancel")) STORE, 0 },
    { WORD("retract", "<reason xmlns=''><cancel xmlns=''/></reason>"),
      WORD("retract", REASON("cancel")) STORE, 0 },
    { WORD("finish", REASON("expired") "<migrated xmlns='urn:xmpp:jingle:1' "
                                       "to='0123456789abcdef'/>"),
      WORD("finish", REASON("expired") "<migrated to='0123456789abcdef'/>") STORE, 0 },
    { WORD("finish", REASON("success")), WORD("finish", REASON("success")) STORE, 0 },
    { BARE("accept"), BARE("accept") STORE, 0 },
    /* What belongs to another word stays behind. */
    { WORD("reject", DEVICE), BARE("reject") STORE, 1 },
    { WORD("proceed", "<tie-break/>"), BARE("proceed") STORE, 0 },
};

static void test_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct arena a = { 0 };
        struct xml_node *in = text_tree(&a, join(&a, HEAD, kept[i].in, TAIL));
        struct xml_node *out = xml_new(&a, STR("jabber:client"), STR("message"));
        struct call_message m;
        struct str have, want;
        const char *why;

        check_err(kept[i].in, call_message_read(in, &m, &why), ERR_NONE);
        call_message_write(&a, out, &m);
        want = join(&a, "<message xmlns='jabber:client'>", kept[i].out, TAIL);
        have = tree_text(&a, out);
        if (!str_eq(have, want))
            fail_msg("have %.*s, want %.*s", STR_ARG(have), STR_ARG(want));
        assert_int_equal(m.left_out, kept[i].left_out);
        arena_deinit(&a);
    }
}

/* What is taken out of a stanza that makes no call, in which word. */
static void test_strip(void **state)
{
    static const struct {
        const char *in, *out, *took;
    } stripped[] = {
        { "<body>hi</body>", "<body>hi</body>", NULL },
        { "<body>hi</body><invite xmlns='urn:xmpp:call-invites:0' id='x'/>", "<body>hi</body>",
          "invitation" },
        { "<muji xmlns='urn:xmpp:jingle:muji:0'/><body>hi</body>", "<body>hi</body>", "group" },
        { "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='x'/>", "", "jingle" },
        { BARE("proceed") BARE("finish"), "", "word" },
        { "<body>hi</body><call xmlns='urn:sotto:call:0' id='x' outcome='talked'/>",
          "<body>hi</body>", "record" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof stripped / sizeof *stripped; i++) {
        struct arena a = { 0 };
        struct xml_node *in = text_tree(&a, join(&a, HEAD, stripped[i].in, TAIL));
        struct xml_node *out = text_tree(&a, join(&a, HEAD, stripped[i].out, TAIL));
        const char *took = call_strip(in);

        if (stripped[i].took == NULL)
            assert_null(took);
        else
            assert_string_equal(took, stripped[i].took);
        assert_true(str_eq(tree_text(&a, in), tree_text(&a, out)));
        arena_deinit(&a);
    }
}

static const struct {
    const char *in;
    enum err err;
    const char *why;
} refused[] = {
    { "<body>hello</body>", ERR_MISSING, NULL },
    { WORD("migrate", ""), ERR_UNSUPPORTED, "word" },
    { "<propose xmlns='urn:xmpp:jingle-message:0'>" MEDIA("audio") "</propose>", ERR_MALFORMED,
      "id" },
    { "<propose xmlns='urn:xmpp:jingle-message:0' id='a'>" MEDIA("audio") "</propose>",
      ERR_MALFORMED, "id" },
    { "<propose xmlns='urn:xmpp:jingle-message:0' id='0123456789abcdef&#10;'>" MEDIA(
          "audio") "</propose>",
      ERR_MALFORMED, "id" },
    { BARE("propose"), ERR_MALFORMED, "media" },
    { WORD("propose", MEDIA("video")), ERR_UNSUPPORTED, "media" },
    { WORD("propose", MEDIA("video") MEDIA("video")), ERR_MALFORMED, "media" },
    { WORD("propose", MEDIA("audio") MEDIA("audio")), ERR_MALFORMED, "media" },
    { WORD("propose", MEDIA("application")), ERR_MALFORMED, "media" },
    { WORD("propose", "<description xmlns='urn:xmpp:jingle:apps:rtp:1'/>"), ERR_MALFORMED,
      "media" },
    { WORD("propose", "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio' "
                      "settings='concealed'/>"),
      ERR_MALFORMED, "media" },
    { WORD("propose", "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>"
                      "<payload-type id='1'/></description>"),
      ERR_MALFORMED, "media" },
    { WORD("propose", MEDIA("audio") "<description "
                                     "xmlns='urn:xmpp:jingle:apps:file-transfer:5'/>"),
      ERR_MALFORMED, "media" },
    { WORD("proceed", "<device xmlns='http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification' "
                      "id='0'/>"),
      ERR_MALFORMED, "children" },
    { WORD("proceed", "<device xmlns='http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification' "
                      "id='2147483648'/>"),
      ERR_MALFORMED, "children" },
    { WORD("finish", "<migrated to='x'/>"), ERR_MALFORMED, "children" },
    { BARE("ringing") BARE("proceed"), ERR_MALFORMED, "two-words" },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct arena a = { 0 };
        struct xml_node *in = text_tree(&a, join(&a, HEAD, refused[i].in, TAIL));
        struct call_message m;
        const char *why;

        check_err(refused[i].in, call_message_read(in, &m, &why), refused[i].err);
        if (refused[i].why != NULL)
            assert_string_equal(why, refused[i].why);
        else
            assert_null(why);
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_strip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
