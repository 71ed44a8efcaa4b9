/* exchange.c: see exchange.h. */
#include "test/client/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/call_inside.h"
#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

/* ---- Who -------------------------------------------------------------------------------------------- */

static struct handset **everybody(struct exchange *x, struct handset *out[4])
{
    out[0] = &x->trio->alice;
    out[1] = &x->trio->alice2;
    out[2] = &x->trio->bob;
    out[3] = NULL;
    return out;
}

static const struct jid *full_of(const struct handset *h)
{
    return &h->engine->calls->self;
}

struct str exchange_full(struct exchange *x, const struct handset *h)
{
    return jid_text(&x->arena, full_of(h));
}

/* ---- Delivering ------------------------------------------------------------------------------------- */

static void carry(struct exchange *x, struct handset *to, const struct xml_node *stanza)
{
    assert_true(x->count < CARRIED_MAX);
    x->carried[x->count].to = to;
    x->carried[x->count++].stanza = xml_copy(&x->arena, stanza);
}

/* To one device, or to all of an account. */
static void deliver(struct exchange *x, const struct jid *to, const struct xml_node *stanza,
                    const struct handset *but)
{
    struct handset *all[4];

    for (struct handset **h = everybody(x, all); *h != NULL; h++)
        if (*h != but && (*h)->engine != NULL && jid_same_account(full_of(*h), to)
            && (jid_is_bare(to) || jid_eq(full_of(*h), to)))
            carry(x, *h, stanza);
}

void exchange_inject(struct exchange *x, struct handset *to, struct xml_node *stanza)
{
    struct line *l = &to->engine->line;
    uint32_t before = l->received;
    struct buf text;

    (void)x;
    buf_init(&text, 1 << 20);
    xml_write(&text, stanza, STR_NONE);
    engine_now(to->engine, to->now_ms);
    engine_received(to->engine, buf_str(&text));
    buf_deinit(&text);
    l->handled -= l->received - before; /* the server did not send it, and does not count it */
    l->answered -= l->received - before;
    l->received = before;
}

void exchange_run(struct exchange *x)
{
    do {
        size_t n = x->count;

        for (size_t i = 0; i < n; i++) {
            if (x->tamper != NULL)
                x->tamper(x, &x->arena, x->carried[i].stanza);
            if (x->carried[i].stanza->name.n > 0 && x->carried[i].to->engine != NULL)
                exchange_inject(x, x->carried[i].to, x->carried[i].stanza);
            trio_run(x->trio);
        }
        for (size_t i = n; i < x->count; i++)
            x->carried[i - n] = x->carried[i];
        x->count -= n;
        trio_run(x->trio);
    } while (x->count > 0);
}

void exchange_advance(struct exchange *x, uint64_t ms)
{
    struct handset *all[4];

    for (struct handset **h = everybody(x, all); *h != NULL; h++)
        (*h)->now_ms += ms;
    if (x->open)
        (void)ledger_tick(&x->ledger, x->trio->bob.now_ms);
    exchange_run(x);
}

/* ---- The gate --------------------------------------------------------------------------------------- */

static enum call_side side_of(struct exchange *x, const struct handset *h)
{
    struct arena a = { 0 };
    struct jid caller;
    bool same;

    assert_int_equal(jid_parse(&a, x->ledger.caller, &caller), ERR_NONE);
    same = jid_same_account(&caller, full_of(h));
    arena_deinit(&a);
    return same ? CALL_CALLER : CALL_CALLEE;
}

static struct ledger_ruling judge(struct exchange *x, const struct handset *h,
                                  const struct stanza *s, const struct call_message *m,
                                  const struct jingle *j)
{
    struct call_saying saying = { .side = side_of(x, h),
                                  .from = exchange_full(x, h),
                                  .to = s->has_to ? jid_text(&x->arena, &s->to) : STR_NONE,
                                  .message = m,
                                  .action = j,
                                  .bytes = 1000 };

    return ledger_judge(&x->ledger, &saying, h->now_ms);
}

static void propose(struct exchange *x, struct handset *h, const struct call_message *m)
{
    if (x->open)
        ledger_close(&x->ledger);
    ledger_open(&x->ledger, m, exchange_full(x, h), h->now_ms);
    x->open = true;
}

/* The other devices of who answered, or declined, are told so by the server. */
static void tell_elsewhere(struct exchange *x, struct handset *h, const struct call_message *m)
{
    struct call_message said = { .word = m->word == CALL_PROCEED ? CALL_ACCEPT : CALL_REJECT,
                                 .id = m->id };
    struct jid bare = jid_bare(full_of(h));
    struct str own = jid_text(&x->arena, &bare);
    struct xml_node *n = stanza_new(&x->arena, STANZA_MESSAGE, "chat", own, own, STR_NONE);

    call_message_write(&x->arena, n, &said);
    deliver(x, &bare, n, h);
}

static void word_came(struct exchange *x, struct handset *h, const struct stanza *s)
{
    struct call_message m;
    const char *why;
    bool passes;

    assert_int_equal(call_message_read(s->node, &m, &why), ERR_NONE);
    if (m.word == CALL_PROPOSE)
        propose(x, h, &m);
    passes = m.word == CALL_PROPOSE || (x->open && judge(x, h, s, &m, NULL).verdict == LEDGER_PASS);
    x->refused += !passes && m.word != CALL_RINGING; /* of two devices that ring, one says so */
    if (!passes)
        return;
    deliver(x, &s->to, s->node, h);
    if (m.word == CALL_PROCEED || m.word == CALL_REJECT)
        tell_elsewhere(x, h, &m);
}

