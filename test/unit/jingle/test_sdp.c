/* test_sdp.c: descriptions of deployed stacks come through as SDP and as Jingle with all that a call needs, and without the addresses
 * and names that are in them; what is no description of a call of ours is refused.
 */
#include "test/unit/jingle/texts.h"

#include <string.h>

#include "jingle/sdp.h"
#include "test/unit/jingle/descriptions.h"

static struct str rewritten(struct arena *a, struct str text, enum jingle_action action,
                            struct jingle *j)
{
    struct str out = STR_NONE;
    const char *why;
    enum err e = sdp_read(a, text, action, STR(SID), j, &why);

    if (e != ERR_NONE)
        fail_msg("%.*s: %s", STR_ARG(text), why);
    check_err("sdp_write", sdp_write(a, j, NULL, &out), ERR_NONE);
    return out;
}

/* ---- Shapes ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *in, *out;
} shapes[] = {
    { "Chromium", CHROMIUM_OFFER,
      SDP_BEGIN "a=group:BUNDLE 0 1" L CHROMIUM_CONTENT_0 CHROMIUM_CONTENT_1 },
    { "GStreamer", GSTREAMER_OFFER, GSTREAMER_WRITTEN },
    { "without bundle, an end of line of its own",
      "v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 0\na=rtpmap:0 PCMU/8000\na=ptime:20\na=maxptime:60\n"
      "b=AS:64\na=inactive\na=ice-ufrag:8hhy\na=ice-pwd:asd88fgpdd777uzjYhagZg\n"
      "a=fingerprint:sha-256 " DIGEST "\na=setup:passive\n",
      SDP_BEGIN "m=audio 9 UDP/TLS/RTP/SAVPF 0" L "c=IN IP4 0.0.0.0" L "b=AS:64" L
                "a=rtcp:9 IN IP4 0.0.0.0" L "a=mid:audio" L "a=inactive" L "a=ice-ufrag:8hhy" L
                "a=ice-pwd:asd88fgpdd777uzjYhagZg" L "a=fingerprint:sha-256 " DIGEST L
                "a=setup:passive" L "a=rtpmap:0 PCMU/8000" L "a=ptime:20" L "a=maxptime:60" L },
    { "of the session, for all",
      "v=0" L SDP_TRANSPORT "a=recvonly" L "a=ice-options:trickle renomination other" L
      "m=audio 9 UDP/TLS/RTP/SAVPF 8 96" L "a=rtpmap:96 opus/48000" L "a=rtcp-mux" L
      "a=rtcp-fb:* ccm fir" L "a=rtcp-fb:96 trr-int 100" L,
      SDP_BEGIN "m=audio 9 UDP/TLS/RTP/SAVPF 96" L "c=IN IP4 0.0.0.0" L "a=mid:audio" L
                "a=recvonly" L "a=ice-ufrag:8hhy" L "a=ice-pwd:asd88fgpdd777uzjYhagZg" L
                "a=ice-options:trickle renomination" L "a=fingerprint:sha-256 " DIGEST L
                "a=setup:actpass" L "a=rtpmap:96 opus/48000" L "a=rtcp-fb:96 trr-int 100" L
                "a=rtcp-fb:* ccm fir" L "a=rtcp-mux" L },
};

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        static const enum jingle_action actions[] = { JINGLE_SESSION_INITIATE,
                                                      JINGLE_SESSION_ACCEPT };
        for (size_t k = 0; k < 2; k++) {
            struct arena a = { 0 };
            struct jingle j, again;
            const char *why;
            struct str once = rewritten(&a, str_from(shapes[i].in), actions[k], &j);
            struct xml_node *tree = text_tree(&a, tree_text(&a, jingle_write(&a, &j)));

            check_str(shapes[i].name, once, shapes[i].out);
            check_str("again", rewritten(&a, once, actions[k], &again), shapes[i].out);
            check_err("as Jingle", jingle_read(&a, tree, &again, &why), ERR_NONE);
            assert_int_equal(again.left_out, 0);
            assert_true(sdp_write(&a, &again, NULL, &once) == ERR_NONE);
            check_str("through Jingle", once, shapes[i].out);
            arena_deinit(&a);
        }
    }
}

/* Nothing that says where somebody is, or on which machine. */
static void test_no_addresses(void **state)
{
    static const char *const secrets[] = { "192.168", "203.0.113", ".local", "Alice",
                                           "7f3a",    "host-5b",   "53211",  "tracker" };
    struct arena a = { 0 };
    struct jingle j;
    struct str texts[2];

    (void)state;
    (void)rewritten(&a, STR(CHROMIUM_OFFER), JINGLE_SESSION_INITIATE, &j);
    texts[0] = tree_text(&a, jingle_write(&a, &j));
    (void)rewritten(&a, STR(GSTREAMER_OFFER), JINGLE_SESSION_INITIATE, &j);
    texts[1] = tree_text(&a, jingle_write(&a, &j));
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < sizeof secrets / sizeof *secrets; k++)
            assert_null(memmem(texts[i].p, texts[i].n, secrets[k], strlen(secrets[k])));
    arena_deinit(&a);
}

