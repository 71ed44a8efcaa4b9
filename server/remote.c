/* remote.c: see remote.h. */
#include "server/remote.h"

#include <string.h>

#include "jingle/jingle.h"
#include "jingle/message.h"
#include "server/asked.h"
#include "server/limits.h"
#include "server/router.h"
#include "server/session.h"
#include "server/stored.h"

/* ---- A line ---------------------------------------------------------------------------------------- */

struct remote *remote_new(struct home *h, struct str domain, enum remote_proof proof)
{
    struct remote *r = mem_alloc(sizeof *r + domain.n);
    char *text = (char *)(r + 1);

    memcpy(text, domain.p, domain.n);
    r->home = h;
    r->domain = (struct str){ text, domain.n };
    r->proof = proof;
    list_init(&r->pending);
    return r;
}

static void free_if_done(struct remote *r)
{
    if (r->gone && r->pending_count == 0)
        mem_free(r);
}

void remote_gone(struct remote *r)
{
    if (r == NULL)
        return;
    r->gone = true;
    r->settled = NULL;
    free_if_done(r);
}

uint32_t remote_durable(const struct remote *r)
{
    const struct link *first = list_first(&r->pending);

    return first != NULL ? LIST_ENTRY(first, const struct routed, pending)->serial - 1 : r->taken;
}

/* ---- In -------------------------------------------------------------------------------------------- */

void remote_content(struct xml_node *node, struct str from_ns, struct str to_ns)
{
    if (xml_is_text(node) || !str_eq(node->ns, from_ns))
        return;
    node->ns = to_ns;
    for (struct xml_node *c = node->first; c != NULL; c = c->next)
        remote_content(c, from_ns, to_ns);
}

static enum remote_form form_of(const struct jid *j)
{
    if (!jid_is_bare(j))
        return REMOTE_DEVICE;
    return j->local.n > 0 ? REMOTE_ACCOUNT : REMOTE_SERVER;
}

static enum remote_fault fault_of(const struct remote *line, const struct stanza *s)
{
    if (!s->has_from || !s->has_to)
        return REMOTE_UNADDRESSED;
    if (!str_eq(s->from.domain, line->domain))
        return REMOTE_FORGED;
    return settings_serves(line->home->settings, s->to.domain) ? REMOTE_TAKEN : REMOTE_NOT_OURS;
}

static void tell_fault(const struct remote *line, enum remote_fault fault, size_t bytes)
{
    static const struct {
        enum event_reason reason;
        const char *rule;
    } events[] = {
        [REMOTE_NO_STANZA] = { EVENT_NO_STANZA, NULL },
        [REMOTE_UNADDRESSED] = { EVENT_MISADDRESSED, "improper-addressing" },
        [REMOTE_FORGED] = { EVENT_FORGED_FROM, NULL },
        [REMOTE_NOT_OURS] = { EVENT_MISADDRESSED, "host-unknown" },
    };

    home_event(line->home, NULL,
               EVENT(events[fault].reason, .rule = events[fault].rule, .actor = line->domain,
                     .bytes = bytes));
}

/* An event, to the account or to one of its clients, is for those that asked for the node, as of our own people (XEP-0163 §4.3). */
static struct str node_of_event(const struct stanza *s)
{
    const struct xml_node *event = s->kind == STANZA_MESSAGE && jid_is_bare(&s->from)
                                       ? xml_child(s->node, STR(NS_PUBSUB_EVENT), STR("event"))
                                       : NULL;
    const struct xml_node *what = event ? xml_first_element(event) : NULL;

    return what ? xml_get(what, STR("node")) : STR_NONE;
}

static bool is_propose(const struct stanza *s)
{
    return s->kind == STANZA_MESSAGE
           && xml_child(s->node, STR(NS_JINGLE_MESSAGE), STR("propose")) != NULL;
}

