/* calls.c: the call gate: which words of a call (XEP-0353, XEP-0166) reach anybody. docs/calls.md tells it as a whole.
 *
 *   sender's home     HOOK_OUT     words of a callee meet their ledger; a caller's go on, rewritten
 *   callee's home     HOOK_IN      a propose is admitted or not; words of a caller meet their ledger
 *
 * None of them is passed on: what devices get is composed by calls_tell.c. Whoever is refused hears what he would hear of an account
 * that does not exist: of messages nothing, of requests always the same.
 */
#include "server/calls.h"

#include "server/call_alias.h"
#include "server/call_event.h"
#include "server/call_kept.h"
#include "server/calls_dial.h"
#include "server/calls_direct.h"
#include "server/call_record.h"
#include "server/calls_ring.h"
#include "server/calls_tell.h"
#include "server/modules/modules.h"
#include "server/modules/receipts.h"
#include "server/remote_peer.h"

/* ---- Who it is ------------------------------------------------------------------------------------- */

/* One who logged in here, or somebody elsewhere whose domain has proved itself, however; and a device, no account as a whole. */
static bool may_call(const struct incoming *in)
{
    const struct jid *from = &in->stanza->from;

    if (in->remote != NULL)
        return in->remote->form == REMOTE_DEVICE;
    return (in->sender_account != 0 || (in->sender_notes & NOTE_DIRECT) != 0)
           && settings_serves(in->settings, from->domain) && !jid_is_bare(from);
}

/* What the sender's device is called here. */
static struct str speaker(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);

    return in->remote != NULL ? call_alias(a, in->settings, in->view->bare, &in->stanza->from)
                              : jid_text(a, &in->stanza->from);
}

/* Whoever the account shows itself to, or has written to itself, or the operator's rules name; under policy.strangers = allow, everybody.
 * Under policy.calls = strict: of those only contacts who show themselves as well, and who is named. */
static bool may_ring(const struct incoming *in)
{
    const struct view *v = in->view;

    if (view_lets_ring(v, in->sender))
        return true;
    if (in->settings->calls_strict)
        return view_sees_us(v, in->sender) && view_sees_them(v, in->sender);
    return !in->settings->strangers_gated || view_sees_us(v, in->sender) || was_written_to(in);
}

static enum event_reason admission(const struct incoming *in)
{
    if (!may_call(in))
        return EVENT_CALL_NOT_ADMITTED;
    if (view_blocks(in->view, &in->stanza->from))
        return EVENT_CALL_BLOCKED;
    return may_ring(in) ? EVENT_REASONS : EVENT_CALL_NOT_ADMITTED;
}

/* ---- Refusing -------------------------------------------------------------------------------------- */

static enum verdict refuse(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *answer;

    if (in->stanza->kind != STANZA_IQ || !stanza_may_be_answered(in->stanza))
        return DROP;
    answer = stanza_error(a, in->stanza, COND_ITEM_NOT_FOUND, STR_NONE);
    xml_add(a, stanza_error_child(answer), STR(NS_JINGLE_ERRORS), STR("unknown-session"));
    outcome_reply(out, answer);
    return HANDLED;
}

static enum verdict refuse_with(const struct incoming *in, struct outcome *out,
                                const struct event *event)
{
    outcome_event(out, event);
    return refuse(in, out);
}

static enum event_reason reason_of(enum call_limit limit)
{
    static const enum event_reason reasons[] = {
        [CALL_SUSPENDED] = EVENT_CALL_SUSPENDED,     [CALL_TOO_OFTEN] = EVENT_CALL_RATE,
        [CALL_TOO_MANY_PEOPLE] = EVENT_CALL_TARGETS, [CALL_REPEATED] = EVENT_CALL_REPEATED,
        [CALL_INSISTING] = EVENT_CALL_PAIR,          [CALL_CROWDED] = EVENT_CALL_CALLEE,
        [CALL_MIGRATING] = EVENT_CALL_OUT_OF_ORDER,
    };

    return reasons[limit];
}

/* ---- Words ----------------------------------------------------------------------------------------- */

/* Nothing of what the sender wrote goes on, not even to his own server's other hooks. That he hears nothing is worth little if his
 * next answer is late where there is somebody to be looked up. */
