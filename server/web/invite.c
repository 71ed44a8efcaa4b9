/* invite.c: the page of an invitation, for people who have no app yet: GET shows it, POST makes the account.
 *
 *     GET   look the token up -> the page
 *     POST  look it up -> a name -> keys, off the loop -> invitation, account and keys in one commit -> the password
 *
 * Only who holds a good token learns anything, such as which names are taken. The password is made here, shown once,
 * in no URL, kept by nobody. All others see one page, whatever is wrong with their token.
 */
#include "base/encode.h"
#include "http/target.h"
#include "server/disk.h"
#include "server/registration.h"
#include "server/web/html.h"
#include "server/web/qr.h"
#include "server/web/routes.h"
#include "xmpp/jid.h"

enum { PAGE_MAX = 1024 * 1024, PASSWORD_OCTETS = 15, PASSWORD_GROUP = 4, C2S_PORT = 5222 };

struct visit {
    struct exchange *exchange;
    struct store_query query;
    struct registration registration;
    const struct invite_record *invite;
    uint8_t token_hash[HASH_SIZE_MAX];
    struct str token, local, password;
    uint64_t retry_ms; /* of a refusal that is not for good */
};

#define VALUES(...)                                                                                \
    (const struct html_value[]){ __VA_ARGS__ },                                                    \
        COUNT_OF(((const struct html_value[]){ __VA_ARGS__ }))

/* What the page says of encryption is what the policy makes true. */
static struct str privacy(const struct visit *v)
{
    return v->exchange->host->settings->e2ee_required
               ? STR("Messages are locked on your device and unlocked on the devices of the people "
                     "you write to; "
                     "whoever runs this server cannot read them.")
               : STR("Turn on encryption (OMEMO) in each chat: then whoever runs this server "
                     "cannot read it.");
}

/* ---- Pages ----------------------------------------------------------------------------------------- */

static struct str filled(struct arena *a, struct str template, const struct html_value *values,
                         size_t count)
{
    struct buf out;
    struct str text;

    buf_init(&out, PAGE_MAX);
    html_fill(&out, template, values, count);
    text = arena_str(a, buf_str(&out));
    buf_deinit(&out);
    return text;
}

/* Nothing runs and nothing is fetched; the one style sheet is named by its hash. */
static struct str page_policy(struct arena *a)
{
    uint8_t digest[HASH_SIZE_MAX];

    hash_digest(HASH_SHA256, bytes_of_str(page_style), digest);
    return arena_printf(
        a,
        "default-src 'none'; style-src 'sha256-%.*s'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'",
        STR_ARG(base64_text(a, bytes_of(digest, hash_size(HASH_SHA256)))));
}

static void visit_end(struct visit *v, unsigned status, const char *title, struct str content)
{
    struct exchange *x = v->exchange;
    struct arena *a = &x->arena;
    struct str page = filled(
        a, page_html,
        VALUES({ "title", str_from(title) }, { "style", page_style }, { "content", content }));

    arena_deinit(&v->query.op.arena);
    exchange_answer(x,
                    &(struct http_response){ .status = status,
                                             .type = STR("text/html; charset=utf-8"),
                                             .policy = page_policy(a),
                                             .retry_ms = v->retry_ms },
                    page);
}

static void say_invalid(struct visit *v)
{
    exchange_event(v->exchange, EVENT(EVENT_INVITATION));
    visit_end(v, 404, "This invitation is not valid", page_invalid);
}

static struct str invite_uri(struct visit *v)
{
    struct arena *a = &v->exchange->arena;
    const struct invite_record *i = v->invite;

    if (i->inviter.n > 0)
        return arena_printf(a, "xmpp:%.*s?roster;preauth=%.*s%s", STR_ARG(i->inviter),
                            STR_ARG(v->token), i->account ? ";ibr=y" : "");
    return arena_printf(a, "xmpp:%.*s?register;preauth=%.*s", STR_ARG(i->domain),
                        STR_ARG(v->token));
}

