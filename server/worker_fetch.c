/* worker_fetch.c: tickets of the relay on their way: a request comes to any worker, its ticket lies at the home of its account.
 *
 *     worker of the request                            home of the account
 *     redeem    --- ORDER_FETCH_REDEEM, token -------> fetch_desk_redeem()
 *     fetch_given() <--- ORDER_FETCH_GIVEN, ticket ---
 *     give_back --- ORDER_FETCH_DONE, ticket --------> fetch_desk_done()
 */
#include <assert.h>

#include "server/web/exchange.h"
#include "server/worker_inside.h"

static struct worker_order *order_new(enum order_kind kind)
{
    struct worker_order *o = mem_alloc(sizeof *o);

    o->kind = kind;
    return o;
}

static void redeem(void *ctx, struct exchange *x, struct str token)
{
    struct worker *w = ctx;
    struct worker_order *o;
    unsigned home;

    if (!fetch_token_home(token, w->group->count, &home)) {
        fetch_given(x, ERR_MISSING, NULL);
        return;
    }
    o = order_new(ORDER_FETCH_REDEEM);
    o->exchange = x;
    o->asker = w->number;
    o->ticket_token = arena_str(&o->arena, token);
    worker_post(w->group->workers[home], o);
}

static void give_back(void *ctx, struct fetch_ticket *t)
{
    struct worker *w = ctx;
    struct worker_order *o = order_new(ORDER_FETCH_DONE);
    unsigned home = 0;

    if (!fetch_token_home(t->token, w->group->count, &home))
        assert(!"a ticket names its home");
    o->ticket = t;
    worker_post(w->group->workers[home], o);
}

static void at_home(struct worker *w, const struct worker_order *asked)
{
    struct worker_order *o = order_new(ORDER_FETCH_GIVEN);

    o->exchange = asked->exchange;
    o->result =
        fetch_desk_redeem(&w->home.fetches, asked->ticket_token, w->home.now_ms, &o->ticket);
    worker_post(w->group->workers[asked->asker], o);
}

void worker_fetch_order(struct worker *w, struct worker_order *o)
{
    switch (o->kind) {
    case ORDER_FETCH_REDEEM: at_home(w, o); break;
    case ORDER_FETCH_GIVEN: fetch_given(o->exchange, o->result, o->ticket); break;
    case ORDER_FETCH_DONE:
        fetch_desk_done(&w->home.fetches, w->home.settings, o->ticket, w->home.now_ms);
        break;
    default: break;
    }
}

void worker_fetch_init(struct worker *w)
{
    w->fetch = (struct fetch_relay){
        .tls = w->group->fetch_tls,
        .exempt = &w->group->boot->config->limits.fetch_exempt,
        .ctx = w,
        .redeem = redeem,
        .give_back = give_back,
    };
    list_init(&w->fetch.running);
}
