/* blocks.c: whom the person does not want to hear of (XEP-0191), with every device of the account, and reports (XEP-0377).
 *
 * The list is the server's, which keeps out what comes from those in it; what it let through before, or the archive still has, is not
 * shown here either.
 */
#include "client/people_inside.h"
#include "client/record.h"
#include "xmpp/ns.h"

enum { BLOCKED_MAX = 10000 };

/* ---- Who ------------------------------------------------------------------------------------------- */

static bool has_row(const struct engine *c, struct str jid)
{
    return book_get(&c->book, BOOK_BLOCKED, bytes_of_str(jid)).p != NULL;
}

/* As the server has it, and as the person has decided since. */
static bool is_listed(const struct engine *c, struct str jid)
{
    uint32_t wants = wish_of(c, jid).wants;

    return (wants & WISH_BLOCK) != 0 || ((wants & WISH_UNBLOCK) == 0 && has_row(c, jid));
}

/* XEP-0191 §5: by the full address, the account, the resource of a domain, the domain. */
bool people_is_blocked(const struct engine *c, const struct jid *from)
{
    struct jid bare = jid_bare(from), domain = { .domain = from->domain };
    struct jid resource = { .domain = from->domain, .resource = from->resource };
    struct arena a = { 0 };
    bool blocked = false;

    if (!jid_same_account(from, &c->config.jid))
        blocked = is_listed(c, jid_text(&a, from)) || is_listed(c, jid_text(&a, &bare))
                  || is_listed(c, jid_text(&a, &resource)) || is_listed(c, jid_text(&a, &domain));
    arena_deinit(&a);
    return blocked;
}

bool engine_next_blocked(const struct engine *c, size_t *cursor, struct str *out)
{
    static const enum book_table tables[] = { BOOK_BLOCKED, BOOK_WISH };
    struct bytes key, value;

    for (;;) {
        size_t phase = *cursor % 2, at = *cursor / 2;

        while (book_next(&c->book, tables[phase], &at, &key, &value)) {
            *out = str_of_bytes(key);
            *cursor = at * 2 + phase;
            if (is_listed(c, *out) && (phase == 0 || !has_row(c, *out)))
                return true;
        }
        *cursor = 1;
        if (phase == 1)
            return false;
    }
}

/* ---- The list --------------------------------------------------------------------------------------- */

static void add(struct engine *c, struct str jid)
{
    if (has_row(c, jid) || book_count(&c->book, BOOK_BLOCKED) >= BLOCKED_MAX)
        return;
    book_put(&c->book, BOOK_BLOCKED, bytes_of_str(jid), engine_key("blocked"));
    people_tell(c, CONTACT_BLOCKED, jid, STR_NONE);
}

static void take_out(struct engine *c, struct str jid)
{
    struct arena a = { 0 };

    jid = arena_str(&a, jid); /* it may be the row's own */
    if (has_row(c, jid)) {
        book_delete(&c->book, BOOK_BLOCKED, bytes_of_str(jid));
        people_tell(c, CONTACT_UNBLOCKED, jid, STR_NONE);
    }
    arena_deinit(&a);
}

static bool read_item(struct arena *a, const struct xml_node *item, struct str *out)
{
    struct jid jid;

    if (!xml_is(item, STR(NS_BLOCKING), STR("item"))
        || jid_parse(a, xml_get(item, STR("jid")), &jid) != ERR_NONE)
        return false;
    *out = jid_text(a, &jid);
    return true;
}

/* All but these, as far as any are named. */
static void take_out_others(struct engine *c, const struct notes *seen)
{
    struct arena a = { 0 };
    struct bytes key, value;
    struct str *others = arena_alloc(&a, (book_count(&c->book, BOOK_BLOCKED) + 1) * sizeof *others);
    size_t n = 0;

    for (size_t cursor = 0; book_next(&c->book, BOOK_BLOCKED, &cursor, &key, &value);)
        if (!engine_noted(seen, str_of_bytes(key)))
            others[n++] = str_of_bytes(key);
    for (size_t i = 0; i < n; i++)
        take_out(c, others[i]);
    arena_deinit(&a);
}

static void list_came(struct engine *c, struct request *r, const struct stanza *answer)
{
    const struct xml_node *list;
    struct notes seen = { 0 };
    struct str jid;

    (void)r;
    if (answer == NULL || answer->type != IQ_RESULT)
        return; /* a server without it: nobody is blocked there */
    list = xml_child(answer->node, STR(NS_BLOCKING), STR("blocklist"));
    map_init(&seen.map, c->people.present.seed);
    for (const struct xml_node *i = list ? xml_first_element(list) : NULL; i != NULL;
         i = xml_next_element(i))
        if (read_item(&seen.arena, i, &jid)) {
            engine_note(&seen, jid);
            add(c, jid);
        }
    if (list != NULL)
        take_out_others(c, &seen);
    map_deinit(&seen.map);
    arena_deinit(&seen.arena);
}

