/* session.c: the life of one client's stream (RFC 6120 §4): negotiation, dispatch, pausing, end. */
#include "server/session.h"

#include <assert.h>
#include <string.h>

#include "server/auth.h"
#include "server/caps.h"
#include "server/limits.h"
#include "server/push.h"
#include "server/router.h"
#include "server/stored.h"

static struct xml_limits preauth_limits(const struct home *h)
{
    return (struct xml_limits){
        .element_bytes = h->settings->element_bytes,
        .depth = PREAUTH_DEPTH,
        .attrs = PREAUTH_ATTRS,
        .nodes = PREAUTH_NODES,
    };
}

static struct xml_limits stanza_limits(const struct session *s)
{
    return (struct xml_limits){
        .element_bytes = s->home->settings->stanza_bytes,
        .depth = STANZA_DEPTH,
        .attrs = STANZA_ATTRS,
        .nodes = STANZA_NODES,
    };
}

static void set_deadline(struct session *s, uint64_t at_ms)
{
    s->deadline_ms = at_ms;
    if (s->link != NULL)
        s->home->host->ops->wake_at(s->link, at_ms);
}

static uint64_t login_deadline_ms(const struct home *h)
{
    return h->now_ms + (uint64_t)h->settings->login_s * 1000;
}

struct session *session_new(struct home *h, void *link, bool secure, enum stream_framing framing)
{
    struct session *s = mem_alloc(sizeof *s);
    struct xml_limits limits = preauth_limits(h);

    s->home = h;
    s->link = link;
    s->secure = secure;
    list_init(&s->pending);
    map_init(&s->directed, h->seed);
    stream_init(&s->stream, STREAM_SERVER, framing, STR(NS_CLIENT), &limits);
    set_deadline(s, login_deadline_ms(h));
    count(&h->counters, COUNTER_SESSIONS);
    return s;
}

static void session_free(struct session *s)
{
    assert(list_empty(&s->pending));
    stream_deinit(&s->stream);
    auth_free(s->auth);
    login_free(s->login);
    enrolment_free(s->enrolment);
    linking_free(s->linking);
    list_remove(&s->waiting);
    list_remove(&s->lagging);
    sm_free(s);
    csi_free(s);
    caps_forget(s);
    presence_forget(s);
    blob_unref(s->presence);
    mem_free(s->asked);
    mem_free(s->jid_memory);
    mem_free((char *)s->bind_id.p);
    uncount(&s->home->counters, COUNTER_SESSIONS);
    mem_free(s);
}

void session_hold(struct session *s)
{
    s->holds++;
}

/* One without a connection that is not closed waits to be resumed. */
void session_release(struct session *s)
{
    if (--s->holds == 0 && s->link == NULL && s->state == SESSION_CLOSED)
        session_free(s);
}

void session_set_jid(struct session *s, const struct jid *jid)
{
    struct arena a = { 0 };
    struct str text = jid_text(&a, jid);
    char *memory = mem_alloc_raw(text.n);
    struct jid copy = { { memory, jid->local.n },
                        { memory, jid->domain.n },
                        { memory, jid->resource.n } };

    memcpy(memory, text.p, text.n);
    copy.domain.p += jid->local.n ? jid->local.n + 1 : 0;
    copy.resource.p = memory + text.n - jid->resource.n;
    arena_deinit(&a);
    mem_free(s->jid_memory);
    s->jid_memory = memory;
    s->jid = copy;
    s->full = (struct str){ memory, text.n };
}

void session_set_credential(struct session *s, struct str id)
{
    assert(id.n < sizeof s->credential); /* we made it */
    if (id.n > 0)
        memcpy(s->credential, id.p, id.n);
    s->credential[id.n] = '\0';
}

/* ---- Output ---------------------------------------------------------------------------------------- */

static void flush_frames(struct session *s)
{
    struct str frame;

    while (stream_next_frame(&s->stream, &frame))
        if (s->link != NULL)
            s->home->host->ops->write(s->link, frame);
}

void session_flush(struct session *s)
{
    struct str out;

    if (s->stream.framing == STREAM_WEBSOCKET) {
        flush_frames(s);
        return;
    }
    out = stream_output(&s->stream);
    if (out.n == 0)
        return;
    if (s->link != NULL)
        s->home->host->ops->write(s->link, out);
    stream_sent(&s->stream, out.n);
}

void session_close(struct session *s)
{
    if (s->state == SESSION_CLOSED)
        return;
    stream_close(&s->stream);
    session_flush(s);
    session_unbind(s);
    s->state = SESSION_CLOSED;
    set_deadline(s, 0);
    if (s->link != NULL)
        s->home->host->ops->close(s->link);
    else if (s->holds == 0)
        session_free(s); /* it waited to be resumed */
}

