/* task.c: see task.h. */
#include "cli/chat/task.h"

#include "cli/saves.h"

static struct task_entry *add(struct task *t)
{
    struct task_entry *e = ARENA_NEW(&t->arena, struct task_entry);

    *(t->last != NULL ? &t->last->next : &t->first) = e;
    t->last = e;
    return e;
}

static void keep_entry(void *ctx, uint64_t number, const struct entry *e)
{
    struct task *t = ctx;
    struct task_entry *kept = add(t);

    kept->entry = entry_copy(&t->arena, e);
    kept->number = number;
    t->messages += e->kind == ENTRY_MESSAGE || e->kind == ENTRY_SEALED;
}

static void keep_chat(void *ctx, const struct store_chat *c)
{
    struct task *t = ctx;
    struct task_entry *kept = add(t);

    kept->entry = entry_copy(&t->arena, &c->last);
    kept->number = c->last_number;
    kept->chat = arena_str(&t->arena, c->jid);
    kept->draft = arena_str(&t->arena, c->draft);
    kept->unread = (unsigned)c->unread;
}

/* The highest number up to the message that was read, among the last ones: one that was on its way for long came later, and stands
 * above it all the same. */
struct place {
    struct str id;
    uint64_t highest, number;
};

static void look_for(void *ctx, uint64_t number, const struct entry *e)
{
    struct place *p = ctx;

    if (number > p->highest)
        p->highest = number;
    if (str_eq(e->id, p->id))
        p->number = p->highest;
}

static enum err set_read(struct task *t, struct store *store)
{
    struct place p = { .id = t->text };
    enum err e = store_page(store, t->chat, 0, STORE_BEFORE, TASK_PAGE, look_for, &p);

    return e == ERR_NONE && p.number != 0 ? store_set_read(store, t->chat, p.number) : e;
}

/* With what was said of the last messages: how far ours have come, what was corrected or taken back. */
static enum err list_chats(struct task *t, struct store *store)
{
    enum err e = store_chats(store, keep_chat, t);
    const struct task_entry *end = t->last;

    for (const struct task_entry *c = t->first; e == ERR_NONE && end != NULL; c = c->next) {
        e = store_page(store, c->chat, 0, STORE_BEFORE, TASK_LAST, keep_entry, t);
        if (c == end)
            break;
    }
    return e;
}

static void work(void *ctx, struct store *store)
{
    struct task *t = ctx;

    switch (t->kind) {
    case TASK_CHATS: t->err = list_chats(t, store); break;
    case TASK_OLDER:
        t->err = store_page(store, t->chat, t->before, STORE_BEFORE, TASK_PAGE, keep_entry, t);
        break;
    case TASK_DRAFT: t->err = store_set_draft(store, t->chat, t->text); break;
    case TASK_READ: t->err = set_read(t, store); break;
    case TASK_SAVES: t->err = saves_set(store, t->text.n > 0); break;
    case TASK_SEARCH:
        t->err = store_search(store, t->chat, t->text, TASK_FOUND_MAX, keep_entry, t);
        break;
    }
}

static void finished(void *ctx)
{
    struct task *t = ctx;

    t->done(t->ctx, t);
    secure_zero((void *)t->text.p, t->text.n);
    for (struct task_entry *e = t->first; e != NULL; e = e->next)
        secure_zero((void *)e->entry.text.p, e->entry.text.n);
    arena_deinit(&t->arena);
    mem_free(t);
}

void task_begin(struct session *s, const struct task *wanted)
{
    struct task *t = mem_alloc(sizeof *t);

    *t = *wanted;
    t->chat = arena_str(&t->arena, wanted->chat);
    t->text = arena_str(&t->arena, wanted->text);
    t->job = (struct session_job){ .work = work, .done = finished, .ctx = t };
    session_do(s, &t->job);
}
