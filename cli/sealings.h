/* sealings.h: how messages of ours were sealed. That is known when they leave, and then told by an entry of its own (ENTRY_SENT): here it
 * comes back to the message.
 *
 * Owns: what it was told.  Threads: one.
 */
#ifndef SOTTO_CLI_SEALINGS_H
#define SOTTO_CLI_SEALINGS_H

#include "base/map.h"
#include "base/random.h"
#include "client/entry.h"

struct sealings {
    struct map map; /* of struct sealing, by the id of the message */
};

void sealings_init(struct sealings *s, const struct random *random);
void sealings_deinit(struct sealings *s);
void sealings_note(struct sealings *s, const struct entry *e); /* any; it takes what it wants */
/* Of a message of ours that has left, encryption and trust; all others stay as they are. */
void sealings_apply(const struct sealings *s, struct entry *e);
/* It will not be asked for again. */
void sealings_forget(struct sealings *s, struct str id);

#endif
