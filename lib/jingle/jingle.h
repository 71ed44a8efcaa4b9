/* jingle.h: what two parties of an accepted call may tell each other (XEP-0166, XEP-0167, XEP-0176 and what belongs to them): read
 * into a struct, written anew from it. Nothing else gets through, because there is no way for it to get through.
 *
 *   <jingle action sid>
 *     <group semantics='BUNDLE'> <content name/>* </group>                                       XEP-0338
 *     <content creator name senders>                                                              1-2
 *       <description media> payload-type* rtcp-fb* rtp-hdrext* source* ssrc-group* rtcp-mux       XEP-0167 0293 0294 0339
 *       <transport ufrag pwd> fingerprint candidate* trickle renomination                         XEP-0176 0320
 *     <reason> | <mute/> | <ringing/> …
 *
 * Two ways of not being in the grammar: what no honest client sends makes the whole action malformed; what honest clients send and
 * nobody here needs (keys of SDES, unknown codecs, addresses) is left out and counted.
 * A reader never keeps an address: candidates are counted and gone. Those that are written are the server's own.
 *
 * Owns: nothing; everything is in the arena, texts are the tree's.  Threads: pure.
 * Errors: ERR_MALFORMED, ERR_TOO_BIG, ERR_UNSUPPORTED (an action or a transport that calls here do not have); *why says in one word
 * which rule, for events and counters.
 */
#ifndef SOTTO_JINGLE_JINGLE_H
#define SOTTO_JINGLE_JINGLE_H

#include "omemo/encrypted.h"
#include "xml/tree.h"

#define JINGLE_IN_CLEAR "no-fingerprint" /* the rule that calls without encryption break */

enum {
    JINGLE_CONTENTS = 2, /* one of audio, one of video */
    JINGLE_PAYLOADS = 64,
    JINGLE_PARAMETERS = 16,
    JINGLE_FEEDBACKS = 12,
    JINGLE_EXTENSIONS = 24,
    JINGLE_SOURCES = 8,
    JINGLE_SOURCE_GROUPS = 4,
    JINGLE_CANDIDATES_READ = 32,
    JINGLE_CANDIDATES = 4, /* of ours: components, and UDP beside TCP */
    JINGLE_ELEMENTS = 1200,
    JINGLE_DEPTH = 8,
    JINGLE_ATTRIBUTES = 16,
    JINGLE_SID_MAX = 66,
};

enum jingle_action {
    JINGLE_SESSION_INITIATE,
    JINGLE_SESSION_ACCEPT,
    JINGLE_SESSION_TERMINATE,
    JINGLE_SESSION_INFO,
    JINGLE_TRANSPORT_INFO,
    JINGLE_CONTENT_ADD,
    JINGLE_CONTENT_ACCEPT,
    JINGLE_CONTENT_REJECT,
    JINGLE_CONTENT_MODIFY,
    JINGLE_CONTENT_REMOVE,
    JINGLE_ACTIONS,
};

enum jingle_media { JINGLE_AUDIO = 1, JINGLE_VIDEO = 2 }; /* bits of a set */
enum jingle_senders { JINGLE_BOTH, JINGLE_INITIATOR, JINGLE_RESPONDER, JINGLE_NOBODY };

enum jingle_info {
    JINGLE_INFO_NONE, /* a ping: XEP-0166 §6.8 */
    JINGLE_INFO_ACTIVE,
    JINGLE_INFO_HOLD,
    JINGLE_INFO_UNHOLD,
    JINGLE_INFO_MUTE,
    JINGLE_INFO_UNMUTE,
    JINGLE_INFO_RINGING,
};

struct jingle_parameter {
    struct str name, value;
};

struct jingle_feedback { /* of RTCP: XEP-0293 */
    bool is_interval;    /* rtcp-fb-trr-int, whose number is `interval` */
    uint32_t interval;
    struct str type, subtype;
};

