/* test_stream.c: conversations on streams: headers, elements, errors, both roles, both framings; and that
 * cuts change neither events nor output.
 */
#include "test/unit/check.h"

#include <string.h>

#include "test/unit/xml/tree_text.h"
#include "xmpp/ns.h"
#include "xmpp/stream.h"

#define TCP_HEADER                                                                                 \
    "<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM                                \
    "' to='sotto.test' version='1.0'>"
#define TCP_OPENED "opened {" NS_STREAM "}stream to=\"sotto.test\" version=\"1.0\"()\n"
#define TCP_REPLY                                                                                  \
    "<?xml version='1.0'?><stream:stream xmlns:stream='" NS_STREAM "' from='sotto.test' id='s1' "  \
    "version='1.0' xml:lang='en' xmlns='jabber:client'>"
#define TCP_BARE_REPLY                                                                             \
    "<?xml version='1.0'?><stream:stream xmlns:stream='" NS_STREAM                                 \
    "' version='1.0' xml:lang='en' "                                                               \
    "xmlns='jabber:client'>"
#define ERROR(condition)                                                                           \
    "<stream:error><" condition " xmlns='" NS_STREAM_ERRORS "'/></stream:error></stream:stream>"

static const struct xml_limits limits = {
    .element_bytes = 400, .depth = 6, .attrs = 8, .nodes = 20
};

