/* monkey.c: random conversations: six clients of three accounts do what no script thought of, in orders that nobody
 * planned, with a store that waits and fails. Nothing is expected but that the engine stays whole: no sanitizer has
 * anything to say, and at the end nothing is left of any session.
 *
 *   monkey [FIRST [COUNT]]      walks with these seeds; one TAP line for each
 */
#include <stdio.h>

#include "base/encode.h"
#include "test/script/client.h"
#include "test/script/world_state.h"

enum { CLIENTS = 6, STEPS = 150, WALKS = 100, WORDS_MAX = 20 };

static const char *const accounts[] = { "alice", "bob", "carol" };
static const char *const client_names[CLIENTS] = { "alice", "alice/2", "bob",
                                                   "bob/2", "carol",   "carol/2" };

static const char *const options[] = {
    "",
    "sm",
    "sm=manual",
    "sm carbons",
    "sm=manual carbons caps=urn:x",
    "carbons priority=-1",
    "nopresence noroster",
    "sm caps=urn:x,urn:y",
    "as=main sm",
    "raw",
};

#define CALL_CONTENT                                                                               \
    "<content creator='initiator' name='a'><description xmlns='urn:xmpp:jingle:apps:r"             \
    "tp:1' media='audio'><payload-type id='111' name='opus'/><rtcp-mux/></description"             \
    "><transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='8hh%n' pwd='asd8"             \
    "8fgpdd777uzjYhagZg'><fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-2"             \
    "56' setup='active'>02:1A:CC:54:27:AB:EB:9C:53:3F:3E:4B:65:2E:7D:46:3F:54:42:CD:5"             \
    "4:F1:7A:03:A2:7D:F9:B0:7F:46:19:B2</fingerprint></transport></content>"

