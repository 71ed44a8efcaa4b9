/* replay_stage.h: the engine without a network, for stanzas that were recorded elsewhere: one home, a store in memory, a clock of its
 * own, and devices that log in when a stanza names them.
 *
 * What the engine says to devices is kept until it is asked for. Senders of other domains have no device: their stanzas come as if
 * from outside.
 * Owns: home, store, devices.  Threads: one.  Units: milliseconds since the epoch.
 */
#ifndef SOTTO_SERVER_REPLAY_STAGE_H
#define SOTTO_SERVER_REPLAY_STAGE_H

#include "server/config.h"
#include "server/event_line.h"
#include "server/store.h"
#include "xmpp/jid.h"

struct stage;

struct stage *stage_new(const struct config *config, uint64_t now_ms);
void stage_free(struct stage *s);
uint64_t stage_now_ms(const struct stage *s);
void stage_advance(struct stage *s,
                   uint64_t to_ms); /* never back; calls and limits see time pass */

bool stage_serves(const struct stage *s, const struct jid *j);
/* A device, logged in and available, of an account of ours that is made if there is none, by the resource that it is called in the
 * recording. Its address as it is here lives until the stage ends. */
struct str stage_device(struct stage *s, const struct jid *j);

/* What one account knows of another. */
struct relation {
    bool has_subscription, has_blocked, blocked, wrote;
    enum subscription subscription;
};
void stage_relate(struct stage *s, const struct jid *owner, const struct jid *other,
                  const struct relation *relation);

/* Octets of that device's stream: one stanza, or what somebody thought was one. */
void stage_say(struct stage *s, const struct jid *device, struct str octets);
/* A stanza from another domain, which has proved that it is this one's. */
void stage_arrive(struct stage *s, const struct jid *from, const struct xml_node *stanza);

/* What came of it since the last stage_forget(). Borrowed until then. */
struct stage_outcome {
    struct str condition;  /* of the error that the sender got; empty: none */
    bool ended;            /* its stream */
    bool answered;         /* it got something that is no error */
    struct str *delivered; /* to other devices, as text */
    size_t delivered_count;
    struct event_line *events;
    size_t event_count;
};
enum { STAGE_DELIVERED_MAX = 256, STAGE_EVENTS_MAX = 64 };
const struct stage_outcome *stage_outcome(struct stage *s);
void stage_forget(struct stage *s);

#endif
