/* session_sm.c: Stream Management (XEP-0198): what each side has, and has safely.
 *
 * The `h` that we send counts a stanza only when everything it brought about is durable, so an acknowledged message
 * survives kill -9. An <r/> that asks about stanzas still waiting for their commit is answered when that is done.
 * What we sent and was not acknowledged is remembered as archive positions; only what no archive holds is kept as
 * (shared) text.
 */
#include "server/limits.h"
#include "server/routed.h"
#include "server/session.h"

enum { QUEUE_ROOM_MIN = 8 };        /* a power of two, like every room */

struct unacked { uint64_t seq; struct blob *text; };   /* text is NULL for what the archive holds */

struct sm {
    uint32_t sent, acked;            /* stanzas sent to the client and acknowledged by it, mod 2^32 */
    struct unacked *queue;           /* a ring of `room` entries, grown on demand: idle sessions stay small */
    size_t first, count, room;
    bool asked;                      /* an <r/> of ours waits for its <a/> */
    bool answer;                     /* an <r/> of the client waits for its <a/> */
    uint32_t answer_at;              /* stanzas submitted when it asked */
};

static struct unacked *queue_at(struct sm *sm, size_t i)
{
    return &sm->queue[(sm->first + i) & (sm->room - 1)];
}

static void queue_grow(struct sm *sm)
{
    size_t room = sm->room ? sm->room * 2 : QUEUE_ROOM_MIN;
    struct unacked *grown = mem_alloc(room * sizeof *grown);

    for (size_t i = 0; i < sm->count; i++)
        grown[i] = *queue_at(sm, i);
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
        blob_unref(queue_at(sm, i)->text);
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

static void sm_fail(struct session *s, struct str condition)
{
    struct arena a = { 0 };
    struct xml_node *failed = xml_new(&a, STR(NS_SM), STR("failed"));

    xml_add(&a, failed, STR(NS_STANZA_ERRORS), condition);
    stream_write(&s->stream, failed);
    arena_deinit(&a);
}

/* ---- What the client sent -------------------------------------------------------------------------- */

/* Stanzas that are safe, counted up to the first that is not. */
static uint32_t durable_count(const struct session *s)
{
    const struct link *first = list_first(&s->pending);

    return first ? LIST_ENTRY(first, struct routed, pending)->serial - 1 : s->submitted;
}

static void write_ack(struct session *s)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR(NS_SM), STR("a"));

    xml_set(&a, node, STR("h"), arena_printf(&a, "%u", durable_count(s)));
    stream_write(&s->stream, node);
    session_flush(s);
    arena_deinit(&a);
}

void sm_durable(struct session *s)
{
    struct sm *sm = s->sm;

    if (sm == NULL || !sm->answer || s->state != SESSION_BOUND)
        return;
    /* Serial arithmetic: h wraps at 2^32 (XEP-0198 §4). */
    if ((int32_t)(durable_count(s) - sm->answer_at) < 0)
        return;
    sm->answer = false;
    write_ack(s);
}

/* ---- What the client received ---------------------------------------------------------------------- */

static void sm_ask(struct session *s)
{
    if (s->sm->asked)
        return;
    s->sm->asked = true;
    write_simple(s, STR("r"));
    session_flush(s);
}

void sm_sent(struct session *s, struct blob *stanza, uint64_t seq)
{
    struct sm *sm = s->sm;

    if (sm == NULL) { /* without acknowledgements, sent is all that can be known */
        presence_delivered(s, seq);
        return;
    }
    if (sm->count == UNACKED_STANZAS) {
        session_fail(s, STREAM_RESOURCE_CONSTRAINT, STR("Nothing was acknowledged for too long."));
        return;
    }
    if (sm->count == sm->room)
        queue_grow(sm);
    *queue_at(sm, sm->count++) = (struct unacked){ seq, seq ? NULL : blob_ref(stanza) };
    sm->sent++;
    if (seq != 0 || sm->count >= UNACKED_ASK_EVERY)
        sm_ask(s);
}

static void sm_acked(struct session *s, const struct xml_node *node)
{
    struct sm *sm = s->sm;
    uint64_t h, seq = 0;

    if (str_to_u64(xml_get(node, STR("h")), UINT32_MAX, &h) != ERR_NONE) {
        session_fail(s, STREAM_INVALID_XML, STR("An <a/> needs its h."));
        return;
    }
    if ((uint32_t)h - sm->acked > sm->count) { /* XEP-0198 §4: handled-count-too-high */
        session_fail(s, STREAM_UNDEFINED_CONDITION, STR("You acknowledged more than was sent."));
        return;
    }
    for (; sm->acked != (uint32_t)h; sm->acked++) {
        struct unacked *u = queue_at(sm, 0);

        if (u->seq > seq)
            seq = u->seq;
        blob_unref(u->text);
        sm->first = (sm->first + 1) & (sm->room - 1);
        sm->count--;
    }
    sm->asked = false;
    presence_delivered(s, seq);
    if (sm->count >= UNACKED_ASK_EVERY)
        sm_ask(s);
}

/* ---- Elements -------------------------------------------------------------------------------------- */

static void sm_enable(struct session *s)
{
    struct arena a = { 0 };

    if (s->state != SESSION_BOUND || s->sm != NULL) {
        sm_fail(s, STR("unexpected-request"));
        return;
    }
    s->sm = mem_alloc(sizeof *s->sm);
    s->submitted = 0;
    LIST_EACH(&s->pending, l) /* submitted before: none of them has a number */
        LIST_ENTRY(l, struct routed, pending)->serial = 1;
    stream_write(&s->stream, xml_new(&a, STR(NS_SM), STR("enabled")));
    arena_deinit(&a);
}

bool sm_element(struct session *s, struct xml_node *node)
{
    if (!str_eq(node->ns, STR(NS_SM)))
        return false;
    if (str_eq(node->name, STR("enable"))) {
        sm_enable(s);
    } else if (str_eq(node->name, STR("resume"))) {
        sm_fail(s, STR("item-not-found"));
    } else if (s->sm == NULL) {
        sm_fail(s, STR("unexpected-request"));
    } else if (str_eq(node->name, STR("r"))) {
        s->sm->answer = true;
        s->sm->answer_at = s->submitted;
        sm_durable(s);
    } else if (str_eq(node->name, STR("a"))) {
        sm_acked(s, node);
    } else {
        session_fail(s, STREAM_UNSUPPORTED_STANZA_TYPE, STR("That is no element of stream management."));
    }
    return true;
}