/* Judged here and not at the gate, which it meets only where there is such an account: who is struck must not tell who exists. */
static bool is_malformed_word(struct arena *a, const struct stanza *s)
{
    const struct xml_node *jingle = xml_child_ns(s->node, STR(NS_JINGLE));
    struct call_message word;
    struct jingle action;
    const char *why;

    if (s->kind == STANZA_MESSAGE)
        return s->type != MESSAGE_ERROR && s->type != MESSAGE_GROUPCHAT && call_message_is(s->node)
               && call_message_read(s->node, &word, &why) == ERR_MALFORMED;
    return s->kind == STANZA_IQ && s->type == IQ_SET && jingle != NULL
           && jingle_read(a, jingle, &action, &why) == ERR_MALFORMED;
}

/* Of a domain in quarantine, or of one who has said what no honest client says: nobody hears of it, nor who calls. */
static enum event_reason calls_in_vain(const struct remote *line, const struct routed *r,
                                       struct arena *a)
{
    struct remote_calls *calls = &line->home->remote_calls;
    uint64_t now_ms = line->home->now_ms;

    if (remote_calls_struck(calls, r->sender, now_ms))
        return EVENT_CALL_SUSPENDED;
    return remote_calls_allow(calls, line->domain, jid_bare_text(a, &r->stanza.to), now_ms)
               ? EVENT_REASONS
               : EVENT_QUARANTINED;
}

/* True: it ends here. */
static bool stops_call(const struct remote *line, const struct routed *r)
{
    struct home *h = line->home;
    struct arena a = { 0 };
    enum event_reason why = EVENT_REASONS;

    if (is_malformed_word(&a, &r->stanza))
        remote_calls_strike(&h->remote_calls, r->sender, h->now_ms);
    if (is_propose(&r->stanza))
        why = calls_in_vain(line, r, &a);
    if (why != EVENT_REASONS)
        home_event(h, NULL,
                   EVENT(why, .actor = why == EVENT_QUARANTINED ? line->domain : r->sender,
                         .bytes = r->bytes));
    arena_deinit(&a);
    return why != EVENT_REASONS;
}

static void take(struct remote *line, struct routed *r, enum stanza_condition malformed)
{
    struct incoming in = { .stanza = &r->stanza };
    struct outcome out = { r, &r->at_origin, 0 };

    r->remote = line;
    r->origin = line->home->number;
    r->peer = (struct remote_peer){ line->domain, line->proof, form_of(&r->stanza.from) };
    r->sender = jid_bare_text(&r->arena, &r->stanza.from);
    r->serial = ++line->taken;
    r->pep_node = node_of_event(&r->stanza);
    list_add(&line->pending, &r->pending);
    line->pending_count++;
    line->pending_bytes += r->bytes;
    count(&line->home->counters, COUNTER_STANZAS_IN + r->stanza.kind);
    if (malformed == COND_NONE && r->stanza.to.local.n == 0) {
        r->target = TARGET_SERVER;
        if (!jid_is_bare(&r->stanza.to))
            malformed = COND_SERVICE_UNAVAILABLE;
    }
    if (malformed != COND_NONE)
        outcome_refuse(&in, &out, malformed, STR_NONE);
    if (malformed != COND_NONE || stops_call(line, r))
        remote_returned(r);
    else
        router_post(line->home, r);
}

enum remote_fault remote_receive(struct remote *line, struct xml_node *node, struct arena *arena,
                                 size_t bytes)
{
    struct routed *r = routed_new();
    enum stanza_condition why = COND_NONE;
    enum remote_fault fault = REMOTE_NO_STANZA;
    enum err e;

    r->arena = arena_move(arena);
    r->bytes = bytes;
    if (str_eq(node->ns, STR(NS_SERVER))) {
        remote_content(node, STR(NS_SERVER), STR(NS_CLIENT));
        e = stanza_parse(&r->arena, node, &r->stanza, &why);
        if (e != ERR_UNSUPPORTED)
            fault = fault_of(line, &r->stanza);
        if (e == ERR_NONE)
            why = COND_NONE;
    }
    if (fault != REMOTE_TAKEN) {
        tell_fault(line, fault, bytes);
        routed_free(r);
        return fault;
    }
    take(line, r, why);
    return REMOTE_TAKEN;
}