/* %t is an address, %n a number. */
static const char *const stanzas[] = {
    "<message to='%t' type='chat' id='m%n'><body>hi</body></message>",
    "<message to='%t' type='chat'><body>hi</body><origin-id xmlns='urn:xmpp:sid:0' "
    "id='o%n'/></message>",
    "<message to='%t'><body>hi</body><private xmlns='urn:xmpp:carbons:2'/></message>",
    "<message to='%t' type='chat'><composing "
    "xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<message to='%t' type='headline'><body>hi</body></message>",
    "<message to='%t' type='groupchat'><body>hi</body></message>",
    "<message to='%t' type='error'><error type='cancel'/></message>",
    "<message type='chat'><body>note</body></message>",
    "<presence/>",
    "<presence><priority>-1</priority></presence>",
    "<presence><priority>5</priority><show>away</show></presence>",
    "<presence type='unavailable'/>",
    "<presence to='%t'/>",
    "<presence to='%t' type='unavailable'/>",
    "<presence to='%t' type='probe'/>",
    "<presence to='%t' type='subscribe'/>",
    "<presence to='%t' type='subscribe'/>",
    "<presence to='%t' type='subscribed'/>",
    "<presence to='%t' type='subscribed'/>",
    "<presence to='%t' type='unsubscribe'/>",
    "<presence to='%t' type='unsubscribed'/>",
    "<iq type='get' id='i%n'><query xmlns='jabber:iq:roster'/></iq>",
    "<iq type='set' id='i%n'><query xmlns='jabber:iq:roster'><item jid='%t' "
    "name='N%n'><group>G</group></item></query></iq>",
    "<iq type='set' id='i%n'><query xmlns='jabber:iq:roster'><item jid='%t' "
    "subscription='remove'/></query></iq>",
    "<iq type='get' id='i%n' to='%t'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<iq type='get' id='i%n' to='%t'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    "<iq type='get' id='i%n' to='%t'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    "<iq type='result' id='i%n' to='%t'/>",
    "<iq type='set' id='i%n'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish "
    "node='urn:x'><item id='%n'><x xmlns='urn:x'/></item></publish></pubsub></iq>",
    "<iq type='set' id='i%n'><pubsub xmlns='http://jabber.org/protocol/pubsub'><publish "
    "node='urn:y'><item><x xmlns='urn:x'/></item></publish></pubsub></iq>",
    "<iq type='set' id='i%n'><pubsub xmlns='http://jabber.org/protocol/pubsub'><retract "
    "node='urn:x' notify='1'><item id='%n'/></retract></pubsub></iq>",
    "<iq type='get' id='i%n' to='%t'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items "
    "node='urn:x'/></pubsub></iq>",
    "<iq type='get' id='i%n'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:x' "
    "max_items='1'/></pubsub></iq>",
    "<iq type='set' id='i%n'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><delete "
    "node='urn:x'/></pubsub></iq>",
    "<iq type='set' id='i%n'><pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><purge "
    "node='urn:y'/></pubsub></iq>",
    "<iq type='set' id='i%n'><query xmlns='urn:xmpp:mam:2' queryid='%n'><set "
    "xmlns='http://jabber.org/protocol/rsm'><max>%n</max></set></query></iq>",
    "<iq type='get' id='i%n'><metadata xmlns='urn:xmpp:mam:2'/></iq>",
    "<iq type='set' id='i%n'><block xmlns='urn:xmpp:blocking'><item jid='%t'/></block></iq>",
    "<iq type='set' id='i%n'><unblock xmlns='urn:xmpp:blocking'><item jid='%t'/></unblock></iq>",
    "<iq type='set' id='i%n'><unblock xmlns='urn:xmpp:blocking'/></iq>",
    "<iq type='get' id='i%n'><blocklist xmlns='urn:xmpp:blocking'/></iq>",
    "<iq type='set' id='i%n'><query xmlns='jabber:iq:private'><x xmlns='urn:p'>%n</x></query></iq>",
    "<iq type='get' id='i%n'><query xmlns='jabber:iq:private'><x xmlns='urn:p'/></query></iq>",
    "<iq type='set' id='i%n'><vCard xmlns='vcard-temp'><FN>%n</FN></vCard></iq>",
    "<iq type='get' id='i%n' to='%t'><vCard xmlns='vcard-temp'/></iq>",
    "<iq type='set' id='i%n'><enable xmlns='urn:xmpp:carbons:2'/></iq>",
    "<iq type='set' id='i%n'><disable xmlns='urn:xmpp:carbons:2'/></iq>",
    "<iq type='set' id='i%n'><bind "
    "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>main</resource></bind></iq>",
    "<iq type='set' id='i%n'><query "
    "xmlns='jabber:iq:register'><username>alice</username><password>secret</password></query></iq>",
    "<iq type='set' id='i%n'><query xmlns='jabber:iq:register'><remove/></query></iq>",
    "<iq type='get' id='i%n'><list xmlns='urn:xmpp:cam:0'/></iq>",
    "<iq type='set' id='i%n'><revoke xmlns='urn:xmpp:cam:0' id='%t'/></iq>",
    "<iq type='set' id='i%n' to='sotto.test'><command xmlns='http://jabber.org/protocol/commands' "
    "node='urn:xmpp:invite#invite'/></iq>",
    "<message to='%t' type='chat'><propose xmlns='urn:xmpp:jingle-message:0' "
    "id='callcallcallcall%n'><description xmlns='urn:xmpp:jingle:apps:rtp:1' "
    "media='audio'/></propose></message>",
    "<message to='%t' type='chat'><propose xmlns='urn:xmpp:jingle-message:0' "
    "id='callcallcallcall%n'><description xmlns='urn:xmpp:jingle:apps:rtp:1' "
    "media='audio'/></propose></message>",
    "<message to='%t' type='chat'><ringing xmlns='urn:xmpp:jingle-message:0' "
    "id='callcallcallcall%n'></ringing></message>",
    "<message to='%t' type='chat'><proceed xmlns='urn:xmpp:jingle-message:0' "
    "id='callcallcallcall%n'></proceed></message>",
    "<message to='%t' type='chat'><proceed xmlns='urn:xmpp:jingle-message:0' "
    "id='callcallcallcall%n'></proceed></message>",
    "<message to='%t' type='chat'><reject xmlns='urn:xmpp:jingle-message:0' "
    "id='callcallcallcall%n'></reject></message>",
    "<message to='%t' type='chat'><retract xmlns='urn:xmpp:jingle-message:0' "
    "id='callcallcallcall%n'></retract></message>",
    "<message to='%t' type='chat'><finish xmlns='urn:xmpp:jingle-message:0' "
    "id='callcallcallcall%n'></finish></message>",
    "<iq type='set' id='i%n' to='%t'><jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' "
    "sid='callcallcallcall%n'>" CALL_CONTENT "</jingle></iq>",
    "<iq type='set' id='i%n' to='%t'><jingle xmlns='urn:xmpp:jingle:1' action='session-accept' "
    "sid='callcallcallcall%n'>" CALL_CONTENT "</jingle></iq>",
    "<iq type='set' id='i%n' to='%t'><jingle xmlns='urn:xmpp:jingle:1' action='transport-info' "
    "sid='callcallcallcall%n'>" CALL_CONTENT "</jingle></iq>",
    "<iq type='set' id='i%n' to='%t'><jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' "
    "sid='callcallcallcall%n'></jingle></iq>",
    "<iq type='error' id='jingle-%n-vital' to='%t'/>",
    "<inactive xmlns='urn:xmpp:csi:0'/>",
    "<active xmlns='urn:xmpp:csi:0'/>",
    "<r xmlns='urn:xmpp:sm:3'/>",
    "<a xmlns='urn:xmpp:sm:3' h='%n'/>",
    "<enable xmlns='urn:xmpp:sm:3' resume='1'/>",
    "</stream:stream>",
    "<nonsense/>",
    "<broken></end>",
};

