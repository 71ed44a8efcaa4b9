/* request.h: strict, bounded HTTP/1.1 requests (RFC 9112), pulled like every engine.
 *
 * Refused is whatever two readers could understand in two ways (README). A refusal is final: the connection is to
 * be closed after the answer.
 * Owns: the head in work; texts of the request live until HTTP_DONE was handed out and http_parse() is called again.
 * Threads: one at a time.  Units: bytes.
 */
#ifndef SOTTO_HTTP_REQUEST_H
#define SOTTO_HTTP_REQUEST_H

#include "base/buf.h"
#include "http/fields.h"

enum {
    HTTP_HEAD_MAX = 8 * 1024, /* RFC 9112 §3 recommends 8000 octets for the request line */
    HTTP_SEGMENTS_MAX = 8,
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_OPTIONS, HTTP_OTHER };

struct http_request {
    enum http_method method;
    struct str host;            /* lower case, without port; "[::1]" in brackets */
    struct str path;            /* as it came */
    const struct str *segments; /* of the path, decoded: /a/b%20c has two; / has none */
    size_t segment_count;
    struct str query; /* as it came, without "?" */
    const struct http_field *fields;
    size_t field_count;
    bool has_length;
    uint64_t length;       /* of the body */
    bool expects_continue; /* waits for "100 Continue" before it sends the body */
    bool last;             /* Connection: close */
};

enum http_event_kind {
    HTTP_MORE,    /* all input is used up */
    HTTP_REQUEST, /* a head is complete */
    HTTP_BODY,    /* a piece of its body */
    HTTP_DONE,    /* the request is over; the next one begins */
    HTTP_REFUSED, /* `status` says why; nothing follows */
};

struct http_event {
    enum http_event_kind kind;
    struct str body;
    unsigned status;
};

struct http_parser {
    struct buf head;
    struct arena arena;
    struct http_request request;
    uint64_t left; /* of the body */
    uint8_t state;
    char last;       /* octet of the head */
    unsigned status; /* once refused */
};

void http_parser_init(struct http_parser *p);
void http_parser_deinit(struct http_parser *p);
/* Takes from *in what the next event needs. A body piece borrows it. */
void http_parse(struct http_parser *p, struct str *in, struct http_event *out);
bool http_parser_idle(const struct http_parser *p); /* between two requests */

/* The value of a field, p == NULL if it is absent. Fields that may come once were checked to. */
struct str http_get(const struct http_request *r, const char *name);
/* True if the comma-separated list of all such fields holds the word, in any case (RFC 9110 §5.6.1). */
bool http_lists(const struct http_request *r, const char *name, const char *word);

/* One whole head, its last empty line included. ERR_MALFORMED sets *out_status to what the refusal says. */
CHECKED enum err http_head_read(struct arena *a, struct str head, struct http_request *out,
                                unsigned *out_status);

#endif
