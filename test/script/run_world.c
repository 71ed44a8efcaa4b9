/* run_world.c: what commands to the world do. */
#include "test/script/run_inside.h"

#include <string.h>

#include "base/encode.h"
#include "server/event.h"
#include "server/stored.h"
#include "xmpp/sasl.h"

enum { TEXT_MAX = 1024 * 1024 };

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

static bool anchor_expect(struct run *r, struct str args)
{
    struct xml_node *pattern, *told = world_anchor_next(r->world, r->arena);

    if (!run_pattern(r, args, &pattern))
        return false;
    return (told != NULL && pattern_matches(pattern, told, &r->names))
           || FAIL(r, "the anchor was told %.*s",
                   STR_ARG(told ? element_text(r->arena, told) : STR("nothing")));
}

/* silent CALL caller|callee, flows CALL */
static bool anchor_says(struct run *r, enum anchor_report_kind kind, struct str args)
{
    struct anchor_report report = { .kind = kind };
    struct str rest, call;

    if (!run_fill(r, args, &rest))
        return false;
    call = str_split(&rest, ' ');
    report.side = str_is(rest, "callee") ? ANCHOR_CALLEE : ANCHOR_CALLER;
    return (str_to_u64(call, UINT64_MAX, &report.call) == ERR_NONE
            && world_anchor_reports(r->world, &report))
           || FAIL(r, "no home has the call %.*s", STR_ARG(call));
}

/* dropped CALL caller|callee REASON COUNT; CALL is 0: of nobody's */
static bool anchor_dropped(struct run *r, struct str args)
{
    struct anchor_report report = { .kind = ANCHOR_DROPPED };
    struct str rest, side, why;
    uint64_t count;
    unsigned i = 0;

    if (!run_fill(r, args, &rest))
        return false;
    if (str_to_u64(str_split(&rest, ' '), UINT64_MAX, &report.call) != ERR_NONE)
        return FAIL(r, "no number of a call");
    side = str_split(&rest, ' ');
    report.side = str_is(side, "callee") ? ANCHOR_CALLEE : ANCHOR_CALLER;
    why = str_split(&rest, ' ');
    while (i < ANCHOR_DROPS && !str_is(why, anchor_drop_text(i)))
        i++;
    if (i == ANCHOR_DROPS || str_to_u64(rest, UINT32_MAX, &count) != ERR_NONE)
        return FAIL(r, "no reason, or no number");
    report.counts[i] = (uint32_t)count;
    return world_anchor_reports(r->world, &report) || FAIL(r, "no home has this call");
}

static bool do_anchor(struct run *r, struct str args)
{
    struct str rest = args, verb = str_split(&rest, ' ');

    if (str_is(verb, "expect"))
        return anchor_expect(r, str_trim(rest));
    if (str_is(verb, "flows"))
        return anchor_says(r, ANCHOR_FLOWS, rest);
    if (str_is(verb, "dropped"))
        return anchor_dropped(r, rest);
    if (str_is(verb, "silent"))
        return anchor_says(r, ANCHOR_SILENT, rest);
    if (str_is(verb, "ready") || str_is(verb, "gone"))
        world_anchor_ready(r->world, str_is(verb, "ready"));
    else if (!str_is(verb, "quiet"))
        return FAIL(r, "the anchor cannot %.*s", STR_ARG(verb));
    else if (world_anchor_next(r->world, r->arena) != NULL)
        return FAIL(r, "the anchor was told something");
    return true;
}

static bool do_config(struct run *r, struct str args)
{
    struct str value = args, key = str_split(&value, '=');

    return world_config(r->world, key, value) || FAIL(r, "no such setting: %.*s", STR_ARG(args));
}

