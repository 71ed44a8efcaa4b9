/* mam.c: Message Archive Management (XEP-0313, with #extended) of accounts: history, page by page.
 *
 * An id is a position (archive_id), so paging needs no state here. Strangers' requests are a shelf of their own, asked
 * for by the node urn:sotto:requests:0.
 */
#include "base/datetime.h"
#include "server/modules/modules.h"
#include "server/stored.h"
#include "xmpp/dataform.h"
#include "xmpp/forward.h"
#include "xmpp/rsm.h"

enum {
    PAGE_DEFAULT = 50,
    IDS_MAX = 100,
    POSITIONS_MAX = IDS_MAX + 4, /* after and before, as filters and of a page */
};

/* False: there is no such shelf. */
static bool shelf_of(const struct xml_node *query, enum shelf *out)
{
    struct str node = xml_get(query, STR("node"));

    *out = str_is(node, NS_REQUESTS) ? SHELF_REQUESTS : SHELF_ARCHIVE;
    return node.n == 0 || *out == SHELF_REQUESTS;
}

/* ---- What is asked --------------------------------------------------------------------------------- */

struct reading { /* of one request */
    const struct incoming *in;
    struct arena *arena;
    struct archive_query *query;
    uint64_t positions[POSITIONS_MAX];
    enum stanza_condition why; /* COND_NONE while all is well */
};

/* Its message must still be there: without it nobody knows what has gone beside it. */
static uint64_t read_position(struct reading *r, struct str id)
{
    uint64_t seq = 0;

    /* An id that was never given out: XEP-0313 §4.3.3 wants item-not-found, not an empty page. */
    if (!archive_id_read(r->in->settings, id, r->in->view->account, r->query->shelf, &seq))
        r->why = COND_ITEM_NOT_FOUND;
    if (r->query->position_count < POSITIONS_MAX)
        r->positions[r->query->position_count++] = seq;
    else
        r->why = COND_BAD_REQUEST; /* a filter is there more than once */
    return seq;
}

static void read_time(struct reading *r, struct str value, bool *has, uint64_t *at_ms)
{
    *has = datetime_read(str_trim(value), at_ms) == ERR_NONE;
    if (!*has)
        r->why = COND_BAD_REQUEST;
}

static void read_with(struct reading *r, struct str value)
{
    struct jid with;

    if (jid_parse(r->arena, value, &with) != ERR_NONE)
        r->why = COND_JID_MALFORMED;
    else
        r->query->with = jid_text(r->arena, &with);
}

