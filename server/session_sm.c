/* session_sm.c: Stream Management (XEP-0198): what each side has, and has safely.
 *
 * The `h` that we send counts a stanza only when everything it brought about is durable, so an acknowledged message
 * survives kill -9. An <r/> that asks about stanzas still waiting for their commit is answered when that is done.
 * What we sent and was not acknowledged is remembered as archive positions; only what no archive holds is kept as
 * (shared) text.
 */
#include <string.h>

#include "server/auth.h"
#include "server/limits.h"
#include "server/routed.h"
#include "server/sm.h"

enum { QUEUE_ROOM_MIN = 8 }; /* a power of two, like every room */

struct unacked *sm_queue_at(struct sm *sm, size_t i)
{
    return &sm->queue[(sm->first + i) & (sm->room - 1)];
}

static void queue_grow(struct sm *sm)
{
    size_t room = sm->room ? sm->room * 2 : QUEUE_ROOM_MIN;
    struct unacked *grown = mem_alloc(room * sizeof *grown);

    for (size_t i = 0; i < sm->count; i++)
        grown[i] = *sm_queue_at(sm, i);
    mem_free(sm->queue);
    sm->queue = grown;
    sm->room = room;
    sm->first = 0;
}

void sm_free(struct session *s)
{
    struct sm *sm = s->sm;

    if (sm == NULL)
        return;
    for (size_t i = 0; i < sm->count; i++)
        blob_unref(sm_queue_at(sm, i)->text);
    mem_free(sm->queue);
    mem_free(sm);
    s->sm = NULL;
}

static void write_simple(struct session *s, struct str name)
{
    struct arena a = { 0 };

    stream_write(&s->stream, xml_new(&a, STR(NS_SM), name));
    arena_deinit(&a);
}

struct xml_node *sm_failed(struct arena *a, struct str condition)
{
    struct xml_node *failed = xml_new(a, STR(NS_SM), STR("failed"));

    xml_add(a, failed, STR(NS_STANZA_ERRORS), condition);
    return failed;
}

void sm_fail(struct session *s, struct str condition)
{
    struct arena a = { 0 };

    stream_write(&s->stream, sm_failed(&a, condition));
    arena_deinit(&a);
}

/* ---- What the client sent -------------------------------------------------------------------------- */

/* Stanzas that are safe, counted up to the first that is not. */
uint32_t sm_durable_count(const struct session *s)
{
    const struct link *first = list_first(&s->pending);

    return first ? LIST_ENTRY(first, struct routed, pending)->serial - 1 : s->submitted;
}

static void write_ack(struct session *s)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR(NS_SM), STR("a"));

    xml_set(&a, node, STR("h"), arena_printf(&a, "%u", sm_durable_count(s)));
    stream_write(&s->stream, node);
    session_flush(s);
    arena_deinit(&a);
}

void sm_durable(struct session *s)
{
    struct sm *sm = s->sm;

    if (s->state == SESSION_RESUMING)
        resume_continue(s);
    if (sm == NULL || !sm->answer || s->state != SESSION_BOUND)
        return;
    /* Serial arithmetic: h wraps at 2^32 (XEP-0198 §4). */
    if ((int32_t)(sm_durable_count(s) - sm->answer_at) < 0)
        return;
    sm->answer = false;
    write_ack(s);
}

/* ---- What the client received ---------------------------------------------------------------------- */

static void sm_ask(struct session *s)
{
    if (s->sm->asked || s->link == NULL || s->state != SESSION_BOUND || s->replaying)
        return;
    s->sm->asked = true;
    write_simple(s, STR("r"));
    session_flush(s);
}

void sm_probe(struct session *s)
{
    s->sm->asked = false;
    sm_ask(s);
}

/* Ends it at its next wake-up or sweep, because here somebody is walking through the account's sessions. */
static void overflow(struct session *s)
{
    s->sm->overflowed = true;
    s->sm->waits_until_ms = 0;
    if (s->link != NULL)
        s->home->host->ops->wake_at(s->link, s->home->now_ms);
}

bool sm_has_overflowed(const struct session *s)
{
    return s->sm != NULL && s->sm->overflowed;
}

void sm_sent(struct session *s, struct blob *stanza, uint64_t seq, enum wrapping wrapping,
             uint64_t until_ms)
{
    struct sm *sm = s->sm;

    if (sm == NULL) { /* without acknowledgements, sent is all that can be known */
        presence_delivered(s, seq);
        return;
    }
    if (sm->count == UNACKED_STANZAS) {
        overflow(s);
        return;
    }
    if (sm->count == sm->room)
        queue_grow(sm);
    *sm_queue_at(sm, sm->count++) =
        (struct unacked){ seq, seq ? NULL : blob_ref(stanza), wrapping, until_ms };
    if (seq != 0 || sm->count >= UNACKED_ASK_EVERY)
        sm_ask(s);
}

bool sm_acknowledge(struct session *s, uint32_t h)
{
    struct sm *sm = s->sm;
    uint64_t seq = 0;

    if (h - sm->acked > sm->count)
        return false;
    for (; sm->acked != h; sm->acked++) {
        struct unacked *u = sm_queue_at(sm, 0);

        if (u->wrapping != WRAP_SENT && u->seq > seq)
            seq = u->seq;
        blob_unref(u->text);
        sm->first = (sm->first + 1) & (sm->room - 1);
        sm->count--;
    }
    sm->asked = false;
    presence_delivered(s, seq);
    presence_unlag(s);
    return true;
}

