/* calls_life.c: see calls_life.h. */
#include "server/calls_life.h"

#include "server/call_record.h"
#include "server/calls_tell.h"
#include "server/home.h"
#include "server/turn_credential.h"

enum { HUNG_UP_MS = 5000 }; /* who rings shorter wanted something else */

struct account *calls_account_of(const struct outcome *out)
{
    return out->effects == &out->routed->at_origin ? out->routed->sender_home
                                                   : out->routed->account;
}

struct str calls_bare(struct str full)
{
    return str_slice(full, 0, str_find(full, '/'));
}

/* ---- Life -------------------------------------------------------------------------------------------- */

/* Somebody of another server has none, and needs no other number for that. */
static uint64_t relay_owner(const struct home *h, struct str bare)
{
    return turn_owner(bytes_of(h->settings->secret, sizeof h->settings->secret), bare);
}

/* With its ledger in place. */
static void join(struct call *c, struct account *callee)
{
    struct home *h = callee->home;

    c->callee = callee;
    callee->pins++;
    c->media.owners[ANCHOR_CALLER] = relay_owner(h, calls_bare(c->ledger.caller));
    c->media.owners[ANCHOR_CALLEE] = relay_owner(h, callee->bare);
    list_add(&callee->calls, &c->in_account);
    list_add(&h->calls, &c->in_home);
}

struct call *calls_new(struct account *callee, struct str caller,
                       const struct call_message *propose)
{
    struct home *h = callee->home;
    struct call *c = mem_alloc(sizeof *c);

    ledger_open(&c->ledger, propose, caller, h->now_ms);
    c->media.number = ++h->last_call << 8 | h->number;
    join(c, callee);
    return c;
}

struct call *calls_resume(struct account *callee, const struct ledger *l,
                          const struct call_media *m)
{
    struct call *c = mem_alloc(sizeof *c);

    c->ledger = *l;
    c->media = *m;
    join(c, callee);
    return c;
}

void calls_remove(struct call *c)
{
    list_remove(&c->in_account);
    list_remove(&c->in_home);
    ledger_close(&c->ledger);
    account_unpin(c->callee);
    mem_free(c);
}

/* ---- The end ----------------------------------------------------------------------------------------- */

static void note_hang_up(const struct call *c)
{
    struct home *h = c->callee->home;
    const struct ledger *l = &c->ledger;
    struct event_call about = { .phase = l->phase,
                                .outcome = l->outcome,
                                .media = l->media,
                                .ring_ms = (uint32_t)(h->now_ms - l->proposed_ms) };

    if (c->abroad.n == 0 && l->outcome == CALL_RETRACTED && about.ring_ms < HUNG_UP_MS)
        home_event(h, NULL,
                   EVENT(EVENT_CALL_HUNG_UP, .actor = calls_bare(l->caller),
                         .target = c->callee->bare, .call = &about));
}

static struct call_record record_of(const struct call *c)
{
    const struct ledger *l = &c->ledger;

    return (struct call_record){ .peer = calls_bare(l->caller),
                                 .owner = c->callee->bare,
                                 .id = l->id,
                                 .media = l->media,
                                 .outcome = l->outcome,
                                 .start_ms = l->proposed_ms,
                                 .talk_ms = l->talk_ms,
                                 .end_ms = l->phase_ms };
}

/* Of each side that is here; another server writes its own. What nobody answered, and what was given up, the caller's home knows
 * by itself, and of a call that rang nowhere as well. */
static void record(const struct call *c)
{
    struct call_record r = record_of(c);
    bool answered = r.outcome != CALL_MISSED && r.outcome != CALL_RETRACTED;

    if (c->abroad.n == 0)
        call_record_emit(c->callee->home, &r);
    r.owner = r.peer;
    r.peer = c->abroad.n > 0 ? c->abroad : c->callee->bare;
    r.outgoing = true;
    if (answered && (c->abroad.n > 0 || c->far_device.n == 0))
        call_record_emit(c->callee->home, &r);
}

/* Nobody answered, or a device said no (`said`; else NULL). */
static void stop_ringing(const struct call *c, const struct call_saying *said)
{
    struct call_message retract = calls_word_of(c, CALL_RETRACT);
    const struct ledger *l = &c->ledger;

    if (said != NULL && l->outcome == CALL_REJECTED) {
        calls_tell_elsewhere(c, said->from, said->message);
        return;
    }
    if (said != NULL)
        retract.reason = said->message->reason;
    calls_tell_devices(c, &retract);
    if (c->abroad.n > 0)
        return;
    call_budget_unanswered(&c->callee->home->call_budget, c->callee->view.account,
                           calls_bare(l->caller), l->phase_ms);
    note_hang_up(c);
}

/* Nobody said so: time, a lost device, a limit, no anchor. Who is still there hears it in the words of what he knows. */
static void break_off(struct call *c, enum call_phase before, struct str text)
{
    struct call_message finish = calls_word_of(c, CALL_FINISH);
    const struct ledger *l = &c->ledger;

    finish.reason = "connectivity-error";
    if (before >= CALL_INITIATED)
        calls_terminate(c, ledger_peer(l), l->caller, finish.reason, text);
    else
        calls_tell_finish(c, ledger_peer(l), l->caller, &finish);
    if (c->media.told)
        calls_terminate(c, l->caller, l->device, finish.reason, text);
    else
        calls_tell_finish(c, l->caller, l->device, &finish);
}

/* A word ends a call for who has heard of the session as well. */
static void finish_session(struct call *c, const struct call_saying *said)
{
    const struct ledger *l = &c->ledger;
    const char *reason = said->message->reason != NULL ? said->message->reason : "success";

    if (said->side == CALL_CALLER)
        calls_terminate(c, l->caller, l->device, reason, STR_NONE);
    else
        calls_terminate(c, ledger_peer(l), l->caller, reason, STR_NONE);
}

void calls_ended(struct call *c, enum call_phase before, const struct call_saying *said,
                 struct str text)
{
    c->ended = true;
    if (before == CALL_PROPOSED || before == CALL_RINGS)
        stop_ringing(c, said);
    else if (said == NULL)
        break_off(c, before, text);
    else if (said->message != NULL && before >= CALL_INITIATED)
        finish_session(c, said);
    call_media_end(c->callee->home, &c->media);
    record(c);
}

void calls_happened(struct call *c, struct ledger_ruling r)
{
    if (r.before != r.after && r.after == CALL_ENDED)
        calls_ended(c, r.before, NULL, STR_NONE);
}
