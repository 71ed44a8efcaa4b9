/* link_new.c: see link_new.h. */
#include "client/link_new.h"

#include <string.h>

#include "base/encode.h"
#include "client/history.h"
#include "client/keys.h"
#include "client/trust_book.h"
#include "xmpp/ns.h"

enum phase { WANT_HELLO, GIVE_ANSWER, WANT_GIFT, AT_END };
enum state { WAIT_HEADER, WAIT_FEATURES, WAIT_PROCEED, IDLE, ASKED };

static const struct xml_limits limits = {
    .element_bytes = 128 * 1024,
    .depth = 32,
    .attrs = 64,
    .nodes = 2000,
};

/* ---- Life ---------------------------------------------------------------------------------------- */

void link_new_init(struct link_new *l, struct str domain, struct str name, bool wants_history,
                   const struct random *random)
{
    struct link_answer answer = { .name = name, .wants_history = wants_history };

    *l = (struct link_new){ 0 };
    link_secret_make(&l->secret, random);
    identity_make(&l->identity, random);
    memcpy(answer.key, l->secret.public_key, sizeof answer.key);
    random_fill(random, answer.nonce, sizeof answer.nonce);
    answer.device = l->identity.device_id;
    memcpy(answer.ed, l->identity.ed, sizeof answer.ed);
    l->answer = link_answer_write(&l->arena, &answer);
    l->code.domain = arena_str(&l->arena, domain);
    link_commit(l->answer, l->code.commitment);
    l->channel = link_channel(&l->arena, &l->code);
    stream_init(&l->stream, STREAM_CLIENT, STREAM_TCP, STR(NS_CLIENT), &limits);
}

void link_new_deinit(struct link_new *l)
{
    stream_deinit(&l->stream);
    secure_zero((void *)l->gift.password.p, l->gift.password.n);
    arena_deinit(&l->arena);
    secure_zero(l, sizeof *l);
}

static void open_stream(struct link_new *l)
{
    stream_open(&l->stream, STR_NONE, l->code.domain, STR_NONE, STR("en"));
    l->state = WAIT_HEADER;
}

void link_new_open(struct link_new *l, bool secured)
{
    stream_deinit(&l->stream);
    stream_init(&l->stream, STREAM_CLIENT, STREAM_TCP, STR(NS_CLIENT), &limits);
    l->secured = secured;
    open_stream(l);
}

void link_new_secured(struct link_new *l)
{
    l->secured = true;
    open_stream(l);
}

static enum link_new_step fail(struct link_new *l, struct str why)
{
    l->phase = AT_END;
    l->why = arena_str(&l->arena, why);
    return LINK_NEW_FAILED;
}

/* ---- What is asked ------------------------------------------------------------------------------- */

void link_new_ask(struct link_new *l)
{
    bool put = l->phase == GIVE_ANSWER;
    struct arena a = { 0 };
    struct xml_node *iq, *payload;

    if (l->state != IDLE || l->phase == AT_END)
        return;
    iq = stanza_new(&a, STANZA_IQ, put ? "set" : "get", STR_NONE, l->code.domain, STR("link"));
    payload = xml_add(&a, iq, STR(NS_LINK), put ? STR("put") : STR("take"));
    xml_set(&a, payload, STR("channel"), l->channel);
    xml_set(&a, payload, STR("step"),
            put                      ? STR("answer")
            : l->phase == WANT_HELLO ? STR("hello")
                                     : STR("gift"));
    if (put)
        xml_add_text(&a, payload, base64_text(&a, l->answer));
    stream_write(&l->stream, iq);
    l->state = ASKED;
    arena_deinit(&a);
}

/* ---- What is answered ---------------------------------------------------------------------------- */

static enum link_new_step features_came(struct link_new *l, const struct xml_node *features)
{
    struct arena a = { 0 };

    if (!xml_is(features, STR(NS_STREAM), STR("features")))
        return fail(l, STR("The server sent no features."));
    if (l->secured) {
        l->state = IDLE;
        link_new_ask(l);
        return LINK_NEW_MORE;
    }
    if (xml_child(features, STR(NS_TLS), STR("starttls")) == NULL)
        return fail(l, STR("The server does not encrypt the connection."));
    stream_write(&l->stream, xml_new(&a, STR(NS_TLS), STR("starttls")));
    arena_deinit(&a);
    l->state = WAIT_PROCEED;
    return LINK_NEW_MORE;
}

static enum link_new_step proceed_came(struct link_new *l, const struct xml_node *node)
{
    if (!xml_is(node, STR(NS_TLS), STR("proceed")) || !stream_restart(&l->stream))
        return fail(l, STR("The server does not encrypt the connection."));
    return LINK_NEW_START_TLS;
}

static enum link_new_step hello_came(struct link_new *l, struct bytes hello)
{
    uint8_t theirs[32];

    l->hello = arena_bytes(&l->arena, hello);
    if (link_hello_read(l->hello, theirs) != ERR_NONE
        || link_agree(&l->code, l->hello, l->answer, &l->secret, theirs, &l->shared) != ERR_NONE)
        return fail(l, STR("What the other device sent makes no sense."));
    l->phase = GIVE_ANSWER;
    link_new_ask(l);
    return LINK_NEW_DIGITS;
}

