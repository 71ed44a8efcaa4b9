/* upload.c: HTTP File Upload (XEP-0363): slots. The files go over HTTPS (web/upload_put.c, web/upload_get.c).
 *
 * A slot reserves its size for a day. Three sums decide: what the account uploaded in a day, what it has stored, and
 * what everybody has; they are asked for one after the other.
 */
#include "base/datetime.h"
#include "base/utf8.h"
#include "http/target.h"
#include "server/modules/modules.h"
#include "server/upload_slot.h"
#include "xmpp/dataform.h"
#include "xmpp/disco.h"

enum { FILE_NAME_MAX = 255, TYPE_MAX = 127, FILES_PER_DAY = 2000, DAY_MS = 24 * 3600 * 1000 };

struct wanted {
    struct str name, type;
    uint64_t size;
};

/* ---- What is asked --------------------------------------------------------------------------------- */

/* It becomes one segment of a path (http_path_read), and a file name on somebody's disk. */
static bool is_file_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f || name.p[i] == '/'
            || name.p[i] == '\\')
            return false;
    return name.n > 0 && name.n <= FILE_NAME_MAX && !str_is(name, ".") && !str_is(name, "..")
           && utf8_valid(name);
}

/* With parameters, before which white space may stand (RFC 9110 §8.3.1). It becomes a header's value. */
static bool is_type(struct str type)
{
    for (size_t i = 0; i < type.n; i++)
        if (type.p[i] < ' ' || type.p[i] >= 0x7f)
            return false;
    return type.n <= TYPE_MAX && str_trim(type).n == type.n;
}

static bool read_request(const struct incoming *in, struct wanted *out)
{
    const struct xml_node *request = in->stanza->payload;

    out->name = xml_get(request, STR("filename"));
    out->type = xml_get(request, STR("content-type"));
    return is_file_name(out->name) && is_type(out->type)
           && str_to_u64(xml_get(request, STR("size")), UINT64_MAX, &out->size) == ERR_NONE
           && out->size > 0;
}

/* ---- Refusals (XEP-0363 §5.1) ---------------------------------------------------------------------- */

static enum verdict too_large(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *answer =
        stanza_error(a, in->stanza, COND_NOT_ACCEPTABLE, STR("The file is too large."));
    struct xml_node *why =
        xml_add(a, stanza_error_child(answer), STR(NS_UPLOAD), STR("file-too-large"));

    xml_add_text_child(a, why, STR(NS_UPLOAD), STR("max-file-size"),
                       arena_printf(a, "%llu", (unsigned long long)in->settings->upload_bytes));
    outcome_event(out, EVENT(EVENT_UPLOAD, .rule = "too-large"));
    outcome_reply(out, answer);
    return HANDLED;
}

static enum verdict try_tomorrow(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *answer =
        stanza_error(a, in->stanza, COND_RESOURCE_CONSTRAINT,
                     STR("You have uploaded as much as an account may in a day."));
    struct xml_node *retry = xml_add(a, stanza_error_child(answer), STR(NS_UPLOAD), STR("retry"));

    xml_set(a, retry, STR("stamp"), datetime_text(a, in->now_ms + DAY_MS));
    outcome_event(out, EVENT(EVENT_UPLOAD, .rule = "a-day"));
    outcome_reply(out, answer);
    return HANDLED;
}

static enum verdict no_room(const struct incoming *in, struct outcome *out)
{
    outcome_event(out,
                  in->disk >= DISK_LOW ? EVENT(EVENT_DISK) : EVENT(EVENT_UPLOAD, .rule = "room"));
    return outcome_refuse(in, out, COND_RESOURCE_CONSTRAINT,
                          STR("There is no room for more files."));
}

/* ---- The slot -------------------------------------------------------------------------------------- */

static void add_slot(const struct incoming *in, struct outcome *out, struct str slot,
                     struct str name)
{
    struct arena *a = outcome_arena(out);
    struct xml_node *result = stanza_result(a, in->stanza), *put, *header;
    struct xml_node *node = xml_add(a, result, STR(NS_UPLOAD), STR("slot"));
    struct str url = arena_printf(a, "%.*s/upload/%.*s/%.*s", STR_ARG(in->settings->web_url),
                                  STR_ARG(slot), STR_ARG(http_percent_encode(a, name)));