/* Peer's bytes, our events, our bytes. The server answers a header and a closing tag by its own. */
static const struct {
    struct str in;
    const char *events, *out;
} tcp[] = {
    { STR_INIT("<?xml version='1.0'?>" TCP_HEADER), TCP_OPENED, TCP_REPLY },
    { STR_INIT(TCP_HEADER "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>\n "
                          "\n<presence/></stream:stream>"),
      TCP_OPENED "element {jabber:client}iq type=\"get\" id=\"1\"({urn:xmpp:ping}ping())\n"
                 "element {jabber:client}presence()\nclosed\n",
      TCP_REPLY "</stream:stream>" },
    { STR_INIT(TCP_HEADER "</stream:stream>trailing"), TCP_OPENED "closed\n",
      TCP_REPLY "</stream:stream>" },
    { STR_INIT(TCP_HEADER "<stream:error><conflict xmlns='" NS_STREAM_ERRORS
                          "'/></stream:error></stream:stream>"),
      TCP_OPENED "element {" NS_STREAM "}error({" NS_STREAM_ERRORS "}conflict())\nclosed\n",
      TCP_REPLY "</stream:stream>" },
    /* RFC 6120 §4.8.2: children may name the content namespace themselves */
    { STR_INIT("<stream:stream xmlns:stream='" NS_STREAM
               "' version='1.0'><iq xmlns='jabber:client'/>"),
      "opened {" NS_STREAM "}stream version=\"1.0\"()\nelement {jabber:client}iq()\n", TCP_REPLY },
    /* §4.7.5: higher versions are answered with ours */
    { STR_INIT("<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM "' version='2.17'>"),
      "opened {" NS_STREAM "}stream version=\"2.17\"()\n", TCP_REPLY },
    { STR_INIT("<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM
               "' version='01.00'>"),
      "opened {" NS_STREAM "}stream version=\"01.00\"()\n", TCP_REPLY },
    /* §4.9.3, before a header was answered: one is opened first, §4.9.1.2 */
    { STR_INIT("<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM "'>"),
      "failed unsupported-version\n", TCP_BARE_REPLY ERROR("unsupported-version") },
    { STR_INIT("<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM "' version='0.9'>"),
      "failed unsupported-version\n", TCP_BARE_REPLY ERROR("unsupported-version") },
    { STR_INIT("<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM "' version='1'>"),
      "failed unsupported-version\n", TCP_BARE_REPLY ERROR("unsupported-version") },
    { STR_INIT("<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM "' version='1.x'>"),
      "failed unsupported-version\n", TCP_BARE_REPLY ERROR("unsupported-version") },
    { STR_INIT("<stream:stream xmlns='jabber:client' xmlns:stream='u:wrong' version='1.0'>"),
      "failed invalid-namespace\n", TCP_BARE_REPLY ERROR("invalid-namespace") },
    { STR_INIT("<stream:stream xmlns='jabber:server' xmlns:stream='" NS_STREAM "' version='1.0'>"),
      "failed invalid-namespace\n", TCP_BARE_REPLY ERROR("invalid-namespace") },
    { STR_INIT("<stream xmlns='" NS_STREAM "' version='1.0'>"), "failed invalid-namespace\n",
      TCP_BARE_REPLY ERROR("invalid-namespace") },
    { STR_INIT("<s:stream xmlns='jabber:client' xmlns:s='" NS_STREAM "' version='1.0'>"),
      "failed bad-namespace-prefix\n", TCP_BARE_REPLY ERROR("bad-namespace-prefix") },
    { STR_INIT("<stream:open xmlns='jabber:client' xmlns:stream='" NS_STREAM "' version='1.0'>"),
      "failed bad-format\n", TCP_BARE_REPLY ERROR("bad-format") },
    { STR_INIT("<stream:stream version='1.0'>"), "failed not-well-formed\n",
      TCP_BARE_REPLY ERROR("not-well-formed") },
    { STR_INIT("<?xml version='1.0' encoding='UTF-16'?>"), "failed unsupported-encoding\n",
      TCP_BARE_REPLY ERROR("unsupported-encoding") },
    { STR_INIT("\xff\xfe<\0"), "failed unsupported-encoding\n",
      TCP_BARE_REPLY ERROR("unsupported-encoding") },
    { STR_INIT("GET / HTTP/1.1\r\n"), "failed not-well-formed\n",
      TCP_BARE_REPLY ERROR("not-well-formed") },
    { STR_INIT("<!DOCTYPE x>"), "failed restricted-xml\n", TCP_BARE_REPLY ERROR("restricted-xml") },
    /* after the header */
    { STR_INIT(TCP_HEADER "<a></b>"), TCP_OPENED "failed not-well-formed\n",
      TCP_REPLY ERROR("not-well-formed") },
    { STR_INIT(TCP_HEADER "<a>\xc0\xbc</a>"), TCP_OPENED "failed not-well-formed\n",
      TCP_REPLY ERROR("not-well-formed") },
    { STR_INIT(TCP_HEADER "<p:a/>"), TCP_OPENED "failed not-well-formed\n",
      TCP_REPLY ERROR("not-well-formed") },
    { STR_INIT(TCP_HEADER "<a/></a>"),
      TCP_OPENED "element {jabber:client}a()\nfailed not-well-formed\n",
      TCP_REPLY ERROR("not-well-formed") },
    { STR_INIT(TCP_HEADER "<a/>text<a/>"),
      TCP_OPENED "element {jabber:client}a()\nfailed bad-format\n", TCP_REPLY ERROR("bad-format") },
    { STR_INIT(TCP_HEADER "<!-- c -->"), TCP_OPENED "failed restricted-xml\n",
      TCP_REPLY ERROR("restricted-xml") },
    { STR_INIT(TCP_HEADER "<?pi?>"), TCP_OPENED "failed restricted-xml\n",
      TCP_REPLY ERROR("restricted-xml") },
    { STR_INIT(TCP_HEADER "<a>&nbsp;</a>"), TCP_OPENED "failed restricted-xml\n",
      TCP_REPLY ERROR("restricted-xml") },
    { STR_INIT(TCP_HEADER "<a><b><c><d><e><f/></e></d></c></b></a>"),
      TCP_OPENED "failed policy-violation\n", TCP_REPLY ERROR("policy-violation") },
};

static void log_event(struct buf *log, const struct stream_event *event)
{
    static const char *const kinds[] = {
        [STREAM_OPENED] = "opened ",
        [STREAM_ELEMENT] = "element ",
        [STREAM_CLOSED] = "closed",
        [STREAM_FAILED] = "failed ",
    };

    buf_add(log, str_from(kinds[event->kind]));
    if (event->kind == STREAM_FAILED)
        buf_add(log, str_from(stream_condition_text(event->condition)));
    if (event->node != NULL)
        tree_text(log, event->node);
    buf_add_char(log, '\n');
}

/* What a session does of itself. */
static void react(struct stream *s, const struct stream_event *event)
{
    bool server = s->role == STREAM_SERVER;

    if (event->kind == STREAM_OPENED && server)
        stream_open(s, STR("sotto.test"), STR_NONE, STR("s1"), STR("en"));
    if (event->kind == STREAM_CLOSED)
        stream_close(s);
}

static void pull(struct stream *s, struct buf *log)
{
    struct stream_event event;

    while (stream_next(s, &event)) {
        log_event(log, &event);
        react(s, &event);
        arena_deinit(&event.arena);
    }
}

struct run {
    struct stream stream;
    struct buf log;
};

static void run_init(struct run *r, enum stream_role role, enum stream_framing framing)
{
    buf_init(&r->log, 1 << 16);
    stream_init(&r->stream, role, framing, STR(NS_CLIENT), &limits);
}

static void run_feed(struct run *r, struct str in)
{
    stream_feed(&r->stream, in);
    pull(&r->stream, &r->log);
}

static void run_deinit(struct run *r)
{
    stream_deinit(&r->stream);
    buf_deinit(&r->log);
}

/* `cut` bytes first, the rest in pieces of `step`. */
static void check_tcp(size_t i, size_t cut, size_t step)
{
    struct str rest = str_skip(tcp[i].in, cut);
    struct run r;

    run_init(&r, STREAM_SERVER, STREAM_TCP);
    run_feed(&r, str_slice(tcp[i].in, 0, cut));
    for (; rest.n > 0; rest = str_skip(rest, step))
        run_feed(&r, str_slice(rest, 0, step));
    check_str(tcp[i].in.p, buf_str(&r.log), tcp[i].events);
    check_str(tcp[i].in.p, stream_output(&r.stream), tcp[i].out);
    run_deinit(&r);
}

static void tcp_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tcp); i++) {
        for (size_t cut = 0; cut <= tcp[i].in.n; cut++)
            check_tcp(i, cut, tcp[i].in.n);
        check_tcp(i, 0, 1);
    }
}

/* The same input, kept by the stream while the session pauses after each event. */
static void parking_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tcp); i++) {
        struct stream_event event;
        struct run r;

        run_init(&r, STREAM_SERVER, STREAM_TCP);
        for (struct str rest = tcp[i].in; rest.n > 0; rest = str_skip(rest, 50)) {
            char copy[50];
            struct str piece = str_slice(rest, 0, 50);

            memcpy(copy, piece.p, piece.n);
            stream_feed(&r.stream, (struct str){ copy, piece.n });
            if (stream_next(&r.stream, &event)) {
                log_event(&r.log, &event);
                react(&r.stream, &event);
                arena_deinit(&event.arena);
            }
            stream_park(&r.stream);
            memset(copy, '!', sizeof copy);
        }
        pull(&r.stream, &r.log);
        check_str(tcp[i].in.p, buf_str(&r.log), tcp[i].events);
        check_str(tcp[i].in.p, stream_output(&r.stream), tcp[i].out);
        assert_null(r.stream.parked.p);
        run_deinit(&r);
    }
}

