/* session_rate.c: how fast an account may send (limits.messages_per_account, stanzas_per_account, bytes_per_account).
 *
 * Whoever sends faster is read more slowly, and nothing of it is lost: TCP makes the sender wait. All sessions of an
 * account share its buckets. What comes in one read may overdraw them; the debt is waited for.
 */
#include "server/session.h"

void rate_bytes(struct session *s, size_t n)
{
    if (!s->exempt)
        bucket_take(&s->account->bytes, &s->home->settings->bytes_per_account, n, s->home->now_ms);
}

/* Elements of stream management cost an answer, so they count as stanzas. */
void rate_element(struct session *s, const struct xml_node *node)
{
    const struct settings *settings = s->home->settings;

    if (s->exempt)
        return;
    bucket_take(&s->account->stanzas, &settings->stanzas_per_account, 1, s->home->now_ms);
    if (str_is(node->name, "message"))
        bucket_take(&s->account->messages, &settings->messages_per_account, 1, s->home->now_ms);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t rate_wait_ms(const struct session *s)
{
    const struct settings *settings = s->home->settings;
    const struct account *a = s->account;
    uint64_t now = s->home->now_ms;

    if (s->exempt)
        return 0;
    return later(later(bucket_wait_ms(&a->messages, &settings->messages_per_account, now),
                       bucket_wait_ms(&a->stanzas, &settings->stanzas_per_account, now)),
                 bucket_wait_ms(&a->bytes, &settings->bytes_per_account, now));
}

bool rate_is_full(const struct account *a)
{
    uint64_t now_us = a->home->now_ms * 1000;

    return a->messages.full_at_us <= now_us && a->stanzas.full_at_us <= now_us
           && a->bytes.full_at_us <= now_us && a->password_changes.full_at_us <= now_us;
}
