/* asked.c: see asked.h. The oldest of too many is forgotten, and its answer lost: a client that asks so many people at once bears that. */
#include "server/asked.h"

#include "base/mem.h"
#include "server/home.h"
#include "server/limits.h"
#include "server/session.h"

/* Addresses hold no line break, so that the two texts cannot be cut otherwise. */
static uint64_t question(const struct session *s, const struct jid *whom, struct str id)
{
    struct arena a = { 0 };
    struct str full = jid_text(&a, whom);
    uint64_t hash =
        map_hash(s->home->seed, arena_printf(&a, "%.*s\n%.*s", STR_ARG(full), STR_ARG(id)));

    arena_deinit(&a);
    return hash;
}

void asked_note(struct session *s, const struct stanza *request)
{
    if (s->asked == NULL)
        s->asked = mem_alloc(ASKED_AT_ONCE * sizeof *s->asked);
    s->asked[s->asked_next++ % ASKED_AT_ONCE] = question(s, &request->to, request->id);
}

void asked_here(struct session *s, const struct stanza *said)
{
    struct arena a = { 0 };

    if (said->kind == STANZA_IQ && (said->type == IQ_GET || said->type == IQ_SET)
        && !jid_is_bare(&said->to)
        && !view_sees_us(&s->account->view, jid_bare_text(&a, &said->to)))
        asked_note(s, said);
    arena_deinit(&a);
}

bool asked_takes(struct session *s, const struct stanza *answer)
{
    uint64_t hash = question(s, &answer->from, answer->id);

    for (size_t i = 0; s->asked != NULL && i < ASKED_AT_ONCE; i++)
        if (s->asked[i] == hash) {
            s->asked[i] = 0;
            return true;
        }
    return false;
}