struct walk {
    struct world *world;
    struct transport transport;
    struct names names;
    struct client *clients[CLIENTS];
    struct arena arena;
    uint64_t dice;
    /* Each walk knows a few words and a few people only, and so gets further with them. */
    const char *words[WORDS_MAX];
    unsigned word_count, client_count;
};

static unsigned roll(struct walk *k, unsigned sides)
{
    return (unsigned)(world_next_random(&k->dice) % sides);
}

/* ---- What a client does ---------------------------------------------------------------------------- */

static struct str any_address(struct walk *k)
{
    const struct client *c = k->clients[roll(k, k->client_count)];

    switch (roll(k, 8)) {
    case 0: return STR("sotto.test");
    case 1: return STR("ghost@sotto.test");
    case 2: return STR("bob@other.test");
    case 3:
    case 4: return c->jid.n > 0 ? c->jid : STR("alice@sotto.test/nowhere");
    default: return arena_printf(&k->arena, "%s@sotto.test", accounts[roll(k, COUNT_OF(accounts))]);
    }
}

static void send_something(struct walk *k, struct client *c)
{
    struct str text = str_from(k->words[roll(k, k->word_count)]);
    struct buf filled;

    buf_init(&filled, 64 * 1024);
    while (text.p != NULL && text.n > 0) {
        buf_add(&filled, str_split(&text, '%'));
        if (text.n > 0 && text.p[0] == 't')
            buf_add(&filled, any_address(k));
        else if (text.n > 0)
            buf_add_u64(&filled, roll(k, 12));
        text = str_skip(text, 1);
    }
    client_write(c, buf_str(&filled));
    buf_deinit(&filled);
}

/* SASL2 with all that it may carry (XEP-0388, 0386, 0198 §9), in one go, by one of two devices. */
static void log_in_at_once(struct walk *k, struct client *c)
{
    struct str name = str_slice(c->name, 0, str_find(c->name, '/'));
    struct str plain = arena_printf(&k->arena, "%c%.*s%csecret", '\0', STR_ARG(name), '\0');
    struct str previd = k->clients[roll(k, k->client_count)]->sm_id;

    if (!client_connect(c, STR("raw")) || !client_send_header(c))
        return;
    client_write(c, arena_printf(&k->arena,
                                 "<authenticate xmlns='urn:xmpp:sasl:2' "
                                 "mechanism='PLAIN'><initial-response>%.*s</initial-response>"
                                 "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf8777%u'/>",
                                 STR_ARG(base64_text(&k->arena, bytes_of_str(plain))), roll(k, 2)));
    if (previd.n > 0 && roll(k, 2))
        client_write(c,
                     arena_printf(&k->arena, "<resume xmlns='urn:xmpp:sm:3' previd='%.*s' h='%u'/>",
                                  STR_ARG(previd), roll(k, 10)));
    if (roll(k, 2))
        client_write(c,
                     STR("<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>"));
    client_write(
        c, STR("<bind xmlns='urn:xmpp:bind:0'><tag>monkey</tag><enable xmlns='urn:xmpp:carbons:2'/>"
               "<enable xmlns='urn:xmpp:sm:3' resume='true'/></bind></authenticate>"));
    if (roll(k, 2))
        client_write(c, STR("<presence/>"));
}

static void resume_something(struct walk *k, struct client *c)
{
    const struct client *whose = k->clients[roll(k, k->client_count)];
    struct str id = c->sm_id.n > 0 && roll(k, 4) ? c->sm_id : whose->sm_id;
    uint32_t h = roll(k, 3) ? c->received : roll(k, 20);

    if (!client_login(c, STR("")))
        return;
    client_write(c, arena_printf(&k->arena, "<resume xmlns='urn:xmpp:sm:3' previd='%.*s' h='%u'/>",
                                 STR_ARG(id), h));
}

