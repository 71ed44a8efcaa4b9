/* fleet.h: many clients on one epoll loop, pulled by the mode that runs them.
 *
 *     while (…) {
 *         fleet_turn(f, until_ns);                   // sends what is queued, waits for the network
 *         while (fleet_next(f, &event))              // what came; views hold until the next call
 *             …
 *     }
 *
 * Owns: its members and their connections.  Threads: one.  Units: nanoseconds of clock_ns().
 */
#ifndef SOTTO_BENCH_FLEET_H
#define SOTTO_BENCH_FLEET_H

#include <sys/epoll.h>

#include "base/list.h"
#include "bench/load/client.h"
#include "bench/load/wire.h"

enum { FLEET_BATCH = 256 };

enum member_state {
    MEMBER_IDLE, /* no connection */
    MEMBER_CONNECTING,
    MEMBER_LOGGING_IN,
    MEMBER_READY,
    MEMBER_CLOSING, /* has ended its stream, waits for the server to do so */
};

struct member {
    struct client client;
    struct wire wire;
    enum member_state state;
    unsigned index;
    uint32_t interest; /* what epoll watches */
    uint64_t opened_ns;
    struct link unsent;  /* in fleet.unsent */
    struct link pending; /* in fleet.pending */
};

struct fleet {
    struct wire_setup setup;
    struct client_profile profile;
    const char *user_prefix; /* borrowed; account N is user_prefix followed by N */
    struct member *members;
    size_t n;
    uint64_t timeout_ns; /* for a login, and for a close */
    struct list unsent;  /* members with something queued */
    struct list pending; /* members that connect, log in or close, oldest first */
    int epoll;
    struct epoll_event batch[FLEET_BATCH];
    int batch_n, batch_at;
    struct member *current; /* whose bytes are being handed out */
    uint8_t *arrived;       /* WIRE_READ_SIZE each */
    char *plain;
};

enum fleet_event_kind {
    FLEET_READY,   /* logged in and settled */
    FLEET_MESSAGE, /* text: the stanza */
    FLEET_ACKED,   /* tag: of the stanza */
    FLEET_CLOSED,  /* closed after fleet_close() */
    FLEET_LOST,    /* the connection is gone; text: why */
};

struct fleet_event {
    enum fleet_event_kind kind;
    struct member *member;
    struct str text;
    uint64_t tag;
};

/* fleet->setup and fleet->profile are filled by the caller before. */
CHECKED enum err fleet_init(struct fleet *f, size_t n, const char *user_prefix,
                            uint64_t timeout_ns);
void fleet_deinit(struct fleet *f);

/* Starts the login of one member under an account. ERR_IO: wire_reason() tells. */
CHECKED enum err fleet_open(struct fleet *f, struct member *m, unsigned account, unsigned resource);
void fleet_close(struct fleet *f, struct member *m); /* FLEET_CLOSED follows */

/* After something was written to m->client.out. */
void fleet_queue(struct fleet *f, struct member *m);

void fleet_turn(struct fleet *f, uint64_t until_ns);
bool fleet_next(struct fleet *f, struct fleet_event *out);

#endif