static struct str account_form(struct visit *v, struct str name, struct str problem)
{
    struct arena *a = &v->exchange->arena;
    struct str said =
        problem.n > 0 ? filled(a, page_problem, VALUES({ "problem", problem })) : STR("");

    if (!v->invite->account)
        return STR("");
    return filled(a, page_account,
                  VALUES({ "problem", said }, { "name", name }, { "domain", v->invite->domain }));
}

static void show_invitation(struct visit *v, unsigned status, struct str name, struct str problem)
{
    struct arena *a = &v->exchange->arena;
    struct str uri = invite_uri(v),
               who = v->invite->inviter.n > 0 ? v->invite->inviter : STR("Somebody");

    visit_end(
        v, status, "You are invited",
        filled(a, page_invite,
               VALUES({ "who", who }, { "domain", v->invite->domain }, { "uri", uri },
                      { "privacy", privacy(v) }, { "account", account_form(v, name, problem) },
                      { "qr", qr_svg(a, uri) })));
}

/* Where clients connect, as far as it is not what they try by themselves. */
static unsigned c2s_port(const struct server_boot *boot)
{
    uint64_t port = C2S_PORT;

    for (size_t i = 0; i < boot->listener_count; i++) {
        struct str address = boot->listeners[i].address;

        if (boot->listeners[i].kind == LISTEN_C2S
            && str_to_u64(str_skip(address, str_find_last(address, ':') + 1), UINT16_MAX, &port)
                   == ERR_NONE)
            break;
    }
    return (unsigned)port;
}

static struct str contact_line(struct visit *v)
{
    struct arena *a = &v->exchange->arena;
    struct str inviter = v->invite->inviter;

    return inviter.n == 0 ? STR("") : filled(a, page_contact, VALUES({ "inviter", inviter }));
}

static void show_account(struct visit *v)
{
    struct arena *a = &v->exchange->arena;
    struct str domain = v->invite->domain,
               jid = arena_printf(a, "%.*s@%.*s", STR_ARG(v->local), STR_ARG(domain));
    unsigned port = c2s_port(v->exchange->host->boot);
    struct str profanity = port == C2S_PORT ? STR("") : arena_printf(a, " port %u", port);

    visit_end(v, 201, "Your account",
              filled(a, page_created,
                     VALUES({ "jid", jid }, { "password", v->password }, { "host", domain },
                            { "port", arena_printf(a, "%u", port) }, { "profanity", profanity },
                            { "contact", contact_line(v) })));
}

/* ---- The account ----------------------------------------------------------------------------------- */

static void stored(struct store_op *op)
{
    struct visit *v = CONTAINER_OF(op, struct visit, registration.set.op);
    const struct web_host *host = v->exchange->host;
    enum err result = op->result;

    if (result == ERR_NONE && v->registration.introduction != NULL)
        host->emit(host->ctx, v->registration.introduction);
    registration_deinit(&v->registration);
    switch (result) {
    case ERR_NONE: show_account(v); break;
    case ERR_EXISTS:
        show_invitation(v, 409, v->local, STR("This name is taken. Please choose another one."));
        break;
    case ERR_CONFLICT:
    case ERR_MISSING: say_invalid(v); break;
    default:
        show_invitation(v, 503, v->local,
                        STR("The server could not store the account. Please try again."));
    }
}

static void derived(void *registration)
{
    struct visit *v = CONTAINER_OF(registration, struct visit, registration);
    const struct web_host *host = v->exchange->host;
    struct ticket ticket;

    if (exchange_gone(v->exchange)) { /* nobody would see the password */
        registration_deinit(&v->registration);
        say_invalid(v);
        return;
    }
    ticket = (struct ticket){ bytes_of(v->token_hash, INVITE_HASH_OCTETS), v->token,
                              v->invite->inviter };
    registration_fill(&v->registration, v->local, v->invite->domain, &ticket,
                      exchange_now_ms(v->exchange));
    v->registration.set.op.home = host->home;
    v->registration.set.op.done = stored;
    store_commit(host->store, &v->registration.set);
}

