/* block.c: `sotto block` and `sotto unblock`: whom the person does not want to hear of, and whether the operator is told why. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/deeds.h"
#include "cli/lists.h"
#include "cli/visible.h"
#include "client/people.h"

enum { LOOK_BACK = 200 };

/* ---- The list -------------------------------------------------------------------------------------- */

static void print(struct account *a, struct engine *engine)
{
    struct str jid;

    for (size_t cursor = 0; engine_next_blocked(engine, &cursor, &jid);) {
        struct str shown = visible_line(&a->arena, jid);

        if (a->program->json)
            program_tell(a->program,
                         json_pack("{s:s,s:o}", "event", "blocked", "jid", json_of(jid)));
        else
            fprintf(a->program->out, "%.*s\n", STR_ARG(shown));
    }
}

/* ---- What is reported ------------------------------------------------------------------------------ */

struct evidence {
    struct account *account;
    struct str ids[REPORT_IDS_MAX];
    size_t count; /* of all; the last ones are kept */
};

static void collect(void *ctx, uint64_t number, const struct entry *e)
{
    struct evidence *found = ctx;

    (void)number;
    if (!e->outgoing && e->archive_id.n > 0 && e->kind == ENTRY_MESSAGE)
        found->ids[found->count++ % REPORT_IDS_MAX] =
            arena_str(&found->account->arena, e->archive_id);
}

static enum report_reason reason_of(const char *word)
{
    if (word == NULL)
        return REPORT_NONE;
    return strcmp(word, "spam") == 0 ? REPORT_SPAM : REPORT_ABUSE;
}

static enum err block(struct account *a, const struct jid *jid, struct str none)
{
    struct evidence found = { .account = a };
    struct report report = { .reason = reason_of(a->program->report), .ids = found.ids };
    enum err e = ERR_NONE;

    (void)none;
    if (report.reason != REPORT_NONE && jid->local.n > 0)
        e = store_page(a->store, jid_text(&a->arena, jid), 0, STORE_BEFORE, LOOK_BACK, collect,
                       &found);
    report.id_count = found.count < REPORT_IDS_MAX ? found.count : REPORT_IDS_MAX;
    if (e != ERR_NONE)
        return e;
    return engine_block(session_engine(a->session), jid, true,
                        report.reason != REPORT_NONE ? &report : NULL);
}

static enum err unblock(struct account *a, const struct jid *jid, struct str none)
{
    (void)none;
    return engine_block(session_engine(a->session), jid, false, NULL);
}

static const struct deed blocking = { "block", 0, block, "" };
static const struct deed unblocking = { "unblock", 0, unblock, "that is nobody whom you block" };

int command_block(struct program *p)
{
    bool known =
        p->report == NULL || strcmp(p->report, "spam") == 0 || strcmp(p->report, "abuse") == 0;

    if (!known || (p->report != NULL && p->arguments[0] == NULL))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("--report wants spam or abuse, and whose it was"));
    if (p->arguments[0] == NULL)
        return list_when_settled(p, print);
    return deed_do_one(p, &blocking, "sotto block [JID [--report spam|abuse]]");
}

int command_unblock(struct program *p)
{
    return deed_do_one(p, &unblocking, "sotto unblock JID");
}
