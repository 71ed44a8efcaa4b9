/* content.c: what a message says: text, corrections, receipts, markers, typing. */
#include "client/arrival.h"
#include "client/attachment.h"
#include "client/emoji.h"
#include "client/expiry.h"
#include "client/mend.h"
#include "client/outbox.h"
#include "client/people_inside.h"
#include "client/quote.h"
#include "client/reading.h"
#include "omemo/sce.h"
#include "xmpp/ns.h"

/* Of an id that somebody else may have chosen: what is longer is none, for half of an id names nothing. */
enum { ID_MAX = 1024, OWN_ID = 24 };

static struct str id_or_none(struct str id)
{
    return id.n <= ID_MAX ? id : STR_NONE;
}

static struct str id_of(const struct stanza *s)
{
    const struct xml_node *origin = xml_child(s->node, STR(NS_SID), STR("origin-id"));

    if (s->id.n > 0 || origin == NULL)
        return id_or_none(s->id);
    return id_or_none(xml_get(origin, STR("id")));
}

struct entry arrival_entry(const struct arrival *m, enum entry_kind kind)
{
    return (struct entry){
        .kind = kind,
        .outgoing = m->outgoing,
        .encryption = m->encryption,
        .trust = m->trust,
        .time_ms = m->time_ms,
        .device = m->device,
        .chat = m->chat,
        .author = m->author,
        .id = id_of(m->stanza),
        .archive_id = m->archive_id,
    };
}

/* What is said about a message: the author's clock orders it, so that all devices agree on what was said last, however long it took to
 * any of them. It cannot be later than its coming. */
static struct entry about_entry(const struct arrival *m, enum entry_kind kind)
{
    struct entry e = arrival_entry(m, kind);

    if (m->said_ms > 0 && m->said_ms < e.time_ms)
        e.time_ms = m->said_ms;
    return e;
}

/* The message that an element names. Of two forms of a message of ours, that for OMEMO 0.3 has an origin-id of its own (seal.c), which
 * some programs name. */
static struct str target_of(const struct xml_node *n)
{
    struct str id = n != NULL ? id_or_none(xml_get(n, STR("id"))) : STR_NONE;

    return id.n == OWN_ID + 3 && str_ends(id, STR("-03")) ? str_slice(id, 0, OWN_ID) : id;
}

static struct str named_id(const struct xml_node *parent, const char *ns, const char *name)
{
    return target_of(xml_child(parent, str_from(ns), str_from(name)));
}

/* ---- Receipts (XEP-0184) --------------------------------------------------------------------------- */

/* What asks for reports stands beside what is sealed (Conversations, Dino), or is sealed with it (XEP-0420 §9: no server needs it). */
static bool asks(const struct arrival *m, const struct xml_node *marks, const char *ns,
                 const char *name)
{
    return xml_child(m->stanza->node, str_from(ns), str_from(name)) != NULL
           || xml_child(marks, str_from(ns), str_from(name)) != NULL;
}

/* A receipt tells that somebody is there, so only people who may see that get one. */
static void acknowledge(struct engine *c, const struct arrival *m, const struct xml_node *marks)
{
    if (!m->outgoing && id_or_none(m->stanza->id).n > 0 && people_may_know(c, m->author)
        && asks(m, marks, NS_RECEIPTS, "request"))
        mend_receipt(c, m);
}

/* Of a message, which tells nothing of what is sealed in it. What another device of ours has received says nothing; what it has shown
 * is read. */
static void add_report(struct engine *c, const struct arrival *m, enum entry_kind kind,
                       struct str target)
{
    struct entry e = arrival_entry(m, kind);

    e.target = target;
    if (target.n == 0)
        return;
    if (!m->outgoing)
        engine_add_entry(c, &e);
    else if (kind == ENTRY_READ)
        reading_marked(c, m->chat, target);
}

