/* client.c: the steps of a login, then answers and acknowledgements. */
#include "bench/load/client.h"

#include <assert.h>
#include <string.h>

#include "bench/load/peek.h"

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_TLS  "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SM   "urn:xmpp:sm:3"
#define NS_PING "urn:xmpp:ping"

#define SETTLED_ID "settled"

static void add(struct client *c, const char *text)
{
    buf_add(&c->out, str_from(text));
}

void client_init(struct client *c, const struct client_profile *profile)
{
    *c = (struct client){ .profile = profile };
    scan_init(&c->scan);
    scram_init(&c->scram, profile->keyring);
    buf_init(&c->out, CLIENT_OUT_MAX);
    buf_init(&c->address, CLIENT_ADDRESS_MAX);
    buf_init(&c->why, CLIENT_ADDRESS_MAX);
}

void client_deinit(struct client *c)
{
    scan_deinit(&c->scan);
    scram_deinit(&c->scram);
    buf_deinit(&c->out);
    buf_deinit(&c->address);
    buf_deinit(&c->why);
    mem_free(c->unacked.tags);
}

static void keep_name(char out[CLIENT_NAME_MAX], struct str name)
{
    assert(name.n < CLIENT_NAME_MAX);
    memcpy(out, name.p, name.n);
    out[name.n] = '\0';
}

void client_reset(struct client *c, struct str user, struct str resource, struct str nonce)
{
    const struct client_profile *profile = c->profile;

    client_deinit(c);
    client_init(c, profile);
    keep_name(c->user, user);
    keep_name(c->resource, resource);
    keep_name(c->nonce, nonce);
}

static void open_stream(struct client *c, enum client_step next)
{
    scan_restart(&c->scan);
    add(c, "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
           "xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='");
    add(c, c->profile->domain);
    add(c, "'>");
    c->step = next;
}

void client_open(struct client *c)
{
    open_stream(c, c->profile->tls == CLIENT_STARTTLS ? STEP_OPENING : STEP_SECURED);
}

void client_secured(struct client *c)
{
    open_stream(c, STEP_SECURED);
}

/* ---- stanzas that are counted (XEP-0198 §4) ---- */

static void remember(struct client_unacked *u, uint64_t tag)
{
    if (u->n == u->room) {
        size_t room = u->room ? 2 * u->room : 16;
        uint64_t *tags = mem_alloc_raw(room * sizeof *tags);

        for (size_t i = 0; i < u->n; i++)
            tags[i] = u->tags[(u->first + i) & (u->room - 1)];
        mem_free(u->tags);
        *u = (struct client_unacked){ .tags = tags, .n = u->n, .room = room };
    }
    u->tags[(u->first + u->n++) & (u->room - 1)] = tag;
}

void client_sent(struct client *c, uint64_t tag)
{
    if (!c->counting)
        return;
    assert(c->unacked.n < CLIENT_UNACKED_MAX);
    remember(&c->unacked, tag);
}

void client_request_ack(struct client *c)
{
    add(c, "<r xmlns='" NS_SM "'/>");
}

static void answer_ack_request(struct client *c)
{
    add(c, "<a xmlns='" NS_SM "' h='");
    buf_add_u64(&c->out, c->received);
    add(c, "'/>");
}

/* Hands out one tag per acknowledged stanza. */
static bool next_acked(struct client *c, struct client_event *out)
{
    while (c->newly_acked > 0) {
        uint64_t tag = c->unacked.tags[c->unacked.first];

        c->unacked.first = (c->unacked.first + 1) & (c->unacked.room - 1);
        c->unacked.n--;
        c->newly_acked--;
        if (tag == CLIENT_TAG_OWN)
            continue;
        *out = (struct client_event){ .kind = CLIENT_ACKED, .tag = tag };
        return true;
    }
    return false;
}

/* ---- refusals ---- */

/* "the server refused SASL: not-authorized (wrong password)" */
static bool refuse(struct client *c, const char *what, struct str stanza, struct client_event *out)
{
    struct str condition = stanza.n > 0 ? peek_condition(stanza) : STR_NONE;
    struct str text = stanza.n > 0 ? peek_text(peek_child(stanza, "text")) : STR_NONE;

    buf_reset(&c->why);
    buf_add(&c->why, str_from(what));
    if (condition.n > 0) {
        buf_add(&c->why, STR(": "));
        buf_add(&c->why, condition);
    }
    if (text.n > 0) {
        buf_add(&c->why, STR(" ("));
        buf_add(&c->why, text);
        buf_add(&c->why, STR(")"));
    }
    *out = (struct client_event){ .kind = CLIENT_REFUSED, .text = buf_str(&c->why) };
    return true;
}

