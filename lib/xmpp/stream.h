/* stream.h: XML streams (RFC 6120 §4) and their WebSocket framing (RFC 7395), both roles, no I/O.
 *
 * Shape of every engine: feed bytes, pull events until there is none, send the output. Fed bytes are
 * borrowed until stream_next() has returned false; stream_park() copies the unread rest instead, for a
 * session that must pause in between.
 * TCP input is a sequence of bytes, cut anywhere; its output one too (stream_output, stream_sent). WebSocket
 * input is fed one text message at a time, each a document; output comes as documents (stream_next_frame).
 * Owns: parser state, parked input, unsent output; an idle stream holds the peer's namespaces only.
 * Threads: one at a time.  Units: bytes.
 * Errors: a broken stream yields one STREAM_FAILED event; the stream error and the closing tag are then in
 * the output, after a header if none was sent (RFC 6120 §4.9.1.2). Output past STREAM_OUT_LIMIT or parked
 * input past STREAM_PARK_LIMIT fails the stream in the same way.
 */
#ifndef SOTTO_XMPP_STREAM_H
#define SOTTO_XMPP_STREAM_H

#include "base/buf.h"
#include "xml/parser.h"

enum stream_role { STREAM_SERVER, STREAM_CLIENT };
enum stream_framing { STREAM_TCP, STREAM_WEBSOCKET };

enum stream_condition { /* RFC 6120 §4.9.3 */
                        STREAM_BAD_FORMAT,
                        STREAM_BAD_NAMESPACE_PREFIX,
                        STREAM_CONFLICT,
                        STREAM_CONNECTION_TIMEOUT,
                        STREAM_HOST_GONE,
                        STREAM_HOST_UNKNOWN,
                        STREAM_IMPROPER_ADDRESSING,
                        STREAM_INTERNAL_SERVER_ERROR,
                        STREAM_INVALID_FROM,
                        STREAM_INVALID_NAMESPACE,
                        STREAM_INVALID_XML,
                        STREAM_NOT_AUTHORIZED,
                        STREAM_NOT_WELL_FORMED,
                        STREAM_POLICY_VIOLATION,
                        STREAM_REMOTE_CONNECTION_FAILED,
                        STREAM_RESET,
                        STREAM_RESOURCE_CONSTRAINT,
                        STREAM_RESTRICTED_XML,
                        STREAM_SEE_OTHER_HOST,
                        STREAM_SYSTEM_SHUTDOWN,
                        STREAM_UNDEFINED_CONDITION,
                        STREAM_UNSUPPORTED_ENCODING,
                        STREAM_UNSUPPORTED_FEATURE,
                        STREAM_UNSUPPORTED_STANZA_TYPE,
                        STREAM_UNSUPPORTED_VERSION,
};

enum stream_event_kind {
    STREAM_OPENED,  /* node: the header (to, from, id, version, xml:lang as attributes) */
    STREAM_ELEMENT, /* node: a complete child of the stream */
    STREAM_CLOSED,  /* the peer closed its side properly */
    STREAM_FAILED,  /* condition says why; nothing follows */
};

struct stream_event {
    enum stream_event_kind kind;
    struct xml_node *node;
    struct arena arena; /* owned by the receiver */
    enum stream_condition condition;
    size_t received_bytes; /* of the element, for rate limits */
};

struct stream {
    struct xml_parser parser;
    enum stream_role role;
    enum stream_framing framing;
    struct str content_ns; /* jabber:client, jabber:server or jabber:component:accept; static */
    struct str in;         /* borrowed input in work */
    struct buf parked, out;
    size_t frame_at; /* WebSocket: where the next frame starts in `out` */
    bool opened, header_sent, close_sent, close_seen, failed;
    bool overflowed; /* a limit of ours was passed: the next event is STREAM_FAILED */
};

enum {
    STREAM_OUT_LIMIT = 64 * 1024, /* unless stream_out_limit() says otherwise */
    STREAM_PARK_LIMIT = 64 * 1024,
    STREAM_FAREWELL =
        2048, /* more: header, error and closing tag when the output is full otherwise */
};

void stream_init(struct stream *s, enum stream_role role, enum stream_framing framing,
                 struct str content_ns, const struct xml_limits *limits);
void stream_deinit(struct stream *s);
void stream_limits(struct stream *s, const struct xml_limits *limits);
void stream_out_limit(struct stream *s, size_t limit_bytes);
/* After STARTTLS and after SASL success: the peer sends a new header (RFC 6120 §5.4.3.3, §6.4.6). Returns
 * false if unread input is pending, which is an injection attempt after STARTTLS: close then. (After SASL
 * the pending input may be a header that the peer sent early; it is kept.) */
CHECKED bool stream_restart(struct stream *s);

void stream_feed(struct stream *s, struct str in);
bool stream_next(struct stream *s, struct stream_event *out);
void stream_park(struct stream *s); /* keep what is unread; stream_next() goes on with it */

/* Output, appended to what is unsent. */
void stream_open(struct stream *s, struct str from, struct str to, struct str id, struct str lang);
void stream_write(struct stream *s, const struct xml_node *node);
void stream_error(struct stream *s, enum stream_condition why, struct str text); /* and closes */
/* With a condition of the application's own (RFC 6120 §4.9.4) beside. */
void stream_error_about(struct stream *s, enum stream_condition why, struct str text,
                        struct xml_node *condition);
void stream_close(struct stream *s);
struct str stream_output(const struct stream *s); /* TCP: all that is unsent */
void stream_sent(struct stream *s, size_t n);
/* WebSocket: the text of the next unsent message, borrowed until the next call on the stream. */
bool stream_next_frame(struct stream *s, struct str *out);

/* A stanza serialised for sharing between TCP sessions begins with its tag and declares no xmlns; a
 * WebSocket frame needs xmlns='jabber:client' in it (RFC 7395 §3.3.3). Writes the frame's text. */
void stream_frame_blob(struct buf *out, struct str blob, struct str content_ns);

const char *stream_condition_text(enum stream_condition c);

#endif
