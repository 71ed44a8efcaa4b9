/* program.c: see program.h. */
#include "cli/program.h"

#include <stdio.h>
#include <unistd.h>

#include "base/datetime.h"
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
        json_dumpf(event, stdout, JSON_COMPACT | (isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0));
        putchar('\n');
        fflush(stdout);
    }
    json_decref(event);
}

int program_fail(const struct program *p, int status, const char *code, struct str why)
{
    struct arena a = { 0 };
    struct str shown = visible_line(&a, why);

    fprintf(stderr, "sotto: %.*s\n", STR_ARG(shown));
    program_tell(
        p, json_pack("{s:s,s:s,s:o}", "event", "error", "code", code, "text", json_of(shown)));
    arena_deinit(&a);
    return status;
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
};

/* How a message of ours is sealed is known when it is sent, and told then. */
static void add_sealing(json_t *out, const struct entry *e)
{
    bool is_ours = e->outgoing && e->encryption == ENCRYPTION_NONE;

    if ((e->kind == ENTRY_MESSAGE || e->kind == ENTRY_CORRECTION || e->kind == ENTRY_SENT)
        && !is_ours)
        json_object_set_new(out, "encryption", json_string(encryptions[e->encryption]));
    if ((e->kind == ENTRY_MESSAGE || e->kind == ENTRY_CORRECTION) && !is_ours)
        json_object_set_new(out, "trust", json_string(trusts[e->trust]));
}

static void tell_json(const struct program *p, struct str own, const struct entry *e)
{
    struct arena a = { 0 };
    json_t *out = json_object();

    json_object_set_new(out, "event", json_string(kinds[e->kind].event));
    json_object_set_new(out, "from", json_of(e->author));
    json_object_set_new(out, "to", json_of(e->outgoing ? e->chat : own));
    json_object_set_new(out, "id", json_of(e->id));
    if (e->target.n > 0)
        json_object_set_new(out, "target", json_of(e->target));
    if (kinds[e->kind].text != NULL)
        json_object_set_new(out, kinds[e->kind].text, json_of(e->text));
    add_sealing(out, e);
    json_object_set_new(out, "time", json_of(datetime_text(&a, e->time_ms)));
    program_tell(p, out);
    arena_deinit(&a);
}

static void tell_words(const struct entry *e)
{
    struct arena a = { 0 };
    struct str when = datetime_text(&a, e->time_ms), author = visible_line(&a, e->author);
    struct str text = visible_text(&a, e->text);

    printf("%.19sZ %.*s: %s%.*s%s\n", when.p, STR_ARG(author), kinds[e->kind].words, STR_ARG(text),
           e->kind == ENTRY_MESSAGE && !e->outgoing && e->encryption == ENCRYPTION_NONE
               ? " (not encrypted)"
               : "");
    fflush(stdout);
    arena_deinit(&a);
}

bool program_tell_entry(const struct program *p, struct str own, const struct entry *e)
{
    if (e->kind < ENTRY_MESSAGE || e->kind > ENTRY_SEALED || e->encryption > ENCRYPTION_OMEMO_2
        || e->trust > ENTRY_TRUST_VERIFIED)
        return false;
    if (p->json)
        tell_json(p, own, e);
    else
        tell_words(e);
    return true;
}
