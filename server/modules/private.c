/* private.c: Private XML Storage (XEP-0049): what clients keep for themselves, such as the
 * bookmarks of XEP-0048.
 *
 * A document is found by namespace and name of its element. All documents of an account share one
 * limit of bytes; it is checked against the store, so what several devices store in one moment may
 * pass it by its size.
 */
#include "server/modules/modules.h"
#include "server/stored.h"

enum { ELEMENTS_MAX = 32 }; /* of one request */

static struct str document_key(struct arena *a, const struct xml_node *element)
{
    return arena_printf(a, "%.*s %.*s", STR_ARG(element->ns), STR_ARG(element->name));
}

static bool is_key_of(struct str key, const struct xml_node *element)
{
    return key.n == element->ns.n + 1 + element->name.n && str_starts(key, element->ns)
           && str_ends(key, element->name);
}

/* Elements of one foreign namespace, each of its own name (§2.3). */
static bool is_storable(const struct xml_node *query)
{
    const struct xml_node *first = xml_first_element(query);

    if (first == NULL || xml_count_elements(query) > ELEMENTS_MAX)
        return false;
    for (const struct xml_node *e = first; e != NULL; e = xml_next_element(e)) {
        if (!str_eq(e->ns, first->ns) || str_eq(e->ns, STR(NS_PRIVATE)))
            return false;
        for (const struct xml_node *other = first; other != e; other = xml_next_element(other))
            if (str_eq(other->name, e->name))
                return false;
    }
    return true;
}

/* ---- Get ------------------------------------------------------------------------------------------- */

static enum verdict document_found(const struct incoming *in, const struct store_query *done,
                                   struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    const struct xml_node *wanted = xml_first_element(in->stanza->payload);
    struct xml_node *result, *query, *element = NULL;

    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("What you stored could not be read."));
    result = stanza_result(a, in->stanza);
    query = xml_add(a, result, STR(NS_PRIVATE), STR("query"));
    if (done->out.document.value.n > 0)
        element = stored_element(a, done->out.document.value);
    xml_append(query, element ? element : xml_new(a, wanted->ns, wanted->name));
    outcome_reply(out, result);
    return HANDLED;
}

static enum verdict private_get(const struct incoming *in, struct outcome *out)
{
    const struct xml_node *query = in->stanza->payload;
    struct store_query *q;

    if (!in->own)
        return outcome_forbid(in, out);
    if (!is_storable(query) || xml_count_elements(query) != 1)
        return outcome_refuse(in, out, COND_NOT_ACCEPTABLE, STR("Ask for one element."));
    q = outcome_query(out, QUERY_DOCUMENT, document_found);
    q->in.document.account = in->view->account;
    q->in.document.kind = DOC_PRIVATE;
    q->in.document.key = document_key(outcome_arena(out), xml_first_element(query));
    return WAIT;
}

/* ---- Set ------------------------------------------------------------------------------------------- */

static bool is_replaced(const struct xml_node *query, struct str key)
{
    for (const struct xml_node *e = xml_first_element(query); e != NULL; e = xml_next_element(e))
        if (is_key_of(key, e))
            return true;
    return false;
}

static size_t bytes_kept(const struct xml_node *query, const struct store_query *done)
{
    size_t bytes = 0;

    for (size_t i = 0; i < done->out.documents.count; i++) {
        const struct document_record *d = &done->out.documents.documents[i];

        if (!is_replaced(query, d->key))
            bytes += d->key.n + d->value.n;
    }
    return bytes;
}

static enum verdict documents_found(const struct incoming *in, const struct store_query *done,
                                    struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    const struct xml_node *query = in->stanza->payload, *e = xml_first_element(query);
    struct document_record documents[ELEMENTS_MAX];
    size_t bytes = bytes_kept(query, done), n = 0;

    if (done->op.result != ERR_NONE)
        return outcome_refuse(in, out, COND_INTERNAL_SERVER_ERROR,
                              STR("What you stored could not be read."));
    for (; e != NULL; e = xml_next_element(e), n++) {
        documents[n] = (struct document_record){ document_key(a, e), element_text(a, e) };
        bytes += documents[n].key.n + documents[n].value.n;
    }
    if (bytes > in->settings->private_bytes)
        return outcome_full(in, out, "private", STR("Your storage is full."));
    for (size_t i = 0; i < n; i++) {
        struct row *row = outcome_write(out, ROW_DOCUMENT);

        row->document.kind = DOC_PRIVATE;
        row->document.key = documents[i].key;
        row->document.value = documents[i].value;
    }
    return outcome_result(in, out);
}

static enum verdict private_set(const struct incoming *in, struct outcome *out)
{
    struct store_query *q;

    if (!in->own)
        return outcome_forbid(in, out);
    if (!is_storable(in->stanza->payload))
        return outcome_refuse(in, out, COND_NOT_ACCEPTABLE,
                              STR("Store elements of one namespace, each of its own name."));
    q = outcome_query(out, QUERY_DOCUMENTS, documents_found);
    q->in.document.account = in->view->account;
    q->in.document.kind = DOC_PRIVATE;
    return WAIT;
}

const struct module private_module = {
    .name = "private",
    .spec = "XEP-0049 1.2, XEP-0048 1.2",
    .features = LIST(STR_INIT(NS_PRIVATE)),
    .iqs = IQS({ IQ_GET, TO_ACCOUNT, STR_INIT(NS_PRIVATE), STR_INIT("query"), private_get },
               { IQ_SET, TO_ACCOUNT, STR_INIT(NS_PRIVATE), STR_INIT("query"), private_set }),
};
