/* phone.h: a device for tests: lib/client's line on a connection to the server engine, in one process and without
 * a clock (test/script/world.h).
 *
 * Owns: its line and wire.  Threads: one.
 */
#ifndef SOTTO_TEST_CLIENT_PHONE_H
#define SOTTO_TEST_CLIENT_PHONE_H

#include "client/line.h"
#include "test/script/world.h"

enum { PHONE_EVENTS_MAX = 256 };

struct phone {
    struct world *world;
    struct transport transport;
    void *wire;
    bool secured;
    struct arena arena;
    struct login_account account;
    struct random random;
    uint64_t dice;
    struct binding_data binding;
    struct line line;
    struct line_event events[PHONE_EVENTS_MAX]; /* since the last phone_run(), nodes in its arena */
    size_t event_count;
};

void phone_init(struct phone *p, struct world *w, const char *jid, const char *password,
                unsigned number); /* number: of the device among an account's */
void phone_deinit(struct phone *p);

void phone_connect(struct phone *p); /* and runs until nothing moves */
void phone_cut(struct phone *p);     /* the connection dies without a word */
void phone_run(struct phone *p);
const struct line_event *phone_event(const struct phone *p,
                                     enum line_event_kind kind);            /* or NULL */
const struct xml_node *phone_stanza(const struct phone *p, const char *id); /* or NULL */
void phone_keep_token(struct phone *p); /* of the last login, for the next */

#endif
