/* response.h: the head of an answer, with the headers that every answer carries.
 *
 * What a value must not hold (controls, CR, LF) becomes a space, so nothing that a peer chose begins a new line.
 * No Server header: it helps nobody but an attacker.
 * Owns: nothing; output goes to the buf.  Threads: pure.  Units: bytes, milliseconds since the epoch.
 */
#ifndef SOTTO_HTTP_RESPONSE_H
#define SOTTO_HTTP_RESPONSE_H

#include "http/request.h"

struct http_response {
    unsigned status;
    struct str type;   /* Content-Type; empty: there is no body */
    uint64_t length;   /* of the body, also in answer to HEAD */
    bool chunked;      /* instead: the body comes in chunks, which the caller frames */
    struct str policy; /* Content-Security-Policy; empty: default-src 'none' */
    struct str cache;  /* Cache-Control; empty: no-store */
    bool shared;       /* pages of other origins may read it (CORS, CORP) */
    bool last;         /* the connection ends after it */
    uint64_t retry_ms; /* Retry-After, of a refusal that is not for good; 0: none */
    const struct http_field *more;
    size_t more_count;
};

void http_write_head(struct buf *out, const struct http_response *r, uint64_t now_ms);
/* 100 Continue, 101 Switching Protocols: neither body nor the usual headers. */
void http_write_interim(struct buf *out, unsigned status, const struct http_field *more,
                        size_t more_count);
const char *http_status_text(unsigned status);         /* never NULL */
struct str http_date(struct arena *a, uint64_t at_ms); /* RFC 9110 §5.6.7 */

/* attachment or inline; filename*=UTF-8''… (RFC 6266 §4.1, RFC 8187 §3.2) */
struct str http_disposition(struct arena *a, bool attachment, struct str filename);

#endif
