/* line.c: see line.h. */
#include "client/line.h"

#include "xmpp/ns.h"

struct sent_stanza {
    struct link link;
    uint64_t tag;
    enum line_event_kind fate; /* among the reports: LINE_ACKED or LINE_LOST */
    struct arena arena;
    struct xml_node *node;
};

/* More than any server takes from its clients, so what others may send fits. */
static const struct xml_limits limits = {
    .element_bytes = 512 * 1024,
    .depth = 64,
    .attrs = 64,
    .nodes = 20000,
};

/* Before more is written, this much must have left. A stanza of ours is shorter than the rest of the limit. */
enum { OUT_FULL = 64 * 1024, OUT_LIMIT = 1024 * 1024 };

/* After so many more the server is told, asked or not: it ends sessions that leave too much open. */
enum { ANSWER_AFTER = 100 };

static void drop_all(struct list *stanzas)
{
    for (struct link *i; (i = list_pop(stanzas)) != NULL;) {
        struct sent_stanza *s = LIST_ENTRY(i, struct sent_stanza, link);

        arena_deinit(&s->arena);
        mem_free(s);
    }
}

void line_init(struct line *l)
{
    *l = (struct line){ .state = LINE_IDLE };
    list_init(&l->unwritten);
    list_init(&l->unacked);
    list_init(&l->reports);
    stream_init(&l->stream, STREAM_CLIENT, STREAM_TCP, STR(NS_CLIENT), &limits);
}

void line_deinit(struct line *l)
{
    drop_all(&l->unwritten);
    drop_all(&l->unacked);
    drop_all(&l->reports);
    stream_deinit(&l->stream);
    login_end(&l->login);
    arena_deinit(&l->session);
}

/* ---- Connections ----------------------------------------------------------------------------------- */

void line_open(struct line *l, enum stream_framing framing, struct login_account *account,
               const struct random *random, bool secured, struct binding_data binding)
{
    stream_deinit(&l->stream);
    login_end(&l->login);
    stream_init(&l->stream, STREAM_CLIENT, framing, STR(NS_CLIENT), &limits);
    stream_out_limit(&l->stream, OUT_LIMIT);
    account->resume_id = l->sm_id;
    account->resume_h = l->handled;
    l->received = l->answered = l->handled; /* what was not dealt with comes again */
    login_begin(&l->login, account, random, secured, binding);
    l->state = LINE_LOGGING_IN;
    login_open_stream(&l->login, &l->stream);
}

void line_secured(struct line *l, struct binding_data binding)
{
    login_secured(&l->login, binding);
    login_open_stream(&l->login, &l->stream);
}

void line_closed(struct line *l)
{
    l->state = LINE_IDLE;
    l->asked = l->owes = false;
}

void line_feed(struct line *l, struct str bytes)
{
    stream_feed(&l->stream, bytes);
}

/* ---- Acknowledgements (XEP-0198 §4) ---------------------------------------------------------------- */

static void report(struct line *l, struct link *i, enum line_event_kind fate)
{
    struct sent_stanza *s = LIST_ENTRY(i, struct sent_stanza, link);

    s->fate = fate;
    list_add(&l->reports, &s->link);
}

/* False: the server acknowledges what it never got. */
static bool acknowledged(struct line *l, uint32_t h)
{
    uint32_t acked = l->sent - (uint32_t)l->unacked_count;

    if (h - acked > l->unacked_count) /* mod 2^32 */
        return false;
    for (; acked != h; acked++, l->unacked_count--)
        report(l, list_pop(&l->unacked), LINE_ACKED);
    return true;
}

static void write_count(struct line *l, const char *name)
{
    struct arena a = { 0 };
    struct xml_node *node = xml_new(&a, STR(NS_SM), str_from(name));

    if (str_is(node->name, "a"))
        xml_set(&a, node, STR("h"), arena_printf(&a, "%u", (unsigned)l->handled));
    stream_write(&l->stream, node);
    arena_deinit(&a);
}

/* An answer that leaves something out makes a server ask again at once, so it waits until all is dealt with, or much. */
static void answer(struct line *l)
{
    bool all = l->owes && l->handled == l->received;

    if (l->state != LINE_ONLINE || !l->sm || (!all && l->handled - l->answered < ANSWER_AFTER))
        return;
    l->owes = false;
    l->answered = l->handled;
    write_count(l, "a");
}

void line_handled(struct line *l, uint32_t count)
{
    l->handled += count;
    answer(l);
}

/* Without acknowledgements having written it is the best that can be known. */
static void write_on(struct line *l)
{
    while (l->state == LINE_ONLINE && !list_empty(&l->unwritten)
           && stream_output(&l->stream).n < OUT_FULL) {
        struct link *i = list_pop(&l->unwritten);

        stream_write(&l->stream, LIST_ENTRY(i, struct sent_stanza, link)->node);
        l->unwritten_count--;
        l->sent++;
        if (l->sm) {
            list_add(&l->unacked, i);
            l->unacked_count++;
        } else {
            report(l, i, LINE_ACKED);
        }
    }
}

bool line_send(struct line *l, const struct xml_node *stanza, uint64_t tag)
{
    struct sent_stanza *s;

    if ((l->state != LINE_ONLINE && l->sm_id.n == 0)
        || l->unwritten_count + l->unacked_count >= LINE_UNACKED_MAX)
        return false;
    s = mem_alloc(sizeof *s);
    s->tag = tag;
    s->node = xml_copy(&s->arena, stanza);
    list_add(&l->unwritten, &s->link);
    l->unwritten_count++;
    write_on(l);
    return true;
}