static void tell_typing(struct engine *c, const struct arrival *m, const struct xml_node *node)
{
    const struct xml_node *state = xml_child_ns(node, STR(NS_CHATSTATES));
    struct engine_event e = { .kind = ENGINE_TYPING, .entry = arrival_entry(m, ENTRY_MESSAGE) };

    if (state == NULL || m->old || m->outgoing)
        return;
    e.on = str_is(state->name, "composing");
    engine_tell(c, &e);
}

static void reports_came(struct engine *c, const struct arrival *m, const struct xml_node *node)
{
    struct str has = named_id(node, NS_RECEIPTS, "received");

    if (!str_starts(has, STR("jm-"))) /* that it has the words of a call, which is no message */
        add_report(c, m, ENTRY_DELIVERED, has);
    add_report(c, m, ENTRY_READ, named_id(node, NS_MARKERS, "displayed"));
    tell_typing(c, m, node);
}

void content_beside(struct engine *c, const struct arrival *m)
{
    reports_came(c, m, m->stanza->node);
}

/* ---- Files (XEP-0447, XEP-0454) -------------------------------------------------------------------- */

/* A file that cannot be read is told of: nobody else will. False: there is none. */
static bool file_came(struct engine *c, struct arena *a, const struct arrival *m,
                      const struct xml_node *content, struct str *text, struct str *out_record)
{
    enum err e = attachment_take(a, content, text, out_record);
    struct entry unknown;

    if (e == ERR_NONE || e == ERR_MISSING || text->n > 0)
        return e == ERR_NONE;
    unknown = arrival_entry(m, ENTRY_SEALED);
    unknown.text = STR("It is a file that this program cannot open.");
    engine_add_entry(c, &unknown);
    acknowledge(c, m, content);
    return false;
}

/* ---- What was written ------------------------------------------------------------------------------ */

/* The elements that say what a message is stand with its text; OMEMO 0.3 can seal nothing else, so there they stand beside it, and
 * a server could have put them there. In OMEMO 2 what stands beside counts for nothing. */
static const struct xml_node *marks_of(const struct arrival *m, const struct xml_node *content)
{
    return m->encryption == ENCRYPTION_OMEMO_03 ? m->stanza->node : content;
}

/* XEP-0428: how many characters of the text only repeat what is answered; 0: none that we know of. */
static uint64_t quoted(const struct xml_node *marks)
{
    uint64_t end = 0;

    for (const struct xml_node *n = xml_first_element(marks); n != NULL; n = xml_next_element(n)) {
        const struct xml_node *body;
        struct str start;

        if (!xml_is(n, STR(NS_FALLBACK), STR("fallback"))
            || !str_is(xml_get(n, STR("for")), NS_REPLY)
            || (body = xml_child(n, STR(NS_FALLBACK), STR("body"))) == NULL)
            continue;
        start = xml_get(body, STR("start"));
        if ((start.n == 0 || str_is(start, "0"))
            && str_to_u64(xml_get(body, STR("end")), UINT32_MAX, &end) == ERR_NONE)
            return end;
    }
    return 0;
}

/* XEP-0466: how long this message stays, which is from now on the timer of the chat. Nobody sets one by what he did not seal. */
static uint32_t timer_came(struct engine *c, const struct arrival *m, const struct xml_node *marks)
{
    const struct xml_node *n = xml_child(marks, STR(NS_EPHEMERAL), STR("ephemeral"));
    struct entry e = about_entry(m, ENTRY_TIMER);
    struct arena a = { 0 };
    uint64_t seconds;

    if (n == NULL || str_to_u64(xml_get(n, STR("timer")), UINT32_MAX, &seconds) != ERR_NONE)
        return 0;
    e.expires_s = (uint32_t)seconds;
    e.id = arena_concat(&a, e.id, STR(" timer"));
    if (m->encryption != ENCRYPTION_NONE && expiry_set(c, m->chat, e.expires_s, e.time_ms))
        engine_add_entry(c, &e);
    arena_deinit(&a);
    return e.expires_s;
}

