/* requests.c: `sotto requests`: who wrote without being known, and what the person decides. */
#include "cli/requests.h"

#include <stdio.h>

#include "base/datetime.h"
#include "cli/commands.h"
#include "cli/deeds.h"
#include "cli/lists.h"
#include "cli/visible.h"
#include "client/people.h"

enum { SHOWN_OCTETS = 200 }; /* of a first message: enough to decide, too little to harass */

static void print_words(const struct program *p, struct arena *a, const struct message_request *r)
{
    struct str jid = visible_line(a, r->jid);
    struct str text = visible_line(a, str_slice(r->text, 0, SHOWN_OCTETS));

    if (r->held)
        fprintf(p->out, "%.*s  %zu waiting: %.*s%s\n", STR_ARG(jid), r->count, STR_ARG(text),
                r->text.n > SHOWN_OCTETS ? "…" : "");
    else
        fprintf(p->out, "%.*s  of your own server; the messages are in the chat\n", STR_ARG(jid));
}

/* What is not held is in the chat, and told as messages. */
static json_t *json_request(struct arena *a, const struct message_request *r)
{
    json_t *out =
        json_pack("{s:s,s:o,s:b}", "event", "request", "jid", json_of(r->jid), "held", r->held);

    if (!r->held)
        return out;
    json_object_set_new(out, "count", json_integer((json_int_t)r->count));
    json_object_set_new(out, "body", json_of(r->text));
    json_object_set_new(out, "time", json_of(datetime_text(a, r->time_ms)));
    return out;
}

void request_tell(struct account *a, const struct message_request *r)
{
    struct arena scratch = { 0 };

    if (a->program->json)
        program_tell(a->program, json_request(&scratch, r));
    else
        print_words(a->program, &scratch, r);
    fflush(a->program->out);
    arena_deinit(&scratch);
}

void requests_tell(struct account *a, struct engine *engine)
{
    struct message_request r;

    for (size_t cursor = 0; engine_next_request(engine, &cursor, &r);)
        request_tell(a, &r);
}

/* ---- Decisions ------------------------------------------------------------------------------------- */

static enum err accept_one(struct account *a, const struct jid *jid, struct str none)
{
    (void)none;
    return engine_answer_stranger(session_engine(a->session), jid, true);
}

static enum err refuse_one(struct account *a, const struct jid *jid, struct str none)
{
    (void)none;
    return engine_answer_stranger(session_engine(a->session), jid, false);
}

static enum err block_one(struct account *a, const struct jid *jid, struct str none)
{
    (void)none;
    return engine_block(session_engine(a->session), jid, true, NULL);
}

static const char no_request[] = "nobody with this address has written without being known";

static const struct deed deeds[] = {
    { "accept", 0, accept_one, no_request },
    { "refuse", 0, refuse_one, no_request },
    { "block", 0, block_one, no_request },
};

int command_requests(struct program *p)
{
    if (p->arguments[0] == NULL)
        return list_when_settled(p, requests_tell);
    return deed_do(p, deeds, COUNT_OF(deeds),
                   "sotto requests [accept JID | refuse JID | block JID]");
}
