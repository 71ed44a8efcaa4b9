/* credentials.c: passwords beside the account's own (urn:sotto:credentials:0, docs/protocols.md).
 *
 * One for each app, so that none has to know the account's: made here of 160 random bits, shown once, kept as SCRAM keys only.
 * It is listed and taken back like a client (XEP-0494, devices.c), with everything that came by it. Whoever came by an app's
 * password cannot make others.
 */
#include "server/credential.h"
#include "server/modules/modules.h"

static struct str name_of(const struct incoming *in)
{
    return str_trim(xml_get(in->stanza->payload, STR("name")));
}

/* The id says what it may do: credential.h. NULL: there is no such kind. */
static const char *prefix_of(const struct incoming *in)
{
    struct str kind = xml_get(in->stanza->payload, STR("kind"));

    if (kind.n == 0 || str_is(kind, "app"))
        return CREDENTIAL_APP;
    return str_is(kind, "device") ? CREDENTIAL_DEVICE : NULL;
}

static void answer(const struct incoming *in, struct outcome *out,
                   const struct device_record *grant, struct str password)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *created = xml_add(a, result, STR(NS_CREDENTIALS), STR("created"));

    xml_set(a, created, STR("id"), grant->resource);
    xml_set(a, created, STR("jid"), in->view->bare);
    xml_set(a, created, STR("password"), arena_str(a, password));
    outcome_reply(out, result);
}

static enum verdict keys_made(const struct incoming *in, const struct derived *made,
                              struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    const char *prefix = prefix_of(in);
    struct row *row = outcome_write(out, ROW_GRANT);

    row->grant.device = (struct device_record){
        .resource = arena_printf(a, "%s%.*s", prefix, STR_ARG(made->id)),
        .name = name_of(in),
        .first_ms = in->now_ms,
        .granted = true,
    };
    if (str_is(str_from(prefix), CREDENTIAL_DEVICE))
        row->grant.device.expires_ms = in->now_ms + CREDENTIAL_UNUSED_MS;
    row->grant.now_ms = in->now_ms;
    for (size_t i = 0; i < PASSWORD_KEYS; i++)
        row->grant.keys[i] = made->keys[i];
    answer(in, out, &row->grant.device, made->password);
    return HANDLED;
}

static enum verdict salts_found(const struct incoming *in, const struct store_query *done,
                                struct outcome *out)
{
    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("The account could not be read."));
    outcome_derive(out, STR_NONE, done->out.password.salts, keys_made);
    return WAIT;
}

static enum verdict create(const struct incoming *in, struct outcome *out)
{
    struct str name = name_of(in);

    if (!in->own)
        return outcome_forbid(in, out);
    if (in->limited)
        return outcome_refuse(in, out, COND_FORBIDDEN,
                              STR("An app's password does not make other passwords."));
    if (name.n == 0 || name.n > CREDENTIAL_NAME_MAX || prefix_of(in) == NULL)
        return outcome_refuse(
            in, out, COND_BAD_REQUEST,
            STR("A name by which you know it again is needed, of up to 64 octets."));
    if (!outcome_may_change_password(out)) /* each costs tens of milliseconds */
        return outcome_full(in, out, "passwords",
                            STR("Too many passwords were made. Please try again later."));
    outcome_query(out, QUERY_PASSWORD, salts_found)->in.password.account = in->view->account;
    return WAIT;
}

const struct module credentials_module = {
    .name = "credentials",
    .spec = NS_CREDENTIALS,
    .features = LIST(STR_INIT(NS_CREDENTIALS)),
    .account_features = LIST(STR_INIT(NS_CREDENTIALS)),
    .iqs = IQS({ IQ_SET, TO_ACCOUNT, STR_INIT(NS_CREDENTIALS), STR_INIT("create"), create }),
};
