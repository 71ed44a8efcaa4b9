/* fuzz_stream.c: a stream in either role and framing answers anything with whole documents and one end.
 *
 * The first byte chooses role, framing and how the rest is cut.
 */
#include <stdlib.h>

#include "xmpp/ns.h"
#include "xmpp/stream.h"

static const struct xml_limits limits = {
    .element_bytes = 4096, .depth = 10, .attrs = 16, .nodes = 200
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void react(struct stream *s, const struct stream_event *event)
{
    if (event->kind == STREAM_OPENED && s->role == STREAM_SERVER)
        stream_open(s, STR("sotto.test"), STR_NONE, STR("1"), STR("en"));
    if (event->kind == STREAM_ELEMENT)
        stream_write(s, event->node);
    if (event->kind == STREAM_CLOSED)
        stream_close(s);
}

/* True while the stream may go on. */
static bool pull(struct stream *s)
{
    struct stream_event event;
    bool over = false;

    while (stream_next(s, &event)) {
        must(!over);
        over = event.kind == STREAM_CLOSED || event.kind == STREAM_FAILED;
        must((event.node != NULL) == (event.kind == STREAM_OPENED || event.kind == STREAM_ELEMENT));
        react(s, &event);
        arena_deinit(&event.arena);
    }
    return !over;
}

/* Our own output is XML that we accept, to its last byte. */
static void check_frames(struct stream *s)
{
    struct arena a = { 0 };
    struct xml_node *node;
    struct str frame;

    while (stream_next_frame(s, &frame))
        must(xml_parse_document(&a, frame, &(struct xml_limits){ 1 << 20, 20, 40, 400 }, &node)
             == ERR_NONE);
    arena_deinit(&a);
}

static void check_text(struct stream *s, bool over)
{
    struct str out = stream_output(s);
    struct xml_event event;
    struct xml_parser p;
    bool closed = false;

    xml_parser_init(&p, XML_STREAM, &(struct xml_limits){ 1 << 20, 20, 40, 400 });
    do {
        must(xml_parse(&p, &out, &event) == ERR_NONE);
        closed |= event.kind == XML_ROOT_CLOSE;
        arena_deinit(&event.arena);
    } while (event.kind != XML_MORE);
    must(xml_parser_idle(&p) && closed == over);
    xml_parser_deinit(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t choice = size > 0 ? data[0] : 0;
    enum stream_framing framing = choice & 1 ? STREAM_WEBSOCKET : STREAM_TCP;
    enum stream_role role = choice & 2 ? STREAM_CLIENT : STREAM_SERVER;
    struct str in = str_skip((struct str){ (const char *)data, size }, 1);
    struct stream s;
    bool alive = true;

    stream_init(&s, role, framing, STR(NS_CLIENT), &limits);
    if (role == STREAM_CLIENT)
        stream_open(&s, STR_NONE, STR("sotto.test"), STR_NONE, STR_NONE);
    while (in.n > 0 && alive) {
        struct str piece = str_slice(in, 0, choice / 4u + 1);

        if (framing == STREAM_WEBSOCKET) /* '|' stands between messages */
            piece = str_split(&in, '|');
        else
            in = str_skip(in, piece.n);
        stream_feed(&s, piece);
        if (choice & 0x80)
            stream_park(&s);
        alive = pull(&s);
    }
    if (framing == STREAM_WEBSOCKET)
        check_frames(&s);
    else if (s.header_sent)
        check_text(&s, !alive);
    stream_deinit(&s);
    return 0;
}