/* ---- the steps: each takes the element that ends it; true if *out was filled ---- */

static bool on_opening(struct client *c, struct str features, struct client_event *out)
{
    if (!peek_has(features, STR("<starttls")))
        return refuse(c, "the server offers no STARTTLS", STR_NONE, out);
    add(c, "<starttls xmlns='" NS_TLS "'/>");
    c->step = STEP_PROCEED;
    return false;
}

static bool on_proceed(struct client *c, struct str proceed, struct client_event *out)
{
    (void)c;
    (void)proceed;
    *out = (struct client_event){ .kind = CLIENT_WANTS_TLS };
    return true;
}

static bool offers_mechanism(struct str features, const char *mechanism)
{
    struct str at = features, name;

    while ((at = peek_child(at, "mechanism")).p != NULL) {
        name = peek_text(at);
        if (str_is(str_trim(name), mechanism))
            return true;
        at = (struct str){ name.p, (size_t)(features.p + features.n - name.p) };
        at = str_skip(at, str_find(at, '<')); /* at </mechanism>, which serves as an outer tag */
    }
    return false;
}

static bool on_secured(struct client *c, struct str features, struct client_event *out)
{
    if (!offers_mechanism(features, c->profile->mechanism))
        return refuse(c, "the server does not offer the SASL mechanism asked for", STR_NONE, out);
    add(c, "<auth xmlns='" NS_SASL "' mechanism='");
    add(c, c->profile->mechanism);
    add(c, "'>");
    scram_first(&c->scram, str_from(c->user), str_from(c->nonce), &c->out);
    add(c, "</auth>");
    c->step = STEP_CHALLENGE;
    return false;
}

static bool on_challenge(struct client *c, struct str challenge, struct client_event *out)
{
    add(c, "<response xmlns='" NS_SASL "'>");
    if (scram_final(&c->scram, peek_text(challenge), &c->out) != ERR_NONE)
        return refuse(c, "the server's SCRAM challenge is not valid", STR_NONE, out);
    add(c, "</response>");
    c->step = STEP_SUCCESS;
    return false;
}

static bool on_success(struct client *c, struct str success, struct client_event *out)
{
    if (scram_verify(&c->scram, peek_text(success)) != ERR_NONE)
        return refuse(c, "the server could not prove that it knows the password", STR_NONE, out);
    open_stream(c, STEP_AUTHENTICATED);
    return false;
}

static bool on_authenticated(struct client *c, struct str features, struct client_event *out)
{
    if (c->profile->acks && !peek_has(features, STR(NS_SM)))
        return refuse(c, "the server offers no stream management (XEP-0198)", STR_NONE, out);
    add(c, "<iq type='set' id='bind'><bind xmlns='" NS_BIND "'><resource>");
    add(c, c->resource);
    add(c, "</resource></bind></iq>");
    c->step = STEP_BOUND;
    return false;
}

/* Presence, then a ping: when that is answered the server has dealt with the presence. */
static void settle(struct client *c)
{
    c->step = STEP_SETTLED;
    if (c->profile->presence) {
        add(c, "<presence/>");
        client_sent(c, CLIENT_TAG_OWN);
    }
    add(c, "<iq type='get' id='" SETTLED_ID "'><ping xmlns='" NS_PING "'/></iq>");
    client_sent(c, CLIENT_TAG_OWN);
}

static bool on_bound(struct client *c, struct str iq, struct client_event *out)
{
    struct str address = peek_text(peek_child(iq, "jid"));

    if (!str_is(peek_attr(iq, "type"), "result") || address.n == 0)
        return refuse(c, "the server refused to bind a resource", iq, out);
    buf_add(&c->address, address);
    if (!c->profile->acks) {
        settle(c);
        return false;
    }
    add(c, "<enable xmlns='" NS_SM "'/>");
    c->step = STEP_ENABLED;
    return false;
}

static bool on_enabled(struct client *c, struct str enabled, struct client_event *out)
{
    (void)enabled;
    (void)out;
    c->counting = true;
    settle(c);
    return false;
}

static bool on_settled(struct client *c, struct str iq, struct client_event *out)
{
    if (!str_is(peek_attr(iq, "id"), SETTLED_ID))
        return false;
    c->step = STEP_READY;
    scram_deinit(&c->scram);
    *out = (struct client_event){ .kind = CLIENT_READY };
    return true;
}

