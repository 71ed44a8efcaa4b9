/* lasting.h: how long messages of a chat stay (XEP-0466), in words and as it is typed.
 *
 * Owns: nothing.  Threads: any.  Units: seconds; 0: they stay for good.
 */
#ifndef SOTTO_CLI_LASTING_H
#define SOTTO_CLI_LASTING_H

#include "base/arena.h"

struct str lasting_words(struct arena *a, uint32_t seconds); /* "1 day" */
/* "off", a number of seconds, or one with its unit: 30s, 5m, 1h, 1d, 4w. ERR_MALFORMED; ERR_TOO_BIG: more than ten years. */
CHECKED enum err lasting_read(struct str text, uint32_t *out_seconds);

#endif
