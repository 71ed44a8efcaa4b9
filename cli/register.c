/* register.c: `sotto register`: a new account from an invitation, with a password that nobody has to know.
 *
 * The password is in the store before it leaves, so that an account which the server has made cannot be lost; it is printed once, for
 * the person to keep somewhere else.
 */
#include <stdio.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/visible.h"
#include "client/invite.h"
#include "client/signup.h"

enum { PASSWORD_OCTETS = 20, NAME_OCTETS = 7, PATIENCE_S = 60 };

struct registering {
    struct account account;
    struct invite invite;
    struct jid jid;
    struct str password;
    struct signup signup;
    struct wire *wire;
    struct timer *patience;
    int status;
    bool over, asked, made;
};

/* ---- The conversation ---------------------------------------------------------------------------- */

static void end(struct registering *r, int status)
{
    if (r->over)
        return;
    r->over = true;
    r->status = status;
    loop_stop(r->account.loop);
}

static void flush(struct registering *r)
{
    struct str out = stream_output(&r->signup.stream);

    wire_write(r->wire, out);
    stream_sent(&r->signup.stream, out.n);
}

static void on_open(void *ctx, bool secured)
{
    struct registering *r = ctx;

    signup_open(&r->signup, secured);
    flush(r);
}

static void on_secured(void *ctx)
{
    struct registering *r = ctx;

    signup_secured(&r->signup);
    flush(r);
}

static void on_received(void *ctx, struct str bytes)
{
    struct registering *r = ctx;
    enum signup_step step = signup_feed(&r->signup, bytes);

    flush(r);
    switch (step) {
    case SIGNUP_MORE: break;
    case SIGNUP_START_TLS: wire_secure(r->wire); break;
    case SIGNUP_DONE:
        r->made = true;
        end(r, STATUS_DONE);
        break;
    case SIGNUP_FAILED:
        end(r, program_fail(r->account.program, STATUS_FAILED, "refused", r->signup.why));
        break;
    }
}

static void on_closed(void *ctx, struct str why, bool distrusted)
{
    struct registering *r = ctx;

    if (!r->over)
        end(r, program_fail(r->account.program, distrusted ? STATUS_FAILED : STATUS_UNREACHABLE,
                            distrusted ? "distrusted" : "unreachable", why));
}

static const struct wire_handlers wire_events = { on_open, on_secured, on_received, on_closed };

static void on_patience(void *ctx)
{
    struct registering *r = ctx;

    end(r, program_fail(r->account.program, STATUS_TIMEOUT, "timeout",
                        STR("the server took too long to make the account")));
}

static int converse(struct registering *r)
{
    struct account *a = &r->account;
    struct connect_to to;
    int status = account_connect_to(a, &r->jid, &to);

    if (status != STATUS_DONE)
        return status;
    signup_init(&r->signup, &r->jid, r->invite.token, r->password);
    r->wire = wire_new(a->loop, &to, a->tls, &wire_events, r);
    r->patience = timer_new(a->loop, on_patience, r);
    timer_start(r->patience, PATIENCE_S * 1000);
    wire_open(r->wire);
    loop_run(a->loop);
    timer_free(r->patience);
    wire_free(r->wire);
    r->asked = r->signup.asked;
    signup_deinit(&r->signup);
    return r->status;
}

/* ---- The account --------------------------------------------------------------------------------- */

/* NAME may be whole, alice@example.org; it has to be where the invitation is a token alone. */
static bool choose_jid(struct registering *r, struct str wanted)
{
    struct program *p = r->account.program;
    struct arena *a = &p->arena;
    bool whole = str_find(wanted, '@') < wanted.n;
    struct str name = wanted.n > 0           ? wanted
                      : r->invite.name.n > 0 ? r->invite.name
                                             : random_token(&p->random, a, NAME_OCTETS);

    if (!whole && r->invite.domain.n == 0)
        return false;
    if (!whole)
        name = arena_printf(a, "%.*s@%.*s", STR_ARG(name), STR_ARG(r->invite.domain));
    return jid_parse(a, name, &r->jid) == ERR_NONE && jid_is_bare(&r->jid) && r->jid.local.n > 0
           && (r->invite.domain.n == 0 || str_eq_nocase(r->jid.domain, r->invite.domain));
}

static void print_kit(const struct registering *r)
{
    const struct program *p = r->account.program;
    struct str jid = r->account.bare;

    if (p->json)
        program_tell(p, json_pack("{s:s,s:o,s:o}", "event", "registered", "jid", json_of(jid),
                                  "password", json_of(r->password)));
    else
        printf("Recovery kit: keep it where only you find it.\n  account   %.*s\n"
               "  password  %.*s\nThis machine keeps both, encrypted, and needs neither from you.\n"
               "`sotto chat` opens the messenger.\n",
               STR_ARG(jid), STR_ARG(r->password));
    fflush(stdout);
}

static int make_account(struct registering *r)
{
    struct account *a = &r->account;
    int status;

    if ((status = account_make(a)) != STATUS_DONE)
        return status;
    if (!a->is_new)
        return program_fail(
            a->program, STATUS_FAILED, "other-account",
            arena_printf(&a->arena,
                         "%s holds an account already: give another one a folder of "
                         "its own with --data",
                         a->program->folder));
    if ((status = account_keep(a, &r->jid, r->password)) != STATUS_DONE)
        return status;
    if ((status = converse(r)) != STATUS_DONE)
        return status;
    print_kit(r);
    a->inviter = r->invite.inviter;
    a->invitation = r->invite.token;
    return login_announce(a);
}

int command_register(struct program *p)
{
    struct registering r = { 0 };
    int status;

    account_init(&r.account, p);
    if (invite_read(str_from(p->arguments[0]), &r.invite) != ERR_NONE)
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("register wants an invitation: a link that begins with xmpp: or "
                                "https:, or its token"));
    if (!account_name_fits(p))
        return program_fail(p, STATUS_USAGE, "usage", STR(NAME_USAGE));
    if (!choose_jid(&r, str_from(p->arguments[1])))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("this invitation needs a name that fits it, such as "
                                "alice@example.org"));
    r.password = random_token(&p->random, &r.account.secrets, PASSWORD_OCTETS);
    status = make_account(&r);
    /* Where nobody can know whether the account was made, its password is kept. */
    if (!r.made && r.account.is_new && (status == STATUS_FAILED || !r.asked))
        account_forget(&r.account);
    account_deinit(&r.account);
    return status;
}