/* Whose direction: the same line of an answer means the other party. */
static void test_senders(void **state)
{
    struct arena a = { 0 };
    struct jingle j;

    (void)state;
    (void)rewritten(&a, STR(GSTREAMER_OFFER), JINGLE_SESSION_INITIATE, &j);
    assert_int_equal(j.contents[0].senders, JINGLE_INITIATOR);
    (void)rewritten(&a, STR(GSTREAMER_OFFER), JINGLE_SESSION_ACCEPT, &j);
    assert_int_equal(j.contents[0].senders, JINGLE_RESPONDER);
    arena_deinit(&a);
}

/* ---- From the other side ---------------------------------------------------------------------------- */

/* Dino's, with the anchor's candidates in place of its own. */
static void test_from_dino(void **state)
{
    struct arena a = { 0 };
    struct jingle j;
    const char *why;
    struct str out = STR_NONE;
    struct xml_node *tree = text_tree(&a, STR(DINO_OFFER));

    (void)state;
    check_err("dino", jingle_read(&a, tree, &j, &why), ERR_NONE);
    jingle_candidates(&a, tree, &j);
    assert_int_equal(j.contents[0].transport.candidate_count, 2);
    j.contents[0].transport.candidates[1] = (struct jingle_candidate){
        .component = 1, .priority = 1518280447, .port = 443, .ip = STR("2001:db8::1"), .tcp = true
    };
    check_err("written", sdp_write(&a, &j, NULL, &out), ERR_NONE);
    check_str("dino", out,
              SDP_BEGIN "m=audio 9 UDP/TLS/RTP/SAVPF 111" L "c=IN IP4 0.0.0.0" L "a=mid:audio" L
                        "a=sendrecv" L SDP_TRANSPORT
                        "a=candidate:1 1 udp 2130706431 10.0.1.1 8998 typ host generation 0" L
                        "a=candidate:2 1 tcp 1518280447 2001:db8::1 443 typ host tcptype passive "
                        "generation 0" L "a=end-of-candidates" L "a=rtpmap:111 opus/48000/2" L
                        "a=rtcp-mux" L);
    arena_deinit(&a);
}

#define WITH(attributes)                                                                           \
    "<jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='" SID                          \
    "'><content creator='initiator' name='a'><transport "                                          \
    "xmlns='urn:xmpp:jingle:transports:ice-udp:1'><candidate " attributes                          \
    "/></transport></content></jingle>"

static void test_candidates(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } rows[] = {
        { WITH("component='1' ip='192.0.2.1' port='1' priority='0' protocol='udp'"), 1 },
        { WITH("component='2' ip='2001:db8::1' port='65535' priority='4294967295' protocol='udp'"),
          1 },
        { WITH("component='1' ip='192.0.2.1' port='443' priority='1' protocol='tcp' "
               "tcptype='passive'"),
          1 },
        { WITH("component='1' ip='192.0.2.1' port='443' priority='1' protocol='tcp' "
               "tcptype='active'"),
          0 },
        { WITH("component='1' ip='192.0.2.1' port='443' priority='1' protocol='tcp'"), 0 },
        { WITH("component='1' ip='evil.example' port='1' priority='0' protocol='udp'"), 0 },
        { WITH("component='1' ip='192.0.2.1 typ host&#10;a=x' port='1' priority='0' "
               "protocol='udp'"),
          0 },
        { WITH("component='3' ip='192.0.2.1' port='1' priority='0' protocol='udp'"), 0 },
        { WITH("component='1' ip='192.0.2.1' port='0' priority='0' protocol='udp'"), 0 },
        { WITH("component='1' ip='192.0.2.1' port='1' protocol='udp'"), 0 },
        { WITH("component='1' ip='192.0.2.1' port='1' priority='0'"), 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = { 0 };
        struct jingle j;
        const char *why;
        struct xml_node *tree = text_tree(&a, str_from(rows[i].text));

        check_err(rows[i].text, jingle_read(&a, tree, &j, &why), ERR_NONE);
        jingle_candidates(&a, tree, &j);
        if (j.contents[0].transport.candidate_count != rows[i].count)
            fail_msg("%s", rows[i].text);
        arena_deinit(&a);
    }
}

