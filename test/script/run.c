/* run.c: what the verbs of scripts do. */
#include "test/script/run.h"

#include <string.h>

#include "base/encode.h"
#include "test/script/client.h"
#include "test/script/live.h"
#include "xmpp/ns.h"
#include "xmpp/sasl.h"

enum { TEXT_MAX = 1024 * 1024 };

struct run {
    const struct run_options *options;
    const struct script *script;
    struct arena *arena;
    struct world *world;
    struct live *live; /* NULL: the world itself is the server */
    struct transport transport;
    struct names names;
    struct client *clients[SCRIPT_ACTORS];
    struct str why;
};

static bool fail(struct run *r, struct str why)
{
    r->why = arena_str(r->arena, why);
    return false;
}

#define FAIL(run, ...) fail(run, arena_printf((run)->arena, __VA_ARGS__))

/* Clients answer by themselves, and that may move others. */
static void settle(struct run *r)
{
    bool moving = true;

    while (moving) {
        moving = false;
        for (size_t i = 0; i < r->script->actor_count; i++)
            moving |= client_receive(r->clients[i]);
    }
}

static bool fill(struct run *r, struct str text, struct str *out)
{
    struct str missing;

    *out = names_fill(&r->names, r->arena, text, &missing);
    return out->p != NULL || FAIL(r, "{%.*s} has no value", STR_ARG(missing));
}

static bool read_pattern(struct run *r, struct str text, struct xml_node **out)
{
    return pattern_read(r->arena, text, out) == ERR_NONE
           || FAIL(r, "not one XML element: %.*s", STR_ARG(text));
}

/* ---- Verbs of actors: connection ------------------------------------------------------------------- */

static bool done(struct run *r, struct client *c, bool good)
{
    return good || fail(r, c->why);
}

static bool do_connect(struct run *r, struct client *c, struct str args)
{
    return done(r, c, client_connect(c, args));
}

static bool do_login(struct run *r, struct client *c, struct str args)
{
    return done(r, c, client_login(c, args));
}

static bool do_resume(struct run *r, struct client *c, struct str args)
{
    return done(r, c, client_resume(c, args));
}

static bool do_open(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return done(r, c, client_send_header(c));
}

static bool do_secure(struct run *r, struct client *c, struct str args)
{
    (void)args;
    if (c->wire == NULL)
        return FAIL(r, "it is not connected");
    c->transport->ops->secure(c->wire);
    return true;
}

static bool do_cut(struct run *r, struct client *c, struct str args)
{
    (void)args;
    if (c->wire == NULL)
        return FAIL(r, "it is not connected");
    client_cut(c);
    return true;
}

static bool freeze(struct run *r, struct client *c, bool frozen)
{
    if (c->wire == NULL || c->transport->ops->freeze == NULL)
        return FAIL(r, "it is not connected");
    c->transport->ops->freeze(c->wire, frozen);
    return true;
}

static bool do_freeze(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return freeze(r, c, true);
}

static bool do_thaw(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return freeze(r, c, false);
}

/* ---- Verbs of actors: sending ---------------------------------------------------------------------- */

static bool do_raw(struct run *r, struct client *c, struct str args)
{
    struct str text;

    if (c->wire == NULL)
        return FAIL(r, "it is not connected");
    if (!fill(r, args, &text))
        return false;
    client_write(c, text);
    return true;
}

static bool do_send(struct run *r, struct client *c, struct str args)
{
    struct xml_node *node;

    return read_pattern(r, args, &node) && do_raw(r, c, pattern_expand(r->arena, args));
}

static bool do_close(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return do_raw(r, c, STR("</stream:stream>"));
}

/* ---- Verbs of actors: receiving -------------------------------------------------------------------- */

static bool unexpected(struct run *r, const struct item *i)
{
    return FAIL(r, "got %.*s", STR_ARG(item_text(r->arena, i)));
}

static bool expect_node(struct run *r, struct client *c, const struct xml_node *pattern)
{
    struct item *i = client_next(c);
    bool good = (i != NULL && i->node != NULL && pattern_matches(pattern, i->node, &r->names))
                || unexpected(r, i);

    item_free(i);
    return good;
}

static bool do_expect(struct run *r, struct client *c, struct str args)
{
    struct xml_node *pattern;

    return read_pattern(r, args, &pattern) && expect_node(r, c, pattern);
}