void remote_returned(struct routed *r)
{
    struct remote *line = r->remote;

    for (const struct effect *e = r->at_origin.first; e != NULL; e = e->next) {
        struct stanza answer;
        enum stanza_condition why;

        if (e->kind == EFFECT_REPLY && stanza_parse(&r->arena, e->node, &answer, &why) == ERR_NONE)
            remote_send(line->home, &answer, NULL);
    }
    list_remove(&r->pending);
    line->pending_count--;
    line->pending_bytes -= r->bytes;
    routed_free(r);
    if (line->settled != NULL)
        line->settled(line->ctx);
    free_if_done(line);
}

/* ---- Out ------------------------------------------------------------------------------------------- */

bool remote_reaches(const struct settings *s, struct str domain)
{
    for (size_t i = 0; i < s->pin_count; i++)
        if (str_eq(s->pins[i].domain, domain))
            return true;
    return settings_component(s, domain) != NULL;
}

static struct remote_parcel *parcel_new(const struct stanza *s, struct blob *text)
{
    struct remote_parcel *p = mem_alloc(sizeof *p + s->to.domain.n);
    char *domain = (char *)(p + 1);

    memcpy(domain, s->to.domain.p, s->to.domain.n);
    p->domain = (struct str){ domain, s->to.domain.n };
    p->stanza = text;
    p->kind = s->kind;
    p->answerable = stanza_may_be_answered(s);
    return p;
}

void remote_send(struct home *h, const struct stanza *s, const struct row *row)
{
    struct remote_parcel *p = parcel_new(s, stanza_blob(s->node));

    p->row_id = row != NULL ? row->outbox.id : 0;
    p->since_ms = h->now_ms;
    h->host->ops->remote(h->host->ctx, p);
}

struct remote_parcel *remote_parcel_of(const struct outbox_record *record)
{
    struct arena a = { 0 };
    struct xml_node *node = stored_stanza(&a, record->stanza);
    struct remote_parcel *p = NULL;
    enum stanza_condition why;
    struct stanza s;

    if (node != NULL && stanza_parse(&a, node, &s, &why) == ERR_NONE && s.has_to) {
        p = parcel_new(&s, blob_new(record->stanza));
        p->row_id = record->id;
        p->since_ms = record->since_ms;
    }
    arena_deinit(&a);
    return p;
}

void remote_parcel_free(struct remote_parcel *p)
{
    blob_unref(p->stanza);
    mem_free(p);
}

static void row_removed(struct store_op *op)
{
    struct write_set *w = CONTAINER_OF(op, struct write_set, op);

    arena_deinit(&op->arena);
    mem_free(w);
}

/* Nobody waits for it: should it be lost, the message is sent once more. */
void remote_arrived(struct home *h, struct remote_parcel *p)
{
    if (p->row_id != 0) {
        struct write_set *w = mem_alloc(sizeof *w);

        write_set_add(w, ROW_OUTBOX_GONE, 0)->outbox.id = p->row_id;
        w->op.home = h->number;
        w->op.done = row_removed;
        store_commit_soon(h->store, w);
    }
    remote_parcel_free(p);
}

/* Of presence nobody wants to hear that it went nowhere, but of a request to see it. */
void remote_bounce(struct home *h, struct remote_parcel *p, enum stanza_condition why)
{
    struct arena a = { 0 };
    struct xml_node *node = stored_stanza(&a, blob_str(p->stanza));
    enum stanza_condition malformed;
    struct stanza s;

    if (p->answerable && node != NULL && stanza_parse(&a, node, &s, &malformed) == ERR_NONE
        && (s.kind != STANZA_PRESENCE || s.type == PRESENCE_SUBSCRIBE))
        router_emit(h, stanza_error(&a, &s, why, STR("The other server cannot be reached.")),
                    STR_NONE);
    arena_deinit(&a);
    remote_arrived(h, p);
}

void remote_leave(struct routed *r)
{
    const struct stanza *s = &r->stanza;

    if (r->session != NULL && s->kind == STANZA_IQ && (s->type == IQ_GET || s->type == IQ_SET))
        asked_note(r->session, s);
    remote_send(r->account->home, s, r->outgoing);
}
