/* desk.c: what is wished is done; what is asked of the store; begin and end. */
#include "cli/chat/desk_inside.h"

#include "client/chat.h"
#include "client/invitation.h"

struct engine *desk_engine(struct desk *d)
{
    return session_engine(d->account.session);
}

void desk_changed(struct desk *d)
{
    uint64_t now = clock_wall_ms(), wake;

    (void)model_now(&d->model, now);
    wake = model_wake_ms(&d->model);
    if (wake != UINT64_MAX)
        timer_start(d->wake, wake > now ? wake - now : 0);
    d->face->changed(d->ctx);
}

/* ---- Tasks --------------------------------------------------------------------------------------- */

static void store_failed(struct desk *d)
{
    model_notice(&d->model, true, STR("The store cannot be read or written: is the disk full?"));
}

static void found(struct desk *d, const struct task *t)
{
    const struct entry *entries[TASK_FOUND_MAX];
    size_t n = 0;

    for (const struct task_entry *e = t->first; e != NULL && n < TASK_FOUND_MAX; e = e->next)
        entries[n++] = &e->entry;
    model_found(&d->model, entries, n);
    if (t->err != ERR_NONE)
        model_notice(&d->model, true, STR("Words are wanted, sixteen at most"));
    desk_changed(d);
}

/* The entry that set it may lie further back than what was read. */
static void tell_timers(struct desk *d)
{
    struct arena a = { 0 };
    struct jid who;

    for (size_t i = 0; i < d->model.count; i++) {
        struct str jid = d->model.chats[i]->jid;

        if (jid_parse(&a, jid, &who) == ERR_NONE)
            model_set_timer(&d->model, jid, engine_timer(desk_engine(d), &who));
    }
    arena_deinit(&a);
}

static void task_done(void *ctx, const struct task *t)
{
    struct desk *d = ctx;

    if (t->kind == TASK_SEARCH) {
        found(d, t);
        return;
    }

    if (t->err != ERR_NONE && t->err != ERR_MISSING)
        store_failed(d);
    for (const struct task_entry *e = t->first; e != NULL; e = e->next) {
        if (e->entry.kind != 0)
            model_kept(&d->model, &e->entry, e->number);
        if (t->kind == TASK_CHATS && e->chat.n > 0)
            model_set_state(&d->model, e->chat, e->unread, e->draft);
    }
    if (t->kind == TASK_OLDER) {
        model_loaded(&d->model, t->chat, t->first != NULL ? t->first->number : t->before,
                     t->messages < TASK_PAGE);
        desk_tally(d); /* lines about devices reach as far back */
    }
    if (t->kind == TASK_CHATS) {
        model_ready(&d->model);
        desk_tally(d);
        tell_timers(d);
    }
    desk_changed(d);
}

static void begin(struct desk *d, enum task_kind kind, struct str chat, struct str text,
                  uint64_t before)
{
    task_begin(d->account.session, &(struct task){ .kind = kind,
                                                   .chat = chat,
                                                   .text = text,
                                                   .before = before,
                                                   .done = task_done,
                                                   .ctx = d });
}

/* ---- Wishes ------------------------------------------------------------------------------------- */

static void read_it(struct desk *d, const struct wish *w, const struct jid *who)
{
    begin(d, TASK_READ, w->chat, w->id, 0);
    if (engine_read(desk_engine(d), who, w->id) != ERR_NONE)
        return; /* our other devices know it already */
}

static void set_saves(struct desk *d, bool on)
{
    desk_set_saves(d, on);
    begin(d, TASK_SAVES, STR_NONE, on ? STR("always") : STR_NONE, 0);
}

