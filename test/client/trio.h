/* trio.h: Alice with two devices and Bob with one, on one server.
 *
 * Owns: its people and their server.  Threads: one.
 */
#ifndef SOTTO_TEST_CLIENT_TRIO_H
#define SOTTO_TEST_CLIENT_TRIO_H

#include "test/client/handset.h"

struct trio {
    struct world *world;
    struct handset alice, alice2, bob;
    struct arena arena;
};

/* For cmocka. Nobody has started; the two accounts know nothing of each other, or are contacts. */
int trio_set_up(void **state);
int trio_set_up_contacts(void **state);
int trio_tear_down(void **state);

void trio_run(struct trio *t); /* until nobody has anything to say */
struct jid trio_jid(struct trio *t, const char *text);

#endif
