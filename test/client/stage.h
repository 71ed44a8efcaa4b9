/* stage.h: Alice and Bob on one server, and forgeries that Bob gets: pieces of the stream that the server never sent. What is sealed in them
 * is sealed by Alice's engine, so that what is wrong is one thing only.
 *
 * Owns: its people and their server.  Threads: one.
 */
#ifndef SOTTO_TEST_CLIENT_STAGE_H
#define SOTTO_TEST_CLIENT_STAGE_H

#include "client/engine_inside.h"
#include "test/client/handset.h"

#define ALICE   "alice@sotto.test"
#define BOB     "bob@sotto.test"
#define MALLORY "mallory@sotto.test"
#define SECRET  "forged words"
#define CLIENT  " xmlns='jabber:client' "

enum { XML_MAX = 1 << 20, GHOST = 4711 };

struct scene {
    struct world *world;
    struct handset alice, bob;
};

/* With sessions in both versions, which both sides know. */
int stage_set_up(void **state);
int stage_tear_down(void **state);
void stage_run(struct scene *s);
struct jid stage_jid(struct arena *a, const char *text);
uint32_t stage_device(const struct handset *h);

/* Into Bob's stream, between two stanzas of the server, which knows nothing of it: so it is not counted. */
void stage_inject(struct scene *s, struct str xml);
size_t stage_shown_since(const struct handset *h, size_t before); /* messages, readable or not */

/* A message of Alice's device to Bob's, sealed by her session: the plaintext is the forger's, or as it should be. */
struct xml_node *forge_sealed(struct scene *s, struct arena *a, enum omemo version,
                              struct bytes plain);
struct bytes forge_envelope(struct scene *s, struct arena *a, const char *from, const char *to);
struct xml_node *forge_message(struct scene *s, struct arena *a, enum omemo version);

/* Changing it: the first element of that name, its text, its text as base64. */
struct xml_node *forge_inside(const struct xml_node *n, const char *name);
void forge_text(struct arena *a, struct xml_node *n, struct str text);
struct bytes forge_octets(struct arena *a, const struct xml_node *n);
void forge_set_octets(struct arena *a, struct xml_node *n, struct bytes octets);
void forge_put(struct buf *out, const struct xml_node *n);

/* An event of a node of device lists of OMEMO 2. */
#define LIST(FROM, DEVICES)                                                                        \
    "<message" CLIENT "type='headline' from='" FROM "' to='" BOB                                   \
    "'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='" NS_OMEMO_DEVICES      \
    "'><item id='current'><devices xmlns='urn:xmpp:omemo:2'>" DEVICES                              \
    "</devices></item></items></event></message>"

#endif
