/* call_record.h: what stays of a call: a message of the server's own in the archive of each side, that nobody can take back.
 *
 *   <message type='chat' from='PEER' to='OWNER'>
 *     <call xmlns='urn:sotto:call:0' id direction='in|out' media='audio video' outcome start seconds/>
 *     <store/> </message>
 *
 * To a callee who missed it, it says <retract/> of XEP-0353 as well, and history holds the propose before it, so that other
 * clients show a missed call. No propose is kept without its end.
 * Owns: nothing.  Threads: the home's.
 */
#ifndef SOTTO_SERVER_CALL_RECORD_H
#define SOTTO_SERVER_CALL_RECORD_H

#include "server/home.h"

struct call_record {
    struct str peer, owner; /* bare JIDs */
    struct str id;
    unsigned media; /* a set of enum jingle_media */
    bool outgoing;
    enum call_outcome outcome;
    uint64_t start_ms, talk_ms, end_ms; /* talk_ms == 0: never */
};

void call_record_emit(struct home *h, const struct call_record *r);
/* At the owner's home, where it is committed: the propose, if somebody missed it. */
void call_record_keep(const struct incoming *in, struct outcome *out);

/* The id of the call that a record is of. */
struct str call_record_id(const struct xml_node *message, bool *out_outgoing);

/* A stranger's wish to call, among the account's requests; n == 0: there were more of them. */
void call_record_stranger(struct home *h, int64_t account, struct str owner, struct str stranger,
                          unsigned media, uint64_t at_ms);

#endif
