/* slot.c: where the server keeps files, and a slot for one (XEP-0363 §4, §5); a ticket for one that lies elsewhere.
 *
 * The server learns a file's size and, so that those who have nothing but an address know what it is, its ending; never its name.
 */
#include "client/uploads.h"

#include "crypto/cipher.h"
#include "xmpp/dataform.h"
#include "xmpp/disco.h"
#include "xmpp/ns.h"

enum { SERVICES_MAX = 16, NAME_OCTETS = 16, HEADER_MAX = 4096 };

#define OWN_PLACE "upload-place"

/* ---- The service ----------------------------------------------------------------------------------- */

static void no_service(struct engine *c)
{
    c->uploads.service = SERVICE_NONE;
    for (struct link *l; (l = list_first(&c->uploads.files)) != NULL;)
        uploads_fail(c, LIST_ENTRY(l, struct waiting_file, link),
                     STR("This server keeps no files."));
}

/* What is no number limits nothing: the server refuses in time. */
static void read_size_max(struct engine *c, struct str text)
{
    if (str_to_u64(text, ATTACHMENT_SIZE_MAX, &c->uploads.size_max) != ERR_NONE)
        c->uploads.size_max = ATTACHMENT_SIZE_MAX;
}

static void found(struct engine *c, const struct request *r, const struct xml_node *query)
{
    struct arena a = { 0 };
    struct dataform form;

    c->uploads.service = SERVICE_KNOWN;
    c->uploads.at = jid_copy(&c->uploads.arena, &r->to);
    c->uploads.size_max = ATTACHMENT_SIZE_MAX;
    for (const struct xml_node *n = xml_first_element(query); n != NULL; n = xml_next_element(n))
        if (xml_is(n, STR(NS_DATA), STR("x")) && dataform_of(&a, n, &form) == ERR_NONE
            && str_is(form.form_type, NS_UPLOAD))
            read_size_max(c, dataform_value(&a, &form, STR("max-file-size")));
    arena_deinit(&a);
    uploads_work(c);
}

static void ask(struct engine *c, request_done *done, const struct jid *whom, const char *ns)
{
    struct arena a = { 0 };

    c->uploads.questions++;
    request_send(c, request_new(c, done), "get", whom, xml_new(&a, str_from(ns), STR("query")));
    arena_deinit(&a);
}

static void part_told(struct engine *c, struct request *r, const struct stanza *answer);

/* The first that answers; the others have nothing to add. */
static bool is_service(struct engine *c, const struct request *r, const struct stanza *answer)
{
    const struct xml_node *query = answer != NULL && answer->type == IQ_RESULT
                                       ? xml_child(answer->node, STR(NS_DISCO_INFO), STR("query"))
                                       : NULL;

    c->uploads.questions--;
    if (query == NULL || c->uploads.service != SERVICE_ASKED
        || !disco_has_feature(query, STR(NS_UPLOAD)))
        return false;
    found(c, r, query);
    return true;
}

/* Nobody is left to be asked. */
static void give_up(struct engine *c, const struct stanza *answer)
{
    if (c->uploads.service != SERVICE_ASKED || c->uploads.questions > 0)
        return;
    if (answer != NULL)
        no_service(c);
    else
        c->uploads.service = SERVICE_UNKNOWN; /* the connection is gone */
}

static void part_told(struct engine *c, struct request *r, const struct stanza *answer)
{
    if (!is_service(c, r, answer))
        give_up(c, answer);
}

static void parts_told(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *query = answer != NULL && answer->type == IQ_RESULT
                                       ? xml_child(answer->node, STR(NS_DISCO_ITEMS), STR("query"))
                                       : NULL;
    struct jid part;

    c->uploads.questions--;
    for (const struct xml_node *n = query != NULL ? xml_first_element(query) : NULL;
         n != NULL && c->uploads.questions < SERVICES_MAX; n = xml_next_element(n))
        if (xml_is(n, STR(NS_DISCO_ITEMS), STR("item"))
            && jid_parse(&r->arena, xml_get(n, STR("jid")), &part) == ERR_NONE)
            ask(c, part_told, &part, NS_DISCO_INFO);
    give_up(c, answer);
}

