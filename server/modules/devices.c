/* devices.c: Client Access Management (XEP-0494): which clients an account has let in, and sending one away.
 *
 * A client's id is its resource. Sending one away ends its sessions and voids its tokens. One that knows the account's
 * password could come back at once: then the answer says that a new password is needed (§3.2), and the list goes on
 * naming it, because it is true.
 */
#include "base/datetime.h"
#include "server/modules/modules.h"

/* ---- The list -------------------------------------------------------------------------------------- */

static bool token_lives(const struct device_token *t, uint64_t now_ms)
{
    return t->seed.n > 0 && t->expires_ms > now_ms;
}

static void add_text(struct arena *a, struct xml_node *to, struct str name, struct str text)
{
    if (text.n > 0)
        xml_add_text_child(a, to, STR(NS_CAM), name, text);
}

static void add_client(const struct incoming *in, struct arena *a, struct xml_node *list,
                       const struct device_record *d, bool connected)
{
    struct xml_node *client = xml_add(a, list, STR(NS_CAM), STR("client")), *auth, *agent;

    xml_set(a, client, STR("id"), d->resource);
    xml_set(a, client, STR("type"), STR("session"));
    xml_set(a, client, STR("connected"), connected ? STR("true") : STR("false"));
    xml_add_text_child(a, client, STR(NS_CAM), STR("first-seen"), datetime_text(a, d->first_ms));
    xml_add_text_child(a, client, STR(NS_CAM), STR("last-seen"),
                       datetime_text(a, connected ? in->now_ms : d->last_ms));
    auth = xml_add(a, client, STR(NS_CAM), STR("auth"));
    if (d->password)
        xml_add(a, auth, STR(NS_CAM), STR("password"));
    if (d->app_password)
        xml_add(a, auth, STR(NS_CAM), STR("grant"));
    if (token_lives(&d->token, in->now_ms) || token_lives(&d->next_token, in->now_ms))
        xml_add(a, auth, STR(NS_CAM), STR("fast"));
    xml_set(a, xml_add(a, client, STR(NS_CAM), STR("permission")), STR("status"),
            STR("unrestricted"));
    agent = xml_add(a, client, STR(NS_CAM), STR("user-agent"));
    add_text(a, agent, STR("software"), d->software);
    add_text(a, agent, STR("device"), d->name);
}

static bool has_resource(const struct str *resources, size_t count, struct str wanted)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(resources[i], wanted))
            return true;
    return false;
}

static bool is_recorded(const struct store_query *q, struct str resource)
{
    for (size_t i = 0; i < q->out.devices.count; i++)
        if (str_eq(q->out.devices.devices[i].resource, resource))
            return true;
    return false;
}

/* Clients that said nothing by which to know them again are listed while they are here. */
static enum verdict list_found(const struct incoming *in, const struct store_query *done,
                               struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *list = xml_add(a, result, STR(NS_CAM), STR("clients"));
    size_t count;
    const struct str *here = incoming_resources(in, a, &count);

    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("The list could not be read."));
    for (size_t i = 0; i < done->out.devices.count; i++) {
        const struct device_record *d = &done->out.devices.devices[i];

        add_client(in, a, list, d, has_resource(here, count, d->resource));
    }
    for (size_t i = 0; i < count; i++)
        if (!is_recorded(done, here[i]))
            add_client(in, a, list,
                       &(struct device_record){
                           .resource = here[i], .first_ms = in->now_ms, .password = true },
                       true);
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict ask(const struct incoming *in, struct outcome *out, struct str resource,
                        query_fn *then)
{
    struct store_query *q = outcome_query(out, QUERY_DEVICES, then);

    q->in.devices.account = in->view->account;
    q->in.devices.resource = resource;
    return WAIT;
}

static enum verdict devices_list(const struct incoming *in, struct outcome *out)
{
    return in->own ? ask(in, out, STR(""), list_found) : outcome_forbid(in, out);
}

/* ---- Sending one away ------------------------------------------------------------------------------ */

static enum verdict needs_new_password(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *answer =
        stanza_error(a, in->stanza, COND_SERVICE_UNAVAILABLE,
                     STR("It is signed out now, but knows the password: please change it."));

    xml_add(a, stanza_error_child(answer), STR(NS_CAM), STR("password-reset-required"));
    outcome_reply(out, answer);
    return HANDLED;
}

static enum verdict revoke_found(const struct incoming *in, const struct store_query *done,
                                 struct outcome *out)
{
    struct str id = done->in.devices.resource;
    const struct device_record *d = done->out.devices.devices;
    bool known = done->op.result == ERR_NONE && done->out.devices.count > 0, password;
    size_t count;
    const struct str *here = incoming_resources(in, outcome_arena(out), &count);
    struct row *row;

    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("The list could not be read."));
    if (!known && !has_resource(here, count, id))
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    password = !known || d->password;
    if (known) {
        row = outcome_write(out, password ? ROW_DEVICE : ROW_DEVICE_GONE);
        row->device = *d;
        row->device.token = row->device.next_token = (struct device_token){ 0 };
    }
    if (password)
        needs_new_password(in, out);
    else
        outcome_result(in, out);
    outcome_end_device(out, id); /* after the answer: it may be the one that asks */
    return HANDLED;
}

static enum verdict devices_revoke(const struct incoming *in, struct outcome *out)
{
    struct str id = xml_get(in->stanza->payload, STR("id"));

    if (!in->own)
        return outcome_forbid(in, out);
    if (id.n == 0)
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR("Which client?"));
    return ask(in, out, id, revoke_found);
}

const struct module devices_module = {
    .name = "devices",
    .spec = "XEP-0494 0.1.0",
    .features = LIST(STR_INIT(NS_CAM)),
    .account_features = LIST(STR_INIT(NS_CAM)),
    .iqs = IQS({ IQ_GET, TO_ACCOUNT, STR_INIT(NS_CAM), STR_INIT("list"), devices_list },
               { IQ_SET, TO_ACCOUNT, STR_INIT(NS_CAM), STR_INIT("revoke"), devices_revoke }),
};
