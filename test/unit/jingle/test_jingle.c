/* test_jingle.c: what clients send comes out with all that a call needs and nothing else; what no honest client sends does not come
 * out; what came out is a fixed point.
 */
#include "test/unit/jingle/texts.h"

#include <stdio.h>
#include <string.h>

#include "jingle/jingle.h"
#include "test/unit/jingle/offers.h"

/* ---- Offers ----------------------------------------------------------------------------------------- */

static struct str rewritten(struct arena *a, struct str text, struct jingle *j)
{
    const char *why;
    enum err e = jingle_read(a, text_tree(a, text), j, &why);

    if (e != ERR_NONE)
        fail_msg("%.*s: %s", STR_ARG(text), why);
    return tree_text(a, jingle_write(a, j));
}

static void check_without(struct str text, const char *what)
{
    char all[32768];

    assert_true(text.n < sizeof all);
    memcpy(all, text.p, text.n);
    all[text.n] = '\0';
    if (strstr(all, what) != NULL)
        fail_msg("%s is in %s", what, all);
}

static void test_conversations(void **state)
{
    struct arena a = { 0 };
    struct jingle j, again;
    struct str once, twice;

    (void)state;
    once = rewritten(&a, STR(CONVERSATIONS_OFFER), &j);
    assert_int_equal(j.content_count, 2);
    assert_int_equal(jingle_media_of(&j), JINGLE_AUDIO | JINGLE_VIDEO);
    assert_true(j.has_group && j.contents[0].in_group && j.contents[1].in_group);
    assert_int_equal(j.contents[0].description.payload_count, 3);
    assert_int_equal(j.contents[0].description.extension_count, 1);
    assert_int_equal(j.contents[0].description.sources[0], 3735928559);
    assert_true(j.contents[0].transport.fingerprint.is_sealed && j.contents[0].transport.trickle);
    assert_int_equal(j.contents[1].description.groups[0].sources[1], 6);
    assert_int_equal(j.left_out, 1);
    check_without(once, "alice");
    check_without(once, "track-1");
    check_without(once, "tracker");

    twice = rewritten(&a, once, &again);
    assert_true(str_eq(once, twice));
    arena_deinit(&a);
}

static void test_dino(void **state)
{
    struct arena a = { 0 };
    struct jingle j;
    struct str text;

    (void)state;
    text = rewritten(&a, STR(DINO_OFFER), &j);
    assert_int_equal(j.contents[0].transport.candidates_read, 2);
    assert_int_equal(j.contents[0].description.payload_count, 1);
    check_str("fingerprint", j.contents[0].transport.fingerprint.value, DIGEST);
    check_without(text, "mallory");
    check_without(text, "inline");
    check_without(text, "ISAC");
    check_without(text, "10.0.1.1");
    check_without(text, "candidate");
    assert_int_equal(j.left_out, 2);
    arena_deinit(&a);
}

/* What the server puts in: its own credentials, addresses and parties. */
static void test_written(void **state)
{
    struct arena a = { 0 };
    struct jingle j;
    struct str text;

    (void)state;
    (void)rewritten(&a, STR(DINO_OFFER), &j);
    j.initiator = STR("alice@sotto.test/r1");
    j.contents[0].transport.ufrag = STR("ours");
    j.contents[0].transport.candidates[0] = (struct jingle_candidate){
        .component = 1, .priority = 2130706431, .port = 3478, .ip = STR("192.0.2.1")
    };
    j.contents[0].transport.candidate_count = 1;
    j.contents[0].description.payload_count = 0;
    j.contents[0].transport.has_fingerprint = false;
    text = tree_text(&a, jingle_write(&a, &j));
    check_str("written", text,
              "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='" SID
              "' initiator='alice@sotto.test/r1'>"
              "<content creator='initiator' name='audio'>"
              "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'><rtcp-mux/>"
              "</description><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='ours' "
              "pwd='asd88fgpdd777uzjYhagZg'><candidate component='1' foundation='1' generation='0' "
              "id='a1' ip='192.0.2.1' network='0' port='3478' priority='2130706431' "
              "protocol='udp' type='host'/></transport></content></jingle>");
    arena_deinit(&a);
}

/* ---- Other actions: what goes in, what comes out ------------------------------------------------------ */

