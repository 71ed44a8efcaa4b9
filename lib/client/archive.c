/* archive.c: what came while this device was away (XEP-0313), exactly once with what comes live.
 *
 * The cursor is the archive's id of a message that is in the book with everything before it. Live messages do not come in the order
 * of the archive: a carbon of what another device of ours sends may be overtaken. So the cursor stays some messages behind, and the ids
 * of those are kept, to be passed over when they come again.
 * While pages are read, live messages that the archive has too wait: they come with a page, or, if they came after the last one was
 * made, they are taken at the end.
 */
#include "client/engine_inside.h"

#include "base/datetime.h"
#include "client/record.h"
#include "xmpp/dataform.h"
#include "xmpp/ns.h"

enum {
    PAGE = 250,
    WAITING_MAX = 1000,
    ARCHIVE_ID_MAX = 255,
    RECENT_MAX = 64,
    /* No page is asked for while so much of the last ones is not stored, or so many answers to them have not left: servers end
     * sessions that acknowledge too little, and a page of receipts has to fit into what the line holds. */
    UNSTORED_MAX = PAGE,
    UNSENT_MAX = LINE_UNACKED_MAX - 2 * PAGE,
    AGAIN_MS = 60 * 1000, /* then a page is asked for that the server could not give */
};

struct waiting_message {
    struct link link;
    struct arena arena;
    struct str id;
    struct xml_node *node;
};

static struct str cursor_of(const struct engine *c)
{
    return str_of_bytes(book_get(&c->book, BOOK_SELF, engine_key("archive")));
}

static void move_cursor(struct engine *c, struct str id)
{
    if (id.n > 0 && id.n <= ARCHIVE_ID_MAX)
        book_put(&c->book, BOOK_SELF, engine_key("archive"), bytes_of_str(id));
}

/* When the server had the newest message that a page brought: with everything before it, it is in the book. Should the server not know
 * the cursor's message any more, as after a restored backup, it is asked from this time on. */
static void note_time(struct engine *c, uint64_t at_ms)
{
    uint8_t value[8];

    record_put_u64(value, at_ms);
    book_put(&c->book, BOOK_SELF, engine_key("archive time"), bytes_of(value, sizeof value));
}

static bool known_until(const struct engine *c, uint64_t *out_ms)
{
    struct reader r = reader_of(book_get(&c->book, BOOK_SELF, engine_key("archive time")));

    *out_ms = read_u64(&r);
    return !r.failed;
}

/* ---- Recent ids: those behind the cursor that were live, oldest first ------------------------------- */

static struct bytes recent_of(const struct engine *c)
{
    return book_get(&c->book, BOOK_SELF, engine_key("archive recent"));
}

static bool is_recent(const struct engine *c, struct str id)
{
    struct reader r = reader_of(recent_of(c));

    while (r.left.n > 0 && !r.failed)
        if (str_eq(read_text(&r), id))
            return true;
    return false;
}

static void forget_recent(struct engine *c)
{
    book_delete(&c->book, BOOK_SELF, engine_key("archive recent"));
}

static void add_recent(struct engine *c, struct str id)
{
    struct reader r = reader_of(recent_of(c)), all = r;
    struct arena a = { 0 };
    struct buf record;
    struct str oldest;
    size_t n = 0;

    while (all.left.n > 0 && !all.failed) {
        (void)read_text(&all);
        n++;
    }
    if (n >= RECENT_MAX) {
        oldest = arena_str(&a, read_text(&r));
        if (!c->archive.gap) /* else not everything before it is in the book */
            move_cursor(c, oldest);
    }
    buf_init(&record, RECENT_MAX * (ARCHIVE_ID_MAX + 4));
    buf_add_bytes(&record, r.left);
    record_text(&record, id);
    book_put(&c->book, BOOK_SELF, engine_key("archive recent"), buf_bytes(&record));
    buf_deinit(&record);
    arena_deinit(&a);
}

/* XEP-0359 §3: only our own server's word counts for our archive. */
static struct str archive_id(const struct engine *c, const struct xml_node *message)
{
    for (const struct xml_node *n = xml_first_element(message); n != NULL; n = xml_next_element(n))
        if (xml_is(n, STR(NS_SID), STR("stanza-id")) && str_eq(xml_get(n, STR("by")), c->bare))
            return str_slice(xml_get(n, STR("id")), 0, ARCHIVE_ID_MAX);
    return STR_NONE;
}

