/* program.c: see program.h. */
#include "cli/program.h"

#include <stdio.h>

#include "base/datetime.h"
#include "cli/attached.h"
#include "cli/call_event.h"
#include "cli/late.h"
#include "cli/new_device.h"
#include "cli/visible.h"

json_t *json_of(struct str text)
{
    json_t *out = json_stringn(text.n > 0 ? text.p : "", text.n);

    return out != NULL ? out : json_string(""); /* not UTF-8, which XML never is */
}

/* A terminal must not be shown what others write as it is; a program wants it so. */
void program_tell(const struct program *p, json_t *event)
{
    if (p->json) {
        json_dumpf(event, p->out, JSON_COMPACT | (p->out_is_screen ? JSON_ENSURE_ASCII : 0));
        fputc('\n', p->out);
        fflush(p->out);
    }
    json_decref(event);
}

void program_warn(const struct program *p, struct str what)
{
    struct arena a = { 0 };
    struct str shown = visible_line(&a, what);

    if (p->quiet == NULL) {
        fprintf(p->err, "sotto: %.*s\n", STR_ARG(shown));
    } else {
        if (p->quiet->n > 0)
            buf_add(p->quiet, STR(". "));
        buf_add(p->quiet, shown);
    }
    arena_deinit(&a);
}

int program_fail(const struct program *p, int status, const char *code, struct str why)
{
    struct arena a = { 0 };
    struct str shown = visible_line(&a, why);

    program_warn(p, why);
    program_tell(
        p, json_pack("{s:s,s:s,s:o}", "event", "error", "code", code, "text", json_of(shown)));
    arena_deinit(&a);
    return status;
}

int program_store_failed(const struct program *p)
{
    return program_fail(p, STATUS_FAILED, "store",
                        STR("the store cannot be written: is the disk full?"));
}

/* ---- Entries ------------------------------------------------------------------------------------- */

static const char *const encryptions[] = { "none", "omemo:0.3", "omemo:2" };
static const char *const trusts[] = { "undecided", "undecided", "trusted", "verified" };

static const struct {
    const char *event, *text; /* the member that holds the entry's text; NULL: none */
    const char *words;        /* for people */
} kinds[] = {
    [ENTRY_MESSAGE] = { "message", "body", "" },
    [ENTRY_CORRECTION] = { "correction", "body", "corrected: " },
    [ENTRY_RETRACTION] = { "retraction", NULL, "took a message back" },
    [ENTRY_REACTIONS] = { "reactions", "body", "reacted: " },
    [ENTRY_SENT] = { "sent", NULL, "sent" },
    [ENTRY_DELIVERED] = { "delivered", NULL, "received it" },
    [ENTRY_READ] = { "read", NULL, "read it" },
    [ENTRY_FAILED] = { "failed", "reason", "not sent: " },
    [ENTRY_SEALED] = { "unreadable", "reason", "unreadable: " },
    [ENTRY_TIMER] = { "timer", NULL, "messages stay " },
    [ENTRY_CALL] = { "call", NULL, "" },
    [ENTRY_DEVICE] = { "device", "fingerprint", "" },
};

/* What has not left this device is not sealed yet. What has was sealed for trusted devices only, even if nobody noted that then. */
static void add_sealing(json_t *out, const struct entry *e)
{
    bool is_text = e->kind == ENTRY_MESSAGE || e->kind == ENTRY_CORRECTION || e->kind == ENTRY_SENT;
    bool unsent = e->outgoing && e->encryption == ENCRYPTION_NONE && e->archive_id.n == 0;
    enum entry_trust trust = e->trust;

    if (e->outgoing && e->encryption != ENCRYPTION_NONE && trust == ENTRY_TRUST_NONE)
        trust = ENTRY_TRUST_TRUSTED;
    if (is_text)
        json_object_set_new(out, "encryption",
                            json_string(unsent ? "unsent" : encryptions[e->encryption]));
    if (is_text || e->kind == ENTRY_DEVICE)
        json_object_set_new(out, "trust", json_string(trusts[trust]));
}

static json_t *json_entry(struct str own, const struct entry *e)
{
    struct arena a = { 0 };
    json_t *out = json_object();
    struct attachment file;

    json_object_set_new(out, "event", json_string(kinds[e->kind].event));
    json_object_set_new(out, "from", json_of(e->author));
    json_object_set_new(out, "to", json_of(e->outgoing ? e->chat : own));
    json_object_set_new(out, "id", json_of(e->id));
    if (e->target.n > 0)
        json_object_set_new(out, "target", json_of(e->target));
    if (kinds[e->kind].text != NULL)
        json_object_set_new(out, kinds[e->kind].text, json_of(e->text));
    if (attached_of(e, &file))
        json_object_set_new(out, "attachment", attached_json(&file));
    if (e->quote.n > 0)
        json_object_set_new(out, "quote", json_of(e->quote));
    if (e->expires_s > 0 || e->kind == ENTRY_TIMER)
        json_object_set_new(out, "expires", json_integer(e->expires_s));
    if (e->kind == ENTRY_CALL)
        call_event_add(out, e);
    if (e->kind == ENTRY_DEVICE)
        json_object_set_new(out, "device", json_integer(e->device));
    if (e->said_ms > 0)
        json_object_set_new(out, "written", json_of(datetime_text(&a, e->said_ms)));
    add_sealing(out, e);
    json_object_set_new(out, "time", json_of(datetime_text(&a, e->time_ms)));
    arena_deinit(&a);
    return out;
}

