/* event.h: something that the server refused, or that was done in a way which deserves a second look: small, typed, without content.
 *
 * Who meets it makes one on his stack and tells the home (home_event(), outcome_event()), which counts it and hands it to the host;
 * there names become pseudonyms before anything is written (event_line.h says how a line of the file looks). Nothing in it is text
 * that a peer chose but the two addresses.
 * Owns: nothing; texts are borrowed until the call returns.  Threads: pure.  Units: octets, milliseconds.
 */
#ifndef SOTTO_SERVER_EVENT_H
#define SOTTO_SERVER_EVENT_H

#include "jingle/ledger.h"

enum event_type {
    EVENT_LOGIN,
    EVENT_REGISTRATION,
    EVENT_CONNECTION,
    EVENT_STREAM,
    EVENT_MESSAGE,
    EVENT_CONTACT,
    EVENT_STORAGE,
    EVENT_FILE,
    EVENT_CALL,
    EVENT_SERVER,
    EVENT_TYPES,
};

/* Each belongs to one type; event.c has their names and what they mean. New ones go to the end of their type. */
enum event_reason {
    EVENT_CREDENTIALS,
    EVENT_LOGIN_ADDRESS,
    EVENT_LOGIN_ACCOUNT,

    EVENT_REGISTRATIONS,
    EVENT_INVITATION,

    EVENT_CONNECTIONS,
    EVENT_REQUESTS,

    EVENT_MALFORMED,
    EVENT_OVERSIZED,
    EVENT_FORGED_FROM,
    EVENT_NO_STANZA,
    EVENT_SENDING,

    EVENT_PLAINTEXT,
    EVENT_ELEMENT,

    EVENT_BLOCKED,
    EVENT_SUBSCRIPTIONS,
    EVENT_KEYS,
    EVENT_STRANGER,
    EVENT_FORBIDDEN,
    EVENT_NOBODY,

    EVENT_DISK,
    EVENT_ROOM,
    EVENT_QUOTA,

    EVENT_UPLOAD,
    EVENT_UPLOAD_DATA,
    EVENT_FETCH,
    EVENT_FETCH_TARGET,

    EVENT_CALL_NOT_ADMITTED,
    EVENT_CALL_BLOCKED,
    EVENT_CALL_MALFORMED,
    EVENT_CALL_OUT_OF_ORDER,
    EVENT_CALL_UNKNOWN,
    EVENT_CALL_REPEATED,
    EVENT_CALL_RATE,
    EVENT_CALL_TARGETS,
    EVENT_CALL_PAIR,
    EVENT_CALL_CALLEE,
    EVENT_CALL_SUSPENDED,
    EVENT_CALL_EXCESS,
    EVENT_CALL_HUNG_UP,
    EVENT_CALL_IN_CLEAR,
    EVENT_CALL_STRIPPED,
    EVENT_CALL_MEDIA,
    EVENT_CALL_STRAY,

    EVENT_MISADDRESSED,
    EVENT_UNASKED,
    EVENT_REMOTE_STRANGER,
    EVENT_REMOTE_REQUEST,
    EVENT_REMOTE_CERTIFICATE,
    EVENT_REMOTE_IDENTITY,
    EVENT_REMOTE_SENDING,
    EVENT_QUARANTINED,

    EVENT_REASONS,
};

struct event_call {
    enum call_phase phase;
    enum call_outcome outcome;
    unsigned media;   /* a set of enum jingle_media */
    uint32_t ring_ms; /* how long it rang; 0: it did not, or does not matter */
};

struct event {
    enum event_reason reason;
    const char *rule;         /* which rule of it, one constant word of [a-z0-9-]; or NULL */
    struct str actor, target; /* bare JIDs; n == 0: nobody, or what the stanza says */
    size_t bytes;             /* of what was refused; 0: says nothing, or what the stanza has */
    uint64_t n;               /* so many at once, for who counts before he tells; 0: one */
    const struct event_call *call; /* EVENT_CALL only; or NULL */
};

/* The address of one: EVENT(EVENT_QUOTA, .rule = "blocks"). */
#define EVENT(...) (&(const struct event){ .reason = __VA_ARGS__ })

enum event_type event_type_of(enum event_reason reason);
const char *event_type_name(unsigned type);     /* "login", … */
const char *event_reason_name(unsigned reason); /* "credentials", …: one word of [a-z_] */
const char *event_reason_text(unsigned reason); /* a sentence */
/* The reason of this name; EVENT_REASONS: there is none. The same for types. */
enum event_reason event_reason_find(struct str name);
unsigned event_type_find(struct str name);

#endif
