/* entry.h: what happens in a chat, one entry after the other: messages, and what is said later about messages.
 *
 * Entries are only ever added. A correction, a reaction or a receipt names the message that it is about, and whoever shows a chat
 * folds them into it (timeline.h); so it does not matter in which order they arrive, and none can be lost to an overwrite.
 *
 * Owns: nothing; texts are borrowed.  Threads: pure.  Units: milliseconds since 1970.
 * Errors: ERR_MALFORMED for a record that is none.
 */
#ifndef SOTTO_CLIENT_ENTRY_H
#define SOTTO_CLIENT_ENTRY_H

#include "base/arena.h"
#include "base/buf.h"

/* The numbers are in stores. */
enum entry_kind {
    ENTRY_MESSAGE = 1,
    ENTRY_CORRECTION = 2, /* XEP-0308 */
    ENTRY_RETRACTION = 3, /* XEP-0424 */
    ENTRY_REACTIONS = 4,  /* XEP-0444: all of its author to the target, separated by spaces */
    ENTRY_SENT =
        5, /* the server has our message; encryption, trust: how it was sealed, for devices that are at least so trusted */
    ENTRY_DELIVERED = 6, /* XEP-0184: a device of theirs has it */
    ENTRY_READ = 7,      /* XEP-0333: and with it all before */
    ENTRY_FAILED = 8,    /* text: why, in words */
    ENTRY_SEALED = 9,    /* a message that this device cannot read; text: why */
    ENTRY_TIMER = 10,    /* XEP-0466: from now on messages stay for expires_s; 0: for good */
    ENTRY_CALL = 11,     /* text: what came of it (call.h) */
    ENTRY_DEVICE =
        12, /* the author has a device that is new to us; text: its fingerprint; trust: as it was then */
};

enum entry_encryption { ENCRYPTION_NONE = 0, ENCRYPTION_OMEMO_03 = 1, ENCRYPTION_OMEMO_2 = 2 };

enum entry_trust {
    ENTRY_TRUST_NONE = 0,
    ENTRY_TRUST_UNDECIDED = 1,
    ENTRY_TRUST_TRUSTED = 2,
    ENTRY_TRUST_VERIFIED = 3,
};

struct entry {
    enum entry_kind kind;
    bool outgoing; /* by this account, be it from another device */
    enum entry_encryption encryption;
    enum entry_trust trust;
    uint64_t time_ms;
    uint64_t
        said_ms; /* when its author says that it was written, if that is a day or more away; else 0 */
    uint32_t device;       /* of the author; 0: unknown */
    uint32_t expires_s;    /* XEP-0466: after it was read, or sent; 0: stays */
    struct str chat;       /* bare JID of the other side */
    struct str author;     /* bare JID */
    struct str id;         /* origin-id, else the stanza's */
    struct str archive_id; /* XEP-0359 stanza-id of our archive; empty: not there yet */
    struct str target;     /* id of the message that it is about; XEP-0461: that it replies to */
    struct str text;
    struct str attachment; /* a record of attachment.h; empty: none */
    struct str quote;      /* of a reply: what it answers, as its author quoted it */
};

void entry_write(struct buf *out, const struct entry *e);
CHECKED enum err entry_read(struct bytes in, struct entry *out); /* views of `in` */
struct entry entry_copy(struct arena *a, const struct entry *e); /* texts included */
/* What nobody sealed must not change what was. Ours of this device is: the outbox has no other way. */
bool entry_is_sealed(const struct entry *e);

#endif
