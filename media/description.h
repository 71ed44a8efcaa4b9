/* description.h: the descriptions of a call (RFC 8866, RFC 8829): those of the other side read into a struct, strictly; ours written from one.
 *
 * A description comes from a stranger by way of our parent. What this program does not use is passed over; what it uses has to be right
 * and there exactly once. `*why` names the rule that was broken, in one word.
 * Owns: nothing; a struct sdp is a copy and points nowhere.  Threads: pure.  Errors: ERR_MALFORMED, ERR_TOO_BIG, ERR_UNSUPPORTED.
 */
#ifndef SOTTO_MEDIA_DESCRIPTION_H
#define SOTTO_MEDIA_DESCRIPTION_H

#include "base/buf.h"
#include "media/ice.h"

enum {
    SDP_MAX = 65000,
    SDP_LINES_MAX = 1000,
    SDP_SECTIONS = 2,
    SDP_MID_MAX = 32,
    SDP_FINGERPRINT = 32,
    SDP_NO_TYPE = 255, /* of a payload type */
};

enum sdp_kind { SDP_AUDIO, SDP_VIDEO };
enum sdp_setup { SDP_SETUP_NONE, SDP_ACTPASS, SDP_ACTIVE, SDP_PASSIVE };

struct sdp_transport {
    char ufrag[ICE_TEXT_MAX + 1], pwd[ICE_TEXT_MAX + 1];
    bool has_fingerprint;
    uint8_t fingerprint[SDP_FINGERPRINT];
    enum sdp_setup setup;
    struct stun_address candidates[ICE_PAIRS];
    uint32_t priorities[ICE_PAIRS];
    bool tcp[ICE_PAIRS];         /* to be connected to: RFC 6544 */
    unsigned numbers[ICE_PAIRS]; /* among all lines of candidates in the description, from 0 */
    size_t candidate_count;
};

struct sdp_section {
    enum sdp_kind kind;
    bool refused; /* port 0, or nothing in it that we speak */
    bool sends, receives, mux;
    char mid[SDP_MID_MAX + 1];
    uint8_t type; /* of Opus or of VP8 */
    uint8_t red;  /* of RED around that Opus; SDP_NO_TYPE: none */
    bool nack, pli, fir, remb;
    uint32_t ssrc; /* of ours, to be written */
    struct sdp_transport transport;
};

struct sdp {
    struct sdp_section sections[SDP_SECTIONS];
    size_t count;
    bool bundled; /* all sections on the first one's transport */
};

CHECKED enum err description_read(struct str in, struct sdp *out, const char **why);
/* One of ours: each section with its ufrag, password, fingerprint and setup. `stream` and `track` are random names. */
void description_write(struct buf *out, const struct sdp *local, const char *stream);

const struct sdp_section *description_section(const struct sdp *s,
                                              enum sdp_kind kind); /* NULL: none */

#endif
