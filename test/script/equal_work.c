/* equal_work.c: one failing login, for counting the instructions it costs the server (equal-work runs it under
 * callgrind and compares).
 *
 *   equal_work sasl|sasl2 MECHANISM wrong|unknown|keyless|dearer|longer
 *
 * wrong: the account exists and the password does not fit; unknown: there is no such account; keyless: it exists and
 * has no keys of this mechanism. All names are of one length. Whoever could tell them apart by the time an answer
 * takes could find out who has an account.
 * What the counting must notice: dearer: a password that takes one iteration more; longer: a name of 200 letters.
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
    bool sasl2;
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

static const char *name_of(struct arena *a, const char *way)
{
    static const char *const names[][2] = {
        { "wrong", "alice" }, { "keyless", "empty" }, { "dearer", "elder" }, { "unknown", "ghost" }
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
    for (int i = 0; i < 3; i++) /* caches and prepared statements are there */
        good &= fail_to_log_in(&at, world_run);
    good &= fail_to_log_in(&at, equal_work_measured);
    good &= world_free(at.world, &left);
    arena_deinit(&at.arena);
    if (!good)
        fprintf(stderr, "equal_work: the login did not fail as it should\n");
    return !good;
}
