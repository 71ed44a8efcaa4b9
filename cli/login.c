/* login.c: `sotto login`: the account's password is checked, kept, and this device announced. */
#include <stdio.h>
#include <unistd.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/secret.h"
#include "cli/visible.h"
#include "client/people.h"

enum { PATIENCE_S = 60 };

static void on_event(void *ctx, const struct engine_event *e)
{
    struct account *a = ctx;

    (void)account_over(a, e);
}

static void on_settled(void *ctx)
{
    struct account *a = ctx;

    if (!engine_waits_for(session_engine(a->session), a->inviter))
        account_end(a, STATUS_DONE);
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    account_lost(ctx, why, distrusted);
}

static void on_timeout(void *ctx)
{
    struct account *a = ctx;

    account_end(a, program_fail(a->program, STATUS_TIMEOUT, "timeout",
                                STR("the server took too long to log this device in")));
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .settled = on_settled,
                                                  .lost = on_lost };

/* Who has invited us is a contact without further questions (XEP-0401 §5.3): the token is the answer to them (XEP-0379). */
static void meet_inviter(struct account *a)
{
    struct engine *engine = session_engine(a->session);
    struct jid jid;

    if (a->inviter.n == 0)
        return;
    engine_now(engine, clock_wall_ms());
    if (jid_parse(&a->arena, a->inviter, &jid) != ERR_NONE
        || engine_add_inviter(engine, &jid, a->invitation) != ERR_NONE)
        fprintf(stderr, "sotto: whoever has invited you has an address that is none\n");
}

int login_announce(struct account *a)
{
    int status;

    if ((status = account_begin(a, &handlers, a)) != STATUS_DONE)
        return status;
    if ((status = account_limit(a, PATIENCE_S, on_timeout)) != STATUS_DONE)
        return status;
    meet_inviter(a);
    return account_run(a);
}

/* A device that has an account gets a new password; one that turns out to be wrong shall not replace the old one. */
static int log_in(struct account *a, const struct jid *jid, struct str password)
{
    struct str before;
    bool had_one;
    int status;

    if ((status = account_make(a)) != STATUS_DONE)
        return status;
    had_one = store_setting(a->store, "password", &a->arena, &before) == ERR_NONE;
    if ((status = account_keep(a, jid, password)) != STATUS_DONE)
        return status;
    a->by_password = true;
    status = login_announce(a);
    if (status != STATUS_DONE && had_one && account_keep(a, jid, before) != STATUS_DONE)
        return STATUS_FAILED;
    return status;
}

static void greet(const struct account *a)
{
    const struct program *p = a->program;

    if (p->json)
        program_tell(p, json_pack("{s:s,s:o}", "event", "login", "jid", json_of(a->bare)));
    else
        printf("%.*s: logged in\n", STR_ARG(a->bare));
}

int command_login(struct program *p)
{
    struct account a;
    struct str password, why;
    struct jid jid;
    int status;

    if (jid_parse(&p->arena, str_from(p->arguments[0]), &jid) != ERR_NONE || !jid_is_bare(&jid)
        || jid.local.n == 0)
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("login wants an address such as alice@example.org"));
    if (!account_name_fits(p))
        return program_fail(p, STATUS_USAGE, "usage", STR(NAME_USAGE));
    if (!p->password_stdin && !isatty(STDIN_FILENO))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("nobody is there to type the password: with --password-stdin it is "
                                "the first line of standard input"));
    account_init(&a, p);
    if (secret_password(&a.secrets, &password, &why) != ERR_NONE)
        status = program_fail(p, STATUS_USAGE, "usage", why);
    else
        status = log_in(&a, &jid, password);
    if (status == STATUS_DONE)
        greet(&a);
    else if (a.is_new)
        account_forget(&a);
    account_deinit(&a);
    return status;
}
