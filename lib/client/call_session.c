/* call_session.c: Jingle after somebody has answered (XEP-0166): two devices describe to each other what they send.
 *
 * Addresses and credentials in a description are those of our server's anchor, which is the other side of all that is sent; who it is
 * that is talked to, the fingerprints say.
 */
#include "client/call_inside.h"

#include "jingle/sdp.h"
#include "xmpp/ns.h"

/* ---- Where the other side is -------------------------------------------------------------------------- */

/* To the media process. */
static void tell_remote(struct engine *c, struct call *call)
{
    const struct jingle *offer = call->side == CALL_CALLER ? &call->local : NULL;
    struct arena a = { 0 };
    struct str sdp = STR_NONE;

    if (sdp_write(&a, &call->remote, offer, &sdp) == ERR_NONE)
        call_tell(c, call, CALL_IS_DESCRIBED, sdp);
    else
        call_fail(c, call, "failed-application", STR("Their description of the call is too long."));
    arena_deinit(&a);
}

static bool takes_place(const struct jingle_content *new, struct jingle_content *old)
{
    struct jingle_transport *t = &old->transport;

    if (new->transport.ufrag.n == 0 || new->transport.candidate_count == 0
        || !str_eq(new->name, old->name))
        return false;
    t->ufrag = new->transport.ufrag;
    t->pwd = new->transport.pwd;
    t->candidate_count = new->transport.candidate_count;
    for (size_t n = 0; n < t->candidate_count; n++)
        t->candidates[n] = new->transport.candidates[n];
    return true;
}

/* What came of it into their description. */
static bool take_places(struct call *call)
{
    struct jingle j;
    const char *rule;
    bool any = false;

    if (call->moved != NULL && jingle_read(&call->arena, call->moved, &j, &rule) == ERR_NONE) {
        jingle_candidates(&call->arena, call->moved, &j);
        for (size_t i = 0; i < j.content_count; i++)
            for (size_t k = 0; k < call->remote.content_count; k++)
                any |= takes_place(&j.contents[i], &call->remote.contents[k]);
    }
    call->moved = NULL;
    return any;
}

/* A media process that is at its answer, and a description that is still sealed, come first. */
static void move_on(struct engine *c, struct call *call)
{
    if (call->phase == CALL_ACTIVE && call->remote.content_count > 0 && take_places(call))
        tell_remote(c, call);
}

/* New credentials of the anchor: the media process goes on there (RFC 8445 §2.4). */
static void moved(struct engine *c, struct call *call, const struct xml_node *payload)
{
    if (call->moves++ >= MOVES_MAX)
        return;
    call->moved = xml_copy(&call->arena, payload);
    move_on(c, call);
}

/* ---- Out -------------------------------------------------------------------------------------------- */

struct asked {
    struct str id;
    bool matters; /* a refusal ends the call */
};

/* The server has constant words for whatever it does not carry. */
static void answered(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct asked *asked = r->context;
    struct call *call = asked->matters ? call_of(c, asked->id) : NULL;

    if (call != NULL && answer != NULL && answer->type == IQ_ERROR)
        call_fail(c, call, "general-error", STR("The server refused the call."));
}

static void send(struct engine *c, const struct call *call, const struct jingle *j, bool matters)
{
    struct request *r = request_new(c, answered);
    struct asked *asked = ARENA_NEW(&r->arena, struct asked);
    struct arena a = { 0 };

    asked->id = arena_str(&r->arena, call->id);
    asked->matters = matters;
    r->context = asked;
    request_send(c, r, "set", &call->far, jingle_write(&a, j));
    arena_deinit(&a);
}

void call_terminate(struct engine *c, struct call *call, const char *reason)
{
    struct jingle j = { .action = JINGLE_SESSION_TERMINATE, .sid = call->id, .reason = reason };

    send(c, call, &j, false);
}

/* XEP-0166 §6.1. */
static void name_parties(struct engine *c, struct arena *a, struct jingle *j)
{
    struct str self = jid_text(a, &c->calls->self);

    if (j->action == JINGLE_SESSION_INITIATE)
        j->initiator = self;
    else
        j->responder = self;
}

