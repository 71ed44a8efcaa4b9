/* line.h: the stream between a device and its server: logging in, stanzas, acknowledgements (XEP-0198).
 *
 * What is sent stays here until the server has it: a connection that breaks is resumed by the next one, and nothing is
 * sent twice or lost. Where the server has forgotten the session, what it had not acknowledged is handed back.
 *
 *   line_open() -> [LINE_START_TLS -> line_secured()] -> LINE_UP -> LINE_STANZA … -> LINE_DOWN
 *
 * Feed bytes, pull events, send the output, as with stream.h. An incoming stanza counts as handled when line_handled()
 * says so: after what it changed is durable.
 * Owns: stream, login, unacknowledged stanzas.  Threads: one at a time.
 */
#ifndef SOTTO_CLIENT_LINE_H
#define SOTTO_CLIENT_LINE_H

#include "base/list.h"
#include "client/login.h"

enum { LINE_UNACKED_MAX = 1000 };

enum line_state { LINE_IDLE, LINE_LOGGING_IN, LINE_ONLINE };

enum line_event_kind {
    LINE_START_TLS,
    LINE_UP,     /* line.login.result tells how */
    LINE_STANZA, /* node and arena are the receiver's */
    LINE_ACKED,  /* the server has the stanza with this tag */
    LINE_LOST,   /* it may have it or not; follows LINE_UP of a session that was not resumed */
    LINE_DOWN,   /* close the connection */
};

struct line_event {
    enum line_event_kind kind;
    struct xml_node *node;
    struct arena arena;
    uint64_t tag;
    bool refused;               /* LINE_DOWN: logging in failed, so */
    enum login_failure failure; /* why */
    struct str text;            /* what the server said, in the line's memory; hostile */
};

struct line {
    enum line_state state;
    struct stream stream;
    struct login login;
    struct arena session;             /* of sm_id */
    struct str sm_id;                 /* empty: the session cannot be resumed */
    bool sm, asked, owes;             /* XEP-0198 is on; an <r/> of ours, of theirs is unanswered */
    uint32_t sent, received, handled; /* stanzas of this session; mod 2^32 */
    uint32_t answered;                /* as much of `handled` as the server was told */
    struct list unwritten;            /* sent_stanza: until there is room in the stream's output */
    struct list unacked, reports;     /* sent_stanza; reports: whose fate is to be told */
    size_t unwritten_count, unacked_count;
};

void line_init(struct line *l);
void line_deinit(struct line *l);

/* A new connection is there. The account's resume_id and resume_h are ours to set. `account` is borrowed until
 * LINE_UP or LINE_DOWN. */
void line_open(struct line *l, enum stream_framing framing, struct login_account *account,
               const struct random *random, bool secured, struct binding_data binding);
void line_secured(struct line *l, struct binding_data binding); /* after LINE_START_TLS */
void line_closed(struct line *l); /* the connection is gone; the session waits to be resumed */

void line_feed(struct line *l, struct str bytes);
bool line_next(struct line *l, struct line_event *out);

/* tag 0: nobody wants to hear of it. Between two connections it waits for the session to be resumed. False: there is no session to
 * wait for, or too much is unacknowledged. */
CHECKED bool line_send(struct line *l, const struct xml_node *stanza, uint64_t tag);
void line_handled(struct line *l, uint32_t count); /* so many more of the received ones */
void line_flush(
    struct line *
        l); /* after a round of sends, and when output has left: goes on, asks for an acknowledgement */
void line_shut(struct line *l); /* says goodbye: the session ends */

/* Output as in stream.h: line.stream. */

#endif