static const struct {
    const char *element;
    bool (*take)(struct client *, struct str, struct client_event *);
} steps[] = {
    [STEP_OPENING] = { "stream:features", on_opening },
    [STEP_PROCEED] = { "proceed", on_proceed },
    [STEP_SECURED] = { "stream:features", on_secured },
    [STEP_CHALLENGE] = { "challenge", on_challenge },
    [STEP_SUCCESS] = { "success", on_success },
    [STEP_AUTHENTICATED] = { "stream:features", on_authenticated },
    [STEP_BOUND] = { "iq", on_bound },
    [STEP_ENABLED] = { "enabled", on_enabled },
    [STEP_SETTLED] = { "iq", on_settled },
};

/* ---- what may come at any time ---- */

static bool is_refusal(struct str name)
{
    return str_is(name, "failure") || str_is(name, "failed") || str_is(name, "stream:error");
}

static bool on_acks(struct client *c, struct str a, struct client_event *out)
{
    uint64_t h;

    if (str_to_u64(peek_attr(a, "h"), UINT32_MAX, &h) != ERR_NONE
        || (uint32_t)h - c->acked > c->unacked.n) /* h wraps at 2^32: XEP-0198 §4 */
        return refuse(c, "the server acknowledged stanzas that were never sent", STR_NONE, out);
    c->newly_acked += (uint32_t)h - c->acked;
    c->acked = (uint32_t)h;
    return next_acked(c, out);
}

/* Pings get a result, everything else the error that says so (RFC 6120 §8.4). */
static void answer_iq(struct client *c, struct str iq)
{
    struct str id = peek_attr(iq, "id"), from = peek_attr(iq, "from"), type = peek_attr(iq, "type");
    bool ping = peek_has(iq, STR(NS_PING));

    if ((!str_is(type, "get") && !str_is(type, "set")) || str_find(id, '\'') < id.n
        || str_find(from, '\'') < from.n) /* would not fit between our quotes */
        return;
    add(c, "<iq id='");
    buf_add(&c->out, id);
    if (from.n > 0) {
        add(c, "' to='");
        buf_add(&c->out, from);
    }
    add(c, ping ? "' type='result'/>"
                : "' type='error'><error type='cancel'><service-unavailable "
                  "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    client_sent(c, CLIENT_TAG_OWN);
}

static bool is_stanza(struct str name)
{
    return str_is(name, "message") || str_is(name, "presence") || str_is(name, "iq");
}

static bool take_stanza(struct client *c, struct str name, struct str stanza,
                        struct client_event *out)
{
    if (str_is(name, "message")) {
        *out = (struct client_event){ .kind = CLIENT_MESSAGE, .text = stanza };
        return true;
    }
    if (str_is(name, "iq"))
        answer_iq(c, stanza);
    return false;
}

static bool take(struct client *c, struct str item, struct client_event *out)
{
    struct str name = peek_name(item);

    if (is_refusal(name))
        return refuse(c,
                      str_is(name, "stream:error") ? "the server ended the stream"
                      : c->step == STEP_ENABLED    ? "the server refused stream management"
                                                   : "the server refused the login",
                      item, out);
    if (c->counting && is_stanza(name))
        c->received++;
    if (c->counting && str_is(name, "a"))
        return on_acks(c, item, out);
    if (c->counting && str_is(name, "r")) {
        answer_ack_request(c);
        return false;
    }
    if (c->step < STEP_READY && str_is(name, steps[c->step].element))
        return steps[c->step].take(c, item, out);
    return take_stanza(c, name, item, out);
}

void client_feed(struct client *c, struct str in)
{
    scan_feed(&c->scan, in);
}

bool client_next(struct client *c, struct client_event *out)
{
    struct str item;

    if (next_acked(c, out))
        return true;
    for (;;)
        switch (scan_next(&c->scan, &item)) {
        case SCAN_MORE: return false;
        case SCAN_HEADER: break;
        case SCAN_STANZA:
            if (take(c, item, out))
                return true;
            break;
        case SCAN_END: *out = (struct client_event){ .kind = CLIENT_ENDED }; return true;
        case SCAN_BROKEN: return refuse(c, "the server sent broken XML", STR_NONE, out);
        }
}

void client_close(struct client *c)
{
    add(c, "</stream:stream>");
}
