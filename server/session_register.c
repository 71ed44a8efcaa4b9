/* session_register.c: In-Band Registration before login (XEP-0077 §3.1), with a token (XEP-0445).
 *
 *     C: <iq type='set'><preauth xmlns='urn:xmpp:pars:0' token='…'/></iq>      S: result, or item-not-found
 *     C: <iq type='get'><query xmlns='jabber:iq:register'/></iq>               S: name and password, please
 *     C: <iq type='set'><query …><username/><password/></query></iq>           S: result, or why not
 *
 * One question at a time: the session is paused while the store or the key derivation works on it.
 */
#include <string.h>

#include "server/limits.h"
#include "server/registration.h"
#include "server/router.h"
#include "server/session.h"

struct enrolment {
    struct session *session;
    struct arena arena; /* of the question in work */
    struct stanza iq;
    struct store_query query;
    struct registration registration;
    struct str local;
    bool invited; /* by token, an invitation that was good when it was shown; query has it */
    struct str token;
    uint8_t token_hash[HASH_SIZE_MAX];
    unsigned failures;
};

void enrolment_free(struct enrolment *e)
{
    if (e == NULL)
        return;
    arena_deinit(&e->query.op.arena);
    arena_deinit(&e->arena);
    mem_free(e);
}

void enrolment_features(const struct session *s, struct arena *a, struct xml_node *features)
{
    const struct settings *settings = s->home->settings;

    if (settings->registration == REGISTER_NOBODY)
        return;
    xml_add(a, features, STR(NS_REGISTER_FEATURE), STR("register"));
    xml_add(a, features, STR(NS_IBR_TOKEN), STR("register"));
}

/* ---- Answers --------------------------------------------------------------------------------------- */

static void answer(struct enrolment *e, struct xml_node *node)
{
    stream_write(&e->session->stream, node);
}

static void succeed(struct enrolment *e)
{
    answer(e, stanza_result(&e->arena, &e->iq));
}

/* Somebody who tries tokens or names has a few tries on a stream, as for passwords. */
static void refuse(struct enrolment *e, enum stanza_condition why, struct str text)
{
    answer(e, stanza_error(&e->arena, &e->iq, why, text));
    if (++e->failures >= PREAUTH_ATTEMPTS)
        session_fail(e->session, STREAM_POLICY_VIOLATION, STR("Too many failed registrations."));
}

static void pause(struct enrolment *e)
{
    e->session->paused = true;
    session_hold(e->session);
}

/* True if there is still somebody to answer; resume() follows in any case. */
static bool is_there(const struct enrolment *e)
{
    return e->session->state == SESSION_NEGOTIATING;
}

static void resume(struct enrolment *e)
{
    struct session *s = e->session;

    if (is_there(e)) {
        s->paused = false;
        session_flush(s);
        session_resume_reading(s);
    }
    session_release(s);
}

/* ---- The token (XEP-0445 §3) ----------------------------------------------------------------------- */

static void refuse_invitation(struct enrolment *e)
{
    home_event(e->session->home, e->session, EVENT(EVENT_INVITATION));
    refuse(e, COND_ITEM_NOT_FOUND, STR("This invitation is not valid, or not any more."));
}

static void token_found(struct store_op *op)
{
    struct enrolment *e = CONTAINER_OF(op, struct enrolment, query.op);
    const struct session *s = e->session;

    e->invited = op->result == ERR_NONE
                 && invite_is_good(e->query.out.invites.invites, s->domain, s->home->now_ms);
    if (is_there(e) && e->invited)
        succeed(e);
    else if (is_there(e)) /* unknown, used, expired: one answer */
        refuse_invitation(e);
    resume(e);
}

static void take_token(struct enrolment *e, const struct xml_node *preauth)
{
    struct store_query *q = &e->query;

    invite_token_hash(xml_get(preauth, STR("token")), e->token_hash);
    arena_deinit(&q->op.arena);
    *q = (struct store_query){ .kind = QUERY_INVITE };
    e->token = arena_str(&q->op.arena, xml_get(preauth, STR("token")));
    q->in.invite.token_hash = bytes_of(e->token_hash, INVITE_HASH_OCTETS);
    q->op.home = e->session->home->number;
    q->op.done = token_found;
    pause(e);
    store_query(e->session->home->store, q);
}

/* ---- The form (XEP-0077 §3.1) ---------------------------------------------------------------------- */

static void give_form(struct enrolment *e)
{
    struct arena *a = &e->arena;
    struct xml_node *result = stanza_result(a, &e->iq);
    struct xml_node *query = xml_add(a, result, STR(NS_REGISTER), STR("query"));

    xml_add_text_child(a, query, STR(NS_REGISTER), STR("instructions"),
                       STR("Choose a name and a password."));
    xml_add(a, query, STR(NS_REGISTER), STR("username"));
    xml_add(a, query, STR(NS_REGISTER), STR("password"));
    answer(e, result);
}

