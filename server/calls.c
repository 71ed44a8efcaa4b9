/* calls.c: see calls.h. First what is said in a call, then devices and time, then the anchor. */
#include "server/calls.h"

#include <string.h>

#include "base/encode.h"
#include "server/call_alias.h"
#include "server/call_event.h"
#include "server/call_kept.h"
#include "server/calls_dial.h"
#include "server/calls_tell.h"
#include "server/session.h"

/* ---- What is said ------------------------------------------------------------------------------------ */

struct call *calls_of(struct outcome *out, struct str id, const struct jid *caller)
{
    struct account *callee = calls_account_of(out);
    struct arena a = { 0 };
    struct str bare = jid_bare_text(&a, caller);
    struct call *found = NULL;

    LIST_EACH (&callee->calls, l) {
        struct call *c = LIST_ENTRY(l, struct call, in_account);

        if (str_eq(c->ledger.id, id) && str_eq(calls_bare(c->ledger.caller), bare))
            found = c;
    }
    arena_deinit(&a);
    return found;
}

struct call *calls_to(struct outcome *out, struct str id, const struct jid *abroad)
{
    struct account *caller = calls_account_of(out);
    struct arena a = { 0 };
    struct str bare = jid_bare_text(&a, abroad);
    struct call *found = NULL;

    LIST_EACH (&caller->calls, l) {
        struct call *c = LIST_ENTRY(l, struct call, in_account);

        if (c->abroad.n > 0 && str_eq(c->ledger.id, id) && str_eq(c->abroad, bare))
            found = c;
    }
    arena_deinit(&a);
    return found;
}

/* The word as the other side gets it. Once somebody has accepted, whatever ends a call is <finish/>; and no client is told that another
 * call takes the place of this one, which it would answer by itself. */
static void pass_on(const struct call *c, const struct call_saying *s, enum call_phase before)
{
    const struct ledger *l = &c->ledger;
    struct str to = s->side == CALL_CALLEE ? l->caller : l->device;
    struct call_message m = *s->message;

    m.migrated_to = STR_NONE;
    m.knows_tcp = false; /* that was for us */
    if (to.n == 0)
        return;
    if (before == CALL_ACCEPTED) {
        m.word = CALL_FINISH;
        calls_tell_finish(c, s->from, to, &m);
    } else {
        calls_tell(c->callee->home, s->from, to, &m);
    }
}

static enum anchor_side side_of(const struct call_saying *s)
{
    return s->side == CALL_CALLER ? ANCHOR_CALLER : ANCHOR_CALLEE;
}

/* To who said it, about his own transport only. */
static void answer_restart(struct call *c, const struct call_saying *s)
{
    struct jingle anew;

    if (call_media_restart(c->callee->home, &c->media, &c->ledger.arena, side_of(s), s->action,
                           &anew))
        calls_act(c, s->to, s->from, &anew, STR_NONE);
}

static void pass_action_on(struct call *c, const struct call_saying *s, struct jingle *j)
{
    const struct ledger *l = &c->ledger;

    if (j->action == JINGLE_SESSION_INITIATE)
        j->initiator = l->caller;
    if (j->action == JINGLE_SESSION_ACCEPT)
        j->responder = ledger_peer(l);
    call_media_pass(c->callee->home, &c->media, &c->ledger.arena, side_of(s), j);
    if (s->side == CALL_CALLER)
        calls_act(c, l->caller, l->device, j, STR_NONE);
    else
        calls_act(c, ledger_peer(l), l->caller, j, STR_NONE);
}

/* Nobody would hear anybody. */
static struct ledger_ruling fail_without_anchor(struct call *c, struct ledger_ruling r)
{
    struct ledger_ruling gone = ledger_media_gone(&c->ledger, c->callee->home->now_ms);

    calls_ended(c, r.after, NULL, STR("This server cannot carry calls at the moment."));
    r.after = gone.after;
    return r;
}

static struct ledger_ruling hear_action(struct call *c, struct call_saying *s, struct jingle *j)
{
    struct home *h = c->callee->home;
    struct ledger_ruling r = { .verdict = LEDGER_REFUSE,
                               .before = c->ledger.phase,
                               .after = c->ledger.phase,
                               .why = "content" };

