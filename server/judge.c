/* judge.c: what becomes of a stanza where it arrives: by hooks, by iq handlers, or by there being nobody. */
#include "server/judge.h"

#include "server/calls_dial.h"
#include "server/push.h"
#include "server/session.h"

static bool is_reachable(const struct account *a)
{
    for (const struct link *l = list_first(&a->sessions); l != NULL;
         l = list_next(&a->sessions, l)) {
        const struct session *s = LIST_ENTRY(l, const struct session, in_account);

        if (session_follows(s) && s->link != NULL)
            return true;
    }
    return false;
}

struct incoming judge_incoming(const struct routed *r, const struct home *h,
                               const struct account *a)
{
    return (struct incoming){
        .stanza = &r->stanza,
        .view = &a->view,
        .settings = h->settings,
        .now_ms = h->now_ms,
        .disk = disk_level(h->host->disk),
        .sender = r->sender,
        .sender_account = r->sender_account,
        .remote = r->remote != NULL ? &r->peer : NULL,
        .own = str_eq(r->sender, a->bare),
        .limited = r->limited,
        .reachable = is_reachable(a),
        .account = a,
        .places = h->places,
        .place_count = h->place_count,
        .sender_notes = r->notes,
        .origin = r->has_origin ? r->origin_hash : NULL,
    };
}

enum verdict judge_hooks(enum hook hook, const struct incoming *in, struct outcome *out)
{
    for (size_t i = 0; all_modules[i] != NULL; i++) {
        hook_fn *fn = all_modules[i]->hooks[hook];
        enum verdict v = fn ? fn(in, out) : PASS;

        if (v != PASS)
            return v;
    }
    return PASS;
}

static bool is_stranger(const struct incoming *in)
{
    return !in->own && !view_shows(in->view, in->sender);
}

/* Somebody asked somebody who does not show himself to him, or whom there is not: at an account that does not exist both are the latter. */
static void tell_vain(const struct routed *r, struct outcome *out, enum event_reason reason)
{
    if ((r->session == NULL && r->remote == NULL) || r->told != NULL)
        return; /* an answer of ours, or it is told already */
    outcome_event(out, EVENT(r->account->view.account == 0 ? EVENT_NOBODY : reason));
}

static enum verdict handle_iq(struct routed *r, enum iq_target to, const struct incoming *in,
                              struct outcome *out)
{
    const struct iq_handler *i =
        home_handler(r->account->home, r->stanza.type, to, r->stanza.payload);

    if (i != NULL && to == TO_SERVER && in->remote != NULL && !(i->to & FROM_REMOTE))
        i = NULL;
    /* What exists looks to strangers like what does not, octet by octet. */
    if (i != NULL && to == TO_ACCOUNT && is_stranger(in) && !(i->to & TO_STRANGERS)) {
        tell_vain(r, out, EVENT_STRANGER);
        i = NULL;
    }
    if (i == NULL)
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    return i->handle(in, out);
}

static bool is_request(const struct stanza *s)
{
    return s->kind == STANZA_IQ && (s->type == IQ_GET || s->type == IQ_SET);
}

/* There is no such account: what strangers may ask of one is answered by who answers it where there is one, and what is written to it takes
 * the way of what is written to somebody who is offline. */
static enum verdict judge_at_nobody(struct routed *r, const struct incoming *in,
                                    struct outcome *out)
{
    enum verdict v = judge_hooks(HOOK_NOBODY, in, out);

    if (v != PASS)
        return v;
    if (r->stanza.kind != STANZA_PRESENCE || r->stanza.type == PRESENCE_SUBSCRIBE)
        tell_vain(r, out, EVENT_NOBODY);
    if (r->stanza.kind == STANZA_PRESENCE)
        return DROP;
    if (r->stanza.kind == STANZA_MESSAGE)
        return judge_hooks(HOOK_IN, in, out);
    if (is_request(&r->stanza) && jid_is_bare(&r->stanza.to))
        return handle_iq(r, TO_ACCOUNT, in, out);
    return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
}

static enum verdict judge_at_server(struct routed *r, const struct incoming *in,
                                    struct outcome *out)
{
    unsigned home;

    if (is_request(&r->stanza))
        return handle_iq(r, TO_SERVER, in, out);
    if (push_is_answer(&r->stanza, r->account->home->host->home_count, &home))
        push_answered(r->account->home, &r->stanza);
    if (r->stanza.kind == STANZA_MESSAGE && in->remote == NULL) /* nobody reads it here */
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    return DROP;
}

/* Its account has blocked the sender, who is to see what he would see of a name that nobody has (XEP-0191 §3.3): so it is judged on a view
 * of nobody, and deliver.c hands it to no device. */
static enum verdict judge_unheard(struct routed *r, const struct incoming *in)
{
    struct outcome out = { r, &r->at_target, 0 };
    struct incoming vain = *in;
    struct view nobody;
    enum verdict v;

    view_init(&nobody, r->account->bare, r->account->home->seed);
    vain.view = &nobody;
    vain.sender_notes = r->notes;
    vain.reachable = false;
    v = judge_at_nobody(r, &vain, &out);
    view_deinit(&nobody);
    return v;
}

enum verdict judge_at_target(struct routed *r, const struct incoming *in, struct outcome *out)
{
    struct account *a = r->account;
    enum verdict v;

    if (r->target == TARGET_SERVER)
        return judge_at_server(r, in, out);
    if (a->view.account == 0)
        return judge_at_nobody(r, in, out);
    if ((r->notes & NOTE_GATE) != 0)
        return calls_dial_composed(a, &r->stanza) ? PASS : DROP;
    v = judge_hooks(HOOK_IN, in, out);
    if (v == NOBODY)
        return judge_unheard(r, in);
    if (v != PASS)
        return v;
    if (r->stanza.kind == STANZA_IQ && jid_is_bare(&r->stanza.to))
        return is_request(&r->stanza) ? handle_iq(r, TO_ACCOUNT, in, out) : DROP;
    if (r->stanza.kind == STANZA_PRESENCE && r->stanza.type == PRESENCE_PROBE) {
        presence_probed(a, &r->stanza);
        return DROP;
    }
    return PASS;
}