static void grant_for(struct desk *d, const struct wish *w, const struct jid *who)
{
    const struct chat *c = model_find(&d->model, w->chat);

    switch (w->kind) {
    case WISH_SEND:
    case WISH_REPLY:
    case WISH_CORRECT:
    case WISH_RETRACT:
    case WISH_TIMER:
    case WISH_REACT: desk_send(d, w, who); break;
    case WISH_FILE: desk_send_file(d, w); break;
    case WISH_SAVE: desk_save_file(d, w); break;
    case WISH_TYPING: engine_typing(desk_engine(d), who, w->on); break;
    case WISH_ADD:
    case WISH_RENAME:
    case WISH_REMOVE:
    case WISH_BLOCK:
    case WISH_ANSWER: desk_person(d, w, who); break;
    case WISH_OLDER: begin(d, TASK_OLDER, w->chat, STR_NONE, c != NULL ? c->oldest : 0); break;
    case WISH_DRAFT: begin(d, TASK_DRAFT, w->chat, w->text, 0); break;
    case WISH_READ: read_it(d, w, who); break;
    case WISH_COMPARE: desk_ask_keys(d, w->chat); /* fallthrough */
    case WISH_KEYS: desk_tell_keys(d, w->chat); break;
    case WISH_DECIDE: desk_decide(d, w); break;
    case WISH_MATCH: desk_match(d, w, who); break;
    case WISH_CODE: desk_scanned(d, w, who); break;
    case WISH_CALL:
    case WISH_TAKE_CALL:
    case WISH_END_CALL:
    case WISH_MUTE: desk_call_wish(d, w); break;
    case WISH_SEARCH:
    case WISH_SAVES:
    case WISH_INVITE:
    case WISH_PEOPLE:
    case WISH_SUSPEND:
    case WISH_REDRAW:
    case WISH_QUIT: break; /* of no chat: grant() */
    }
}

static void grant(struct desk *d, const struct wish *w)
{
    struct arena a = { 0 };
    struct jid who;

    if (w->kind == WISH_QUIT)
        desk_leave(d);
    else if (w->kind == WISH_SEARCH)
        begin(d, TASK_SEARCH, w->chat, w->text, 0);
    else if (w->kind == WISH_SAVES)
        set_saves(d, w->on);
    else if (w->kind == WISH_INVITE)
        engine_invite(desk_engine(d));
    else if (w->kind == WISH_PEOPLE)
        desk_tell_people(d);
    else if (w->kind == WISH_REDRAW || (w->kind == WISH_SUSPEND && desk_may_stop(d)))
        d->face->wish(d->ctx, w);
    else if (w->kind == WISH_SUSPEND)
        desk_changed(d);
    else if (jid_parse(&a, w->chat, &who) == ERR_NONE)
        grant_for(d, w, &who);
    arena_deinit(&a);
}

void desk_work(struct desk *d)
{
    struct wish *w;

    engine_now(desk_engine(d), clock_wall_ms());
    while ((w = wishes_take(&d->model.wishes)) != NULL) {
        grant(d, w);
        wish_done(w);
    }
    desk_changed(d);
}

/* Time has passed: a notice is over, a draft is to be kept. */
static void on_wake(void *ctx)
{
    struct desk *d = ctx;

    (void)model_now(&d->model, clock_wall_ms());
    desk_work(d);
}

/* ---- Life ---------------------------------------------------------------------------------------- */

int desk_open(struct desk *d, struct program *p, const struct desk_face *face, void *ctx)
{
    int status;

    *d = (struct desk){ .face = face, .ctx = ctx };
    list_init(&d->unasked);
    account_init(&d->account, p);
    d->account.takes_calls = true;
    d->account.has_guests = true;
    model_init(&d->model, STR_NONE, &p->random);
    if ((status = account_open(&d->account)) != STATUS_DONE)
        return status;
    d->model.own = d->account.bare;
    desk_files_begin(d);
    d->model.now_ms = clock_wall_ms();
    if ((status = account_begin(&d->account, &desk_handlers, d)) != STATUS_DONE)
        return status;
    d->account.interrupted = STATUS_DONE;
    d->wake = timer_new(d->account.loop, on_wake, d);
    d->ask_again = timer_new(d->account.loop, desk_ask_again, d);
    desk_calls_begin(d);
    desk_contacts(d);
    return STATUS_DONE;
}

int desk_run(struct desk *d)
{
    begin(d, TASK_CHATS, STR_NONE, STR_NONE, 0);
    return account_run(&d->account);
}

void desk_deinit(struct desk *d)
{
    desk_files_end(d);
    live_call_deinit(&d->call);
    timer_free(d->leave_by);
    timer_free(d->wake);
    timer_free(d->ask_again);
    account_deinit(&d->account);
    model_deinit(&d->model);
    arena_deinit(&d->comparing);
}
