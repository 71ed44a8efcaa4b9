/* call_record.c: what stays of a call in a chat. */
#include "client/call.h"

#include "jingle/token.h"

static const char *const outcomes[] = {
    [CALL_UNDECIDED] = "",        [CALL_MISSED] = "missed", [CALL_RETRACTED] = "retracted",
    [CALL_REJECTED] = "declined", [CALL_FAILED] = "failed", [CALL_TALKED] = "talked",
};

enum { OUTCOMES = sizeof outcomes / sizeof *outcomes };

struct str call_record_text(struct arena *a, const struct call_record *r)
{
    return arena_printf(a, "%s %s %llu", outcomes[r->outcome],
                        (r->media & JINGLE_VIDEO) != 0 ? "audio,video" : "audio",
                        (unsigned long long)r->seconds);
}

enum err call_record_read(struct str text, struct call_record *out)
{
    size_t outcome = token_among(str_split(&text, ' '), outcomes, OUTCOMES);
    struct str media = str_split(&text, ' ');
    uint64_t seconds;

    if (outcome == 0 || outcome == OUTCOMES || !token_number(text, 0, CALL_SECONDS_MAX, &seconds)
        || (!str_is(media, "audio") && !str_is(media, "audio,video")))
        return ERR_MALFORMED;
    *out =
        (struct call_record){ (enum call_outcome)outcome,
                              str_is(media, "audio") ? JINGLE_AUDIO : JINGLE_AUDIO | JINGLE_VIDEO,
                              seconds };
    return ERR_NONE;
}

struct str call_record_words(struct arena *a, const struct entry *e)
{
    static const struct {
        const char *ours, *theirs;
    } words[] = {
        [CALL_MISSED] = { "nobody answered", "missed" },
        [CALL_RETRACTED] = { "hung up before anybody answered", "missed" },
        [CALL_REJECTED] = { "declined", "declined" },
        [CALL_FAILED] = { "failed", "failed" },
    };
    struct call_record r;
    const char *kind;

    if (call_record_read(e->text, &r) != ERR_NONE)
        return STR("Call");
    kind = (r.media & JINGLE_VIDEO) != 0 ? "Video call" : "Call";
    if (r.outcome == CALL_TALKED)
        return arena_printf(a, "%s, %llu:%02u", kind, (unsigned long long)(r.seconds / 60),
                            (unsigned)(r.seconds % 60));
    return arena_printf(a, "%s, %s", kind,
                        e->outgoing ? words[r.outcome].ours : words[r.outcome].theirs);
}
