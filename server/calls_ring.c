/* calls_ring.c: see calls_ring.h. */
#include "server/calls_ring.h"

#include "server/call_alias.h"
#include "server/calls_dial.h"
#include "server/call_record.h"
#include "server/calls_tell.h"
#include "server/push.h"
#include "server/session.h"

/* Both have called each other, and neither knew: the call with the lower id is made (XEP-0353, tie breaking). */
static bool loses_tie(struct outcome *out, struct str caller, const struct call_message *propose)
{
    struct account *callee = calls_account_of(out);
    struct routed *r = out->routed;
    struct dialled *ours = calls_dialled_to(callee, calls_bare(caller));

    if (ours == NULL || str_cmp(propose->id, ours->id) < 0)
        return false;
    calls_tell_tie_lost(callee->home, ours->device, jid_text(&r->arena, &r->stanza.from),
                        propose->id);
    return true;
}

/* A client may answer by itself who is talking to it already (XEP-0353, "Existing session"): so that he could change what a person
 * has agreed to; under policy.calls = strict no other call takes the place of one. */
static bool abuses_session(const struct call *c, const struct call_message *propose)
{
    bool more = (propose->media & ~c->ledger.media) != 0;

    return c->ledger.phase >= CALL_ACCEPTED && c->ledger.phase <= CALL_ACTIVE
           && (more || c->callee->home->settings->calls_strict);
}

/* One call of an account to another rings at a time: the last. False: this one must not ring. */
static bool make_way(struct account *callee, struct str caller, const struct call_message *propose)
{
    struct home *h = callee->home;

    LIST_EACH (&callee->calls, l) {
        struct call *c = LIST_ENTRY(l, struct call, in_account);

        if (!str_eq(calls_bare(c->ledger.caller), calls_bare(caller)))
            continue;
        if (abuses_session(c, propose))
            return false;
        if (ledger_is_ringing(&c->ledger))
            calls_happened(c, ledger_device_gone(&c->ledger, c->ledger.caller, h->now_ms));
    }
    return true;
}

static void record_missed(const struct account *callee, struct str caller,
                          const struct call_message *propose)
{
    call_record_emit(callee->home, &(struct call_record){ .peer = calls_bare(caller),
                                                          .owner = callee->bare,
                                                          .id = propose->id,
                                                          .media = propose->media,
                                                          .outcome = CALL_MISSED,
                                                          .start_ms = callee->home->now_ms });
}

enum call_limit calls_ring(struct outcome *out, struct str caller,
                           const struct call_message *propose)
{
    struct account *callee = calls_account_of(out);
    struct home *h = callee->home;
    enum call_limit limit = CALL_ALLOWED;
    struct call *c;

    if (loses_tie(out, caller, propose))
        return CALL_CROSSED;
    if ((out->routed->notes & NOTE_EXEMPT) == 0)
        limit = call_budget_ring(&h->call_budget, callee->view.account, calls_bare(caller),
                                 propose->id, h->now_ms);
    if (limit == CALL_ALLOWED && !make_way(callee, caller, propose))
        limit = CALL_MIGRATING;
    if (limit != CALL_ALLOWED && limit != CALL_REPEATED)
        record_missed(callee, caller, propose);
    if (limit != CALL_ALLOWED)
        return limit;
    c = calls_new(callee, caller, propose);
    if (out->routed->remote != NULL)
        call_alias_set(c, caller, &out->routed->stanza.from);
    if ((out->routed->notes & NOTE_DIRECT) != 0)
        ledger_address(&c->ledger, jid_text(&c->ledger.arena, &out->routed->stanza.to));
    LIST_EACH (&callee->sessions, l)
        calls_tell_propose(c, LIST_ENTRY(l, struct session, in_account), false);
    push_ring(callee);
    return CALL_ALLOWED;
}

void calls_ring_stranger(struct outcome *out, struct str stranger, unsigned media)
{
    const struct account *callee = calls_account_of(out);
    struct home *h = callee->home;
    int64_t account = callee->view.account;

    if (disk_level(h->host->disk) >= DISK_LOWER)
        return;
    switch (call_budget_stranger(&h->call_budget, account, stranger, h->now_ms)) {
    case STRANGER_ROW:
        call_record_stranger(h, account, callee->bare, stranger, media, h->now_ms);
        break;
    case STRANGER_MORE:
        call_record_stranger(h, account, callee->bare, STR_NONE, 0, h->now_ms);
        break;
    case STRANGER_SILENT: break;
    }
}
