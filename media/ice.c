/* ice.c: checks, their answers, nomination, consent. */
#include "media/ice.h"

#include <stdio.h>
#include <string.h>

enum { UFRAG = 16, PWD = 32, ROLE_CONFLICT = 487 };

static struct str text(const char *s)
{
    return str_from(s);
}

static void fill_text(const struct random *random, char *out, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t raw[PWD];

    random_fill(random, raw, n);
    for (size_t i = 0; i < n; i++)
        out[i] = letters[raw[i] & 63];
    out[n] = '\0';
    secure_zero(raw, sizeof raw);
}

void ice_init(struct ice *ice, const struct random *random, bool controlling)
{
    memset(ice, 0, sizeof *ice);
    ice->random = random;
    ice->controlling = controlling;
    random_fill(random, &ice->tie_breaker, sizeof ice->tie_breaker);
    fill_text(random, ice->local_ufrag, UFRAG);
    fill_text(random, ice->local_pwd, PWD);
}

static void keep(char out[ICE_TEXT_MAX + 1], struct str s)
{
    size_t n = s.n < ICE_TEXT_MAX ? s.n : ICE_TEXT_MAX;

    memcpy(out, s.p, n);
    out[n] = '\0';
}

void ice_start(struct ice *ice, struct str remote_ufrag, struct str remote_pwd,
               const uint32_t *priorities, size_t count, uint64_t now_ms)
{
    keep(ice->remote_ufrag, remote_ufrag);
    keep(ice->remote_pwd, remote_pwd);
    ice->count = count < ICE_PAIRS ? count : ICE_PAIRS;
    for (size_t i = 0; i < ice->count; i++)
        ice->pairs[i] = (struct ice_pair){ .priority = priorities[i], .next_ms = now_ms };
    ice->started_ms = ice->heard_ms = now_ms;
    ice->answer.n = 0;
}

void ice_delay(struct ice *ice, size_t pair, uint64_t until_ms)
{
    ice->pairs[pair].next_ms = until_ms;
}

/* ---- Sending ---- */

static size_t write_check(struct ice *ice, struct ice_pair *pair, uint8_t out[STUN_MAX])
{
    char username[2 * ICE_TEXT_MAX + 2];
    int n = snprintf(username, sizeof username, "%s:%s", ice->remote_ufrag, ice->local_ufrag);
    struct stun_check check = {
        .username = { username, (size_t)n },
        .priority = 0x6e7f1eff, /* peer reflexive, the highest: RFC 8445 §5.1.2.1 */
        .role = ice->controlling ? STUN_CONTROLLING : STUN_CONTROLLED,
        .tie_breaker = ice->tie_breaker,
        .use_candidate = ice->controlling,
    };

    memcpy(check.transaction, pair->transaction, STUN_TRANSACTION);
    return stun_write_check(out, &check, text(ice->remote_pwd));
}

/* A check that was not answered is sent again as it was, so that a late answer still counts. */
static void schedule(struct ice *ice, struct ice_pair *pair, uint64_t now_ms)
{
    if (pair->asked) {
        pair->retry_ms =
            pair->retry_ms * 2 < ICE_RETRY_MAX_MS ? pair->retry_ms * 2 : ICE_RETRY_MAX_MS;
    } else {
        random_fill(ice->random, pair->transaction, sizeof pair->transaction);
        pair->retry_ms = ICE_RETRY_FIRST_MS;
        pair->asked = true;
    }
    pair->next_ms = now_ms + pair->retry_ms;
}

bool ice_next(struct ice *ice, uint64_t now_ms, struct ice_packet *out)
{
    if (ice->answer.n > 0) {
        *out = ice->answer;
        ice->answer.n = 0;
        return true;
    }
    for (size_t i = 0; i < ice->count; i++) {
        struct ice_pair *pair = &ice->pairs[i];

        if (now_ms < pair->next_ms)
            continue;
        schedule(ice, pair, now_ms);
        out->pair = i;
        out->n = write_check(ice, pair, out->data);
        return out->n > 0;
    }
    return false;
}

uint64_t ice_deadline_ms(const struct ice *ice)
{
    uint64_t first = UINT64_MAX;

    for (size_t i = 0; i < ice->count; i++)
        if (ice->pairs[i].next_ms < first)
            first = ice->pairs[i].next_ms;
    return first;
}

/* ---- Receiving ---- */

static void answer(struct ice *ice, size_t pair, const struct stun_message *m,
                   const struct stun_address *from)
{
    ice->answer.pair = pair;
    ice->answer.n = stun_write_answer(ice->answer.data, m->transaction, from, text(ice->local_pwd));
}

static bool is_for_us(const struct ice *ice, struct str username)
{
    struct str ours = str_split(&username, ':');

    return str_is(ours, ice->local_ufrag) && str_is(username, ice->remote_ufrag);
}

static void take_request(struct ice *ice, size_t i, const struct stun_message *m,
                         const struct stun_address *from, uint64_t now_ms)
{
    struct ice_pair *pair = &ice->pairs[i];

    if (!is_for_us(ice, m->username) || !stun_is_authentic(m, text(ice->local_pwd)))
        return;
    answer(ice, i, m, from);
    if (!ice->controlling && m->use_candidate)
        pair->nominated = true;
    if (!pair->usable) /* RFC 8445 §7.3.1.4: a triggered check, at once */
        pair->next_ms = now_ms;
}

static void take_answer(struct ice *ice, struct ice_pair *pair, const struct stun_message *m,
                        uint64_t now_ms)
{
    if (!pair->asked || m->transaction.n != STUN_TRANSACTION
        || memcmp(m->transaction.p, pair->transaction, STUN_TRANSACTION) != 0
        || !stun_is_authentic(m, text(ice->remote_pwd)))
        return;
    pair->asked = false;
    if (m->class == STUN_ERROR) {
        if (m->error == ROLE_CONFLICT)
            ice->controlling = !ice->controlling;
        pair->next_ms = now_ms + ICE_RETRY_FIRST_MS;
        return;
    }
    pair->usable = true;
    if (ice->controlling)
        pair->nominated = true;
    ice->heard_ms = now_ms;
    pair->next_ms = now_ms + ICE_CONSENT_MS;
}

void ice_receive(struct ice *ice, size_t pair, const struct stun_address *from, struct bytes packet,
                 uint64_t now_ms)
{
    struct stun_message m;

    if (pair >= ice->count || stun_read(packet, &m) != ERR_NONE)
        return;
    if (m.class == STUN_REQUEST)
        take_request(ice, pair, &m, from, now_ms);
    else if (m.class != STUN_INDICATION)
        take_answer(ice, &ice->pairs[pair], &m, now_ms);
}

/* ---- State ---- */

/* Nominated before not, then by priority. Before the other side has nominated, what answered will do. */
size_t ice_selected(const struct ice *ice)
{
    size_t best = ICE_NO_PAIR;

    for (size_t i = 0; i < ice->count; i++) {
        const struct ice_pair *p = &ice->pairs[i];

        if (!p->usable)
            continue;
        if (best == ICE_NO_PAIR || (p->nominated && !ice->pairs[best].nominated)
            || (p->nominated == ice->pairs[best].nominated
                && p->priority > ice->pairs[best].priority))
            best = i;
    }
    return best;
}

bool ice_failed(const struct ice *ice, uint64_t now_ms)
{
    bool connected = ice_selected(ice) != ICE_NO_PAIR;

    return ice->count > 0 && now_ms - ice->heard_ms > (connected ? ICE_SILENT_MS : ICE_FAIL_MS);
}
