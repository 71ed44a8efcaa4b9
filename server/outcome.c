/* outcome.c: what hooks and handlers bring about, collected in the routed stanza; and which sessions they see. */
#include <string.h>

#include "base/encode.h"
#include "base/reader.h"
#include "server/derivation.h"
#include "server/home.h"
#include "server/routed.h"
#include "server/session.h"

struct routed *routed_new(void)
{
    struct routed *r = mem_alloc(sizeof *r);

    r->deliver = true;
    list_init(&r->twins);
    return r;
}

void routed_free(struct routed *r)
{
    if (r == NULL)
        return;
    for (struct store_query *q = r->query; q != NULL; q = q->previous)
        arena_deinit(&q->op.arena);
    derivation_free(r->derivation);
    arena_deinit(&r->writes.op.arena);
    arena_deinit(&r->arena);
    mem_free(r);
}

struct arena *outcome_arena(struct outcome *out)
{
    return &out->routed->arena;
}

size_t outcome_bytes(const struct outcome *out)
{
    return out->routed->bytes;
}

static struct effect *outcome_effect(struct outcome *out, enum effect_kind kind)
{
    struct effect *e = ARENA_NEW(&out->routed->arena, struct effect);

    e->kind = kind;
    if (out->effects->last != NULL)
        out->effects->last->next = e;
    else
        out->effects->first = e;
    out->effects->last = e;
    return e;
}

void outcome_reply(struct outcome *out, struct xml_node *node)
{
    struct outcome back = { out->routed, &out->routed->at_origin, out->account };

    outcome_effect(&back, EFFECT_REPLY)->node = node;
}

enum verdict outcome_refuse(const struct incoming *in, struct outcome *out,
                            enum stanza_condition why, struct str text)
{
    enum stanza_type type = in->stanza->type;

    /* Errors and results are never answered (RFC 6120 §8.2.3, §8.3.1). */
    if (type != MESSAGE_ERROR && type != PRESENCE_ERROR && type != IQ_ERROR && type != IQ_RESULT)
        outcome_reply(out, stanza_error(outcome_arena(out), in->stanza, why, text));
    return HANDLED;
}

void outcome_event(struct outcome *out, const struct event *event)
{
    struct arena *a = outcome_arena(out);
    struct told *told = ARENA_NEW(a, struct told);

    told->event = *event;
    told->event.actor = arena_str(a, event->actor);
    told->event.target = arena_str(a, event->target);
    if (event->call != NULL) {
        struct event_call *call = ARENA_NEW(a, struct event_call);

        *call = *event->call;
        told->event.call = call;
    }
    told->next = out->routed->told;
    out->routed->told = told;
}

enum verdict outcome_full(const struct incoming *in, struct outcome *out, const char *what,
                          struct str text)
{
    outcome_event(out, EVENT(EVENT_QUOTA, .rule = what));
    return outcome_refuse(in, out, COND_RESOURCE_CONSTRAINT, text);
}

enum verdict outcome_result(const struct incoming *in, struct outcome *out)
{
    outcome_reply(out, stanza_result(outcome_arena(out), in->stanza));
    return HANDLED;
}

enum verdict outcome_forbid(const struct incoming *in, struct outcome *out)
{
    outcome_event(out, EVENT(EVENT_FORBIDDEN));
    return outcome_refuse(
        in, out, view_shows(in->view, in->sender) ? COND_FORBIDDEN : COND_SERVICE_UNAVAILABLE,
        STR_NONE);
}

struct row *outcome_write(struct outcome *out, enum row_kind kind)
{
    struct row *row = write_set_add(&out->routed->writes, kind, out->account);

    if (kind == ROW_MESSAGE)
        out->routed->archived = row;
    if (kind == ROW_OUTBOX)
        out->routed->outgoing = row;
    return row;
}

void outcome_push(struct outcome *out, struct xml_node *iq, unsigned flags)
{
    struct effect *e = outcome_effect(out, EFFECT_PUSH);

    e->node = iq;
    e->flags = flags;
}

void outcome_route(struct outcome *out, struct xml_node *node)
{
    outcome_effect(out, EFFECT_ROUTE)->node = node;
}

void outcome_wake(struct outcome *out)
{
    out->routed->wakes = true;
}

void outcome_announce(struct outcome *out, struct str jid, bool available)
{
    struct effect *e = outcome_effect(out, EFFECT_ANNOUNCE);

    e->jid = jid;
    e->flags = available;
}

void outcome_presence(struct outcome *out)
{
    outcome_effect(out, EFFECT_PRESENCE);
}

void outcome_hide(struct outcome *out, const struct map *blocks)
{
    presence_hide(out->routed->account, blocks, out);
}

void outcome_show(struct outcome *out, struct str jid)
{
    outcome_effect(out, EFFECT_SHOW)->jid = jid;
}

void outcome_notify(struct outcome *out, const struct pep_node *node, struct xml_node *event)
{
    struct effect *e = outcome_effect(out, EFFECT_NOTIFY);

    e->pep = *node;
    e->node = event;
}

void outcome_end_device(struct outcome *out, struct str resource)
{
    struct outcome back = { out->routed, &out->routed->at_origin, out->account };

    outcome_effect(&back, EFFECT_END_DEVICE)->jid = resource;
}

void outcome_end_grant(struct outcome *out, struct str id)
{
    struct outcome back = { out->routed, &out->routed->at_origin, out->account };

    outcome_effect(&back, EFFECT_END_GRANT)->jid = id;
}

void outcome_session(struct outcome *out, unsigned set, unsigned clear)
{
    out->routed->session_set |= set;
    out->routed->session_clear |= clear;
}