static void waiting_free(struct waiting_message *w)
{
    list_remove(&w->link);
    arena_deinit(&w->arena);
    mem_free(w);
}

void archive_forget(struct engine *c)
{
    LIST_EACH (&c->archive.waiting, l)
        waiting_free(LIST_ENTRY(l, struct waiting_message, link));
    c->archive.waiting_count = 0;
}

/* A device that is new to the account could read nothing of what was sent before: it notes where the archive ends, be it at its
 * beginning. */
static bool has_begun(const struct engine *c)
{
    return book_get(&c->book, BOOK_SELF, engine_key("archive begun")).p != NULL;
}

/* ---- Pages ----------------------------------------------------------------------------------------- */

static void ask(struct engine *c, bool at_once);
static void catch_up(struct engine *c);

/* The cursor stays where it is until the rest has come; what comes live is shown meanwhile. */
static void not_now(struct engine *c)
{
    c->archive.gap = true;
    c->archive.again_ms = c->now_ms + AGAIN_MS;
    c->archive.query = STR_NONE;
    if (!c->archive.caught_up)
        catch_up(c);
}

static void catch_up(struct engine *c)
{
    c->archive.caught_up = true;
    c->archive.query = STR_NONE;
    engine_forget_notes(&c->archive.seen);
    if (c->archive.passed)
        forget_recent(c);
    if (!has_begun(c) && !c->archive.gap)
        book_put(&c->book, BOOK_SELF, engine_key("archive begun"), engine_key("yes"));
    LIST_EACH (&c->archive.waiting, l) {
        struct waiting_message *w = LIST_ENTRY(l, struct waiting_message, link);
        struct stanza s;
        enum stanza_condition why;

        if (stanza_parse(&w->arena, w->node, &s, &why) == ERR_NONE)
            message_live(c, &w->arena, &s, w->id);
        add_recent(c, w->id);
        waiting_free(w);
    }
    c->archive.waiting_count = 0;
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_CAUGHT_UP });
}

static void page_came(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *fin, *set;
    struct arena a = { 0 };
    struct str last = STR_NONE, complete;

    (void)r;
    if (answer == NULL)
        return;
    if (request_may_pass(answer)) {
        not_now(c);
        return;
    }
    fin = answer->type == IQ_RESULT ? xml_child(answer->node, STR(NS_MAM), STR("fin")) : NULL;
    if (fin
        == NULL) { /* no archive, or the message of our cursor is gone: go on by time, or begin with what is there */
        if (c->archive.after_cursor && answer->type == IQ_ERROR) {
            c->archive.anew = true;
            ask(c, true);
        } else {
            catch_up(c);
        }
        return;
    }
    set = xml_child(fin, STR(NS_RSM), STR("set"));
    if (set != NULL)
        last = xml_child_text(&a, set, STR(NS_RSM), STR("last"));
    if (last.n > 0) { /* everything up to here has been seen, the recent ones among it */
        move_cursor(c, last);
        c->archive.passed = true;
    }
    complete = xml_get(fin, STR("complete"));
    if (str_is(complete, "true") || str_is(complete, "1") || last.n == 0
        || c->archive.newest_only) {
        c->archive.gap = false;
        catch_up(c);
    } else {
        c->archive.due = true;
    }
    arena_deinit(&a);
}

void archive_work(struct engine *c)
{
    bool has_room = c->line.received - c->line.handled < UNSTORED_MAX
                    && c->line.unwritten_count + c->line.unacked_count < UNSENT_MAX;

    if (c->archive.due && has_room && c->line.state == LINE_ONLINE) {
        c->archive.due = false;
        ask(c, true);
    }
}

uint64_t archive_wake_ms(const struct engine *c)
{
    return c->archive.gap && c->line.state == LINE_ONLINE ? c->archive.again_ms : UINT64_MAX;
}

void archive_ask_again(struct engine *c)
{
    c->archive.again_ms = UINT64_MAX;
    ask(c, true);
}

static void add_start(struct engine *c, struct arena *a, struct xml_node *query)
{
    struct xml_node *form;
    uint64_t at_ms;

    if (!known_until(c, &at_ms))
        return;
    form = dataform_new(a, query, STR("submit"), STR(NS_MAM));
    dataform_field(a, form, STR("start"), STR_NONE, STR_NONE, datetime_text(a, at_ms));
}