    s->action = j;
    s->anew = call_media_is_anew(&c->media, side_of(s), j);
    if (!call_media_fits(&c->media, side_of(s), j) && c->ledger.phase >= CALL_INITIATED)
        return r;
    r = ledger_judge(&c->ledger, s, h->now_ms);
    if (r.verdict == LEDGER_SWALLOW)
        answer_restart(c, s);
    if (r.verdict != LEDGER_PASS)
        return r;
    if (j->action == JINGLE_SESSION_INITIATE && !call_media_possible(h))
        return fail_without_anchor(c, r);
    pass_action_on(c, s, j);
    return r;
}

struct ledger_ruling calls_hear(struct outcome *out, struct call *c, struct call_saying *s,
                                struct jingle *action)
{
    struct ledger_ruling r;

    s->bytes = out->routed->bytes;
    if (action != NULL) {
        r = hear_action(c, s, action);
    } else {
        r = ledger_judge(&c->ledger, s, c->callee->home->now_ms);
        if (r.verdict == LEDGER_PASS)
            pass_on(c, s, r.before);
    }
    if (r.after == CALL_ACTIVE && action != NULL && r.verdict != LEDGER_REFUSE && c->abroad.n == 0
        && c->far_device.n == 0) /* its other half is not here to be kept */
        call_kept_put(c);
    if (r.before == r.after || c->ended)
        return r;
    if (r.after == CALL_ACCEPTED && c->abroad.n > 0)
        call_alias_set(c, s->from, &out->routed->stanza.from);
    if (r.after == CALL_ACCEPTED) {
        c->media.knows_tcp[ANCHOR_CALLEE] = s->message->knows_tcp;
        calls_tell_elsewhere(c, s->from, s->message);
    }
    if (r.after == CALL_ENDED)
        calls_ended(c, r.before, r.verdict == LEDGER_PASS ? s : NULL, STR_NONE);
    return r;
}

/* Whoever cannot do what a call begins with has ended it. False: nothing was asked of him. */
static bool answered(struct call *c, const struct stanza *answer, struct str from)
{
    const struct ledger *l = &c->ledger;

    if (!str_eq(from, l->caller) && !str_eq(from, l->device) && !str_eq(from, c->far_device))
        return false;
    if (answer->type == IQ_ERROR && str_ends(answer->id, STR("-vital")))
        calls_happened(c, ledger_media_gone(&c->ledger, c->callee->home->now_ms));
    return true;
}

bool calls_is_answer(const struct stanza *s)
{
    return s->kind == STANZA_IQ && (s->type == IQ_RESULT || s->type == IQ_ERROR)
           && str_starts(s->id, STR(CALL_ANSWER_PREFIX));
}

/* jingle-NUMBER-…; false: the number is none. */
static bool read_number(struct str id, uint64_t *out)
{
    struct str hex = str_skip(id, sizeof CALL_ANSWER_PREFIX - 1);
    uint64_t number = 0;

    hex = str_slice(hex, 0, str_find(hex, '-'));
    for (size_t i = 0; i < hex.n; i++) {
        if (hex_digit(hex.p[i]) < 0 || hex.n > 16)
            return false;
        number = number << 4 | (unsigned)hex_digit(hex.p[i]);
    }
    *out = number;
    return hex.n > 0;
}

/* One that this home has given since it began, to a call that is over; 0 is that of all clients that do not ask first, on whose
 * answers nothing depends. */
static bool was_here(const struct home *h, uint64_t number, struct str id)
{
    uint64_t behind = (h->last_call << 8 | h->number) - number;

    if (number == 0)
        return !str_ends(id, STR("-vital"));
    if ((behind & 0xff) != 0 || behind >> 8 >= h->last_call - h->first_call)
        return false;
    LIST_EACH (&h->calls, l) {
        if (LIST_ENTRY(l, struct call, in_home)->media.number == number)
            return false;
    }
    return true;
}

enum call_answer calls_take_answer(struct outcome *out, const struct stanza *answer,
                                   const struct call **out_call)
{
    struct account *a = calls_account_of(out);
    struct str from = jid_text(outcome_arena(out), &answer->from);
    uint64_t number;

    if (!read_number(answer->id, &number))
        return CALL_ANSWER_UNKNOWN;
    LIST_EACH (&a->calls, l) {
        struct call *c = LIST_ENTRY(l, struct call, in_account);

        if (c->media.number != number)
            continue;
        *out_call = c;
        return answered(c, answer, from) ? CALL_ANSWER_TAKEN : CALL_ANSWER_FORGED;
    }
    return was_here(a->home, number, answer->id) ? CALL_ANSWER_LATE : CALL_ANSWER_UNKNOWN;
}