static void stored(struct store_op *op)
{
    struct enrolment *e = CONTAINER_OF(op, struct enrolment, registration.set.op);
    enum err result = op->result;

    if (result == ERR_NONE && e->registration.introduction != NULL)
        router_emit(e->session->home, e->registration.introduction, STR_NONE);
    registration_deinit(&e->registration);
    if (is_there(e)) {
        switch (result) {
        case ERR_NONE:
            e->invited = false; /* the token is used up */
            succeed(e);
            break;
        case ERR_EXISTS: refuse(e, COND_CONFLICT, STR("This name is taken.")); break;
        case ERR_CONFLICT:
        case ERR_MISSING: refuse_invitation(e); break;
        default:
            refuse(e, COND_RESOURCE_CONSTRAINT,
                   STR("The server could not store this. Please try again."));
        }
    }
    resume(e);
}

static void derived(void *arg)
{
    struct enrolment *e = CONTAINER_OF(arg, struct enrolment, registration);
    struct home *h = e->session->home;
    struct ticket ticket = { 0 };

    if (!is_there(e)) {
        registration_deinit(&e->registration);
        resume(e);
        return;
    }
    if (e->invited)
        ticket = (struct ticket){
            .token_hash = bytes_of(e->token_hash, INVITE_HASH_OCTETS),
            .token = e->token,
            .inviter = e->query.out.invites.invites->inviter,
        };
    registration_fill(&e->registration, e->local, e->session->domain, &ticket, h->now_ms);
    e->registration.set.op.home = h->number;
    e->registration.set.op.done = stored;
    store_commit(h->store, &e->registration.set);
}

static void refuse_name(struct enrolment *e, enum err why)
{
    if (why == ERR_DENIED) /* the answer for a name that somebody has */
        refuse(e, COND_CONFLICT, STR("This name is taken."));
    else
        refuse(e, COND_NOT_ACCEPTABLE,
               STR("This name is too long, or has characters that none may have."));
}

static void take_form(struct enrolment *e, const struct xml_node *query)
{
    const struct host *host = e->session->home->host;
    struct arena *a = &e->arena;
    struct str name = xml_child_text(a, query, STR(NS_REGISTER), STR("username"));
    struct str text = xml_child_text(a, query, STR(NS_REGISTER), STR("password")), password;
    enum err why = registration_name(a, name, &e->local);

    if (why != ERR_NONE) {
        refuse_name(e, why);
    } else if (sasl_prepare_password(a, text, &password) != ERR_NONE) {
        refuse(e, COND_NOT_ACCEPTABLE,
               STR("This password is empty, too long, or has characters that none may have."));
    } else if (home_begin_registration(e->session->home, host->ops->peer(e->session->link)) > 0) {
        home_event(e->session->home, e->session, EVENT(EVENT_REGISTRATIONS));
        refuse(e, COND_RESOURCE_CONSTRAINT,
               STR("Too many accounts are made at the moment. Please try again later."));
    } else {
        registration_init(&e->registration, e->session->home->settings, &host->random, password);
        pause(e);
        host->ops->offload(host->ctx, registration_derive, derived, &e->registration);
    }
}

/* ---- Elements -------------------------------------------------------------------------------------- */

static struct enrolment *enrolment_of(struct session *s)
{
    if (s->enrolment == NULL) {
        s->enrolment = mem_alloc(sizeof *s->enrolment);
        s->enrolment->session = s;
    }
    return s->enrolment;
}

static bool may_register(const struct enrolment *e)
{
    return e->invited || e->session->home->settings->registration == REGISTER_ANYBODY;
}

static void take_request(struct enrolment *e)
{
    const struct xml_node *payload = e->iq.payload;
    bool token = xml_is(payload, STR(NS_PARS), STR("preauth")) && e->iq.type == IQ_SET;

    if (token)
        take_token(e, payload);
    else if (!xml_is(payload, STR(NS_REGISTER), STR("query")))
        refuse(e, COND_NOT_AUTHORIZED, STR("Please log in first."));
    else if (!may_register(e))
        refuse(e, COND_NOT_ALLOWED, STR("An account here needs an invitation."));
    else if (e->iq.type == IQ_GET)
        give_form(e);
    else
        take_form(e, payload);
}

static bool is_question(const struct xml_node *node)
{
    return xml_is(node, STR(NS_CLIENT), STR("iq"))
           && (xml_child(node, STR(NS_REGISTER), STR("query")) != NULL
               || xml_child(node, STR(NS_PARS), STR("preauth")) != NULL);
}

bool enrolment_element(struct session *s, struct xml_node *node)
{
    struct enrolment *e;
    enum stanza_condition why;

    if (s->home->settings->registration == REGISTER_NOBODY || !is_question(node))
        return false;
    e = enrolment_of(s);
    arena_deinit(&e->arena);
    node = xml_copy(&e->arena, node);
    if (stanza_parse(&e->arena, node, &e->iq, &why) != ERR_NONE)
        refuse(e, COND_BAD_REQUEST, STR_NONE);
    else if (e->iq.type == IQ_GET || e->iq.type == IQ_SET)
        take_request(e);
    else
        return false;
    return true;
}
