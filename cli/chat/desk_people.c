/* desk_people.c: contacts, who wants to be one, who is blocked: between the engine and the pages about them. */
#include "cli/chat/desk_inside.h"

#include "client/people.h"

/* Whoever asks, wrote as a stranger, or is blocked. */
static bool is_blocked(const struct engine *c, const struct jid *who)
{
    struct arena a = { 0 };
    struct str bare = jid_text(&a, who), blocked;
    bool found = false;

    for (size_t cursor = 0; !found && engine_next_blocked(c, &cursor, &blocked);)
        found = str_eq(blocked, bare);
    arena_deinit(&a);
    return found;
}

static enum err answer(struct engine *c, const struct jid *who, bool accept)
{
    enum err e;

    if (accept && is_blocked(c, who))
        return engine_block(c, who, false, NULL);
    e = engine_answer(c, who, accept);
    return e == ERR_MISSING ? engine_answer_stranger(c, who, accept) : e;
}

void desk_person(struct desk *d, const struct wish *w, const struct jid *who)
{
    struct engine *c = desk_engine(d);
    enum err e = ERR_NONE;

    switch (w->kind) {
    case WISH_ADD: e = engine_add_contact(c, who, w->text); break;
    case WISH_RENAME: e = engine_rename_contact(c, who, w->text); break;
    case WISH_REMOVE: e = engine_remove_contact(c, who); break;
    case WISH_ANSWER: e = answer(c, who, w->on); break;
    case WISH_BLOCK: e = engine_block(c, who, w->on, NULL); break;
    default: break;
    }
    if (e != ERR_NONE)
        model_notice(&d->model, true,
                     e == ERR_MISSING ? STR("Nobody like that is known here")
                                      : STR("That is no name or no address for this"));
}

enum { PEOPLE_SHOWN = 200 };

/* Who asks to be a contact, who wrote without being one, who is blocked. */
static size_t collect_people(struct desk *d, struct person_view *out, unsigned *out_waiting)
{
    struct message_request request;
    struct contact contact;
    struct str blocked;
    size_t n = 0;

    for (size_t cursor = 0;
         n < PEOPLE_SHOWN && engine_next_contact(desk_engine(d), &cursor, &contact);)
        if (contact.asks)
            out[n++] = (struct person_view){ .jid = contact.jid };
    for (size_t cursor = 0;
         n < PEOPLE_SHOWN && engine_next_request(desk_engine(d), &cursor, &request);)
        out[n++] = (struct person_view){ request.jid, request.text, PERSON_WROTE };
    *out_waiting = (unsigned)n;
    for (size_t cursor = 0;
         n < PEOPLE_SHOWN && engine_next_blocked(desk_engine(d), &cursor, &blocked);)
        out[n++] = (struct person_view){ .jid = blocked, .kind = PERSON_BLOCKED };
    return n;
}

void desk_tell_people(struct desk *d)
{
    struct person_view people[PEOPLE_SHOWN];
    unsigned waiting;
    size_t n = collect_people(d, people, &waiting);

    model_set_requests(&d->model, waiting);
    model_set_people(&d->model, people, n);
}

void desk_contacts(struct desk *d)
{
    struct contact contact;

    for (size_t i = 0; i < d->model.count; i++)
        if (!engine_contact(desk_engine(d), d->model.chats[i]->jid, &contact) || !contact.listed)
            model_no_contact(&d->model, d->model.chats[i]->jid);
    for (size_t cursor = 0; engine_next_contact(desk_engine(d), &cursor, &contact);)
        if (contact.listed)
            model_set_contact(&d->model, &contact);
    desk_tell_people(d);
}
