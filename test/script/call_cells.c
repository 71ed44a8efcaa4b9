/* call_cells.c: everything that can be said of a call, by everybody, to everybody, in every phase of it: what the ledger's table does not
 * list reaches nobody, and leaves the call as it was; what it lists reaches somebody.
 *
 *   call_cells            one TAP line for each phase of each manner
 *
 * Two manners: the caller's client asks first, or it begins with an offer and the server asks in its place
 * (policy.calls_direct = adapt). Then it calls one device, and another one accepts.
 */
#include <stdio.h>

#include "jingle/ledger.h"
#include "test/script/client.h"
#include "test/script/world.h"
#include "xmpp/ns.h"

#define SID   "ca3cf894-5325-482f-a412-a6e9f832298d"
#define OTHER "00000000-5325-482f-a412-a6e9f832298d"

enum { PHASE_NONE = CALL_PHASES, PHASES, CLIENTS = 5, FOREIGN = 4 };
enum { SAYINGS = CALL_WORDS + JINGLE_ACTIONS + FOREIGN };

static const char *const names[CLIENTS] = { "alice", "alice/2", "bob", "bob/2", "mallory" };

/* Who says it to whom; {name} is an address. */
static const struct direction {
    unsigned from;
    const char *to;
    bool caller, callee; /* who may say what belongs to that side */
    bool bare;
} directions[] = {
    { 0, "{bob}", true, false, false },          { 0, "bob@sotto.test", true, false, true },
    { 0, "{bob/2}", false, false, false },       { 0, "{alice/2}", false, false, false },
    { 0, "{mallory}", false, false, false },     { 1, "{bob}", false, false, false },
    { 1, "bob@sotto.test", false, false, true }, { 2, "{alice}", false, true, false },
    { 2, "{alice/2}", false, false, false },     { 2, "{bob/2}", false, false, false },
    { 2, "{mallory}", false, false, false },     { 3, "{alice/2}", false, false, false },
    { 4, "{alice}", false, false, false },       { 4, "alice@sotto.test", false, false, true },
    { 4, "{bob}", false, false, false },         { 4, "bob@sotto.test", false, false, true },
};

enum manner { ASKING, DIRECT, MANNERS };
static const char *const manners[MANNERS] = { "asking", "direct" };

/* A phase of a call that began in this manner. */
struct cell {
    enum manner manner;
    unsigned phase;
};

struct stage {
    struct world *world;
    struct transport transport;
    struct names names;
    struct arena arena;
    struct client *clients[CLIENTS];
    struct str why;
};

/* ---- What is said ---------------------------------------------------------------------------------- */

static const char *const foreign[FOREIGN] = { "transport-replace", "description-info",
                                              "security-info", "destroy" };

static const char *saying_text(unsigned saying)
{
    if (saying < CALL_WORDS)
        return call_word_text((enum call_word)saying);
    if (saying < CALL_WORDS + JINGLE_ACTIONS)
        return jingle_action_text((enum jingle_action)(saying - CALL_WORDS));
    return foreign[saying - CALL_WORDS - JINGLE_ACTIONS];
}

static struct str content(struct arena *a, const char *name, const char *media, const char *payload)
{
    return arena_printf(
        a,
        "<content creator='initiator' name='%s'>"
        "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='%s'>%s<rtcp-mux/></description>"
        "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='8hhy' "
        "pwd='asd88fgpdd777uzjYhagZg'>"
        "<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='active'>"
        "02:1A:CC:54:27:AB:EB:9C:53:3F:3E:4B:65:2E:7D:46:3F:54:42:CD:54:F1:7A:03:A2:7D:F9:B0:7F:46:"
        "19:B2</fingerprint></transport></content>",
        name, media, payload);
}

/* Whole, so that only the ledger has a reason to refuse it. */
static struct str body_of(struct arena *a, unsigned saying)
{
    switch (saying - CALL_WORDS) {
    case JINGLE_SESSION_INITIATE:
    case JINGLE_SESSION_ACCEPT:
    case JINGLE_TRANSPORT_INFO:
        return content(a, "a", "audio", "<payload-type id='111' name='opus' clockrate='48000'/>");
    case JINGLE_CONTENT_ADD:
        return content(a, "v", "video", "<payload-type id='96' name='VP8' clockrate='90000'/>");
    case JINGLE_SESSION_TERMINATE: return STR("<reason><success/></reason>");
    case JINGLE_SESSION_INFO: return STR("<ringing xmlns='urn:xmpp:jingle:apps:rtp:info:1'/>");
    case JINGLE_CONTENT_ACCEPT: /* of a picture, by the name of the sound */
        return content(a, "a", "video", "<payload-type id='96' name='VP8' clockrate='90000'/>");
    default: return STR("<content creator='initiator' name='a' senders='both'/>");
    }
}

static struct str stanza_of(struct arena *a, unsigned saying, const char *to, const char *id)
{
    const char *text = saying_text(saying);

