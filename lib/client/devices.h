/* devices.h: which devices an account has, and our sessions with them, in the book (XEP-0384 0.3.0 §4.1-4.3, 0.9 §5.3).
 *
 * Owns: nothing.  Threads: as engine.h.
 */
#ifndef SOTTO_CLIENT_DEVICES_H
#define SOTTO_CLIENT_DEVICES_H

#include "client/engine_inside.h"
#include "omemo/remote.h"

/* The devices that an account has published last. False: not known yet; it is asked for, and outbox_work() runs when the answer
 * is there. */
bool devices_of(struct engine *c, struct arena *a, enum omemo version, const struct jid *bare,
                const uint32_t **out_ids, size_t *out_count);

/* What was read of an account's lists in this session counts no more: of people who are no contacts the server tells no changes. */
void devices_doubt(struct engine *c, const struct jid *bare);
/* This device has written. If it is not in the list that we know, that list is older than the device. */
void devices_heard(struct engine *c, enum omemo version, const struct jid *bare, uint32_t device);

/* An event or an item of a node of device lists. */
bool devices_event(struct engine *c, const struct stanza *message);

/* Sessions. A device that we know nothing of yet is remote_init()ed. */
void devices_remote(const struct engine *c, enum omemo version, struct str bare, uint32_t device,
                    struct remote *out);
void devices_keep_remote(struct engine *c, struct str bare, uint32_t device,
                         const struct remote *r);

/* Of a session that is no more (open.c). */
void devices_drop_kept(struct engine *c, const struct session_end *end);

enum bundle_state { BUNDLE_ASKED, BUNDLE_USELESS };
/* Asks for it to begin a session; USELESS: it was asked for on this connection, and there is none to use. */
enum bundle_state devices_begin(struct engine *c, enum omemo version, const struct jid *bare,
                                uint32_t device);

/* Whether the account's list, as it was last heard of, names this device. */
bool devices_lists(struct engine *c, enum omemo version, struct str bare, uint32_t device);
/* The person refuses a key of ours: its device leaves the lists, now or when we are online. */
void devices_sent_away(struct engine *c);
/* Begins a session besides those that there are; mend_begun() hears of it (mend.c). */
void devices_renew(struct engine *c, enum omemo version, const struct jid *bare, uint32_t device);

/* Our own bundles, when they are due. */
void devices_work(struct engine *c);

#endif
