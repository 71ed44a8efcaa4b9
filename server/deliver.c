/* deliver.c: fan-out to sessions. One serialised blob serves every session of the recipient. */
#include "server/deliver.h"

#include <string.h>

#include "server/asked.h"
#include "server/caps.h"
#include "server/remote.h"
#include "server/stored.h"
#include "xml/writer.h"
#include "xmpp/forward.h"

/* ---- Text ------------------------------------------------------------------------------------------ */

static const struct archive_entry *entry_of(const struct routed *r, int64_t account)
{
    if (r->archived != NULL)
        for (size_t i = 0; i < COUNT_OF(r->archived->message.entry); i++)
            if (r->archived->message.entry[i].account == account && account != 0
                && r->archived->message.entry[i].shelf == SHELF_ARCHIVE)
                return &r->archived->message.entry[i];
    return NULL;
}

static struct xml_node *stanza_id(struct routed *r, const struct settings *settings, struct str by,
                                  const struct archive_entry *entry)
{
    struct xml_node *id = xml_new(&r->arena, STR(NS_SID), STR("stanza-id"));

    xml_set(&r->arena, id, STR("by"), by);
    xml_set(&r->arena, id, STR("id"),
            archive_id(settings, &r->arena, entry->account, entry->shelf, entry->seq));
    return id;
}

/* The archived text ends with </message>; the recipient's stanza-id (XEP-0359 §3) goes in before it, so the stanza is
 * written once for the archive and for everybody's connection. */
static struct blob *archived_blob(struct routed *r, const struct settings *settings,
                                  const struct archive_entry *entry)
{
    static const struct str end = STR_INIT("</message>");
    struct str body = r->archived->message.body;
    struct buf id;
    struct blob *b;

    buf_init(&id, 4096);
    xml_write(&id, stanza_id(r, settings, r->account->bare, entry), STR(NS_CLIENT));
    b = blob_new_raw(body.n + id.n);
    memcpy(b->p, body.p, body.n - end.n);
    memcpy(b->p + body.n - end.n, id.p, id.n);
    memcpy(b->p + body.n - end.n + id.n, end.p, end.n);
    buf_deinit(&id);
    return b;
}

static struct blob *live_blob(struct routed *r, const struct archive_entry *entry)
{
    if (entry != NULL)
        return archived_blob(r, r->account->home->settings, entry);
    return stanza_blob(r->stanza.node);
}

struct blob *carbon_wrap(struct arena *a, struct str bare, enum wrapping wrapping,
                         struct xml_node *inner)
{
    struct str direction = wrapping == WRAP_SENT ? STR("sent") : STR("received");
    struct xml_node *copy = stanza_new(a, STANZA_MESSAGE, "chat", bare, bare, STR_NONE);
    struct xml_node *carbon = xml_add(a, copy, STR(NS_CARBONS), direction);

    forward_add(a, carbon, inner);
    return stanza_blob(copy);
}

static struct blob *carbon_blob(struct routed *r, struct account *a, enum wrapping wrapping,
                                const struct archive_entry *entry)
{
    struct xml_node *inner = xml_copy(&r->arena, r->stanza.node);

    if (entry != NULL)
        xml_append(inner, stanza_id(r, a->home->settings, a->bare, entry));
    return carbon_wrap(&r->arena, a->bare, wrapping, inner);
}

/* ---- Who gets it ----------------------------------------------------------------------------------- */

static struct session *find_resource(struct account *a, struct str resource)
{
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (str_eq(s->jid.resource, resource))
            return s;
    }
    return NULL;
}

static void answer(struct routed *r, enum stanza_condition why, struct str text)
{
    struct incoming in = { .stanza = &r->stanza };
    struct outcome out = { r, &r->at_target, 0 };

    outcome_refuse(&in, &out, why, text);
}

/* Who has this has all that came to the account: it gets all of it, or nothing else waits. */
static bool hides_nothing(const struct routed *r, const struct session *s, enum wrapping wrapping)
{
    uint64_t cursor = s->account->view.cursor;

    if (session_follows(s))
        return wrapping != WRAP_SENT;
    return wrapping == WRAP_NONE
           && (cursor > s->followed_to ? cursor : s->followed_to) >= r->before_seq;
}