static void tcp_client(void **state)
{
    struct run r;

    (void)state;
    run_init(&r, STREAM_CLIENT, STREAM_TCP);
    stream_open(&r.stream, STR_NONE, STR("sotto.test"), STR_NONE, STR_NONE);
    check_str("header", stream_output(&r.stream),
              "<?xml version='1.0'?><stream:stream xmlns:stream='" NS_STREAM
              "' to='sotto.test' version='1.0' xmlns='jabber:client'>");
    stream_sent(&r.stream, stream_output(&r.stream).n);
    assert_null(r.stream.out.p);
    run_feed(&r,
             STR(TCP_REPLY "<stream:features><starttls xmlns='" NS_TLS "'/></stream:features>"));
    check_str("events", buf_str(&r.log),
              "opened {" NS_STREAM "}stream from=\"sotto.test\" id=\"s1\" version=\"1.0\" "
              "{http://www.w3.org/XML/1998/namespace}lang=\"en\"()\n"
              "element {" NS_STREAM "}features({" NS_TLS "}starttls())\n");
    run_feed(&r, STR("junk"));
    check_str("error", stream_output(&r.stream), ERROR("bad-format"));
    run_deinit(&r);
}

static void restarts(void **state)
{
    struct run r;

    (void)state;
    run_init(&r, STREAM_SERVER, STREAM_TCP);
    run_feed(&r, STR(TCP_HEADER "<starttls xmlns='" NS_TLS "'/>"));
    stream_sent(&r.stream, stream_output(&r.stream).n);
    assert_true(stream_restart(&r.stream));
    buf_reset(&r.log);
    run_feed(&r, STR("<?xml version='1.0'?>" TCP_HEADER));
    check_str("events", buf_str(&r.log), TCP_OPENED);
    check_str("output", stream_output(&r.stream), TCP_REPLY);
    run_deinit(&r);
}

