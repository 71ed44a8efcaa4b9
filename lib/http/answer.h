/* answer.h: strict, bounded HTTP/1.1 answers (RFC 9112) to a GET of ours, pulled like every engine.
 *
 * Taken is only what every reader understands alike: one length, or chunks without extensions, never both, and never a body
 * that ends where the connection does, for then nobody can tell a whole file from a cut one. Interim answers are skipped.
 * A refusal is final; so is the end: there is one answer, and what follows it is never looked at.
 * Owns: the head; its texts live as long as the parser.  Threads: one at a time.  Units: bytes.
 */
#ifndef SOTTO_HTTP_ANSWER_H
#define SOTTO_HTTP_ANSWER_H

#include "base/buf.h"
#include "http/fields.h"

enum {
    ANSWER_HEAD_MAX = 16 * 1024, /* of each head, and of all trailer fields */
    ANSWER_INTERIM_MAX = 4,      /* 100, 103 */
};

enum answer_event_kind {
    ANSWER_MORE,    /* all input is used up */
    ANSWER_HEAD,    /* of the final answer: `answer` is there */
    ANSWER_BODY,    /* a piece of its body */
    ANSWER_DONE,    /* the body is whole; nothing follows */
    ANSWER_REFUSED, /* nothing follows */
};

struct answer_event {
    enum answer_event_kind kind;
    struct str body; /* borrows the input */
};

struct http_answer {
    unsigned status; /* 200-599 */
    const struct http_field *fields;
    size_t field_count;
    bool chunked;    /* its length is not known before its end */
    uint64_t length; /* of the body */
};

struct answer_parser {
    struct buf head; /* or the line of a chunk, or the trailer */
    struct arena arena;
    struct http_answer answer;
    uint64_t left; /* of the body, or of the chunk */
    unsigned interim;
    uint8_t state;
    char last;
};

void answer_parser_init(struct answer_parser *p);
void answer_parser_deinit(struct answer_parser *p);
/* Takes from *in what the next event needs. Without input, MORE says that the answer is not over. */
void answer_parse(struct answer_parser *p, struct str *in, struct answer_event *out);

#endif
