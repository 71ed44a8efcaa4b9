/* test_sdp.c: descriptions of browsers, of Dino and of our own; and of those who try something. */
#include "test/unit/check.h"

#include <stdio.h>
#include <string.h>

#include "media/description.h"

#define FINGERPRINT                                                                                \
    "AB:CD:EF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:"                                             \
    "AB:CD:EF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC"
#define HEAD  "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0\r\nc=IN IP4 0.0.0.0\r\n"
#define WAY                                                                                        \
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"                                     \
    "a=fingerprint:sha-256 " FINGERPRINT "\r\na=setup:actpass\r\n"
#define CANDIDATE "a=candidate:1 1 udp 2130706431 192.0.2.1 3478 typ host generation 0\r\n"
#define MUX       "a=rtcp-mux\r\n"
#define OPUS      "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
#define RED       "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
#define VIDEO     "m=video 9 UDP/TLS/RTP/SAVPF 98 96\r\nc=IN IP4 0.0.0.0\r\n"
#define VP8                                                                                        \
    "a=rtpmap:98 H264/90000\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n"                     \
    "a=rtcp-fb:96 nack pli\r\na=rtcp-fb:* ccm fir\r\na=rtcp-fb:98 goog-remb\r\n"

static const struct {
    const char *text;
    const char *why; /* NULL: taken */
} rows[] = {
    { HEAD AUDIO WAY CANDIDATE MUX OPUS RED, NULL },
    { HEAD AUDIO WAY CANDIDATE MUX OPUS, NULL },
    { HEAD WAY AUDIO CANDIDATE MUX OPUS, NULL }, /* said for the session */
    { HEAD "a=group:BUNDLE 0 1\r\n" AUDIO "a=mid:0\r\n" WAY CANDIDATE MUX OPUS VIDEO
           "a=mid:1\r\n" MUX VP8,
      NULL },
    { HEAD AUDIO WAY CANDIDATE MUX OPUS VIDEO WAY CANDIDATE MUX VP8, NULL }, /* Dino: no group */
    { HEAD AUDIO WAY CANDIDATE MUX OPUS "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n", NULL },
    { HEAD AUDIO WAY CANDIDATE MUX OPUS VIDEO WAY CANDIDATE MUX "a=rtpmap:98 H264/90000\r\n",
      NULL },
    { HEAD AUDIO WAY CANDIDATE
      "a=candidate:2 1 tcp 1518280447 192.0.2.1 443 typ host tcptype passive\r\n"
      "a=candidate:3 2 udp 1 192.0.2.1 3479 typ host\r\n" MUX OPUS,
      NULL },
    { HEAD AUDIO WAY
      "a=candidate:1 1 UDP 1 2001:db8::1 3478 typ relay raddr :: rport 0\r\n" MUX OPUS,
      NULL },
    { "", "audio" },
    { HEAD, "audio" },
    { HEAD VIDEO WAY CANDIDATE MUX VP8, "audio" },
    { HEAD "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n" WAY CANDIDATE MUX OPUS, "audio" },
    { HEAD AUDIO WAY CANDIDATE MUX, "audio" }, /* nothing that we speak */
    { HEAD AUDIO WAY CANDIDATE OPUS, "rtcp-mux" },
    { HEAD AUDIO WAY MUX OPUS, "candidates" },
    { HEAD AUDIO CANDIDATE MUX OPUS, "credentials" },
    { HEAD AUDIO WAY WAY CANDIDATE MUX OPUS, "credentials" }, /* twice */
    { HEAD AUDIO "a=ice-ufrag:abc\r\n", "credentials" },
    { HEAD AUDIO "a=ice-ufrag:ab cd\r\n", "credentials" },
    { HEAD AUDIO "a=ice-pwd:short\r\n", "credentials" },
    { HEAD AUDIO "a=fingerprint:sha-256 AB:CD\r\n", "fingerprint" },
    { HEAD AUDIO "a=fingerprint:sha-256 " FINGERPRINT "\r\na=fingerprint:sha-256 " FINGERPRINT
                 "\r\n",
      "fingerprint" },
    { HEAD AUDIO
      "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:active\r\n" CANDIDATE MUX
          OPUS,
      "fingerprint" },
    { HEAD AUDIO "a=setup:holdconn\r\n", "setup" },
    { HEAD AUDIO WAY "a=candidate:1 1 udp 1 anchor.example 3478 typ host\r\n", "candidate" },
    { HEAD AUDIO WAY "a=candidate:1 1 udp 1 0d3c.local 3478 typ host\r\n", "candidate" },
    { HEAD AUDIO WAY "a=candidate:1 1 udp 1 192.0.2.1 0 typ host\r\n", "candidate" },
    { HEAD AUDIO WAY "a=candidate:1 1 udp 1 192.0.2.1 70000 typ host\r\n", "candidate" },
    { HEAD AUDIO WAY "a=candidate:1 1 udp 1 192.0.2.1 9 typ srflx\r\n", "candidate" },
    { HEAD AUDIO WAY "a=candidate:1 1 udp\r\n", "candidate" },
    { HEAD CANDIDATE, "candidate" },
    { HEAD AUDIO WAY CANDIDATE CANDIDATE CANDIDATE CANDIDATE CANDIDATE, "candidates" },
    { HEAD AUDIO AUDIO, "sections" },
    { HEAD AUDIO MUX OPUS VIDEO MUX VP8 VIDEO, "sections" },
    { HEAD "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", "sections" },
    { HEAD "m=audio 9 RTP/AVP 111\r\n", "protocol" },
    { HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 111 111\r\n", "types" },
    { HEAD "m=audio 9 UDP/TLS/RTP/SAVPF 128\r\n", "types" },
    { HEAD AUDIO "a=rtpmap:200 opus/48000/2\r\n", "rtpmap" },
    { HEAD AUDIO "a=mid:\r\n", "mid" },
    { HEAD AUDIO "a=mid:123456789012345678901234567890123\r\n", "mid" },
    { HEAD "a\r\n", "line" },
    { HEAD "a=x\ty\r\n", "line" },
    { HEAD "a=x\ra=y\r\n", "line" },
    { HEAD "a=group:BUNDLE 0 1\r\n" AUDIO WAY CANDIDATE MUX OPUS,
      NULL }, /* a section without a name */
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sdp s;
        const char *why = "";
        enum err e = description_read(str_from(rows[i].text), &s, &why);

        if ((e == ERR_NONE) != (rows[i].why == NULL)
            || (e != ERR_NONE && strcmp(why, rows[i].why) != 0))
            fail_msg("row %zu: '%s' instead of '%s'", i, e == ERR_NONE ? "taken" : why,
                     rows[i].why == NULL ? "taken" : rows[i].why);
    }
}

