/* online.c: going online and offline, and who gets which stanza. */
#include "client/engine_inside.h"

#include "base/encode.h"
#include "client/mend.h"
#include "client/files.h"
#include "client/reading.h"
#include "client/rooms_inside.h"
#include "client/record.h"
#include "client/wishes.h"
#include "xmpp/disco.h"
#include "xmpp/ns.h"

enum { FIRST_WAIT_MS = 1000, LAST_WAIT_MS = 60 * 1000, AGENT_OCTETS = 16 };

/* ---- What is remembered of logging in -------------------------------------------------------------- */

static struct str recall(struct engine *c, const char *name)
{
    return str_of_bytes(book_get(&c->book, BOOK_SELF, engine_key(name)));
}

static void remember(struct engine *c, const char *name, struct str value)
{
    if (!str_eq(recall(c, name), value))
        book_put(&c->book, BOOK_SELF, engine_key(name), bytes_of_str(value));
}

/* XEP-0388 §2.3.1: a UUID of version 4 (RFC 4122 §4.4). */
static void make_agent_id(struct engine *c)
{
    struct arena a = { 0 };
    uint8_t octets[AGENT_OCTETS];
    struct str hex;

    random_fill(&c->random, octets, sizeof octets);
    octets[6] = (uint8_t)((octets[6] & 0x0f) | 0x40);
    octets[8] = (uint8_t)((octets[8] & 0x3f) | 0x80);
    hex = hex_text(&a, bytes_of(octets, sizeof octets));
    remember(c, "agent",
             arena_printf(&a, "%.8s-%.4s-%.4s-%.4s-%.12s", hex.p, hex.p + 8, hex.p + 12, hex.p + 16,
                          hex.p + 20));
    arena_deinit(&a);
}

static struct login_pins read_pins(struct engine *c)
{
    struct reader r = reader_of(bytes_of_str(recall(c, "pins")));
    struct login_pins pins = { 0 };
    uint8_t hash;

    pins.sasl2 = read_u8(&r) != 0;
    pins.plus = read_u8(&r) != 0;
    hash = read_u8(&r);
    pins.hash = hash < HASH_COUNT ? (enum hash)hash : HASH_SHA1;
    return reader_done(&r) ? pins : (struct login_pins){ 0 };
}

void online_load(struct engine *c)
{
    if (recall(c, "agent").n == 0)
        make_agent_id(c);
    arena_deinit(&c->account_arena);
    c->account = (struct login_account){
        .jid = c->config.jid,
        .password = c->config.password,
        .software = c->config.software,
        .device = c->config.device,
        .agent_id = arena_str(&c->account_arena, recall(c, "agent")),
        .token =
            c->config.by_password ? STR_NONE : arena_str(&c->account_arena, recall(c, "token")),
        .token_name = arena_str(&c->account_arena, recall(c, "token-name")),
        .pins = read_pins(c),
    };
}

static void keep_token(struct engine *c, struct str token, struct str name)
{
    remember(c, "token", token);
    remember(c, "token-name", name);
}

static void learn(struct engine *c, const struct login_result *r)
{
    uint8_t pins[] = { r->pins.sasl2, r->pins.plus, (uint8_t)r->pins.hash };

    remember(c, "pins", str_of_bytes(bytes_of(pins, sizeof pins)));
    if (r->token.n > 0)
        keep_token(c, r->token, r->token_name);
}

/* ---- Online and offline ---------------------------------------------------------------------------- */

/* A server that has none refuses, and all is as it was. */
static void carbons_answered(struct engine *c, struct request *r, const struct stanza *answer)
{
    (void)c, (void)r, (void)answer;
}

/* Without them (XEP-0280 §4) this device hears nothing of what others of the account write, and of what is written to one of them. */
static void ask_for_carbons(struct engine *c)
{
    struct arena a = { 0 };

    request_send(c, request_new(c, carbons_answered), "set", NULL,
                 xml_new(&a, STR(NS_CARBONS), STR("enable")));
    arena_deinit(&a);
}

/* XEP-0402 §3.3, XEP-0490 §7: a server that does not know options of publishing passes over them, and shows contacts what was to be
 * ours alone: which rooms, and who is talked to. */
static void nodes_described(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *query = NULL;

    (void)r;
    if (answer == NULL)
        return;
    if (answer->type == IQ_RESULT)
        query = xml_child(answer->node, STR(NS_DISCO_INFO), STR("query"));
    c->private_nodes = query != NULL && disco_has_feature(query, STR(NS_PUBSUB_PUBLISH_OPTIONS));
    reading_work(c);
    bookmarks_online(c);
}

