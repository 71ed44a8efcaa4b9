/* new_device.h: a device that was not known before, of somebody or of our own account: what is said of it.
 *
 * Whichever command is connected says it, on standard error and as an event. It is an entry of the chat besides, so `listen`, `history`
 * and `chat` show it whatever became of that command.
 * Owns: nothing; texts go into the arena.  Threads: one.
 */
#ifndef SOTTO_CLI_NEW_DEVICE_H
#define SOTTO_CLI_NEW_DEVICE_H

#include "cli/program.h"
#include "client/engine.h"

/* After its owner's name: an entry of kind ENTRY_DEVICE. */
struct str new_device_words(struct arena *a, const struct entry *e);
/* An event of kind ENGINE_DEVICE; `own` is our bare JID. */
void new_device_tell(const struct program *p, struct str own, const struct engine_event *e);

#endif