static void test_values(void **state)
{
    const struct sdp_section *audio, *video;
    const char *why;
    struct sdp s;

    (void)state;
    assert_int_equal(description_read(str_from(rows[3].text), &s, &why), ERR_NONE);
    assert_true(s.bundled);
    audio = description_section(&s, SDP_AUDIO);
    video = description_section(&s, SDP_VIDEO);
    assert_int_equal(audio->type, 111);
    assert_int_equal(audio->red, SDP_NO_TYPE);
    assert_string_equal(audio->mid, "0");
    assert_string_equal(audio->transport.ufrag, "abcd");
    assert_int_equal(audio->transport.fingerprint[1], 0xcd);
    assert_int_equal(audio->transport.setup, SDP_ACTPASS);
    assert_int_equal(audio->transport.candidates[0].port, 3478);
    assert_int_equal(audio->transport.candidates[0].ip[0], 192);
    assert_int_equal(video->type, 96);
    assert_true(video->nack && video->pli && video->fir && !video->remb);
    assert_int_equal(description_read(str_from(rows[0].text), &s, &why), ERR_NONE);
    assert_int_equal(s.sections[0].red, 63);
    assert_int_equal(description_read(str_from(rows[4].text), &s, &why), ERR_NONE);
    assert_false(s.bundled);
    assert_int_equal(description_read(str_from(rows[6].text), &s, &why), ERR_NONE);
    assert_true(description_section(&s, SDP_VIDEO)->refused);
    assert_int_equal(description_read(str_from(rows[8].text), &s, &why), ERR_NONE);
    assert_true(s.sections[0].transport.candidates[0].is_v6);
}