/* Once what is needed to seal it is there. */
static void send_local(struct engine *c, struct call *call)
{
    struct str why = STR("The encryption of the call could not be set up.");
    struct arena a = { 0 };
    struct jingle j;

    switch (call_seal_ready(c, call, &why)) {
    case CALL_SEAL_WAITS: break;
    case CALL_SEAL_FAILS: call_fail(c, call, "security-error", why); break;
    case CALL_SEAL_READY:
        if (!call_seal_all(c, &a, call, &call->local, &j)) {
            call_fail(c, call, "security-error", why);
            break;
        }
        call->local_sent = true;
        name_parties(c, &a, &j);
        for (size_t i = 0; i < j.content_count; i++)
            j.contents[i].transport.knows_tcp = true;
        send(c, call, &j, true);
        call_enter(c, call, call->side == CALL_CALLER ? CALL_INITIATED : CALL_ACTIVE);
        move_on(c, call);
        break;
    }
    arena_deinit(&a);
}

/* An answer echoes names of the offer, none else. */
static bool fits_offer(const struct jingle *answer, const struct jingle *offer)
{
    for (size_t i = 0; i < answer->content_count; i++) {
        bool found = false;

        for (size_t k = 0; k < offer->content_count; k++)
            found |=
                str_eq(answer->contents[i].name, offer->contents[k].name)
                && answer->contents[i].description.media == offer->contents[k].description.media;
        if (!found)
            return false;
    }
    return (jingle_media_of(answer) & JINGLE_AUDIO) != 0;
}

enum err call_describe(struct engine *c, struct str id, struct str sdp, const char **why)
{
    struct call *call = call_of(c, id);
    bool ours = call != NULL && call->side == CALL_CALLER;
    struct jingle j;
    const char *rule = "media";
    enum err e;

    if (call == NULL)
        return ERR_MISSING;
    if (call->local.content_count > 0
        || (ours ? call->phase != CALL_ACCEPTED : call->remote.content_count == 0))
        return ERR_DENIED;
    e = sdp_read(&call->arena, sdp, ours ? JINGLE_SESSION_INITIATE : JINGLE_SESSION_ACCEPT, id, &j,
                 &rule);
    if (e == ERR_NONE
        && (ours ? jingle_media_of(&j) != call->media : !fits_offer(&j, &call->remote)))
        e = ERR_MALFORMED;
    if (why != NULL)
        *why = e != ERR_NONE ? rule : NULL;
    if (e != ERR_NONE)
        return e;
    call->local = j;
    call_work(c, call);
    engine_end_round(c);
    return ERR_NONE;
}

/* ---- In --------------------------------------------------------------------------------------------- */

static bool media_fits(const struct call *call, const struct jingle *j)
{
    if (call->side == CALL_CALLER)
        return fits_offer(j, &call->local);
    return (jingle_media_of(j) & ~call->media) == 0 && (jingle_media_of(j) & JINGLE_AUDIO) != 0;
}

/* The fingerprints may have to wait for what is to be known of their devices. */
static void open_remote(struct engine *c, struct call *call)
{
    struct str why = STR_NONE;

    switch (call_open_all(c, call, &call->sealed_as, &why)) {
    case CALL_SEAL_WAITS: return;
    case CALL_SEAL_FAILS: call_fail(c, call, "security-error", why); return;
    case CALL_SEAL_READY: break;
    }
    call->remote = call->sealed_as;
    jingle_candidates(&call->arena, call->sealed, &call->remote);
    call->sealed = NULL;
    (void)take_places(call);
    if (call->side == CALL_CALLER)
        call_enter(c, call, CALL_ACTIVE);
    tell_remote(c, call);
}

void call_work(struct engine *c, struct call *call)
{
    if (call->sealed != NULL)
        open_remote(c, call);
    else if (call->local.content_count > 0 && !call->local_sent)
        send_local(c, call);
}

/* True: this action is what comes next. */
static bool describes(const struct call *call, enum jingle_action action)
{
    if (call->sealed != NULL || call->remote.content_count > 0)
        return false;
    return call->side == CALL_CALLEE
               ? action == JINGLE_SESSION_INITIATE && call->phase == CALL_ACCEPTED
               : action == JINGLE_SESSION_ACCEPT && call->phase == CALL_INITIATED;
}

static void described(struct engine *c, struct call *call, const struct xml_node *payload)
{
    const char *rule;

    call->sealed = xml_copy(&call->arena, payload);
    call->moved = NULL; /* the description is newer */
    if (call->side == CALL_CALLEE)
        call_enter(c, call, CALL_INITIATED);
    if (jingle_read(&call->arena, call->sealed, &call->sealed_as, &rule) == ERR_NONE
        && media_fits(call, &call->sealed_as))
        open_remote(c, call);
    else
        call_fail(c, call, "incompatible-parameters",
                  STR("What they sent to set up the call cannot be read."));
}