/* Streams that end as honest ones do not. */
static void tell_failure(const struct session *s, enum stream_condition why)
{
    struct event e = { .rule = stream_condition_text(why) };

    switch (why) {
    case STREAM_BAD_FORMAT:
    case STREAM_BAD_NAMESPACE_PREFIX:
    case STREAM_INVALID_NAMESPACE:
    case STREAM_INVALID_XML:
    case STREAM_NOT_WELL_FORMED:
    case STREAM_RESTRICTED_XML:
    case STREAM_UNSUPPORTED_ENCODING: e.reason = EVENT_MALFORMED; break;
    case STREAM_POLICY_VIOLATION: e.reason = EVENT_OVERSIZED; break;
    case STREAM_INVALID_FROM: e.reason = EVENT_FORGED_FROM; break;
    case STREAM_UNSUPPORTED_STANZA_TYPE: e.reason = EVENT_NO_STANZA; break;
    default: return;
    }
    if (s->account != NULL)
        e.actor = s->account->bare;
    home_event(s->home, s, &e);
}

static void count_failure(const struct session *s, enum stream_condition why)
{
    count(&s->home->counters, COUNTER_STREAM_ERRORS + why);
    tell_failure(s, why);
}

void session_fail(struct session *s, enum stream_condition why, struct str text)
{
    session_fail_about(s, why, text, NULL);
}

void session_fail_about(struct session *s, enum stream_condition why, struct str text,
                        struct xml_node *condition)
{
    if (s->state == SESSION_CLOSED)
        return;
    count_failure(s, why);
    stream_error_about(&s->stream, why, text, condition);
    session_close(s);
}

bool session_is_slow(const struct session *s)
{
    if (s->link != NULL && s->home->host->ops->queued(s->link) > s->home->settings->output_bytes)
        return true;
    return sm_is_behind(s);
}

bool session_follows(const struct session *s)
{
    return (s->flags & SESSION_AVAILABLE) && s->priority >= 0;
}

void session_drained(struct session *s)
{
    presence_unlag(s);
}

/* By the first letter of its name; blobs are made by stanza_blob(). */
static enum stanza_kind kind_of(struct str stanza)
{
    switch (stanza.n > 1 ? stanza.p[1] : 0) {
    case 'm': return STANZA_MESSAGE;
    case 'p': return STANZA_PRESENCE;
    default: return STANZA_IQ;
    }
}

static void send_any(struct session *s, struct blob *stanza, uint64_t seq, enum wrapping wrapping,
                     uint64_t until_ms)
{
    if (s->state != SESSION_BOUND && s->state != SESSION_RESUMING)
        return;
    csi_flush(s); /* nothing overtakes */
    count(&s->home->counters, COUNTER_STANZAS_OUT + kind_of(blob_str(stanza)));
    if (s->link != NULL && s->state == SESSION_BOUND && !s->replaying)
        s->home->host->ops->send(s->link, blob_ref(stanza));
    sm_sent(s, stanza, seq, wrapping, until_ms);
}

void session_send_archived(struct session *s, struct blob *stanza, uint64_t seq,
                           enum wrapping wrapping)
{
    send_any(s, stanza, seq, wrapping, 0);
}

void session_send_until(struct session *s, struct blob *stanza, uint64_t until_ms)
{
    send_any(s, stanza, 0, WRAP_NONE, until_ms);
}

void session_send(struct session *s, struct blob *stanza)
{
    session_send_archived(s, stanza, 0, WRAP_NONE);
}

void session_send_node(struct session *s, const struct xml_node *node)
{
    struct blob *blob = stanza_blob(node);

    session_send(s, blob);
    blob_unref(blob);
}

/* ---- Negotiation ----------------------------------------------------------------------------------- */

static struct str served_domain(const struct session *s, struct str to)
{
    const struct settings *settings = s->home->settings;
    struct arena a = { 0 };
    struct str prepared, found = STR_NONE;

    if (to.n == 0) /* old clients leave it out; there is one answer only if we serve one domain */
        return settings->domain_count == 1 ? settings->domains[0] : STR_NONE;
    if (jid_prepare_domain(&a, to, &prepared) == ERR_NONE)
        for (size_t i = 0; i < settings->domain_count; i++)
            if (str_eq(settings->domains[i], prepared))
                found = settings->domains[i];
    arena_deinit(&a);
    return found;
}