/* CVE-2011-0411 and its kin: what was sent in the clear must not be read as sent under TLS. */
static void restart_tells_of_pending_input(void **state)
{
    static const char *const pending[] = { "<iq/>", "<", " ", "<iq><a" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pending); i++)
        for (int pulled_all = 0; pulled_all < 2; pulled_all++) {
            struct stream_event event;
            struct buf in;
            struct run r;

            buf_init(&in, 1 << 10);
            buf_add(&in, STR(TCP_HEADER "<starttls xmlns='" NS_TLS "'/>"));
            buf_add(&in, str_from(pending[i]));
            run_init(&r, STREAM_SERVER, STREAM_TCP);
            stream_feed(&r.stream, buf_str(&in));
            for (int n = 0; n < 2 + pulled_all; n++) {
                if (stream_next(&r.stream, &event))
                    arena_deinit(&event.arena);
            }
            /* white space, and an element that came out, are gone once they were looked for */
            assert_int_equal(stream_restart(&r.stream),
                             pulled_all
                                 && (pending[i][0] == ' ' || str_is(STR("<iq/>"), pending[i])));
            run_deinit(&r);
            buf_deinit(&in);
        }
}

static void session_ends_the_stream(void **state)
{
    struct stream_event event;
    struct run r;

    (void)state;
    run_init(&r, STREAM_SERVER, STREAM_TCP);
    run_feed(&r, STR(TCP_HEADER));
    stream_sent(&r.stream, stream_output(&r.stream).n);
    stream_error(&r.stream, STREAM_SYSTEM_SHUTDOWN, STR("Back in a minute & more"));
    check_str("error", stream_output(&r.stream),
              "<stream:error><system-shutdown xmlns='" NS_STREAM_ERRORS
              "'/><text xmlns='" NS_STREAM_ERRORS
              "' xml:lang='en'>Back in a minute &amp; more</text></stream:error></stream:stream>");
    stream_close(&r.stream);
    stream_feed(&r.stream, STR("<iq/>"));
    assert_false(stream_next(&r.stream, &event));
    run_deinit(&r);

    run_init(&r, STREAM_SERVER, STREAM_TCP);
    stream_close(&r.stream);
    assert_int_equal(stream_output(&r.stream).n, 0); /* nothing was opened */
    run_deinit(&r);

    /* We may close first and still read what the peer had under way: RFC 6120 §4.4. */
    run_init(&r, STREAM_SERVER, STREAM_TCP);
    run_feed(&r, STR(TCP_HEADER));
    stream_close(&r.stream);
    run_feed(&r, STR("<iq/></stream:stream>"));
    check_str("events", buf_str(&r.log), TCP_OPENED "element {jabber:client}iq()\nclosed\n");
    check_str("output", stream_output(&r.stream), TCP_REPLY "</stream:stream>");
    run_deinit(&r);
}

static void output_has_a_limit(void **state)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR(NS_CLIENT), STR("message"));
    char text[1000];
    struct run r;

    (void)state;
    memset(text, 'x', sizeof text);
    xml_add_text(&a, node, (struct str){ text, sizeof text });
    run_init(&r, STREAM_SERVER, STREAM_TCP);
    run_feed(&r, STR(TCP_HEADER));
    for (int i = 0; i < 100; i++)
        stream_write(&r.stream, node);
    assert_in_range(stream_output(&r.stream).n, STREAM_OUT_LIMIT - 1100, STREAM_OUT_LIMIT);
    assert_true(str_ends(stream_output(&r.stream), STR("</message>")));
    run_feed(&r, STR("<iq/>"));
    check_str("events", buf_str(&r.log), TCP_OPENED "failed resource-constraint\n");
    assert_true(str_ends(stream_output(&r.stream), STR(ERROR("resource-constraint"))));
    run_deinit(&r);
    arena_deinit(&a);
}

static void parked_input_has_a_limit(void **state)
{
    static char text[STREAM_PARK_LIMIT];
    struct run r;

    (void)state;
    memset(text, ' ', sizeof text);
    run_init(&r, STREAM_SERVER, STREAM_TCP);
    run_feed(&r, STR(TCP_HEADER));
    stream_feed(&r.stream, (struct str){ text, sizeof text });
    stream_park(&r.stream);
    stream_feed(&r.stream, (struct str){ text, 1 });
    pull(&r.stream, &r.log);
    check_str("events", buf_str(&r.log), TCP_OPENED "failed resource-constraint\n");
    run_deinit(&r);
}

