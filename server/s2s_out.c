/* s2s_out.c: we speak to another server (s2s.h). Its certificate was checked when the connection was made. */
#include <string.h>

#include "base/encode.h"
#include "server/home.h"
#include "server/limits.h"
#include "server/s2s_inside.h"

enum {
    WINDOW = 256,            /* sent and not acknowledged */
    QUEUED_MAX = 256 * 1024, /* with the kernel or before it */
    TICK_MS = 1000,          /* while there is something to wait for */
    NEGOTIATION_MS = 20 * 1000,
    ANSWER_MS = 30 * 1000, /* to an <r/> */
    QUIET_MS = 60 * 1000,  /* then it is asked for a sign of life */
    RETRY_MIN_MS = 1000,
    RETRY_MAX_MS = 60 * 1000,
};

static void flush(struct s2s *s)
{
    struct str text = stream_output(&s->out.stream);

    if (text.n > 0)
        s->ops->write(s->out.link, text);
    stream_sent(&s->out.stream, text.n);
}

void s2s_out_end(struct s2s *s)
{
    struct s2s_out *out = &s->out;

    if (out->link == NULL || out->state == S2S_OUT_CLOSING)
        return;
    out->state = S2S_OUT_CLOSING;
    stream_close(&out->stream);
    flush(s);
    s->ops->close(out->link);
}

static void fail(struct s2s *s, enum stream_condition why)
{
    stream_error(&s->out.stream, why, STR_NONE);
    s2s_out_end(s);
}

/* ---- Stanzas out --------------------------------------------------------------------------------------- */

static void ask(struct s2s *s)
{
    struct arena a = { 0 };

    s->out.asked = true;
    s->out.heard_ms = s->home->now_ms; /* from now on it has ANSWER_MS */
    stream_write(&s->out.stream, xml_new(&a, STR(NS_SM), STR("r")));
    flush(s);
    arena_deinit(&a);
}

static void send_one(struct s2s *s, struct remote_parcel *p)
{
    struct s2s_out *out = &s->out;

    s->ops->send(out->link, blob_ref(p->stanza));
    if (!out->acks) { /* nobody will say whether it came */
        s2s_drop(s, p);
        remote_arrived(s->home, p);
        return;
    }
    list_remove(&p->link);
    list_add(&out->sent, &p->link);
    out->unacked++;
}

static void send_waiting(struct s2s *s)
{
    struct s2s_out *out = &s->out;
    struct link *l;

    while (out->unacked < WINDOW && s->ops->queued(out->link) < QUEUED_MAX
           && (l = list_first(&out->waiting)) != NULL)
        send_one(s, LIST_ENTRY(l, struct remote_parcel, link));
    if (out->unacked > 0 && !out->asked)
        ask(s);
}

void s2s_out_go(struct s2s *s)
{
    struct s2s_out *out = &s->out;

    s->ops->retry_at(s, s->home->now_ms + TICK_MS);
    if (out->state == S2S_OUT_OPEN) {
        send_waiting(s);
    } else if (out->state == S2S_OUT_DOWN && s->home->now_ms >= out->retry_ms) {
        out->state = S2S_OUT_CONNECTING;
        out->heard_ms = s->home->now_ms;
        s->ops->connect(s);
    }
}

/* ---- Acknowledgements ---------------------------------------------------------------------------------- */

static void acknowledged(struct s2s *s, const struct xml_node *ack)
{
    struct s2s_out *out = &s->out;
    uint64_t h;

    if (str_to_u64(xml_get(ack, STR("h")), UINT32_MAX, &h) != ERR_NONE
        || (uint32_t)h - out->acked > out->unacked) {
        fail(s, STREAM_UNDEFINED_CONDITION); /* more than we have sent */
        return;
    }
    for (; out->acked != (uint32_t)h; out->acked++) {
        struct remote_parcel *p = LIST_ENTRY(list_first(&out->sent), struct remote_parcel, link);

        s2s_drop(s, p);
        out->unacked--;
        remote_arrived(s->home, p);
    }
    out->asked = false;
    out->failures = 0;
    send_waiting(s);
}

/* ---- Negotiation ---------------------------------------------------------------------------------------- */

static void header(struct s2s *s)
{
    stream_open(&s->out.stream, s->home->settings->domains[0], s->pin->domain, STR_NONE, STR_NONE);
}

static bool offers_external(const struct xml_node *features)
{
    const struct xml_node *mechanisms = xml_child(features, STR(NS_SASL), STR("mechanisms"));
    struct arena a = { 0 };
    bool offers = false;

    for (const struct xml_node *m = mechanisms ? xml_first_element(mechanisms) : NULL; m != NULL;
         m = xml_next_element(m))
        offers |= str_is(str_trim(xml_text_of(&a, m)), "EXTERNAL");
    arena_deinit(&a);
    return offers;
}

static void authenticate(struct s2s *s)
{
    struct arena a = { 0 };
    struct xml_node *auth = xml_new(&a, STR(NS_SASL), STR("auth"));

    xml_set(&a, auth, STR("mechanism"), STR("EXTERNAL"));
    xml_add_text(&a, auth, base64_text(&a, bytes_of_str(s->home->settings->domains[0])));
    stream_write(&s->out.stream, auth);
    s->out.state = S2S_OUT_AUTH;
    arena_deinit(&a);
}

