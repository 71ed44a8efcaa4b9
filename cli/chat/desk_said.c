/* desk_said.c: what the person says. */
#include "cli/chat/desk_inside.h"

#include "cli/lasting.h"
#include "client/chat.h"

static void failed(struct desk *d, enum err e)
{
    if (e == ERR_MISSING)
        model_notice(&d->model, true, STR("The message that this is about is not known here"));
    else if (e != ERR_NONE)
        model_notice(&d->model, true,
                     STR("This cannot be sent: it is too long, or holds signs that no message may "
                         "have"));
}

static const struct message *message_of(const struct desk *d, const struct wish *w)
{
    const struct chat *c = model_find(&d->model, w->chat);

    return c != NULL ? timeline_find(c->timeline, w->id) : NULL;
}

/* Programs that know no replies are shown what is answered. */
static enum err reply(struct desk *d, const struct wish *w, const struct jid *to, struct arena *a)
{
    const struct message *m = message_of(d, w);
    struct str id;

    if (m == NULL)
        return ERR_MISSING;
    return engine_reply_quoting(desk_engine(d), a, to, &m->entry, w->text, &id);
}

static enum err correct(struct desk *d, const struct wish *w, const struct jid *to, struct arena *a)
{
    const struct message *m = message_of(d, w);
    struct entry answered;
    bool answers = m != NULL && message_answers(m, &answered);
    struct str id;

    return engine_correct(desk_engine(d), a, to, w->id, answers ? &answered : NULL, w->text, &id);
}

static enum err set_timer(struct desk *d, const struct wish *w, const struct jid *to,
                          struct arena *a)
{
    uint32_t seconds;
    struct str id;
    enum err e = lasting_read(w->text, &seconds);

    return e == ERR_NONE ? engine_set_timer(desk_engine(d), a, to, seconds, &id) : e;
}

static enum err say(struct desk *d, const struct wish *w, const struct jid *to, struct arena *a)
{
    struct engine *c = desk_engine(d);
    struct str id;

    switch (w->kind) {
    case WISH_SEND: return engine_send_text(c, a, to, w->text, &id);
    case WISH_REPLY: return reply(d, w, to, a);
    case WISH_CORRECT: return correct(d, w, to, a);
    case WISH_RETRACT: return engine_retract(c, a, to, w->id, &id);
    case WISH_REACT: return engine_react(c, a, to, w->id, w->text, &id);
    case WISH_TIMER: return set_timer(d, w, to, a);
    default: return ERR_NONE;
    }
}

void desk_send(struct desk *d, const struct wish *w, const struct jid *to)
{
    struct arena a = { 0 };

    failed(d, say(d, w, to, &a));
    arena_deinit(&a);
}
