/* run.c: the steps of a script, one after the other, and the stage for them. */
#include "test/script/run_inside.h"

bool run_fail(struct run *r, struct str why)
{
    r->why = arena_str(r->arena, why);
    return false;
}

/* Clients answer by themselves, and that may move others. */
void run_settle(struct run *r)
{
    bool moving = true;

    while (moving) {
        moving = false;
        for (size_t i = 0; i < r->script->actor_count; i++)
            moving |= client_receive(r->clients[i]);
    }
}

bool run_fill(struct run *r, struct str text, struct str *out)
{
    struct str missing;

    *out = names_fill(&r->names, r->arena, text, &missing);
    return out->p != NULL || FAIL(r, "{%.*s} has no value", STR_ARG(missing));
}

bool run_pattern(struct run *r, struct str text, struct xml_node **out)
{
    return pattern_read(r->arena, text, out) == ERR_NONE
           || FAIL(r, "not one XML element: %.*s", STR_ARG(text));
}
/* ---- Steps ----------------------------------------------------------------------------------------- */

static struct client *client_named(struct run *r, struct str name)
{
    for (size_t i = 0; i < r->script->actor_count; i++)
        if (str_eq(r->clients[i]->name, name))
            return r->clients[i];
    return NULL;
}

static bool run_step(struct run *r, const struct step *step)
{
    run_command *command = step->actor.n == 0 ? run_command_of(step->verb) : NULL;
    run_verb *verb = step->actor.n > 0 ? run_verb_of(step->verb) : NULL;

    if (command != NULL)
        return command(r, step->args);
    if (verb != NULL)
        return verb(r, client_named(r, step->actor), step->args);
    return FAIL(r, "unknown verb: %.*s", STR_ARG(step->verb));
}

static bool run_steps(struct run *r, unsigned *line)
{
    for (size_t i = 0; i < r->script->count; i++) {
        *line = r->script->steps[i].line;
        if (!run_step(r, &r->script->steps[i]))
            return false;
        run_settle(r);
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
        if (!made && !run_is_server(account) && !has_command(s, account))
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

static void link_server(struct run *r, struct client *c)
{
    c->fetch = run_server_fetch;
    c->fetch_ctx = r;
    if (!world_remote(r->world, c->name))
        run_fail(r, STR("too many servers"));
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
        if (run_is_server(script->actors[i]))
            link_server(&r, r.clients[i]);
    }
    make_accounts(&r);
    good = run_steps(&r, out_line);
    if (!clear_the_stage(&r, &left))
        good = good ? run_fail(&r, left) : FAIL(&r, "%.*s\n%.*s", STR_ARG(r.why), STR_ARG(left));
    for (size_t i = 0; i < script->actor_count; i++)
        client_free(r.clients[i]);
    arena_deinit(&r.names.arena);
    *out_why = r.why;
    return good;
}
