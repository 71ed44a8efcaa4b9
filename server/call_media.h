/* call_media.h: the way of a call's media: through the anchor, which the server tells of both sides (rtp/anchor_wire.h).
 *
 * What either side says of its transport stays here; the other side gets the anchor's places and credentials of ours, for each side
 * and transport others:
 *
 *   session-initiate   LEG for the callee's transports, one for each content    written into what the callee gets
 *   session-accept     LEG for the caller's, one if both agreed on a bundle     written into what the caller gets
 *                      CLIENT of both sides, the gate opens
 *   transport-info     nothing, or CLIENT and LEG anew where a side has restarted ICE
 *
 * Everything is kept while the call lasts, so that an anchor that was started anew can be told again.
 * Owns: nothing of its own; texts are in the call's arena.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_CALL_MEDIA_H
#define SOTTO_SERVER_CALL_MEDIA_H

#include "jingle/ledger.h"
#include "rtp/anchor_wire.h"

struct home;

struct call_leg { /* ours */
    char ufrag[ANCHOR_UFRAG], pwd[ANCHOR_PWD];
    bool made, two_components;
    bool fresh; /* the anchor has not heard of it */
};

struct call_stream { /* a content, as one side described it */
    struct str ufrag, pwd;
    uint8_t payload_types[16];
    enum jingle_setup setup;
    bool known;
};

struct call_content {
    struct str name;
    unsigned transport; /* by which it goes */
    bool video;
    struct call_stream of[2]; /* by enum anchor_side */
};

struct call_media {
    uint64_t number;    /* the low octet is the home's */
    uint64_t owners[2]; /* whose relays may carry its media: turn_credential.h */
    struct call_content contents[JINGLE_CONTENTS];
    size_t content_count;
    size_t content_of[ANCHOR_TRANSPORTS]; /* whose credentials are the transport's */
    struct call_leg legs[2][ANCHOR_TRANSPORTS];
    bool knows_tcp[2]; /* that side has said so: candidates of TCP are for it alone */
    bool told;         /* the anchor knows of the call */
    bool answered;     /* both sides are known, the gate is open */
    bool bundled;      /* all contents go by one transport */
};

bool call_media_possible(const struct home *h); /* there is an anchor */

/* Whether `from` may say that of these contents: that they are there, or there is room; that what is taken or refused was offered by the
 * other side. */
bool call_media_fits(const struct call_media *m, enum anchor_side from, const struct jingle *j);
/* A transport-info of `from` with credentials that are not the ones before: ICE anew (RFC 8445 §2.4). */
bool call_media_is_anew(const struct call_media *m, enum anchor_side from, const struct jingle *j);

/* What `from` says, for the other side: transports are replaced by ours. `a`: of the call. */
void call_media_pass(struct home *h, struct call_media *m, struct arena *a, enum anchor_side from,
                     struct jingle *j);
/* A transport-info of `from`. True: it has restarted ICE, and *out is what it gets in return. */
bool call_media_restart(struct home *h, struct call_media *m, struct arena *a,
                        enum anchor_side from, const struct jingle *j, struct jingle *out);
void call_media_tell(struct home *h, const struct call_media *m); /* all of it, again */
void call_media_synced(struct home *h);
void call_media_end(struct home *h, struct call_media *m);

#endif
