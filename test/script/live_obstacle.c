/* live_obstacle.c: which scripts a server in a process of its own can play, and why not the others. */
#include "test/script/live.h"

static const struct {
    const char *verb, *argument; /* NULL: whatever it is */
    const char *why;
} obstacles[] = {
    { "advance", NULL, "its clock is everybody's" },
    { "anchor", NULL, "its anchor says what it sees, not what a script wants" },
    { "store", NULL, "its store neither waits nor fails when told to" },
    { "config", "disk", "how full the disk is cannot be chosen" },
    { "config", "tls-", "what its TLS connections are bound to cannot be chosen" },
    { "freeze", NULL, "the kernel takes what a client does not read" },
};

/* These go into its store and onto its command line, before it starts. */
static bool prepares(const struct step *s)
{
    return s->actor.n == 0
           && (str_is(s->verb, "account") || str_is(s->verb, "roster") || str_is(s->verb, "rule")
               || str_is(s->verb, "config"));
}

static const char *obstacle_of(const struct step *s)
{
    for (size_t i = 0; i < COUNT_OF(obstacles); i++)
        if (str_is(s->verb, obstacles[i].verb)
            && (obstacles[i].argument == NULL
                || str_starts(s->args, str_from(obstacles[i].argument))))
            return obstacles[i].why;
    return NULL;
}

struct str live_obstacle(struct arena *a, const struct script *script)
{
    bool begun = false;

    if (script->engine.n > 0)
        return script->engine;
    for (size_t i = 0; i < script->count; i++) {
        const struct step *s = &script->steps[i];
        const char *why = obstacle_of(s);

        if (why == NULL && begun && prepares(s))
            why = "it is set up before the first client comes";
        if (why != NULL)
            return arena_printf(a, "line %u, %.*s: %s", s->line, STR_ARG(s->verb), why);
        begun |= s->actor.n > 0;
    }
    return STR("");
}
