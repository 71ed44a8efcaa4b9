/* stream.c: the receiving side of a stream: headers checked, elements handed out, faults named. */
#include "xmpp/stream.h"

#include "xmpp/ns.h"

void stream_init(struct stream *s, enum stream_role role, enum stream_framing framing,
                 struct str content_ns, const struct xml_limits *limits)
{
    *s = (struct stream){ .role = role, .framing = framing, .content_ns = content_ns };
    xml_parser_init(&s->parser, framing == STREAM_TCP ? XML_STREAM : XML_DOCUMENTS, limits);
    buf_init(&s->parked, STREAM_PARK_LIMIT);
    buf_init(&s->out, STREAM_OUT_LIMIT + STREAM_FAREWELL);
}

void stream_deinit(struct stream *s)
{
    xml_parser_deinit(&s->parser);
    buf_deinit(&s->parked);
    buf_deinit(&s->out);
}

void stream_limits(struct stream *s, const struct xml_limits *limits)
{
    xml_parser_limits(&s->parser, limits);
}

bool stream_restart(struct stream *s)
{
    bool clean = s->in.n == 0 && xml_parser_idle(&s->parser);
    struct xml_limits limits = s->parser.limits;

    xml_parser_deinit(&s->parser);
    xml_parser_init(&s->parser, s->parser.framing, &limits);
    s->opened = s->header_sent = false;
    return clean;
}

/* While anything is parked, s->in is its end. */
void stream_park(struct stream *s)
{
    if (s->parked.n > 0)
        buf_consume(&s->parked, s->parked.n - s->in.n);
    else
        buf_add(&s->parked, s->in);
    s->overflowed |= s->parked.failed;
    s->in = buf_str(&s->parked);
}

void stream_feed(struct stream *s, struct str in)
{
    if (s->in.n == 0) {
        s->in = in;
        return;
    }
    stream_park(s);
    buf_add(&s->parked, in);
    s->overflowed |= s->parked.failed;
    s->in = buf_str(&s->parked);
}

static void drop_input(struct stream *s)
{
    s->in = STR_NONE;
    buf_deinit(&s->parked);
}

/* RFC 6120 §4.9.3 has a name for each fault of the parser. */
static enum stream_condition condition_of(const struct stream *s, enum err e)
{
    switch (xml_parser_fault(&s->parser)) {
    case XML_FAULT_ENCODING: return STREAM_UNSUPPORTED_ENCODING;
    case XML_FAULT_TEXT: return STREAM_BAD_FORMAT;
    case XML_FAULT_OTHER: break;
    }
    switch (e) {
    case ERR_UNSUPPORTED: return STREAM_RESTRICTED_XML;
    case ERR_TOO_BIG: return STREAM_POLICY_VIOLATION;
    default: return STREAM_NOT_WELL_FORMED;
    }
}

/* RFC 6120 §4.7.5: two numbers, compared as such. From 1.0 on all majors are answered with 1.0. */
static bool version_is_spoken(struct str version)
{
    struct str minor = version, major = str_split(&minor, '.');
    uint64_t number;

    if (str_to_u64(minor, UINT32_MAX, &number) != ERR_NONE)
        return false;
    return str_to_u64(major, UINT32_MAX, &number) == ERR_NONE && number >= 1;
}

/* False, and *why, if the root element is no header that we speak (RFC 6120 §4.7, §4.8). */
static bool check_root(const struct stream *s, const struct xml_node *root,
                       enum stream_condition *why)
{
    struct str content_ns = xml_parser_root_default_ns(&s->parser);