static bool do_rule(struct run *r, struct str args)
{
    return world_call_rule(r->world, args) || FAIL(r, "no account or no rule");
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

    if (!run_fill(r, args, &rest))
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

/* plain NAME USER PASSWORD: {NAME} becomes the message of PLAIN. */
static bool do_plain(struct run *r, struct str args)
{
    struct str rest, name, user, zero = { "", 1 };

    if (!run_fill(r, args, &rest))
        return false;
    name = str_split(&rest, ' ');
    user = str_split(&rest, ' ');
    if (rest.n == 0)
        return FAIL(r, "plain NAME USER PASSWORD");
    rest = arena_concat(r->arena, zero,
                        arena_concat(r->arena, user, arena_concat(r->arena, zero, rest)));
    names_set(&r->names, name, base64_text(r->arena, bytes_of_str(rest)));
    return true;
}

/* text NAME N: {NAME} becomes N letters. */
static bool do_text(struct run *r, struct str args)
{
    struct str count = args, name = str_split(&count, ' ');
    uint64_t n;

    if (str_to_u64(str_trim(count), TEXT_MAX, &n) != ERR_NONE)
        return FAIL(r, "text NAME N");
    names_set(&r->names, name, (struct str){ memset(arena_raw(r->arena, n), 'A', n), n });
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

static struct str account_text(struct run *r, struct str name)
{
    return name.n == 0 || str_find(name, '@') < name.n || run_is_server(name)
               ? name
               : arena_concat(r->arena, name, STR("@sotto.test"));
}

static struct str state_text(const struct event *e)
{
    static const char *const phases[CALL_PHASES] = { "proposed",  "rings",  "accepted",
                                                     "initiated", "active", "ended" };

    return e->call != NULL ? str_from(phases[e->call->phase]) : STR_NONE;
}

static bool event_is(struct run *r, const struct event *e, struct str key, struct str value)
{
    bool names = str_is(key, "actor") || str_is(key, "target");
    struct str have = str_is(key, "actor")    ? e->actor
                      : str_is(key, "target") ? e->target
                      : str_is(key, "state")  ? state_text(e)
                      : str_is(key, "n") ? arena_printf(r->arena, "%llu", (unsigned long long)e->n)
                                         : str_from(e->rule);

    return str_eq(have, names ? account_text(r, value) : value)
           || FAIL(r, "its %.*s is '%.*s'", STR_ARG(key), STR_ARG(have));
}

static bool not_noted(struct run *r, struct str name, enum event_reason reason)
{
    bool noted =
        r->live != NULL ? live_noted(r->live, name) : world_take_event(r->world, reason) != NULL;

    return !noted || FAIL(r, "%.*s was noted", STR_ARG(name));
}

/* event REASON [actor=NAME] [target=NAME] [rule=WORD] [state=WORD] [n=N]: it was noted. An empty name: nobody. event none REASON: it
 * was not. */
static bool do_event(struct run *r, struct str args)
{
    struct str first = str_split(&args, ' ');
    bool none = str_is(first, "none");
    struct str name = none ? str_split(&args, ' ') : first;
    enum event_reason reason = event_reason_find(name);
    const struct event *e;
    bool good = true;

    if (reason == EVENT_REASONS)
        return FAIL(r, "no such reason: %.*s", STR_ARG(name));
    run_settle(r);
    if (r->live == NULL)
        world_run(r->world);
    if (none)
        return not_noted(r, name, reason);
    if (r->live != NULL)
        return live_noted(r->live, name) || FAIL(r, "no line has the reason %.*s", STR_ARG(name));
    e = world_take_event(r->world, reason);
    if (e == NULL)
        return FAIL(r, "nothing of this reason was noted");
    while (args.p != NULL && good) {
        struct str value = str_split(&args, ' '), key = str_split(&value, '=');

        good = event_is(r, e, key, value);
    }
    return good;
}

static const struct {
    const char *name;
    run_command *run;
} commands[] = {
    { "account", do_account }, { "advance", do_advance }, { "anchor", do_anchor },
    { "config", do_config },   { "event", do_event },     { "ht", do_ht },
    { "plain", do_plain },     { "roster", do_roster },   { "rule", do_rule },
    { "store", do_store },     { "text", do_text },
};

run_command *run_command_of(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (str_is(name, commands[i].name))
            return commands[i].run;
    return NULL;
}
