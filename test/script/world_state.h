/* world_state.h: what the files of the world share: world.c (queues, time), wire.c (connections, the host's
 * operations), world_store.c (the store, and what scripts put into it), world_anchor.c, world_settings.c.
 */
#ifndef SOTTO_TEST_SCRIPT_WORLD_STATE_H
#define SOTTO_TEST_SCRIPT_WORLD_STATE_H

#include "base/map.h"
#include "server/home.h"
#include "test/script/world.h"

enum { HOMES_MAX = 8, SERVERS_MAX = 4, WIRE_LIMIT = 64 * 1024 * 1024 };

/* One home with what is on its way to it. */
struct place {
    struct world *world;
    struct host host;
    struct home home;
    struct list parcels, completions, arrivals; /* routed.link, store_op.link, wire.in_place */
};

/* A connection: the engine's `link`, and the client's end. */
struct wire {
    struct link in_world, in_place;
    struct world *world;
    struct place *place;
    struct session *session; /* NULL: the engine has no part in it any more */
    struct buf to_server, to_client;
    uint64_t wake_at_ms;
    bool paused, moving, wants_tls, closing;
    bool cut;    /* by the client */
    bool frozen; /* the client does not read */
    bool filled; /* it did not; session_drained() is due once it has */
    bool ended;  /* for the client */
    unsigned move_to;
    uint64_t address; /* hash of the name of the place where the client is */
};

struct chore { /* offloaded work */
    struct link link;
    void (*work)(void *), (*done)(void *);
    void *arg;
    struct place *place;
};

struct remote;
struct remote_parcel;

/* Another server, as far as ours has a link with it. */
struct far_server {
    struct remote *line; /* NULL: it has ended */
    struct list parcels; /* for it, that no script has looked at yet */
    bool down;           /* what is for it cannot be sent */
};

struct noted_event {
    struct noted_event *next;
    struct event event; /* texts in the world's arena */
    struct event_call call;
};

struct world {
    struct world_options options;
    struct noted_event *events; /* that no script has looked at, the oldest first */
    struct settings settings;
    struct disk disk;
    struct place places[HOMES_MAX];
    struct store *store;
    struct list completions; /* of our own operations */
    struct list wires, chores;
    unsigned accepted;
    uint64_t now_ms, sweep_at_ms, minute_at_ms;
    uint64_t random, lots; /* states of the two generators */
    struct map accounts;   /* name -> int64_t */
    struct arena arena;
    struct str exporter, end_point; /* channel binding data of every connection, or empty */
    enum hold held;
    unsigned commits_to_fail;
    struct list failed;         /* store_op.link: write-sets that are to fail */
    struct list reads, commits; /* likewise: queries, write-sets that wait */
    struct remote_pin pins[SERVERS_MAX];
    struct far_server servers[SERVERS_MAX]; /* that scripts play */
    size_t server_count;
    struct list orders; /* to the anchor, that no script has looked at yet */
    unsigned synced;    /* homes that have told the anchor all again */
};

/* wire.c */
extern const struct host_ops world_host_ops;
extern const struct transport_ops world_transport_ops;
bool wire_step(struct wire *w);      /* one thing that its connection has to do; false: none */
bool place_arrival(struct place *p); /* a session that moved here */
void wire_wake(struct wire *w);
void wires_free(struct world *w);

/* world.c */
void world_note_event(struct world *w, const struct event *event);

/* world_store.c */
void world_open_store(struct world *w);
bool world_store_step(struct world *w);

/* world_anchor.c */
void world_anchor_order(struct world *w, const struct anchor_order *o);
void world_anchor_free(struct world *w);

/* world_remote.c */
void world_remote_parcel(struct world *w, struct remote_parcel *p);
bool world_remote_step(struct world *w);
void world_remote_close(struct world *w);

/* world_settings.c */
void world_standard_settings(struct settings *s);

#endif
