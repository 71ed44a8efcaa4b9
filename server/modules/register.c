/* register.c: In-Band Registration (XEP-0077) as far as it is for people who have an account: a new
 * password, and leaving (§3.2, §3.3). Accounts are made by invitation, not here.
 */
#include "server/modules/modules.h"

static enum verdict registered(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result, *query;

    if (!in->own)
        return outcome_forbid(in, out);
    result = stanza_result(a, in->stanza);
    query = xml_add(a, result, STR(NS_REGISTER), STR("query"));
    xml_add(a, query, STR(NS_REGISTER), STR("registered"));
    xml_add_text_child(a, query, STR(NS_REGISTER), STR("username"), in->stanza->from.local);
    xml_add(a, query, STR(NS_REGISTER), STR("password"));
    outcome_reply(out, result);
    return HANDLED;
}

/* ---- A new password (§3.3) ------------------------------------------------------------------------- */

static enum verdict keys_made(const struct incoming *in, const struct derived *made,
                              struct outcome *out)
{
    for (size_t i = 0; i < PASSWORD_KEYS; i++) {
        struct row *row = outcome_write(out, ROW_CREDENTIAL);

        row->credential.keys = made->keys[i];
    }
    return outcome_result(in, out);
}

/* Passwords beside it stay as they are, so the new one keeps the salt that all of them share. */
static enum verdict salts_found(const struct incoming *in, const struct store_query *done,
                                struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct str text = xml_child_text(a, in->stanza->payload, STR(NS_REGISTER), STR("password"));
    struct str password = STR_NONE;
    bool alone = done->op.result == ERR_MISSING || done->out.password.grants == 0;

    if ((done->op.result != ERR_NONE && done->op.result != ERR_MISSING)
        || sasl_prepare_password(a, text, &password) != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR, STR_NONE);
    outcome_derive(out, password, alone ? NULL : done->out.password.salts, keys_made);
    return WAIT;
}

static enum verdict change_password(const struct incoming *in, struct outcome *out,
                                    const struct xml_node *query)
{
    struct arena *a = outcome_arena(out);
    struct str name = xml_child_text(a, query, STR(NS_REGISTER), STR("username"));
    struct str text = xml_child_text(a, query, STR(NS_REGISTER), STR("password"));
    struct str local, password;

    if (name.n == 0 || text.n == 0) /* an empty password changes nothing */
        return outcome_refuse(in, out, COND_BAD_REQUEST, STR("A name and a password are needed."));
    if (jid_prepare_local(a, name, &local) != ERR_NONE || !str_eq(local, in->stanza->from.local))
        return outcome_refuse(in, out, COND_NOT_ALLOWED,
                              STR("You can change your own password only."));
    if (sasl_prepare_password(a, text, &password) != ERR_NONE)
        return outcome_refuse(
            in, out, COND_NOT_ACCEPTABLE,
            STR("This password is too long, or has characters that none may have."));
    if (!outcome_may_change_password(out)) /* each costs tens of milliseconds */
        return outcome_full(in, out, "passwords",
                            STR("Your password was changed too often. Please try again later."));
    outcome_query(out, QUERY_PASSWORD, salts_found)->in.password.account = in->view->account;
    return WAIT;
}

/* ---- Leaving (§3.2) -------------------------------------------------------------------------------- */

static enum verdict leave(const struct incoming *in, struct outcome *out)
{
    outcome_write(out, ROW_ACCOUNT_GONE);
    outcome_result(in, out);
    outcome_end_account(out); /* with a stream error, after the result */
    return HANDLED;
}

static enum verdict change(const struct incoming *in, struct outcome *out)
{
    const struct xml_node *query = in->stanza->payload;

    if (!in->own)
        return outcome_forbid(in, out);
    if (in->limited)
        return outcome_refuse(in, out, COND_FORBIDDEN,
                              STR("An app's password does not decide about the account."));
    if (xml_child(query, STR(NS_REGISTER), STR("remove")) == NULL)
        return change_password(in, out, query);
    if (xml_count_elements(query) != 1)
        return outcome_refuse(in, out, COND_BAD_REQUEST,
                              STR("Whoever leaves says nothing else with it."));
    return leave(in, out);
}

const struct module register_module = {
    .name = "register",
    .spec = "XEP-0077 2.4",
    .features = LIST(STR_INIT(NS_REGISTER)),
    .iqs = IQS(
        { IQ_GET, TO_SERVER | TO_ACCOUNT, STR_INIT(NS_REGISTER), STR_INIT("query"), registered },
        { IQ_SET, TO_SERVER | TO_ACCOUNT, STR_INIT(NS_REGISTER), STR_INIT("query"), change }),
};