static void act(struct walk *k, struct client *c)
{
    unsigned what = roll(k, 30);

    if (c->wire == NULL) {
        if (what > 20)
            log_in_at_once(k, c);
        else if (what < 10 && c->sm_id.n > 0)
            resume_something(k, c);
        else
            (void)client_connect(c, str_from(options[roll(k, COUNT_OF(options))]));
        return;
    }
    if (what == 0)
        client_cut(c);
    else if (what == 1)
        client_write(c, STR("</stream:stream>"));
    else if (what == 2)
        c->transport->ops->freeze(c->wire, roll(k, 2));
    else
        send_something(k, c);
}

/* ---- What happens to the server -------------------------------------------------------------------- */

static void disturb(struct walk *k)
{
    switch (roll(k, 6)) {
    case 0: world_hold_store(k->world, HOLD_ALL); break;
    case 1: world_hold_store(k->world, HOLD_READS); break;
    case 2: world_fail_commits(k->world, 1 + roll(k, 3)); break;
    case 3: world_advance(k->world, roll(k, 100) * 1000); break;
    default: world_hold_store(k->world, HOLD_NOTHING); break;
    }
}

static void run_a_little(struct walk *k)
{
    for (unsigned n = roll(k, 12); n > 0 && world_step(k->world); n--)
        continue;
    if (roll(k, 3) == 0)
        for (size_t i = 0; i < CLIENTS; i++)
            (void)client_receive(k->clients[i]);
}

/* ---- A walk ---------------------------------------------------------------------------------------- */

static void begin(struct walk *k, uint64_t seed)
{
    struct world_options o = { .homes = 1 + (unsigned)(seed % 3),
                               .bytewise = seed % 7 == 0,
                               .shuffle = seed };

    k->dice = seed;
    k->client_count = 1 + roll(k, CLIENTS);
    k->word_count = 2 + roll(k, WORDS_MAX - 2);
    k->words[0] = "<presence/>";
    for (unsigned i = 1; i < k->word_count; i++)
        k->words[i] = stanzas[roll(k, COUNT_OF(stanzas))];
    k->world = world_new(&o);
    k->transport = world_transport(k->world);
    world_anchor_ready(k->world, true);
    (void)world_config(k->world, STR("policy.strangers"), STR("allow")); /* calls get further */
    (void)world_config(k->world, STR("limits.output_bytes"), STR("4000"));
    (void)world_config(k->world, STR("limits.roster_items"), STR("4"));
    (void)world_config(k->world, STR("limits.resumable_per_account"), STR("2"));
    for (size_t i = 0; i < COUNT_OF(accounts); i++)
        (void)world_account(k->world, str_from(accounts[i]), STR("secret"), 1);
    for (size_t i = 0; i < CLIENTS; i++)
        k->clients[i] =
            client_new(str_from(client_names[i]), STR("sotto.test"), &k->transport, &k->names);
}

static bool end(struct walk *k, const char **why)
{
    bool good = world_free(k->world, why);

    for (size_t i = 0; i < CLIENTS; i++)
        client_free(k->clients[i]);
    arena_deinit(&k->names.arena);
    arena_deinit(&k->arena);
    return good;
}

static bool walk(uint64_t seed, const char **why)
{
    struct walk *k = mem_alloc(sizeof *k);
    bool good;

    begin(k, seed);
    for (unsigned i = 0; i < STEPS; i++) {
        if (roll(k, 12) == 0)
            disturb(k);
        else
            act(k, k->clients[roll(k, k->client_count)]);
        run_a_little(k);
    }
    good = end(k, why);
    mem_free(k);
    return good;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, count = WALKS;
    unsigned failures = 0;

    if (argc > 1 && str_to_u64(str_from(argv[1]), UINT32_MAX, &first) != ERR_NONE)
        return 2;
    if (argc > 2 && str_to_u64(str_from(argv[2]), UINT32_MAX, &count) != ERR_NONE)
        return 2;
    for (uint64_t i = 0; i < count; i++) {
        const char *why = NULL;
        bool good = walk(first + i, &why);

        failures += !good;
        printf("%sok %llu - walk %llu%s%s\n", good ? "" : "not ", (unsigned long long)i + 1,
               (unsigned long long)(first + i), good ? "" : ": ", good ? "" : why);
        fflush(stdout);
    }
    printf("1..%llu\n", (unsigned long long)count);
    return failures > 0;
}
