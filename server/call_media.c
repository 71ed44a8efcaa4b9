/* call_media.c: see call_media.h. First orders, then what sides say, then what they get. */
#include "server/call_media.h"

#include <arpa/inet.h>
#include <string.h>

#include "server/home.h"

/* ---- Orders ---------------------------------------------------------------------------------------- */

bool call_media_possible(const struct home *h)
{
    return h->place_count > 0 && h->host->ops->anchor != NULL;
}

static void order(const struct home *h, const struct anchor_order *o)
{
    if (h->host->ops->anchor != NULL)
        h->host->ops->anchor(h->host->ctx, o);
}

static void order_leg(const struct home *h, const struct call_media *m, enum anchor_side side,
                      unsigned transport)
{
    const struct call_leg *leg = &m->legs[side][transport];

    if (leg->made)
        order(h, &(struct anchor_order){ .kind = ANCHOR_LEG,
                                         .call = m->number,
                                         .side = side,
                                         .transport = transport,
                                         .ufrag = { leg->ufrag, sizeof leg->ufrag },
                                         .pwd = { leg->pwd, sizeof leg->pwd },
                                         .two_components = leg->two_components,
                                         .owner = m->owners[side] });
}

/* Who answers chooses the role (RFC 5763 §5); `actpass` is no answer. */
static enum flow_role role_of(enum anchor_side side, enum jingle_setup answer)
{
    if (answer == JINGLE_ACTPASS)
        return FLOW_ROLE_UNKNOWN;
    return (answer == JINGLE_ACTIVE) == (side == ANCHOR_CALLEE) ? FLOW_CLIENT : FLOW_SERVER;
}

/* Offered by one side, and taken by the other. */
static bool is_agreed(const struct call_content *c)
{
    return c->of[ANCHOR_CALLER].known && c->of[ANCHOR_CALLEE].known;
}

/* Numbers of payloads are the receiver's to choose, and nearly always the same: what either side named may come from both. */
static void add_content(struct flow_config *flow, const struct call_content *c)
{
    flow->video |= c->video;
    for (unsigned side = 0; side < 2; side++)
        for (size_t i = 0; i < sizeof flow->payload_types; i++)
            flow->payload_types[i] |= c->of[side].payload_types[i];
}

static void order_client(const struct home *h, const struct call_media *m, enum anchor_side side,
                         unsigned transport)
{
    const struct call_content *c = &m->contents[m->content_of[transport]];
    const struct call_stream *s = &c->of[side];
    struct flow_config flow = { .role = role_of(side, c->of[ANCHOR_CALLEE].setup) };
    bool used = false;

    for (size_t i = 0; i < m->content_count; i++) {
        if (m->contents[i].transport != transport || !is_agreed(&m->contents[i]))
            continue;
        used = true;
        add_content(&flow, &m->contents[i]);
    }
    if (!used || !s->known)
        return;
    order(h, &(struct anchor_order){ .kind = ANCHOR_CLIENT,
                                     .call = m->number,
                                     .side = side,
                                     .transport = transport,
                                     .ufrag = s->ufrag,
                                     .pwd = s->pwd,
                                     .controlling = side == ANCHOR_CALLER,
                                     .flow = flow });
}

static void order_clients(const struct home *h, const struct call_media *m)
{
    for (unsigned t = 0; t < ANCHOR_TRANSPORTS; t++) {
        order_client(h, m, ANCHOR_CALLER, t);
        order_client(h, m, ANCHOR_CALLEE, t);
    }
}

static void order_call(const struct home *h, const struct call_media *m)
{
    order(h, &(struct anchor_order){ .kind = ANCHOR_CALL, .call = m->number });
}

static void order_gate(const struct home *h, const struct call_media *m)
{
    order(h, &(struct anchor_order){ .kind = ANCHOR_GATE, .call = m->number, .open = true });
}

void call_media_tell(struct home *h, const struct call_media *m)
{
    if (!m->told)
        return;
    order_call(h, m);
    for (unsigned i = 0; i < 2 * ANCHOR_TRANSPORTS; i++)
        order_leg(h, m, (enum anchor_side)(i & 1), i >> 1);
    if (m->answered) {
        order_clients(h, m);
        order_gate(h, m);
    }
}

