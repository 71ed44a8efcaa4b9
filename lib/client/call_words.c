/* call_words.c: Jingle messages (XEP-0353): somebody wants to call, rings, answers, declines. */
#include "client/call_inside.h"

#include "base/datetime.h"
#include "client/people.h"
#include "jingle/token.h"
#include "xmpp/ns.h"

/* ---- Out -------------------------------------------------------------------------------------------- */

/* The proposal goes to all devices of the other side, everything else to the one that it is about. */
void call_say(struct engine *c, const struct call *call, enum call_word word, const char *reason)
{
    struct arena a = { 0 };
    bool to_all = call->side == CALL_CALLER && call->phase < CALL_ACCEPTED;
    struct call_message m = {
        .word = word, .id = call->id, .media = call->media, .reason = reason
    };
    struct xml_node *n = stanza_new(
        &a, STANZA_MESSAGE, "chat", STR_NONE, jid_text(&a, to_all ? &call->bare : &call->far),
        arena_printf(&a, "jm-%s-%.*s", call_word_text(word), STR_ARG(call->id)));

    if (word == CALL_PROCEED)
        m.device = c->identity->device_id;
    m.knows_tcp = word == CALL_PROCEED;
    call_message_write(&a, n, &m);
    engine_send(c, n, 0);
    arena_deinit(&a);
}

/* Conversations takes the receipt of a proposal for its ringing (XEP-0184). */
static void say_received(struct engine *c, const struct arrival *m)
{
    struct arena a = { 0 };
    struct xml_node *n;

    if (m->stanza->id.n > 0
        && xml_child(m->stanza->node, STR(NS_RECEIPTS), STR("request")) != NULL) {
        n = stanza_new(&a, STANZA_MESSAGE, "chat", STR_NONE, jid_text(&a, &m->stanza->from),
                       STR_NONE);
        xml_set(&a, xml_add(&a, n, STR(NS_RECEIPTS), STR("received")), STR("id"), m->stanza->id);
        engine_send(c, n, 0);
    }
    arena_deinit(&a);
}

/* ---- In --------------------------------------------------------------------------------------------- */

/* That a device rings tells that somebody is there, so only people who may see that are told. Whom nobody has chosen does not ring:
 * our server sees to it, another may not. */
static void proposed(struct engine *c, const struct arrival *m, const struct call_message *w)
{
    struct call *call;

    if (jid_is_bare(&m->stanza->from) || people_is_quiet(c, m->author)
        || people_is_stranger(c, m->author))
        return;
    call = call_new(c, w->id, &m->stanza->from, CALL_CALLEE, w->media);
    if (call == NULL)
        return;
    if (people_may_know(c, m->author)) {
        say_received(c, m);
        call_say(c, call, CALL_RINGING, NULL);
    }
    call_tell(c, call, CALL_COMES, STR_NONE);
}

static void answered(struct engine *c, struct call *call, const struct arrival *m,
                     const struct call_message *w)
{
    call->far = jid_copy(&call->arena, &m->stanza->from);
    call->device = w->device;
    call_enter(c, call, CALL_ACCEPTED);
    call_tell(c, call, CALL_IS_ANSWERED, STR_NONE);
}

static void declined(struct engine *c, struct call *call, const struct call_message *w)
{
    struct str why = w->tie_break ? STR("They call at this moment: answer them.")
                     : w->reason != NULL && str_is(str_from(w->reason), "busy")
                         ? STR("They are in another call.")
                         : STR("They declined.");

    call_over(c, call, w->tie_break ? CALL_UNDECIDED : CALL_REJECTED, why);
}

/* What their devices say to us who call. */
static void heard_by_caller(struct engine *c, struct call *call, const struct arrival *m,
                            const struct call_message *w)
{
    bool open = call->phase < CALL_ACCEPTED;

    if (jid_is_bare(&m->stanza->from))
        return;
    if (w->word == CALL_RINGING && call->phase == CALL_PROPOSED) {
        call_enter(c, call, CALL_RINGS);
        call_tell(c, call, CALL_RINGS_THERE, STR_NONE);
    } else if (w->word == CALL_PROCEED && open) {
        answered(c, call, m, w);
    } else if (w->word == CALL_REJECT && (open || jid_eq(&m->stanza->from, &call->far))) {
        declined(c, call, w);
    }
}

static void heard_by_callee(struct engine *c, struct call *call, const struct call_message *w)
{
    if (w->word == CALL_RETRACT && call->phase <= CALL_ACCEPTED)
        call_over(c, call, CALL_MISSED, STR("They hung up."));
}

