/* history.c: `sotto history`: what this device knows of a chat, without a connection. */
#include "cli/account.h"
#include "cli/commands.h"
#include "cli/sealings.h"

enum { LIMIT = 50, LIMIT_MAX = 1000 * 1000 };

struct looking {
    struct account account;
    struct timeline *chat;
    struct sealings sealings;
};

static void collect(void *ctx, uint64_t number, const struct entry *e)
{
    struct looking *l = ctx;

    (void)number;
    timeline_add(l->chat, e);
    sealings_note(&l->sealings, e);
}

/* A message as it stands now stands in its place, a call once, whoever wrote it down; everything else, as it came. */
static void print_event(void *ctx, uint64_t number, const struct entry *e)
{
    struct looking *l = ctx;
    const struct message *m = timeline_find(l->chat, e->id);
    bool is_message = e->kind == ENTRY_MESSAGE || e->kind == ENTRY_SEALED;
    struct entry as_sent = *e;

    (void)number;
    if (e->kind == ENTRY_CALL && m != NULL && m->entry.kind == ENTRY_CALL
        && m->entry.time_ms != e->time_ms)
        return; /* the server's word for what this device has said itself */
    if (is_message && m != NULL && m->entry.time_ms == e->time_ms
        && str_eq(m->entry.author, e->author)) {
        if (m->entry.kind == e->kind || e->kind != ENTRY_SEALED) /* not its unreadable form */
            program_tell_message(l->account.program, l->account.bare, m);
        return;
    }
    sealings_apply(&l->sealings, &as_sent);
    (void)program_tell_entry(l->account.program, l->account.bare, &as_sent);
}

/* For people: messages alone, and what was said about each with it. */
static void print_words(const struct looking *l)
{
    for (size_t i = 0; i < timeline_count(l->chat); i++)
        program_tell_message(l->account.program, l->account.bare, timeline_at(l->chat, i));
}

static int look(struct looking *l, struct str chat, size_t limit)
{
    struct account *a = &l->account;
    int status = account_open(a);
    enum err e;

    if (status != STATUS_DONE || (status = account_tidy(a)) != STATUS_DONE)
        return status;
    e = store_page(a->store, chat, 0, STORE_BEFORE, limit, collect, l);
    if (e == ERR_NONE && a->program->json)
        e = store_page(a->store, chat, 0, STORE_BEFORE, limit, print_event, l);
    else if (e == ERR_NONE)
        print_words(l);
    if (e != ERR_NONE)
        status = program_fail(a->program, STATUS_FAILED, "store",
                              STR("the store cannot be read: it is damaged, or was tampered with"));
    return status;
}

int command_history(struct program *p)
{
    struct looking l = { .chat = NULL };
    struct jid jid;
    uint64_t limit = LIMIT;
    int status;

    if (jid_parse(&p->arena, str_from(p->arguments[0]), &jid) != ERR_NONE || !jid_is_bare(&jid))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("history wants an address such as alice@example.org"));
    if (p->limit != NULL
        && (str_to_u64(str_from(p->limit), LIMIT_MAX, &limit) != ERR_NONE || limit == 0))
        return program_fail(p, STATUS_USAGE, "usage", STR("--limit wants a number of messages"));
    account_init(&l.account, p);
    l.chat = timeline_new(&p->random);
    sealings_init(&l.sealings, &p->random);
    status = look(&l, jid_text(&p->arena, &jid), (size_t)limit);
    timeline_free(l.chat);
    sealings_deinit(&l.sealings);
    account_deinit(&l.account);
    return status;
}
