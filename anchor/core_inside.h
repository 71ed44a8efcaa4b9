/* core_inside.h: what the files of the core share: calls, their legs, the paths of a leg.
 *
 * A leg is one transport of one side: what RFC 8445 calls an ICE session. It stays within a kilobyte, flow included: that is why its
 * times are 32 bits of milliseconds, of which only differences are used.
 */
#ifndef SOTTO_ANCHOR_CORE_INSIDE_H
#define SOTTO_ANCHOR_CORE_INSIDE_H

#include "anchor/core.h"
#include "anchor/table.h"

enum {
    LEG_PATHS = 5,       /* of both components together */
    COMPONENT_PATHS = 4, /* of one: anchor of a multi-homed client */
    LEG_SEEN = 12,       /* transactions of checks that came last */
    CLIENT_UFRAG = 48,   /* webrtcbin makes 32, others 4 to 16; a longer one is not served */
    HMAC_BLOCK = 64,     /* a longer key is hashed first: RFC 2104 §2 */
    HOLDS = 256,         /* datagrams of all legs that wait for the other side */
    LEG_HOLDS = 8,
    HOLD_MS = 3000,
    OLD_CREDENTIALS_MS = 30 * 1000,
    CHECK_GAP_MS = 40,           /* 25 checks a second to one source */
    LEG_CHECKS_PER_SECOND = 50,  /* that we answer */
    CONSENT_MS = 30 * 1000,      /* RFC 7675 §5.1 */
    CONSENT_CHECK_MS = 5 * 1000, /* the same */
    REACH_TRIES = 30,            /* to an anchor that waits for us, and how long between them */
    REACH_GAP_MS = 60,
    PROBE_AFTER_MS = 1000, /* of silence */
    PROBE_GAP_MS = 250,
    DEAD_MS = 5 * 1000, /* then the other side is let know, by silence */
    SILENT_MS = 30 * 1000,
    SILENT_LEGS = 64, /* that are looked through for a source that moved */
    TOTALS_MS = 5 * 1000,
    DROPPED_MS = 10 * 1000,
};

#define NO_LEG UINT32_MAX
enum { NO_PATH = 255 };

/* An address from which an authentic check has come. */
struct path {
    struct stun_address peer;
    uint8_t port;         /* of ours */
    bool used, confirmed; /* confirmed: it answered a check of ours */
    bool nominated;       /* by whoever controls */
    bool early;           /* its check came before we knew who the client is */
    uint8_t generation;   /* of the client's credentials when it was confirmed */
    bool asked;           /* a check is on its way */
    uint8_t
        reach; /* 0: a check came from there; else nothing has, and one more than checks of ours are left */
    uint8_t transaction[8]; /* of it; the rest names leg and path */
    uint32_t rx_ms, check_ms, consent_ms;
    uint32_t stream; /* 0: datagrams */
};

struct credentials {
    char ufrag[ANCHOR_UFRAG], pwd[ANCHOR_PWD];
};

struct leg {
    struct flow flow;
    struct credentials ours[2]; /* now, and before the last restart */
    char client_ufrag[CLIENT_UFRAG];
    uint8_t client_key[HMAC_BLOCK]; /* the password, or its digest */
    uint32_t old_client_ufrag;      /* hash; 0: none */
    uint32_t early_ufrag;           /* hash of what an early check claimed */
    uint32_t old_until_ms;
    uint32_t call, next_free; /* places */
    uint64_t owner;           /* whose relays may carry it; 0: nobody's */
    uint32_t seen[LEG_SEEN];
    uint32_t rx_ms, media_ms, probe_ms, second_ms, known_ms; /* media_ms == 0: never */
    struct path paths[LEG_PATHS];
    uint16_t drops[ANCHOR_DROPS];
    uint8_t client_ufrag_n, client_key_n; /* 0: not known yet */
    uint8_t generation;                   /* of the client's credentials */
    uint8_t seen_at, checks_in_second;
    uint8_t side, transport;
    uint8_t out[2]; /* where media of a component go: a path, or NO_PATH */
    bool has_old, two_components, client_controls, came, passed;
};
_Static_assert(sizeof(struct leg) <= 1024, "a leg is a kilobyte");

struct call {
    uint64_t id; /* 0: free */
    uint32_t legs[2][ANCHOR_TRANSPORTS];
    uint32_t link; /* which told of it last */
    uint32_t next_free;
    bool open, told_open, flows, silent_told[2];
    bool resumed; /* told of when this process began: it may have run before */
};

struct hold {
    uint32_t leg; /* to which it goes; NO_LEG: free */
    uint32_t at_ms;
    uint8_t component;
    uint16_t n;
    uint8_t octets[RTP_MAX];
};