void session_offer_features(struct session *s)
{
    struct arena a = { 0 };
    struct xml_node *features = xml_new(&a, STR(NS_STREAM), STR("features"));

    if (s->state != SESSION_NEGOTIATING) {
        bind_features(s, &a, features);
    } else if (!s->secure) {
        struct xml_node *tls = xml_add(&a, features, STR(NS_TLS), STR("starttls"));

        xml_add(&a, tls, STR(NS_TLS), STR("required"));
    } else {
        auth_features(s, &a, features);
        enrolment_features(s, &a, features);
    }
    stream_write(&s->stream, features);
    arena_deinit(&a);
}

/* XEP-0388 §2.1: `from` is a hint at who logs in, and that is somebody of the domain that is asked. */
static bool comes_from_elsewhere(const struct xml_node *header, struct str domain)
{
    struct arena a = { 0 };
    struct jid from;
    bool elsewhere = jid_parse(&a, xml_get(header, STR("from")), &from) == ERR_NONE
                     && !str_eq(from.domain, domain);

    arena_deinit(&a);
    return elsewhere;
}

static void session_opened(struct session *s, const struct xml_node *header)
{
    struct arena a = { 0 };
    struct str domain = served_domain(s, xml_get(header, STR("to")));
    struct str id = random_token(&s->home->host->random, &a, 16);

    if (domain.p == NULL) {
        stream_open(&s->stream, s->home->settings->domains[0], STR_NONE, id, STR("en"));
        session_fail(s, STREAM_HOST_UNKNOWN, STR("This server does not serve that domain."));
    } else if (s->domain.p != NULL && !str_eq(domain, s->domain)) {
        stream_open(&s->stream, s->domain, STR_NONE, id, STR("en"));
        session_fail(s, STREAM_IMPROPER_ADDRESSING,
                     STR("The domain changed within one connection."));
    } else if (comes_from_elsewhere(header, domain)) {
        stream_open(&s->stream, domain, STR_NONE, id, STR("en"));
        session_fail(s, STREAM_INVALID_FROM, STR("That address is not of this domain."));
    } else {
        s->domain = domain;
        stream_open(&s->stream, domain, STR_NONE, id, STR("en"));
        session_offer_features(s);
    }
    arena_deinit(&a);
}

static void begin_tls(struct session *s)
{
    struct arena a = { 0 };

    stream_write(&s->stream, xml_new(&a, STR(NS_TLS), STR("proceed")));
    session_flush(s);
    arena_deinit(&a);
    /* What came in clear after <starttls/> would be taken for protected data: RFC 6120 §5.3.4 */
    if (!stream_restart(&s->stream)) {
        session_close(s);
        return;
    }
    s->want_tls = true;
    s->home->host->ops->start_tls(s->link);
}

void session_secured(struct session *s)
{
    s->secure = true;
    s->want_tls = false;
}

/* It came too early, or it is something that we do not have at all, as <compress/> (RFC 6120 §4.9.3.24). */
static void fail_early(struct session *s, const struct xml_node *node, struct str first)
{
    static const struct str later[] = { STR_INIT(NS_CLIENT), STR_INIT(NS_SASL), STR_INIT(NS_SASL2),
                                        STR_INIT(NS_SM),     STR_INIT(NS_TLS),  STR_INIT(NS_LINK) };

    for (size_t i = 0; i < COUNT_OF(later); i++)
        if (str_eq(node->ns, later[i])) {
            session_fail(s, STREAM_NOT_AUTHORIZED, first);
            return;
        }
    session_fail(s, STREAM_UNSUPPORTED_STANZA_TYPE, STR_NONE);
}

static void negotiate(struct session *s, struct xml_node *node)
{
    if (!s->secure && xml_is(node, STR(NS_TLS), STR("starttls")))
        begin_tls(s);
    else if (!s->secure
             || (!auth_element(s, node) && !enrolment_element(s, node)
                 && !linking_element(s, node)))
        fail_early(s, node, STR("Please log in first."));
}

void session_arrived(struct session *s, struct home *h)
{
    struct xml_limits limits;

    s->home = h;
    s->exempt = h->host->ops->peer(s->link).exempt;
    count(&h->counters, COUNTER_SESSIONS);
    limits = stanza_limits(s);
    stream_limits(&s->stream, &limits);
    s->state = SESSION_AUTHENTICATED;
    set_deadline(s, login_deadline_ms(h)); /* until it has bound a resource */
    if (s->login->request != NULL)
        sasl2_arrived(s);
    else
        session_resume_reading(s);
}

/* ---- Dispatch -------------------------------------------------------------------------------------- */

static void bound_element(struct session *s, struct stream_event *e)
{
    rate_element(s, e->node);
    if (!sm_element(s, e->node) && !csi_element(s, e->node))
        router_submit(s, e->node, &e->arena, e->received_bytes);
}

