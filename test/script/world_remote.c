/* world_remote.c: the world's other servers: they say what scripts want, and keep what they are sent. */
#include "test/script/world_state.h"

#include "server/remote.h"
#include "server/stored.h"
#include "xmpp/ns.h"

static struct far_server *server_of(struct world *w, struct str domain)
{
    for (size_t i = 0; i < w->server_count; i++)
        if (str_eq(w->pins[i].domain, domain))
            return &w->servers[i];
    return NULL;
}

/* Any home may have the link of a server. */
static struct home *home_of_server(struct world *w, const struct far_server *far)
{
    return &w->places[(size_t)(far - w->servers) % w->options.homes].home;
}

bool world_remote(struct world *w, struct str domain)
{
    struct far_server *far = &w->servers[w->server_count];

    if (w->server_count == SERVERS_MAX)
        return false;
    w->pins[w->server_count++].domain = arena_str(&w->arena, domain);
    w->settings.pins = w->pins;
    w->settings.pin_count = w->server_count;
    list_init(&far->parcels);
    return true;
}

const char *world_remote_says(struct world *w, struct str domain, const struct xml_node *stanza)
{
    static const char *const conditions[] = {
        [REMOTE_NO_STANZA] = "unsupported-stanza-type",
        [REMOTE_UNADDRESSED] = "improper-addressing",
        [REMOTE_FORGED] = "invalid-from",
        [REMOTE_NOT_OURS] = "host-unknown",
    };
    struct far_server *far = server_of(w, domain);
    struct home *h = home_of_server(w, far);
    struct arena a = { 0 };
    struct xml_node *copy = xml_copy(&a, stanza);
    enum remote_fault fault;

    remote_content(copy, STR(NS_CLIENT), STR(NS_SERVER));
    home_now(h, w->now_ms);
    if (far->line == NULL)
        far->line = remote_new(h, domain, REMOTE_PINNED);
    fault = remote_receive(far->line, copy, &a, element_text(&w->arena, stanza).n);
    if (fault != REMOTE_TAKEN) {
        remote_gone(far->line);
        far->line = NULL;
    }
    return conditions[fault];
}

void world_remote_parcel(struct world *w, struct remote_parcel *p)
{
    list_add(&server_of(w, p->domain)->parcels, &p->link);
}

struct xml_node *world_remote_next(struct world *w, struct str domain, struct arena *a)
{
    struct link *l = list_pop(&server_of(w, domain)->parcels);
    struct remote_parcel *p = l ? LIST_ENTRY(l, struct remote_parcel, link) : NULL;
    struct xml_node *stanza = p ? stored_stanza(a, blob_str(p->stanza)) : NULL;

    if (p != NULL)
        remote_parcel_free(p);
    return stanza;
}

void world_remote_down(struct world *w, struct str domain, bool down)
{
    server_of(w, domain)->down = down;
}

bool world_remote_step(struct world *w)
{
    for (size_t i = 0; i < w->server_count; i++) {
        struct far_server *far = &w->servers[i];
        struct link *l = far->down ? list_pop(&far->parcels) : NULL;

        if (l == NULL)
            continue;
        home_now(home_of_server(w, far), w->now_ms);
        remote_bounce(home_of_server(w, far), LIST_ENTRY(l, struct remote_parcel, link),
                      COND_REMOTE_SERVER_TIMEOUT);
        return true;
    }
    return false;
}

void world_remote_close(struct world *w)
{
    for (size_t i = 0; i < w->server_count; i++) {
        struct far_server *far = &w->servers[i];

        for (struct link *l; (l = list_pop(&far->parcels)) != NULL;)
            remote_parcel_free(LIST_ENTRY(l, struct remote_parcel, link));
        remote_gone(far->line);
        far->line = NULL;
    }
}
