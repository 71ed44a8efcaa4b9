/* invites.c: Easy User Onboarding (XEP-0401): a person invites another one, who gets an account and a contact.
 *
 * The command makes a token (invite_token.h). With it the guest registers (XEP-0445), by which the two are contacts
 * (registration.c); or, from an account of his, asks to see the inviter's presence, which is granted at once (XEP-0379;
 * subscription.c).
 */
#include "base/datetime.h"
#include "server/invite_token.h"
#include "server/modules/commands.h"
#include "server/modules/modules.h"
#include "server/modules/spent_tokens.h"
#include "server/registration.h"
#include "xmpp/dataform.h"

#define NODE_INVITE   "urn:xmpp:invite#invite"
#define FORM_INVITE   "urn:xmpp:invite#invitation"  /* XEP-0401, its registrar considerations */
#define NODE_WITHDRAW "urn:sotto:invite:0#withdraw" /* the form's field "token" says which */

enum { DAY_MS = 24 * 3600 * 1000 };

static size_t open_invitations(const struct incoming *in, const struct store_query *done)
{
    size_t n = 0;

    for (size_t i = 0; i < done->out.invites.count; i++) {
        const struct invite_record *r = &done->out.invites.invites[i];

        n += !r->used && r->expires_ms > in->now_ms && str_eq(r->inviter, in->view->bare);
    }
    return n;
}

/* A new account or, where only the operator makes those, a contact. */
static struct str uri(const struct incoming *in, struct arena *a, struct str token)
{
    const char *register_too = in->settings->registration == REGISTER_NOBODY ? "" : ";ibr=y";

    return arena_printf(a, "xmpp:%.*s?roster;preauth=%.*s%s", STR_ARG(in->view->bare),
                        STR_ARG(token), register_too);
}

static void add_form(const struct incoming *in, struct outcome *out, struct str token,
                     uint64_t expires_ms)
{
    struct arena *a = outcome_arena(out);
    struct str url = in->settings->web_url;
    struct xml_node *form =
        dataform_new(a, command_completed(in, out), STR("result"), STR(FORM_INVITE));

    dataform_field(a, form, STR("uri"), STR("text-single"), STR("Invitation"), uri(in, a, token));
    if (url.n > 0)
        dataform_field(a, form, STR("landing-url"), STR("text-single"),
                       STR("Page of the invitation"),
                       arena_printf(a, "%.*s/invite/%.*s", STR_ARG(url), STR_ARG(token)));
    dataform_field(a, form, STR("expire"), STR("text-single"), STR("Valid until"),
                   datetime_text(a, expires_ms));
}

static enum verdict invite_counted(const struct incoming *in, const struct store_query *done,
                                   struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    uint64_t expires_ms = in->now_ms + in->settings->invitation_days * DAY_MS;
    struct jid sender = in->stanza->from;
    struct str nonce = arena_printf(a, "%.*s %.*s %llu", STR_ARG(sender.resource),
                                    STR_ARG(in->stanza->id), (unsigned long long)in->now_ms);
    struct str token = invite_token(in->settings, a, in->view->bare, expires_ms, nonce);
    uint8_t *hash = arena_alloc(a, HASH_SIZE_MAX);

    if (in->settings->invitations_per_account == 0)
        return outcome_refuse(in, out, COND_FORBIDDEN,
                              STR("On this server only the operator invites people."));
    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_RESOURCE_CONSTRAINT, STR("Please try again."));
    if (open_invitations(in, done) >= in->settings->invitations_per_account) {
        outcome_event(out, EVENT(EVENT_QUOTA, .rule = "invitations"));
        return outcome_refuse(in, out, COND_POLICY_VIOLATION,
                              STR("You have as many open invitations as an account may have."));
    }
    invite_token_hash(token, hash);
    outcome_write(out, ROW_INVITE)->invite.invite = (struct invite_record){
        .token_hash = bytes_of(hash, INVITE_HASH_OCTETS),
        .inviter = in->view->bare,
        .domain = arena_str(a, sender.domain),
        .account = in->settings->registration != REGISTER_NOBODY,
        .created_ms = in->now_ms,
        .expires_ms = expires_ms,
    };
    add_form(in, out, token, expires_ms);
    return HANDLED;
}

static enum verdict invite(const struct incoming *in, struct outcome *out)
{
    (void)in;
    outcome_query(out, QUERY_INVITES, invite_counted);
    return WAIT;
}

/* Of an invitation that went astray: neither an account nor a contact comes of it any more. */
static enum verdict withdraw(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    uint8_t *hash = arena_alloc(a, HASH_SIZE_MAX);
    struct dataform form;
    struct str token = STR_NONE;

    if (dataform_read(a, in->stanza->payload, &form) == ERR_NONE)
        token = str_trim(dataform_value(a, &form, STR("token")));
    if (!spent_tokens_has_not(in, a, token))
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND,
                              STR("That is no invitation of yours that anybody could still use."));
    invite_token_hash(token, hash);
    outcome_write(out, ROW_INVITE_GONE)->invite.invite.token_hash =
        bytes_of(hash, INVITE_HASH_OCTETS);
    spent_tokens_add(in, out, token, in->view->bare);
    command_completed(in, out);
    return HANDLED;
}

const struct module invites_module = {
    .name = "invites",
    .spec = "XEP-0401 0.6.0, XEP-0379 0.3.3, XEP-0445 0.2.0",
    .features = LIST(STR_INIT(NS_INVITE)),
    .commands =
        COMMANDS({ STR_INIT(NODE_INVITE), STR_INIT("Invite somebody"), invite },
                 { STR_INIT(NODE_WITHDRAW), STR_INIT("Take an invitation back"), withdraw }),
};
