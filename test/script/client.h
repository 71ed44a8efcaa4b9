/* client.h: one scripted client: a connection, what came over it, and what every client does by itself: logging in,
 * counting and acknowledging stanzas (XEP-0198), saying what its entity capabilities stand for (XEP-0115).
 *
 * Functions that return bool return false with a sentence in `why` when the script fails here.
 * Owns: what has come and was not looked at yet.  Threads: one.
 */
#ifndef SOTTO_TEST_SCRIPT_CLIENT_H
#define SOTTO_TEST_SCRIPT_CLIENT_H

#include "base/list.h"
#include "test/script/pattern.h"
#include "test/script/transport.h"
#include "xmpp/stream.h"

enum item_kind { ITEM_ELEMENT, ITEM_OPENED, ITEM_CLOSED, ITEM_ENDED };

struct item { /* what has come */
    struct link link;
    enum item_kind kind;
    struct xml_node *node; /* of an element; of the stream's header */
    struct arena arena;
};

struct client {
    struct link link; /* the runner's */
    struct str name;  /* alice, alice/phone */
    struct str domain;
    const struct transport *transport;
    struct names *names; /* of the script; {name} becomes our full JID */
    struct arena arena;  /* of the whole script */

    void *wire; /* NULL: not connected */
    struct stream stream;
    struct buf in;
    struct list items;
    struct xml_node *features;       /* the last ones */
    struct str jid;                  /* once bound */
    struct str why;                  /* what went wrong */
    bool (*fetch)(struct client *c); /* instead of a wire: another server (run.c) */
    void *fetch_ctx;
    bool trace; /* print what goes over the wire */
    unsigned ids;

    bool sm, sm_manual; /* acknowledges by itself, or leaves it to the script */
    uint32_t received;  /* stanzas since <enabled/> */
    struct str sm_id;
    struct str caps_ver, caps_nodes; /* caps_nodes: separated by commas */
};

struct client *client_new(struct str name, struct str domain, const struct transport *t,
                          struct names *names);
void client_free(struct client *c);

/* Connection. */
void client_open(struct client *c, struct str address, bool secure);
void client_write(struct client *c, struct str text);
void client_write_node(struct client *c, const struct xml_node *node);
bool client_receive(struct client *c); /* what the wire has; false: nothing new */
void client_restart(struct client *c); /* a new stream header is due, from both sides */
bool client_send_header(struct client *c);
void client_cut(struct client *c);
bool client_fail(struct client *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What has come, oldest first. */
struct item *client_next(struct client *c); /* waits for it; NULL: nothing comes */
struct item *client_peek(struct client *c); /* the same, and it stays */
struct item *client_find(struct client *c, const struct xml_node *pattern);   /* anywhere; waits */
struct item *client_search(struct client *c, const struct xml_node *pattern); /* does not wait */
void client_forget(struct client *c); /* whatever has come */
void client_take(struct client *c, enum item_kind kind, struct xml_node *node,
                 struct arena *arena); /* takes the arena, or NULL */
void item_free(struct item *i);
struct str item_text(struct arena *a, const struct item *i);

/* Logging in: client_login.c. `options` as in README.md. */
bool client_login(struct client *c,
                  struct str options); /* up to the features after authentication */
bool client_connect(struct client *c, struct str options);
bool client_resume(struct client *c, struct str options);
bool client_ping(struct client *c, struct str to); /* a round trip; what else comes stays */

#endif
