/* send.c: `sotto send`: one message, and what became of it.
 *
 * It is on the disk before it leaves, and stays there until the server has it: what this run could not send, the next one that connects
 * sends, once.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/account.h"
#include "cli/commands.h"

enum { PATIENCE_S = 60, TEXT_MAX = 64 * 1024 };

struct sending {
    struct account account;
    struct str id;
    bool until_delivered, warned;
};

static const char kept[] = "the message is kept and leaves with the next command that connects";

/* ---- What becomes of it -------------------------------------------------------------------------- */

static void about_it(struct sending *s, const struct entry *e)
{
    const struct program *p = s->account.program;

    if (e->kind == ENTRY_FAILED) {
        account_end(&s->account, program_fail(p, STATUS_FAILED, "refused", e->text));
        return;
    }
    if (e->kind != ENTRY_SENT && e->kind != ENTRY_DELIVERED)
        return;
    if (p->json)
        program_tell_entry(p, s->account.bare, e);
    if (e->kind == ENTRY_DELIVERED || !s->until_delivered)
        account_end(&s->account, STATUS_DONE);
}

static void on_event(void *ctx, const struct engine_event *e)
{
    struct sending *s = ctx;
    struct account *a = &s->account;

    if (e->kind == ENGINE_ENTRY && str_eq(e->entry.target, s->id))
        about_it(s, &e->entry);
    else if (e->kind == ENGINE_OFFLINE && e->refused)
        account_end(
            a, program_fail(a->program, STATUS_FAILED, "refused", account_refusal(&a->arena, e)));
    else if (e->kind == ENGINE_DEVICE && e->on)
        fprintf(stderr, "sotto: a new device waits for `sotto trust`: %.*s\n", STR_ARG(e->text));
    else if (e->kind == ENGINE_BROKEN)
        account_end(a, program_fail(a->program, STATUS_FAILED, "store",
                                    STR("the store cannot be written: is the disk full?")));
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct sending *s = ctx;

    if (distrusted)
        account_end(&s->account,
                    program_fail(s->account.program, STATUS_FAILED, "distrusted", why));
    else if (!s->warned)
        fprintf(stderr, "sotto: %.*s; trying again\n", STR_ARG(why));
    s->warned = true;
}

static void on_timeout(void *ctx)
{
    struct sending *s = ctx;
    struct account *a = &s->account;

    if (!session_is_online(a->session))
        account_end(a, program_fail(a->program, STATUS_UNREACHABLE, "unreachable",
                                    arena_printf(&a->arena, "no connection: %s", kept)));
    else
        account_end(a, program_fail(a->program, STATUS_TIMEOUT, "timeout",
                                    s->until_delivered
                                        ? STR("no device of theirs has told that it has it")
                                        : arena_printf(&a->arena, "not sent yet: %s", kept)));
}

static const struct session_handlers handlers = { .event = on_event, .lost = on_lost };

/* ---- The message --------------------------------------------------------------------------------- */

/* One line break at the end is the shell's. */
static bool read_text(struct arena *a, struct str *out)
{
    struct buf b;
    char piece[4096];
    size_t n;

    buf_init(&b, TEXT_MAX + 1);
    while (!b.failed && (n = fread(piece, 1, sizeof piece, stdin)) > 0)
        buf_add(&b, (struct str){ piece, n });
    *out = arena_str(a, buf_str(&b));
    if (str_ends(*out, STR("\n")))
        out->n--;
    n = b.failed ? 0 : out->n;
    buf_deinit(&b);
    return n > 0;
}

static int write_it(struct sending *s, const struct jid *to, struct str text)
{
    struct account *a = &s->account;
    struct engine *engine = session_engine(a->session);

    engine_now(engine, clock_wall_ms());
    switch (engine_send_text(engine, &a->arena, to, text, &s->id)) {
    case ERR_NONE: return STATUS_DONE;
    case ERR_TOO_BIG:
        return program_fail(a->program, STATUS_FAILED, "too-big",
                            STR("a message holds at most 64 KiB"));
    default:
        return program_fail(a->program, STATUS_USAGE, "usage",
                            STR("send wants an address such as alice@example.org, and a text"));
    }
}

static int send_it(struct sending *s, const struct jid *to, struct str text)
{
    struct account *a = &s->account;
    int status;

    if ((status = account_open(a)) != STATUS_DONE)
        return status;
    if ((status = account_begin(a, &handlers, s)) != STATUS_DONE)
        return status;
    if ((status = account_limit(a, PATIENCE_S, on_timeout)) != STATUS_DONE)
        return status;
    if ((status = write_it(s, to, text)) != STATUS_DONE)
        return status;
    return account_run(a);
}

int command_send(struct program *p)
{
    struct sending s = { 0 };
    struct str text = str_from(p->arguments[1]);
    struct jid to;
    int status;

    s.until_delivered = p->wait != NULL && strcmp(p->wait, "delivered") == 0;
    if (p->wait != NULL && !s.until_delivered && strcmp(p->wait, "sent") != 0)
        return program_fail(p, STATUS_USAGE, "usage", STR("--wait wants sent or delivered"));
    if (jid_parse(&p->arena, str_from(p->arguments[0]), &to) != ERR_NONE || !jid_is_bare(&to)
        || to.local.n == 0)
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("send wants an address such as alice@example.org"));
    if (p->arguments[1] == NULL && !read_text(&p->arena, &text))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("standard input is to be the message: some text, at most 64 KiB"));
    account_init(&s.account, p);
    status = send_it(&s, &to, text);
    account_deinit(&s.account);
    return status;
}