static void rewrite(const struct incoming *in, struct outcome *out, const struct call_message *m)
{
    struct xml_node *message = in->stanza->node;

    message->first = message->last = NULL;
    call_message_write(outcome_arena(out), message, m);
    outcome_note(out, NOTE_PRIVATE | NOTE_ALONE);
}

/* What of the account and somebody else was ever a call, by its id. */
static void note_propose(struct outcome *out, const struct jid *other, struct str id)
{
    struct account *a = calls_account_of(out);

    call_budget_hear(&a->home->call_budget, a->view.account,
                     jid_bare_text(outcome_arena(out), other), id, a->home->now_ms);
}

static bool was_proposed(struct outcome *out, const struct jid *other, struct str id)
{
    const struct account *a = calls_account_of(out);

    return call_budget_has_heard(&a->home->call_budget, a->view.account,
                                 jid_bare_text(outcome_arena(out), other), id, a->home->now_ms);
}

static bool read_word(const struct incoming *in, struct outcome *out, struct call_message *m)
{
    enum stanza_type type = in->stanza->type;
    const char *why = "type";
    enum err e = ERR_UNSUPPORTED;

    if (type != MESSAGE_ERROR && type != MESSAGE_GROUPCHAT)
        e = call_message_read(in->stanza->node, m, &why);
    if (e == ERR_NONE && m->left_out > 0)
        outcome_event(out, EVENT(EVENT_CALL_STRIPPED, .rule = "beside"));
    if (e == ERR_NONE)
        return true;
    if (e == ERR_MALFORMED)
        calls_dial_strike(out);
    outcome_event(out, EVENT(EVENT_CALL_MALFORMED, .rule = why));
    return false;
}

static struct call_saying saying_of(const struct incoming *in, struct outcome *out,
                                    enum call_side side)
{
    return (struct call_saying){ .side = side,
                                 .from = speaker(in, out),
                                 .to = jid_text(outcome_arena(out), &in->stanza->to) };
}

static enum verdict judge_word(struct outcome *out, struct call *c, struct call_saying *s)
{
    struct ledger_ruling r = calls_hear(out, c, s, NULL);

    if (r.verdict == LEDGER_REFUSE)
        call_event_refused(out, c, s, r);
    return DROP;
}

static enum verdict dial(const struct incoming *in, struct outcome *out,
                         const struct call_message *m)
{
    struct arena *a = outcome_arena(out);
    struct str callee = jid_bare_text(a, &in->stanza->to);
    enum call_limit limit;

    note_propose(out, &in->stanza->to, m->id);
    limit = calls_dial(out, jid_text(a, &in->stanza->from), callee, m);
    if (limit == CALL_CROSSED)
        return DROP;
    if (limit != CALL_ALLOWED)
        return refuse_with(in, out, EVENT(reason_of(limit)));
    outcome_wrote(out, callee);
    rewrite(in, out, m);
    return PASS;
}

/* The end of a call that nobody ever wanted. That of one that rang nowhere, or is long over, its caller says in good faith. */
static bool is_invented(struct outcome *out, const struct call_message *m, const struct jid *other)
{
    return (m->word == CALL_RETRACT || m->word == CALL_FINISH) && !calls_dialling(out, m->id)
           && !was_proposed(out, other, m->id);
}

/* To another server: it meets the ledger that is here, or nothing leaves. */
static enum verdict word_abroad(const struct incoming *in, struct outcome *out,
                                struct call_saying *s)
{
    struct call *c = calls_to(out, s->message->id, &in->stanza->to);
    enum call_word word = s->message->word;

    if (word == CALL_RETRACT)
        calls_dial_retracted(out, s->message->id, s->from);
    s->side = CALL_CALLER;
    if (c != NULL)
        return judge_word(out, c, s);
    return (word == CALL_RETRACT || word == CALL_FINISH)
                   && !is_invented(out, s->message, &in->stanza->to)
               ? DROP
               : refuse_with(in, out, EVENT(EVENT_CALL_UNKNOWN));
}

static enum verdict word_out(const struct incoming *in, struct outcome *out)
{
    struct call_saying s = saying_of(in, out, CALL_CALLEE);
    struct call_message m;
    struct call *c;