static void authenticated_element(struct session *s, struct xml_node *node)
{
    if (xml_is(node, STR(NS_CLIENT), STR("iq"))
        && xml_child(node, STR(NS_BIND), STR("bind")) != NULL)
        bind_request(s, node);
    else if (!sm_element(s, node))
        fail_early(s, node, STR("Please bind a resource first."));
}

static void hash_step(struct session *s, struct str text)
{
    s->steps = map_hash((const uint64_t[2]){ s->steps, text.n }, text);
}

/* Which element, which mechanism, which request: never a name or a secret. */
static void note_step(struct session *s, const struct xml_node *node)
{
    const struct xml_node *first = xml_first_element(node);

    hash_step(s, node->ns);
    hash_step(s, node->name);
    hash_step(s, xml_get(node, STR("mechanism")));
    if (first != NULL)
        hash_step(s, first->ns);
}

static void session_event(struct session *s, struct stream_event *e)
{
    switch (e->kind) {
    case STREAM_OPENED: session_opened(s, e->node); break;
    case STREAM_ELEMENT:
        if (s->state != SESSION_BOUND)
            note_step(s, e->node);
        if (s->state == SESSION_BOUND)
            bound_element(s, e);
        else if (s->state == SESSION_AUTHENTICATED)
            authenticated_element(s, e->node);
        else if (s->state == SESSION_NEGOTIATING)
            negotiate(s, e->node);
        break;
    case STREAM_CLOSED: session_close(s); break;
    case STREAM_FAILED: /* the stream has written its error already */
        count_failure(s, e->condition);
        session_close(s);
        break;
    }
    arena_deinit(&e->arena);
}

/* Not while something earlier waits: a credentials query, the move, the view, commits of 64 stanzas. */
bool session_reads(const struct session *s)
{
    switch (s->state) {
    case SESSION_NEGOTIATING: return !s->paused && !s->want_tls;
    case SESSION_AUTHENTICATED: return true;
    case SESSION_BOUND:
        return s->pending_count < PENDING_STANZAS && s->pending_bytes < PENDING_BYTES
               && rate_wait_ms(s) == 0;
    default: return false;
    }
}

static void session_run(struct session *s)
{
    struct stream_event e;

    session_hold(s);
    s->dispatching = true;
    while (session_reads(s) && stream_next(&s->stream, &e))
        session_event(s, &e);
    s->dispatching = false;
    if (s->state != SESSION_CLOSED) {
        bool reading = session_reads(s);

        stream_park(&s->stream);
        session_flush(s);
        if (s->link != NULL)
            s->home->host->ops->pause(s->link, !reading && !s->want_tls);
        if (s->state == SESSION_BOUND && rate_wait_ms(s) > 0) {
            home_event(s->home, s, EVENT(EVENT_SENDING, .actor = s->account->bare));
            set_deadline(s, s->home->now_ms + rate_wait_ms(s));
        }
    }
    session_release(s);
}

void session_received(struct session *s, struct str bytes)
{
    if (s->state == SESSION_CLOSED)
        return;
    if (s->state == SESSION_NEGOTIATING) {
        s->preauth_bytes += bytes.n;
        if (s->preauth_bytes > PREAUTH_ELEMENTS * s->home->settings->element_bytes) {
            session_fail(s, STREAM_POLICY_VIOLATION, STR("Too much before logging in."));
            return;
        }
    }
    if (s->stream.framing == STREAM_TCP)
        session_heard(s, bytes.n);
    stream_feed(&s->stream, bytes);
    session_run(s);
}

void session_resume_reading(struct session *s)
{
    if (!s->dispatching && s->state != SESSION_CLOSED)
        session_run(s);
}

/* ---- End ------------------------------------------------------------------------------------------- */

void session_wake(struct session *s)
{
    if (sm_has_overflowed(s))
        session_fail(s, STREAM_RESOURCE_CONSTRAINT, STR("Nothing was acknowledged for too long."));
    else if (s->state != SESSION_CLOSED && s->state != SESSION_BOUND)
        session_fail(s, STREAM_CONNECTION_TIMEOUT, STR("Logging in took too long."));
    else
        session_resume_reading(s); /* it had sent too fast */
}

void session_shutdown(struct session *s)
{
    session_fail(s, STREAM_SYSTEM_SHUTDOWN, STR("The server is going down."));
}

void session_gone(struct session *s)
{
    s->link = NULL;
    idle_forget(s);
    if ((s->state == SESSION_BOUND || s->state == SESSION_RESUMING) && sm_can_wait(s)) {
        list_add(&s->home->waiting, &s->waiting);
        push_device_gone(s);
        return;
    }
    session_hold(s);
    session_unbind(s);
    s->state = SESSION_CLOSED;
    session_release(s);
}