struct jingle_payload {
    uint8_t id;
    struct str name;
    uint32_t clockrate; /* 0: not said */
    uint32_t channels, ptime, maxptime;
    struct jingle_parameter *parameters;
    struct jingle_feedback *feedbacks;
    size_t parameter_count, feedback_count;
};

struct jingle_extension { /* of RTP headers: XEP-0294 */
    uint32_t id;
    struct str uri;
    enum jingle_senders senders;
};

struct jingle_source_group {
    struct str semantics;
    uint32_t sources[JINGLE_SOURCES];
    size_t count;
};

struct jingle_description {
    enum jingle_media media;
    bool rtcp_mux, mixed_extensions;
    uint32_t bandwidth_kbps; /* 0: not said */
    struct jingle_payload *payloads;
    struct jingle_feedback *feedbacks;
    struct jingle_extension *extensions;
    struct jingle_source_group *groups;
    size_t payload_count, feedback_count, extension_count, source_count, group_count;
    uint32_t
        sources[JINGLE_SOURCES]; /* without names: those that came said who and on which machine */
};

enum jingle_setup { JINGLE_ACTPASS, JINGLE_ACTIVE, JINGLE_PASSIVE }; /* RFC 5763 §5 */

struct jingle_fingerprint {
    struct str hash, value; /* in clear, or: */
    bool is_sealed;         /* by OMEMO, for the one device that accepted */
    struct encrypted sealed;
    enum jingle_setup setup;
};

struct jingle_candidate {
    uint32_t component, priority;
    uint16_t port;
    struct str ip;
    bool tcp; /* passive: XEP-0371 */
};

struct jingle_transport {
    struct str ufrag, pwd; /* n == 0: none */
    bool has_fingerprint, trickle, renomination;
    bool
        knows_tcp; /* whoever says this makes use of candidates of TCP: there was one among his own (XEP-0371) */
    struct jingle_fingerprint fingerprint;
    unsigned candidates_read;
    struct jingle_candidate candidates[JINGLE_CANDIDATES]; /* to be written */
    size_t candidate_count;
};

struct jingle_content {
    struct str name;
    bool by_responder;
    enum jingle_senders senders;
    bool has_description, has_transport, in_group;
    struct jingle_description description;
    struct jingle_transport transport;
};

struct jingle {
    enum jingle_action action;
    struct str sid;
    struct str initiator, responder; /* to be written; what came is not read: XEP-0166 §6.1 */
    struct jingle_content contents[JINGLE_CONTENTS];
    size_t content_count;
    bool has_group;
    struct str
        beside[JINGLE_CONTENTS]; /* what else of the call is in the group that something joins */
    size_t beside_count;
    const char *reason; /* a condition of XEP-0166 §7.4; NULL: none */
    enum jingle_info info;
    struct str info_content; /* of (un)mute; n == 0: of all */
    bool info_by_responder;
    unsigned left_out; /* elements that came and are not here */
};

/* `element` is <jingle xmlns='urn:xmpp:jingle:1'/>. */
CHECKED enum err jingle_read(struct arena *a, const struct xml_node *element, struct jingle *out,
                             const char **why);
struct xml_node *jingle_write(struct arena *a, const struct jingle *j);

unsigned jingle_media_of(const struct jingle *j); /* a set of enum jingle_media */
const char *jingle_action_text(enum jingle_action action);
struct str jingle_setup_text(enum jingle_setup setup);
/* The same condition as one of ours; NULL: none of XEP-0166 §7.4. */
const char *jingle_reason(struct str condition);
/* The condition in a <reason/>, whatever its namespace (Movim sends none); NULL: none that is known. */
const char *jingle_read_reason(const struct xml_node *reason);
void jingle_write_reason(struct arena *a, struct xml_node *parent, const char *reason);
/* Octets as XX:XX:…, as many as the hash has: sha-256, sha-384, sha-512. */
bool jingle_digest_valid(struct str hash, struct str value);
/* 16 to 64 characters, and what base64 ends with. */
bool jingle_sid_valid(struct str sid);

#endif
