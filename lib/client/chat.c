/* chat.c: see chat.h. What is written here is put together so that every kind of program makes the best of it: OMEMO 2 seals all of
 * it; OMEMO 0.3 seals a text, and what the text is stands beside it.
 */
#include "client/chat.h"

#include "client/emoji.h"
#include "client/expiry.h"
#include "client/files.h"
#include "client/outbox.h"
#include "client/quote.h"
#include "client/reading.h"
#include "omemo/sce.h"
#include "xml/chars.h"
#include "xmpp/ns.h"

enum { ID_MAX = 1024 };

/* What programs show that know no retractions (XEP-0424 §3.1). */
#define RETRACTED "I have taken back an earlier message. Your app cannot show that."

struct draft {
    struct arena *a;
    struct outgoing out;
    struct xml_node *content, *beside;
};

static struct draft draft_new(struct arena *a, const struct jid *chat, enum entry_kind kind,
                              struct str text)
{
    struct draft d = { .a = a, .content = sce_content(a), .beside = sce_content(a) };

    d.out = (struct outgoing){ .to = *chat,
                               .text = text,
                               .content = d.content,
                               .beside = d.beside,
                               .entry = { .kind = kind, .text = text } };
    if (text.n > 0)
        xml_add_text_child(a, d.content, STR(NS_CLIENT), STR("body"), text);
    return d;
}

/* An element that says what the message is: sealed, and beside the text where only that is. */
static void mark(struct draft *d, const struct xml_node *mark)
{
    xml_append(d->content, xml_copy(d->a, mark));
    xml_append(d->beside, xml_copy(d->a, mark));
}

static void mark_id(struct draft *d, const char *ns, const char *name, struct str id)
{
    struct xml_node *n = xml_new(d->a, str_from(ns), str_from(name));

    xml_set(d->a, n, STR("id"), id);
    mark(d, n);
}

/* XEP-0428: characters 0 to `end` of the body, or, with 0, all of it, say the same to programs that do not know `what`. */
static void mark_fallback(struct draft *d, const char *what, size_t end)
{
    struct xml_node *n = xml_new(d->a, STR(NS_FALLBACK), STR("fallback")), *body;

    xml_set(d->a, n, STR("for"), str_from(what));
    body = xml_add(d->a, n, STR(NS_FALLBACK), STR("body"));
    if (end > 0) {
        xml_set(d->a, body, STR("start"), STR("0"));
        xml_set(d->a, body, STR("end"), arena_printf(d->a, "%zu", end));
    }
    mark(d, n);
}

static enum err send(struct engine *c, struct draft *d, struct str *out_id)
{
    enum err e = outbox_add(c, d->a, &d->out, out_id);

    typing_ended(c, &d->out.to);
    engine_end_round(c);
    return e;
}

static bool is_id(struct str id)
{
    return id.n > 0 && id.n <= ID_MAX && xml_chars_valid(id);
}

/* ---- Messages -------------------------------------------------------------------------------------- */

enum err engine_send_text(struct engine *c, struct arena *a, const struct jid *chat,
                          struct str text, struct str *out_id)
{
    struct draft d = draft_new(a, chat, ENTRY_MESSAGE, text);

    return text.n > 0 ? send(c, &d, out_id) : ERR_MALFORMED;
}

/* The text after a quote of what it answers; `message` has a good id. */
static struct draft answer_new(struct arena *a, const struct jid *chat, enum entry_kind kind,
                               const struct entry *message, struct str text)
{
    size_t n = 0;
    struct str quote = quote_write(a, message->text, &n);
    struct draft d = draft_new(a, chat, kind, arena_concat(a, quote, text));
    struct xml_node *reply = xml_new(a, STR(NS_REPLY), STR("reply"));

    xml_set(a, reply, STR("id"), message->id);
    if (message->author.n > 0)
        xml_set(a, reply, STR("to"), message->author);
    mark(&d, reply);
    if (n > 0)
        mark_fallback(&d, NS_REPLY, n);
    d.out.entry.text = text;
    (void)quote_read(a, d.out.text, n, &d.out.entry.quote, &text); /* in the form that they get */
    return d;
}

static bool is_answerable(const struct entry *message)
{
    return is_id(message->id) && xml_chars_valid(message->author);
}

