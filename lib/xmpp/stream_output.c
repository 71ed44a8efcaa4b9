/* stream_output.c: the sending side of a stream: headers, elements, errors, the end.
 *
 * On TCP the output is the text itself. For WebSocket each document stands behind its length, because
 * it becomes a message of its own (RFC 7395 §3.3).
 */
#include <assert.h>
#include <string.h>

#include "xml/writer.h"
#include "xmpp/ns.h"
#include "xmpp/stream.h"

/* Octets of the length before a WebSocket document, in the byte order of the machine. */
enum { FRAME_HEAD = sizeof(uint32_t) };

static size_t begin_document(struct stream *s)
{
    size_t start;

    buf_consume(&s->out, s->frame_at); /* frames handed out already */
    s->frame_at = 0;
    start = s->out.n;
    if (s->framing == STREAM_WEBSOCKET)
        (void)buf_extend(&s->out, FRAME_HEAD);
    return start;
}

/* What does not fit whole is taken back: half a document would break the stream for the peer. */
static void end_document(struct stream *s, size_t start, size_t limit)
{
    uint32_t n;

    if (s->out.failed || s->out.n > limit) {
        buf_cut(&s->out, start);
        s->out.failed = false;
        s->overflowed = true;
        return;
    }
    if (s->framing == STREAM_WEBSOCKET) {
        n = (uint32_t)(s->out.n - start - FRAME_HEAD);
        memcpy(s->out.p + start, &n, FRAME_HEAD);
    }
}

static void put_element(struct stream *s, const struct xml_node *node, size_t limit)
{
    size_t start = begin_document(s);

    xml_write(&s->out, node, s->framing == STREAM_TCP ? s->content_ns : STR_NONE);
    end_document(s, start, limit);
}

static void set_present(struct arena *a, struct xml_node *node, struct str ns, struct str name,
                        struct str value)
{
    if (value.n > 0)
        xml_set_ns(a, node, ns, name, value);
}

void stream_out_limit(struct stream *s, size_t limit_bytes)
{
    s->out.limit = limit_bytes + STREAM_FAREWELL;
}

void stream_open(struct stream *s, struct str from, struct str to, struct str id, struct str lang)
{
    bool tcp = s->framing == STREAM_TCP;
    struct arena a = { 0 };
    struct xml_node *header = tcp ? xml_new(&a, STR(NS_STREAM), STR("stream"))
                                  : xml_new(&a, STR(NS_FRAMING), STR("open"));

    assert(!s->header_sent);
    set_present(&a, header, STR_NONE, STR("from"), from);
    set_present(&a, header, STR_NONE, STR("to"), to);
    set_present(&a, header, STR_NONE, STR("id"), id);
    if (!str_is(s->content_ns, NS_COMPONENT)) /* XEP-0114 §3 */
        xml_set(&a, header, STR("version"), STR("1.0"));
    set_present(&a, header, xml_ns_xml, STR("lang"), lang);
    if (tcp) {
        buf_add(&s->out, STR("<?xml version='1.0'?>"));
        xml_write_root(&s->out, header, s->content_ns);
    } else {
        put_element(s, header, s->out.limit);
    }
    s->header_sent = true;
    arena_deinit(&a);
}

void stream_write(struct stream *s, const struct xml_node *node)
{
    assert(s->header_sent);
    if (!s->close_sent)
        put_element(s, node, s->out.limit - STREAM_FAREWELL);
}

void stream_error(struct stream *s, enum stream_condition why, struct str text)
{
    stream_error_about(s, why, text, NULL);
}

void stream_error_about(struct stream *s, enum stream_condition why, struct str text,
                        struct xml_node *condition)
{
    struct arena a = { 0 };
    struct xml_node *error = xml_new(&a, STR(NS_STREAM), STR("error")), *child;

    s->failed = true;
    if (!s->close_sent) {
        if (!s->header_sent)
            stream_open(s, STR_NONE, STR_NONE, STR_NONE, STR("en"));
        xml_add(&a, error, STR(NS_STREAM_ERRORS), str_from(stream_condition_text(why)));
        if (text.n > 0) {
            child = xml_add_text_child(&a, error, STR(NS_STREAM_ERRORS), STR("text"), text);
            xml_set_ns(&a, child, xml_ns_xml, STR("lang"), STR("en"));
        }
        if (condition != NULL)
            xml_append(error, condition);
        put_element(s, error, s->out.limit);
        stream_close(s);
    }
    arena_deinit(&a);
}

