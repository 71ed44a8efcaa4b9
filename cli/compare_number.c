/* compare_number.c: `sotto verify JID --number`, `sotto verify JID NUMBER`: one number for all devices of two people, which both see the
 * same (client/compare.h). With a connection: it is of the devices that both have published now.
 *
 * Shown on a terminal, the person is asked whether it is theirs, too; given, it is compared here. Only then are keys verified.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/trust.h"
#include "client/compare.h"

enum { PATIENCE_S = 60, LOOK_AGAIN_MS = 500, NUMBER_DIGITS = 60 };

struct comparing_numbers {
    struct account account;
    struct jid jid;
    const struct jid *who;
    struct str bare;
    struct timer *again;
    struct arena arena; /* of what was compared last */
    bool anew;          /* lists of before count no more */
};

/* ---- Texts --------------------------------------------------------------------------------------- */

static struct str digits_of(struct arena *a, struct str text)
{
    char *out = arena_raw(a, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] != ' ')
            out[n++] = text.p[i];
    return (struct str){ out, n };
}

bool compare_is_number(struct str text)
{
    struct arena a = { 0 };
    struct str digits = digits_of(&a, text);
    bool is = digits.n == NUMBER_DIGITS;

    for (size_t i = 0; i < digits.n && is; i++)
        is = digits.p[i] >= '0' && digits.p[i] <= '9';
    arena_deinit(&a);
    return is;
}

static void print_number(const struct comparing_numbers *n, const struct comparison *c,
                         struct str code)
{
    const struct program *p = n->account.program;

    if (p->json)
        program_tell(p, json_pack("{s:s,s:o,s:o,s:I,s:o}", "event", "safety-number", "jid",
                                  json_of(n->bare), "number", json_of(c->number), "devices",
                                  (json_int_t)c->count, "code", json_of(code)));
    else
        fprintf(p->out,
                "The safety number of you and %.*s, of %zu devices of theirs:\n\n    %.*s\n\n"
                "Your own code, for `sotto verify` and other programs of theirs:\n\n    %.*s\n\n",
                STR_ARG(n->bare), c->count, STR_ARG(c->number), STR_ARG(code));
    fflush(p->out);
}

/* ---- What comes of it ---------------------------------------------------------------------------- */

static void end(struct comparing_numbers *n, int status)
{
    timer_stop(n->again);
    account_end(&n->account, status);
}

static void matched(struct comparing_numbers *n, const struct comparison *c)
{
    struct account *a = &n->account;
    struct engine *engine = session_engine(a->session);

    engine_now(engine, clock_wall_ms());
    if (engine_matched(engine, n->who, c) != ERR_NONE) {
        end(n, program_fail(a->program, STATUS_FAILED, "changed",
                            STR("the number has changed meanwhile: compare again")));
        return;
    }
    trust_print_keys(a->program, engine, n->bare);
    end(n, STATUS_DONE);
}

static bool asks(const struct program *p)
{
    return p->guest == NULL && !p->json && isatty(STDIN_FILENO) && p->out_is_screen;
}

static void ready(struct comparing_numbers *n, const struct comparison *c)
{
    struct account *a = &n->account;
    const struct program *p = a->program;
    struct engine *engine = session_engine(a->session);

    if (p->arguments[1] == NULL) {
        print_number(n, c, engine_code(engine, &n->arena));
        if (asks(p) && ask_yes(STR("Do they see the same number?")))
            matched(n, c);
        else
            end(n, STATUS_DONE);
    } else if (str_eq(digits_of(&n->arena, c->number),
                      digits_of(&n->arena, str_from(p->arguments[1])))) {
        matched(n, c);
    } else {
        end(n, program_fail(p, STATUS_FAILED, "mismatch",
                            STR("THE NUMBERS DIFFER: perhaps a device was added or removed "
                                "meanwhile; if they differ again, somebody is in between. "
                                "Nothing was verified")));
    }
}

static void look(struct comparing_numbers *n)
{
    struct account *a = &n->account;
    struct engine *engine = session_engine(a->session);
    struct comparison c = { .state = COMPARE_NOTHING };

    engine_now(engine, clock_wall_ms());
    if (!n->anew)
        engine_compare_anew(engine, n->who);
    n->anew = true;
    arena_deinit(&n->arena);
    if (engine_compare(engine, &n->arena, n->who, &c) != ERR_NONE)
        c.state = COMPARE_NOTHING;
    if (c.state == COMPARE_READY)
        ready(n, &c);
    else if (c.state == COMPARE_WAITS)
        timer_start(n->again, LOOK_AGAIN_MS);
    else
        end(n, program_fail(a->program, STATUS_FAILED, "nothing",
                            STR("they have no device whose key could be compared")));
}

/* ---- Being there --------------------------------------------------------------------------------- */

static void on_event(void *ctx, const struct engine_event *e)
{
    struct comparing_numbers *n = ctx;

    if (!account_over(&n->account, e) && e->kind == ENGINE_CAUGHT_UP)
        look(n);
}

static void on_again(void *ctx)
{
    look(ctx);
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    account_lost(&((struct comparing_numbers *)ctx)->account, why, distrusted);
}

static void on_timeout(void *ctx)
{
    account_late(&((struct comparing_numbers *)ctx)->account);
}

static const struct session_handlers handlers = { .event = on_event, .lost = on_lost };

static int run(struct comparing_numbers *n)
{
    struct account *a = &n->account;
    int status = account_meet(a, &handlers, n, PATIENCE_S, on_timeout);

    if (status != STATUS_DONE)
        return status;
    n->again = timer_new(a->loop, on_again, n);
    return account_run(a);
}

static void release(struct account *a)
{
    struct comparing_numbers *n = CONTAINER_OF(a, struct comparing_numbers, account);

    timer_free(n->again);
    account_deinit(a);
    arena_deinit(&n->arena);
}

int compare_number(struct program *p, const struct jid *who)
{
    struct comparing_numbers *n = ARENA_NEW(&p->arena, struct comparing_numbers);

    n->jid = jid_copy(&p->arena, who);
    n->who = &n->jid;
    n->bare = jid_text(&p->arena, who);
    account_init(&n->account, p);
    n->account.release = release;
    return account_leave(&n->account, run(n));
}