/* A medium that was offered and is not taken keeps its place, with port 0 (RFC 3264 §6). */
static void test_declined(void **state)
{
    struct arena a = { 0 };
    struct jingle offer, answer, again;
    struct str out = STR_NONE;
    const char *why;

    (void)state;
    (void)rewritten(&a, STR(CHROMIUM_OFFER), JINGLE_SESSION_INITIATE, &offer);
    (void)rewritten(&a, STR("v=0" L "a=group:BUNDLE 0" L CHROMIUM_CONTENT_0), JINGLE_SESSION_ACCEPT,
                    &answer);
    check_err("answer", sdp_write(&a, &answer, &offer, &out), ERR_NONE);
    check_str("declined", out,
              SDP_BEGIN "a=group:BUNDLE 0" L CHROMIUM_CONTENT_0
                        "m=video 0 UDP/TLS/RTP/SAVPF 96 97" L "c=IN IP4 0.0.0.0" L "a=mid:1" L
                        "a=inactive" L);
    check_err("read", sdp_read(&a, out, JINGLE_SESSION_ACCEPT, STR(SID), &again, &why), ERR_NONE);
    assert_int_equal(again.content_count, 1);
    arena_deinit(&a);
}

/* A fingerprint that is sealed is not one to connect by. */
static void test_sealed(void **state)
{
    struct arena a = { 0 };
    struct jingle j;
    const char *why;
    struct str out = STR_NONE;

    (void)state;
    check_err("read", jingle_read(&a, text_tree(&a, STR(CONVERSATIONS_OFFER)), &j, &why), ERR_NONE);
    check_err("sealed", sdp_write(&a, &j, NULL, &out), ERR_DENIED);
    j.contents[0].transport.fingerprint.is_sealed = false;
    check_err("one is", sdp_write(&a, &j, NULL, &out), ERR_DENIED);
    j.contents[1].transport.has_fingerprint = false;
    check_err("one is not there", sdp_write(&a, &j, NULL, &out), ERR_DENIED);
    assert_int_equal(out.n, 0);
    arena_deinit(&a);
}

/* ---- Refused ---------------------------------------------------------------------------------------- */

#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 96" L
#define OPUS  "a=rtpmap:96 opus/48000/2" L

