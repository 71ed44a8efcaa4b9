/* contacts.c: `sotto contacts`: who they are, and what the person decides about them. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/deeds.h"
#include "cli/lists.h"
#include "cli/visible.h"
#include "client/people.h"

/* ---- The list -------------------------------------------------------------------------------------- */

static const char *const subscriptions[] = { "none", "to", "from", "both" };
static const char *const shows[] = {
    [SHOW_OFFLINE] = "offline", [SHOW_XA] = "xa",         [SHOW_DND] = "dnd",
    [SHOW_AWAY] = "away",       [SHOW_ONLINE] = "online", [SHOW_CHAT] = "chat"
};

static void print_json(const struct program *p, const struct contact *c)
{
    program_tell(p, json_pack("{s:s,s:o,s:o,s:s,s:b,s:b,s:b,s:b,s:s,s:o}", "event", "contact",
                              "jid", json_of(c->jid), "name", json_of(c->name), "subscription",
                              subscriptions[c->subscription], "asked", c->asked, "asks", c->asks,
                              "listed", c->listed, "waiting", c->waiting, "show", shows[c->show],
                              "status", json_of(c->status)));
}

static void print_words(const struct program *p, struct arena *a, const struct contact *c)
{
    struct str jid = visible_line(a, c->jid), name = visible_line(a, c->name);
    struct str status = visible_line(a, c->status);

    fprintf(p->out, "%.*s%s%.*s", STR_ARG(jid), name.n > 0 ? "  " : "", STR_ARG(name));
    if (c->show != SHOW_OFFLINE)
        fprintf(p->out, "  [%s]%s%.*s", shows[c->show], status.n > 0 ? " " : "", STR_ARG(status));
    fprintf(p->out, "%s%s\n", c->asked ? "  (asked)" : "",
            c->asks ? "  (asks to see when you are there)" : "");
}

static void print(struct account *a, struct engine *engine)
{
    struct contact c;

    for (size_t cursor = 0; engine_next_contact(engine, &cursor, &c);) {
        if (a->program->json)
            print_json(a->program, &c);
        else
            print_words(a->program, &a->arena, &c);
    }
}

/* ---- Decisions ------------------------------------------------------------------------------------- */

static enum err add(struct account *a, const struct jid *jid, struct str name)
{
    return engine_add_contact(session_engine(a->session), jid, name);
}

static enum err rename_to(struct account *a, const struct jid *jid, struct str name)
{
    return engine_rename_contact(session_engine(a->session), jid, name);
}

static enum err remove_one(struct account *a, const struct jid *jid, struct str none)
{
    (void)none;
    return engine_remove_contact(session_engine(a->session), jid);
}

static enum err accept_one(struct account *a, const struct jid *jid, struct str none)
{
    (void)none;
    return engine_answer(session_engine(a->session), jid, true);
}

static enum err refuse_one(struct account *a, const struct jid *jid, struct str none)
{
    (void)none;
    return engine_answer(session_engine(a->session), jid, false);
}

static const char no_contact[] = "that is no contact of yours";
static const char no_request[] = "nobody with this address asks to see you";

static const struct deed deeds[] = {
    { "add", 1, add, no_contact },           { "rename", 1, rename_to, no_contact },
    { "remove", 0, remove_one, no_contact }, { "accept", 0, accept_one, no_request },
    { "refuse", 0, refuse_one, no_request },
};

int command_contacts(struct program *p)
{
    if (p->arguments[0] == NULL)
        return list_when_settled(p, print);
    return deed_do(p, deeds, COUNT_OF(deeds),
                   "sotto contacts [add JID [NAME] | rename JID NAME | remove JID | accept JID | "
                   "refuse JID]");
}