enum { REPORTS_MAX = 64 };

/* By which path a connection is known: where it was authentic last. */
struct known_stream {
    uint32_t number, leg;
    uint8_t path;
};

struct core {
    struct known_stream streams[CORE_STREAMS];
    struct call *calls;
    struct leg *legs;
    uint32_t call_room, leg_room, call_used, leg_used; /* used: places up to here ever were */
    uint32_t free_call, free_leg;
    struct table by_id, by_ufrag, by_source;
    uint64_t seed[2], tie_breaker;
    struct random random;

    struct hold *holds;
    uint32_t silent[SILENT_LEGS]; /* legs whose known source has said nothing for a while */
    size_t silent_count;

    struct core_send sends[CORE_SENDS_MAX];
    uint8_t own[CORE_SENDS_MAX][STUN_MAX]; /* what we wrote ourselves */
    size_t send_count;

    struct anchor_report reports[REPORTS_MAX];
    size_t report_at, report_count;
    uint32_t nobody[ANCHOR_DROPS];
    uint64_t totals[ANCHOR_TOTAL_COUNT];

    uint32_t link;
    bool link_is_up;
    bool synced;        /* some link has told all */
    uint64_t orphan_ms; /* when calls that the link has not told of end; 0: never */
    uint32_t tick_at;   /* the next call of the running tick */
    uint64_t totals_ms, dropped_ms;
    bool report_drops;                  /* in the running tick */
    bool reaching;                      /* some leg goes to an anchor that waits */
    uint64_t told_received, told_calls; /* by the last reports */
};

/* ---- core.c ---- */

void core_send_path(struct core *c, const struct leg *leg, unsigned path, struct bytes packet,
                    bool forwarded);
/* Room of STUN_MAX octets, or NULL; then core_send_own() says how many of them were written. */
uint8_t *core_room(struct core *c);
void core_send_own(struct core *c, const struct route *to, size_t n);
bool core_report(struct core *c, const struct anchor_report *r); /* false: no room now */
void core_drop(struct core *c, struct leg *leg, unsigned why);   /* NULL: nobody's */

/* ---- calls.c ---- */

struct leg *leg_opposite(struct core *c, const struct leg *leg); /* NULL: none */
void call_end(struct core *c, struct call *call);
void calls_end_orphans(struct core *c, uint64_t now_ms);
/* *out_old: by the credentials before the last restart; NULL: nobody's. */
struct leg *leg_by_ufrag(struct core *c, struct str ufrag, bool *out_old);
uint32_t ufrag_hash(const struct core *c, struct str ufrag); /* never 0 */

/* ---- tick.c ---- */

void call_report_drops(struct core *c, struct call *call);

/* ---- ice.c ---- */

void ice_packet(struct core *c, const struct route *from, struct bytes packet, uint32_t now);
void ice_check(struct core *c, struct leg *leg, unsigned path, uint32_t now);
/* Whose checks came before we knew the client, or before its gate was open, is asked now, if it was that client. */
void ice_ask_early(struct core *c, struct leg *leg, uint32_t now);
/* An anchor waits there: it is asked until it answers, or REACH_TRIES times. */
void ice_reach(struct core *c, struct leg *leg, const struct route *to, uint32_t now);
void ice_forget_asked(struct leg *leg); /* what was asked was under another key */
/* The path of this source, or a new one; NO_PATH: all are taken. */
unsigned path_take(struct core *c, struct leg *leg, const struct route *from, uint32_t now);
bool path_is_good(const struct path *p, uint32_t now);
void path_forget(struct core *c, struct leg *leg, unsigned path);
/* By a confirmed source. */
struct leg *leg_by_source(struct core *c, const struct route *from, unsigned *out_path);

/* ---- stream.c ---- */

void stream_know(struct core *c, struct leg *leg, unsigned path); /* no-op for datagrams */

/* ---- media.c ---- */

void media_packet(struct core *c, const struct route *from, struct bytes packet, uint64_t now_ms);
void media_release(struct core *c, struct leg *to, unsigned component, uint32_t now);
void media_forget(struct core *c, uint32_t leg);
void media_expire(struct core *c, uint32_t now);

static inline unsigned port_component(uint8_t port)
{
    return port & 1; /* 0: component 1 */
}

static inline struct route route_of_path(const struct path *p)
{
    return (struct route){ .peer = p->peer, .port = p->port, .stream = p->stream };
}

static inline struct str leg_client_key(const struct leg *leg)
{
    return (struct str){ (const char *)leg->client_key, leg->client_key_n };
}

#endif
