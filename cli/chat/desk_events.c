/* desk_events.c: what happens at the account comes into the model. */
#include "cli/chat/desk_inside.h"

#include "cli/chat/fetching.h"

static void connection(struct desk *d, enum connection state, struct str why)
{
    model_set_connection(&d->model, state, why);
    if (d->face->connection != NULL)
        d->face->connection(d->ctx);
}

static void entry_came(struct desk *d, const struct entry *e)
{
    model_entry(&d->model, e);
    if (d->face->entry != NULL)
        d->face->entry(d->ctx, e);
    desk_file_came(d, e);
}

static void device_came(struct desk *d, const struct engine_event *e)
{
    desk_keys_changed(d);
    model_new_device(&d->model, e->entry.author, e->on);
}

static void contact_changed(struct desk *d, const struct engine_event *e)
{
    static const char *const words[] = {
        [CONTACT_ASKS] = " asks to be your contact: F6",
        [CONTACT_GRANTED] = " shows you now when they are there",
        [CONTACT_REFUSED] = " does not show you when they are there",
        [CONTACT_BLOCKED] = " is blocked",
        [CONTACT_UNBLOCKED] = " is not blocked any more",
        [CONTACT_FAILED] = ": the server refused what you decided",
    };
    struct arena a = { 0 };
    const struct chat *c = model_find(&d->model, e->entry.author);
    struct str name = c != NULL ? chat_name(c) : e->entry.author;

    desk_contacts(d);
    if ((size_t)e->change < COUNT_OF(words) && words[e->change] != NULL)
        model_notice(&d->model, e->change == CONTACT_FAILED,
                     arena_printf(&a, "%.*s%s", STR_ARG(name), words[e->change]));
    arena_deinit(&a);
}

static void request_came(struct desk *d, const struct engine_event *e)
{
    struct arena a = { 0 };

    desk_tell_people(d);
    model_notice(
        &d->model, false,
        arena_printf(&a, "%.*s wrote, whom you do not know: F6", STR_ARG(e->entry.author)));
    arena_deinit(&a);
}

/* XEP-0466: what disappears leaves the screen, too. */
static void erased(struct desk *d, const struct entry *e)
{
    const struct chat *c = model_find(&d->model, e->chat);

    if (c != NULL)
        timeline_erase(c->timeline, e->author, e->id);
}

static void invited(struct desk *d, const struct engine_event *e)
{
    struct invitation_view v = { .refused = e->refused ? e->text : STR_NONE,
                                 .link = e->refused ? STR_NONE : e->text,
                                 .page = e->entry.target,
                                 .until_ms = e->entry.time_ms };

    model_set_invitation(&d->model, &v);
}

static void on_event(void *ctx, const struct engine_event *e)
{
    struct desk *d = ctx;

    switch (e->kind) {
    case ENGINE_ONLINE: connection(d, CONNECTION_ONLINE, STR_NONE); break;
    case ENGINE_OFFLINE:
        if (e->refused)
            connection(d, CONNECTION_REFUSED, account_refusal(&d->account.arena, e));
        break;
    case ENGINE_ENTRY: entry_came(d, &e->entry); break;
    case ENGINE_ERASED: erased(d, &e->entry); break;
    case ENGINE_CONTACTS: desk_contacts(d); break;
    case ENGINE_CONTACT: contact_changed(d, e); break;
    case ENGINE_REQUEST: request_came(d, e); break;
    case ENGINE_FETCH:
        if (d->fetching != NULL)
            fetching_event(d->fetching, e);
        break;
    case ENGINE_TYPING: model_typing(&d->model, e->entry.chat, e->on); break;
    case ENGINE_DEVICE: device_came(d, e); break;
    case ENGINE_TRUST:
    case ENGINE_ACCESS: desk_keys_changed(d); break;
    case ENGINE_CALL: desk_call(d, e); break;
    case ENGINE_INVITATION: invited(d, e); break;
    case ENGINE_BROKEN: account_end(&d->account, STATUS_FAILED); break;
    default: break;
    }
    desk_changed(d);
}

static void on_lost(void *ctx, struct str why, bool distrusted)
{
    struct desk *d = ctx;

    (void)distrusted; /* perhaps this network's doing; the next one may be another */
    connection(d, CONNECTION_LOST, why);
    desk_changed(d);
}

static void on_file_trouble(void *ctx, struct str id, struct str why, bool distrusted)
{
    struct desk *d = ctx;
    struct arena a = { 0 };

    (void)id, (void)distrusted;
    model_notice(&d->model, true,
                 arena_printf(&a, "A file waits, trying again: %.*s", STR_ARG(why)));
    desk_changed(d);
    arena_deinit(&a);
}

static void on_settled(void *ctx)
{
    desk_calls_settled(ctx);
}

const struct session_handlers desk_handlers = {
    .event = on_event, .settled = on_settled, .lost = on_lost, .file_trouble = on_file_trouble
};