/* XEP-0198 §4 gives its own condition, with both counts. */
static void sm_overcounted(struct session *s, uint32_t h)
{
    struct arena a = { 0 };
    struct xml_node *why = xml_new(&a, STR(NS_SM), STR("handled-count-too-high"));

    xml_set(&a, why, STR("h"), arena_printf(&a, "%u", h));
    xml_set(&a, why, STR("send-count"),
            arena_printf(&a, "%u", s->sm->acked + (uint32_t)s->sm->count));
    session_fail_about(s, STREAM_UNDEFINED_CONDITION, STR("You acknowledged more than was sent."),
                       why);
    arena_deinit(&a);
}

/* A client that has nothing new to tell is not asked again before there is something new to ask about: else the two would
 * go on for ever. */
static void sm_acked(struct session *s, const struct xml_node *node)
{
    uint32_t before = s->sm->acked;
    uint64_t h;

    if (str_to_u64(xml_get(node, STR("h")), UINT32_MAX, &h) != ERR_NONE)
        session_fail(s, STREAM_INVALID_XML, STR("An <a/> needs its h."));
    else if (!sm_acknowledge(s, (uint32_t)h))
        sm_overcounted(s, (uint32_t)h);
    else if (s->sm->acked != before && s->sm->count >= UNACKED_ASK_EVERY)
        sm_ask(s);
}

/* ---- Waiting for resumption ------------------------------------------------------------------------ */

static size_t waiting_count(const struct account *a)
{
    size_t n = 0;

    for (const struct link *l = list_first(&a->sessions); l != NULL; l = list_next(&a->sessions, l))
        n += LIST_ENTRY(l, const struct session, in_account)->link == NULL;
    return n;
}

bool sm_is_behind(const struct session *s)
{
    return s->sm != NULL && s->sm->count >= UNACKED_LAG;
}

bool sm_can_wait(const struct session *s)
{
    if (s->sm == NULL || s->sm->id.n == 0 || s->sm->overflowed
        || waiting_count(s->account) > s->home->settings->resumable_per_account)
        return false;
    s->sm->waits_until_ms = s->home->now_ms + (uint64_t)s->home->settings->resume_s * 1000;
    return true;
}

uint64_t sm_waits_until_ms(const struct session *s)
{
    return s->sm->waits_until_ms;
}

uint64_t sm_first_unacked(const struct session *s)
{
    for (size_t i = 0; s->sm != NULL && i < s->sm->count; i++)
        if (sm_queue_at(s->sm, i)->seq != 0)
            return sm_queue_at(s->sm, i)->seq;
    return 0;
}

uint64_t sm_last_unseen(const struct session *s)
{
    uint64_t seq = 0;

    for (size_t i = 0; s->sm != NULL && i < s->sm->count; i++) {
        const struct unacked *u = sm_queue_at(s->sm, i);

        if (u->wrapping != WRAP_SENT && u->seq > seq)
            seq = u->seq;
    }
    return seq;
}

/* ---- Elements -------------------------------------------------------------------------------------- */

/* The answer: <enabled/> or <failed/>. */
struct xml_node *sm_enable(struct session *s, struct arena *a, const struct xml_node *node)
{
    struct xml_node *enabled;
    struct str wish = xml_get(node, STR("resume"));

    if (s->state != SESSION_BOUND || s->sm != NULL)
        return sm_failed(a, STR("unexpected-request"));
    s->sm = mem_alloc(sizeof *s->sm);
    s->submitted = 0;
    LIST_EACH (&s->pending, l) /* submitted before: none of them has a number */
        LIST_ENTRY(l, struct routed, pending)->serial = 1;
    enabled = xml_new(a, STR(NS_SM), STR("enabled"));
    if ((str_is(wish, "true") || str_is(wish, "1"))
        && s->home->settings->resumable_per_account > 0) {
        struct str id = random_token(&s->home->host->random, a, SM_ID_OCTETS);

        memcpy(s->sm->id_memory, id.p, id.n);
        s->sm->id = (struct str){ s->sm->id_memory, id.n };
        xml_set(a, enabled, STR("id"), s->sm->id);
        xml_set(a, enabled, STR("resume"), STR("true"));
        xml_set(a, enabled, STR("max"), arena_printf(a, "%u", s->home->settings->resume_s));
    }
    return enabled;
}

static void answer_enable(struct session *s, const struct xml_node *node)
{
    struct arena a = { 0 };

    stream_write(&s->stream, sm_enable(s, &a, node));
    arena_deinit(&a);
}

bool sm_element(struct session *s, struct xml_node *node)
{
    if (!str_eq(node->ns, STR(NS_SM)))
        return false;
    if (str_eq(node->name, STR("enable"))) {
        answer_enable(s, node);
    } else if (str_eq(node->name, STR("resume"))) {
        resume_request(s, node);
    } else if (s->sm == NULL) {
        sm_fail(s, STR("unexpected-request"));
    } else if (str_eq(node->name, STR("r"))) {
        s->sm->answer = true;
        s->sm->answer_at = s->submitted;
        sm_durable(s);
    } else if (str_eq(node->name, STR("a"))) {
        sm_acked(s, node);
    } else {
        session_fail(s, STREAM_UNSUPPORTED_STANZA_TYPE,
                     STR("That is no element of stream management."));
    }
    return true;
}
