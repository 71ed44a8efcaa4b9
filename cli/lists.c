/* lists.c: see lists.h. */
#include "cli/lists.h"

enum { PATIENCE_S = 60 };

struct listing {
    struct account account;
    void (*print)(struct account *a, struct engine *c);
};

/* ---- Being there --------------------------------------------------------------------------------- */

static void on_event(void *ctx, const struct engine_event *e)
{
    struct account *a = &((struct listing *)ctx)->account;

    (void)account_over(a, e);
}

static void on_settled(void *ctx)
{
    struct listing *l = ctx;

    l->print(&l->account, session_engine(l->account.session));
    account_end(&l->account, STATUS_DONE);
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    account_lost(&((struct listing *)ctx)->account, why, distrusted);
}

static void on_timeout(void *ctx)
{
    account_late(&((struct listing *)ctx)->account);
}

static const struct session_handlers handlers = { .event = on_event,
                                                  .settled = on_settled,
                                                  .lost = on_lost };

static int list(struct listing *l)
{
    struct account *a = &l->account;
    int status;

    if ((status = account_meet(a, &handlers, l, PATIENCE_S, on_timeout)) != STATUS_DONE)
        return status;
    return account_run(a);
}

int list_when_settled(struct program *p, void (*print)(struct account *a, struct engine *c))
{
    struct listing *l = ARENA_NEW(&p->arena, struct listing);

    l->print = print;
    account_init(&l->account, p);
    return account_leave(&l->account, list(l));
}