#define JINGLE(action, rest)                                                                       \
    "<jingle xmlns='urn:xmpp:jingle:1' action='" action "' sid='" SID "'>" rest "</jingle>"
#define EMPTY(action) "<jingle xmlns='urn:xmpp:jingle:1' action='" action "' sid='" SID "'/>"

static const struct {
    const char *in, *out;
} kept[] = {
    { JINGLE("session-terminate",
             "<reason><success/><text>Bye, http://evil.example</text></reason>"),
      JINGLE("session-terminate", "<reason><success/></reason>") },
    { JINGLE("session-terminate", "<reason><cheating/></reason>"), EMPTY("session-terminate") },
    { EMPTY("session-terminate"), EMPTY("session-terminate") },
    { EMPTY("session-info"), EMPTY("session-info") },
    { JINGLE("session-info", "<ringing xmlns='urn:xmpp:jingle:apps:rtp:info:1' a='b'>x</ringing>"),
      JINGLE("session-info", "<ringing xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>") },
    { JINGLE("session-info",
             "<mute xmlns='urn:xmpp:jingle:apps:rtp:info:1' creator='responder' name='v'/>"),
      JINGLE("session-info",
             "<mute xmlns='urn:xmpp:jingle:apps:rtp:info:1' creator='responder' name='v'/>") },
    { JINGLE("transport-info", "<content creator='initiator' name='a'><transport "
                               "xmlns='urn:xmpp:jingle:transports:ice-udp:1' " CREDENTIALS
                               ">" CANDIDATE "</transport></content>"),
      JINGLE("transport-info",
             "<content creator='initiator' name='a'><transport "
             "xmlns='urn:xmpp:jingle:transports:ice-udp:1' " CREDENTIALS "/></content>") },
    { JINGLE("content-modify", "<content creator='initiator' name='v' senders='none'/>"),
      JINGLE("content-modify", "<content creator='initiator' name='v' senders='none'/>") },
    { JINGLE(
          "content-remove",
          "<content creator='initiator' name='v'><description "
          "xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/></content><reason><gone/></reason>"),
      JINGLE(
          "content-remove",
          "<content creator='initiator' name='v'><description "
          "xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/></content><reason><gone/></reason>") },
    { JINGLE("content-reject", "<content creator='initiator' name='v'><description "
                               "xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/><transport "
                               "xmlns='urn:xmpp:jingle:transports:ice-udp:1'/></content>"),
      JINGLE("content-reject", "<content creator='initiator' name='v'><description "
                               "xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/><transport "
                               "xmlns='urn:xmpp:jingle:transports:ice-udp:1'/></content>") },
    { JINGLE("content-reject",
             "<content creator='initiator' name='v'><description "
             "xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'><payload-type id='96' "
             "name='VP8' clockrate='90000'/></description><transport "
             "xmlns='urn:xmpp:jingle:transports:ice-udp:1' " CREDENTIALS
             ">" CANDIDATE CLEAR_FINGERPRINT "</transport></content>"),
      JINGLE("content-reject", "<content creator='initiator' name='v'><description "
                               "xmlns='urn:xmpp:jingle:apps:rtp:1' media='video'/><transport "
                               "xmlns='urn:xmpp:jingle:transports:ice-udp:1'/></content>") },
};

static void test_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct arena a = { 0 };
        struct jingle j;

        check_str(kept[i].in, rewritten(&a, str_from(kept[i].in), &j), kept[i].out);
        arena_deinit(&a);
    }
}

/* ---- What is refused: one change of a good offer each ------------------------------------------------ */

#define GOOD_PAYLOAD "<payload-type id='111' name='opus' clockrate='48000' channels='2'/>"
#define CONTENT(attributes, payloads, transport)                                                   \
    "<content " attributes                                                                         \
    "><description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>" payloads                     \
    "</description>" transport "</content>"
#define TRANSPORT(attributes, rest)                                                                \
    "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' " attributes ">" rest "</transport>"
#define GOOD_TRANSPORT TRANSPORT(CREDENTIALS, CLEAR_FINGERPRINT)
#define GOOD_NAME      "creator='initiator' name='a'"
#define INITIATE(rest) JINGLE("session-initiate", rest)
#define ADD_TO(members)                                                                            \
    JINGLE("content-add",                                                                          \
           "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'>" members            \
           "<content name='a'/></group>" CONTENT(GOOD_NAME, GOOD_PAYLOAD, GOOD_TRANSPORT))