static void send_live(const struct routed *r, struct session *s, struct blob *b,
                      const struct archive_entry *entry, enum wrapping wrapping)
{
    uint64_t seq = entry ? entry->seq : 0;
    bool held = wrapping == WRAP_SENT && s->copies_from != 0; /* earlier ones have yet to come */

    if (seq == 0 && csi_can_wait(&r->stanza)) {
        session_defer(s, b, &r->stanza);
        return;
    }
    if (seq != 0
        && (held || session_is_slow(s))) { /* a recipient never slows a sender, nor fills memory */
        presence_lag(s, seq, wrapping);
        return;
    }
    /* What the catch-up brings in its order is not sent twice. */
    if (wrapping == WRAP_NONE && seq != 0) {
        if (s->catching_up || seq <= s->caught_up_to)
            return;
        s->caught_up_to = seq;
    }
    if (seq != 0 && !s->catching_up && hides_nothing(r, s, wrapping))
        s->followed_to = seq;
    session_send_archived(s, b, seq, wrapping);
}

static void carbon_received(struct routed *r, const struct session *except,
                            const struct archive_entry *entry, bool to_negative_only)
{
    struct account *a = r->account;
    struct blob *b = NULL;

    if (!(r->notes & NOTE_CARBON) || (r->notes & NOTE_PRIVATE))
        return;
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (s == except || !(s->flags & SESSION_CARBONS)
            || (to_negative_only && session_follows(s)))
            continue;
        if (b == NULL)
            b = carbon_blob(r, a, WRAP_RECEIVED, entry);
        send_live(r, s, b, entry, WRAP_RECEIVED);
    }
    blob_unref(b);
}

/* To every available session of non-negative priority: RFC 6121 §8.5.2.1.1, "all" of the allowed choices,
 * because a person's devices are equal. */
static void message_to_all(struct routed *r, const struct archive_entry *entry)
{
    struct blob *b = NULL;

    LIST_EACH (&r->account->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (!session_follows(s))
            continue;
        if (b == NULL)
            b = live_blob(r, entry);
        send_live(r, s, b, entry, WRAP_NONE);
    }
    blob_unref(b);
    carbon_received(r, NULL, entry, true);
}

static void event_to_interested(struct routed *r)
{
    struct blob *b = NULL;

    LIST_EACH (&r->account->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (!caps_wants(s, r->pep_node)
            || !(jid_is_bare(&r->stanza.to) || str_eq(s->jid.resource, r->stanza.to.resource)))
            continue;
        if (b == NULL)
            b = live_blob(r, NULL);
        session_defer(s, b, NULL);
    }
    blob_unref(b);
}

/* Of the call gate: no other device may get it in place of this one, and none for whom it is too late. */
static void deliver_composed(struct routed *r)
{
    struct session *s = find_resource(r->account, r->stanza.to.resource);
    struct blob *b;

    if (s == NULL
        || (r->until_ms != 0 && (s->link == NULL || r->account->home->now_ms >= r->until_ms)))
        return;
    b = live_blob(r, NULL);
    session_send_until(s, b, r->until_ms);
    blob_unref(b);
}

/* RFC 6121 §8.5.2.1.1, §8.5.3.2.1; and of nobody it is the same. */
static void refuse_groupchat(struct routed *r)
{
    answer(r, COND_SERVICE_UNAVAILABLE, STR("A person cannot receive group chat directly."));
}

static void deliver_message(struct routed *r)
{
    const struct archive_entry *entry = entry_of(r, r->account->view.account);
    struct session *s = NULL;
    struct blob *b;

    if ((r->notes & NOTE_GATE) != 0) {
        deliver_composed(r);
        return;
    }
    if (r->pep_node.n > 0) {
        event_to_interested(r);
        return;
    }
    if (!jid_is_bare(&r->stanza.to))
        s = find_resource(r->account, r->stanza.to.resource);
    if (s != NULL) {
        b = live_blob(r, entry);
        send_live(r, s, b, entry, WRAP_NONE);
        blob_unref(b);
        carbon_received(r, s, entry, false);
    } else if (r->stanza.type == MESSAGE_NORMAL || r->stanza.type == MESSAGE_CHAT
               || (r->stanza.type == MESSAGE_HEADLINE && jid_is_bare(&r->stanza.to))) {
        message_to_all(r, entry);
    } else if (r->stanza.type == MESSAGE_GROUPCHAT) {
        refuse_groupchat(r);
    }
}

