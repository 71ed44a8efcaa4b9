/* devices.c: Client Access Management (XEP-0494): which clients an account has let in, and sending one away.
 *
 * A client's id is its resource. Sending one away ends its sessions and voids its tokens. One that knows the account's
 * password could come back at once: then the answer says that a new password is needed (§3.2), and the list goes on
 * naming it, because it is true. A grant, which is a password beside the account's (credential.h), is listed like a client
 * of type "access"; with it, or with one of its clients, goes everything that came by it.
 */
#include "base/datetime.h"
#include "server/credential.h"
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

/* Who may not decide who gets in may not look either. */
static enum verdict forbid_limited(const struct incoming *in, struct outcome *out)
{
    return outcome_refuse(in, out, COND_FORBIDDEN,
                          STR("An app's password does not manage other clients."));
}

static void add_times(const struct incoming *in, struct arena *a, struct xml_node *client,
                      const struct device_record *d, bool connected)
{
    xml_set(a, client, STR("connected"), connected ? STR("true") : STR("false"));
    xml_add_text_child(a, client, STR(NS_CAM), STR("first-seen"), datetime_text(a, d->first_ms));
    if (connected || d->last_ms > 0) /* a grant may never have been used */
        xml_add_text_child(a, client, STR(NS_CAM), STR("last-seen"),
                           datetime_text(a, connected ? in->now_ms : d->last_ms));
}

static void add_auth(const struct incoming *in, struct arena *a, struct xml_node *client,
                     const struct device_record *d)
{
    struct xml_node *auth = xml_add(a, client, STR(NS_CAM), STR("auth")), *via;

    if (d->password)
        xml_add(a, auth, STR(NS_CAM), STR("password"));
    if (d->granted || d->via.n > 0)
        xml_add(a, auth, STR(NS_CAM), STR("grant"));
    if (token_lives(&d->token, in->now_ms) || token_lives(&d->next_token, in->now_ms))
        xml_add(a, auth, STR(NS_CAM), STR("fast"));
    if (d->via.n > 0) {
        via = xml_add(a, client, STR(NS_CREDENTIALS), STR("via"));
        xml_set(a, via, STR("id"), d->via);
    }
}

static void add_client(const struct incoming *in, struct arena *a, struct xml_node *list,
                       const struct device_record *d, bool connected)
{
    struct xml_node *client = xml_add(a, list, STR(NS_CAM), STR("client")), *agent;
    bool limited = credential_is_limited(d->granted ? d->resource : d->via);

    xml_set(a, client, STR("id"), d->resource);
    xml_set(a, client, STR("type"), d->granted ? STR("access") : STR("session"));
    add_times(in, a, client, d, connected);
    add_auth(in, a, client, d);
    xml_set(a, xml_add(a, client, STR(NS_CAM), STR("permission")), STR("status"),
            limited ? STR("normal") : STR("unrestricted"));
    agent = xml_add(a, client, STR(NS_CAM), STR("user-agent"));
    add_text(a, agent, STR("software"), d->software);
    add_text(a, agent, STR("device"), d->name);
}

/* A client, or anything that came by a grant, is here. */
static bool is_here(const struct present *here, size_t count, struct str id)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(here[i].resource, id) || str_eq(here[i].credential, id))
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
static void add_unrecorded(const struct incoming *in, struct arena *a, struct xml_node *list,
                           const struct present *here)
{
    add_client(in, a, list,
               &(struct device_record){ .resource = here->resource,
                                        .first_ms = here->since_ms,
                                        .password = here->credential.n == 0,
                                        .via = here->credential },
               true);
}

static enum verdict list_found(const struct incoming *in, const struct store_query *done,
                               struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *list = xml_add(a, result, STR(NS_CAM), STR("clients"));
    size_t count;
    const struct present *here = incoming_sessions(in, a, &count);

    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("The list could not be read."));
    for (size_t i = 0; i < done->out.devices.count; i++) {
        const struct device_record *d = &done->out.devices.devices[i];

        if (d->expires_ms == 0 || d->expires_ms > in->now_ms)
            add_client(in, a, list, d, is_here(here, count, d->resource));
    }
    for (size_t i = 0; i < count; i++)
        if (!is_recorded(done, here[i].resource))
            add_unrecorded(in, a, list, &here[i]);
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
    if (!in->own)
        return outcome_forbid(in, out);
    return in->limited ? forbid_limited(in, out) : ask(in, out, STR(""), list_found);
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

/* The grant by which a client comes; it itself, if it is one; or none. */
static struct str grant_of(const struct device_record *d, const struct present *here, size_t count,
                           struct str id)
{
    if (d != NULL)
        return d->granted ? d->resource : d->via;
    for (size_t i = 0; i < count; i++)
        if (str_eq(here[i].resource, id))
            return here[i].credential;
    return STR_NONE;
}

/* Nothing that came by it stays. */
static void take_back(struct outcome *out, struct str grant)
{
    outcome_write(out, ROW_DEVICE_GONE)->device = (struct device_record){ .resource = grant };
    outcome_end_grant(out, grant);
}

static void sign_out(struct outcome *out, const struct device_record *d)
{
    struct row *row = outcome_write(out, d->password ? ROW_DEVICE : ROW_DEVICE_GONE);

    row->device = *d;
    row->device.token = row->device.next_token = (struct device_token){ 0 };
}

static enum verdict revoke_found(const struct incoming *in, const struct store_query *done,
                                 struct outcome *out)
{
    struct str id = done->in.devices.resource, grant;
    const struct device_record *d = done->op.result == ERR_NONE && done->out.devices.count > 0
                                        ? done->out.devices.devices
                                        : NULL;
    size_t count;
    const struct present *here = incoming_sessions(in, outcome_arena(out), &count);

    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("The list could not be read."));
    if (d == NULL && !is_here(here, count, id))
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    grant = grant_of(d, here, count, id);
    if (d != NULL ? d->password : grant.n == 0)
        needs_new_password(in, out);
    else
        outcome_result(in, out);
    /* What is signed out is not woken any more. After the answer: it may be the one that asks. */
    outcome_write(out, ROW_PUSH_GONE)->push.record =
        (struct push_record){ .service = STR(""), .node = STR(""), .device = id };
    if (grant.n > 0)
        take_back(out, grant);
    else if (d != NULL)
        sign_out(out, d);
    outcome_end_device(out, id);
    return HANDLED;
}

static enum verdict devices_revoke(const struct incoming *in, struct outcome *out)
{
    struct str id = xml_get(in->stanza->payload, STR("id"));

    if (!in->own)
        return outcome_forbid(in, out);
    if (in->limited)
        return forbid_limited(in, out);
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
