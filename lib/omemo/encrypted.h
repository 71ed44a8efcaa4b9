/* encrypted.h: the element <encrypted/> of both versions, as a struct and as XML (XEP-0384 0.3.0
 * §4.4, 0.9 §5.4).
 *
 *   0.3   header(sid) { key(rid, prekey)* iv } payload?
 *   2     header(sid) { keys(jid) { key(rid, kex)* }* } payload?
 *
 * A reader looks for its own keys only. In 0.3 keys bear no address, so that of somebody else's
 * device may have the same number as ours; each is tried. What stands beside the element, such as a
 * <body/>, is not the message.
 * Owns: nothing; lists and octets live in the arena, text is the tree's.  Threads: pure.
 * Errors: ERR_MALFORMED, ERR_TOO_BIG, ERR_UNSUPPORTED (another namespace).
 */
#ifndef SOTTO_OMEMO_ENCRYPTED_H
#define SOTTO_OMEMO_ENCRYPTED_H

#include "omemo/codec.h"
#include "omemo/payload.h"
#include "xml/tree.h"

enum {
    ENCRYPTED_KEYS_MAX = 4096, /* devices of a large room */
    ENCRYPTED_TRIALS_MAX = 4,  /* keys with our number */
};

struct encrypted_key {
    struct str jid; /* OMEMO 2: whose devices; in 0.3 not known */
    uint32_t rid;
    bool is_exchange;
    struct bytes octets; /* when written */
    struct str text;     /* when read; see encrypted_key_octets() */
};

struct encrypted {
    enum omemo version;
    uint32_t sid;
    const struct encrypted_key *keys;
    size_t count;
    struct bytes iv; /* 0.3 */
    bool has_payload;
    struct bytes payload;
};

CHECKED enum err encrypted_read(struct arena *a, const struct xml_node *node,
                                struct encrypted *out);

/* The next key for a device, from *cursor (0 at first) on; NULL after the last, or after
 * ENCRYPTED_TRIALS_MAX. */
const struct encrypted_key *encrypted_next_key(const struct encrypted *e, struct str jid,
                                               uint32_t device_id, size_t *cursor);
CHECKED enum err encrypted_key_octets(struct arena *a, const struct encrypted_key *key,
                                      struct bytes *out);

/* In OMEMO 2 the keys of one account stand together in the list. */
struct xml_node *encrypted_write(struct arena *a, const struct encrypted *e);

#endif
