/* counters.h: what one home counts, for `sottoctl stats` and listen.metrics.
 *
 * Nothing here tells people apart: every counter is one of a closed list, and there are no names,
 * addresses or texts. A range of counters is named by its first one and an enum to be added.
 * Owns: nothing.  Threads: one writes (a home's own, so that no bus lock is needed), any may read:
 * what it reads may be a moment old.
 */
#ifndef SOTTO_SERVER_COUNTERS_H
#define SOTTO_SERVER_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "server/event.h"
#include "xmpp/stanza.h"
#include "xmpp/stream.h"

enum client_transport { TRANSPORT_STARTTLS, TRANSPORT_TLS, TRANSPORT_WEBSOCKET, TRANSPORT_COUNT };

enum login_class { LOGIN_PLAIN, LOGIN_SCRAM, LOGIN_SCRAM_PLUS, LOGIN_FAST, LOGIN_CLASS_COUNT };

enum { STANZA_KINDS = STANZA_IQ + 1, STREAM_CONDITIONS = STREAM_UNSUPPORTED_VERSION + 1 };

enum counter {
    /* What there is now; homes add and take away. */
    COUNTER_SESSIONS,  /* streams, logged in or not, and sessions that wait to be resumed */
    COUNTER_BOUND,     /* sessions with a resource, connected or not */
    COUNTER_RESUMABLE, /* of those: without a connection */
    COUNTER_CONNECTIONS,
    COUNTER_LAG_MS = COUNTER_CONNECTIONS + TRANSPORT_COUNT, /* of the loop, at its last sweep */
    /* What has happened since the start. */
    COUNTER_CONNECTED,
    COUNTER_LOGINS = COUNTER_CONNECTED + TRANSPORT_COUNT,
    COUNTER_FAILED_LOGINS = COUNTER_LOGINS + LOGIN_CLASS_COUNT,
    COUNTER_RESUMED = COUNTER_FAILED_LOGINS + LOGIN_CLASS_COUNT,
    COUNTER_NOT_RESUMED,
    COUNTER_STANZAS_IN,
    COUNTER_STANZAS_OUT = COUNTER_STANZAS_IN + STANZA_KINDS,
    COUNTER_ARCHIVED = COUNTER_STANZAS_OUT + STANZA_KINDS,
    COUNTER_ARCHIVE_QUERIES,
    COUNTER_PUSHES, /* sent to app servers; refused by them, or not delivered */
    COUNTER_PUSHES_FAILED,
    COUNTER_CALL_LEFT_OUT, /* elements of Jingle that did not go on */
    COUNTER_EVENTS,        /* of each enum event_reason */
    COUNTER_STREAM_ERRORS = COUNTER_EVENTS + EVENT_REASONS,
    COUNTER_COUNT = COUNTER_STREAM_ERRORS + STREAM_CONDITIONS
};

struct counters {
    _Atomic uint64_t n[COUNTER_COUNT];
};

/* Two moves to and from memory: the only writer needs no more. */
static inline void counter_set(struct counters *c, unsigned which, uint64_t value)
{
    atomic_store_explicit(&c->n[which], value, memory_order_relaxed);
}

static inline uint64_t counter_get(const struct counters *c, unsigned which)
{
    return atomic_load_explicit(&c->n[which], memory_order_relaxed);
}

static inline void count_more(struct counters *c, unsigned which, uint64_t n)
{
    counter_set(c, which, counter_get(c, which) + n);
}

static inline void count(struct counters *c, unsigned which)
{
    count_more(c, which, 1);
}

static inline void uncount(struct counters *c, unsigned which)
{
    counter_set(c, which, counter_get(c, which) - 1);
}

#endif
