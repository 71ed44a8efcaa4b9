/* equal_work.c: one failing login, or one call of a stranger, for counting the instructions it costs the server (equal-work runs it
 * under callgrind and compares).
 *
 *   equal_work sasl|sasl2 MECHANISM wrong|unknown|keyless|granted|dearer|longer
 *   equal_work call propose|retract stranger|present|blocked|unknown|twice
 *
 * wrong: the account exists and the password does not fit; unknown: there is no such account; keyless: it exists and
 * has no keys of this mechanism; granted: it has as many passwords as it may. All names are of one length. Whoever could tell them apart by the time an answer
 * takes could find out who has an account.
 * What the counting must notice: dearer: a password that takes one iteration more; longer: a name of 200 letters.
 *
 * stranger: of somebody who does not know the caller; present: the same, whose devices are there; blocked: he has blocked the caller;
 * unknown: there is no such account. Counted is all up to the acknowledgement (XEP-0198) of what was said, which the caller sees.
 * What the counting must notice: twice: two are said.
 */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "test/script/world_state.h"
#include "xmpp/ns.h"

enum { ACCOUNTS = 300, ITERATIONS = SCRAM_ITERATIONS_MIN };

/* What the engine and the store do; callgrind counts while this function runs. */
__attribute__((noinline)) void equal_work_measured(struct world *w);

void equal_work_measured(struct world *w)
{
    world_run(w);
}

struct attempt {
    struct world *world;
    struct transport transport;
    void *wire;
    struct arena arena;
    bool sasl2, twice;
    const char *mechanism, *name;
};

static void fill(struct world *w)
{
    struct arena a = { 0 };

    for (int i = 0; i < ACCOUNTS; i++)
        world_account(w, arena_printf(&a, "u%04d", i), STR("secret"), 1);
    world_account(w, STR("alice"), STR("secret"), ITERATIONS);
    world_account(w, STR("empty"), STR(""), 1);
    world_account(w, STR("elder"), STR("secret"), ITERATIONS + 1);
    world_account(w, STR("hetty"), STR("secret"), ITERATIONS);
    world_account(w, STR("block"), STR("secret"), ITERATIONS);
    world_account(w, STR("grace"), STR("secret"), ITERATIONS);
    for (int i = 0; i < GRANTS_MAX; i++)
        world_grant(w, STR("grace"), arena_printf(&a, "app-aaaaaaaaaaaaaa%d", i), ITERATIONS);
    arena_deinit(&a);
}

/* ---- The client ------------------------------------------------------------------------------------ */

static void say(struct attempt *at, struct str text)
{
    at->transport.ops->write(at->wire, text);
}

/* What the server has said. */
static struct str hear(struct attempt *at)
{
    struct buf in;
    struct str text;

    buf_init(&in, WIRE_LIMIT);
    at->transport.ops->read(at->wire, &in);
    text = arena_str(&at->arena, buf_str(&in));
    buf_deinit(&in);
    return text;
}

/* The text of an element that has nothing else in it. */
static struct str content(struct str element)
{
    element = str_skip(element, str_find(element, '>') + 1);
    return str_slice(element, 0, str_find(element, '<'));
}

static struct str octets(struct attempt *at, struct str message)
{
    return base64_text(&at->arena, bytes_of_str(message));
}

static struct str first_message(struct attempt *at)
{
    struct arena *a = &at->arena;

    if (strcmp(at->mechanism, "PLAIN") == 0)
        return arena_concat(a, (struct str){ "", 1 },
                            arena_concat(a, str_from(at->name),
                                         arena_concat(a, (struct str){ "", 1 }, STR("wrong!"))));
    if (strncmp(at->mechanism, "HT-", 3) == 0)
        return sasl_ht_first(a, str_from(at->name), STR("no token"), (struct bytes){ NULL, 0 });
    return arena_printf(a, "n,,n=%s,r=abcdefgh", at->name);
}

static struct str begin(struct attempt *at)
{
    struct str first = octets(at, first_message(at));

    if (!at->sasl2)
        return arena_printf(&at->arena, "<auth xmlns='" NS_SASL "' mechanism='%s'>%.*s</auth>",
                            at->mechanism, STR_ARG(first));
    return arena_printf(
        &at->arena,
        "<authenticate xmlns='" NS_SASL2
        "' mechanism='%s'><initial-response>%.*s</initial-response>"
        "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'/><fast xmlns='" NS_FAST "'/>"
        "</authenticate>",
        at->mechanism, STR_ARG(first));
}

/* A proof of the right length that fits nothing. */
static struct str answer(struct attempt *at, struct str challenge)
{
    static const uint8_t zeroes[HASH_SIZE_MAX];
    size_t n = strstr(at->mechanism, "512") ? 64 : strstr(at->mechanism, "256") ? 32 : 20;
    struct str nonce = str_split(&challenge, ',');
    struct str final = arena_printf(&at->arena, "c=biws,%.*s,p=%.*s", STR_ARG(nonce),
                                    STR_ARG(base64_text(&at->arena, bytes_of(zeroes, n))));

    return arena_printf(&at->arena, "<response xmlns='%s'>%.*s</response>",
                        at->sasl2 ? NS_SASL2 : NS_SASL, STR_ARG(octets(at, final)));
}

/* ---- One login ------------------------------------------------------------------------------------- */