static const struct {
    const char *in, *why;
} refused[] = {
    { "", "no-content" },
    { "v=0" L, "no-content" },
    { "nonsense" L, "line" },
    { "v" L, "line" },
    { AUDIO OPUS SDP_TRANSPORT "a=mid:a\x01" L, "line" },
    { AUDIO OPUS SDP_TRANSPORT "a=mid:\xc3\xa4" L, "line" },
    { "m=audio 9 RTP/AVP 96" L OPUS SDP_TRANSPORT, "transport" },
    { "m=audio 9 TCP/TLS/RTP/SAVPF 96" L OPUS SDP_TRANSPORT, "transport" },
    { "m=application 9 UDP/TLS/RTP/SAVPF 96" L OPUS SDP_TRANSPORT, "media" },
    { "m=audio 9 UDP/TLS/RTP/SAVPF 128" L OPUS SDP_TRANSPORT, "payload-id" },
    { AUDIO SDP_TRANSPORT, "no-media" },
    { AUDIO "a=rtpmap:97 opus/48000/2" L SDP_TRANSPORT, "rtpmap" },
    { AUDIO OPUS "a=fmtp:97 a=b" L SDP_TRANSPORT, "fmtp" },
    { AUDIO OPUS "a=rtcp-fb:97 nack" L SDP_TRANSPORT, "feedback" },
    { AUDIO "a=rtpmap:96 opus/1" L SDP_TRANSPORT, "clockrate" },
    { AUDIO "a=rtpmap:96 opus/48000/9" L SDP_TRANSPORT, "channels" },
    { AUDIO OPUS "a=ice-ufrag:8hhy" L "a=ice-pwd:short" L, "credentials" },
    { AUDIO OPUS SDP_TRANSPORT "a=fingerprint:sha-256 " DIGEST L, "fingerprint-twice" },
    { AUDIO OPUS "a=ice-ufrag:8hhy" L "a=ice-pwd:asd88fgpdd777uzjYhagZg" L, "no-fingerprint" },
    { AUDIO OPUS "a=ice-ufrag:8hhy" L "a=ice-pwd:asd88fgpdd777uzjYhagZg" L "a=setup:active" L
                 "a=fingerprint:md5 AA:BB" L,
      "fingerprint" },
    { AUDIO OPUS SDP_TRANSPORT "a=mid:two words" L, "content-name" },
    { AUDIO OPUS SDP_TRANSPORT "a=extmap:1/upwards urn:3gpp:video-orientation" L, "extension" },
    { AUDIO OPUS SDP_TRANSPORT "a=extmap:0 urn:3gpp:video-orientation" L, "extension-id" },
    { AUDIO OPUS SDP_TRANSPORT "a=ssrc:-1 cname:a" L, "ssrc" },
    { AUDIO OPUS SDP_TRANSPORT "a=ssrc-group:FOO 1 2" L, "source-group" },
    { "a=group:BUNDLE a b" L AUDIO OPUS "a=mid:a" L SDP_TRANSPORT, "group" },
    { "a=group:BUNDLE a" L "a=group:BUNDLE a" L AUDIO OPUS "a=mid:a" L SDP_TRANSPORT,
      "group-twice" },
    { AUDIO OPUS SDP_TRANSPORT AUDIO OPUS SDP_TRANSPORT, "content-twice" },
    { AUDIO OPUS SDP_TRANSPORT AUDIO OPUS SDP_TRANSPORT "a=mid:b" L, "media-twice" },
    { AUDIO OPUS SDP_TRANSPORT AUDIO AUDIO, "contents" },
    { "m=audio 0 UDP/TLS/RTP/SAVPF 96" L OPUS SDP_TRANSPORT, "no-content" },
};

/* One number, however it is written, is one source: otherwise what is written of it is read differently. */
static void test_one_source(void **state)
{
    struct arena a = { 0 };
    struct jingle j;
    const char *why;

    (void)state;
    check_err("read",
              sdp_read(&a,
                       STR(AUDIO OPUS SDP_TRANSPORT "a=ssrc:07 cname:a" L "a=ssrc:7 msid:a b" L
                                                    "a=ssrc:8 cname:a" L),
                       JINGLE_SESSION_ACCEPT, STR(SID), &j, &why),
              ERR_NONE);
    assert_int_equal(j.contents[0].description.source_count, 2);
    assert_int_equal(j.contents[0].description.sources[0], 7);
    assert_int_equal(j.contents[0].description.sources[1], 8);
    arena_deinit(&a);
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct arena a = { 0 };
        struct jingle j;
        const char *why = NULL;
        enum err e =
            sdp_read(&a, str_from(refused[i].in), JINGLE_SESSION_INITIATE, STR(SID), &j, &why);

        if (e == ERR_NONE || why == NULL || strcmp(why, refused[i].why) != 0)
            fail_msg("%s: %s, want %s", refused[i].in, why != NULL ? why : "", refused[i].why);
        arena_deinit(&a);
    }
}

static void test_sizes(void **state)
{
    static char text[SDP_MAX + 1];
    struct arena a = { 0 };
    struct jingle j;
    const char *why;

    (void)state;
    memset(text, '\n', sizeof text);
    check_err("bytes",
              sdp_read(&a, (struct str){ text, SDP_MAX + 1 }, JINGLE_SESSION_INITIATE, STR(SID), &j,
                       &why),
              ERR_TOO_BIG);
    check_err(
        "lines",
        sdp_read(&a, (struct str){ text, SDP_MAX }, JINGLE_SESSION_INITIATE, STR(SID), &j, &why),
        ERR_MALFORMED);
    assert_string_equal(why, "size");
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),     cmocka_unit_test(test_no_addresses),
        cmocka_unit_test(test_senders),    cmocka_unit_test(test_from_dino),
        cmocka_unit_test(test_candidates), cmocka_unit_test(test_declined),
        cmocka_unit_test(test_sealed),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_sizes),      cmocka_unit_test(test_one_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
