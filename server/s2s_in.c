/* s2s_in.c: another server speaks to us (s2s.h). Its certificate is pinned, or there would be no stream; here it says whose it is. */
#include "server/s2s.h"

#include <string.h>

#include "base/encode.h"
#include "server/home.h"
#include "server/limits.h"

enum { SILENCE_MS = 15 * 60 * 1000 }; /* ours ask for a sign of life every minute */

static struct xml_limits early_limits(const struct home *h)
{
    return (struct xml_limits){ h->settings->element_bytes, PREAUTH_DEPTH, PREAUTH_ATTRS,
                                PREAUTH_NODES };
}

static struct xml_limits stanza_limits(const struct home *h)
{
    return (struct xml_limits){ h->settings->stanza_bytes, STANZA_DEPTH, STANZA_ATTRS,
                                STANZA_NODES };
}

static void flush(struct s2s_in *in)
{
    struct str out = stream_output(&in->stream);

    if (out.n > 0)
        in->ops->write(in->link, out);
    stream_sent(&in->stream, out.n);
}

static void end(struct s2s_in *in)
{
    if (in->state == S2S_IN_CLOSED)
        return;
    in->state = S2S_IN_CLOSED;
    stream_close(&in->stream);
    flush(in);
    in->ops->wake_at(in->link, 0);
    in->ops->close(in->link);
}

static void fail(struct s2s_in *in, enum stream_condition why)
{
    stream_error(&in->stream, why, STR_NONE);
    end(in);
}

static void tell(struct s2s_in *in, enum event_reason reason, const char *rule)
{
    home_event(
        in->home, NULL,
        EVENT(reason, .rule = rule, .actor = in->s2s != NULL ? in->s2s->pin->domain : STR_NONE));
}

/* ---- Who it is --------------------------------------------------------------------------------------- */

/* One that has shown another certificate than that of its pin is somebody else, and known: it has the key of another pin. */
static struct s2s *named(const struct s2s_in *in, struct str text)
{
    struct arena a = { 0 };
    struct str domain;
    struct s2s *s = NULL;

    if (jid_prepare_domain(&a, text, &domain) == ERR_NONE)
        s = s2s_find(in->home, domain);
    arena_deinit(&a);
    return s != NULL && memcmp(s->pin->sha256, in->certificate, sizeof in->certificate) == 0 ? s
                                                                                             : NULL;
}

static struct str served(const struct s2s_in *in, struct str text)
{
    const struct settings *settings = in->home->settings;
    struct arena a = { 0 };
    struct str domain, found = STR_NONE;

    if (jid_prepare_domain(&a, text, &domain) == ERR_NONE)
        for (size_t i = 0; i < settings->domain_count; i++)
            if (str_eq(settings->domains[i], domain))
                found = settings->domains[i];
    arena_deinit(&a);
    return found;
}

/* So many streams at a time; the oldest may be one whose other end is gone without a word. */
static void join(struct s2s_in *in)
{
    struct s2s *s = in->s2s;

    if (s->in_count >= s->home->settings->streams_per_domain)
        fail(LIST_ENTRY(list_first(&s->in), struct s2s_in, in_domain), STREAM_CONFLICT);
    list_add(&s->in, &in->in_domain);
    s->in_count++;
}

static void offer(struct s2s_in *in)
{
    struct arena a = { 0 };
    struct xml_node *features = xml_new(&a, STR(NS_STREAM), STR("features")), *mechanisms;

    if (in->state == S2S_IN_OPEN) {
        xml_add(&a, features, STR(NS_SM), STR("sm"));
    } else {
        mechanisms = xml_add(&a, features, STR(NS_SASL), STR("mechanisms"));
        xml_add_text_child(&a, mechanisms, STR(NS_SASL), STR("mechanism"), STR("EXTERNAL"));
    }
    stream_write(&in->stream, features);
    arena_deinit(&a);
}

static void open_stream(struct s2s_in *in)
{
    in->state = S2S_IN_OPEN;
    in->remote = remote_new(in->home, in->s2s->pin->domain, REMOTE_PINNED);
    in->remote->settled = s2s_in_settled;
    in->remote->ctx = in;
    in->heard_ms = in->home->now_ms;
    in->ops->wake_at(in->link, in->heard_ms + SILENCE_MS);
}

