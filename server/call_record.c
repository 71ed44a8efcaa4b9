/* call_record.c: see call_record.h. */
#include "server/call_record.h"

#include "base/datetime.h"
#include "server/modules/mam_prefs.h"
#include "server/router.h"
#include "server/stored.h"
#include "xmpp/delay.h"

/* ---- Writing --------------------------------------------------------------------------------------- */

static const char *outcome_text(enum call_outcome outcome)
{
    static const char *const texts[] = {
        [CALL_UNDECIDED] = "failed",  [CALL_MISSED] = "missed", [CALL_RETRACTED] = "retracted",
        [CALL_REJECTED] = "rejected", [CALL_FAILED] = "failed", [CALL_TALKED] = "talked",
    };

    return texts[outcome];
}

static struct str media_text(unsigned media)
{
    return (media & JINGLE_VIDEO) != 0 ? STR("audio video") : STR("audio");
}

static bool is_missed(const struct call_record *r)
{
    return !r->outgoing && (r->outcome == CALL_MISSED || r->outcome == CALL_RETRACTED);
}

static void add_call(struct arena *a, struct xml_node *message, const struct call_record *r)
{
    struct xml_node *call = xml_add(a, message, STR(NS_CALL), STR("call"));

    xml_set(a, call, STR("id"), r->id);
    xml_set(a, call, STR("direction"), r->outgoing ? STR("out") : STR("in"));
    xml_set(a, call, STR("media"), media_text(r->media));
    xml_set(a, call, STR("outcome"), str_from(outcome_text(r->outcome)));
    xml_set(a, call, STR("start"), datetime_text(a, r->start_ms));
    if (r->talk_ms > 0)
        xml_set(a, call, STR("seconds"),
                arena_printf(a, "%llu", (unsigned long long)((r->end_ms - r->talk_ms) / 1000)));
}

void call_record_emit(struct home *h, const struct call_record *r)
{
    struct arena a = { 0 };
    struct xml_node *message = stanza_new(&a, STANZA_MESSAGE, "chat", r->peer, r->owner,
                                          arena_concat(&a, STR(CALL_RECORD_PREFIX), r->id));

    if (is_missed(r))
        call_message_write(&a, message,
                           &(struct call_message){ .word = CALL_RETRACT, .id = r->id });
    else
        xml_add(&a, message, STR(NS_HINTS), STR("store"));
    add_call(&a, message, r);
    router_emit_composed(h, message, NOTE_RECORD, 0);
    arena_deinit(&a);
}

/* ---- Keeping --------------------------------------------------------------------------------------- */

static const struct xml_node *call_of(const struct xml_node *message)
{
    return xml_child(message, STR(NS_CALL), STR("call"));
}

struct str call_record_id(const struct xml_node *message, bool *out_outgoing)
{
    const struct xml_node *call = call_of(message);

    *out_outgoing = str_is(xml_get(call, STR("direction")), "out");
    return xml_get(call, STR("id"));
}

/* Never delivered as an offline message: a device would ring. */
void call_record_keep(const struct incoming *in, struct outcome *out)
{
    struct arena *a = outcome_arena(out);
    const struct xml_node *record = in->stanza->node, *call = call_of(record);
    struct str from = jid_text(a, &in->stanza->from);
    struct call_message propose = { .word = CALL_PROPOSE, .id = xml_get(call, STR("id")) };
    struct xml_node *message;
    struct row *row;
    uint64_t start_ms;

    if (!call_message_is(record) || !in->settings->archive_on || in->disk >= DISK_LOWER
        || !mam_prefs_keep(in->view, a, &in->stanza->from)
        || datetime_read(xml_get(call, STR("start")), &start_ms) != ERR_NONE)
        return;
    propose.media =
        JINGLE_AUDIO | (str_is(xml_get(call, STR("media")), "audio") ? 0 : JINGLE_VIDEO);
    message = stanza_new(a, STANZA_MESSAGE, "chat", from, in->view->bare,
                         arena_printf(a, "jm-propose-%.*s", STR_ARG(propose.id)));
    call_message_write(a, message, &propose);
    delay_add(a, message, in->stanza->to.domain, start_ms);
    row = outcome_write(out, ROW_MESSAGE);
    row->message.at_ms = in->now_ms;
    row->message.body = stanza_text(a, message);
    row->message.entry[0] = (struct archive_entry){ .account = in->view->account, .peer = from };
}

/* ---- Strangers ------------------------------------------------------------------------------------- */

static void row_stored(struct store_op *op)
{
    struct write_set *w = CONTAINER_OF(op, struct write_set, op);

    arena_deinit(&op->arena);
    mem_free(w);
}

void call_record_stranger(struct home *h, int64_t account, struct str owner, struct str stranger,
                          unsigned media, uint64_t at_ms)
{
    struct write_set *w = mem_alloc(sizeof *w);
    struct arena *a = &w->op.arena;
    struct row *row = write_set_add(w, ROW_MESSAGE, account);
    struct str domain = str_skip(owner, str_find(owner, '@') + 1);
    struct xml_node *message =
        stanza_new(a, STANZA_MESSAGE, "headline", domain, arena_str(a, owner), STR_NONE);
    struct xml_node *missed = xml_add(a, message, STR(NS_CALL), STR("stranger"));

    if (stranger.n > 0) {
        xml_set(a, missed, STR("jid"), arena_str(a, stranger));
        xml_set(a, missed, STR("media"), media_text(media));
    } else {
        xml_set(a, missed, STR("more"), STR("true"));
    }
    xml_set(a, missed, STR("stamp"), datetime_text(a, at_ms));
    row->message.at_ms = h->now_ms;
    row->message.body = stanza_text(a, message);
    row->message.entry[0] =
        (struct archive_entry){ .account = account,
                                .shelf = SHELF_REQUESTS,
                                .peer = stranger.n > 0 ? arena_str(a, stranger) : domain };
    w->op.home = h->number;
    w->op.done = row_stored;
    store_commit_soon(h->store, w);
}
