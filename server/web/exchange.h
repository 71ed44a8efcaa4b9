/* exchange.h: one request in work and its answer, as the routes see it.
 *
 * A route's handler is called once the head is there (and the body, if the route has it collected). It answers now or
 * later, and every exchange ends with exactly one exchange_end(), also if the peer has gone meanwhile: then nothing is
 * written, callbacks come nevertheless, and the handler is to stop.
 * Owns: arena; freed after its end.  Threads: its worker's.
 */
#ifndef SOTTO_SERVER_WEB_EXCHANGE_H
#define SOTTO_SERVER_WEB_EXCHANGE_H

#include "http/response.h"
#include "server/web/web.h"

struct exchange;
typedef void exchange_handler(struct exchange *x);
typedef void exchange_got(struct exchange *x, struct str piece);

struct exchange {
    const struct web_host *host;
    const struct http_request *request;
    struct str body; /* of routes that have it collected */
    struct arena arena;
    void *state; /* the route's */

    /* http_conn.c */
    struct http_conn *connection;
    exchange_handler *collected; /* waits for the body */
    exchange_got *got;           /* waits for a piece of it */
    exchange_handler *sent;      /* waits until output has left */
    struct buf piece;
    size_t want;
    bool body_done, begun, last, ended;
};

bool exchange_gone(const struct exchange *x);
struct peer exchange_peer(const struct exchange *x);
uint64_t exchange_now_ms(const struct exchange *x);
void exchange_event(const struct exchange *x, const struct event *event);

/* The next piece of the body, borrowed until more is read: `want` bytes or a little more, less only at its end, none
 * after it. Says 100 Continue if
 * the peer waits for that. Until it is asked for, the peer is not read. */
void exchange_read(struct exchange *x, size_t want, exchange_got *got);

/* The head; then any number of writes of the body that it announced, one at a time; then the end. */
void exchange_begin(struct exchange *x, const struct http_response *r);
void exchange_write(struct exchange *x, struct str bytes, exchange_handler *sent); /* copies */
void exchange_end(struct exchange *x);

/* All three at once; r->length is set from the body, which is left out in answer to HEAD. */
void exchange_answer(struct exchange *x, const struct http_response *r, struct str body);
/* An error, or good news without content, as one line of text. */
void exchange_say(struct exchange *x, unsigned status, bool shared, struct str sentence);

/* 429, and when to come back (RFC 6585 §4); the connection ends, so whoever goes on asking has to knock again. */
void exchange_say_too_many(struct exchange *x, bool shared, uint64_t wait_ms);

/* 101, and the connection leaves HTTP: ends the exchange. */
void exchange_upgrade(struct exchange *x, const struct http_field *fields, size_t count);

#endif
