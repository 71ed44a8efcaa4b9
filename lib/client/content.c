/* content.c: what a message says: text, corrections, receipts, markers, typing. */
#include "client/arrival.h"

#include "client/contacts.h"
#include "client/outbox.h"
#include "xmpp/ns.h"

enum { ID_MAX = 1024 };

static struct str id_of(const struct stanza *s)
{
    const struct xml_node *origin = xml_child(s->node, STR(NS_SID), STR("origin-id"));
    struct str id = origin != NULL ? xml_get(origin, STR("id")) : STR_NONE;

    return str_slice(s->id.n > 0 ? s->id : id, 0, ID_MAX);
}

struct entry arrival_entry(const struct arrival *m, enum entry_kind kind)
{
    return (struct entry){
        .kind = kind,
        .outgoing = m->outgoing,
        .encryption = m->encryption,
        .trust = m->trust,
        .time_ms = m->time_ms,
        .device = m->device,
        .chat = m->chat,
        .author = m->author,
        .id = id_of(m->stanza),
        .archive_id = m->archive_id,
    };
}

static struct str named_id(const struct xml_node *parent, const char *ns, const char *name)
{
    const struct xml_node *n = xml_child(parent, str_from(ns), str_from(name));

    return n != NULL ? str_slice(xml_get(n, STR("id")), 0, ID_MAX) : STR_NONE;
}

/* ---- Receipts (XEP-0184) --------------------------------------------------------------------------- */

/* A receipt tells that somebody is there, so only people who may see that get one. */
static bool may_know(const struct engine *c, const struct arrival *m)
{
    struct contact contact;

    return engine_contact(c, m->author, &contact)
           && (contact.subscription == SUBSCRIPTION_FROM
               || contact.subscription == SUBSCRIPTION_BOTH);
}

static void acknowledge(struct engine *c, const struct arrival *m)
{
    struct arena a = { 0 };
    struct xml_node *receipt;

    if (m->outgoing || m->stanza->id.n == 0 || !may_know(c, m)
        || xml_child(m->stanza->node, STR(NS_RECEIPTS), STR("request")) == NULL) {
        return;
    }
    receipt = stanza_new(&a, STANZA_MESSAGE, "chat", STR_NONE, m->author,
                         random_token(&c->random, &a, 15));
    xml_set(&a, xml_add(&a, receipt, STR(NS_RECEIPTS), STR("received")), STR("id"), m->stanza->id);
    xml_add(&a, receipt, STR(NS_HINTS), STR("store"));
    engine_send(c, receipt, 0);
    arena_deinit(&a);
}

/* Of a message, which tells nothing of what is sealed in it. */
static void add_report(struct engine *c, const struct arrival *m, enum entry_kind kind,
                       struct str target)
{
    struct entry e = arrival_entry(m, kind);

    e.target = target;
    if (target.n > 0)
        engine_add_entry(c, &e);
}

static void tell_typing(struct engine *c, const struct arrival *m)
{
    const struct xml_node *state = xml_child_ns(m->stanza->node, STR(NS_CHATSTATES));
    struct engine_event e = { .kind = ENGINE_TYPING, .entry = arrival_entry(m, ENTRY_MESSAGE) };

    if (state == NULL || m->old || m->outgoing)
        return;
    e.on = str_is(state->name, "composing");
    engine_tell(c, &e);
}

void content_beside(struct engine *c, const struct arrival *m)
{
    add_report(c, m, ENTRY_DELIVERED, named_id(m->stanza->node, NS_RECEIPTS, "received"));
    add_report(c, m, ENTRY_READ, named_id(m->stanza->node, NS_MARKERS, "displayed"));
    tell_typing(c, m);
}

/* ---- Text ------------------------------------------------------------------------------------------ */

static void text_came(struct engine *c, const struct arrival *m, const struct xml_node *content,
                      struct str text)
{
    struct str replaced = named_id(content, NS_CORRECT, "replace");
    struct entry e = arrival_entry(m, replaced.n > 0 ? ENTRY_CORRECTION : ENTRY_MESSAGE);

    e.text = text;
    e.target = replaced;
    engine_add_entry(c, &e);
    acknowledge(c, m);
}

void content_came(struct engine *c, const struct arrival *m, const struct xml_node *content)
{
    struct arena a = { 0 };
    struct str text = xml_child_text(&a, content, STR(NS_CLIENT), STR("body"));

    if (text.n > 0)
        text_came(c, m, content, text);
    if (content == m->stanza->node)
        content_beside(c, m);
    arena_deinit(&a);
}

void content_refused(struct engine *c, struct arena *a, const struct stanza *s)
{
    const struct xml_node *error = xml_child(s->node, STR(NS_CLIENT), STR("error"));
    struct str why =
        error ? xml_child_text(a, error, STR(NS_STANZA_ERRORS), STR("text")) : STR_NONE;

    if (s->id.n > 0)
        outbox_refused(c, s->id, why.n > 0 ? why : STR("The message was refused."));
}
