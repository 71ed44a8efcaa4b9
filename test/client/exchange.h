/* exchange.h: what stands between the devices of a trio and carries their calls as a server with a gate does: by the ledger, with
 * addresses and credentials of its own. All else goes to the trio's server.
 *
 * A test may change or lose what it carries, as a server that lies could.
 * Owns: the trio.  Threads: one.
 */
#ifndef SOTTO_TEST_CLIENT_EXCHANGE_H
#define SOTTO_TEST_CLIENT_EXCHANGE_H

#include "client/call.h"
#include "test/client/trio.h"

enum { CARRIED_MAX = 64 };

#define ANCHOR_IP "192.0.2.99"

struct exchange {
    struct trio *trio;
    struct arena arena;
    struct ledger ledger;
    bool open;
    struct {
        struct handset *to;
        struct xml_node *stanza;
    } carried[CARRIED_MAX]; /* on their way */
    size_t count;
    size_t refused; /* by the ledger */
    /* Called with what is about to be delivered. */
    void (*tamper)(struct exchange *x, struct arena *a, struct xml_node *stanza);
    void *ctx;
};

/* For cmocka: Alice's two devices and Bob's one are online and have written to each other. */
int exchange_set_up(void **state);
int exchange_set_up_unmet(void **state); /* online, and have never written */
int exchange_tear_down(void **state);

void exchange_run(struct exchange *x);
void exchange_advance(struct exchange *x, uint64_t ms);
/* Into a device's stream, as if the server had sent it. */
void exchange_inject(struct exchange *x, struct handset *to, struct xml_node *stanza);
struct str exchange_full(struct exchange *x, const struct handset *h); /* full JID */

/* The last of a kind that the device was told; NULL text: none. */
const struct str *exchange_told(const struct handset *h, enum call_news news);
size_t exchange_count(const struct handset *h, enum call_news news);

#endif