static void read_ids(struct reading *r, const struct xml_node *field)
{
    uint64_t *ids = arena_alloc(r->arena, IDS_MAX * sizeof *ids);
    size_t n = 0;

    for (const struct xml_node *v = xml_first_element(field); v != NULL; v = xml_next_element(v)) {
        if (n == IDS_MAX) {
            r->why = COND_POLICY_VIOLATION;
            return;
        }
        ids[n++] = read_position(r, xml_text_of(r->arena, v));
    }
    r->query->ids = ids;
    r->query->id_count = n;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static void read_field(struct reading *r, const struct xml_node *field)
{
    struct str var = xml_get(field, STR("var"));
    struct str value = xml_child_text(r->arena, field, STR(NS_DATA), STR("value"));
    struct archive_query *q = r->query;

    if (str_is(var, "with"))
        read_with(r, value);
    else if (str_is(var, "start"))
        read_time(r, value, &q->has_start, &q->start_ms);
    else if (str_is(var, "end"))
        read_time(r, value, &q->has_end, &q->end_ms);
    else if (str_is(var, "after-id"))
        q->after = later(q->after, read_position(r, value));
    else if (str_is(var, "before-id"))
        q->before = earlier(q->before, read_position(r, value));
    else if (str_is(var, "ids"))
        read_ids(r, field);
    else
        r->why = COND_FEATURE_NOT_IMPLEMENTED; /* §4.1: an unknown filter must not be passed over */
}

static void read_page(struct reading *r, const struct xml_node *request)
{
    struct archive_query *q = r->query;
    uint32_t most = r->in->settings->archive_page;
    struct rsm page;

    if (rsm_read(r->arena, request, &page) != ERR_NONE) {
        r->why = COND_BAD_REQUEST;
        return;
    }
    if (page.has_index) { /* XEP-0059 §2.4: positions are not numbered */
        r->why = COND_FEATURE_NOT_IMPLEMENTED;
        return;
    }
    q->max = page.has_max                  ? (uint32_t)(page.max < most ? page.max : most)
             : q->id_count <= PAGE_DEFAULT ? PAGE_DEFAULT
             : q->id_count < most          ? (uint32_t)q->id_count
                                           : most;
    q->newest = page.has_before || page.before.n > 0;
    if (page.after.n > 0)
        q->after = later(q->after, read_position(r, page.after));
    if (page.before.n > 0)
        q->before = earlier(q->before, read_position(r, page.before));
}

static void read_request(struct reading *r, const struct xml_node *request)
{
    struct dataform form;
    enum err e = dataform_read(r->arena, request, &form);

    if (e == ERR_MALFORMED)
        r->why = COND_BAD_REQUEST;
    else if (e == ERR_NONE && !(str_is(form.type, "submit") && str_is(form.form_type, NS_MAM)))
        r->why = COND_BAD_REQUEST; /* filters that mean something else */
    else if (e == ERR_NONE)
        for (const struct xml_node *f = dataform_next_field(&form, NULL);
             f != NULL && r->why == COND_NONE; f = dataform_next_field(&form, f))
            read_field(r, f);
    if (r->why == COND_NONE)
        read_page(r, request);
}

/* ---- What is answered ------------------------------------------------------------------------------ */

static struct xml_node *result_message(const struct incoming *in, struct arena *a,
                                       const struct archive_result *m, struct str id)
{
    struct xml_node *node = stanza_new(a, STANZA_MESSAGE, NULL, in->view->bare,
                                       jid_text(a, &in->stanza->from), STR_NONE);
    struct xml_node *result = xml_add(a, node, STR(NS_MAM), STR("result"));
    struct xml_node *message = stored_stanza(a, m->body);
    struct str queryid = xml_get(in->stanza->payload, STR("queryid"));

    if (queryid.n > 0)
        xml_set(a, result, STR("queryid"), queryid);
    xml_set(a, result, STR("id"), id);
    if (message != NULL)
        forward_add_stored(a, result, m->at_ms, message);
    return node;
}

static enum verdict page_found(const struct incoming *in, const struct store_query *done,
                               struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    const struct archive_query *q = &done->in.archive;
    size_t count = done->op.result == ERR_NONE ? done->out.archive.count : 0;
    bool flip = xml_child(in->stanza->payload, STR(NS_MAM), STR("flip-page")) != NULL;
    struct rsm_answer page = { 0 };
    struct xml_node *result, *fin;

    if (done->op.result == ERR_MISSING)
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND,
                              STR("There is no such message, or no longer."));
    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("The archive could not be read."));
    for (size_t i = 0; i < count; i++) {
        const struct archive_result *m = &done->out.archive.results[flip ? count - 1 - i : i];
        struct str id = archive_id(in->settings, a, in->view->account, q->shelf, m->seq);

        outcome_reply(out, result_message(in, a, m, id));
        if (i == 0)
            page.first = id;
        page.last = id;
    }
    if (flip) { /* the set stays in chronological order: §4.3.5 */
        struct str first = page.first;

        page.first = page.last;
        page.last = first;
    }
    result = stanza_result(a, in->stanza);
    fin = xml_add(a, result, STR(NS_MAM), STR("fin"));
    if (done->out.archive.complete)
        xml_set(a, fin, STR("complete"), STR("true"));
    page.has_count = q->want_count;
    page.count = done->out.archive.total;
    rsm_write(a, fin, &page);
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict mam_query(const struct incoming *in, struct outcome *out)
{
    struct store_query *q;
    struct reading *r = arena_alloc(outcome_arena(out), sizeof *r);

    r->in = in;
    r->arena = outcome_arena(out);
    if (!in->own)
        return outcome_refuse(in, out, COND_FORBIDDEN, STR("This is somebody else's history."));
    q = outcome_query(out, QUERY_ARCHIVE, page_found);
    q->in.archive.account = in->view->account;
    r->query = &q->in.archive;
    if (!shelf_of(in->stanza->payload, &q->in.archive.shelf))
        r->why = COND_ITEM_NOT_FOUND;
    else
        read_request(r, in->stanza->payload);
    if (r->why != COND_NONE)
        return outcome_refuse(in, out, r->why, STR_NONE);
    q->in.archive.positions = r->positions;
    q->in.archive.want_count = q->in.archive.max == 0; /* only counting: RSM §2.6 */
    return WAIT;
}

