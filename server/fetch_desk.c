/* fetch_desk.c: see fetch_desk.h. A token is "HOME-" and 128 random bits. */
#include "server/fetch_desk.h"

#include <string.h>

enum { TOKEN_OCTETS = 16, TOKEN_CHARS = 26, ASKERS = 16 * 1024, HOME_DIGITS_MAX = 3 };

void fetch_desk_init(struct fetch_desk *d, const struct random *random, unsigned home)
{
    *d = (struct fetch_desk){ .random = *random, .home = home };
    map_init(&d->tickets, NULL); /* keys are random, and ours */
    list_init(&d->by_age);
    throttle_init(&d->asked, ASKERS);
    throttle_init(&d->bytes, ASKERS);
    throttle_init(&d->waiting, 0);
    throttle_init(&d->running, 0);
}

void fetch_ticket_free(struct fetch_ticket *t)
{
    mem_free(t);
}

void fetch_desk_deinit(struct fetch_desk *d)
{
    for (struct link *l; (l = list_pop(&d->by_age)) != NULL;)
        fetch_ticket_free(LIST_ENTRY(l, struct fetch_ticket, link));
    map_deinit(&d->tickets);
    throttle_deinit(&d->asked);
    throttle_deinit(&d->bytes);
    throttle_deinit(&d->waiting);
    throttle_deinit(&d->running);
}

/* ---- Issue ----------------------------------------------------------------------------------------- */

static bool may_ask(const struct fetch_desk *d, const struct settings *s, uint64_t account,
                    uint64_t now_ms)
{
    return throttle_allows(&d->asked, account, &s->fetches_per_account, now_ms)
           && throttle_allows(&d->bytes, account, &s->fetched_bytes_per_account, now_ms);
}

/* Both texts live in the ticket, as it changes hands. */
static struct fetch_ticket *ticket_new(struct str token, struct str url)
{
    struct fetch_ticket *t = mem_alloc(sizeof *t + token.n + url.n);
    char *text = (char *)(t + 1);

    memcpy(text, token.p, token.n);
    memcpy(text + token.n, url.p, url.n);
    t->token = (struct str){ text, token.n };
    t->url = (struct str){ text + token.n, url.n };
    return t;
}

bool fetch_desk_issue(struct fetch_desk *d, const struct settings *s, int64_t account, bool exempt,
                      struct str url, uint64_t now_ms, struct arena *a, struct str *out_token)
{
    uint64_t key = (uint64_t)account;
    struct fetch_ticket *t;

    if (throttle_held(&d->waiting, key) >= FETCH_WAITING_MAX
        || (!exempt && !may_ask(d, s, key, now_ms)))
        return false;
    if (!exempt)
        throttle_take(&d->asked, key, &s->fetches_per_account, now_ms);
    *out_token =
        arena_printf(a, "%u-%.*s", d->home, STR_ARG(random_token(&d->random, a, TOKEN_OCTETS)));
    t = ticket_new(*out_token, url);
    t->account = account;
    t->exempt = exempt;
    t->expires_ms = now_ms + FETCH_TICKET_MS;
    t->limit_bytes = s->fetch_bytes;
    map_put(&d->tickets, t->token, t);
    list_add(&d->by_age, &t->link);
    throttle_hold(&d->waiting, key);
    return true;
}

/* ---- Redeem ---------------------------------------------------------------------------------------- */

static void take_out(struct fetch_desk *d, struct fetch_ticket *t)
{
    map_remove(&d->tickets, t->token);
    list_remove(&t->link);
    throttle_release(&d->waiting, (uint64_t)t->account);
}

enum err fetch_desk_redeem(struct fetch_desk *d, struct str token, uint64_t now_ms,
                           struct fetch_ticket **out)
{
    struct fetch_ticket *t = map_get(&d->tickets, token);

    if (t == NULL || t->expires_ms <= now_ms)
        return ERR_MISSING;
    if (throttle_held(&d->running, (uint64_t)t->account) >= FETCH_RUNNING_MAX)
        return ERR_FULL;
    take_out(d, t);
    throttle_hold(&d->running, (uint64_t)t->account);
    *out = t;
    return ERR_NONE;
}

void fetch_desk_done(struct fetch_desk *d, const struct settings *s, struct fetch_ticket *t,
                     uint64_t now_ms)
{
    uint64_t key = (uint64_t)t->account;

    throttle_release(&d->running, key);
    if (!t->exempt && t->fetched_bytes > 0)
        throttle_take_many(&d->bytes, key, &s->fetched_bytes_per_account, t->fetched_bytes, now_ms);
    fetch_ticket_free(t);
}

void fetch_desk_sweep(struct fetch_desk *d, uint64_t now_ms)
{
    for (struct link *l; (l = list_first(&d->by_age)) != NULL;) {
        struct fetch_ticket *t = LIST_ENTRY(l, struct fetch_ticket, link);

        if (t->expires_ms > now_ms)
            break;
        take_out(d, t);
        fetch_ticket_free(t);
    }
}

bool fetch_token_home(struct str token, unsigned homes, unsigned *out_home)
{
    struct str digits = str_split(&token, '-');
    uint64_t home;

    if (token.n != TOKEN_CHARS || digits.n > HOME_DIGITS_MAX
        || str_to_u64(digits, homes - 1, &home) != ERR_NONE)
        return false;
    *out_home = (unsigned)home;
    return true;
}
