/* calls_dial.c: see calls_dial.h. */
#include "server/calls_dial.h"

#include "server/call_record.h"
#include "server/calls_direct.h"
#include "server/calls_tell.h"
#include "server/router.h"
#include "server/session.h"

enum {
    DIALLED_MS = LEDGER_RING_MS + 5 * 1000, /* an answer of the last moment is on its way */
    WEEK_MS = 7 * 24 * 3600 * 1000,
};

static void dialled_free(struct dialled *d)
{
    list_remove(&d->in_account);
    list_remove(&d->in_home);
    calls_direct_deinit(d);
    arena_deinit(&d->arena);
    account_unpin(d->caller);
    mem_free(d);
}

static void dialled_new(struct account *caller, struct str device, struct str callee,
                        const struct call_message *propose)
{
    struct dialled *d = mem_alloc(sizeof *d);

    d->caller = caller;
    caller->pins++;
    d->id = arena_str(&d->arena, propose->id);
    d->device = arena_str(&d->arena, device);
    d->callee = arena_str(&d->arena, callee);
    d->media = propose->media;
    d->at_ms = caller->home->now_ms;
    list_add(&caller->dialled, &d->in_account);
    list_add(&caller->home->dialled, &d->in_home);
}

/* Rang for a minute, or less. The record goes to the caller's own account; calls_dial_hang_up() hears of it there. */
static void record_unanswered(const struct dialled *d)
{
    struct home *h = d->caller->home;
    bool whole = h->now_ms >= d->at_ms + LEDGER_RING_MS;

    call_record_emit(h, &(struct call_record){ .peer = d->callee,
                                               .owner = d->caller->bare,
                                               .id = d->id,
                                               .media = d->media,
                                               .outgoing = true,
                                               .outcome = whole ? CALL_MISSED : CALL_RETRACTED,
                                               .start_ms = d->at_ms });
}

struct dialled *calls_dialled(struct account *caller, struct str id)
{
    LIST_EACH (&caller->dialled, l) {
        struct dialled *d = LIST_ENTRY(l, struct dialled, in_account);

        if (str_eq(d->id, id))
            return d;
    }
    return NULL;
}

void calls_dial_resume(struct account *caller, const struct ledger *l, struct str callee)
{
    struct dialled *d;

    dialled_new(caller, l->caller, callee,
                &(struct call_message){ .id = l->id, .media = l->media });
    d = calls_dialled(caller, l->id);
    d->accepted = true;
    d->direct.called = arena_str(&d->arena, l->called);
    d->at_ms = l->proposed_ms;
}

struct dialled *calls_dialled_to(struct account *a, struct str callee)
{
    LIST_EACH (&a->dialled, l) {
        struct dialled *d = LIST_ENTRY(l, struct dialled, in_account);

        if (str_eq(d->callee, callee) && !d->accepted)
            return d;
    }
    return NULL;
}

/* Somebody there rings here already: who was first, wins. */
static bool is_called_by(struct account *a, struct str other, struct str device, struct str id)
{
    LIST_EACH (&a->calls, l) {
        const struct call *c = LIST_ENTRY(l, struct call, in_account);

        if (!ledger_is_ringing(&c->ledger) || !str_eq(calls_bare(c->ledger.caller), other))
            continue;
        calls_tell_tie_lost(a->home, c->ledger.caller, device, id);
        return true;
    }
    return false;
}

/* One call to somebody rings at a time, the last. */
static void give_way(struct dialled *d)
{
    if (dialled_is_direct(d))
        calls_direct_end(d, "expired");
    record_unanswered(d);
}

void calls_dial_strike(struct outcome *out)
{
    struct account *a = out->routed->sender_home;

    /* Only where it was said: what goes on from there is well-formed. */
    if (out->effects == &out->routed->at_origin)
        call_budget_strike(&a->home->call_budget, a->view.account, a->home->now_ms);
}

/* What is said there of the call meets a ledger of ours before a device hears it. */
static void call_abroad(struct account *caller, struct str device, struct str callee,
                        const struct call_message *propose)
{
    struct call *c = calls_new(caller, device, propose);

    c->abroad = arena_str(&c->ledger.arena, callee);
}

