/* call_event.c: see call_event.h. First what is said, then media. */
#include "server/call_event.h"

#include "server/home.h"

/* ---- What is said ------------------------------------------------------------------------------------ */

enum {
    LATE_MAX = 20
}; /* of each side: candidates that trickle, and the end in each of its words */

static struct event_call about(const struct ledger *l, enum call_phase phase)
{
    return (struct event_call){ .phase = phase, .outcome = l->outcome, .media = l->media };
}

/* Every device of a callee rings; that the second says so is no offence, nor that two accept at once, or one declines when another
 * has accepted. */
static bool is_of_several(const struct call_saying *s, const char *why)
{
    if (s->side != CALL_CALLEE || s->message == NULL)
        return false;
    return s->message->word == CALL_RINGING || s->message->word == CALL_PROCEED
           || (s->message->word == CALL_REJECT && str_is(str_from(why), "party"));
}

/* This side could have said it in some phase of a call. */
static bool has_its_time(const struct call_saying *s)
{
    for (unsigned p = CALL_PROPOSED; p < CALL_ENDED; p++) {
        enum call_phase phase = (enum call_phase)p;

        if (s->message != NULL ? ledger_word_passes(phase, s->side, s->message->word)
                               : ledger_action_passes(phase, s->side, s->action->action))
            return true;
    }
    return false;
}

/* It was right when it was said: meanwhile the other side has ended the call, whose ledger stays for some seconds. */
static bool crosses_end(struct call *c, const struct call_saying *s, struct ledger_ruling r)
{
    if (r.before != CALL_ENDED || !str_is(str_from(r.why), "phase") || !has_its_time(s)
        || c->late[s->side] == LATE_MAX)
        return false;
    c->late[s->side]++;
    return true;
}

void call_event_refused(struct outcome *out, struct call *c, const struct call_saying *s,
                        struct ledger_ruling r)
{
    const struct event_call call = about(&c->ledger, r.before);
    bool excess = r.before != r.after; /* a limit has ended it */

    if (!is_of_several(s, r.why) && !crosses_end(c, s, r))
        outcome_event(out, EVENT(excess ? EVENT_CALL_EXCESS : EVENT_CALL_OUT_OF_ORDER,
                                 .rule = r.why, .call = &call));
}

void call_event_party(struct outcome *out, const struct call *c)
{
    const struct event_call call = about(&c->ledger, c->ledger.phase);

    outcome_event(out, EVENT(EVENT_CALL_OUT_OF_ORDER, .rule = "party", .call = &call));
}

/* ---- Media ------------------------------------------------------------------------------------------- */

/* As many as networks, and the order in which two sides become ready, bring about in the ten seconds of a report; what goes beyond
 * it somebody does. The other reasons no honest client gives. */
static const uint32_t usual[ANCHOR_DROPS] = {
    [FLOW_EARLY] = 500,        /* one side has its keys, and does not know that the other has not */
    [FLOW_JUMP] = 20,          /* after a pause a stream goes on elsewhere */
    [FLOW_REPLAY] = 50,        /* networks double packets */
    [FLOW_RATE] = 100,         /* a burst that a network held back */
    [ANCHOR_DROP_STUN] = 20,   /* libnice sends one or two that are no checks */
    [ANCHOR_DROP_REPLAY] = 20, /* a check sent again after a translator of addresses moved */
    [ANCHOR_DROP_SHUT] = 500,  /* checks, until somebody accepts */
    [ANCHOR_DROP_UNCONFIRMED] = 100,
    [ANCHOR_DROP_UNCONNECTED] = UINT32_MAX, /* its other side is to blame, or a network */
};

/* Of a call that is over the anchor knows nothing: its last packets are nobody's. */
static const uint32_t usual_strays[ANCHOR_DROPS] = {
    [ANCHOR_DROP_STUN] = 100,
    [ANCHOR_DROP_USERNAME] = 500,
    [ANCHOR_DROP_UNCONFIRMED] = 2000,
};

static void note(struct home *h, const struct anchor_report *r, const uint32_t limit[ANCHOR_DROPS],
                 struct event event)
{
    for (unsigned i = 0; i < ANCHOR_DROPS; i++) {
        if (r->counts[i] <= limit[i])
            continue;
        event.rule = anchor_drop_text(i);
        event.n = r->counts[i];
        home_event(h, NULL, &event);
    }
}

void call_event_dropped(const struct call *c, const struct anchor_report *r)
{
    const struct ledger *l = &c->ledger;
    const struct event_call call = about(l, l->phase);
    struct str caller = calls_bare(l->caller);
    struct str callee = c->abroad.n > 0 ? c->abroad : c->callee->bare;
    bool by_caller = r->side == ANCHOR_CALLER;

    note(c->callee->home, r, usual,
         *EVENT(EVENT_CALL_MEDIA, .actor = by_caller ? caller : callee,
                .target = by_caller ? callee : caller, .call = &call));
}

void call_event_strays(struct home *h, const struct anchor_report *r)
{
    note(h, r, usual_strays, *EVENT(EVENT_CALL_STRAY));
}