static struct str inbox_text(struct run *r, const struct client *c)
{
    struct str all = STR("");

    LIST_EACH (&c->items, l)
        all = arena_concat(r->arena, arena_concat(r->arena, all, STR("\n")),
                           item_text(r->arena, LIST_ENTRY(l, struct item, link)));
    return all.n > 0 ? all : STR(" nothing");
}

static bool do_find(struct run *r, struct client *c, struct str args)
{
    struct xml_node *pattern;
    struct item *i;

    if (!read_pattern(r, args, &pattern))
        return false;
    i = client_find(c, pattern);
    item_free(i);
    return i != NULL || FAIL(r, "not among:%.*s", STR_ARG(inbox_text(r, c)));
}

static bool do_none(struct run *r, struct client *c, struct str args)
{
    struct xml_node *pattern;
    struct item *i;
    bool good;

    if (!read_pattern(r, args, &pattern))
        return false;
    i = client_search(c, pattern);
    good = i == NULL || unexpected(r, i);
    item_free(i);
    return good;
}

static size_t find_text(struct str text, struct str part)
{
    size_t at = 0;

    while (at < text.n && !str_starts(str_skip(text, at), part))
        at++;
    return at;
}

/* Without the address that it is about, so that two can be compared. */
static struct str text_without(struct run *r, const struct item *i, struct str address)
{
    struct str text = item_text(r->arena, i), all = STR("");
    size_t at;

    while ((at = find_text(text, address)) < text.n) {
        all = arena_concat(r->arena, all, str_slice(text, 0, at));
        text = str_skip(text, at + address.n);
    }
    return arena_concat(r->arena, all, text);
}

static bool do_same(struct run *r, struct client *c, struct str args)
{
    struct str filled, first, rest, one, two;
    struct item *i, *j;
    bool good;

    if (!fill(r, args, &filled))
        return false;
    rest = filled;
    first = str_split(&rest, ' ');
    i = client_next(c);
    j = client_next(c);
    good = i != NULL && j != NULL;
    if (good) {
        one = text_without(r, i, first);
        two = text_without(r, j, str_trim(rest));
        good =
            str_eq(one, two) || FAIL(r, "not the same: %.*s and %.*s", STR_ARG(one), STR_ARG(two));
    } else {
        good = FAIL(r, "two things should have come");
    }
    item_free(i);
    item_free(j);
    return good;
}

static bool do_quiet(struct run *r, struct client *c, struct str args)
{
    (void)args;
    if (c->wire == NULL || c->jid.n == 0)
        return FAIL(r, "it is not connected");
    if (!client_ping(c, c->domain))
        return fail(r, c->why);
    return client_peek(c) == NULL || FAIL(r, "got%.*s", STR_ARG(inbox_text(r, c)));
}

static bool do_forget(struct run *r, struct client *c, struct str args)
{
    (void)r;
    (void)args;
    client_receive(c);
    client_forget(c);
    return true;
}

static bool expect_kind(struct run *r, struct client *c, enum item_kind kind)
{
    struct item *i = client_next(c);
    bool good = (i != NULL && i->kind == kind) || unexpected(r, i);

    item_free(i);
    return good;
}

static bool do_expect_header(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return expect_kind(r, c, ITEM_OPENED);
}

/* Both sides end it properly: RFC 6120 §4.4. */
static bool do_expect_close(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return expect_kind(r, c, ITEM_CLOSED) && expect_kind(r, c, ITEM_ENDED);
}

static bool do_expect_end(struct run *r, struct client *c, struct str args)
{
    (void)args;
    return expect_kind(r, c, ITEM_ENDED);
}

static bool do_expect_stream_error(struct run *r, struct client *c, struct str args)
{
    struct str pattern =
        arena_printf(r->arena, "<stream:error><%.*s xmlns='" NS_STREAM_ERRORS "'/></stream:error>",
                     STR_ARG(args));

    return do_expect(r, c, pattern) && do_expect_close(r, c, STR_NONE);
}

static bool do_expect_error(struct run *r, struct client *c, struct str args)
{
    struct str rest = args, condition = str_split(&rest, ' ');
    struct xml_node *pattern, *error;

    if (!read_pattern(r, str_trim(rest), &pattern))
        return false;
    error = xml_child(pattern, STR(NS_CLIENT), STR("error"));
    if (error == NULL)
        error = xml_add(r->arena, pattern, STR(NS_CLIENT), STR("error"));
    xml_add(r->arena, error, STR(NS_STANZA_ERRORS), condition);
    xml_set(r->arena, pattern, STR("type"), STR("error"));
    return expect_node(r, c, pattern);
}