static bool fail_to_log_in(struct attempt *at, void (*run)(struct world *w))
{
    struct bytes challenge;
    struct str said;
    bool failed;

    at->wire = at->transport.ops->open(at->transport.ctx, STR("here"));
    at->transport.ops->secure(at->wire);
    say(at, STR("<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM
                "' to='sotto.test' version='1.0'>"));
    world_run(at->world);
    hear(at);
    say(at, begin(at));
    run(at->world);
    said = hear(at);
    if (strstr(at->mechanism, "SCRAM") != NULL) {
        if (base64_read(&at->arena, content(said), &challenge) != ERR_NONE)
            return false;
        say(at, answer(at, str_of_bytes(challenge)));
        run(at->world);
        said = hear(at);
    }
    failed = memmem(said.p, said.n, "not-authorized", strlen("not-authorized")) != NULL;
    at->transport.ops->cut(at->wire);
    world_run(at->world);
    return failed;
}

/* ---- One call -------------------------------------------------------------------------------------- */

/* Counts until the caller has an answer. */
__attribute__((noinline)) void equal_work_answered(struct wire *w);

void equal_work_answered(struct wire *w)
{
    while (w->to_client.n == 0 && world_step(w->world))
        continue;
}

static void log_in(struct attempt *at, struct str name)
{
    static const char *const bound[] = {
        "<iq type='set' id='b'><bind xmlns='" NS_BIND "'/></iq>",
        "<enable xmlns='" NS_SM "'/>",
        "<presence/>",
    };
    struct str first =
        arena_concat(&at->arena, arena_concat(&at->arena, (struct str){ "", 1 }, name),
                     arena_concat(&at->arena, (struct str){ "", 1 }, STR("secret")));
    struct str header = STR("<stream:stream xmlns='jabber:client' xmlns:stream='" NS_STREAM
                            "' to='sotto.test' version='1.0'>");

    at->wire = at->transport.ops->open(at->transport.ctx, STR("here"));
    at->transport.ops->secure(at->wire);
    say(at, header);
    say(at, arena_printf(&at->arena, "<auth xmlns='" NS_SASL "' mechanism='PLAIN'>%.*s</auth>",
                         STR_ARG(octets(at, first))));
    world_run(at->world);
    say(at, header);
    for (size_t i = 0; i < COUNT_OF(bound); i++)
        say(at, str_from(bound[i]));
    world_run(at->world);
    hear(at);
}

/* All that he says is in one piece, as is what he hears: nothing but the acknowledgement. */
static bool call(struct attempt *at, const char *name, const char *id,
                 void (*until)(struct wire *w))
{
    bool retracts = strcmp(at->mechanism, "retract") == 0;
    struct str word = arena_printf(
        &at->arena,
        "<message type='chat' to='%s@sotto.test'><%s xmlns='" NS_JINGLE_MESSAGE
        "' id='%s'>%s</%s></message>",
        name, at->mechanism, id,
        retracts ? "" : "<description xmlns='" NS_JINGLE_RTP "' media='audio'/>", at->mechanism);
    struct str said;

    if (at->twice)
        say(at, word);
    say(at, arena_concat(&at->arena, word, STR("<r xmlns='" NS_SM "'/>")));
    until(at->wire);
    said = hear(at);
    world_run(at->world);
    return str_starts(said, STR("<a xmlns='" NS_SM "' h='")) && hear(at).n == 0;
}

static void all_of_it(struct wire *w)
{
    world_run(w->world);
}

/* One who is there, and one who blocks the caller. */
static void let_in_others(struct attempt *at)
{
    struct attempt other = { .world = at->world, .transport = at->transport };

    log_in(&other, STR("hetty"));
    log_in(&other, STR("block"));
    say(&other, STR("<iq type='set' id='x'><block xmlns='" NS_BLOCKING
                    "'><item jid='grace@sotto.test'/></block></iq>"));
    world_run(at->world);
    at->transport.ops->cut(other.wire);
    world_run(at->world);
    arena_deinit(&other.arena);
}

/* Those who are called have names of one length. The first call is to nobody: caches are there. */
static bool call_in_vain(struct attempt *at)
{
    let_in_others(at);
    log_in(at, STR("grace"));
    return call(at, "fewer", "0123456789abcdef", all_of_it)
           && call(at, at->name, "0123456789abcdeg", equal_work_answered);
}

static bool log_in_in_vain(struct attempt *at)
{
    bool good = true;

    for (int i = 0; i < 3; i++) /* caches and prepared statements are there */
        good &= fail_to_log_in(at, world_run);
    return good && fail_to_log_in(at, equal_work_measured);
}

static const char *name_of(struct arena *a, const char *way)
{
    static const char *const names[][2] = {
        { "wrong", "alice" },   { "keyless", "empty" }, { "dearer", "elder" },
        { "granted", "grace" }, { "unknown", "ghost" }, { "stranger", "alice" },
        { "present", "hetty" }, { "blocked", "block" }, { "twice", "alice" },
    };

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(way, names[i][0]) == 0)
            return names[i][1];
    return arena_printf(a, "%0200d", 0).p;
}

int main(int argc, char **argv)
{
    struct world_options options = { .homes = 1 };
    struct attempt at = { 0 };
    const char *left;
    bool good = argc == 4;

    if (!good)
        return 2;
    at.world = world_new(&options);
    at.transport = world_transport(at.world);
    at.sasl2 = strcmp(argv[1], "sasl2") == 0;
    at.mechanism = argv[2];
    at.name = name_of(&at.arena, argv[3]);
    fill(at.world);
    at.twice = strcmp(argv[3], "twice") == 0;
    good = strcmp(argv[1], "call") == 0 ? call_in_vain(&at) : log_in_in_vain(&at);
    good &= world_free(at.world, &left);
    arena_deinit(&at.arena);
    if (!good)
        fprintf(stderr, "equal_work: it did not end as it should\n");
    return !good;
}
