/* linking.h: questions and answers of urn:sotto:link:0, before and after a login (docs/protocols.md).
 *
 * A device that has the account opens a channel and leaves a hello; one that has none takes it, leaves an answer, and takes the gift,
 * with which the channel is gone. The server sees octets, their number, and who opened the channel.
 * Owns: nothing.  Threads: pure.  Errors: ERR_MALFORMED.
 */
#ifndef SOTTO_SERVER_LINKING_H
#define SOTTO_SERVER_LINKING_H

#include "server/store.h"
#include "xmpp/stanza.h"

enum {
    LINK_LIVES_MS = 10 * 60 * 1000,
    LINK_SHORT_MAX = 512,      /* octets of hello and answer */
    LINK_LONG_MAX = 48 * 1024, /* one stanza, in base64 */
    LINK_CHANNEL_CHARS = 26,   /* 128 bits, base32: nobody guesses it */
};

struct link_request {
    bool put; /* else it is taken */
    struct str channel;
    enum link_step step;
    struct bytes octets; /* of put */
};

CHECKED enum err link_request_read(struct arena *a, const struct stanza *iq,
                                   struct link_request *out);
struct xml_node *link_answer(struct arena *a, const struct stanza *iq, struct bytes octets);

#endif
