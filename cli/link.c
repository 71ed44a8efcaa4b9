/* link.c: `sotto link`: this machine becomes a device of an account that another device of the person has. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/account.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/link.h"
#include "cli/visible.h"
#include "client/link_new.h"
#include "io/qr.h"

enum { PATIENCE_S = 10 * 60, AGAIN_MS = 1500 };

struct linking {
    struct account account;
    struct jid server; /* its domain alone */
    struct link_new link;
    struct wire *wire;
    struct timer *again, *limit;
    bool reached, over, is_there;
    int status;
};

/* ---- What is shown ------------------------------------------------------------------------------- */

static void show_code(struct linking *l)
{
    struct program *p = l->account.program;
    struct str code = link_code_text(&p->arena, &l->link.code);

    if (p->json) {
        program_tell(p, json_pack("{s:s,s:o}", "event", "link-code", "code", json_of(code)));
        fflush(stdout);
        return;
    }
    if (isatty(STDOUT_FILENO))
        qr_print(&p->arena, code);
    printf("On a device that has the account:\n\n  sotto devices link %.*s\n\n", STR_ARG(code));
    fflush(stdout);
}

static void show_digits(struct linking *l)
{
    struct program *p = l->account.program;
    const char *digits = l->link.shared.digits;

    if (p->json)
        program_tell(p, json_pack("{s:s,s:s}", "event", "link-digits", "digits", digits));
    else
        printf("The other device has to show these digits, too: %.3s %s\n", digits, digits + 3);
    fflush(stdout);
}

/* ---- The conversation ---------------------------------------------------------------------------- */

static void end(struct linking *l, int status)
{
    if (!l->over)
        l->status = status;
    l->over = true;
    loop_stop(l->account.loop);
}

static void flush(struct linking *l)
{
    struct str out = stream_output(&l->link.stream);

    wire_write(l->wire, out);
    stream_sent(&l->link.stream, out.n);
}

static void on_open(void *ctx, bool secured)
{
    struct linking *l = ctx;

    l->reached = true;
    link_new_open(&l->link, secured);
    flush(l);
}

static void on_secured(void *ctx)
{
    struct linking *l = ctx;

    link_new_secured(&l->link);
    flush(l);
}

static void on_received(void *ctx, struct str bytes)
{
    struct linking *l = ctx;
    enum link_new_step step = link_new_feed(&l->link, bytes);

    flush(l);
    switch (step) {
    case LINK_NEW_MORE: break;
    case LINK_NEW_START_TLS: wire_secure(l->wire); break;
    case LINK_NEW_DIGITS: show_digits(l); break;
    case LINK_NEW_DONE: end(l, STATUS_DONE); break;
    case LINK_NEW_FAILED:
        end(l, program_fail(l->account.program, STATUS_FAILED, "refused", l->link.why));
        break;
    }
}

/* A server ends streams on which nobody logs in; the next connection goes on where this one was. */
static void on_closed(void *ctx, struct str why, bool distrusted)
{
    struct linking *l = ctx;

    if (!l->over && (distrusted || !l->reached))
        end(l, program_fail(l->account.program, distrusted ? STATUS_FAILED : STATUS_UNREACHABLE,
                            distrusted ? "distrusted" : "unreachable", why));
}

static const struct wire_handlers wire_events = { on_open, on_secured, on_received, on_closed };

static void on_again(void *ctx)
{
    struct linking *l = ctx;

    if (!wire_is_open(l->wire)) {
        wire_open(l->wire);
    } else {
        link_new_ask(&l->link);
        flush(l);
    }
    timer_start(l->again, AGAIN_MS);
}

static void on_limit(void *ctx)
{
    struct linking *l = ctx;

    end(l, program_fail(l->account.program, STATUS_TIMEOUT, "timeout",
                        STR("no other device has taken the code in time")));
}