    if (!read_word(in, out, &m))
        return DROP;
    if (jid_same_account(&in->stanza->to, &in->stanza->from))
        return DROP; /* XEP-0353 0.3: what a person's other devices need to know they hear anyway */
    if (m.word == CALL_PROPOSE)
        return dial(in, out, &m);
    s.message = &m;
    if ((c = calls_of(out, m.id, &in->stanza->to)) != NULL)
        return judge_word(out, c, &s);
    if (in->leaves)
        return word_abroad(in, out, &s);
    if (m.word == CALL_RINGING || m.word == CALL_PROCEED || m.word == CALL_ACCEPT)
        return refuse_with(in, out, EVENT(EVENT_CALL_UNKNOWN));
    if (is_invented(out, &m, &in->stanza->to))
        outcome_event(out, EVENT(EVENT_CALL_UNKNOWN));
    if (m.word == CALL_RETRACT)
        calls_dial_retracted(out, m.id, s.from);
    rewrite(in, out, &m);
    return PASS;
}

static enum verdict propose_in(const struct incoming *in, struct outcome *out,
                               const struct call_message *m)
{
    enum event_reason why = admission(in);
    enum call_limit limit;

    note_propose(out, &in->stanza->from, m->id);
    if (why == EVENT_CALL_NOT_ADMITTED)
        calls_ring_stranger(out, in->sender, m->media);
    if (why != EVENT_REASONS)
        return refuse_with(in, out, EVENT(why));
    limit = calls_ring(out, speaker(in, out), m);
    if (limit == CALL_MIGRATING)
        outcome_event(
            out, EVENT(reason_of(limit), .rule = "migration",
                       .call = &(struct event_call){ .phase = CALL_ACTIVE, .media = m->media }));
    else if (limit != CALL_ALLOWED && limit != CALL_CROSSED)
        outcome_event(out, EVENT(reason_of(limit)));
    return DROP;
}

static enum verdict word_in(const struct incoming *in, struct outcome *out)
{
    struct call_saying s = saying_of(in, out, CALL_CALLER);
    struct call_message m;
    struct call *c;

    if (!read_word(in, out, &m))
        return DROP;
    if (m.word == CALL_PROPOSE)
        return propose_in(in, out, &m);
    s.message = &m;
    if ((c = calls_of(out, m.id, &in->stanza->from)) != NULL)
        return judge_word(out, c, &s);
    if (in->remote != NULL && (c = calls_to(out, m.id, &in->stanza->from)) != NULL) {
        s.side = CALL_CALLEE;
        return judge_word(out, c, &s);
    }
    if ((m.word == CALL_RETRACT || m.word == CALL_FINISH)
        && (in->remote == NULL || !is_invented(out, &m, &in->stanza->from)))
        return DROP; /* of a call that rang nowhere, which the caller does not know */
    return refuse_with(in, out, EVENT(EVENT_CALL_UNKNOWN));
}

/* ---- Actions --------------------------------------------------------------------------------------- */

enum {
    SETUP_BYTES = 64 * 1024,
    ACTION_BYTES = 8 * 1024
}; /* of an offer with all of its codecs; of others */

static bool is_too_big(const struct outcome *out, const struct jingle *j)
{
    bool setup = j->action == JINGLE_SESSION_INITIATE || j->action == JINGLE_SESSION_ACCEPT
                 || j->action == JINGLE_CONTENT_ADD || j->action == JINGLE_CONTENT_ACCEPT;

    return outcome_bytes(out) > (setup ? SETUP_BYTES : ACTION_BYTES);
}

/* NULL: it is well-formed; else which rule it breaks. */
static const char *read_action(const struct incoming *in, struct outcome *out, struct jingle *j)
{
    const char *why = "type";
    enum err e = ERR_UNSUPPORTED;

    if (in->stanza->type == IQ_SET)
        e = jingle_read(outcome_arena(out), in->stanza->payload, j, &why);
    if (e == ERR_NONE && is_too_big(out, j)) {
        e = ERR_TOO_BIG;
        why = "size";
    }
    if (e == ERR_NONE)
        return NULL;
    if (e == ERR_MALFORMED || e == ERR_TOO_BIG)
        calls_dial_strike(out);
    if (str_is(str_from(why), JINGLE_IN_CLEAR))
        outcome_event(out, EVENT(EVENT_CALL_IN_CLEAR));
    else
        outcome_event(out, EVENT(EVENT_CALL_MALFORMED, .rule = why));
    return why;
}