void call_media_synced(struct home *h)
{
    order(h, &(struct anchor_order){ .kind = ANCHOR_SYNCED });
}

void call_media_end(struct home *h, struct call_media *m)
{
    if (m->told)
        order(h, &(struct anchor_order){ .kind = ANCHOR_END, .call = m->number });
    m->told = m->answered = false;
}

/* ---- What a side says ------------------------------------------------------------------------------ */

static size_t content_index(const struct call_media *m, struct str name)
{
    size_t i = 0;

    while (i < m->content_count && !str_eq(m->contents[i].name, name))
        i++;
    return i;
}

/* The sound is the call, so only a picture comes and goes; and who is offered one takes or refuses it, nobody else. */
static bool content_fits(const struct call_media *m, enum anchor_side from,
                         enum jingle_action action, struct str name)
{
    size_t i = content_index(m, name);
    const struct call_content *c = &m->contents[i];
    enum anchor_side other = from == ANCHOR_CALLER ? ANCHOR_CALLEE : ANCHOR_CALLER;

    if (action == JINGLE_SESSION_INITIATE)
        return true;
    if ((i == m->content_count) != (action == JINGLE_CONTENT_ADD))
        return false;
    switch (action) {
    case JINGLE_CONTENT_ACCEPT:
    case JINGLE_CONTENT_REJECT: return c->video && c->of[other].known && !c->of[from].known;
    case JINGLE_CONTENT_REMOVE:
    case JINGLE_CONTENT_MODIFY: return c->video && c->of[from].known; /* its own offer, too */
    default: return true;
    }
}

bool call_media_fits(const struct call_media *m, enum anchor_side from, const struct jingle *j)
{
    if (j->action == JINGLE_CONTENT_ADD && m->content_count + j->content_count > JINGLE_CONTENTS)
        return false;
    for (size_t i = 0; i < j->content_count; i++)
        if (!content_fits(m, from, j->action, j->contents[i].name))
            return false;
    for (size_t i = 0; i < j->beside_count; i++)
        if (content_index(m, j->beside[i]) == m->content_count)
            return false;
    return true;
}

/* A new one has a transport of its own, until both sides agree on a bundle. */
static struct call_content *content_for(struct call_media *m, struct arena *a, struct str name)
{
    size_t i = content_index(m, name);
    unsigned free = i > 0 && m->contents[0].transport == 0;

    if (i < m->content_count)
        return &m->contents[i];
    m->contents[i] = (struct call_content){ .name = arena_str(a, name), .transport = free };
    m->content_of[free] = i;
    m->content_count++;
    return &m->contents[i];
}

static void learn(struct call_media *m, struct arena *a, enum anchor_side from,
                  const struct jingle_content *said)
{
    struct call_content *c = content_for(m, a, said->name);
    struct call_stream *s = &c->of[from];
    struct flow_config flow = { 0 };

    c->video = said->description.media == JINGLE_VIDEO;
    s->ufrag = arena_str(a, said->transport.ufrag);
    s->pwd = arena_str(a, said->transport.pwd);
    s->setup = said->transport.fingerprint.setup;
    s->known = true;
    m->knows_tcp[from] |= said->transport.knows_tcp;
    for (size_t i = 0; i < said->description.payload_count; i++)
        flow_allow(&flow, said->description.payloads[i].id);
    memcpy(s->payload_types, flow.payload_types, sizeof s->payload_types);
}

static bool names(const struct jingle *j, struct str content)
{
    for (size_t i = 0; i < j->content_count; i++)
        if (str_eq(j->contents[i].name, content))
            return true;
    return false;
}

/* Contents that are (not) named there do not exist any more; the last one stays, because the session lives by it. */
static void forget(struct call_media *m, const struct jingle *j, bool named)
{
    if (m->content_count < 2)
        return;
    for (size_t i = 0; i < JINGLE_CONTENTS; i++) {
        if (names(j, m->contents[i].name) != named)
            continue;
        if (i == 0)
            m->contents[0] = m->contents[1];
        m->content_count = 1;
        m->content_of[m->contents[0].transport] = 0;
        return;
    }
}

