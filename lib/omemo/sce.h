/* sce.h: the envelope around what OMEMO 2 seals (XEP-0420): elements of any kind, and with them who
 * wrote to whom, and when, so that a server cannot put a message into another conversation or
 * another time.
 *
 *     envelope { content { … } rpad from(jid) to(jid) time(stamp) }
 *
 * Owns: nothing; trees and text live in the arena.  Threads: pure.  Units: milliseconds since 1970.
 * Errors: ERR_MALFORMED, ERR_TOO_BIG; ERR_CONFLICT where the envelope contradicts the stanza around
 * it.
 */
#ifndef SOTTO_OMEMO_SCE_H
#define SOTTO_OMEMO_SCE_H

#include "base/random.h"
#include "xml/tree.h"
#include "xmpp/jid.h"

enum {
    SCE_MIN = 256,         /* shorter envelopes are filled up: most messages look alike */
    SCE_PADDING_MAX = 200, /* and then some by chance, XEP-0420 §7 */
    SCE_LATE_MS = 24 * 60 * 60 * 1000,
};

struct sce {
    struct xml_node *content; /* <content/>, whose children are the message */
    struct str from, to;      /* bare addresses as text; p == NULL if absent */
    bool has_time;
    uint64_t time_ms;
};

struct xml_node *sce_content(struct arena *a); /* empty, to be filled */
struct bytes sce_write(struct arena *a, const struct random *random, const struct sce *s);

CHECKED enum err sce_read(struct arena *a, struct bytes text, struct sce *out);

/* `from` is who the stanza is from, `to` whom it is to: the account that wrote and the one written
 * to, or the room. In a room `to` must be named (XEP-0384 0.9 §5.2). */
CHECKED enum err sce_check(struct arena *a, const struct sce *s, const struct jid *from,
                           const struct jid *to, bool is_group);

/* Written a day or more before or after the time that the server gives: to be shown, not to be
 * refused, for clocks are wrong. */
bool sce_is_from_another_time(const struct sce *s, uint64_t stanza_ms);

#endif