static json_t *json_emojis(struct str emojis)
{
    json_t *out = json_array();

    while (emojis.n > 0)
        json_array_append_new(out, json_of(str_split(&emojis, ' ')));
    return out;
}

static json_t *json_message(struct str own, const struct message *m)
{
    static const char *const deliveries[] = { "waiting", "sent", "delivered", "read", "failed" };
    struct entry e = m->entry;
    json_t *out, *reactions;
    struct arena a = { 0 };

    if (e.kind == ENTRY_CORRECTION) /* of what is not here */
        e.kind = ENTRY_MESSAGE;
    if (e.kind != ENTRY_SEALED)
        e.text = m->text;
    out = json_entry(own, &e);
    if (m->edited)
        json_object_set_new(out, "edited", json_true());
    if (m->retracted)
        json_object_set_new(out, "retracted", json_true());
    if (m->only_here)
        json_object_set_new(out, "only_here", json_true());
    json_object_set_new(out, "delivery", json_string(deliveries[m->delivery]));
    if (m->reaction_count > 0) {
        reactions = json_object();
        for (size_t i = 0; i < m->reaction_count; i++)
            json_object_set_new(reactions,
                                arena_printf(&a, "%.*s", STR_ARG(m->reactions[i].author)).p,
                                json_emojis(m->reactions[i].emojis));
        json_object_set_new(out, "reactions", reactions);
    }
    arena_deinit(&a);
    return out;
}

/* "for 1 day": how long messages stay. */
static struct str timer_words(struct arena *a, uint32_t seconds)
{
    static const struct {
        uint32_t seconds;
        const char *name;
    } units[] = { { 604800, "week" }, { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } };

    if (seconds == 0)
        return STR("for good");
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (seconds % units[i].seconds == 0)
            return arena_printf(a, "for %u %s%s", seconds / units[i].seconds, units[i].name,
                                seconds == units[i].seconds ? "" : "s");
    return arena_printf(a, "for %u seconds", seconds);
}

static void tell_words(const struct program *p, const struct entry *e)
{
    struct arena a = { 0 };
    struct str when = datetime_text(&a, e->time_ms), author = visible_line(&a, e->author);
    struct str text = visible_text(&a, e->text), attached = STR_NONE;
    struct attachment file;

    if (e->kind == ENTRY_TIMER)
        text = timer_words(&a, e->expires_s);
    if (e->kind == ENTRY_CALL)
        text = call_record_words(&a, e);
    if (e->kind == ENTRY_DEVICE)
        text = new_device_words(&a, e);

    if (attached_of(e, &file))
        attached =
            arena_concat(&a, attached_words(&a, &file, e->id), text.n > 0 ? STR(" ") : STR(""));

    fprintf(p->out, "%.19sZ %.*s: %s%.*s%.*s%.*s%s\n", when.p, STR_ARG(author),
            kinds[e->kind].words, STR_ARG(attached), STR_ARG(text), STR_ARG(late_words(&a, e)),
            e->kind == ENTRY_MESSAGE && !e->outgoing && e->encryption == ENCRYPTION_NONE
                ? " (not encrypted)"
                : "");
    fflush(p->out);
    arena_deinit(&a);
}

bool program_tell_entry(const struct program *p, struct str own, const struct entry *e)
{
    if (e->kind < ENTRY_MESSAGE || e->kind > ENTRY_DEVICE || e->encryption > ENCRYPTION_OMEMO_2
        || e->trust > ENTRY_TRUST_VERIFIED)
        return false;
    if (p->json)
        program_tell(p, json_entry(own, e));
    else
        tell_words(p, e);
    return true;
}

/* The first line of what it answers, what was said about it. */
static void tell_words_around(const struct program *p, const struct message *m)
{
    struct arena a = { 0 };
    struct str quote =
        m->reply_to != NULL && m->reply_to->text.n > 0 ? m->reply_to->text : m->entry.quote;
    struct str line = visible_line(&a, str_split(&quote, '\n'));

    if (line.n > 0)
        fprintf(p->out, "  to: %.*s\n", STR_ARG(line));
    for (size_t i = 0; i < m->reaction_count; i++) {
        struct str author = visible_line(&a, m->reactions[i].author);
        struct str emojis = visible_line(&a, m->reactions[i].emojis);

        fprintf(p->out, "  %.*s: %.*s\n", STR_ARG(author), STR_ARG(emojis));
    }
    arena_deinit(&a);
}

void program_tell_message(const struct program *p, struct str own, const struct message *m)
{
    struct entry e = m->entry;
    struct arena a = { 0 };

    if (p->json) {
        program_tell(p, json_message(own, m));
        return;
    }
    if (e.kind == ENTRY_CORRECTION)
        e.kind = ENTRY_MESSAGE;
    if (e.kind == ENTRY_MESSAGE)
        e.text = m->only_here   ? STR("(taken back on this device alone)")
                 : m->retracted ? STR("(taken back)")
                 : m->edited    ? arena_concat(&a, m->text, STR(" (corrected)"))
                                : m->text;
    if (m->retracted)
        e.attachment = STR_NONE;
    if (m->delivery == DELIVERY_FAILED)
        e.text = arena_printf(&a, "%.*s (not sent: %.*s)", STR_ARG(e.text), STR_ARG(m->why));
    (void)program_tell_entry(p, own, &e);
    tell_words_around(p, m);
    arena_deinit(&a);
}
