/* event_line.h: an event as a line of JSON: written by the server, read by it, by sottoctl and by whoever looks for campaigns
 * (docs/events.md has the schema).
 *
 *     {"v":1,"seq":7,"t":1767225600,"type":"login","reason_code":"credentials","era":"9d6b1f02","actor":"52fd0a77e1c3b946",
 *      "net":{"ip24":"07b1a4e92c5d6f38"},"cli":{"transport":"tls"}}
 *
 * Accounts and networks are 8 octets of a keyed hash, never 0: that is nobody. There is no member that could hold an address, a name or
 * words of a person: texts are words of [a-z0-9_-].
 * Owns: nothing; texts of what is read live in the arena.  Threads: pure.  Units: seconds since the epoch, octets, milliseconds.
 * Errors: ERR_TOO_BIG, ERR_MALFORMED, ERR_UNSUPPORTED (a version or a reason that we do not know).
 */
#ifndef SOTTO_SERVER_EVENT_LINE_H
#define SOTTO_SERVER_EVENT_LINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "server/event.h"

enum { EVENT_LINE_MAX = 1024, EVENT_WORD_MAX = 40 };

struct event_line {
    uint64_t seq; /* 0: not said */
    uint64_t time_s;
    uint64_t n; /* so many were equal to this one since the line before it that is; at least 1 */
    enum event_reason reason;
    struct str rule;
    uint32_t
        era; /* of the key that made actor and target: they compare with those of the same era only */
    uint64_t actor, target;
    struct {
        uint64_t ip24; /* of the IPv4 /24 or IPv6 /48, by the key of the day of time_s */
        uint32_t asn;  /* from here on: of those who know; 0 or empty: not said */
        struct str asn_class, cc;
    } net;
    struct {
        struct str transport, ja4;
        uint64_t caps_hash, feat_order_hash, sasl2_agent;
        int32_t clock_skew_bucket;
    } cli;
    bool has_call;
    struct event_call call;
    uint64_t size_bucket; /* a power of four that is not less than the size; 0: not said */
};

/* Without the end of the line; what came out is never longer than EVENT_LINE_MAX. */
void event_line_write(const struct event_line *l, struct buf *out);
CHECKED enum err event_line_read(struct arena *a, struct str line, struct event_line *out);

uint64_t event_size_bucket(uint64_t bytes);
bool event_is_word(struct str text);

#endif