void stream_close(struct stream *s)
{
    static const struct xml_node close = { .ns = STR_INIT(NS_FRAMING), .name = STR_INIT("close") };

    if (s->close_sent)
        return;
    s->close_sent = true;
    if (!s->header_sent)
        return; /* nothing was opened */
    if (s->framing == STREAM_WEBSOCKET)
        put_element(s, &close, s->out.limit);
    else
        buf_add(&s->out, STR("</stream:stream>"));
}

struct str stream_output(const struct stream *s)
{
    return s->framing == STREAM_TCP ? buf_str(&s->out) : STR_NONE;
}

void stream_sent(struct stream *s, size_t n)
{
    buf_consume(&s->out, n);
    if (s->out.n == 0)
        buf_deinit(&s->out); /* most streams are idle most of the time */
}

bool stream_next_frame(struct stream *s, struct str *out)
{
    uint32_t n;

    if (s->frame_at == s->out.n) {
        buf_deinit(&s->out);
        s->frame_at = 0;
        return false;
    }
    memcpy(&n, s->out.p + s->frame_at, FRAME_HEAD);
    *out = (struct str){ s->out.p + s->frame_at + FRAME_HEAD, n };
    s->frame_at += FRAME_HEAD + n;
    return true;
}

/* The end of the name that follows '<'. */
static size_t name_end(struct str blob)
{
    size_t n = 1;

    while (n < blob.n && blob.p[n] != ' ' && blob.p[n] != '/' && blob.p[n] != '>')
        n++;
    return n;
}

void stream_frame_blob(struct buf *out, struct str blob, struct str content_ns)
{
    size_t n = name_end(blob);
    bool of_stream = str_starts(blob, STR("<stream:"));

    buf_add(out, str_slice(blob, 0, n));
    buf_add(out, of_stream ? STR(" xmlns:stream='") : STR(" xmlns='"));
    buf_add(out, of_stream ? STR(NS_STREAM) : content_ns);
    buf_add(out, STR("'"));
    buf_add(out, str_skip(blob, n));
}

const char *stream_condition_text(enum stream_condition c)
{
    static const char *const texts[] = {
        [STREAM_BAD_FORMAT] = "bad-format",
        [STREAM_BAD_NAMESPACE_PREFIX] = "bad-namespace-prefix",
        [STREAM_CONFLICT] = "conflict",
        [STREAM_CONNECTION_TIMEOUT] = "connection-timeout",
        [STREAM_HOST_GONE] = "host-gone",
        [STREAM_HOST_UNKNOWN] = "host-unknown",
        [STREAM_IMPROPER_ADDRESSING] = "improper-addressing",
        [STREAM_INTERNAL_SERVER_ERROR] = "internal-server-error",
        [STREAM_INVALID_FROM] = "invalid-from",
        [STREAM_INVALID_NAMESPACE] = "invalid-namespace",
        [STREAM_INVALID_XML] = "invalid-xml",
        [STREAM_NOT_AUTHORIZED] = "not-authorized",
        [STREAM_NOT_WELL_FORMED] = "not-well-formed",
        [STREAM_POLICY_VIOLATION] = "policy-violation",
        [STREAM_REMOTE_CONNECTION_FAILED] = "remote-connection-failed",
        [STREAM_RESET] = "reset",
        [STREAM_RESOURCE_CONSTRAINT] = "resource-constraint",
        [STREAM_RESTRICTED_XML] = "restricted-xml",
        [STREAM_SEE_OTHER_HOST] = "see-other-host",
        [STREAM_SYSTEM_SHUTDOWN] = "system-shutdown",
        [STREAM_UNDEFINED_CONDITION] = "undefined-condition",
        [STREAM_UNSUPPORTED_ENCODING] = "unsupported-encoding",
        [STREAM_UNSUPPORTED_FEATURE] = "unsupported-feature",
        [STREAM_UNSUPPORTED_STANZA_TYPE] = "unsupported-stanza-type",
        [STREAM_UNSUPPORTED_VERSION] = "unsupported-version",
    };

    return texts[c];
}
