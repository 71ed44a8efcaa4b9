/* request.c: iqs of ours and their answers (RFC 6120 §8.2.3). */
#include "client/engine_inside.h"
#include "xmpp/ns.h"

struct request *request_new(struct engine *c, request_done *done)
{
    struct request *r = mem_alloc(sizeof *r);

    r->done = done;
    r->id = arena_printf(&r->arena, "q%u", (unsigned)++c->next_request);
    return r;
}

void request_send(struct engine *c, struct request *r, const char *type, const struct jid *to,
                  const struct xml_node *payload)
{
    struct arena a = { 0 };
    struct str address = to != NULL ? jid_text(&a, to) : STR_NONE;
    struct xml_node *iq = stanza_new(&a, STANZA_IQ, type, STR_NONE, address, r->id);

    r->to = jid_copy(&r->arena, to != NULL ? to : &c->config.jid);
    xml_append(iq, xml_copy(&a, payload));
    list_add(&c->requests, &r->link);
    if (!r->at_once || !line_send(&c->line, iq, 0))
        engine_send(c, iq, 0);
    arena_deinit(&a);
}

/* Whom we asked, or, for our own account, nobody named (RFC 6120 §8.1.2.1): else anybody could answer for others. */
static bool is_from(const struct engine *c, const struct request *r, const struct stanza *s)
{
    if (!s->has_from)
        return jid_same_account(&r->to, &c->config.jid) && jid_is_bare(&r->to);
    return jid_eq(&s->from, &r->to);
}

static void request_end(struct engine *c, struct request *r, const struct stanza *answer)
{
    list_remove(&r->link);
    r->done(c, r, answer);
    arena_deinit(&r->arena);
    mem_free(r);
}

bool request_answered(struct engine *c, const struct stanza *s)
{
    if (s->type != IQ_RESULT && s->type != IQ_ERROR)
        return false;
    LIST_EACH (&c->requests, l) {
        struct request *r = LIST_ENTRY(l, struct request, link);

        if (!str_eq(r->id, s->id) || !is_from(c, r, s))
            continue;
        request_end(c, r, s);
        return true;
    }
    return true; /* nobody asked */
}

bool request_may_pass(const struct stanza *answer)
{
    static const struct str conditions[] = { STR_INIT("internal-server-error"),
                                             STR_INIT("remote-server-not-found"),
                                             STR_INIT("remote-server-timeout"),
                                             STR_INIT("resource-constraint") };
    const struct xml_node *error = xml_child(answer->node, STR(NS_CLIENT), STR("error"));

    if (answer->type != IQ_ERROR || error == NULL)
        return false;
    for (size_t i = 0; i < COUNT_OF(conditions); i++)
        if (xml_child(error, STR(NS_STANZA_ERRORS), conditions[i]) != NULL)
            return true;
    return str_is(xml_get(error, STR("type")), "wait");
}

/* New requests that an asker makes meanwhile are for the next connection's line, which is not there: they end, too. */
void requests_lost(struct engine *c)
{
    for (struct link *l; (l = list_first(&c->requests)) != NULL;)
        request_end(c, LIST_ENTRY(l, struct request, link), NULL);
}