    put = xml_add(a, node, STR(NS_UPLOAD), STR("put"));
    xml_set(a, put, STR("url"), url);
    header = xml_add_text_child(a, put, STR(NS_UPLOAD), STR("header"),
                                upload_authorization(in->settings, a, slot));
    xml_set(a, header, STR("name"), STR("Authorization"));
    xml_set(a, xml_add(a, node, STR(NS_UPLOAD), STR("get")), STR("url"), url);
    outcome_reply(out, result);
}

static enum verdict give_slot(const struct incoming *in, struct outcome *out,
                              const struct wanted *w)
{
    struct arena *a = outcome_arena(out);
    struct str request = arena_printf(
        a, "%.*s %.*s %llu %llu", STR_ARG(jid_text(a, &in->stanza->from)), STR_ARG(in->stanza->id),
        (unsigned long long)w->size, (unsigned long long)in->now_ms);
    struct str slot = upload_slot(in->settings, a, request);

    outcome_write(out, ROW_UPLOAD)->upload = (struct upload_record){
        .slot = slot,
        .account = in->view->account,
        .filename = w->name,
        .content_type = w->type.n > 0 ? w->type : STR(""),
        .size = w->size,
        .created_ms = in->now_ms,
        .expires_ms = in->now_ms + DAY_MS,
    };
    add_slot(in, out, slot, w->name);
    return HANDLED;
}

/* ---- The sums -------------------------------------------------------------------------------------- */

static void ask_use(struct outcome *out, int64_t account, uint64_t since_ms, query_fn *then)
{
    struct store_query *q = outcome_query(out, QUERY_UPLOAD_USE, then);

    q->in.upload.account = account;
    q->in.upload.since_ms = since_ms;
}

static bool fits(uint64_t used, uint64_t more, uint64_t limit)
{
    return used <= limit && more <= limit - used;
}

static enum verdict all_summed(const struct incoming *in, const struct store_query *done,
                               struct outcome *out)
{
    struct wanted w = { 0 };

    if (!read_request(in, &w) || done->op.result != ERR_NONE
        || !fits(done->out.upload.bytes, w.size, in->settings->upload_total_bytes))
        return no_room(in, out);
    return give_slot(in, out, &w);
}

static enum verdict account_summed(const struct incoming *in, const struct store_query *done,
                                   struct outcome *out)
{
    struct wanted w = { 0 };

    if (!read_request(in, &w) || done->op.result != ERR_NONE
        || !fits(done->out.upload.bytes, w.size, in->settings->upload_account_bytes))
        return no_room(in, out);
    ask_use(out, UPLOADS_OF_ALL, 0, all_summed);
    return WAIT;
}

static enum verdict day_summed(const struct incoming *in, const struct store_query *done,
                               struct outcome *out)
{
    struct wanted w = { 0 };

    if (!read_request(in, &w) || done->op.result != ERR_NONE)
        return no_room(in, out);
    if (!fits(done->out.upload.bytes, w.size, in->settings->upload_daily_bytes)
        || done->out.upload.files >= FILES_PER_DAY)
        return try_tomorrow(in, out);
    ask_use(out, in->view->account, 0, account_summed);
    return WAIT;
}

static enum verdict slot_request(const struct incoming *in, struct outcome *out)
{
    struct wanted w = { 0 };

    if (in->settings->web_url.n == 0)
        return outcome_refuse(in, out, COND_SERVICE_UNAVAILABLE, STR_NONE);
    if (!read_request(in, &w))
        return outcome_refuse(in, out, COND_BAD_REQUEST,
                              is_type(w.type)
                                  ? STR("A file name and a size are needed.")
                                  : STR("The type of the content is none, or longer than any."));
    if (w.size > in->settings->upload_bytes)
        return too_large(in, out);
    if (in->disk >= DISK_LOW)
        return no_room(in, out);
    ask_use(out, in->view->account, in->now_ms - DAY_MS, day_summed);
    return WAIT;
}

/* §4: the feature and the greatest size, while there is HTTPS. */
static void describe(const struct settings *s, struct arena *a, struct xml_node *query)
{
    struct xml_node *form;

    if (s->web_url.n == 0)
        return;
    disco_feature(a, query, STR(NS_UPLOAD));
    form = dataform_new(a, query, STR("result"), STR(NS_UPLOAD));
    dataform_field(a, form, STR("max-file-size"), STR_NONE, STR_NONE,
                   arena_printf(a, "%llu", (unsigned long long)s->upload_bytes));
}

const struct module upload_module = {
    .name = "upload",
    .spec = "XEP-0363 1.1.0",
    .describe = describe,
    .iqs = IQS({ IQ_GET, TO_SERVER, STR_INIT(NS_UPLOAD), STR_INIT("request"), slot_request }),
};