static void opened(struct s2s_in *in, const struct xml_node *header)
{
    struct str to = served(in, xml_get(header, STR("to")));
    struct s2s *s = named(in, xml_get(header, STR("from")));
    struct arena a = { 0 };

    stream_open(&in->stream, to.p != NULL ? to : in->home->settings->domains[0],
                s != NULL ? s->pin->domain : STR_NONE,
                random_token(&in->home->host->random, &a, 16), STR_NONE);
    arena_deinit(&a);
    if (s == NULL || (in->s2s != NULL && in->s2s != s)) {
        tell(in, EVENT_REMOTE_IDENTITY, "from");
        fail(in, STREAM_NOT_AUTHORIZED);
    } else if (to.p == NULL) {
        tell(in, EVENT_MISADDRESSED, "host-unknown");
        fail(in, STREAM_HOST_UNKNOWN);
    } else {
        in->s2s = s;
        if (in->state == S2S_IN_HEADER)
            in->state = S2S_IN_AUTH;
        else
            open_stream(in);
        offer(in);
    }
}

/* ---- EXTERNAL (RFC 6120 §6.4, XEP-0178 §3) --------------------------------------------------------------- */

/* "=" stands for no name at all; one that is given is the domain's own. */
static bool names_itself(const struct s2s_in *in, const struct xml_node *auth)
{
    struct arena a = { 0 };
    struct str text = str_trim(xml_text_of(&a, auth));
    struct bytes name;
    bool itself =
        text.n == 0 || str_is(text, "=")
        || (base64_read(&a, text, &name) == ERR_NONE
            && str_eq((struct str){ (const char *)name.p, name.n }, in->s2s->pin->domain));

    arena_deinit(&a);
    return itself;
}

static void authenticate(struct s2s_in *in, const struct xml_node *auth)
{
    bool external = str_is(xml_get(auth, STR("mechanism")), "EXTERNAL");
    struct arena a = { 0 };
    struct xml_node *answer;
    struct xml_limits limits = stanza_limits(in->home);

    if (external && names_itself(in, auth)) {
        stream_write(&in->stream, xml_new(&a, STR(NS_SASL), STR("success")));
        flush(in);
        in->state = S2S_IN_HEADER_AGAIN;
        join(in);
        (void)!stream_restart(&in->stream); /* a header that is there already is welcome */
        stream_limits(&in->stream, &limits);
    } else {
        answer = xml_new(&a, STR(NS_SASL), STR("failure"));
        xml_add(&a, answer, STR(NS_SASL),
                external ? STR("invalid-authzid") : STR("invalid-mechanism"));
        stream_write(&in->stream, answer);
        tell(in, EVENT_REMOTE_IDENTITY, "sasl");
        end(in);
    }
    arena_deinit(&a);
}

/* ---- XEP-0198, without resumption: what is lost with a stream is sent again on the next one -------------- */

static void acknowledge(struct s2s_in *in)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR(NS_SM), STR("a"));

    in->acked = remote_durable(in->remote) - in->counted_from;
    xml_set(&a, node, STR("h"), arena_printf(&a, "%u", in->acked));
    stream_write(&in->stream, node);
    arena_deinit(&a);
}

static bool take_ack_element(struct s2s_in *in, const struct xml_node *node)
{
    struct arena a = { 0 };

    if (!str_eq(node->ns, STR(NS_SM)))
        return false;
    if (str_is(node->name, "enable") && !in->acks) {
        in->acks = true;
        in->counted_from = in->remote->taken;
        stream_write(&in->stream, xml_new(&a, STR(NS_SM), STR("enabled")));
    } else if (str_is(node->name, "r") && in->acks) {
        acknowledge(in);
    } else if (!str_is(node->name, "a")) {
        fail(in, STREAM_UNSUPPORTED_STANZA_TYPE);
    }
    arena_deinit(&a);
    return true;
}

/* ---- Stanzas ----------------------------------------------------------------------------------------- */

static void take_stanza(struct s2s_in *in, struct stream_event *e)
{
    static const enum stream_condition conditions[] = {
        [REMOTE_NO_STANZA] = STREAM_UNSUPPORTED_STANZA_TYPE,
        [REMOTE_UNADDRESSED] = STREAM_IMPROPER_ADDRESSING,
        [REMOTE_FORGED] = STREAM_INVALID_FROM,
        [REMOTE_NOT_OURS] = STREAM_HOST_UNKNOWN,
    };
    enum remote_fault fault = remote_receive(in->remote, e->node, &e->arena, e->received_bytes);

    if (fault != REMOTE_TAKEN)
        fail(in, conditions[fault]);
}

static void take_element(struct s2s_in *in, struct stream_event *e)
{
    switch (in->state) {
    case S2S_IN_AUTH:
        if (xml_is(e->node, STR(NS_SASL), STR("auth")))
            authenticate(in, e->node);
        else
            fail(in, STREAM_NOT_AUTHORIZED);
        break;
    case S2S_IN_OPEN:
        bucket_take(&in->s2s->stanzas, &in->home->settings->stanzas_per_domain, 1,
                    in->home->now_ms);
        if (!take_ack_element(in, e->node))
            take_stanza(in, e);
        break;
    default: fail(in, STREAM_NOT_AUTHORIZED); break;
    }
}

