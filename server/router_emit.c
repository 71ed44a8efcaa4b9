/* router_emit.c: stanzas of our own making: to people here by the way of all, to other servers at once. */
#include "server/push.h"
#include "server/remote.h"
#include "server/router.h"

/* The server listens to what becomes of its own requests, and to nothing else. */
static bool is_heard(const struct home *h, const struct stanza *s)
{
    unsigned home;

    return s->to.local.n > 0 || push_is_answer(s, h->host->home_count, &home);
}

/* NULL: it is on its way to another server, or there is no way to it. */
static struct routed *own_stanza(struct home *h, const struct xml_node *node)
{
    struct routed *r = routed_new();
    enum stanza_condition why;

    node = xml_copy(&r->arena, node);
    if (stanza_parse(&r->arena, (struct xml_node *)node, &r->stanza, &why) != ERR_NONE
        || !r->stanza.has_to || !r->stanza.has_from) {
        routed_free(r);
        return NULL;
    }
    if (remote_reaches(h->settings, r->stanza.to.domain))
        remote_send(h, &r->stanza, NULL);
    if (!settings_serves(h->settings, r->stanza.to.domain) || !is_heard(h, &r->stanza)) {
        routed_free(r);
        return NULL;
    }
    if (r->stanza.to.local.n == 0)
        r->target = TARGET_SERVER;
    r->origin = h->number;
    r->sender = jid_bare_text(&r->arena, &r->stanza.from);
    return r;
}

void router_emit(struct home *h, const struct xml_node *node, struct str pep_node)
{
    struct routed *r = own_stanza(h, node);

    if (r == NULL)
        return;
    r->pep_node = arena_str(&r->arena, pep_node);
    router_post(h, r);
}

void router_emit_composed(struct home *h, const struct xml_node *node, unsigned notes,
                          uint64_t until_ms)
{
    struct routed *r = own_stanza(h, node);

    if (r == NULL)
        return;
    r->notes = notes;
    r->until_ms = until_ms;
    router_post(h, r);
}

void router_post_behind(struct home *h, struct routed *r)
{
    h->host->ops->post(h->host->ctx, home_of(h, &r->stanza.to), &r->link);
}

void router_emit_behind(struct home *h, const struct xml_node *node, unsigned notes)
{
    struct routed *r = own_stanza(h, node);

    if (r == NULL)
        return;
    r->notes = notes;
    router_post_behind(h, r);
}
