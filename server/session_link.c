/* session_link.c: a device that has no account yet meets one that has (urn:sotto:link:0), before any login.
 *
 * It may take what was left for it, and leave one short answer where a hello waits. Whoever does not know the channel's name, which
 * is 128 bits, finds nothing; who asks too much finds the limits of every stream before login. What is taken last is gone at once.
 */
#include "server/linking.h"
#include "server/session.h"

struct linking {
    struct session *session;
    struct arena arena; /* of the question in work */
    struct stanza iq;
    struct link_request request;
    struct store_query query;
    struct write_set set;
};

void linking_free(struct linking *l)
{
    if (l == NULL)
        return;
    arena_deinit(&l->query.op.arena);
    arena_deinit(&l->set.op.arena);
    arena_deinit(&l->arena);
    mem_free(l);
}

/* ---- Answers --------------------------------------------------------------------------------------- */

static bool is_there(const struct linking *l)
{
    return l->session->state == SESSION_NEGOTIATING;
}

static void refuse(struct linking *l, enum stanza_condition why)
{
    stream_write(&l->session->stream, stanza_error(&l->arena, &l->iq, why, STR_NONE));
}

static void refuse_for(struct linking *l, enum err why)
{
    refuse(l, why == ERR_MISSING  ? COND_ITEM_NOT_FOUND
              : why == ERR_EXISTS ? COND_CONFLICT
                                  : COND_RESOURCE_CONSTRAINT);
}

static void pause(struct linking *l)
{
    l->session->paused = true;
    session_hold(l->session);
}

static void resume(struct linking *l)
{
    struct session *s = l->session;

    if (is_there(l)) {
        s->paused = false;
        session_flush(s);
        session_resume_reading(s);
    }
    session_release(s);
}

/* ---- Questions ------------------------------------------------------------------------------------- */

static void committed(struct store_op *op)
{
    struct linking *l = CONTAINER_OF(op, struct linking, set.op);

    if (is_there(l) && op->result != ERR_NONE)
        refuse_for(l, op->result);
    else if (is_there(l) && l->request.put)
        stream_write(&l->session->stream, stanza_result(&l->arena, &l->iq));
    else if (is_there(l))
        stream_write(&l->session->stream,
                     link_answer(&l->arena, &l->iq, l->query.out.link.record.octets));
    resume(l);
}

static void commit(struct linking *l, enum row_kind kind)
{
    struct home *h = l->session->home;
    struct row *row;

    arena_deinit(&l->set.op.arena);
    l->set = (struct write_set){ 0 };
    row = write_set_add(&l->set, kind, 0);
    row->link.record = (struct link_record){ .channel = l->request.channel,
                                             .step = l->request.step,
                                             .octets = l->request.octets };
    row->link.now_ms = h->now_ms;
    l->set.op.home = h->number;
    l->set.op.done = committed;
    store_commit(h->store, &l->set);
}

static void found(struct store_op *op)
{
    struct linking *l = CONTAINER_OF(op, struct linking, query.op);

    if (is_there(l) && op->result == ERR_NONE && l->request.step == LINK_GIFT) {
        commit(l, ROW_LINK_GONE); /* nobody gets it twice */
        return;
    }
    if (is_there(l) && op->result == ERR_NONE)
        stream_write(&l->session->stream,
                     link_answer(&l->arena, &l->iq, l->query.out.link.record.octets));
    else if (is_there(l))
        refuse_for(l, op->result);
    resume(l);
}

static void take(struct linking *l)
{
    struct home *h = l->session->home;
    struct store_query *q = &l->query;

    arena_deinit(&q->op.arena);
    *q = (struct store_query){ .kind = QUERY_LINK };
    q->in.link.channel = l->request.channel;
    q->in.link.step = l->request.step;
    q->in.link.now_ms = h->now_ms;
    q->op.home = h->number;
    q->op.done = found;
    store_query(h->store, q);
}

static void serve(struct linking *l)
{
    if (link_request_read(&l->arena, &l->iq, &l->request) != ERR_NONE
        || l->request.put != (l->request.step == LINK_ANSWER)) {
        refuse(l, COND_BAD_REQUEST);
        return;
    }
    pause(l);
    if (l->request.put)
        commit(l, ROW_LINK);
    else
        take(l);
}

static struct linking *linking_of(struct session *s)
{
    if (s->linking == NULL) {
        s->linking = mem_alloc(sizeof *s->linking);
        s->linking->session = s;
    }
    return s->linking;
}

bool linking_element(struct session *s, struct xml_node *node)
{
    struct linking *l;
    enum stanza_condition why;

    if (!xml_is(node, STR(NS_CLIENT), STR("iq"))
        || (xml_child(node, STR(NS_LINK), STR("take")) == NULL
            && xml_child(node, STR(NS_LINK), STR("put")) == NULL))
        return false;
    l = linking_of(s);
    arena_deinit(&l->arena);
    node = xml_copy(&l->arena, node);
    if (stanza_parse(&l->arena, node, &l->iq, &why) != ERR_NONE || l->iq.payload == NULL)
        refuse(l, COND_BAD_REQUEST);
    else
        serve(l);
    return true;
}