/* ---- Commands to the world ------------------------------------------------------------------------- */

static bool do_advance(struct run *r, struct str args)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {
        { "ms", 1 },
        { "s", 1000 },
        { "m", 60 * 1000 },
        { "h", 3600 * 1000 },
        { "d", 24 * 3600 * 1000 },
    };
    size_t digits = 0;
    uint64_t n;

    while (digits < args.n && args.p[digits] >= '0' && args.p[digits] <= '9')
        digits++;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (str_is(str_skip(args, digits), units[i].name)
            && str_to_u64(str_slice(args, 0, digits), UINT32_MAX, &n) == ERR_NONE) {
            world_advance(r->world, n * units[i].ms);
            return true;
        }
    return FAIL(r, "no span of time: %.*s", STR_ARG(args));
}

static bool do_config(struct run *r, struct str args)
{
    struct str value = args, key = str_split(&value, '=');

    return world_config(r->world, key, value) || FAIL(r, "no such setting: %.*s", STR_ARG(args));
}

static bool do_roster(struct run *r, struct str args)
{
    struct str item = args, owner = str_split(&item, ' ');

    return world_roster(r->world, owner, str_trim(item)) || FAIL(r, "no account or no item");
}

/* ht NAME USER TOKEN [BINDING]: {NAME} becomes the first message of HT-SHA-256-*, for <initial-response/>. */
static bool do_ht(struct run *r, struct str args)
{
    struct str rest, name, user, token;

    if (!fill(r, args, &rest))
        return false;
    name = str_split(&rest, ' ');
    user = str_split(&rest, ' ');
    token = str_split(&rest, ' ');
    if (token.n == 0)
        return FAIL(r, "ht NAME USER TOKEN [BINDING]");
    names_set(&r->names, name,
              base64_text(r->arena,
                          bytes_of_str(sasl_ht_first(r->arena, user, token, bytes_of_str(rest)))));
    return true;
}

/* text NAME N: {NAME} becomes N letters. */
static bool do_text(struct run *r, struct str args)
{
    struct str count = args, name = str_split(&count, ' ');
    uint64_t n;
    char *letters;

    if (str_to_u64(str_trim(count), TEXT_MAX, &n) != ERR_NONE)
        return FAIL(r, "text NAME N");
    letters = arena_raw(r->arena, n);
    memset(letters, 'A', n);
    names_set(&r->names, name, (struct str){ letters, n });
    return true;
}

static bool do_store(struct run *r, struct str args)
{
    if (str_is(args, "hold"))
        world_hold_store(r->world, HOLD_ALL);
    else if (str_is(args, "hold reads"))
        world_hold_store(r->world, HOLD_READS);
    else if (str_is(args, "hold commits"))
        world_hold_store(r->world, HOLD_COMMITS);
    else if (str_is(args, "go"))
        world_hold_store(r->world, HOLD_NOTHING);
    else if (str_is(args, "fail"))
        world_fail_commits(r->world, 1);
    else
        return FAIL(r, "the store cannot %.*s", STR_ARG(args));
    return true;
}

/* account NAME [absent] [password=…] [iterations=…]: absent: the name stands for nobody. */
static bool do_account(struct run *r, struct str args)
{
    struct str name = str_split(&args, ' '), password = STR("secret");
    uint64_t iterations = 1;

    while (args.p != NULL) {
        struct str value = str_split(&args, ' '), key = str_split(&value, '=');

        if (str_is(key, "absent"))
            return true;
        if (str_is(key, "password") && value.n > 0)
            password = value;
        else if (!str_is(key, "iterations")
                 || str_to_u64(value, UINT32_MAX, &iterations) != ERR_NONE)
            return FAIL(r, "unknown option: %.*s", STR_ARG(key));
    }
    return world_account(r->world, name, password, (uint32_t)iterations)
           || FAIL(r, "it exists already");
}