static int converse(struct linking *l)
{
    struct account *a = &l->account;
    struct connect_to to;
    uint64_t seconds = PATIENCE_S;
    int status = account_connect_to(a, &l->server, &to);

    if (status == STATUS_DONE)
        status = account_seconds(a, &seconds);
    if (status != STATUS_DONE)
        return status;
    l->wire = wire_new(a->loop, &to, a->tls, &wire_events, l);
    l->again = timer_new(a->loop, on_again, l);
    l->limit = timer_new(a->loop, on_limit, l);
    timer_start(l->limit, seconds * 1000);
    on_again(l);
    loop_run(a->loop);
    timer_free(l->limit);
    timer_free(l->again);
    wire_free(l->wire);
    return l->status;
}

/* ---- The account --------------------------------------------------------------------------------- */

static int confirm(const struct linking *l)
{
    struct program *p = l->account.program;
    struct str question =
        arena_printf(&p->arena, "This machine gets the account %.*s. Do both devices show %s?",
                     STR_ARG(visible_line(&p->arena, l->link.gift.jid)), l->link.shared.digits);

    if (p->yes || ask_yes(question))
        return STATUS_DONE;
    return program_fail(p, STATUS_FAILED, "differs",
                        STR("not linked: what came is thrown away. On the other device, `sotto "
                            "devices` shows what to take back"));
}

/* What was given, to the disk, before anything is said in its name. */
static int adopt(struct linking *l)
{
    struct account *a = &l->account;
    struct engine_config about = { .jid = a->jid, .random = &a->program->random };
    struct engine *c = engine_new(&about);
    const struct book_changes *changes;
    int status = STATUS_DONE;

    if (l->link.gift.has_history && store_make_room(a->store) != ERR_NONE)
        status = STATUS_FAILED;
    engine_now(c, clock_wall_ms());
    link_new_adopt(&l->link, c);
    while (status == STATUS_DONE && (changes = engine_commit(c)) != NULL) {
        bool good = store_commit(a->store, changes) == ERR_NONE;

        engine_committed(c, good);
        if (!good)
            status = STATUS_FAILED;
    }
    engine_free(c);
    return status == STATUS_DONE ? STATUS_DONE : program_store_failed(a->program);
}

static int take_over(struct linking *l)
{
    struct account *a = &l->account;
    struct jid jid;
    int status = confirm(l);

    if (status != STATUS_DONE)
        return status;
    if (jid_parse(&a->arena, l->link.gift.jid, &jid) != ERR_NONE || !jid_is_bare(&jid)
        || !str_eq(jid.domain, l->server.domain))
        return program_fail(a->program, STATUS_FAILED, "refused",
                            STR("what came is no account of this server"));
    if ((status = account_keep(a, &jid, l->link.gift.password)) != STATUS_DONE
        || (status = adopt(l)) != STATUS_DONE)
        return status;
    return link_arrive(a, l->link.gift.has_history, &l->is_there);
}

static int link_machine(struct linking *l)
{
    struct account *a = &l->account;
    int status = account_make(a);

    if (status != STATUS_DONE)
        return status;
    if (!a->is_new)
        return program_fail(a->program, STATUS_FAILED, "other-account",
                            arena_printf(&a->arena,
                                         "%s holds an account already: give another one a folder "
                                         "of its own with --data",
                                         a->program->folder));
    link_new_init(&l->link, l->server.domain, account_device_name(a), a->program->with_history,
                  &a->program->random);
    show_code(l);
    status = converse(l);
    if (status == STATUS_DONE)
        status = take_over(l);
    link_new_deinit(&l->link);
    return status;
}

int command_link(struct program *p)
{
    struct linking l = { 0 };
    int status;

    p->name = p->arguments[1];
    if (jid_parse(&p->arena, str_from(p->arguments[0]), &l.server) != ERR_NONE
        || !account_name_fits(p))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("link wants the account's server, such as example.org, and perhaps "
                                "a short name for this device"));
    if (!p->yes && !isatty(STDIN_FILENO))
        return program_fail(
            p, STATUS_USAGE, "usage",
            STR("without a terminal nobody can compare digits: --yes takes them for "
                "equal"));
    l.server = (struct jid){ .domain = l.server.domain };
    account_init(&l.account, p);
    status = link_machine(&l);
    if (!l.is_there && l.account.is_new)
        account_forget(&l.account);
    account_deinit(&l.account);
    return status;
}