static void terminated(struct engine *c, struct call *call, const struct jingle *j)
{
    bool well = j->reason == NULL || str_is(str_from(j->reason), "success")
                || str_is(str_from(j->reason), "cancel");
    struct str why = STR("They hung up.");
    struct arena a = { 0 };

    if (!well)
        why = arena_printf(&a, "The other side ended the call: %s.", j->reason);
    call_over(c, call, CALL_FAILED, why);
    arena_deinit(&a);
}

/* ---- Answers ---------------------------------------------------------------------------------------- */

static void refuse(struct engine *c, struct arena *a, const struct stanza *iq,
                   enum stanza_condition why, const char *condition)
{
    struct xml_node *reply = stanza_error(a, iq, why, STR_NONE);

    if (condition != NULL)
        xml_add(a, stanza_error_child(reply), STR(NS_JINGLE_ERRORS), str_from(condition));
    engine_send(c, reply, 0);
}

/* XEP-0166 §7.2: who adds a picture has to be told that none comes. Conversations looks for the outline of what it has offered. */
static void decline_addition(struct engine *c, const struct call *call, const struct jingle *added)
{
    struct jingle no = { .action = JINGLE_CONTENT_REJECT,
                         .sid = call->id,
                         .content_count = added->content_count };

    for (size_t i = 0; i < added->content_count; i++) {
        const struct jingle_content *offered = &added->contents[i];

        no.contents[i] = (struct jingle_content){
            .name = offered->name,
            .by_responder = offered->by_responder,
            .senders = offered->senders,
            .has_description = true,
            .has_transport = true,
            .description = { .media = offered->description.media },
        };
    }
    send(c, call, &no, false);
}

static void act(struct engine *c, struct arena *a, const struct stanza *iq, struct call *call,
                const struct jingle *j)
{
    bool set_up = call->phase >= CALL_INITIATED;

    if (describes(call, j->action)) {
        engine_send(c, stanza_result(a, iq), 0);
        described(c, call, iq->payload);
    } else if (set_up && j->action == JINGLE_SESSION_TERMINATE) {
        engine_send(c, stanza_result(a, iq), 0);
        terminated(c, call, j);
    } else if (set_up && (j->action == JINGLE_SESSION_INFO || j->action == JINGLE_TRANSPORT_INFO)) {
        engine_send(c, stanza_result(a, iq), 0);
        if (j->action == JINGLE_TRANSPORT_INFO)
            moved(c, call, iq->payload);
    } else if (call->phase == CALL_ACTIVE && j->action == JINGLE_CONTENT_ADD) {
        engine_send(c, stanza_result(a, iq), 0);
        decline_addition(c, call, j);
    } else if (set_up && j->action != JINGLE_SESSION_INITIATE
               && j->action != JINGLE_SESSION_ACCEPT) {
        refuse(c, a, iq, COND_FEATURE_NOT_IMPLEMENTED, NULL); /* other media than agreed on */
    } else {
        refuse(c, a, iq, COND_UNEXPECTED_REQUEST, "out-of-order");
    }
}

/* Who is not in a call with us learns nothing about those that there are (XEP-0166 §6.8). */
bool call_iq_came(struct engine *c, struct arena *a, const struct stanza *iq)
{
    struct call *call;
    struct jingle j;
    const char *why;
    enum err e;

    if (iq->type != IQ_SET || iq->payload == NULL
        || !xml_is(iq->payload, STR(NS_JINGLE), STR("jingle")))
        return false;
    call = call_of(c, xml_get(iq->payload, STR("sid")));
    if (call == NULL || !iq->has_from || !call_is_talking(call) || !jid_eq(&call->far, &iq->from)) {
        refuse(c, a, iq, COND_ITEM_NOT_FOUND, "unknown-session");
        return true;
    }
    e = jingle_read(a, iq->payload, &j, &why);
    if (e == ERR_NONE)
        act(c, a, iq, call, &j);
    else
        refuse(c, a, iq, e == ERR_UNSUPPORTED ? COND_FEATURE_NOT_IMPLEMENTED : COND_BAD_REQUEST,
               NULL);
    return true;
}