/* ---- Steps ----------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool (*run)(struct run *, struct client *, struct str);
} verbs[] = {
    { "close", do_close },
    { "connect", do_connect },
    { "cut", do_cut },
    { "expect", do_expect },
    { "expect-close", do_expect_close },
    { "expect-end", do_expect_end },
    { "expect-error", do_expect_error },
    { "expect-header", do_expect_header },
    { "expect-stream-error", do_expect_stream_error },
    { "find", do_find },
    { "forget", do_forget },
    { "freeze", do_freeze },
    { "login", do_login },
    { "none", do_none },
    { "open", do_open },
    { "quiet", do_quiet },
    { "raw", do_raw },
    { "resume", do_resume },
    { "same", do_same },
    { "secure", do_secure },
    { "send", do_send },
    { "thaw", do_thaw },
};

static const struct {
    const char *name;
    bool (*run)(struct run *, struct str);
} commands[] = {
    { "account", do_account }, { "advance", do_advance }, { "config", do_config }, { "ht", do_ht },
    { "roster", do_roster },   { "store", do_store },     { "text", do_text },
};

static struct client *client_named(struct run *r, struct str name)
{
    for (size_t i = 0; i < r->script->actor_count; i++)
        if (str_eq(r->clients[i]->name, name))
            return r->clients[i];
    return NULL;
}

static bool run_step(struct run *r, const struct step *step)
{
    if (step->actor.n == 0) {
        for (size_t i = 0; i < COUNT_OF(commands); i++)
            if (str_is(step->verb, commands[i].name))
                return commands[i].run(r, step->args);
    } else {
        for (size_t i = 0; i < COUNT_OF(verbs); i++)
            if (str_is(step->verb, verbs[i].name))
                return verbs[i].run(r, client_named(r, step->actor), step->args);
    }
    return FAIL(r, "unknown verb: %.*s", STR_ARG(step->verb));
}

static bool run_steps(struct run *r, unsigned *line)
{
    for (size_t i = 0; i < r->script->count; i++) {
        *line = r->script->steps[i].line;
        if (!run_step(r, &r->script->steps[i]))
            return false;
        settle(r);
    }
    *line = 0;
    return true;
}

/* ---- A case ---------------------------------------------------------------------------------------- */

static bool has_command(const struct script *s, struct str account)
{
    for (size_t i = 0; i < s->count; i++) {
        struct str rest = s->steps[i].args;

        if (s->steps[i].actor.n == 0 && str_is(s->steps[i].verb, "account")
            && str_eq(str_split(&rest, ' '), account))
            return true;
    }
    return false;
}

/* An account for every actor, if no command of the script makes it. */
static void make_accounts(struct run *r)
{
    const struct script *s = r->script;

    for (size_t i = 0; i < s->actor_count; i++) {
        struct str account = script_account(s->actors[i]);
        bool made = false;

        for (size_t j = 0; j < i; j++)
            made |= str_eq(script_account(s->actors[j]), account);
        if (!made && !has_command(s, account))
            world_account(r->world, account, STR("secret"), 1);
    }
}

static void set_the_stage(struct run *r)
{
    struct world_options options = r->options->world;

    if (r->options->server != NULL) {
        r->live = live_new(r->arena, r->options->server);
        options.store = live_store(r->live);
    }
    r->world = world_new(&options);
    r->transport = r->live != NULL ? live_transport(r->live, r->world) : world_transport(r->world);
}

/* False: something is left that should not be. */
static bool clear_the_stage(struct run *r, struct str *why)
{
    const char *left = NULL;
    bool good;

    if (r->live != NULL)
        return live_free(r->live, why);
    good = world_free(r->world, &left);
    *why = str_from(left);
    return good;
}

bool run_script(const struct run_options *options, const struct script *script, struct arena *a,
                unsigned *out_line, struct str *out_why)
{
    struct run r = { .options = options, .script = script, .arena = a };
    struct str left;
    bool good;

    set_the_stage(&r);
    for (size_t i = 0; i < script->actor_count; i++) {
        r.clients[i] = client_new(script->actors[i], STR("sotto.test"), &r.transport, &r.names);
        r.clients[i]->trace = options->trace;
    }
    make_accounts(&r);
    good = run_steps(&r, out_line);
    if (!clear_the_stage(&r, &left))
        good = good ? fail(&r, left) : FAIL(&r, "%.*s\n%.*s", STR_ARG(r.why), STR_ARG(left));
    for (size_t i = 0; i < script->actor_count; i++)
        client_free(r.clients[i]);
    arena_deinit(&r.names.arena);
    *out_why = r.why;
    return good;
}
