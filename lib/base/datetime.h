/* datetime.h: timestamps as XMPP writes them (XEP-0082 §3.2), always UTC.
 *
 * Owns: nothing.  Threads: pure.  Units: milliseconds since 1970-01-01T00:00:00Z.
 */
#ifndef SOTTO_BASE_DATETIME_H
#define SOTTO_BASE_DATETIME_H

#include "base/arena.h"

struct str datetime_text(struct arena *a, uint64_t at_ms);       /* 2026-01-31T23:59:59.123Z */
CHECKED enum err datetime_read(struct str in, uint64_t *out_ms); /* any zone offset, any fraction */

#endif
