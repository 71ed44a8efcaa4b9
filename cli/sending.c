/* sending.c: see sending.h. */
#include "cli/sending.h"

#include <stdio.h>

#include "cli/commands.h"
#include "cli/held.h"
#include "client/timeline.h"

enum { PATIENCE_S = 60, LOOK_BACK = 100 * 1000 };

static const char kept[] = "it is kept and leaves with the next command that connects";

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

static void wait_less_if_held(struct sending *s)
{
    struct account *a = &s->account;

    if (a->program->timeout == NULL && held_by(a, &s->chat).n > 0)
        timer_start(a->limit, HELD_PATIENCE_S * 1000);
}

static void on_event(void *ctx, const struct engine_event *e)
{
    struct sending *s = ctx;
    struct account *a = &s->account;

    if (e->kind == ENGINE_ENTRY && s->id.n > 0 && str_eq(e->entry.target, s->id))
        about_it(s, &e->entry);
    else if (!account_over(a, e) && e->kind == ENGINE_DEVICE && e->on)
        wait_less_if_held(s);
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct sending *s = ctx;

    if (distrusted)
        account_end(&s->account,
                    program_fail(s->account.program, STATUS_FAILED, "distrusted", why));
    else if (!s->warned)
        fprintf(s->account.program->err, "sotto: %.*s; trying again\n", STR_ARG(why));
    s->warned = true;
}

static void on_timeout(void *ctx)
{
    struct sending *s = ctx;
    struct account *a = &s->account;
    struct str by = held_by(a, &s->chat);

    if (!session_is_online(a->session))
        account_end(a, program_fail(a->program, STATUS_UNREACHABLE, "unreachable",
                                    arena_printf(&a->arena, "no connection: %s", kept)));
    else if (by.n > 0)
        account_end(a, held_fail(a, by, kept));
    else
        account_end(a, program_fail(a->program, STATUS_TIMEOUT, "timeout",
                                    s->until_delivered
                                        ? STR("no device of theirs has told that it has it")
                                        : arena_printf(&a->arena, "not sent yet: %s", kept)));
}

/* Nothing is left to be told to anybody. */
static void on_settled(void *ctx)
{
    struct sending *s = ctx;

    if (s->id.n == 0)
        account_end(&s->account, STATUS_DONE);
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .settled = on_settled,
                                                  .lost = on_lost };

/* ---- What it is about ---------------------------------------------------------------------------- */

static void collect(void *ctx, uint64_t number, const struct entry *e)
{
    (void)number;
    timeline_add(ctx, e);
}

/* Before the session begins: then the store is its thread's. */
static int find_message(struct sending *s)
{
    struct account *a = &s->account;
    struct timeline *t = timeline_new(&a->program->random);
    const struct message *m = NULL;
    struct entry answered;
    int status = STATUS_DONE;

    if (store_page(a->store, jid_text(&a->arena, &s->chat), 0, STORE_BEFORE, LOOK_BACK, collect, t)
        != ERR_NONE)
        status = program_fail(a->program, STATUS_FAILED, "store",
                              STR("the store cannot be read: it is damaged, or was tampered with"));
    else if ((m = timeline_find(t, str_from(s->about))) == NULL || (m->retracted && !m->only_here))
        status = program_fail(
            a->program, STATUS_FAILED, "unknown-message",
            STR("there is no such message in this chat; history --json tells the ids"));
    else if (s->own && !m->entry.outgoing)
        status = program_fail(a->program, STATUS_FAILED, "not-yours",
                              STR("only who wrote a message can change it or take it back"));
    if (status == STATUS_DONE && m != NULL) {
        s->message.id = arena_str(&a->arena, m->entry.id);
        s->message.author = arena_str(&a->arena, m->entry.author);
        s->message.text = arena_str(&a->arena, m->text);
        if (message_answers(m, &answered)) {
            s->answered.id = arena_str(&a->arena, answered.id);
            s->answered.author = arena_str(&a->arena, answered.author);
            s->answered.text = arena_str(&a->arena, answered.text);
        }
    }
    timeline_free(t);
    return status;
}

/* ---- Doing it ------------------------------------------------------------------------------------ */

static int act(struct sending *s)
{
    struct account *a = &s->account;
    struct engine *engine = session_engine(a->session);

    engine_now(engine, clock_wall_ms());
    switch (s->act(s, engine)) {
    case ERR_NONE: wait_less_if_held(s); return STATUS_DONE;
    case ERR_TOO_BIG:
        return program_fail(a->program, STATUS_FAILED, "too-big",
                            STR("a message holds at most 64 KiB"));
    default:
        return program_fail(a->program, STATUS_USAGE, "usage",
                            STR("that cannot be sent: it is no emoji, or it is no text: control "
                                "characters, such as those that colour a terminal, do not go over "
                                "XMPP, nor does what is not UTF-8"));
    }
}

int sending_begin(struct sending *s, struct program *p, const char *usage)
{
    if (jid_parse(&p->arena, str_from(p->arguments[0]), &s->chat) != ERR_NONE
        || !jid_is_bare(&s->chat) || s->chat.local.n == 0)
        return program_fail(p, STATUS_USAGE, "usage", str_from(usage));
    account_init(&s->account, p);
    return STATUS_DONE;
}

static int run(struct sending *s)
{
    struct account *a = &s->account;
    int status;

    if ((status = account_open(a)) != STATUS_DONE)
        return status;
    if (s->about != NULL && (status = find_message(s)) != STATUS_DONE)
        return status;
    if ((status = account_begin(a, &handlers, s)) != STATUS_DONE)
        return status;
    if ((status = account_limit(a, PATIENCE_S, on_timeout)) != STATUS_DONE)
        return status;
    if ((status = act(s)) != STATUS_DONE)
        return status;
    return account_run(a);
}

int sending_run(const struct sending *wanted)
{
    struct sending *s = ARENA_NEW(&wanted->account.program->arena, struct sending);

    *s = *wanted;
    return account_leave(&s->account, run(s));
}