enum call_limit calls_dial(struct outcome *out, struct str device, struct str callee,
                           const struct call_message *propose)
{
    struct account *caller = calls_account_of(out);
    struct home *h = caller->home;
    bool young = h->now_ms < caller->view.created_ms + WEEK_MS;
    enum call_limit limit = CALL_ALLOWED;
    struct dialled *before;

    if (h->now_ms < caller->view.calls_off_ms)
        return CALL_SUSPENDED;
    if (out->routed->session->exempt)
        out->routed->notes |= NOTE_EXEMPT;
    else
        limit = call_budget_dial(&h->call_budget, caller->view.account, callee, young, h->now_ms);
    if (limit != CALL_ALLOWED)
        return limit;
    if (calls_dialled(caller, propose->id) != NULL)
        return CALL_REPEATED;
    if (is_called_by(caller, callee, device, propose->id))
        return CALL_CROSSED;
    if ((before = calls_dialled_to(caller, callee)) != NULL)
        give_way(before);
    dialled_new(caller, device, callee, propose);
    if (out->routed->target == TARGET_REMOTE)
        call_abroad(caller, device, callee, propose);
    return CALL_ALLOWED;
}

/* Before anybody answered. */
static void give_up(struct account *caller, struct str id, struct str device)
{
    const struct dialled *d = calls_dialled(caller, id);

    if (d != NULL && !d->accepted && str_eq(d->device, device))
        record_unanswered(d);
}

bool calls_dialling(struct outcome *out, struct str id)
{
    return calls_dialled(calls_account_of(out), id) != NULL;
}

void calls_dial_retracted(struct outcome *out, struct str id, struct str device)
{
    give_up(calls_account_of(out), id, device);
}

bool calls_dial_hang_up(struct outcome *out, struct str id)
{
    struct dialled *d = calls_dialled(calls_account_of(out), id);

    if (d == NULL)
        return false;
    dialled_free(d);
    return true;
}

static struct str call_meant(const struct stanza *s)
{
    const struct xml_node *jingle = xml_child(s->node, STR(NS_JINGLE), STR("jingle"));
    const struct xml_node *word = xml_child_ns(s->node, STR(NS_JINGLE_MESSAGE));
    struct str id;

    if (s->kind == STANZA_IQ)
        return jingle != NULL ? xml_get(jingle, STR("sid")) : STR_NONE;
    if (word != NULL)
        return xml_get(word, STR("id"));
    return calls_received_id(s->node, &id) ? id : STR_NONE;
}

bool calls_dial_composed(struct account *a, const struct stanza *s)
{
    struct dialled *d = calls_dialled(a, call_meant(s));
    const struct xml_node *word = xml_child_ns(s->node, STR(NS_JINGLE_MESSAGE));
    bool goes_on;

    if (d == NULL || !str_eq(xml_get(s->node, STR("to")), d->device)
        || !str_eq(calls_bare(xml_get(s->node, STR("from"))), d->callee))
        return true;
    if (word != NULL && str_is(word->name, "proceed"))
        d->accepted = true;
    goes_on = !dialled_is_direct(d) || calls_direct_told(d, s);
    /* A call that has lost a tie has no record that would end it. */
    if (word != NULL && xml_child(word, STR(NS_JINGLE_MESSAGE), STR("tie-break")) != NULL)
        dialled_free(d);
    return goes_on;
}

/* Its device is gone. The callee's home hears of it as of the retraction that it amounts to, and may end the call at once. */
static void abandon(const struct dialled *d)
{
    struct account *caller = d->caller;
    struct arena a = { 0 };
    struct str id = arena_str(&a, d->id), device = arena_str(&a, d->device);

    router_emit_behind(caller->home,
                       calls_tell_word(&a, device, d->callee,
                                       &(struct call_message){ .word = CALL_RETRACT, .id = id }),
                       NOTE_GONE);
    give_up(caller, id, device);
    arena_deinit(&a);
}

/* ---- Devices and time ------------------------------------------------------------------------------ */

void calls_dial_device_gone(struct session *s)
{
    LIST_EACH (&s->account->dialled, l) {
        const struct dialled *d = LIST_ENTRY(l, struct dialled, in_account);

        if (str_eq(d->device, s->full))
            abandon(d);
    }
}

void calls_dial_sweep(struct home *h)
{
    LIST_EACH (&h->dialled, l) {
        struct dialled *d = LIST_ENTRY(l, struct dialled, in_home);

        if (d->accepted || h->now_ms < d->at_ms + DIALLED_MS)
            continue;
        if (dialled_is_direct(d))
            calls_direct_end(d, "timeout");
        record_unanswered(d);
    }
}

void calls_dial_free(struct home *h)
{
    for (struct link *l; (l = list_first(&h->dialled)) != NULL;)
        dialled_free(LIST_ENTRY(l, struct dialled, in_home));
}
