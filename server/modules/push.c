/* push.c: Push Notifications (XEP-0357): which devices ask to be woken through which app servers, and for what they are.
 *
 * Here is what clients ask (§4, §5); push.h wakes. What an app server is told is nothing: its own name for the device, its own
 * options, and the fact that there is something. The options pass as text that was read and written anew (push_options.h).
 */
#include "server/credential.h"
#include "server/modules/modules.h"
#include "server/modules/receipts.h"
#include "server/push_options.h"
#include "server/remote.h"
#include "server/stored.h"

enum { SERVICE_BYTES = 512, NODE_BYTES = 1024 };

/* ---- Enable and disable ---------------------------------------------------------------------------- */

/* The app server, a server or an account of one but no device, and its name for who asks. COND_NONE, or why not. */
static enum stanza_condition read_place(struct arena *a, const struct incoming *in,
                                        struct push_record *p, struct jid *service)
{
    struct str jid = xml_get(in->stanza->payload, STR("jid"));

    if (jid.n > SERVICE_BYTES || jid_parse(a, jid, service) != ERR_NONE || !jid_is_bare(service))
        return COND_BAD_REQUEST;
    p->service = jid_text(a, service);
    p->node = xml_get(in->stanza->payload, STR("node"));
    return p->node.n > NODE_BYTES ? COND_NOT_ACCEPTABLE : COND_NONE;
}

/* The session that asks says which device and which password it is of. */
static void read_device(const struct incoming *in, struct outcome *out, struct push_record *p)
{
    size_t count;
    const struct present *here = incoming_sessions(in, outcome_arena(out), &count);

    p->device = in->stanza->from.resource;
    p->via = STR("");
    for (size_t i = 0; i < count; i++)
        if (str_eq(here[i].resource, p->device))
            p->via = here[i].credential;
}

static enum verdict refuse_place(const struct incoming *in, struct outcome *out,
                                 enum stanza_condition why)
{
    return outcome_refuse(in, out, why,
                          why == COND_BAD_REQUEST ? STR("Which app server?")
                                                  : STR("The node is too long."));
}

static enum verdict enable(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct push_record p = { .options = STR(""), .since_ms = in->now_ms };
    struct xml_node *options;
    enum stanza_condition why;
    struct jid service;
    struct row *row;

    if (!in->own)
        return outcome_forbid(in, out);
    if ((why = read_place(a, in, &p, &service)) != COND_NONE)
        return refuse_place(in, out, why);
    if (settings_serves(in->settings, service.domain))
        return outcome_refuse(in, out, COND_NOT_ACCEPTABLE,
                              STR("Accounts of this server are no app servers."));
    if (!remote_reaches(in->settings, service.domain))
        return outcome_refuse(in, out, COND_REMOTE_SERVER_NOT_FOUND,
                              STR("This server has no way to that app server."));
    if (push_options_read(a, in->stanza->payload, &options) != ERR_NONE)
        return outcome_refuse(in, out, COND_NOT_ACCEPTABLE,
                              STR("These publish-options are no form, or are too long."));
    if (options != NULL)
        p.options = element_text(a, options);
    read_device(in, out, &p);
    row = outcome_write(out, ROW_PUSH);
    row->push.record = p;
    row->push.keep = in->settings->push_registrations;
    return outcome_result(in, out);
}

static enum verdict disable(const struct incoming *in, struct outcome *out)
{
    struct push_record p = { .device = STR("") }; /* of any */
    enum stanza_condition why;
    struct jid service;

    if (!in->own)
        return outcome_forbid(in, out);
    if ((why = read_place(outcome_arena(out), in, &p, &service)) != COND_NONE)
        return refuse_place(in, out, why);
    outcome_write(out, ROW_PUSH_GONE)->push.record = p;
    return outcome_result(in, out);
}

/* ---- What wakes ------------------------------------------------------------------------------------ */

/* What somebody wrote: not receipts, not what clients say to each other, and nothing of calls, which wake by themselves. Of
 * who is blocked, or waits among the requests, nothing comes so far. */
static enum verdict wake(const struct incoming *in, struct outcome *out)
{
    const struct stanza *m = in->stanza;

    if (m->kind == STANZA_MESSAGE && (m->type == MESSAGE_CHAT || m->type == MESSAGE_NORMAL)
        && !in->own && (in->sender_notes & (NOTE_GATE | NOTE_RECORD)) == 0 && is_written(m))
        outcome_wake(out);
    return PASS;
}

const struct module push_module = {
    .name = "push",
    .spec = "XEP-0357 0.4.1",
    .account_features = LIST(STR_INIT(NS_PUSH)),
    .iqs = IQS({ IQ_SET, TO_ACCOUNT, STR_INIT(NS_PUSH), STR_INIT("enable"), enable },
               { IQ_SET, TO_ACCOUNT, STR_INIT(NS_PUSH), STR_INIT("disable"), disable }),
    .hooks = { [HOOK_IN] = wake },
};