#define PAYLOADS(payloads) INITIATE(CONTENT(GOOD_NAME, payloads, GOOD_TRANSPORT))
#define NAMED(attributes)  INITIATE(CONTENT(attributes, GOOD_PAYLOAD, GOOD_TRANSPORT))
#define OVER(transport)    INITIATE(CONTENT(GOOD_NAME, GOOD_PAYLOAD, transport))
#define DTLS(attributes, value)                                                                    \
    TRANSPORT(CREDENTIALS, "<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' " attributes          \
                           ">" value "</fingerprint>")

static const struct {
    const char *in, *why;
} refused[] = {
    { "<jingle xmlns='urn:xmpp:jingle:1' action='transport-replace' sid='" SID "'/>", "action" },
    { "<jingle xmlns='urn:xmpp:jingle:1' action='security-info' sid='" SID "'/>", "action" },
    { "<jingle xmlns='urn:xmpp:jingle:1' sid='" SID "'/>", "action" },
    { "<jingle xmlns='urn:xmpp:jingle:1' action='session-info'/>", "sid" },
    { "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='short'/>", "sid" },
    { "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='0123456789abcde&#10;f'/>",
      "sid" },
    { "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='0123456789abcdef==='/>",
      "sid" },
    { EMPTY("session-initiate"), "no-content" },
    { EMPTY("transport-info"), "no-content" },
    { NAMED("name='a'"), "content-creator" },
    { NAMED("creator='caller' name='a'"), "content-creator" },
    { NAMED("creator='initiator'"), "content-name" },
    { NAMED("creator='initiator' name='a b'"), "content-name" },
    { NAMED("creator='initiator' name='a&#13;&#10;a=ice-lite'"), "content-name" },
    { NAMED("creator='initiator' name='0123456789012345678901234567890123'"), "content-name" },
    { NAMED("creator='initiator' name='a' senders='everybody'"), "senders" },
    { INITIATE("<content " GOOD_NAME ">" GOOD_TRANSPORT "</content>"), "no-description" },
    { INITIATE(CONTENT(GOOD_NAME, GOOD_PAYLOAD, "")), "no-transport" },
    { PAYLOADS(""), "no-media" },
    { PAYLOADS("<payload-type id='9' name='x-ISAC'/>"), "no-media" },
    { INITIATE(CONTENT(GOOD_NAME, GOOD_PAYLOAD, GOOD_TRANSPORT)
                   CONTENT(GOOD_NAME, GOOD_PAYLOAD, GOOD_TRANSPORT)),
      "content-twice" },
    { INITIATE(CONTENT(GOOD_NAME, GOOD_PAYLOAD, GOOD_TRANSPORT)
                   CONTENT("creator='initiator' name='b'", GOOD_PAYLOAD, GOOD_TRANSPORT)),
      "media-twice" },
    { JINGLE("content-modify",
             "<content creator='initiator' name='a'/><content "
             "creator='initiator' name='b'/><content creator='initiator' name='c'/>"),
      "contents" },
    { INITIATE("<content " GOOD_NAME "><description xmlns='urn:xmpp:jingle:apps:rtp:1' "
               "media='application'/>" GOOD_TRANSPORT "</content>"),
      "media" },
    { INITIATE("<content " GOOD_NAME "><description "
               "xmlns='urn:xmpp:jingle:apps:file-transfer:5'/>" GOOD_TRANSPORT "</content>"),
      "description" },
    { OVER("<transport xmlns='urn:xmpp:jingle:transports:s5b:1'/>"), "transport" },
    { OVER("<transport xmlns='urn:xmpp:jingle:transports:raw-udp:1'/>"), "transport" },
    { OVER(GOOD_TRANSPORT GOOD_TRANSPORT), "transport-twice" },
    { PAYLOADS("<payload-type name='opus'/>"), "payload-id" },
    { PAYLOADS("<payload-type id='128' name='opus'/>"), "payload-id" },
    { PAYLOADS("<payload-type id='-1' name='opus'/>"), "payload-id" },
    { PAYLOADS(GOOD_PAYLOAD GOOD_PAYLOAD), "payload-twice" },
    { PAYLOADS("<payload-type id='1'/>"), "payload-name" },
    { PAYLOADS("<payload-type id='1' name='opus&#10;a=x'/>"), "payload-name" },
    { PAYLOADS("<payload-type id='1' name='opus' clockrate='1'/>"), "clockrate" },
    { PAYLOADS("<payload-type id='1' name='opus' channels='9'/>"), "channels" },
    { PAYLOADS("<payload-type id='1' name='opus'><parameter name='a' value='b&#13;&#10;a=c'/>"
               "</payload-type>"),
      "parameter" },
    { PAYLOADS("<payload-type id='1' name='opus'><parameter name='a b' value='c'/>"
               "</payload-type>"),
      "parameter" },
    { PAYLOADS("<payload-type id='1' name='opus'><rtcp-fb "
               "xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0'/></payload-type>"),
      "feedback" },
    { PAYLOADS(GOOD_PAYLOAD "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='0' "
                            "uri='urn:3gpp:video-orientation'/>"),
      "extension-id" },
    { PAYLOADS(GOOD_PAYLOAD "<rtp-hdrext xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='1' "
                            "uri='a&#10;b'/>"),
      "extension" },
    { PAYLOADS(GOOD_PAYLOAD "<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' "
                            "ssrc='4294967296'/>"),
      "ssrc" },
    { PAYLOADS(GOOD_PAYLOAD "<ssrc-group xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' "
                            "semantics='ANY'/>"),
      "source-group" },
    { OVER(TRANSPORT("", CLEAR_FINGERPRINT)), "no-media" },
    { OVER(TRANSPORT("ufrag='abc' pwd='asd88fgpdd777uzjYhagZg'", CLEAR_FINGERPRINT)),
      "credentials" },
    { OVER(TRANSPORT("ufrag='8hhy' pwd='tooshort'", CLEAR_FINGERPRINT)), "credentials" },
    { OVER(TRANSPORT("ufrag='8h:y' pwd='asd88fgpdd777uzjYhagZg'", CLEAR_FINGERPRINT)),
      "credentials" },
    { OVER(TRANSPORT(CREDENTIALS, "")), "no-fingerprint" },
    { OVER(TRANSPORT(CREDENTIALS, CLEAR_FINGERPRINT SEALED_FINGERPRINT)), "fingerprint-twice" },
    { OVER(DTLS("hash='md5' setup='active'", DIGEST)), "fingerprint" },
    { OVER(DTLS("hash='sha-512' setup='active'", DIGEST)), "fingerprint" },
    { OVER(DTLS("hash='sha-256'", DIGEST)), "fingerprint" },
    { OVER(DTLS("hash='sha-256' setup='holdconn'", DIGEST)), "fingerprint" },
    { OVER(DTLS("hash='sha-256' setup='active'", "021ACC")), "fingerprint" },
    { OVER(TRANSPORT(
          CREDENTIALS,
          "<fingerprint "
          "xmlns='http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification' hash='sha-256' "
          "setup='active'/>")),
      "fingerprint" },
    { OVER(TRANSPORT(
          CREDENTIALS,
          "<fingerprint "
          "xmlns='http://gultsch.de/xmpp/drafts/omemo/dlts-srtp-verification' hash='sha-256' "
          "setup='active'><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='7'>"
          "<key rid='1'>a2V5</key><key rid='2'>a2V5</key></header><payload>aA==</payload>"
          "</encrypted></fingerprint>")),
      "fingerprint" },
    { JINGLE("session-info", "<record xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>"), "info" },
    { JINGLE("session-info", "<hold xmlns='urn:xmpp:jingle:apps:rtp:info:1'/><hold "
                             "xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>"),
      "info-twice" },
    { INITIATE("<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'>"
               "<content name='other'/></group>" CONTENT(GOOD_NAME, GOOD_PAYLOAD, GOOD_TRANSPORT)),
      "group" },
    { ADD_TO("<content name='a b'/>"), "group" },
    { ADD_TO("<content name='0'/><content name='0'/>"), "group" },
    { ADD_TO("<content name='0'/><content name='1'/><content name='2'/>"), "group" },
    { INITIATE("<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'/>"
               "<group xmlns='urn:xmpp:jingle:apps:grouping:0' semantics='BUNDLE'/>" CONTENT(
                   GOOD_NAME, GOOD_PAYLOAD, GOOD_TRANSPORT)),
      "group-twice" },
    { "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='" SID "' a1='' a2='' a3='' "
      "a4='' a5='' a6='' a7='' a8='' a9='' a10='' a11='' a12='' a13='' a14='' a15=''/>",
      "size" },
    { JINGLE("session-info", "<a><b><c><d><e><f><g><h/></g></f></e></d></c></b></a>"), "size" },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct arena a = { 0 };
        struct jingle j;
        const char *why = NULL;

        if (jingle_read(&a, text_tree(&a, str_from(refused[i].in)), &j, &why) == ERR_NONE)
            fail_msg("%s was read", refused[i].in);
        assert_string_equal(why, refused[i].why);
        arena_deinit(&a);
    }
}