/* From another device of this account, or from the server in its place: first to answer is who answers. */
static void heard_from_ourselves(struct engine *c, struct call *call, const struct arrival *m,
                                 const struct call_message *w)
{
    const struct jid *self = &c->calls->self;
    bool waits = call->side == CALL_CALLEE && call->sealed == NULL
                 && call->remote.content_count == 0 && call->phase <= CALL_ACCEPTED;

    if (!waits || (m->stanza->has_from && jid_eq(&m->stanza->from, self)))
        return;
    if (w->word == CALL_PROCEED || w->word == CALL_ACCEPT)
        call_over(c, call, CALL_UNDECIDED, STR("Another device of yours has answered."));
    else if (w->word == CALL_REJECT)
        call_over(c, call, CALL_UNDECIDED, STR("Another device of yours has declined."));
}

/* ---- What the server has written down ---------------------------------------------------------------- */

/* <call xmlns='urn:sotto:call:0' id direction media outcome start seconds/>, in the name of the other side (docs/calls.md). */
static bool read_record(struct arena *a, const struct arrival *m, const struct xml_node *n,
                        struct entry *out)
{
    static const char *const outcomes[] = { "",         "missed", "retracted",
                                            "rejected", "failed", "talked" };
    struct call_record r = { .media = JINGLE_AUDIO };
    struct str media = xml_get(n, STR("media"));
    size_t outcome = token_among(xml_get(n, STR("outcome")), outcomes, COUNT_OF(outcomes));

    if (outcome == 0 || outcome == COUNT_OF(outcomes) || !jingle_sid_valid(xml_get(n, STR("id"))))
        return false;
    r.outcome = (enum call_outcome)outcome;
    if (r.outcome == CALL_TALKED
        && !token_number(xml_get(n, STR("seconds")), 0, CALL_SECONDS_MAX, &r.seconds))
        return false;
    while (media.n > 0)
        if (str_is(str_split(&media, ' '), "video"))
            r.media |= JINGLE_VIDEO;
    *out = (struct entry){ .kind = ENTRY_CALL,
                           .outgoing = str_is(xml_get(n, STR("direction")), "out"),
                           .time_ms = m->time_ms,
                           .chat = m->chat,
                           .id = xml_get(n, STR("id")),
                           .archive_id = m->archive_id,
                           .text = call_record_text(a, &r) };
    if (datetime_read(xml_get(n, STR("start")), &out->time_ms) != ERR_NONE
        || out->time_ms > m->time_ms)
        out->time_ms = m->time_ms;
    return true;
}

/* What this device took part in it has written down itself. */
static void recorded(struct engine *c, const struct arrival *m, const struct xml_node *n)
{
    struct arena a = { 0 };
    struct call *call;
    struct entry e;

    if (!m->outgoing && read_record(&a, m, n, &e)) {
        e.author = e.outgoing ? c->bare : m->author;
        call = call_of(c, e.id);
        if (call != NULL && call->phase < CALL_ACCEPTED && str_eq(call->peer, m->author))
            call_over(c, call, CALL_UNDECIDED, STR_NONE);
        if (!engine_noted(&c->calls->recorded, e.id))
            engine_add_entry(c, &e);
    }
    arena_deinit(&a);
}

/* ---- Who says what ----------------------------------------------------------------------------------- */

static bool is_from_far(const struct call *call, const struct arrival *m)
{
    return call->far.resource.n > 0 && jid_eq(&call->far, &m->stanza->from);
}

bool call_message_came(struct engine *c, const struct arrival *m)
{
    const struct xml_node *record = xml_child(m->stanza->node, STR(NS_CALL), STR("call"));
    struct call_message w;
    struct call *call;
    const char *why;

    if (record != NULL) {
        recorded(c, m, record);
        return true;
    }
    if (!call_message_is(m->stanza->node))
        return false;
    if (m->old || call_message_read(m->stanza->node, &w, &why) != ERR_NONE)
        return true; /* what the archive has of it is history */
    call = call_of(c, w.id);
    if (w.word == CALL_PROPOSE && !m->outgoing) {
        proposed(c, m, &w);
    } else if (call == NULL) {
        return true;
    } else if (m->outgoing) {
        heard_from_ourselves(c, call, m, &w);
    } else if (!str_eq(call->peer, m->author)) {
        return true; /* somebody else knows the id */
    } else if (w.word == CALL_FINISH && call->phase >= CALL_ACCEPTED && is_from_far(call, m)) {
        call_over(c, call, CALL_FAILED, STR("They hung up."));
    } else if (call->side == CALL_CALLER) {
        heard_by_caller(c, call, m, &w);
    } else if (is_from_far(call, m)) {
        heard_by_callee(c, call, &w);
    }
    return true;
}