static void open_for_stanzas(struct s2s *s, bool acks)
{
    struct s2s_out *out = &s->out;

    out->state = S2S_OUT_OPEN;
    out->acks = acks;
    out->asked = false;
    out->acked = 0;
    out->unacked = 0;
    send_waiting(s);
}

static void enable(struct s2s *s, const struct xml_node *features)
{
    struct arena a = { 0 };

    if (xml_child(features, STR(NS_SM), STR("sm")) == NULL) {
        open_for_stanzas(s, false);
        return;
    }
    stream_write(&s->out.stream, xml_new(&a, STR(NS_SM), STR("enable")));
    s->out.state = S2S_OUT_ENABLING;
    arena_deinit(&a);
}

static void features_came(struct s2s *s, const struct xml_node *features)
{
    if (s->out.state == S2S_OUT_HEADER && offers_external(features))
        authenticate(s);
    else if (s->out.state == S2S_OUT_HEADER_AGAIN)
        enable(s, features);
    else
        fail(s, STREAM_UNSUPPORTED_FEATURE);
}

static void take_element(struct s2s *s, const struct xml_node *node)
{
    struct s2s_out *out = &s->out;
    struct xml_limits limits = { s->home->settings->element_bytes, PREAUTH_DEPTH, PREAUTH_ATTRS,
                                 PREAUTH_NODES };

    if (xml_is(node, STR(NS_STREAM), STR("features"))) {
        features_came(s, node);
    } else if (out->state == S2S_OUT_AUTH && xml_is(node, STR(NS_SASL), STR("success"))) {
        (void)!stream_restart(&out->stream);
        stream_limits(&out->stream, &limits);
        out->state = S2S_OUT_HEADER_AGAIN;
        header(s);
    } else if (out->state == S2S_OUT_ENABLING && str_eq(node->ns, STR(NS_SM))) {
        open_for_stanzas(s, str_is(node->name, "enabled"));
    } else if (out->state == S2S_OUT_OPEN && out->acks && xml_is(node, STR(NS_SM), STR("a"))) {
        acknowledged(s, node);
    } else {
        fail(s, STREAM_UNSUPPORTED_STANZA_TYPE); /* nothing else comes this way: stanzas never */
    }
}

void s2s_out_received(struct s2s *s, struct str bytes)
{
    struct s2s_out *out = &s->out;
    struct stream_event e;

    if (out->link == NULL || out->state == S2S_OUT_CLOSING)
        return;
    out->heard_ms = s->home->now_ms;
    stream_feed(&out->stream, bytes);
    while (out->state != S2S_OUT_CLOSING && stream_next(&out->stream, &e)) {
        if (e.kind == STREAM_ELEMENT)
            take_element(s, e.node);
        else if (e.kind != STREAM_OPENED)
            s2s_out_end(s);
        arena_deinit(&e.arena);
    }
    if (out->state != S2S_OUT_CLOSING) {
        stream_park(&out->stream);
        flush(s);
    }
}

/* ---- Connection ------------------------------------------------------------------------------------------ */

void s2s_out_opened(struct s2s *s, void *link)
{
    struct s2s_out *out = &s->out;
    struct xml_limits limits = { s->home->settings->element_bytes, PREAUTH_DEPTH, PREAUTH_ATTRS,
                                 PREAUTH_NODES };

    stream_deinit(&out->stream);
    stream_init(&out->stream, STREAM_CLIENT, STREAM_TCP, STR(NS_SERVER), &limits);
    out->link = link;
    out->state = S2S_OUT_HEADER;
    out->heard_ms = s->home->now_ms;
    header(s);
    flush(s);
}

void s2s_out_drained(struct s2s *s)
{
    if (s->out.state == S2S_OUT_OPEN)
        send_waiting(s);
}

/* Twice as long each time, and not with all others that a server has lost at once. */
static uint64_t pause_ms(struct s2s *s)
{
    unsigned shift = s->out.failures < 6 ? s->out.failures : 6;
    uint64_t ms = (uint64_t)RETRY_MIN_MS << shift;
    uint8_t lot;

    random_fill(&s->home->host->random, &lot, sizeof lot);
    ms = ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS;
    return ms * 3 / 4 + ms * lot / 512;
}

void s2s_out_gone(struct s2s *s)
{
    struct s2s_out *out = &s->out;

    out->link = NULL;
    out->state = S2S_OUT_DOWN;
    out->retry_ms = s->home->now_ms + pause_ms(s);
    out->failures++;
    s2s_requeue(s);
    s->ops->retry_at(s, s->home->now_ms + TICK_MS);
}

static bool is_overdue(const struct s2s *s)
{
    const struct s2s_out *out = &s->out;
    uint64_t silent = s->home->now_ms - out->heard_ms;

    if (out->state == S2S_OUT_OPEN)
        return out->asked && silent >= ANSWER_MS;
    return silent >= NEGOTIATION_MS;
}

void s2s_out_tick(struct s2s *s)
{
    struct s2s_out *out = &s->out;

    if (out->link != NULL && out->state != S2S_OUT_CLOSING && is_overdue(s))
        fail(s, STREAM_CONNECTION_TIMEOUT);
    if (out->state == S2S_OUT_OPEN && out->acks && !out->asked
        && s->home->now_ms - out->heard_ms >= QUIET_MS)
        ask(s);
    if (out->parcels > 0 || out->state == S2S_OUT_OPEN)
        s2s_out_go(s);
}