void outcome_note(struct outcome *out, unsigned notes)
{
    out->routed->notes |= notes;
}

bool outcome_repeats(struct outcome *out, const uint8_t origin[16])
{
    struct routed *r = out->routed;

    memcpy(r->origin_hash, origin, sizeof r->origin_hash);
    r->repeats = view_repeats(&r->sender_home->view, origin);
    r->has_origin = !r->repeats;
    return r->repeats;
}

static bool is_exempt(const struct routed *r)
{
    return r->session == NULL || r->session->exempt;
}

bool outcome_may_subscribe(struct outcome *out)
{
    struct home *h = out->routed->sender_home->home;

    return is_exempt(out->routed)
           || budget_subscribe(&h->budget, h->settings, out->account, h->now_ms);
}

bool outcome_may_be_told(struct outcome *out)
{
    struct home *h = out->routed->sender_home->home;

    return is_exempt(out->routed) || budget_tells(&h->budget, out->account, h->now_ms);
}

bool outcome_may_fetch(struct outcome *out, struct str target, bool bundle)
{
    struct home *h = out->routed->sender_home->home;

    return is_exempt(out->routed)
           || budget_fetch(&h->budget, h->settings, out->account, target, bundle, h->now_ms);
}

void outcome_wrote(struct outcome *out, struct str bare)
{
    view_wrote(&out->routed->sender_home->view, bare);
}

bool outcome_has_written(const struct outcome *out, struct str bare)
{
    return view_has_written(&out->routed->sender_home->view, bare);
}

struct store_query *outcome_query(struct outcome *out, enum query_kind kind, query_fn *then)
{
    struct store_query *q = ARENA_NEW(&out->routed->arena, struct store_query);

    q->kind = kind;
    q->previous = out->routed->query; /* what it brought may be part of the answer */
    out->routed->query = q;
    out->routed->then = then;
    return q;
}

void outcome_derive(struct outcome *out, struct str password, const struct scram_keys *salts,
                    derived_fn *then)
{
    out->routed->derivation = derivation_new(out->routed, password, salts, then);
}

bool outcome_may_change_password(struct outcome *out)
{
    struct account *a = out->routed->account;
    const struct rate *rate = &a->home->settings->password_changes_per_account;

    if (bucket_wait_ms(&a->password_changes, rate, a->home->now_ms) > 0)
        return false;
    bucket_take(&a->password_changes, rate, 1, a->home->now_ms);
    return true;
}

bool outcome_fetch_ticket(struct outcome *out, struct str url, struct str *out_token)
{
    struct home *h = out->routed->account->home;

    return fetch_desk_issue(&h->fetches, h->settings, out->account, is_exempt(out->routed), url,
                            h->now_ms, outcome_arena(out), out_token);
}

void outcome_end_account(struct outcome *out)
{
    struct outcome back = { out->routed, &out->routed->at_origin, out->account };

    outcome_effect(&back, EFFECT_END_ACCOUNT);
}

/* Archive ids are base32(seq ‖ 4 octets of a keyed hash): opaque, stable, and not to be guessed into
 * another account's sequence.
 *     0               8          12
 *     +---------------+----------+
 *     | seq, big end. | check    |
 *     +---------------+----------+ */
enum { ARCHIVE_ID_OCTETS = 12, ARCHIVE_ID_CHARS = 20 };

static void archive_id_octets(const struct settings *s, int64_t account, enum shelf shelf,
                              uint64_t seq, uint8_t out[ARCHIVE_ID_OCTETS])
{
    uint64_t key[2], input[3] = { (uint64_t)account, shelf, seq };
    uint64_t check;

    memcpy(key, s->secret, sizeof key);
    check = map_hash(key, (struct str){ (const char *)input, sizeof input });
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(seq >> (56 - 8 * i));
    for (int i = 0; i < 4; i++)
        out[8 + i] = (uint8_t)(check >> (8 * i));
}

struct str archive_id(const struct settings *s, struct arena *a, int64_t account, enum shelf shelf,
                      uint64_t seq)
{
    uint8_t octets[ARCHIVE_ID_OCTETS];

    archive_id_octets(s, account, shelf, seq, octets);
    return base32_text(a, bytes_of(octets, sizeof octets));
}

bool archive_id_read(const struct settings *s, struct str id, int64_t account, enum shelf shelf,
                     uint64_t *out_seq)
{
    struct arena a = { 0 };
    struct bytes octets;
    struct reader r;
    uint64_t seq;
    bool ours = false;

    if (id.n == ARCHIVE_ID_CHARS && base32_read(&a, id, &octets) == ERR_NONE) {
        r = reader_of(octets);
        seq = read_u64(&r);
        ours = str_eq(archive_id(s, &a, account, shelf, seq), id);
        if (ours)
            *out_seq = seq;
    }
    arena_deinit(&a);
    return ours;
}

const struct present *incoming_sessions(const struct incoming *in, struct arena *a,
                                        size_t *out_count)
{
    const struct list *sessions = &in->account->sessions;
    struct present *here;
    size_t n = 0;

    for (const struct link *l = list_first(sessions); l != NULL; l = list_next(sessions, l))
        n++;
    here = arena_alloc(a, n * sizeof *here);
    *out_count = n;
    n = 0;
    for (const struct link *l = list_first(sessions); l != NULL; l = list_next(sessions, l)) {
        const struct session *s = LIST_ENTRY(l, const struct session, in_account);

        here[n].resource = arena_str(a, s->jid.resource);
        here[n].since_ms = s->bound_ms;
        here[n++].credential = arena_str(a, str_from(s->credential));
    }
    return here;
}