/* A text that only tells those of the timer who do not know it. */
static bool is_timer(const struct xml_node *marks)
{
    for (const struct xml_node *n = xml_first_element(marks); n != NULL; n = xml_next_element(n))
        if (xml_is(n, STR(NS_FALLBACK), STR("fallback"))
            && str_is(xml_get(n, STR("for")), NS_EPHEMERAL))
            return xml_child(marks, STR(NS_EPHEMERAL), STR("ephemeral")) != NULL;
    return false;
}

/* XEP-0420 §4, MUST: whoever holds a message back for days, or gives it out in another order, shall be seen to do so. It may also
 * be that the author was offline, or that a clock is wrong. */
static uint64_t said_at_another_time(const struct arrival *m)
{
    const struct sce sealed = { .has_time = m->said_ms > 0, .time_ms = m->said_ms };

    return sce_is_from_another_time(&sealed, m->time_ms) ? m->said_ms : 0;
}

static void text_came(struct engine *c, const struct arrival *m, const struct xml_node *marks,
                      struct str text, struct str attachment)
{
    struct str replaced = named_id(marks, NS_CORRECT, "replace");
    struct str answered = named_id(marks, NS_REPLY, "reply");
    struct entry e =
        replaced.n > 0 ? about_entry(m, ENTRY_CORRECTION) : arrival_entry(m, ENTRY_MESSAGE);
    struct arena a = { 0 };

    e.text = text;
    e.expires_s = timer_came(c, m, marks);
    e.attachment = attachment;
    e.target = replaced.n > 0 ? replaced : answered;
    if (e.kind == ENTRY_MESSAGE)
        e.said_ms = said_at_another_time(m);
    if (answered.n > 0)
        (void)quote_read(&a, text, quoted(marks), &e.quote, &e.text);
    engine_add_entry(c, &e);
    acknowledge(c, m, marks);
    reading_came(c, &e, asks(m, marks, NS_MARKERS, "markable"));
    arena_deinit(&a);
}

static void retracted(struct engine *c, const struct arrival *m, struct str target)
{
    struct entry e = about_entry(m, ENTRY_RETRACTION);

    e.target = target;
    engine_add_entry(c, &e);
}

/* Emojis that are none are left out; a list of nothing else is no list, and not the wish to have none. */
static void reactions_came(struct engine *c, const struct arrival *m, const struct xml_node *node)
{
    struct entry e = about_entry(m, ENTRY_REACTIONS);
    struct arena a = { 0 };

    e.target = target_of(node);
    for (const struct xml_node *n = xml_first_element(node); n != NULL; n = xml_next_element(n))
        if (xml_is(n, STR(NS_REACTIONS), STR("reaction")))
            e.text = emoji_add(&a, e.text, str_trim(xml_text_of(&a, n)));
    if (e.target.n > 0 && (e.text.n > 0 || xml_first_element(node) == NULL))
        engine_add_entry(c, &e);
    arena_deinit(&a);
}

void content_came(struct engine *c, const struct arrival *m, const struct xml_node *content)
{
    struct arena a = { 0 };
    const struct xml_node *marks = marks_of(m, content);
    const struct xml_node *reactions = xml_child(content, STR(NS_REACTIONS), STR("reactions"));
    struct str text = xml_child_text(&a, content, STR(NS_CLIENT), STR("body"));
    struct str file = STR_NONE, taken_back = named_id(marks, NS_RETRACT, "retract");

    if (taken_back.n > 0) /* its text is for programs that do not know this */
        retracted(c, m, taken_back);
    else if (reactions != NULL)
        reactions_came(c, m, reactions);
    else if (is_timer(marks))
        (void)timer_came(c, m, marks);
    else if (file_came(c, &a, m, content, &text, &file) || text.n > 0)
        text_came(c, m, marks, text, file);
    reports_came(c, m, content);
    arena_deinit(&a);
}

void content_refused(struct engine *c, struct arena *a, const struct stanza *s)
{
    if (s->id.n > 0)
        outbox_refused(c, s->has_from ? &s->from : &c->config.jid, s->id, people_why(a, s));
}