/* ---- What the other side gets ---------------------------------------------------------------------- */

/* Letters of ICE (RFC 8839 §5.4), six bits of chance each. */
static void make_letters(const struct home *h, char *out, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t octets[ANCHOR_PWD];

    random_fill(&h->host->random, octets, n);
    for (size_t i = 0; i < n; i++)
        out[i] = letters[octets[i] & 63];
}

static void make_leg(struct home *h, struct call_media *m, enum anchor_side side,
                     unsigned transport)
{
    struct call_leg *leg = &m->legs[side][transport];

    make_letters(h, leg->ufrag, sizeof leg->ufrag);
    make_letters(h, leg->pwd, sizeof leg->pwd);
    leg->made = leg->fresh = true;
}

static struct str place_text(struct arena *a, const struct stun_address *address)
{
    char text[INET6_ADDRSTRLEN];

    inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->ip, text, sizeof text);
    return arena_str(a, str_from(text));
}

/* RFC 8445 §5.1.2.1, of type host; what comes over TCP is second choice. */
static uint32_t priority_of(const struct anchor_place *p, size_t place, uint32_t component)
{
    uint32_t preference = (p->tcp ? 32767u : 65535u) - (uint32_t)place;

    return 126u << 24 | preference << 8 | (256 - component);
}

/* XEP-0176 has no candidates of TCP: who has not shown that he knows those of XEP-0371 gets none. */
static void write_places(const struct home *h, struct arena *a, struct jingle_transport *t,
                         bool two_components, bool knows_tcp)
{
    t->candidate_count = 0;
    for (size_t i = 0; i < h->place_count; i++) {
        const struct anchor_place *p = &h->places[i];

        if (p->tcp && !knows_tcp)
            continue;
        for (uint32_t c = 1; c <= (two_components && !p->tcp ? 2u : 1u); c++) {
            if (t->candidate_count == JINGLE_CANDIDATES)
                return;
            t->candidates[t->candidate_count++] = (struct jingle_candidate){
                .component = c,
                .priority = priority_of(p, i, c),
                .port = (uint16_t)(p->address.port + c - 1),
                .ip = place_text(a, &p->address),
                .tcp = p->tcp,
            };
        }
    }
}

static void use_component_2(struct call_leg *leg, bool needed)
{
    leg->fresh |= needed && !leg->two_components;
    leg->two_components |= needed;
}

static void write_transport(struct home *h, struct call_media *m, struct arena *a,
                            enum anchor_side to, unsigned transport, struct jingle_transport *t)
{
    struct call_leg *leg = &m->legs[to][transport];

    if (!leg->made)
        make_leg(h, m, to, transport);
    if (leg->fresh)
        order_leg(h, m, to, transport);
    leg->fresh = false;
    t->ufrag = arena_str(a, (struct str){ leg->ufrag, sizeof leg->ufrag });
    t->pwd = arena_str(a, (struct str){ leg->pwd, sizeof leg->pwd });
    t->candidates_read = 0;
    t->knows_tcp = false;
    write_places(h, a, t, leg->two_components, m->knows_tcp[to]);
}

/* A bundle takes all contents along; one content alone is as good as one. */
static bool is_bundle(const struct jingle *j)
{
    for (size_t i = 0; i < j->content_count; i++)
        if (!j->contents[i].in_group)
            return j->content_count == 1;
    return true;
}

static bool carries_transport(enum jingle_action action)
{
    return action == JINGLE_SESSION_INITIATE || action == JINGLE_SESSION_ACCEPT
           || action == JINGLE_CONTENT_ADD || action == JINGLE_CONTENT_ACCEPT;
}

/* What both sides agree on: the first content of the answer has the transport of all. */
static void settle_answer(struct call_media *m, const struct jingle *j)
{
    unsigned tag;

    forget(m, j, false);
    m->bundled = is_bundle(j) && (j->has_group || m->content_count == 1);
    tag = m->contents[content_index(m, j->contents[0].name)].transport;
    for (size_t i = 0; m->bundled && i < m->content_count; i++)
        m->contents[i].transport = tag;
}

