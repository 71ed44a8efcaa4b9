/* archive.c: which messages are kept, for history (XEP-0313 §5.1) and for people who are offline (XEP-0160).
 *
 * Kept is what a person would miss: anything encrypted or with a body, receipts, markers, retractions, and what asks
 * to be stored (XEP-0334). An invitation to a room waits for who is offline, and is not kept. The row is committed
 * before anybody sees the message; its position becomes the stanza-id.
 * A client that sends the same origin-id again after a lost connection is heard once.
 */
#include <string.h>

#include "crypto/hash.h"
#include "server/call_record.h"
#include "server/modules/mam_prefs.h"
#include "server/modules/modules.h"
#include "server/modules/receipts.h"
#include "server/stored.h"

static const struct str disk_is_full =
    STR_INIT("The server's disk is almost full. Please try again later.");

static bool has(const struct stanza *m, const char *ns, const char *name)
{
    return xml_child(m->node, str_from(ns), str_from(name)) != NULL;
}

static bool is_history(const struct stanza *m)
{
    return has_content(m) || is_receipt(m) || has(m, NS_HINTS, "store")
           || xml_child_ns(m->node, STR(NS_RETRACT)) != NULL;
}

/* For a while at most: XEP-0334 §4.1; invitations, which say who meets whom where. */
static bool only_waits(const struct stanza *m)
{
    return has(m, NS_HINTS, "no-permanent-store") || !is_history(m);
}

/* Hints (XEP-0334 §4) can ask for more or less; of contradictory ones the more careful counts. In errors they are
 * somebody else's (§5). */
static bool worth_keeping(const struct stanza *m)
{
    if (m->type == MESSAGE_ERROR || m->type == MESSAGE_GROUPCHAT || has(m, NS_HINTS, "no-store"))
        return false;
    if (m->type == MESSAGE_HEADLINE) /* RFC 6121 §5.2.2: not kept unless it is wanted */
        return has(m, NS_HINTS, "store");
    return is_history(m) || is_invitation(m);
}

/* Of (sender, recipient, origin-id); false without an origin-id: other ids need not be unique (RFC 6120 §8.1.3). */
static bool origin_of(const struct incoming *in, struct outcome *out, uint8_t origin[16])
{
    const struct xml_node *id = xml_child(in->stanza->node, STR(NS_SID), STR("origin-id"));
    struct str text = id ? xml_get(id, STR("id")) : STR_NONE;
    uint8_t digest[HASH_SIZE_MAX];
    struct str to;

    if (text.n == 0)
        return false;
    to = jid_text(outcome_arena(out), &in->stanza->to);
    hash_digest(HASH_SHA256,
                bytes_of_str(arena_printf(outcome_arena(out), "%.*s\n%.*s\n%.*s",
                                          STR_ARG(in->sender), STR_ARG(to), STR_ARG(text))),
                digest);
    memcpy(origin, digest, 16);
    return true;
}

static void write_message(const struct incoming *in, struct outcome *out, const unsigned *received,
                          const unsigned *sent, const uint8_t *origin)
{
    struct arena *a = outcome_arena(out);
    const struct stanza *m = in->stanza;
    struct row *row = outcome_write(out, ROW_MESSAGE);

    row->message.at_ms = in->now_ms;
    row->message.body = stanza_text(a, m->node);
    if (origin != NULL)
        memcpy(row->message.origin, origin, sizeof row->message.origin);
    if (received != NULL)
        row->message.entry[0] =
            (struct archive_entry){ in->view->account, .peer = jid_text(a, &m->from),
                                    .flags = *received };
    if (sent != NULL)
        row->message.entry[1] =
            (struct archive_entry){ in->sender_account, .peer = jid_text(a, &m->to),
                                    .flags = *sent };
}

/* At the sender's home, of a message to another server: his own copy, and that which waits until the other server has it. */
static enum verdict keep_sent(const struct incoming *in, struct outcome *out, const uint8_t *origin)
{
    const unsigned sent = ENTRY_SENT | (is_receipt(in->stanza) ? ENTRY_RECEIPT : 0);
    struct row *row;

