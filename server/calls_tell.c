/* calls_tell.c: see calls_tell.h. */
#include "server/calls_tell.h"

#include "server/call_alias.h"
#include "server/router.h"
#include "server/session.h"
#include "xmpp/delay.h"
#include "xmpp/forward.h"

/* ---- Words ------------------------------------------------------------------------------------------- */

struct xml_node *calls_tell_word(struct arena *a, struct str from, struct str to,
                                 const struct call_message *m)
{
    struct str id = arena_printf(a, "jm-%s-%.*s", call_word_text(m->word), STR_ARG(m->id));
    struct xml_node *message = stanza_new(a, STANZA_MESSAGE, "chat", from, to, id);

    call_message_write(a, message, m);
    return message;
}

/* The device of another server is told at its own address, by whatever name it goes here. */
static void emit(struct home *h, struct arena *a, struct xml_node *stanza, unsigned notes)
{
    xml_set(a, stanza, STR("to"), call_alias_resolve(h, xml_get(stanza, STR("to"))));
    router_emit_composed(h, stanza, notes, 0);
}

void calls_tell(struct home *h, struct str from, struct str to, const struct call_message *m)
{
    struct arena a = { 0 };

    emit(h, &a, calls_tell_word(&a, from, to, m), NOTE_GATE);
    arena_deinit(&a);
}

struct call_message calls_word_of(const struct call *c, enum call_word word)
{
    return (struct call_message){ .word = word, .id = c->ledger.id };
}

/* XEP-0353 has <finish/> since 0.4 only. Older clients (Dino) would wait for an offer, or for an answer, and make no other call: they know
 * the words from before an answer. A client that knows both has no such call any more when the second one comes. Another server's device
 * hears both from its own server. */
void calls_tell_finish(const struct call *c, struct str from, struct str to,
                       const struct call_message *finish)
{
    struct home *h = c->callee->home;
    struct call_message older = *finish;

    older.word = str_eq(to, c->ledger.caller) ? CALL_REJECT : CALL_RETRACT;
    calls_tell(h, from, to, finish);
    if (str_eq(call_alias_resolve(h, to), to))
        calls_tell(h, from, to, &older);
}

/* Not to one without connection: it would get it whenever it is back. */
void calls_tell_propose(const struct call *c, const struct session *s, bool late)
{
    const struct ledger *l = &c->ledger;
    struct call_message propose = calls_word_of(c, CALL_PROPOSE);
    struct arena a = { 0 };
    struct xml_node *message;

    if (s->link == NULL)
        return;
    propose.media = l->media;
    message = calls_tell_word(&a, l->caller, s->full, &propose);
    if (late)
        delay_add(&a, message, s->jid.domain, l->proposed_ms);
    router_emit_composed(s->home, message, NOTE_GATE, l->proposed_ms + LEDGER_RING_MS);
    arena_deinit(&a);
}

void calls_tell_devices(const struct call *c, const struct call_message *m)
{
    if (c->abroad.n > 0) {
        calls_tell(c->callee->home, c->ledger.caller, c->abroad, m);
        return;
    }
    LIST_EACH (&c->callee->sessions, l)
        calls_tell(c->callee->home, c->ledger.caller,
                   LIST_ENTRY(l, struct session, in_account)->full, m);
}

/* What a device of the account has answered, to its others: as the copy of its own word where they ask for copies
 * (XEP-0280), else as XEP-0353 had it before. */
void calls_tell_elsewhere(const struct call *c, struct str device, const struct call_message *m)
{
    struct home *h = c->callee->home;
    struct call_message old = *m;

    if (c->abroad.n > 0) /* their server tells them */
        return;
    if (m->word == CALL_PROCEED)
        old = calls_word_of(c, CALL_ACCEPT);
    LIST_EACH (&c->callee->sessions, l) {
        const struct session *s = LIST_ENTRY(l, struct session, in_account);
        struct arena a = { 0 };
        struct xml_node *message;

        if (str_eq(s->full, device))
            continue;
        if ((s->flags & SESSION_CARBONS) != 0) {
            message = stanza_new(&a, STANZA_MESSAGE, "chat", c->callee->bare, s->full, STR_NONE);
            forward_add(&a, xml_add(&a, message, STR(NS_CARBONS), STR("sent")),
                        calls_tell_word(&a, device, c->ledger.caller, m));
        } else {
            message = calls_tell_word(&a, device, s->full, &old);
        }
        router_emit_composed(h, message, NOTE_GATE, 0);
        arena_deinit(&a);
    }
}

void calls_tell_tie_lost(struct home *h, struct str from, struct str loser, struct str id)
{
    calls_tell(h, from, loser,
               &(struct call_message){
                   .word = CALL_REJECT, .id = id, .reason = "expired", .tie_break = true });
}

void calls_tell_received(const struct call *c, struct str device)
{
    struct arena a = { 0 };
    struct xml_node *message =
        stanza_new(&a, STANZA_MESSAGE, "chat", device, c->ledger.caller, STR_NONE);
    struct xml_node *received = xml_add(&a, message, STR(NS_RECEIPTS), STR("received"));

    xml_set(&a, received, STR("id"), arena_printf(&a, "jm-propose-%.*s", STR_ARG(c->ledger.id)));
    emit(c->callee->home, &a, message, NOTE_GATE);
    arena_deinit(&a);
}

bool calls_received_id(const struct xml_node *message, struct str *out_id)
{
    const struct xml_node *received = xml_child(message, STR(NS_RECEIPTS), STR("received"));
    struct str id = received != NULL ? xml_get(received, STR("id")) : STR_NONE;

    if (!str_starts(id, STR("jm-propose-")))
        return false;
    *out_id = str_skip(id, 11);
    return true;
}

/* ---- Actions ----------------------------------------------------------------------------------------- */

void calls_send_action(struct home *h, struct str id, struct str from, struct str to,
                       const struct jingle *j, unsigned notes, struct str text)
{
    struct arena a = { 0 };
    struct xml_node *iq = stanza_new(&a, STANZA_IQ, "set", from, to, id);
    struct xml_node *jingle = jingle_write(&a, j);

    if (text.n > 0)
        xml_add_text_child(&a, xml_child(jingle, STR(NS_JINGLE), STR("reason")), STR(NS_JINGLE),
                           STR("text"), text);
    xml_append(iq, jingle);
    emit(h, &a, iq, notes);
    arena_deinit(&a);
}

/* Each request has an id of ours, which says of which call it is, and whether it is one that the call depends on. */
void calls_act(struct call *c, struct str from, struct str to, const struct jingle *j,
               struct str text)
{
    bool vital = j->action == JINGLE_SESSION_INITIATE || j->action == JINGLE_SESSION_ACCEPT;
    struct arena a = { 0 };
    struct str id = arena_printf(&a, CALL_ANSWER_PREFIX "%llx-%s",
                                 (unsigned long long)c->media.number, vital ? "vital" : "other");

    calls_send_action(c->callee->home, id, from, to, j, NOTE_GATE, text);
    arena_deinit(&a);
}

void calls_terminate(struct call *c, struct str from, struct str to, const char *reason,
                     struct str text)
{
    calls_act(c, from, to,
              &(struct jingle){
                  .action = JINGLE_SESSION_TERMINATE, .sid = c->ledger.id, .reason = reason },
              text);
}