/* Whoever adds something to a bundle names its transport again; else it has one of its own. */
static void settle_addition(struct call_media *m, enum anchor_side from, struct str name)
{
    const struct call_content *first = &m->contents[0];
    struct call_content *added = &m->contents[content_index(m, name)];

    m->bundled &= str_eq(added->of[from].ufrag, first->of[from].ufrag);
    if (m->bundled && added != first) {
        m->content_of[added->transport] = 0;
        added->transport = first->transport;
    }
}

static void begin(struct home *h, struct call_media *m)
{
    if (m->told)
        return;
    m->told = true;
    order_call(h, m);
}

void call_media_pass(struct home *h, struct call_media *m, struct arena *a, enum anchor_side from,
                     struct jingle *j)
{
    enum anchor_side to = from == ANCHOR_CALLER ? ANCHOR_CALLEE : ANCHOR_CALLER;

    if (j->action == JINGLE_CONTENT_REJECT || j->action == JINGLE_CONTENT_REMOVE)
        forget(m, j, true);
    if (!carries_transport(j->action))
        return;
    begin(h, m);
    for (size_t i = 0; i < j->content_count; i++)
        learn(m, a, from, &j->contents[i]);
    if (j->action == JINGLE_SESSION_ACCEPT)
        settle_answer(m, j);
    if (j->action == JINGLE_CONTENT_ADD)
        settle_addition(m, from, j->contents[0].name);
    for (size_t i = 0; i < j->content_count; i++) {
        struct jingle_content *c = &j->contents[i];
        unsigned transport = m->contents[content_index(m, c->name)].transport;

        use_component_2(&m->legs[to][transport], !c->description.rtcp_mux);
        write_transport(h, m, a, to, transport, &c->transport);
    }
    if (j->action != JINGLE_SESSION_ACCEPT && j->action != JINGLE_CONTENT_ACCEPT)
        return;
    order_clients(h, m);
    if (!m->answered)
        order_gate(h, m);
    m->answered = true;
}

/* ---- ICE anew -------------------------------------------------------------------------------------- */

static bool restarts(const struct call_media *m, enum anchor_side from,
                     const struct jingle_content *said, size_t content)
{
    return content < m->content_count && m->contents[content].of[from].known
           && said->transport.ufrag.n > 0
           && !str_eq(said->transport.ufrag, m->contents[content].of[from].ufrag);
}

bool call_media_is_anew(const struct call_media *m, enum anchor_side from, const struct jingle *j)
{
    for (size_t i = 0; m->answered && i < j->content_count; i++)
        if (restarts(m, from, &j->contents[i], content_index(m, j->contents[i].name)))
            return true;
    return false;
}

bool call_media_restart(struct home *h, struct call_media *m, struct arena *a,
                        enum anchor_side from, const struct jingle *j, struct jingle *out)
{
    *out = (struct jingle){ .action = JINGLE_TRANSPORT_INFO, .sid = j->sid };
    for (size_t i = 0; m->answered && i < j->content_count; i++) {
        const struct jingle_content *said = &j->contents[i];
        size_t content = content_index(m, said->name);
        struct jingle_content *answer = &out->contents[out->content_count];
        struct call_stream *s;
        unsigned transport;

        if (!restarts(m, from, said, content))
            continue;
        s = &m->contents[content].of[from];
        s->ufrag = arena_str(a, said->transport.ufrag);
        s->pwd = arena_str(a, said->transport.pwd);
        transport = m->contents[content].transport;
        if (m->content_of[transport] == content)
            make_leg(h, m, from, transport);
        *answer = (struct jingle_content){ .name = said->name,
                                           .by_responder = said->by_responder,
                                           .has_transport = true };
        write_transport(h, m, a, from, transport, &answer->transport);
        order_client(h, m, from, transport);
        out->content_count++;
    }
    return out->content_count > 0;
}
