/* run_server.c: actors that are other servers: what they say comes over a link, and what is said to them is theirs to find. */
#include "test/script/run_inside.h"

#include <stdio.h>

#include "server/stored.h"
#include "xmpp/ns.h"

bool run_is_server(struct str actor)
{
    return str_find(actor, '.') < actor.n;
}

bool run_server_fetch(struct client *c)
{
    struct run *r = c->fetch_ctx;
    struct arena a = { 0 };
    struct xml_node *node;
    bool came = false;

    world_run(r->world);
    while ((node = world_remote_next(r->world, c->name, &a)) != NULL) {
        if (c->trace)
            printf("# %.*s <- %.*s\n", STR_ARG(c->name), STR_ARG(element_text(r->arena, node)));
        client_take(c, ITEM_ELEMENT, node, &a);
        came = true;
    }
    return came;
}

/* Its stream ends with a stream error, if it must. */
void run_server_says(struct run *r, struct client *c, const struct xml_node *stanza)
{
    const char *condition = world_remote_says(r->world, c->name, stanza);
    struct arena a = { 0 };
    struct xml_node *error;

    if (condition == NULL)
        return;
    error = xml_new(&a, STR(NS_STREAM), STR("error"));
    xml_add(&a, error, STR(NS_STREAM_ERRORS), str_from(condition));
    client_take(c, ITEM_ELEMENT, error, &a);
    client_take(c, ITEM_CLOSED, NULL, NULL);
    client_take(c, ITEM_ENDED, NULL, NULL);
}

bool run_server_send(struct run *r, struct client *c, struct str args)
{
    struct xml_node *node;
    struct str text;

    if (!run_fill(r, args, &text) || !run_pattern(r, text, &node))
        return false;
    run_server_says(r, c, node);
    return true;
}

bool run_server_down(struct run *r, struct client *c, bool down)
{
    world_remote_down(r->world, c->name, down);
    return true;
}