    if (in->disk >= DISK_LOWEST) {
        outcome_event(out, EVENT(EVENT_DISK));
        return outcome_refuse(in, out, COND_RESOURCE_CONSTRAINT, disk_is_full);
    }
    if (in->settings->archive_on && !only_waits(in->stanza)
        && mam_prefs_keep(in->view, outcome_arena(out), &in->stanza->to))
        write_message(in, out, NULL, &sent, origin);
    row = outcome_write(out, ROW_OUTBOX);
    row->outbox.domain = in->stanza->to.domain;
    row->outbox.stanza = stanza_text(outcome_arena(out), in->stanza->node);
    row->outbox.since_ms = in->now_ms;
    return PASS;
}

/* At the sender's home: does he want a copy of his own, and did he send it before? A repeated message was accepted
 * then: it is acknowledged again, and nothing else. */
static enum verdict archive_sent(const struct incoming *in, struct outcome *out)
{
    uint8_t origin[16];

    if (in->stanza->kind != STANZA_MESSAGE || !worth_keeping(in->stanza))
        return PASS;
    if (!mam_prefs_keep(in->view, outcome_arena(out), &in->stanza->to))
        outcome_note(out, NOTE_UNSENT);
    if (!origin_of(in, out, origin))
        return in->leaves ? keep_sent(in, out, NULL) : PASS;
    if (outcome_repeats(out, origin))
        return DROP;
    return in->leaves ? keep_sent(in, out, origin) : PASS;
}

/* Who was called may call back (docs/calls.md), also when this account is loaded anew. */
static bool is_of_own_call(const struct incoming *in)
{
    bool outgoing = false;

    if ((in->sender_notes & NOTE_RECORD) != 0)
        (void)call_record_id(in->stanza->node, &outgoing);
    return outgoing;
}

/* On a disk that fills up, what people who know each other write is given up last. */
static bool has_room(const struct incoming *in)
{
    bool contact =
        in->own || view_sees_us(in->view, in->sender) || view_sees_them(in->view, in->sender);

    return in->disk < DISK_LOWER || (contact && in->disk < DISK_LOWEST);
}

/* What does not go into the recipient's history is kept only while nobody is there to take it (XEP-0160). */
static enum verdict archive_received(const struct incoming *in, struct outcome *out)
{
    const struct stanza *m = in->stanza;
    unsigned kind, received, sent;
    bool history, shown, copied;

    if (m->kind != STANZA_MESSAGE || !worth_keeping(m))
        return PASS;
    history = in->settings->archive_on && !only_waits(m);
    shown = history && mam_prefs_keep(in->view, outcome_arena(out), &m->from);
    copied = history && in->sender_account != 0 && !in->own && !(in->sender_notes & NOTE_UNSENT);
    kind = (is_receipt(m) ? ENTRY_RECEIPT : 0) | (is_of_own_call(in) ? ENTRY_CALLED : 0);
    received = kind | ENTRY_OFFLINE | (shown ? 0 : ENTRY_HIDDEN);
    sent = kind | ENTRY_SENT;
    if (!shown && !copied && in->reachable)
        return PASS;
    if (!has_room(in)) {
        outcome_event(out, EVENT(EVENT_DISK));
        return outcome_refuse(in, out, COND_RESOURCE_CONSTRAINT, disk_is_full);
    }
    write_message(in, out, shown || !in->reachable ? &received : NULL, copied ? &sent : NULL,
                  in->origin);
    return PASS;
}

/* Written to nobody, or to somebody who has blocked the sender. What would wait for somebody who is offline, and so be seen by him, comes
 * back: a name may be wrong. All else is silence there, and so it is here; and so is everything to who has tried too many names (budget.h). */
static enum verdict archive_vain(const struct incoming *in, struct outcome *out)
{
    if (in->stanza->kind != STANZA_MESSAGE || !worth_keeping(in->stanza)
        || (in->sender_notes & NOTE_UNTOLD))
        return PASS;
    outcome_note(out, NOTE_VAIN);
    if ((in->sender_notes & NOTE_UNHEARD) == 0)
        outcome_event(out, EVENT(EVENT_NOBODY));
    return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
}

const struct module archive_module = {
    .name = "archive",
    .spec = "XEP-0160 1.0.1, XEP-0334 1.0.0",
    .features = LIST(STR_INIT(NS_OFFLINE_FEATURE)),
    .hooks = { [HOOK_OUT] = archive_sent,
               [HOOK_IN] = archive_received,
               [HOOK_NOBODY] = archive_vain },
};
