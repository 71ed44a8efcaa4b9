/* sm.h: what a session remembers for Stream Management (XEP-0198); shared by session_sm.c and session_resume.c.
 *
 * Owns: the queue of what the client has not acknowledged.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_SM_H
#define SOTTO_SERVER_SM_H

#include "server/session.h"

enum { SM_ID_OCTETS = 16, SM_ID_CHARS = 26 };

struct unacked {
    uint64_t seq;      /* archive position, or 0 */
    struct blob *text; /* NULL for what the archive holds */
    enum wrapping wrapping;
    uint64_t until_ms; /* not sent again later; 0: ever */
};

struct sm {
    uint32_t acked;        /* stanzas that the client acknowledged, mod 2^32 */
    struct unacked *queue; /* a ring of `room` entries, grown on demand: idle sessions stay small */
    size_t first, count, room;
    bool asked;         /* an <r/> of ours waits for its <a/> */
    bool answer;        /* an <r/> of the client waits for its <a/> */
    uint32_t answer_at; /* stanzas submitted when it asked */
    struct str id;      /* to resume with; n == 0: not resumable */
    char id_memory[SM_ID_CHARS];
    uint64_t waits_until_ms; /* without connection */
    size_t replayed;         /* of the queue, after a resumption */
    bool overflowed;         /* too much is unacknowledged: it is about to end */
};

struct unacked *sm_queue_at(struct sm *sm, size_t i);
uint32_t sm_durable_count(const struct session *s);
bool sm_acknowledge(struct session *s, uint32_t h); /* false: more than was sent */
struct xml_node *sm_failed(struct arena *a, struct str condition);
void sm_fail(struct session *s, struct str condition);

#endif
