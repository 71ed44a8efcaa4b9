/* sdp.h: a description of media as SDP (RFC 8866, RFC 9429), which the media process speaks, from a struct jingle and back.
 *
 *   our media process: SDP --sdp_read--> struct jingle --jingle_write--> to the other side
 *   from the other side: jingle_read, jingle_candidates, fingerprints opened --> struct jingle --sdp_write--> our media process
 *
 * What is read passes jingle_read(), so that its grammar is the only one: a media process that was taken over can say nothing else.
 * Addresses of candidates, names of streams and of this machine stay where they are. What is written comes from the struct alone.
 *
 * Owns: nothing; everything is in the arena.  Threads: pure.
 * Errors: ERR_MALFORMED, ERR_TOO_BIG, ERR_UNSUPPORTED; *why as in jingle.h.
 */
#ifndef SOTTO_JINGLE_SDP_H
#define SOTTO_JINGLE_SDP_H

#include "jingle/jingle.h"

enum { SDP_MAX = 64 * 1024, SDP_LINES_MAX = 1000 };

/* action: JINGLE_SESSION_INITIATE for an offer, JINGLE_SESSION_ACCEPT for an answer. */
CHECKED enum err sdp_read(struct arena *a, struct str text, enum jingle_action action,
                          struct str sid, struct jingle *out, const char **why);

/* The same two actions. `offer`: what an answer answers, so that media which it does not take are declined in their places; NULL for
 * an offer. ERR_DENIED: a fingerprint is still sealed, or there is none. */
CHECKED enum err sdp_write(struct arena *a, const struct jingle *j, const struct jingle *offer,
                           struct str *out);

/* Where the other side of a call is to be reached, as far as the other side is our own server, or is believed to be: the first
 * JINGLE_CANDIDATES of each content of `element` that have a literal address, into the contents of `j`, which was read from it. */
void jingle_candidates(struct arena *a, const struct xml_node *element, struct jingle *j);

#endif