static void ask_about_nodes(struct engine *c)
{
    struct arena a = { 0 };

    c->private_nodes = false;
    request_send(c, request_new(c, nodes_described), "get", &c->config.jid,
                 xml_new(&a, STR(NS_DISCO_INFO), STR("query")));
    arena_deinit(&a);
}

static void went_online(struct engine *c)
{
    const struct login_result *r = &c->line.login.result;

    learn(c, r);
    online_load(c);
    c->failures = 0;
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_ONLINE, .resumed = r->resumed });
    if (!r->resumed) {
        requests_lost(c);
        engine_forget_notes(&c->useless);
        engine_forget_notes(&c->unreachable);
        engine_forget_notes(&c->fresh);
        if (!r->carbons)
            ask_for_carbons(c);
        contacts_online(c);
        mend_online(c);
        archive_online(c);
        devices_online(c);
        ask_about_nodes(c);
        reading_online(c);
        uploads_online(c);
        if (c->call_hooks != NULL)
            c->call_hooks->online(c);
    }
    outbox_work(c);
}

/* Twice as long each time, and a part of it by chance, so that a server that comes back is not run over. */
static void retry_later(struct engine *c)
{
    uint64_t wait = FIRST_WAIT_MS;
    uint32_t chance;

    for (unsigned i = 0; i < c->failures && wait < LAST_WAIT_MS; i++)
        wait *= 2;
    if (wait > LAST_WAIT_MS)
        wait = LAST_WAIT_MS;
    random_fill(&c->random, &chance, sizeof chance);
    c->failures++;
    c->connect_at_ms = c->now_ms + wait / 2 + chance % (wait / 2);
}

void online_lost(struct engine *c)
{
    retry_later(c);
    typing_forget(c);
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_OFFLINE });
}

/* Trying again helps only where time does. */
static void refused(struct engine *c, const struct line_event *e)
{
    switch (e->failure) {
    case LOGIN_TOKEN_STALE:
        keep_token(c, STR_NONE, STR_NONE);
        online_load(c);
        if (c->account.password.n > 0)
            return; /* at once, by the password */
        break;
    case LOGIN_LATER:
    case LOGIN_BROKEN: return;
    case LOGIN_REFUSED:
    case LOGIN_DISABLED:
    case LOGIN_NO_TLS:
    case LOGIN_NO_MECHANISM:
    case LOGIN_DOWNGRADE:
    case LOGIN_IMPOSTOR: break;
    }
    c->stopping = true;
    engine_tell(
        c, &(struct engine_event){
               .kind = ENGINE_OFFLINE, .refused = true, .failure = e->failure, .text = e->text });
}

/* ---- Stanzas --------------------------------------------------------------------------------------- */

/* RFC 6120 §8.2.3 rule 3: a request gets an answer. */
static void answer(struct engine *c, struct arena *a, const struct stanza *s)
{
    struct xml_node *reply;

    if (!stanza_may_be_answered(s))
        return;
    if (s->payload != NULL && xml_is(s->payload, STR(NS_PING), STR("ping")))
        reply = stanza_result(a, s);
    else
        reply = stanza_error(a, s, COND_SERVICE_UNAVAILABLE, STR_NONE);
    engine_send(c, reply, 0);
}

static void iq_came(struct engine *c, struct arena *a, const struct stanza *s)
{
    if (request_answered(c, s) || contacts_pushed(c, s) || blocks_pushed(c, s)
        || self_described(c, a, s) || (c->call_hooks != NULL && c->call_hooks->iq(c, a, s)))
        return;
    answer(c, a, s);
}

static void stanza_came(struct engine *c, struct line_event *e)
{
    struct stanza s;
    enum stanza_condition why;

    engine_handled(c);
    if (stanza_parse(&e->arena, e->node, &s, &why) != ERR_NONE)
        return; /* our server lets none of these through */
    switch (s.kind) {
    case STANZA_IQ: iq_came(c, &e->arena, &s); break;
    case STANZA_PRESENCE: contacts_presence(c, &s); break;
    case STANZA_MESSAGE: message_came(c, &e->arena, &s); break;
    }
}

static void acked(struct engine *c, uint64_t tag)
{
    if ((tag & WISH_TAG) != 0)
        wishes_acked(c, tag);
    else
        outbox_acked(c, tag);
}

void online_event(struct engine *c, struct line_event *e)
{
    switch (e->kind) {
    case LINE_START_TLS: c->wants_tls = true; break;
    case LINE_UP: went_online(c); break;
    case LINE_STANZA: stanza_came(c, e); break;
    case LINE_ACKED: acked(c, e->tag); break;
    case LINE_LOST: /* decisions go out anew in each session anyway */
        if ((e->tag & WISH_TAG) == 0)
            outbox_unsent(c, e->tag);
        break;
    case LINE_DOWN:
        c->wants_close = true;
        if (e->refused)
            refused(c, e);
        break;
    }
}