/* 120 random bits as "k3xz-…": no digits that look like letters, in groups that a person can copy by hand. */
static struct str new_password(struct visit *v)
{
    struct arena *a = &v->exchange->arena;
    struct str all = random_token(&v->exchange->host->random, a, PASSWORD_OCTETS),
               grouped = STR("");

    for (size_t i = 0; i < all.n; i += PASSWORD_GROUP)
        grouped = arena_printf(a, "%.*s%s%.*s", STR_ARG(grouped), i > 0 ? "-" : "",
                               STR_ARG(str_slice(all, i, PASSWORD_GROUP)));
    return grouped;
}

static void make_account(struct visit *v)
{
    const struct web_host *host = v->exchange->host;

    v->retry_ms = host->begin_registration(host->ctx, exchange_peer(v->exchange));
    if (v->retry_ms > 0) {
        exchange_event(v->exchange, EVENT(EVENT_REGISTRATIONS));
        show_invitation(v, 429, v->local,
                        STR("Too many accounts are made at the moment. Please try again later; the "
                            "invitation stays valid."));
        return;
    }
    v->password = new_password(v);
    registration_init(&v->registration, host->settings, &host->random, v->password);
    loop_offload(host->loop, registration_derive, derived, &v->registration);
}

static void take_name(struct visit *v)
{
    struct arena *a = &v->exchange->arena;
    struct str text = str_trim(http_form_value(a, v->exchange->body, "name"));

    switch (registration_name(a, text, &v->local)) {
    case ERR_NONE: make_account(v); break;
    case ERR_DENIED:
        show_invitation(v, 409, text, STR("This name is taken. Please choose another one."));
        break;
    default:
        show_invitation(
            v, 400, str_slice(text, 0, text.n > NAME_MAX_OCTETS ? 0 : text.n),
            STR("That cannot be a name here. Please use letters, digits, dots and dashes, "
                "and no spaces."));
    }
}

/* ---- The token ------------------------------------------------------------------------------------- */

static bool is_good(const struct visit *v)
{
    const struct settings *s = v->exchange->host->settings;
    const struct invite_record *i = v->invite;

    if (!settings_serves(s, i->domain) || i->used || i->expires_ms <= exchange_now_ms(v->exchange))
        return false;
    return i->account ? s->registration != REGISTER_NOBODY : i->inviter.n > 0;
}

static void found(struct store_op *op)
{
    struct visit *v = CONTAINER_OF(op, struct visit, query.op);
    bool posted = v->exchange->request->method == HTTP_POST;

    v->invite = op->result == ERR_NONE ? v->query.out.invites.invites : NULL;
    if (exchange_gone(v->exchange) || v->invite == NULL || !is_good(v)
        || (posted && !v->invite->account))
        say_invalid(v);
    else if (posted && disk_level(v->exchange->host->disk) >= DISK_LOW)
        show_invitation(
            v, 503, STR(""),
            STR("The server has no room for new accounts now. The invitation stays valid."));
    else if (posted)
        take_name(v);
    else
        show_invitation(v, 200, STR(""), STR(""));
}

void invite_page(struct exchange *x)
{
    struct visit *v = ARENA_NEW(&x->arena, struct visit);
    struct str type = http_get(x->request, "Content-Type");

    if (x->request->method == HTTP_POST
        && !str_starts(type, STR("application/x-www-form-urlencoded"))) {
        exchange_say(x, 415, false, STR("A form is wanted here."));
        return;
    }
    v->exchange = x;
    v->token = x->request->segments[1];
    invite_token_hash(v->token, v->token_hash);
    v->query.kind = QUERY_INVITE;
    v->query.in.invite.token_hash = bytes_of(v->token_hash, INVITE_HASH_OCTETS);
    v->query.op.home = x->host->home;
    v->query.op.done = found;
    store_query(x->host->store, &v->query);
}