void calls_caller_gone(struct outcome *out, struct str device)
{
    struct account *callee = calls_account_of(out);

    LIST_EACH (&callee->calls, l) {
        struct call *c = LIST_ENTRY(l, struct call, in_account);

        if (str_eq(c->ledger.caller, device))
            calls_happened(c, ledger_device_gone(&c->ledger, device, callee->home->now_ms));
    }
}

/* Every device answers the same request (XEP-0184); one of them is enough. */
void calls_received(struct call *c, struct str device)
{
    if (c->received || !ledger_is_ringing(&c->ledger))
        return;
    c->received = true;
    calls_tell_received(c, device);
}

/* ---- Devices and time -------------------------------------------------------------------------------- */

void calls_device_came(struct session *s)
{
    LIST_EACH (&s->account->calls, l) {
        const struct call *c = LIST_ENTRY(l, struct call, in_account);

        if (c->abroad.n == 0 && ledger_is_ringing(&c->ledger)
            && s->home->now_ms < ledger_deadline_ms(&c->ledger))
            calls_tell_propose(c, s, true);
    }
}

void calls_device_gone(struct session *s)
{
    struct account *a = s->account;

    LIST_EACH (&a->calls, l) {
        struct call *c = LIST_ENTRY(l, struct call, in_account);

        calls_happened(c, ledger_device_gone(&c->ledger, s->full, a->home->now_ms));
    }
    calls_dial_device_gone(s);
}

void calls_sweep(struct home *h)
{
    LIST_EACH (&h->calls, l) {
        struct call *c = LIST_ENTRY(l, struct call, in_home);

        calls_happened(c, c->lost ? ledger_media_gone(&c->ledger, c->kept_ms)
                                  : ledger_tick(&c->ledger, h->now_ms));
        if (c->ledger.phase == CALL_ACTIVE && h->now_ms >= c->kept_ms + CALL_KEPT_MS)
            call_kept_put(c);
        if (ledger_is_over(&c->ledger, h->now_ms))
            calls_remove(c);
    }
    calls_dial_sweep(h);
}

void calls_free(struct home *h)
{
    for (struct link *l; (l = list_first(&h->calls)) != NULL;)
        calls_remove(LIST_ENTRY(l, struct call, in_home));
    calls_dial_free(h);
}

/* ---- The anchor -------------------------------------------------------------------------------------- */

static void tell_all(struct home *h)
{
    LIST_EACH (&h->calls, l)
        call_media_tell(h, &LIST_ENTRY(l, struct call, in_home)->media);
    for (; h->syncs_owed > 0; h->syncs_owed--)
        call_media_synced(h);
}

static void kept_calls_read(struct home *h)
{
    h->kept_calls = KEPT_CALLS_READ;
    tell_all(h);
}

/* One that comes knows nothing, or has outlived a server: it hears of every call that is, and of those of the process before. */
static void anchor_ready(struct home *h, const struct anchor_report *report)
{
    memcpy(h->places, report->places, sizeof h->places);
    h->place_count = report->place_count;
    if (h->place_count == 0)
        return;
    for (size_t i = 0; i < h->settings->tcp_place_count && h->place_count < ANCHOR_PLACES; i++)
        h->places[h->place_count++] = h->settings->tcp_places[i];
    h->syncs_owed++;
    if (h->kept_calls == KEPT_CALLS_READ)
        tell_all(h);
    if (h->kept_calls == KEPT_CALLS_UNREAD) {
        h->kept_calls = KEPT_CALLS_ASKED;
        call_kept_read(h, kept_calls_read);
    }
}

void home_anchor_reported(struct home *h, const struct anchor_report *report)
{
    if (report->kind == ANCHOR_READY)
        anchor_ready(h, report);
    if (report->kind == ANCHOR_DROPPED && report->call == 0)
        call_event_strays(h, report);
    if (report->kind != ANCHOR_SILENT && report->kind != ANCHOR_DROPPED)
        return;
    LIST_EACH (&h->calls, l) {
        struct call *c = LIST_ENTRY(l, struct call, in_home);

        if (c->media.number != report->call)
            continue;
        if (report->kind == ANCHOR_DROPPED)
            call_event_dropped(c, report);
        else
            calls_happened(c, ledger_media_gone(&c->ledger, h->now_ms));
    }
}