enum err engine_reply_quoting(struct engine *c, struct arena *a, const struct jid *chat,
                              const struct entry *message, struct str text, struct str *out_id)
{
    struct draft d;

    if (!is_answerable(message) || text.n == 0)
        return ERR_MALFORMED;
    d = answer_new(a, chat, ENTRY_MESSAGE, message, text);
    d.out.entry.target = message->id;
    return send(c, &d, out_id);
}

enum err engine_reply(struct engine *c, struct arena *a, const struct jid *chat, struct str id,
                      struct str text, struct str *out_id)
{
    struct entry message = { .id = id };

    return engine_reply_quoting(c, a, chat, &message, text, out_id);
}

enum err engine_correct(struct engine *c, struct arena *a, const struct jid *chat, struct str id,
                        const struct entry *answered, struct str text, struct str *out_id)
{
    struct draft d;

    if (!is_id(id) || text.n == 0 || (answered != NULL && !is_answerable(answered)))
        return ERR_MALFORMED;
    d = answered == NULL ? draft_new(a, chat, ENTRY_CORRECTION, text)
                         : answer_new(a, chat, ENTRY_CORRECTION, answered, text);
    mark_id(&d, NS_CORRECT, "replace", id);
    d.out.entry.target = id;
    return send(c, &d, out_id);
}

enum err engine_retract(struct engine *c, struct arena *a, const struct jid *chat, struct str id,
                        struct str *out_id)
{
    struct draft d = draft_new(a, chat, ENTRY_RETRACTION, STR(RETRACTED));

    if (!is_id(id))
        return ERR_MALFORMED;
    if (uploads_take_back(c, a, id, out_id)) {
        engine_end_round(c);
        return ERR_NONE;
    }
    mark_id(&d, NS_RETRACT, "retract", id);
    mark_fallback(&d, NS_RETRACT, 0);
    d.out.entry.text = STR_NONE;
    d.out.entry.target = id;
    return send(c, &d, out_id);
}

/* ---- Reactions ------------------------------------------------------------------------------------- */

static enum err add_reactions(struct draft *d, struct str id, struct str emojis)
{
    struct xml_node *n = xml_add(d->a, d->content, STR(NS_REACTIONS), STR("reactions"));
    struct str list = STR_NONE, before;

    xml_set(d->a, n, STR("id"), id);
    while (emojis.n > 0) {
        struct str one = str_split(&emojis, ' ');

        if (one.n == 0)
            continue;
        if (!emoji_valid(one))
            return ERR_MALFORMED;
        before = list;
        list = emoji_add(d->a, list, one);
        if (list.n > before.n)
            xml_add_text_child(d->a, n, STR(NS_REACTIONS), STR("reaction"), one);
    }
    d->out.entry.text = list;
    d->out.entry.target = id;
    return ERR_NONE;
}

enum err engine_react(struct engine *c, struct arena *a, const struct jid *chat, struct str id,
                      struct str emojis, struct str *out_id)
{
    struct draft d = draft_new(a, chat, ENTRY_REACTIONS, STR_NONE);
    enum err e = is_id(id) ? add_reactions(&d, id, emojis) : ERR_MALFORMED;

    d.out.beside = NULL;
    return e == ERR_NONE ? send(c, &d, out_id) : e;
}

/* ---- How long it all stays ------------------------------------------------------------------------- */

enum err engine_set_timer(struct engine *c, struct arena *a, const struct jid *chat,
                          uint32_t seconds, struct str *out_id)
{
    struct str words =
        seconds > 0 ? arena_printf(a,
                                   "Messages in this chat disappear %u seconds after they were "
                                   "read. Your app does not do that.",
                                   seconds)
                    : STR("Messages in this chat stay again.");
    struct draft d = draft_new(a, chat, ENTRY_TIMER, words);
    enum err e;

    mark(&d, expiry_mark(a, seconds));
    mark_fallback(&d, NS_EPHEMERAL, 0);
    d.out.entry.text = STR_NONE;
    d.out.entry.expires_s = seconds;
    e = outbox_add(c, a, &d.out, out_id);
    if (e == ERR_NONE)
        (void)expiry_set(c, jid_text(a, chat), seconds, c->now_ms);
    engine_end_round(c);
    return e;
}

uint32_t engine_timer(const struct engine *c, const struct jid *chat)
{
    struct arena a = { 0 };
    uint32_t seconds = expiry_timer(c, jid_text(&a, chat));

    arena_deinit(&a);
    return seconds;
}