static enum verdict judge_action(const struct incoming *in, struct outcome *out, struct call *c,
                                 struct call_saying *s, struct jingle *j)
{
    struct ledger_ruling r = calls_hear(out, c, s, j);

    count_more(&c->callee->home->counters, COUNTER_CALL_LEFT_OUT, j->left_out);
    if (r.verdict != LEDGER_REFUSE)
        return outcome_result(in, out);
    call_event_refused(out, c, s, r);
    return refuse(in, out);
}

/* ---- Clients that do not ask first ----------------------------------------------------------------- */

static bool may_be_direct(const struct incoming *in)
{
    const struct stanza *s = in->stanza;

    return in->settings->calls_adapted && s->type == IQ_SET && !jid_is_bare(&s->to)
           && settings_serves(in->settings, s->to.domain) && !jid_same_account(&s->to, &s->from);
}

static enum verdict dial_directly(const struct incoming *in, struct outcome *out,
                                  const struct call_saying *s, const struct jingle *j)
{
    struct str callee = jid_bare_text(outcome_arena(out), &in->stanza->to);
    struct call_message propose = { .word = CALL_PROPOSE,
                                    .id = j->sid,
                                    .media = jingle_media_of(j) };
    enum call_limit limit;

    if ((propose.media & JINGLE_AUDIO) == 0)
        return refuse_with(in, out, EVENT(EVENT_CALL_MALFORMED, .rule = "media"));
    limit =
        calls_direct_has_room(out) ? calls_dial(out, s->from, callee, &propose) : CALL_TOO_OFTEN;
    if (limit == CALL_CROSSED)
        return refuse(in, out);
    if (limit != CALL_ALLOWED)
        return refuse_with(in, out, EVENT(reason_of(limit)));
    outcome_wrote(out, callee);
    note_propose(out, &in->stanza->to, j->sid);
    calls_direct_ask(out, s->to, j);
    return outcome_result(in, out);
}

/* At the caller's home: where it goes on, somebody has accepted. */
static enum verdict action_of_caller(const struct incoming *in, struct outcome *out,
                                     const struct call_saying *s, const struct jingle *j)
{
    const struct dialled *d = calls_dialled(calls_account_of(out), j->sid);
    const struct event_call call = { .phase = CALL_PROPOSED, .media = d != NULL ? d->media : 0 };

    switch (calls_direct_hear(out, s->from, s->to, j)) {
    case DIRECT_TAKEN: return outcome_result(in, out);
    case DIRECT_LATE: return refuse(in, out);
    case DIRECT_REFUSED:
        return refuse_with(in, out, EVENT(EVENT_CALL_OUT_OF_ORDER, .rule = "phase", .call = &call));
    case DIRECT_EXCESS:
        return refuse_with(in, out,
                           EVENT(EVENT_CALL_EXCESS, .rule = "transport-infos", .call = &call));
    case DIRECT_NOT: break;
    }
    if (j->action == JINGLE_SESSION_INITIATE && may_be_direct(in) && !calls_dialling(out, j->sid))
        return dial_directly(in, out, s, j);
    return PASS;
}

/* A call in clear has an honest client behind it, and a person who wonders. */
static bool is_in_clear(const struct incoming *in, const char *why)
{
    return may_be_direct(in) && str_is(str_from(why), JINGLE_IN_CLEAR)
           && str_is(xml_get(in->stanza->payload, STR("action")), "session-initiate");
}

static enum verdict unreadable_out(const struct incoming *in, struct outcome *out,
                                   const struct call_saying *s, const char *why)
{
    struct str sid;

    if (!is_in_clear(in, why))
        return refuse(in, out);
    sid = xml_get(in->stanza->payload, STR("sid"));
    if (calls_dialling(out, sid))
        return refuse(in, out);
    calls_direct_decline(out, s->from, s->to, sid);
    return outcome_result(in, out);
}

