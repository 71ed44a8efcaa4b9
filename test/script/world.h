/* world.h: the engine's host with a clock of its own: homes, connections, store, all in one thread.
 *
 * Nothing happens but in world_run() and world_advance(): what one home posts to another, what the store has done and
 * what clients wrote waits in queues until then. With a shuffle seed, which queue goes first is drawn by lot; each
 * queue keeps its own order, as between threads.
 * Owns: homes, store, connections.  Threads: one.  Units: milliseconds since the epoch.
 */
#ifndef SOTTO_TEST_SCRIPT_WORLD_H
#define SOTTO_TEST_SCRIPT_WORLD_H

#include "rtp/anchor_wire.h"
#include "server/event.h"
#include "test/script/transport.h"
#include "xml/tree.h"

struct world;

struct world_options {
    unsigned homes;
    bool bytewise;    /* the engine gets what clients write octet by octet */
    uint64_t shuffle; /* 0: queues in a fixed order */
    struct str store; /* its URL; absent: in memory */
};

struct world *world_new(const struct world_options *options);
/* Ends all sessions as a server does that goes down, then frees. False, and *why: the engine kept something. */
bool world_free(struct world *w, const char **why);
struct transport world_transport(struct world *w);

bool world_step(struct world *w); /* one thing; false: there was nothing */
void world_run(struct world *w);  /* until nothing moves any more */
void world_advance(struct world *w, uint64_t ms);

/* `name` may be whole, name@domain. An empty password: no keys at all. */
bool world_account(struct world *w, struct str name, struct str password, uint32_t iterations);
bool world_grant(struct world *w, struct str name, struct str id, uint32_t iterations);
bool world_config(struct world *w, struct str key,
                  struct str value); /* false: no such key or value */
bool world_call_rule(struct world *w, struct str rule);
bool world_roster(struct world *w, struct str owner,
                  struct str item); /* <item/> put into the store */

/* What the engine has noted: the first of this reason that was not taken yet, or NULL. */
const struct event *world_take_event(struct world *w, enum event_reason reason);

/* The settings as sottod takes them, `-o` and `section.key=value` in turn; returns how many words. */
enum { WORLD_WORDS_MAX = 160 };
size_t world_words(const struct world *w, struct arena *a, const char *words[WORLD_WORDS_MAX]);

enum hold {
    HOLD_NOTHING,
    HOLD_READS,
    HOLD_COMMITS,
    HOLD_ALL
}; /* these wait until they are let go */
void world_hold_store(struct world *w, enum hold hold);
void world_fail_commits(struct world *w, unsigned n); /* the next n end with ERR_IO */

/* The media anchor: it is there with one place for UDP and one for TCP, or it is gone. */
void world_anchor_ready(struct world *w, bool there);
/* False: no home has such a call. */
bool world_anchor_reports(struct world *w, const struct anchor_report *report);
/* The next that it was told, as an element (README.md); NULL: nothing more. */
struct xml_node *world_anchor_next(struct world *w, struct arena *a);

/* Another server with which there is a link, from before the first line on: it says what scripts want. False: too many. */
bool world_remote(struct world *w, struct str domain);
/* A stanza of it, of jabber:client; the condition by which its stream would end, or NULL. */
const char *world_remote_says(struct world *w, struct str domain, const struct xml_node *stanza);
/* The next that was sent to it; NULL: nothing more. */
struct xml_node *world_remote_next(struct world *w, struct str domain, struct arena *a);
/* It cannot be reached from now on; it can again. */
void world_remote_down(struct world *w, struct str domain, bool down);

/* Numbers that look like chance and are the same every time. */
uint64_t world_next_random(uint64_t *state);

#endif