static void server_told(struct engine *c, struct request *r, const struct stanza *answer)
{
    if (is_service(c, r, answer) || c->uploads.service != SERVICE_ASKED)
        return;
    if (answer != NULL)
        ask(c, parts_told, &r->to, NS_DISCO_ITEMS);
    else
        give_up(c, NULL);
}

static struct jid server_of(const struct engine *c)
{
    return (struct jid){ .domain = c->config.jid.domain };
}

/* ---- The slot -------------------------------------------------------------------------------------- */

static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < ' ' || text.p[i] == 0x7f)
            return false;
    return text.n > 0 && text.n <= HEADER_MAX;
}

/* XEP-0363 §5: these three and no others, or a server could have us say anything to anybody. */
static bool read_header(struct waiting_file *w, const struct xml_node *n)
{
    static const char *const allowed[] = { "Authorization", "Cookie", "Expires" };
    struct str name = xml_get(n, STR("name"));
    struct str value = str_trim(xml_text_of(&w->slot, n));

    for (size_t i = 0; i < COUNT_OF(allowed); i++) {
        if (!str_eq_nocase(name, str_from(allowed[i])))
            continue;
        if (w->header_count == UPLOAD_HEADERS || !is_plain(value))
            return false;
        w->headers[w->header_count++] =
            (struct upload_header){ str_from(allowed[i]), arena_str(&w->slot, value) };
    }
    return true;
}

static bool read_slot(struct waiting_file *w, const struct stanza *answer)
{
    const struct xml_node *slot = xml_child(answer->node, STR(NS_UPLOAD), STR("slot"));
    const struct xml_node *put = slot ? xml_child(slot, STR(NS_UPLOAD), STR("put")) : NULL;
    const struct xml_node *get = slot ? xml_child(slot, STR(NS_UPLOAD), STR("get")) : NULL;

    if (put == NULL || get == NULL)
        return false;
    arena_deinit(&w->slot);
    w->header_count = 0;
    w->put = arena_str(&w->slot, xml_get(put, STR("url")));
    w->get = arena_str(&w->slot, xml_get(get, STR("url")));
    for (const struct xml_node *n = xml_first_element(put); n != NULL; n = xml_next_element(n))
        if (xml_is(n, STR(NS_UPLOAD), STR("header")) && !read_header(w, n))
            return false;
    return attachment_url_valid(w->put) && attachment_url_valid(w->get);
}

static struct str reason_of(struct arena *a, const struct stanza *answer, struct str otherwise)
{
    const struct xml_node *error = xml_child(answer->node, STR(NS_CLIENT), STR("error"));
    struct str text =
        error ? xml_child_text(a, error, STR(NS_STANZA_ERRORS), STR("text")) : STR_NONE;

    return text.n > 0 ? text : otherwise;
}

static void remember_place(struct engine *c, const struct waiting_file *w)
{
    struct attachment f = { .url = w->get };
    struct bytes place = bytes_of_str(attachment_place(&f));

    if (!str_eq(str_of_bytes(book_get(&c->book, BOOK_SELF, engine_key(OWN_PLACE))),
                str_of_bytes(place)))
        book_put(&c->book, BOOK_SELF, engine_key(OWN_PLACE), place);
}

static void slot_came(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct str *id = r->context;
    struct waiting_file *w = uploads_find(c, *id);

    if (w == NULL || w->state != FILE_ASKED)
        return;
    w->state = FILE_WAITS;
    if (answer == NULL)
        return;
    if (answer->type != IQ_RESULT) {
        uploads_fail(c, w, reason_of(&r->arena, answer, STR("The server takes no files now.")));
    } else if (!read_slot(w, answer)) {
        uploads_fail(c, w, STR("The server's answer is no place for a file."));
    } else {
        remember_place(c, w);
        w->state = FILE_READY;
    }
}