/* ---- Where it was said, and where it is heard -------------------------------------------------------- */

static enum verdict action_abroad(const struct incoming *in, struct outcome *out,
                                  struct call_saying *s, struct jingle *j)
{
    struct call *c = calls_to(out, j->sid, &in->stanza->to);

    s->side = CALL_CALLER;
    return c != NULL ? judge_action(in, out, c, s, j)
                     : refuse_with(in, out, EVENT(EVENT_CALL_UNKNOWN));
}

/* At the home of the one who says it, a callee's; a caller's goes on to the callee's home. */
static enum verdict action_out(const struct incoming *in, struct outcome *out)
{
    struct call_saying s = saying_of(in, out, CALL_CALLEE);
    const char *why;
    struct jingle j;
    struct call *c;

    if ((why = read_action(in, out, &j)) != NULL)
        return unreadable_out(in, out, &s, why);
    if ((c = calls_of(out, j.sid, &in->stanza->to)) != NULL)
        return judge_action(in, out, c, &s, &j);
    if (in->leaves)
        return action_abroad(in, out, &s, &j);
    return action_of_caller(in, out, &s, &j);
}

static enum verdict action_in(const struct incoming *in, struct outcome *out)
{
    struct call_saying s = saying_of(in, out, CALL_CALLER);
    struct jingle j;
    struct call *c;

    if (read_action(in, out, &j) != NULL)
        return refuse(in, out);
    if ((c = calls_of(out, j.sid, &in->stanza->from)) != NULL)
        return judge_action(in, out, c, &s, &j);
    if (in->remote != NULL && (c = calls_to(out, j.sid, &in->stanza->from)) != NULL) {
        s.side = CALL_CALLEE;
        return judge_action(in, out, c, &s, &j);
    }
    return refuse_with(in, out, EVENT(EVENT_CALL_UNKNOWN));
}

/* ---- Beside words ---------------------------------------------------------------------------------- */

/* A receipt of no call at all has been made up; one of a call that is over is late. */
static void judge_receipt(struct outcome *out, const struct jid *other, struct str id)
{
    if (!was_proposed(out, other, id))
        outcome_event(out, EVENT(EVENT_CALL_UNKNOWN, .rule = "receipt"));
}

/* The propose asks for a receipt (XEP-0184): true if this is one, be it the first or not. */
static bool takes_receipt(const struct incoming *in, struct outcome *out)
{
    struct str id;
    struct call *c;

    if (!calls_received_id(in->stanza->node, &id))
        return false;
    if ((c = calls_of(out, id, &in->stanza->to)) != NULL)
        calls_received(c, jid_text(outcome_arena(out), &in->stanza->from));
    else
        judge_receipt(out, &in->stanza->to, id);
    return true;
}

/* The same of another server, about a call of ours or about none. */
static bool takes_receipt_from_abroad(const struct incoming *in, struct outcome *out)
{
    struct str id;
    struct call *c;

    if (in->remote == NULL || !calls_received_id(in->stanza->node, &id))
        return false;
    if ((c = calls_to(out, id, &in->stanza->from)) != NULL)
        calls_received(c, speaker(in, out));
    else
        judge_receipt(out, &in->stanza->from, id);
    return true;
}

/* Answers to requests of the gate. At the sender's home (`leaves`) those that are of no call there may be of one of the other side. */
static enum verdict take_answer(const struct incoming *in, struct outcome *out, bool leaves)
{
    const struct call *c = NULL;

    switch (calls_take_answer(out, in->stanza, &c)) {
    case CALL_ANSWER_TAKEN:
    case CALL_ANSWER_LATE: return DROP;
    case CALL_ANSWER_FORGED: call_event_party(out, c); return DROP;
    case CALL_ANSWER_UNKNOWN: break;
    }
    if (!leaves)
        outcome_event(out, EVENT(EVENT_CALL_UNKNOWN, .rule = "answer"));
    return leaves ? PASS : DROP;
}