/* Messages are separated by '|'; so are the frames of the output. */
#define WS_OPEN   "<open xmlns='" NS_FRAMING "' to='sotto.test' version='1.0'/>"
#define WS_OPENED "opened {" NS_FRAMING "}open to=\"sotto.test\" version=\"1.0\"()\n"
#define WS_REPLY                                                                                   \
    "<open xmlns='" NS_FRAMING "' from='sotto.test' id='s1' version='1.0' xml:lang='en'/>|"
#define WS_BARE_REPLY "<open xmlns='" NS_FRAMING "' version='1.0' xml:lang='en'/>|"
#define WS_CLOSE      "<close xmlns='" NS_FRAMING "'/>|"
#define WS_ERROR(condition)                                                                        \
    "<stream:error xmlns:stream='" NS_STREAM "'><" condition " xmlns='" NS_STREAM_ERRORS           \
    "'/></stream:error>|" WS_CLOSE

static const struct {
    const char *in, *events, *out;
} websocket[] = {
    { WS_OPEN, WS_OPENED, WS_REPLY },
    { WS_OPEN "|<iq xmlns='jabber:client' id='1'/>|<close xmlns='" NS_FRAMING "'/>",
      WS_OPENED "element {jabber:client}iq id=\"1\"()\nclosed\n", WS_REPLY WS_CLOSE },
    { WS_OPEN "| |"
              "<iq/>\n",
      WS_OPENED "element iq()\n", WS_REPLY },
    { "<?xml version='1.0'?>" WS_OPEN, WS_OPENED, WS_REPLY },
    { "<close xmlns='" NS_FRAMING "'/>", "closed\n", "" },
    { "<open xmlns='" NS_FRAMING "'/>", "failed unsupported-version\n",
      WS_BARE_REPLY WS_ERROR("unsupported-version") },
    { "<open xmlns='jabber:client' version='1.0'/>", "failed invalid-namespace\n",
      WS_BARE_REPLY WS_ERROR("invalid-namespace") },
    { "<opened xmlns='" NS_FRAMING "' version='1.0'/>", "failed bad-format\n",
      WS_BARE_REPLY WS_ERROR("bad-format") },
    { TCP_HEADER, "failed not-well-formed\n", WS_BARE_REPLY WS_ERROR("not-well-formed") },
    { WS_OPEN "|" WS_OPEN, WS_OPENED "failed bad-format\n", WS_REPLY WS_ERROR("bad-format") },
    { WS_OPEN "|<iq>|</iq>", WS_OPENED "failed not-well-formed\n",
      WS_REPLY WS_ERROR("not-well-formed") },
    { WS_OPEN "|<iq/><iq/>", WS_OPENED "failed not-well-formed\n",
      WS_REPLY WS_ERROR("not-well-formed") },
    { WS_OPEN "|<iq/>x", WS_OPENED "failed not-well-formed\n",
      WS_REPLY WS_ERROR("not-well-formed") },
    { WS_OPEN "|x", WS_OPENED "failed not-well-formed\n", WS_REPLY WS_ERROR("not-well-formed") },
    { WS_OPEN "|<!-- c -->", WS_OPENED "failed restricted-xml\n",
      WS_REPLY WS_ERROR("restricted-xml") },
};

static void drain_frames(struct stream *s, struct buf *out)
{
    struct str frame;

    while (stream_next_frame(s, &frame)) {
        buf_add(out, frame);
        buf_add_char(out, '|');
    }
}

static void websocket_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(websocket); i++)
        for (int at_once = 0; at_once < 2; at_once++) {
            struct str rest = str_from(websocket[i].in);
            struct buf out;
            struct run r;

            buf_init(&out, 1 << 16);
            run_init(&r, STREAM_SERVER, STREAM_WEBSOCKET);
            while (rest.p != NULL) {
                run_feed(&r, str_split(&rest, '|'));
                if (!at_once)
                    drain_frames(&r.stream, &out);
            }
            drain_frames(&r.stream, &out);
            check_str(websocket[i].in, buf_str(&r.log), websocket[i].events);
            check_str(websocket[i].in, buf_str(&out), websocket[i].out);
            assert_null(r.stream.out.p);
            assert_int_equal(stream_output(&r.stream).n, 0);
            run_deinit(&r);
            buf_deinit(&out);
        }
}