    if (saying >= CALL_WORDS)
        return arena_printf(a,
                            "<iq type='set' id='said' to='%s'><jingle xmlns='urn:xmpp:jingle:1' "
                            "action='%s' sid='%s'>%.*s</jingle></iq>",
                            to, text, id, STR_ARG(body_of(a, saying)));
    return arena_printf(a,
                        "<message type='chat' id='said' to='%s'><%s "
                        "xmlns='urn:xmpp:jingle-message:0' id='%s'>%s</%s></message>",
                        to, text, id,
                        saying == CALL_PROPOSE
                            ? "<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/>"
                            : "",
                        text);
}

static bool say(struct stage *s, unsigned from, struct str stanza)
{
    struct str missing, text = names_fill(&s->names, &s->arena, stanza, &missing);

    client_write(s->clients[from], text);
    world_run(s->world);
    return text.p != NULL;
}

/* ---- What came of it ------------------------------------------------------------------------------- */

/* How many things came to anybody; the answer to a request is not among them. */
static unsigned look(struct stage *s)
{
    unsigned came = 0;

    for (unsigned i = 0; i < CLIENTS; i++) {
        client_receive(s->clients[i]);
        for (struct link *l; (l = list_pop(&s->clients[i]->items)) != NULL;) {
            struct item *item = LIST_ENTRY(l, struct item, link);

            came += item->node == NULL || !str_is(xml_get(item->node, STR("id")), "said")
                    || str_is(item->node->name, "message");
            item_free(item);
        }
    }
    return came;
}

/* ---- Stages ---------------------------------------------------------------------------------------- */

static void make_contacts(struct stage *s)
{
    static const char *const accounts[] = { "alice", "bob", "mallory" };

    for (unsigned i = 0; i < 3; i++)
        (void)world_account(s->world, str_from(accounts[i]), STR("secret"), 1);
    for (unsigned i = 0; i < 9; i++)
        if (i / 3 != i % 3)
            (void)world_roster(s->world, str_from(accounts[i / 3]),
                               arena_printf(&s->arena,
                                            "<item jid='%s@sotto.test' subscription='both'/>",
                                            accounts[i % 3]));
}

static bool begin(struct stage *s, enum manner manner)
{
    struct world_options options = { .homes = 3 };
    bool good = true;

    *s = (struct stage){ .world = world_new(&options) };
    s->transport = world_transport(s->world);
    (void)world_config(s->world, STR("limits.messages_per_account"), STR("off"));
    (void)world_config(s->world, STR("limits.stanzas_per_account"), STR("off"));
    if (manner == DIRECT)
        (void)world_config(s->world, STR("policy.calls_direct"), STR("adapt"));
    make_contacts(s);
    for (unsigned i = 0; i < CLIENTS; i++)
        s->clients[i] = client_new(str_from(names[i]), STR("sotto.test"), &s->transport, &s->names);
    for (unsigned i = 0; i < CLIENTS; i++)
        good &= client_connect(s->clients[i], STR("nopresence"));
    world_anchor_ready(s->world, true);
    look(s);
    return good;
}

static bool end(struct stage *s)
{
    const char *left;
    bool good;

    good = world_free(s->world, &left);
    for (unsigned i = 0; i < CLIENTS; i++)
        client_free(s->clients[i]);
    arena_deinit(&s->names.arena);
    arena_deinit(&s->arena);
    return good;
}

static bool step(struct stage *s, unsigned from, unsigned saying, const char *to)
{
    return say(s, from, stanza_of(&s->arena, saying, to, SID));
}

/* Which device the caller talks to, as far as he knows. */
static const char *peer_of(enum manner manner)
{
    return manner == DIRECT ? "{bob/2}" : "{bob}";
}

static void lead(struct stage *s, enum manner manner, unsigned phase)
{
    if (phase == PHASE_NONE)
        return;
    if (manner == DIRECT)
        step(s, 0, CALL_WORDS + JINGLE_SESSION_INITIATE, "{bob/2}");
    else
        step(s, 0, CALL_PROPOSE, "bob@sotto.test");
    if (phase >= CALL_RINGS)
        step(s, 2, CALL_RINGING, "{alice}");
    if (phase >= CALL_ACCEPTED)
        step(s, 2, CALL_PROCEED, "{alice}");
    if (phase >= CALL_INITIATED && manner == ASKING)
        step(s, 0, CALL_WORDS + JINGLE_SESSION_INITIATE, "{bob}");
    if (phase >= CALL_ACTIVE)
        step(s, 2, CALL_WORDS + JINGLE_SESSION_ACCEPT, "{alice}");
    if (phase >= CALL_ENDED)
        step(s, 0, CALL_WORDS + JINGLE_SESSION_TERMINATE, peer_of(manner));
    look(s);
}

/* ---- Cells ----------------------------------------------------------------------------------------- */

/* What the server hears itself while it asks in the caller's place. */
static bool is_for_the_server(struct cell c, enum call_side side, unsigned saying)
{
    return c.manner == DIRECT && side == CALL_CALLER && c.phase <= CALL_RINGS
           && (saying == CALL_WORDS + JINGLE_SESSION_TERMINATE
               || saying == CALL_WORDS + JINGLE_TRANSPORT_INFO);
}

