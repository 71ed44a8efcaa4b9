/* trust_message.h: what one device tells others about keys that its person has compared, so that nobody compares them twice
 * (XEP-0450 0.4.0; messages of XEP-0434 0.6.0, sealed in XEP-0420).
 *
 * They are sent to devices that are authentic and to no others: compared here, or linked with this one, or told of by such a device.
 * They count if their sender is authentic; else they wait, a few of them, until he is, or until the key is met that they are about.
 * Of any two things said about a key the later one holds, by the clock of who said it; so a message that comes again, or late, changes
 * nothing. Devices of our own speak of everybody's keys, those of others of their account's alone; and what the person has refused
 * here only a device of our own can turn.
 *
 * Owns: rows of BOOK_TOLD.  Threads: as engine.h.  Units: milliseconds since 1970.
 */
#ifndef SOTTO_CLIENT_TRUST_MESSAGE_H
#define SOTTO_CLIENT_TRUST_MESSAGE_H

#include "client/arrival.h"

enum {
    TOLD_MAX = 500,
    TOLD_OF_ONE_MAX = 64, /* by the devices of one account, not counting ours */
    TRUST_MESSAGE_KEYS_MAX = 200,
};

/* A person has decided, or linked; the key is in the book. */
void trust_message_decided(struct engine *c, const struct engine_key_info *k);
/* True: the message was one of these. */
bool trust_message_came(struct engine *c, const struct arrival *m, const struct xml_node *content);
/* What waits for this: a key was met, or has become authentic. */
void trust_message_apply(struct engine *c);

#endif