static void add_range(struct engine *c, struct arena *a, struct xml_node *query)
{
    struct xml_node *set = xml_add(a, query, STR(NS_RSM), STR("set"));
    struct str cursor = c->archive.anew ? STR_NONE : cursor_of(c);

    c->archive.newest_only = !has_begun(c);
    c->archive.after_cursor = !c->archive.newest_only && cursor.n > 0;
    xml_add_text_child(a, set, STR(NS_RSM), STR("max"),
                       arena_printf(a, "%d", c->archive.newest_only ? 1 : PAGE));
    if (c->archive.newest_only)
        xml_add(a, set, STR(NS_RSM), STR("before"));
    else if (c->archive.after_cursor)
        xml_add_text_child(a, set, STR(NS_RSM), STR("after"), cursor);
    if (c->archive.anew)
        add_start(c, a, query);
    c->archive.anew = false;
}

static void ask(struct engine *c, bool at_once)
{
    struct request *r = request_new(c, page_came);
    struct arena a = { 0 };
    struct xml_node *query = xml_new(&a, STR(NS_MAM), STR("query"));

    r->at_once = at_once;
    engine_forget_notes(&c->archive.seen);
    c->archive.query = arena_str(&c->arena, r->id); /* a few octets a page */
    xml_set(&a, query, STR("queryid"), r->id);
    add_range(c, &a, query);
    request_send(c, r, "set", NULL, query);
    arena_deinit(&a);
}

void archive_online(struct engine *c)
{
    archive_forget(c);
    c->archive.caught_up = c->archive.passed = c->archive.due = c->archive.gap = false;
    ask(c, false); /* after the roster, which says whose messages are wanted */
}

/* ---- Messages -------------------------------------------------------------------------------------- */

static void drop_waiting(struct engine *c, struct str id)
{
    LIST_EACH (&c->archive.waiting, l) {
        struct waiting_message *w = LIST_ENTRY(l, struct waiting_message, link);

        if (!str_eq(w->id, id))
            continue;
        waiting_free(w);
        c->archive.waiting_count--;
    }
}

bool archive_takes(struct engine *c, const struct xml_node *message, struct str *out_id)
{
    struct waiting_message *w;

    *out_id = archive_id(c, message);
    if (out_id->n == 0)
        return false;
    if (is_recent(c, *out_id)) /* a resumed session brings it again */
        return true;
    if (c->archive.caught_up) {
        add_recent(c, *out_id);
        return false;
    }
    if (c->archive.waiting_count++ >= WAITING_MAX) {
        waiting_free(LIST_ENTRY(list_first(&c->archive.waiting), struct waiting_message, link));
        c->archive.waiting_count--;
    }
    w = mem_alloc(sizeof *w);
    w->node = xml_copy(&w->arena, message);
    w->id = arena_str(&w->arena, *out_id);
    list_add(&c->archive.waiting, &w->link);
    return true;
}

bool archive_result(struct engine *c, const struct stanza *s, struct archived *out)
{
    const struct xml_node *result = xml_child(s->node, STR(NS_MAM), STR("result"));
    const struct xml_node *forwarded, *delay;

    if (result == NULL)
        return false;
    *out = (struct archived){ 0 };
    /* Anybody can send what looks like a page of our archive; only our account can answer our question. */
    if ((s->has_from && !jid_eq(&s->from, &c->config.jid)) || c->archive.query.n == 0
        || !str_eq(xml_get(result, STR("queryid")), c->archive.query))
        return true;
    out->id = str_slice(xml_get(result, STR("id")), 0, ARCHIVE_ID_MAX);
    if (engine_noted(&c->archive.seen, out->id)) /* a resumed session brings it again */
        return true;
    engine_note(&c->archive.seen, out->id);
    move_cursor(c, out->id); /* pages are in order: a crash in the middle of one goes on there */
    drop_waiting(c, out->id);
    forwarded = xml_child(result, STR(NS_FORWARD), STR("forwarded"));
    delay = forwarded ? xml_child(forwarded, STR(NS_DELAY), STR("delay")) : NULL;
    if (forwarded == NULL || delay == NULL
        || datetime_read(xml_get(delay, STR("stamp")), &out->time_ms) != ERR_NONE)
        return true;
    note_time(c, out->time_ms);
    if (c->archive.newest_only || is_recent(c, out->id))
        return true;
    out->message = xml_child(forwarded, STR(NS_CLIENT), STR("message"));
    return true;
}
