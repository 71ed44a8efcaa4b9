/* receipts.c: receipts and markers (XEP-0184, XEP-0333) go to people who may know that somebody is here: to those who
 * see the account's presence, and to whom it writes itself.
 *
 * Clients send them without asking the person. A stranger who could make a phone answer would learn when it is on, and
 * in which network (XEP-0184 §8, presence leaks). So the others get none, and cannot tell.
 */
#include "server/modules/receipts.h"

#include "server/modules/modules.h"

static bool has(const struct stanza *m, const char *ns, const char *name)
{
    return xml_child(m->node, str_from(ns), str_from(name)) != NULL;
}

bool has_content(const struct stanza *m)
{
    return has(m, NS_CLIENT, "body") || has(m, NS_OMEMO_LEGACY, "encrypted")
           || has(m, NS_OMEMO, "encrypted") || has(m, NS_OPENPGP, "openpgp");
}

bool is_receipt(const struct stanza *m)
{
    return (has(m, NS_RECEIPTS, "received") || xml_child_ns(m->node, STR(NS_MARKERS)) != NULL)
           && !has_content(m);
}

bool is_invitation(const struct stanza *m)
{
    const struct xml_node *room = xml_child(m->node, STR(NS_MUC_USER), STR("x"));

    return has(m, NS_CONFERENCE, "x")
           || (room != NULL && xml_child(room, STR(NS_MUC_USER), STR("invite")) != NULL);
}

/* An <encrypted/> without payload is a client's answer, too (XEP-0384 §5.6: empty messages): nobody wrote it. */
bool is_written(const struct stanza *m)
{
    static const char *const namespaces[] = { NS_OMEMO_LEGACY, NS_OMEMO };

    for (size_t i = 0; i < COUNT_OF(namespaces); i++) {
        struct str ns = str_from(namespaces[i]);
        const struct xml_node *encrypted = xml_child(m->node, ns, STR("encrypted"));

        if (encrypted != NULL)
            return xml_child(encrypted, ns, STR("payload")) != NULL;
    }
    return has_content(m);
}

/* Of another server, a full address may be somebody in a room (XEP-0045 §7.5): the room has not been written to, nor has the next one in it.
 * Who is not in a room answers from there, too. */
static struct str written_to(const struct incoming *in, struct arena *a)
{
    const struct jid *to = &in->stanza->to;

    return jid_is_bare(to) || settings_serves(in->settings, to->domain) ? jid_bare_text(a, to)
                                                                        : jid_text(a, to);
}

bool was_written_to(const struct incoming *in)
{
    struct arena a = { 0 };
    bool was = view_has_written(in->view, in->sender)
               || view_has_written(in->view, jid_text(&a, &in->stanza->from));

    arena_deinit(&a);
    return was;
}

static enum verdict receipts_out(const struct incoming *in, struct outcome *out)
{
    const struct stanza *m = in->stanza;
    struct str to;

    if (m->kind != STANZA_MESSAGE || m->type == MESSAGE_GROUPCHAT || m->type == MESSAGE_ERROR
        || !m->has_to)
        return PASS;
    to = jid_bare_text(outcome_arena(out), &m->to);
    if (is_written(m))
        outcome_wrote(out, written_to(in, outcome_arena(out)));
    else if (is_receipt(m) && !str_eq(to, in->view->bare) && !view_sees_us(in->view, to)
             && !outcome_has_written(out, to)
             && !outcome_has_written(out, written_to(in, outcome_arena(out))))
        return DROP;
    return PASS;
}

const struct module receipts_module = {
    .name = "receipts",
    .spec = "XEP-0184 1.4.0, XEP-0333 0.4",
    .hooks = { [HOOK_OUT] = receipts_out },
};
