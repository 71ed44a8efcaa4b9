/* call_event.c: see call_event.h. */
#include "cli/call_event.h"

#include <stdio.h>

#include "base/datetime.h"
#include "cli/visible.h"

static const char *const trusts[] = { "none", "undecided", "trusted", "verified" };

static const char *const outcomes[] = {
    [CALL_UNDECIDED] = "ended",   [CALL_MISSED] = "missed", [CALL_RETRACTED] = "retracted",
    [CALL_REJECTED] = "declined", [CALL_FAILED] = "failed", [CALL_TALKED] = "talked",
};

const char *call_trust_words(enum entry_trust trust)
{
    switch (trust) {
    case ENTRY_TRUST_VERIFIED: return "verified";
    case ENTRY_TRUST_TRUSTED: return "encrypted for a device whose key you have not compared";
    case ENTRY_TRUST_UNDECIDED:
    case ENTRY_TRUST_NONE: break;
    }
    return "unverified call: nothing proves that nobody listens in between";
}

static json_t *json_media(unsigned media)
{
    json_t *out = json_array();

    if ((media & JINGLE_AUDIO) != 0)
        json_array_append_new(out, json_string("audio"));
    if ((media & JINGLE_VIDEO) != 0)
        json_array_append_new(out, json_string("video"));
    return out;
}

void call_event_add(json_t *out, const struct entry *e)
{
    struct call_record r = { CALL_FAILED, JINGLE_AUDIO, 0 };

    if (call_record_read(e->text, &r) != ERR_NONE)
        r.outcome = CALL_UNDECIDED;
    json_object_set_new(out, "media", json_media(r.media));
    json_object_set_new(out, "state", json_string(outcomes[r.outcome]));
    json_object_set_new(out, "seconds", json_integer((json_int_t)r.seconds));
    json_object_set_new(out, "trust", json_string(trusts[e->trust]));
}

void call_event_tell(const struct program *p, struct str own, const struct engine_event *e,
                     const char *state)
{
    struct arena a = { 0 };
    json_t *out = json_pack(
        "{s:s,s:o,s:o,s:o,s:o,s:s,s:s,s:o}", "event", "call", "id", json_of(e->entry.id), "from",
        json_of(e->entry.author), "to", json_of(e->entry.outgoing ? e->entry.chat : own), "media",
        json_media(e->call_media), "state", state, "trust", trusts[e->entry.trust], "time",
        json_of(datetime_text(&a, e->entry.time_ms)));

    if (e->call == CALL_IS_OVER && e->text.n > 0)
        json_object_set_new(out, "reason", json_of(e->text));
    program_tell(p, out);
    arena_deinit(&a);
}

void call_event_say(const struct program *p, struct str own, const struct engine_event *e)
{
    struct arena a = { 0 };
    struct str who = visible_line(&a, e->entry.chat), why = visible_line(&a, e->text);

    switch (e->call) {
    case CALL_COMES:
        call_event_tell(p, own, e, "ringing");
        if (!p->json)
            fprintf(p->out, "%.*s calls%s: sotto answer %.*s, or sotto reject %.*s\n", STR_ARG(who),
                    (e->call_media & JINGLE_VIDEO) != 0 ? " with video" : "", STR_ARG(e->entry.id),
                    STR_ARG(e->entry.id));
        break;
    case CALL_IS_OVER:
        call_event_tell(p, own, e, "ended");
        if (!p->json && why.n > 0)
            fprintf(p->out, "%.*s: %.*s\n", STR_ARG(who), STR_ARG(why));
        break;
    case CALL_RINGS_THERE:
    case CALL_IS_ANSWERED:
    case CALL_IS_DESCRIBED: break;
    }
    fflush(p->out);
    arena_deinit(&a);
}
