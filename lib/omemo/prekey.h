/* prekey.h: the keys that we publish so that others can begin a session while we are away (XEP-0384
 * §4.2, §5.2).
 *
 * One-time prekeys serve one session and are deleted with its first message; a signed prekey serves
 * all, is replaced now and then, and its predecessor is kept a while for messages that are under
 * way. What to do when is decided here; storing is the caller's.
 *
 * Owns: nothing.  Threads: pure.  Units: octets, milliseconds since 1970.
 * Secrets: struct prekey; whoever holds one zeroes it.
 */
#ifndef SOTTO_OMEMO_PREKEY_H
#define SOTTO_OMEMO_PREKEY_H

#include "base/random.h"
#include "omemo/dialect.h"

enum {
    PREKEY_COUNT = 100, /* published */
    PREKEY_ID_FIRST = 1,
    PREKEY_ID_LAST =
        0xfffffe,           /* the next one means "last resort, never delete" to some libraries */
    SIGNED_PREKEY_DAYS = 7, /* then a new one */
    SIGNED_PREKEY_KEPT_DAYS = 35, /* then its secret goes: longer than a message waits for us */
};

struct prekey {
    uint32_t id;
    uint8_t secret[OMEMO_KEY]; /* clamped: some libraries multiply by what is stored */
    uint8_t public_key[OMEMO_KEY];
};

void prekey_make(struct prekey *out, uint32_t id, const struct random *random);
uint32_t prekey_next_id(uint32_t id); /* after the last comes the first */

bool signed_prekey_is_due(uint64_t made_ms, uint64_t now_ms);     /* for a successor */
bool signed_prekey_is_expired(uint64_t made_ms, uint64_t now_ms); /* once it has one */

#endif
