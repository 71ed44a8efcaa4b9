/* session_bind2.c: Bind 2 (XEP-0386): a resource and what a session needs from the start, asked for while logging in.
 *
 * The <tag/> is not part of the resource: a resource shows nothing that the client chose (DESIGN: resources). Archived
 * messages are not sent as offline messages: the client reads the archive, whose ends <bound/> names. Those that wait
 * without being shown there it could not read, and gets.
 */
#include "server/auth.h"
#include "server/sm.h"
#include "server/stored.h"

/* ---- What is offered ------------------------------------------------------------------------------- */

void bind2_features(struct arena *a, struct xml_node *inline_features)
{
    static const struct str known[] = { STR_INIT(NS_CARBONS), STR_INIT(NS_CSI), STR_INIT(NS_SM) };
    struct xml_node *bind = xml_add(a, inline_features, STR(NS_BIND2), STR("bind"));
    struct xml_node *list = xml_add(a, bind, STR(NS_BIND2), STR("inline"));

    for (size_t i = 0; i < COUNT_OF(known); i++)
        xml_set(a, xml_add(a, list, STR(NS_BIND2), STR("feature")), STR("var"), known[i]);
}

const struct xml_node *bind2_request(const struct login *l)
{
    return l != NULL && l->request != NULL ? xml_child(l->request, STR(NS_BIND2), STR("bind"))
                                           : NULL;
}

/* ---- The ends of the archive (XEP-0313 §5.2) ------------------------------------------------------- */

struct ends_query {
    struct store_query query;
    struct session *session;
    uint64_t newest;
};

/* What arrived meanwhile was delivered to others and would be in neither: ask again. */
static void ends_came(struct store_op *op)
{
    struct ends_query *e = CONTAINER_OF(op, struct ends_query, query.op);
    struct session *s = e->session;
    const struct store_query *q = &e->query;

    if (s->state == SESSION_BINDING) {
        s->login->archive_asked = op->result != ERR_NONE || e->newest == s->account->view.last_seq;
        if (op->result == ERR_NONE && s->login->archive_asked)
            s->login->archive =
                archive_metadata(&s->login->arena, s->home->settings, s->account->view.account, q);
        bind_when_ready(s);
        session_resume_reading(s);
    }
    arena_deinit(&op->arena);
    mem_free(e);
    session_release(s);
}

bool bind2_prepare(struct session *s)
{
    struct ends_query *e;

    if (!s->home->settings->archive_on || s->login->archive_asked)
        return true;
    e = mem_alloc(sizeof *e);
    e->session = s;
    e->newest = s->account->view.last_seq;
    e->query.kind = QUERY_ARCHIVE;
    e->query.in.archive.account = s->account->view.account;
    e->query.in.archive.max = 1;
    e->query.op.home = s->home->number;
    e->query.op.done = ends_came;
    session_hold(s);
    store_query(s->home->store, &e->query);
    return false;
}

/* ---- Bound ----------------------------------------------------------------------------------------- */

static void apply_features(struct session *s, struct arena *a, const struct xml_node *request,
                           struct xml_node *bound)
{
    const struct xml_node *sm = xml_child(request, STR(NS_SM), STR("enable"));

    if (xml_child(request, STR(NS_CARBONS), STR("enable")) != NULL)
        s->flags |= SESSION_CARBONS;
    if (xml_child(request, STR(NS_CSI), STR("inactive")) != NULL)
        s->flags |= SESSION_INACTIVE;
    if (sm != NULL)
        xml_append(bound, sm_enable(s, a, sm));
}

void bind2_answer(struct session *s)
{
    struct arena a = { 0 };
    struct xml_node *bound = xml_new(&a, STR(NS_BIND2), STR("bound"));

    if (s->login->archive != NULL) {
        xml_append(bound, s->login->archive);
        s->shown_up_to = s->account->view.last_seq; /* presence_catch_up() clears them */
    }
    apply_features(s, &a, bind2_request(s->login), bound);
    sasl2_success(s, &a, bound);
    arena_deinit(&a);
}