    /* §4.8.2: without a default namespace, every child names its own. */
    if (!str_eq(root->ns, STR(NS_STREAM))
        || (content_ns.n > 0 && !str_eq(content_ns, s->content_ns)))
        *why = STREAM_INVALID_NAMESPACE;
    else if (!str_eq(xml_parser_root_prefix(&s->parser), STR("stream")))
        *why = STREAM_BAD_NAMESPACE_PREFIX; /* §4.8.5 */
    else if (!str_eq(root->name, STR("stream")))
        *why = STREAM_BAD_FORMAT;
    else if (!str_is(s->content_ns, NS_COMPONENT) /* XEP-0114 §3 knows no versions */
             && !version_is_spoken(xml_get(root, STR("version"))))
        *why = STREAM_UNSUPPORTED_VERSION;
    else
        return true;
    return false;
}

/* The same for <open/> (RFC 7395 §3.4). */
static bool check_open(const struct xml_node *open, enum stream_condition *why)
{
    if (!str_eq(open->ns, STR(NS_FRAMING)))
        *why = STREAM_INVALID_NAMESPACE;
    else if (!str_eq(open->name, STR("open")))
        *why = STREAM_BAD_FORMAT;
    else if (!version_is_spoken(xml_get(open, STR("version"))))
        *why = STREAM_UNSUPPORTED_VERSION;
    else
        return true;
    return false;
}

static void fail(struct stream *s, enum stream_condition why, struct stream_event *out)
{
    arena_deinit(&out->arena);
    *out = (struct stream_event){ .kind = STREAM_FAILED, .condition = why };
    stream_error(s, why, STR_NONE);
}

static void take_header(struct stream *s, struct stream_event *out)
{
    enum stream_condition why;
    bool is_right =
        s->framing == STREAM_TCP ? check_root(s, out->node, &why) : check_open(out->node, &why);

    if (!is_right) {
        fail(s, why, out);
        return;
    }
    s->opened = true;
    out->kind = STREAM_OPENED;
}

static void closed(struct stream *s, struct stream_event *out)
{
    arena_deinit(&out->arena);
    *out = (struct stream_event){ .kind = STREAM_CLOSED };
    s->close_seen = true;
    drop_input(s);
}

/* One WebSocket message (RFC 7395 §3.3): a document, which may stand for a header or a closing tag. */
static void take_document(struct stream *s, struct stream_event *out)
{
    if (str_trim(s->in).n > 0)
        fail(s, STREAM_NOT_WELL_FORMED, out); /* a second document in the message */
    else if (xml_is(out->node, STR(NS_FRAMING), STR("close")))
        closed(s, out);
    else if (!s->opened)
        take_header(s, out);
    else if (str_eq(out->node->ns, STR(NS_FRAMING)))
        fail(s, STREAM_BAD_FORMAT, out);
}

static void take_event(struct stream *s, const struct xml_event *xml, struct stream_event *out)
{
    *out = (struct stream_event){
        .kind = STREAM_ELEMENT, .node = xml->node, .arena = xml->arena, .received_bytes = xml->bytes
    };
    if (xml->kind == XML_ROOT_OPEN)
        take_header(s, out);
    else if (xml->kind == XML_ROOT_CLOSE)
        closed(s, out);
    else if (s->framing == STREAM_WEBSOCKET)
        take_document(s, out);
}

bool stream_next(struct stream *s, struct stream_event *out)
{
    struct xml_event xml = { 0 };
    enum err e;

    *out = (struct stream_event){ 0 };
    if (s->failed || s->close_seen) {
        drop_input(s);
        return false;
    }
    if (s->overflowed) {
        fail(s, STREAM_RESOURCE_CONSTRAINT, out);
        return true;
    }
    if ((e = xml_parse(&s->parser, &s->in, &xml)) != ERR_NONE) {
        fail(s, condition_of(s, e), out);
        return true;
    }
    if (xml.kind != XML_MORE) {
        take_event(s, &xml, out);
        return true;
    }
    drop_input(s);
    if (s->framing == STREAM_WEBSOCKET && !xml_parser_idle(&s->parser)) {
        fail(s, STREAM_NOT_WELL_FORMED, out); /* the message is over, its document is not */
        return true;
    }
    return false;
}