/* ---- Form and metadata ----------------------------------------------------------------------------- */

static enum verdict mam_form(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);
    struct xml_node *query = xml_add(a, result, STR(NS_MAM), STR("query"));
    struct xml_node *form = dataform_new(a, query, STR("form"), STR(NS_MAM));
    struct xml_node *ids, *validate;
    enum shelf shelf;

    if (!in->own)
        return outcome_refuse(in, out, COND_FORBIDDEN, STR("This is somebody else's history."));
    if (!shelf_of(in->stanza->payload, &shelf))
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    dataform_field(a, form, STR("with"), STR("jid-single"), STR_NONE, STR_NONE);
    dataform_field(a, form, STR("start"), STR("text-single"), STR_NONE, STR_NONE);
    dataform_field(a, form, STR("end"), STR("text-single"), STR_NONE, STR_NONE);
    dataform_field(a, form, STR("before-id"), STR("text-single"), STR_NONE, STR_NONE);
    dataform_field(a, form, STR("after-id"), STR("text-single"), STR_NONE, STR_NONE);
    ids = dataform_field(a, form, STR("ids"), STR("list-multi"), STR_NONE, STR_NONE);
    validate = xml_add(a, ids, STR(NS_VALIDATE), STR("validate")); /* §4.1.7: any, none is listed */
    xml_set(a, validate, STR("datatype"), STR("xs:string"));
    xml_add(a, validate, STR(NS_VALIDATE), STR("open"));
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict ends_found(const struct incoming *in, const struct store_query *done,
                               struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza);

    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("The archive could not be read."));
    xml_append(result, archive_metadata(a, in->settings, in->view->account, done));
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict mam_metadata(const struct incoming *in, struct outcome *out)
{
    struct store_query *q;

    if (!in->own)
        return outcome_refuse(in, out, COND_FORBIDDEN, STR("This is somebody else's history."));
    if (xml_get(in->stanza->payload, STR("node")).n > 0) /* only the archive has metadata */
        return outcome_refuse(in, out, COND_ITEM_NOT_FOUND, STR_NONE);
    q = outcome_query(out, QUERY_ARCHIVE, ends_found);
    q->in.archive.account = in->view->account;
    q->in.archive.max = 1;
    return WAIT;
}

const struct module mam_module = {
    .name = "mam",
    .spec = "XEP-0313 1.1.3",
    .account_features = LIST(STR_INIT(NS_MAM), STR_INIT(NS_MAM_EXTENDED)),
    .iqs = IQS({ IQ_SET, TO_ACCOUNT, STR_INIT(NS_MAM), STR_INIT("query"), mam_query },
               { IQ_GET, TO_ACCOUNT, STR_INIT(NS_MAM), STR_INIT("query"), mam_form },
               { IQ_GET, TO_ACCOUNT, STR_INIT(NS_MAM), STR_INIT("metadata"), mam_metadata }),
};