static enum link_new_step gift_came(struct link_new *l, struct bytes gift)
{
    if (link_gift_open(&l->arena, &l->shared, gift, &l->gift) != ERR_NONE)
        return fail(l, STR("What came is not from the device whose digits were shown."));
    l->phase = AT_END;
    stream_close(&l->stream);
    return LINK_NEW_DONE;
}

static enum link_new_step result_came(struct link_new *l, const struct xml_node *iq)
{
    const struct xml_node *octets = xml_child(iq, STR(NS_LINK), STR("octets"));
    struct bytes message;

    if (l->phase == GIVE_ANSWER) {
        l->phase = WANT_GIFT;
        return LINK_NEW_MORE;
    }
    if (octets == NULL
        || base64_read(&l->arena, str_trim(xml_text_of(&l->arena, octets)), &message) != ERR_NONE)
        return fail(l, STR("The server's answer makes no sense."));
    return l->phase == WANT_HELLO ? hello_came(l, message) : gift_came(l, message);
}

/* Not there yet; or, on a new connection, the answer is there already. */
static enum link_new_step error_came(struct link_new *l, const struct xml_node *iq)
{
    const struct xml_node *error = xml_child(iq, STR(NS_CLIENT), STR("error"));
    bool missing =
        error != NULL && xml_child(error, STR(NS_STANZA_ERRORS), STR("item-not-found")) != NULL;
    bool exists = error != NULL && xml_child(error, STR(NS_STANZA_ERRORS), STR("conflict")) != NULL;

    if (missing && l->phase != GIVE_ANSWER)
        return LINK_NEW_MORE;
    if (exists && l->phase == GIVE_ANSWER) {
        l->phase = WANT_GIFT;
        return LINK_NEW_MORE;
    }
    return fail(l, missing ? STR("The other device took too long, or gave up.")
                           : STR("The server does not link devices, or is too busy."));
}

static enum link_new_step element_came(struct link_new *l, const struct xml_node *node)
{
    switch ((enum state)l->state) {
    case WAIT_FEATURES: return features_came(l, node);
    case WAIT_PROCEED: return proceed_came(l, node);
    case ASKED:
        if (!xml_is(node, STR(NS_CLIENT), STR("iq")) || !str_is(xml_get(node, STR("id")), "link"))
            return LINK_NEW_MORE;
        l->state = IDLE;
        return str_is(xml_get(node, STR("type")), "result") ? result_came(l, node)
                                                            : error_came(l, node);
    case WAIT_HEADER:
    case IDLE: break;
    }
    return LINK_NEW_MORE;
}

/* That the server ends a stream on which nobody logs in is no failure: the next connection goes on. */
static enum link_new_step take(struct link_new *l, const struct stream_event *e)
{
    switch (e->kind) {
    case STREAM_OPENED:
        if (l->state == WAIT_HEADER)
            l->state = WAIT_FEATURES;
        return LINK_NEW_MORE;
    case STREAM_ELEMENT: return element_came(l, e->node);
    case STREAM_CLOSED: return LINK_NEW_MORE;
    case STREAM_FAILED: break;
    }
    return fail(l, STR("The server does not speak the protocol."));
}

enum link_new_step link_new_feed(struct link_new *l, struct str bytes)
{
    enum link_new_step step = LINK_NEW_MORE;
    struct stream_event e;

    if (l->phase == AT_END)
        return LINK_NEW_MORE;
    stream_feed(&l->stream, bytes);
    while (step == LINK_NEW_MORE && stream_next(&l->stream, &e)) {
        step = take(l, &e);
        arena_deinit(&e.arena);
    }
    return step;
}

/* ---- What was given ------------------------------------------------------------------------------ */

static enum trust trust_in(const struct link_key *k)
{
    return k->trust == LINK_TRUST_LINKED ? TRUST_TRUSTED : (enum trust)k->trust;
}

void link_new_adopt(const struct link_new *l, struct engine *c)
{
    struct identity_key giver;
    struct engine_key_info k = { .account = c->bare,
                                 .device = l->gift.device,
                                 .trust = TRUST_TRUSTED,
                                 .met_ms = c->now_ms,
                                 .linked = true };

    keys_adopt(c, &l->identity);
    for (size_t i = 0; i < l->gift.key_count; i++) {
        const struct link_key *from = &l->gift.keys[i];
        struct engine_key_info key = { .account = from->account,
                                       .device = from->device,
                                       .trust = trust_in(from),
                                       .linked = from->trust == LINK_TRUST_LINKED,
                                       .met_ms = from->met_ms };

        memcpy(key.curve, from->curve, sizeof key.curve);
        trust_adopt(c, &key);
    }
    if (identity_key_read(OMEMO_2, l->gift.ed, &giver) == ERR_NONE) {
        memcpy(k.curve, giver.curve, sizeof k.curve);
        trust_adopt(c, &k);
    }
    if (l->gift.has_history)
        history_expect(c, l->gift.device, l->shared.history);
    engine_end_round(c);
}
