/* courier.h: carries the sealed files of a session to the server, one after the other, as the engine asks.
 *
 * Owns: the transfer under way.  Threads: the loop's.
 */
#ifndef SOTTO_CLI_COURIER_H
#define SOTTO_CLI_COURIER_H

#include "client/files.h"
#include "io/loop.h"

struct courier;

struct courier_config {
    const char *folder, *ca; /* of the account; authorities or NULL */
    struct engine *engine;
    /* A file did not arrive this time; may be NULL. */
    void (*trouble)(void *ctx, struct str id, struct str why, bool distrusted);
    void *ctx;
};

/* Everything is borrowed. Removes sealed files that nobody waits for. */
struct courier *courier_new(struct loop *l, const struct courier_config *config);
void courier_free(struct courier *c); /* NULL is allowed */
bool courier_turn(struct courier *c); /* after every round; true: something began */
void courier_event(struct courier *c, const struct engine_event *e);
/* Of the message with this id; false: it is not under way. */
bool courier_progress(const struct courier *c, struct str id, uint64_t *out_done,
                      uint64_t *out_total);

#endif