static bool passes(struct cell c, enum call_side side, unsigned saying)
{
    unsigned phase = c.phase;

    if (is_for_the_server(c, side, saying))
        return true;

    if (phase == PHASE_NONE || saying >= CALL_WORDS + JINGLE_ACTIONS)
        return false;
    return saying < CALL_WORDS
               ? ledger_word_passes((enum call_phase)phase, side, (enum call_word)saying)
               : ledger_action_passes((enum call_phase)phase, side,
                                      (enum jingle_action)(saying - CALL_WORDS));
}

/* The caller's words go to whatever address of the callee. */
static bool may(struct cell c, const struct direction *d, unsigned saying)
{
    bool to_callee = d->from == 0 && (d->caller || str_eq(str_from(d->to), STR("{bob/2}")));

    if (d->callee)
        return passes(c, CALL_CALLEE, saying);
    if (saying < CALL_WORDS)
        return to_callee && passes(c, CALL_CALLER, saying);
    return d->from == 0 && str_eq(str_from(d->to), str_from(peer_of(c.manner)))
           && passes(c, CALL_CALLER, saying);
}

/* A new call is another matter: only the same one again, of the same two, is to be refused. */
static bool begins_call(struct cell c, unsigned saying)
{
    return saying == CALL_PROPOSE
           || (c.manner == DIRECT && saying == CALL_WORDS + JINGLE_SESSION_INITIATE);
}

static bool is_asked(struct cell c, const struct direction *d, unsigned saying)
{
    bool to_bob = d->to[0] == 'b' || str_starts(str_from(d->to), STR("{bob"));

    return !begins_call(c, saying) || (c.phase != PHASE_NONE && d->from < 2 && to_bob);
}

/* The table lets them pass, but nobody has offered a picture here, and the sound stays (calls-video-added.chat). */
static bool needs_more(unsigned saying)
{
    return saying == CALL_WORDS + JINGLE_CONTENT_ACCEPT
           || saying == CALL_WORDS + JINGLE_CONTENT_REJECT
           || saying == CALL_WORDS + JINGLE_CONTENT_REMOVE
           || saying == CALL_WORDS + JINGLE_CONTENT_MODIFY;
}

static bool fails(struct cell c, const struct direction *d, unsigned saying, const char *what)
{
    printf("# %s, phase %u, %s to %s, %s: %s\n", manners[c.manner], c.phase, names[d->from], d->to,
           saying_text(saying), what);
    return false;
}

/* All that may not be said, one after the other in the same call: none of it may change it. */
static bool refused_cells(struct cell c)
{
    struct stage s;
    bool good = begin(&s, c.manner);

    lead(&s, c.manner, c.phase);
    for (size_t i = 0; i < COUNT_OF(directions); i++) {
        const struct direction *d = &directions[i];

        for (unsigned saying = 0; saying < SAYINGS; saying++) {
            if (!is_asked(c, d, saying))
                continue;
            if (!begins_call(c, saying)) {
                say(&s, d->from, stanza_of(&s.arena, saying, d->to, OTHER));
                if (look(&s) > 0)
                    good = fails(c, d, saying, "of another call, it reaches somebody");
            }
            if (may(c, d, saying) && !needs_more(saying))
                continue;
            step(&s, d->from, saying, d->to);
            if (look(&s) > 0)
                good = fails(c, d, saying, "it reaches somebody");
        }
    }
    return end(&s) && good;
}

static bool reaches(struct cell c, const struct direction *d, unsigned saying)
{
    struct stage s;
    bool good = begin(&s, c.manner);
    unsigned came;

    lead(&s, c.manner, c.phase);
    step(&s, d->from, saying, d->to);
    came = look(&s);
    if (came == 0 && saying != CALL_WORDS + JINGLE_TRANSPORT_INFO)
        good = fails(c, d, saying, "it reaches nobody");
    return end(&s) && good;
}

static bool allowed_cells(struct cell c)
{
    bool good = true;

    for (size_t i = 0; i < COUNT_OF(directions); i++)
        for (unsigned saying = 0; saying < SAYINGS; saying++)
            if (may(c, &directions[i], saying) && !needs_more(saying))
                good &= reaches(c, &directions[i], saying);
    return good;
}

/* The server makes the offer as soon as somebody has accepted. */
static bool is_left_out(struct cell c)
{
    return c.manner == DIRECT && c.phase == CALL_ACCEPTED;
}

int main(void)
{
    unsigned failures = 0;

    for (unsigned i = 0; i < MANNERS * PHASES; i++) {
        struct cell c = { (enum manner)(i / PHASES), i % PHASES };
        bool good = is_left_out(c) || (refused_cells(c) & allowed_cells(c));

        failures += !good;
        printf("%sok %u - %s, phase %u\n", good ? "" : "not ", i + 1, manners[c.manner], c.phase);
        fflush(stdout);
    }
    printf("1..%u\n", (unsigned)(MANNERS * PHASES));
    return failures > 0;
}
