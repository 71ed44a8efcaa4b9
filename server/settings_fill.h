/* settings_fill.h: the engine's settings from the configuration: all but its secret and where its web side is.
 *
 * Owns: nothing; texts are the configuration's.  Threads: pure.
 */
#ifndef SOTTO_SERVER_SETTINGS_FILL_H
#define SOTTO_SERVER_SETTINGS_FILL_H

#include "server/config.h"
#include "server/settings.h"

void settings_fill(struct settings *to, const struct config *config);

#endif