static void put_anchor(struct jingle *j)
{
    for (size_t i = 0; i < j->content_count; i++) {
        struct jingle_transport *t = &j->contents[i].transport;

        t->ufrag = STR("anchorufrag12345");
        t->pwd = STR("anchorpassword1234567890");
        t->candidates[0] = (struct jingle_candidate){
            .component = 1, .priority = 2130706431, .port = 3478, .ip = STR(ANCHOR_IP)
        };
        t->candidate_count = 1;
    }
}

static void action_came(struct exchange *x, struct handset *h, const struct stanza *s)
{
    struct jingle j;
    const char *why;
    struct xml_node *n;

    if (s->payload == NULL) { /* an answer */
        deliver(x, &s->to, s->node, NULL);
        return;
    }
    assert_int_equal(jingle_read(&x->arena, s->payload, &j, &why), ERR_NONE);
    if (!x->open || judge(x, h, s, NULL, &j).verdict != LEDGER_PASS) {
        x->refused++;
        carry(x, h, stanza_error(&x->arena, s, COND_ITEM_NOT_FOUND, STR_NONE));
        return;
    }
    put_anchor(&j);
    n = stanza_new(&x->arena, STANZA_IQ, "set", exchange_full(x, h), jid_text(&x->arena, &s->to),
                   s->id);
    xml_append(n, jingle_write(&x->arena, &j));
    deliver(x, &s->to, n, NULL);
}

/* A word of a call, an action of one, or an answer to one. */
static bool is_of_call(const struct handset *h, const struct stanza *s)
{
    if (s->kind == STANZA_MESSAGE)
        return call_message_is(s->node);
    return s->kind == STANZA_IQ && s->has_to && !jid_is_bare(&s->to) && s->to.local.n > 0
           && !jid_same_account(&s->to, full_of(h))
           && (s->payload == NULL || xml_is(s->payload, STR(NS_JINGLE), STR("jingle")));
}

static bool take(struct exchange *x, struct handset *h, struct xml_node *n)
{
    enum stanza_condition why;
    struct stanza s;

    if (stanza_parse(&x->arena, n, &s, &why) != ERR_NONE || !is_of_call(h, &s))
        return false;
    xml_set(&x->arena, n, STR("from"), exchange_full(x, h));
    s.from = *full_of(h);
    s.has_from = true;
    if (s.kind == STANZA_MESSAGE)
        word_came(x, h, &s);
    else
        action_came(x, h, &s);
    return true;
}

/* What a device writes in one go is whole elements. In place of what is taken the server gets an answer that nobody asked for: it counts
 * it (XEP-0198), and that is all. */
static struct str leaving(void *ctx, struct handset *h, struct arena *a, struct str out)
{
    static const struct xml_limits limits = { 1 << 22, 64, 64, 20000 };
    struct exchange *x = ctx;
    struct xml_node *all, *nothing;
    struct buf rest;
    struct str text;

    if (h->engine->line.state != LINE_ONLINE)
        return out;
    text = arena_concat(a, STR("<all xmlns='jabber:client'>"), arena_concat(a, out, STR("</all>")));
    if (xml_parse_document(a, text, &limits, &all) != ERR_NONE)
        return out;
    nothing = stanza_new(a, STANZA_IQ, "result", STR_NONE, STR_NONE, STR("none"));
    buf_init(&rest, 1 << 22);
    for (struct xml_node *n = xml_first_element(all); n != NULL; n = xml_next_element(n))
        xml_write(&rest, take(x, h, n) ? nothing : n, STR(NS_CLIENT));
    text = arena_str(a, buf_str(&rest));
    buf_deinit(&rest);
    return text;
}

/* ---- Setting up ------------------------------------------------------------------------------------- */

int exchange_set_up_unmet(void **state)
{
    struct exchange *x = mem_alloc(sizeof *x);
    struct handset *all[4];
    void *trio;

    trio_set_up_contacts(&trio);
    x->trio = trio;
    for (struct handset **h = everybody(x, all); *h != NULL; h++) {
        (*h)->takes_calls = true;
        (*h)->leaving = leaving;
        (*h)->leaving_ctx = x;
        handset_start(*h);
    }
    trio_run(x->trio);
    *state = x;
    return 0;
}

int exchange_set_up(void **state)
{
    struct exchange *x;

    exchange_set_up_unmet(state);
    x = *state;
    handset_write(&x->trio->alice, "bob@sotto.test", "hello");
    handset_write(&x->trio->bob, "alice@sotto.test", "hello yourself");
    trio_run(x->trio);
    return 0;
}

int exchange_tear_down(void **state)
{
    struct exchange *x = *state;
    void *trio = x->trio;
    int result = trio_tear_down(&trio);

    if (x->open)
        ledger_close(&x->ledger);
    arena_deinit(&x->arena);
    mem_free(x);
    return result;
}

size_t exchange_count(const struct handset *h, enum call_news news)
{
    size_t n = 0;

    for (size_t i = 0; i < h->call_count; i++)
        n += h->calls[i].news == news;
    return n;
}

const struct str *exchange_told(const struct handset *h, enum call_news news)
{
    for (size_t i = h->call_count; i-- > 0;)
        if (h->calls[i].news == news)
            return &h->calls[i].text;
    return NULL;
}