/* §3.2: who has asked for it is told of changes in this session. */
void blocks_online(struct engine *c)
{
    struct arena a = { 0 };

    request_send(c, request_new(c, list_came), "get", NULL,
                 xml_new(&a, STR(NS_BLOCKING), STR("blocklist")));
    arena_deinit(&a);
}

bool blocks_pushed(struct engine *c, const struct stanza *iq)
{
    struct arena a = { 0 };
    struct notes none = { 0 };
    bool on = iq->payload != NULL && xml_is(iq->payload, STR(NS_BLOCKING), STR("block"));
    struct str jid;

    if (iq->type != IQ_SET || iq->payload == NULL
        || (!on && !xml_is(iq->payload, STR(NS_BLOCKING), STR("unblock"))))
        return false;
    if (iq->has_from && !jid_eq(&iq->from, &c->config.jid)) /* §3.3: only from our own account */
        return false;
    map_init(&none.map, c->people.present.seed);
    if (!on && xml_first_element(iq->payload) == NULL) /* §3.5: everybody */
        take_out_others(c, &none);
    map_deinit(&none.map);
    for (const struct xml_node *i = xml_first_element(iq->payload); i != NULL;
         i = xml_next_element(i)) {
        if (!read_item(&a, i, &jid))
            continue;
        if (on)
            add(c, jid);
        else
            take_out(c, jid);
    }
    engine_send(c, stanza_result(&a, iq), 0);
    arena_deinit(&a);
    return true;
}

/* ---- What the person decides ------------------------------------------------------------------------ */

static const char *const reasons[] = { NULL, "urn:xmpp:reporting:spam",
                                       "urn:xmpp:reporting:abuse" };

static void add_report(const struct engine *c, struct arena *a, struct xml_node *item,
                       const struct wish *w)
{
    struct xml_node *report;
    struct reader r = reader_of(w->evidence);

    if (w->reason == REPORT_NONE || w->reason >= COUNT_OF(reasons))
        return;
    report = xml_add(a, item, STR(NS_REPORTING), STR("report"));
    xml_set(a, report, STR("reason"), str_from(reasons[w->reason]));
    while (r.left.n > 0 && !r.failed) {
        struct xml_node *id = xml_add(a, report, STR(NS_SID), STR("stanza-id"));

        xml_set(a, id, STR("by"), c->bare);
        xml_set(a, id, STR("id"), read_text(&r));
    }
}

struct xml_node *blocks_change(const struct engine *c, struct arena *a, const struct wish *w,
                               bool on)
{
    struct xml_node *change = xml_new(a, STR(NS_BLOCKING), on ? STR("block") : STR("unblock"));
    struct xml_node *item = xml_add(a, change, STR(NS_BLOCKING), STR("item"));

    xml_set(a, item, STR("jid"), w->jid);
    if (on)
        add_report(c, a, item, w);
    return change;
}

static void add_evidence(struct buf *out, struct str id)
{
    if (id.n > 0 && id.n <= REPORT_ID_MAX && out->n + id.n + 4 <= REPORT_IDS_MAX * (size_t)64)
        record_text(out, id);
}

/* Our own server speaks for everybody on it. */
static bool may_block(const struct engine *c, const struct jid *jid)
{
    return !jid_same_account(jid, &c->config.jid)
           && (jid->local.n > 0 || !str_eq(jid->domain, c->config.jid.domain));
}

static void collect(struct engine *c, struct buf *out, struct str jid, const struct report *report)
{
    struct str id;

    for (size_t i = 0; i < report->id_count && i < REPORT_IDS_MAX; i++)
        add_evidence(out, report->ids[i]);
    for (int i = 0; strangers_archive_id(c, jid, i, &id); i++)
        add_evidence(out, id);
}

enum err engine_block(struct engine *c, const struct jid *jid, bool on, const struct report *report)
{
    struct arena a = { 0 };
    struct wish w = { .jid = jid_text(&a, jid), .wants = on ? WISH_BLOCK : WISH_UNBLOCK };
    struct buf evidence;
    enum err e = may_block(c, jid) ? ERR_NONE : ERR_MALFORMED;

    buf_init(&evidence, REPORT_IDS_MAX * 64);
    if (e == ERR_NONE && !on && !is_listed(c, w.jid))
        e = ERR_MISSING;
    if (e == ERR_NONE) {
        if (on && report != NULL) {
            collect(c, &evidence, w.jid, report);
            w.reason = (uint8_t)report->reason;
            w.evidence = buf_bytes(&evidence);
        }
        if (on) {
            strangers_drop(c, w.jid);
            person_change(c, w.jid, 0, PERSON_ASKS | PERSON_EXPECTED);
        }
        wish_decide(c, &w); /* whatever else was wanted of them is over */
        decided(c);
    }
    buf_deinit(&evidence);
    arena_deinit(&a);
    return e;
}