/* XEP-0338: who adds a picture to a bundle names all of it (Conversations). */
static void test_joins_a_group(void **state)
{
    struct arena a = { 0 };
    struct jingle j, again;
    struct str once;

    (void)state;
    once = rewritten(&a, STR(ADD_TO("<content name='0'/>")), &j);
    assert_int_equal(j.content_count, 1);
    assert_int_equal(j.beside_count, 1);
    assert_true(j.contents[0].in_group && j.left_out == 0);
    assert_non_null(strstr(arena_printf(&a, "%.*s%c", STR_ARG(once), '\0').p,
                           "<content name='0'/><content name='a'/></group>"));
    assert_true(str_eq(once, rewritten(&a, once, &again)));
    arena_deinit(&a);
}

/* ---- Too many of everything -------------------------------------------------------------------------- */

static const struct {
    const char *what, *before, *each;
    unsigned most; /* that are read */
    const char *why;
} counted[] = {
    { "payload types",
      INITIATE("<content " GOOD_NAME "><description "
               "xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'>|</description>" GOOD_TRANSPORT
               "</content>"),
      "<payload-type id='#' name='opus'/>", 64, "payloads" },
    { "parameters", PAYLOADS("<payload-type id='1' name='opus'>|</payload-type>"),
      "<parameter name='a' value='#'/>", 16, "parameters" },
    { "feedback", PAYLOADS("<payload-type id='1' name='opus'>|</payload-type>"),
      "<rtcp-fb xmlns='urn:xmpp:jingle:apps:rtp:rtcp-fb:0' type='t#'/>", 12, "feedbacks" },
    { "extensions", PAYLOADS(GOOD_PAYLOAD "|"),
      "<rtp-hdrext "
      "xmlns='urn:xmpp:jingle:apps:rtp:rtp-hdrext:0' id='#' uri='urn:3gpp:video-orientation'/>",
      24, "extensions" },
    { "sources", PAYLOADS(GOOD_PAYLOAD "|"),
      "<source xmlns='urn:xmpp:jingle:apps:rtp:ssma:0' ssrc='#'/>", 8, "sources" },
    { "candidates", OVER(TRANSPORT(CREDENTIALS, CLEAR_FINGERPRINT "|")), "<candidate id='c#'/>", 32,
      "candidates" },
    { "elements", PAYLOADS(GOOD_PAYLOAD "|"), "<x n='#'/>", 1194, "size" },
};

