/* telephone.h: Bob calls Alice: the steps of a call as tests take them, and what media processes would say.
 *
 * Owns: nothing.  Threads: one.
 */
#ifndef SOTTO_TEST_CLIENT_TELEPHONE_H
#define SOTTO_TEST_CLIENT_TELEPHONE_H

#include "client/call_inside.h"
#include "test/client/exchange.h"

#define DIGEST_OF(x)     x ":" x ":" x ":" x ":" x ":" x ":" x ":" x
#define DIGEST_OF_CALLER DIGEST_OF("AA:01:02:03")
#define DIGEST_OF_CALLEE DIGEST_OF("BB:01:02:03")
#define DIGEST_OF_MIDDLE DIGEST_OF("EE:01:02:03")

#define MEDIUM(name, digest, setup, codec)                                                         \
    "m=" name " 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:" name "\r\na=ice-ufrag:ufragufrag\r\n"            \
    "a=ice-pwd:passwordpasswordpassword\r\na=fingerprint:sha-256 " digest "\r\na=setup:" setup     \
    "\r\na=rtpmap:96 " codec "\r\na=rtcp-mux\r\n"
#define VIDEO_OF(digest)      MEDIUM("video", digest, "actpass", "VP8/90000")
#define OFFER(digest, video)  "v=0\r\n" MEDIUM("audio", digest, "actpass", "opus/48000/2") video
#define ANSWER(digest, video) "v=0\r\n" MEDIUM("audio", digest, "active", "opus/48000/2") video

/* Each until nothing moves. */
struct str telephone_ring(struct exchange *x, unsigned media); /* Bob calls Alice */
void telephone_answer(struct exchange *x, struct handset *h, struct str id);
void telephone_describe(struct exchange *x, struct handset *h, struct str id, const char *sdp);
struct str telephone_talk(struct exchange *x,
                          unsigned media); /* all of these, with Alice's first */
void telephone_end(struct exchange *x, struct handset *h, struct str id);

struct call *telephone_call(const struct handset *h, struct str id);
/* The last description for its media process holds this text. */
bool telephone_heard(const struct handset *h, const char *text);
const char *telephone_record(const struct handset *h); /* the last in its chats; NULL: none */

/* A stanza as text. */
void telephone_inject(struct exchange *x, struct handset *h, const char *text);

void telephone_verify(struct exchange *x, struct handset *by, const struct handset *of);
/* As far as `h` knows they have no device of this version of OMEMO from now on. */
void telephone_forget_version(struct exchange *x, struct handset *h, const char *of,
                              enum omemo version);

#endif