/* A full address is a device's own, also of one that is available to nobody but, say, a room that it has joined: RFC 6121 §8.5.3.1.
 * What is for the account is for those that are available. */
static bool takes_presence(const struct session *s, const struct stanza *p)
{
    bool available = (s->flags & SESSION_AVAILABLE) != 0;

    if (jid_is_bare(&p->to))
        return available;
    return str_eq(s->jid.resource, p->to.resource) && (available || !stanza_is_subscription(p));
}

static void deliver_presence(struct routed *r)
{
    struct blob *b = live_blob(r, NULL);

    LIST_EACH (&r->account->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (takes_presence(s, &r->stanza))
            send_live(r, s, b, NULL, WRAP_NONE);
    }
    blob_unref(b);
}

static bool is_request(const struct stanza *s)
{
    return s->type == IQ_GET || s->type == IQ_SET;
}

/* The account's own devices, and whom it shows itself to. */
static bool is_known(const struct routed *r)
{
    return str_eq(r->sender, r->account->bare) || view_sees_us(&r->account->view, r->sender);
}

/* A full address answers only those who may know that it is there (RFC 6121 §8.5.3.2.3). */
static bool may_ask(struct routed *r, struct session *s)
{
    struct arena a = { 0 };
    bool may;

    if (!is_request(&r->stanza) || is_known(r))
        return true;
    may = map_get(&s->directed, r->sender) != NULL
          || map_get(&s->directed, jid_text(&a, &r->stanza.from)) != NULL;
    arena_deinit(&a);
    return may;
}

/* An answer, whose sender is nobody who might have asked as well: asked.h. The server's own are of what it was asked. */
static bool is_unasked(struct routed *r, struct session *s)
{
    if (is_request(&r->stanza) || (r->session == NULL && r->remote == NULL))
        return false;
    return (r->remote != NULL || !is_known(r)) && !asked_takes(s, &r->stanza);
}

static void deliver_iq(struct routed *r)
{
    struct session *s = find_resource(r->account, r->stanza.to.resource);
    struct blob *b;

    if ((r->notes & NOTE_GATE) != 0) {
        deliver_composed(r);
        return;
    }
    if (s == NULL || !may_ask(r, s)) {
        if (s != NULL && (r->session != NULL || r->remote != NULL))
            outcome_event(&(struct outcome){ .routed = r }, EVENT(EVENT_STRANGER));
        answer(r, COND_SERVICE_UNAVAILABLE, STR_NONE);
        return;
    }
    if (is_unasked(r, s)) {
        outcome_event(&(struct outcome){ .routed = r },
                      EVENT(r->remote != NULL ? EVENT_UNASKED : EVENT_STRANGER));
        return;
    }
    b = live_blob(r, NULL);
    session_send(s, b);
    blob_unref(b);
}

/* There is nobody, as far as its sender may know. */
static void deliver_unheard(struct routed *r)
{
    if (r->stanza.kind == STANZA_MESSAGE && r->stanza.type == MESSAGE_GROUPCHAT)
        refuse_groupchat(r);
}

void deliver_stanza(struct routed *r)
{
    if ((r->notes & NOTE_UNHEARD) != 0) {
        deliver_unheard(r);
        return;
    }
    switch (r->stanza.kind) {
    case STANZA_MESSAGE: deliver_message(r); break;
    case STANZA_PRESENCE: deliver_presence(r); break;
    case STANZA_IQ: deliver_iq(r); break;
    }
}

void deliver_sent_carbons(struct routed *r)
{
    const struct archive_entry *entry;
    struct account *a = r->sender_home;
    struct blob *b = NULL;

    if (a == NULL || !(r->notes & NOTE_CARBON) || (r->notes & NOTE_PRIVATE))
        return;
    entry = entry_of(r, r->sender_account);
    LIST_EACH (&a->sessions, l) {
        struct session *s = LIST_ENTRY(l, struct session, in_account);

        if (s == r->session || !(s->flags & SESSION_CARBONS))
            continue;
        if (b == NULL)
            b = carbon_blob(r, a, WRAP_SENT, entry);
        send_live(r, s, b, entry, WRAP_SENT);
    }
    blob_unref(b);
}