/* LF alone; cut at every octet nothing is taken for more than it is. */
static void test_forms(void **state)
{
    const char *why;
    struct sdp s;
    char text[2000];
    size_t n = 0;

    (void)state;
    for (const char *p = rows[3].text; *p != '\0'; p++)
        if (*p != '\r')
            text[n++] = *p;
    assert_int_equal(description_read((struct str){ text, n }, &s, &why), ERR_NONE);
    for (size_t cut = 0; cut < n; cut++)
        if (description_read((struct str){ text, cut }, &s, &why) == ERR_NONE)
            assert_true(s.count > 0 && s.sections[0].transport.candidate_count > 0);
}

static void test_caps(void **state)
{
    const char *why;
    struct sdp s;
    struct buf b;

    (void)state;
    buf_init(&b, 2 * SDP_MAX);
    buf_add(&b, str_from(rows[0].text));
    for (int i = 0; i < SDP_LINES_MAX; i++)
        buf_add(&b, STR("a=x\r\n"));
    assert_int_equal(description_read(buf_str(&b), &s, &why), ERR_TOO_BIG);
    while (b.n <= SDP_MAX)
        buf_add(&b, STR("a=x\r\n"));
    assert_int_equal(description_read(buf_str(&b), &s, &why), ERR_TOO_BIG);
    buf_deinit(&b);
}

/* What we write, we take, once an anchor has put a candidate into it. */
static void test_own(void **state)
{
    struct sdp ours = { .count = 2, .bundled = true }, back;
    const char *why;
    struct buf b, with;
    struct str rest;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sdp_section *s = &ours.sections[i];

        s->kind = i == 0 ? SDP_AUDIO : SDP_VIDEO;
        s->sends = s->receives = s->nack = s->pli = s->remb = true;
        s->type = i == 0 ? 111 : 96;
        s->red = i == 0 ? 63 : SDP_NO_TYPE;
        s->ssrc = 5;
        memcpy(s->mid, i == 0 ? "audio" : "video", 6);
        memcpy(s->transport.ufrag, "ufrag", 6);
        memcpy(s->transport.pwd, "password90123456789012", 23);
        s->transport.fingerprint[31] = 0xfe;
        s->transport.setup = SDP_ACTIVE;
    }
    buf_init(&b, SDP_MAX);
    buf_init(&with, SDP_MAX);
    description_write(&b, &ours, "stream");
    assert_null(memmem(b.p, b.n, "candidate", 9));
    rest = buf_str(&b);
    while (rest.p != NULL) {
        struct str line = str_split(&rest, '\n');

        buf_add(&with, line);
        buf_add_char(&with, '\n');
        if (str_starts(line, STR("a=ice-ufrag")))
            buf_add(&with, STR(CANDIDATE));
    }
    buf_cut(&with, with.n - 1);
    assert_int_equal(description_read(buf_str(&with), &back, &why), ERR_NONE);
    assert_true(back.bundled);
    assert_int_equal(back.sections[0].red, 63);
    assert_int_equal(back.sections[0].transport.fingerprint[31], 0xfe);
    assert_int_equal(back.sections[1].type, 96);
    assert_true(back.sections[1].remb && !back.sections[1].fir);
    buf_deinit(&b);
    buf_deinit(&with);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows), cmocka_unit_test(test_values), cmocka_unit_test(test_forms),
        cmocka_unit_test(test_caps), cmocka_unit_test(test_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