static void websocket_frames_are_whole_documents(void **state)
{
    struct arena a = { 0 };
    struct xml_node *features = xml_new(&a, STR(NS_STREAM), STR("features"));
    struct xml_node *message = xml_new(&a, STR(NS_CLIENT), STR("message"));
    struct str frame;
    struct run r;

    (void)state;
    xml_add(&a, features, STR(NS_BIND), STR("bind"));
    xml_add_text_child(&a, message, STR(NS_CLIENT), STR("body"), STR("1"));
    run_init(&r, STREAM_SERVER, STREAM_WEBSOCKET);
    run_feed(&r, STR(WS_OPEN));
    assert_true(stream_next_frame(&r.stream, &frame));
    stream_write(&r.stream, features); /* while a frame is out */
    stream_write(&r.stream, message);
    assert_true(stream_next_frame(&r.stream, &frame));
    check_str("features", frame,
              "<stream:features xmlns:stream='" NS_STREAM "'><bind xmlns='" NS_BIND
              "'/></stream:features>");
    assert_true(stream_next_frame(&r.stream, &frame));
    check_str("message", frame, "<message xmlns='jabber:client'><body>1</body></message>");
    assert_false(stream_next_frame(&r.stream, &frame));
    run_deinit(&r);
    arena_deinit(&a);
}

static void frames_from_shared_text(void **state)
{
    static const struct {
        const char *blob, *frame;
    } cases[] = {
        { "<message to='a'><body>1</body></message>",
          "<message xmlns='jabber:client' to='a'><body>1</body></message>" },
        { "<presence/>", "<presence xmlns='jabber:client'/>" },
        { "<iq></iq>", "<iq xmlns='jabber:client'></iq>" },
        { "<stream:features><a xmlns='u:1'/></stream:features>",
          "<stream:features xmlns:stream='" NS_STREAM "'><a xmlns='u:1'/></stream:features>" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out;

        buf_init(&out, 1 << 12);
        stream_frame_blob(&out, str_from(cases[i].blob), STR(NS_CLIENT));
        check_str(cases[i].blob, buf_str(&out), cases[i].frame);
        buf_deinit(&out);
    }
}

/* An idle session costs the struct and the peer's namespaces. */
static void idle_stream_holds_little(void **state)
{
    struct run r;

    (void)state;
    assert_true(sizeof r.stream <= 384);
    run_init(&r, STREAM_SERVER, STREAM_TCP);
    run_feed(&r, STR(TCP_HEADER "<iq/>"));
    stream_sent(&r.stream, stream_output(&r.stream).n);
    assert_null(r.stream.out.p);
    assert_null(r.stream.parked.p);
    assert_null(r.stream.in.p);
    assert_true(xml_parser_idle(&r.stream.parser));
    run_deinit(&r);
}

static void elements_tell_their_size(void **state)
{
    static const char iq[] = "<iq type='get'><a xmlns='u:1'/></iq>";
    struct stream_event event;
    struct buf in;
    struct run r;

    (void)state;
    buf_init(&in, 1 << 10);
    buf_add(&in, STR(TCP_HEADER " \n"));
    buf_add(&in, str_from(iq));
    run_init(&r, STREAM_SERVER, STREAM_TCP);
    stream_feed(&r.stream, buf_str(&in));
    assert_true(stream_next(&r.stream, &event));
    arena_deinit(&event.arena);
    assert_true(stream_next(&r.stream, &event));
    assert_int_equal(event.received_bytes, sizeof iq - 1);
    arena_deinit(&event.arena);
    run_deinit(&r);
    buf_deinit(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_server),
        cmocka_unit_test(parking_changes_nothing),
        cmocka_unit_test(tcp_client),
        cmocka_unit_test(restarts),
        cmocka_unit_test(restart_tells_of_pending_input),
        cmocka_unit_test(session_ends_the_stream),
        cmocka_unit_test(output_has_a_limit),
        cmocka_unit_test(parked_input_has_a_limit),
        cmocka_unit_test(websocket_server),
        cmocka_unit_test(websocket_frames_are_whole_documents),
        cmocka_unit_test(frames_from_shared_text),
        cmocka_unit_test(idle_stream_holds_little),
        cmocka_unit_test(elements_tell_their_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