static enum err read_counted(size_t i, unsigned n, const char **why)
{
    static char text[200000];
    const char *bar = strchr(counted[i].before, '|');
    size_t used = (size_t)(bar - counted[i].before);
    struct arena a = { 0 };
    struct jingle j;
    enum err e;

    memcpy(text, counted[i].before, used);
    for (unsigned k = 1; k <= n; k++) {
        const char *number = strchr(counted[i].each, '#');

        used += (size_t)snprintf(text + used, sizeof text - used, "%.*s%u%s",
                                 (int)(number - counted[i].each), counted[i].each, k, number + 1);
    }
    used += (size_t)snprintf(text + used, sizeof text - used, "%s", bar + 1);
    assert_true(used < sizeof text);
    e = jingle_read(&a, text_tree(&a, (struct str){ text, used }), &j, why);
    arena_deinit(&a);
    return e;
}

static void test_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
        const char *why;

        check_err(counted[i].what, read_counted(i, counted[i].most, &why), ERR_NONE);
        assert_int_not_equal(read_counted(i, counted[i].most + 1, &why), ERR_NONE);
        assert_string_equal(why, counted[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations), cmocka_unit_test(test_dino),
        cmocka_unit_test(test_written),       cmocka_unit_test(test_kept),
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_counted),
        cmocka_unit_test(test_joins_a_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