void line_flush(struct line *l)
{
    write_on(l);
    if (l->state != LINE_ONLINE || !l->sm || l->asked || l->unacked_count == 0)
        return;
    l->asked = true;
    write_count(l, "r");
}

void line_shut(struct line *l)
{
    if (l->state == LINE_ONLINE && l->sm)
        write_count(l, "a");
    stream_close(&l->stream);
    arena_deinit(&l->session);
    l->sm_id = STR_NONE;
}

/* ---- Online ---------------------------------------------------------------------------------------- */

/* What the server does not have goes again, before anything else. */
static bool resumed(struct line *l, const struct login_result *r)
{
    if (!acknowledged(l, r->h))
        return false;
    for (struct link *i; l->unacked_count > 0; l->unacked_count--, l->unwritten_count++) {
        i = l->unacked.head.prev;
        list_remove(i);
        list_add_first(&l->unwritten, i);
    }
    l->sent = r->h;
    return true;
}

static void begin_session(struct line *l, const struct login_result *r)
{
    /* XEP-0198 §5: what the server has although it forgot the rest. If it counts nonsense, all is in doubt. */
    if (r->not_resumed_h)
        (void)acknowledged(l, r->h);
    for (struct link *i; (i = list_pop(&l->unacked)) != NULL;)
        report(l, i, LINE_LOST);
    for (struct link *i; (i = list_pop(&l->unwritten)) != NULL;)
        report(l, i, LINE_LOST);
    l->unacked_count = l->unwritten_count = 0;
    l->sent = l->received = l->handled = l->answered = 0;
    arena_deinit(&l->session);
    l->sm_id = r->sm_id.n > 0 ? arena_str(&l->session, r->sm_id) : STR_NONE;
}

static bool end(struct line *l, struct line_event *out, const struct login *refused)
{
    line_closed(l);
    *out = (struct line_event){ .kind = LINE_DOWN };
    if (refused != NULL) {
        out->refused = true;
        out->failure = refused->failure;
        out->text = refused->text;
    }
    return true;
}

static bool logged_in(struct line *l, struct line_event *out)
{
    const struct login_result *r = &l->login.result;

    l->sm = r->sm;
    if (!r->resumed)
        begin_session(l, r);
    else if (!resumed(l, r))
        return end(l, out, NULL);
    l->state = LINE_ONLINE;
    line_flush(l);
    *out = (struct line_event){ .kind = LINE_UP };
    return true;
}

static bool login_event(struct line *l, const struct stream_event *e, struct line_event *out)
{
    switch (login_take(&l->login, &l->stream, e)) {
    case LOGIN_MORE: return false;
    case LOGIN_DONE: return logged_in(l, out);
    case LOGIN_FAILED: return end(l, out, &l->login);
    case LOGIN_START_TLS:
        if (!stream_restart(&l->stream)) /* sent in the clear, by anybody (RFC 6120 §5.4.3.3) */
            return end(l, out, NULL);
        *out = (struct line_event){ .kind = LINE_START_TLS };
        return true;
    }
    return false;
}

/* True if *out is to be given away. */
static bool sm_element(struct line *l, const struct xml_node *node, struct line_event *out)
{
    uint64_t h;

    if (str_is(node->name, "r")) {
        l->owes = true;
        answer(l);
    }
    if (!str_is(node->name, "a"))
        return false;
    l->asked = false;
    if (str_to_u64(xml_get(node, STR("h")), UINT32_MAX, &h) != ERR_NONE
        || !acknowledged(l, (uint32_t)h)) {
        stream_error(&l->stream, STREAM_UNDEFINED_CONDITION, STR("You have not got that much."));
        return end(l, out, NULL);
    }
    line_flush(l);
    return false;
}

/* Takes the event's arena when it gives the node away. */
static bool online_event(struct line *l, struct stream_event *e, struct line_event *out)
{
    if (e->kind != STREAM_ELEMENT || xml_is(e->node, STR(NS_STREAM), STR("error")))
        return end(l, out, NULL);
    if (str_eq(e->node->ns, STR(NS_SM)))
        return sm_element(l, e->node, out);
    if (!str_eq(e->node->ns, STR(NS_CLIENT)))
        return false; /* such as features after SASL2 */
    l->received++;
    *out =
        (struct line_event){ .kind = LINE_STANZA, .node = e->node, .arena = arena_move(&e->arena) };
    return true;
}

static bool next_report(struct line *l, struct line_event *out)
{
    for (struct link *i; (i = list_pop(&l->reports)) != NULL;) {
        struct sent_stanza *s = LIST_ENTRY(i, struct sent_stanza, link);

        *out = (struct line_event){ .kind = s->fate, .tag = s->tag };
        arena_deinit(&s->arena);
        mem_free(s);
        if (out->tag != 0)
            return true;
    }
    return false;
}

bool line_next(struct line *l, struct line_event *out)
{
    struct stream_event e;

    if (l->state == LINE_ONLINE && next_report(l, out))
        return true;
    while (l->state != LINE_IDLE && stream_next(&l->stream, &e)) {
        bool given =
            l->state == LINE_LOGGING_IN ? login_event(l, &e, out) : online_event(l, &e, out);

        arena_deinit(&e.arena);
        if (given || (l->state == LINE_ONLINE && next_report(l, out)))
            return true;
    }
    return false;
}
