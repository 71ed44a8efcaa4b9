/* session_rate.c: how much an account may send: stanzas, messages and bytes in a time, over all its sessions.
 *
 * Too much is no error: what was read is handled, then reading pauses until the account has tokens again, and TCP
 * slows the client down.
 */
#include "server/session.h"

static uint64_t longest_wait_ms(const struct session *s)
{
    const struct settings *limits = s->home->settings;
    const struct account *a = s->account;
    const uint64_t waits[] = {
        bucket_wait_ms(&a->messages, &limits->messages_per_account, s->home->now_ms),
        bucket_wait_ms(&a->stanzas, &limits->stanzas_per_account, s->home->now_ms),
        bucket_wait_ms(&a->bytes, &limits->bytes_per_account, s->home->now_ms),
    };
    uint64_t longest = 0;

    for (size_t i = 0; i < COUNT_OF(waits); i++)
        longest = waits[i] > longest ? waits[i] : longest;
    return longest;
}

/* A bound session needs no other deadline. */
static void pause_if_spent(struct session *s)
{
    uint64_t wait_ms = longest_wait_ms(s);

    s->spent = wait_ms > 0;
    if (s->spent)
        s->home->host->ops->wake_at(s->link, s->home->now_ms + wait_ms);
}

void rate_take(struct session *s, bool message, size_t bytes)
{
    const struct settings *limits = s->home->settings;
    struct account *a = s->account;
    uint64_t now_ms = s->home->now_ms;

    if (s->exempt)
        return;
    bucket_take(&a->stanzas, &limits->stanzas_per_account, 1, now_ms);
    bucket_take(&a->messages, &limits->messages_per_account, message, now_ms);
    bucket_take(&a->bytes, &limits->bytes_per_account, bytes, now_ms);
    pause_if_spent(s);
}

void rate_wake(struct session *s)
{
    pause_if_spent(s);
    session_resume_reading(s);
}