static void take_event(struct s2s_in *in, struct stream_event *e)
{
    switch (e->kind) {
    case STREAM_OPENED: opened(in, e->node); break;
    case STREAM_ELEMENT: take_element(in, e); break;
    case STREAM_CLOSED: end(in); break;
    case STREAM_FAILED: /* the stream has written its error already */
        tell(in, e->condition == STREAM_POLICY_VIOLATION ? EVENT_OVERSIZED : EVENT_MALFORMED,
             stream_condition_text(e->condition));
        end(in);
        break;
    }
    arena_deinit(&e->arena);
}

static uint64_t wait_ms(const struct s2s_in *in)
{
    return in->state == S2S_IN_OPEN ? bucket_wait_ms(
               &in->s2s->stanzas, &in->home->settings->stanzas_per_domain, in->home->now_ms)
                                    : 0;
}

static bool reads(const struct s2s_in *in)
{
    if (in->state == S2S_IN_CLOSED)
        return false;
    return in->state != S2S_IN_OPEN
           || (in->remote->pending_count < PENDING_STANZAS
               && in->remote->pending_bytes < PENDING_BYTES && wait_ms(in) == 0);
}

static void run(struct s2s_in *in)
{
    struct stream_event e;
    bool reading;

    if (in->dispatching)
        return;
    in->dispatching = true;
    while (reads(in) && stream_next(&in->stream, &e))
        take_event(in, &e);
    in->dispatching = false;
    if (in->state == S2S_IN_CLOSED)
        return;
    reading = reads(in);
    stream_park(&in->stream);
    flush(in);
    in->ops->pause(in->link, !reading);
    if (wait_ms(in) > 0) {
        tell(in, EVENT_REMOTE_SENDING, NULL);
        in->ops->wake_at(in->link, in->home->now_ms + wait_ms(in));
    }
}

/* What it has sent is durable, and it is told so at once: it keeps all until then. */
void s2s_in_settled(void *ctx)
{
    struct s2s_in *in = ctx;

    if (in->state != S2S_IN_OPEN)
        return;
    if (in->acks && remote_durable(in->remote) - in->counted_from != in->acked) {
        acknowledge(in);
        if (!in->dispatching)
            flush(in);
    }
    run(in);
}

/* ---- Life -------------------------------------------------------------------------------------------- */

struct s2s_in *s2s_in_new(struct home *h, const struct s2s_ops *ops, void *link,
                          const uint8_t certificate[32])
{
    struct s2s_in *in = mem_alloc(sizeof *in);
    struct xml_limits limits = early_limits(h);

    in->home = h;
    in->ops = ops;
    in->link = link;
    memcpy(in->certificate, certificate, sizeof in->certificate);
    stream_init(&in->stream, STREAM_SERVER, STREAM_TCP, STR(NS_SERVER), &limits);
    ops->wake_at(link, h->now_ms + (uint64_t)h->settings->login_s * 1000);
    return in;
}

void s2s_in_received(struct s2s_in *in, struct str bytes)
{
    if (in->state == S2S_IN_CLOSED)
        return;
    if (in->state != S2S_IN_OPEN) {
        in->early_bytes += bytes.n;
        if (in->early_bytes > PREAUTH_ELEMENTS * in->home->settings->element_bytes
            && in->state != S2S_IN_HEADER_AGAIN) {
            tell(in, EVENT_OVERSIZED, "policy-violation");
            fail(in, STREAM_POLICY_VIOLATION);
            return;
        }
    }
    in->heard_ms = in->home->now_ms;
    stream_feed(&in->stream, bytes);
    run(in);
}

void s2s_in_wake(struct s2s_in *in)
{
    bool open = in->state == S2S_IN_OPEN;

    if (in->state == S2S_IN_CLOSED)
        return;
    if (!open || (reads(in) && in->home->now_ms >= in->heard_ms + SILENCE_MS)) {
        fail(in, STREAM_CONNECTION_TIMEOUT);
        return;
    }
    in->ops->wake_at(in->link, in->home->now_ms + SILENCE_MS);
    run(in); /* it had sent too fast */
}

void s2s_in_shutdown(struct s2s_in *in)
{
    if (in->state != S2S_IN_CLOSED)
        fail(in, STREAM_SYSTEM_SHUTDOWN);
}

void s2s_in_gone(struct s2s_in *in)
{
    if (in->in_domain.next != NULL) {
        list_remove(&in->in_domain);
        in->s2s->in_count--;
    }
    list_remove(&in->in_hub);
    stream_deinit(&in->stream);
    remote_gone(in->remote);
    mem_free(in);
}