static void ask_slot(struct engine *c, struct waiting_file *w)
{
    struct request *r = request_new(c, slot_came);
    struct arena *a = &r->arena;
    struct xml_node *request = xml_new(a, STR(NS_UPLOAD), STR("request"));
    struct str name = random_token(&c->random, a, NAME_OCTETS);
    struct str ending = attachment_ending(a, w->file.name), *id = ARENA_NEW(a, struct str);

    *id = arena_str(a, w->id);
    r->context = id;
    if (ending.n > 0)
        name = arena_concat(a, name, arena_concat(a, STR("."), ending));
    xml_set(a, request, STR("filename"), name);
    xml_set(a, request, STR("size"),
            arena_printf(a, "%llu", (unsigned long long)w->file.size + GCM_TAG_SIZE));
    xml_set(a, request, STR("content-type"), STR("application/octet-stream"));
    w->state = FILE_ASKED;
    request_send(c, r, "get", &c->uploads.at, request);
}

void slot_work(struct engine *c, struct waiting_file *w)
{
    struct jid server = server_of(c);

    switch (c->uploads.service) {
    case SERVICE_UNKNOWN:
        c->uploads.service = SERVICE_ASKED;
        ask(c, server_told, &server, NS_DISCO_INFO);
        break;
    case SERVICE_ASKED: break;
    case SERVICE_NONE: no_service(c); break;
    case SERVICE_KNOWN:
        if (w->file.size + GCM_TAG_SIZE > c->uploads.size_max)
            uploads_fail(c, w, STR("The server takes no files of this size."));
        else
            ask_slot(c, w);
        break;
    }
}

/* ---- Files elsewhere ------------------------------------------------------------------------------- */

bool engine_is_own_place(const struct engine *c, const struct attachment *f)
{
    struct str place = attachment_place(f);
    struct str ours = str_of_bytes(book_get(&c->book, BOOK_SELF, engine_key(OWN_PLACE)));

    return str_eq_nocase(place, ours)
           || str_eq_nocase(str_slice(place, 0, str_find(place, ':')), c->config.jid.domain);
}

static void tell_fetch(struct engine *c, struct str url, bool refused, struct str text)
{
    engine_tell(c,
                &(struct engine_event){
                    .kind = ENGINE_FETCH, .entry.target = url, .refused = refused, .text = text });
}

/* The server knows best what lies with it; it says so with <direct/>. */
static void ticket_came(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct str *url = r->context;
    const struct xml_node *fetch, *error;
    struct str text;

    if (answer == NULL) {
        tell_fetch(c, *url, true, STR("The connection to the server ended."));
        return;
    }
    fetch = xml_child(answer->node, STR(NS_FETCH), STR("fetch"));
    text = fetch != NULL ? xml_get(fetch, STR("url")) : STR_NONE;
    if (answer->type == IQ_RESULT && attachment_url_valid(text)) {
        tell_fetch(c, *url, false, text);
        return;
    }
    error = xml_child(answer->node, STR(NS_CLIENT), STR("error"));
    if (error != NULL && xml_child(error, STR(NS_FETCH), STR("direct")) != NULL)
        tell_fetch(c, *url, false, *url);
    else
        tell_fetch(
            c, *url, true,
            reason_of(&r->arena, answer, STR("The server fetches no files from elsewhere.")));
}

void engine_fetch(struct engine *c, struct str url)
{
    struct request *r = request_new(c, ticket_came);
    struct xml_node *fetch = xml_new(&r->arena, STR(NS_FETCH), STR("fetch"));
    struct str *kept = ARENA_NEW(&r->arena, struct str);
    struct jid server = server_of(c);

    *kept = arena_str(&r->arena, url);
    r->context = kept;
    xml_set(&r->arena, fetch, STR("url"), *kept);
    request_send(c, r, "get", &server, fetch);
    engine_end_round(c);
}