/* What was about a call of a group and nothing else is no message, and no presence, any more: not even its id goes on. */
static bool is_hollow(const struct incoming *in, struct outcome *out)
{
    const struct stanza *s = in->stanza;
    const char *took = s->kind != STANZA_IQ ? call_strip(s->node) : NULL;

    if (took != NULL)
        outcome_event(out, EVENT(EVENT_CALL_STRIPPED, .rule = took));
    return took != NULL && xml_first_element(s->node) == NULL;
}

/* Protocols of calls from before Jingle's last namespaces, which some clients still answer: who asks for one does not ask first. */
static bool is_of_older_calls(const struct stanza *s)
{
    static const struct str spaces[] = { STR_INIT("urn:xmpp:jingle:0"),
                                         STR_INIT("http://jabber.org/protocol/jingle"),
                                         STR_INIT("http://www.google.com/session") };

    if (s->kind != STANZA_IQ || s->payload == NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(spaces); i++)
        if (str_eq(s->payload->ns, spaces[i]))
            return true;
    return false;
}

static enum verdict refuse_older(const struct incoming *in, struct outcome *out)
{
    outcome_event(out, EVENT(EVENT_CALL_MALFORMED, .rule = "protocol"));
    if (!stanza_may_be_answered(in->stanza))
        return DROP;
    outcome_reply(out,
                  stanza_error(outcome_arena(out), in->stanza, COND_SERVICE_UNAVAILABLE, STR_NONE));
    return HANDLED;
}

static bool is_jingle(const struct stanza *s)
{
    return s->kind == STANZA_IQ && xml_child_ns(s->node, STR(NS_JINGLE)) != NULL;
}

static bool is_word(const struct stanza *s)
{
    return s->kind == STANZA_MESSAGE && call_message_is(s->node);
}

/* ---- Hooks ----------------------------------------------------------------------------------------- */

static enum verdict calls_out(const struct incoming *in, struct outcome *out)
{
    if (is_word(in->stanza))
        return word_out(in, out);
    if (calls_is_answer(in->stanza))
        return take_answer(in, out, true);
    if (is_jingle(in->stanza))
        return action_out(in, out);
    if (is_of_older_calls(in->stanza))
        return refuse_older(in, out);
    if (is_hollow(in, out))
        return DROP;
    return in->stanza->kind == STANZA_MESSAGE && takes_receipt(in, out) ? DROP : PASS;
}

/* Of one of our own calls, or of somebody who was told of it too late. */
static enum verdict record_in(const struct incoming *in, struct outcome *out)
{
    bool outgoing;
    struct str id = call_record_id(in->stanza->node, &outgoing);

    if (outgoing && !calls_dial_hang_up(out, id))
        return DROP;
    if (!outgoing)
        call_kept_gone(out, jid_text(outcome_arena(out), &in->stanza->from), id);
    call_record_keep(in, out);
    return PASS;
}

static enum verdict calls_in(const struct incoming *in, struct outcome *out)
{
    if ((in->sender_notes & NOTE_RECORD) != 0)
        return record_in(in, out);
    if ((in->sender_notes & NOTE_GONE) != 0) {
        calls_caller_gone(out, jid_text(outcome_arena(out), &in->stanza->from));
        return DROP;
    }
    if (is_word(in->stanza))
        return word_in(in, out);
    if (calls_is_answer(in->stanza))
        return take_answer(in, out, false);
    if (is_jingle(in->stanza))
        return action_in(in, out);
    if (is_of_older_calls(in->stanza))
        return refuse_older(in, out);
    if (is_hollow(in, out))
        return DROP;
    return in->stanza->kind == STANZA_MESSAGE && takes_receipt_from_abroad(in, out) ? DROP : PASS;
}

static enum verdict calls_nobody(const struct incoming *in, struct outcome *out)
{
    if (is_word(in->stanza) || is_jingle(in->stanza))
        return refuse_with(in, out, EVENT(EVENT_NOBODY));
    return PASS;
}

const struct module calls_module = {
    .name = "calls",
    .spec = "XEP-0353 0.8.0, XEP-0166 1.1.2, XEP-0167 1.2.3, XEP-0176 1.1.1",
    .account_features = LIST(STR_INIT(NS_CALL)),
    .hooks = { [HOOK_OUT] = calls_out, [HOOK_IN] = calls_in, [HOOK_NOBODY] = calls_nobody },
};
