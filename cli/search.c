/* search.c: `sotto search`: words in what was written, without a connection. */
#include <stdio.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/visible.h"

enum { LIMIT = 50, LIMIT_MAX = 1000 * 1000 };

struct finding {
    struct account account;
    struct arena arena;
    struct str chat; /* of the one that was printed last */
};

/* People see in which chat they are. */
static void print(void *ctx, uint64_t number, const struct entry *e)
{
    struct finding *f = ctx;
    const struct program *p = f->account.program;

    (void)number;
    if (!p->json && !str_eq(f->chat, e->chat)) {
        struct str name = visible_line(&f->arena, e->chat);

        fprintf(p->out, "%s%.*s\n", f->chat.n > 0 ? "\n" : "", STR_ARG(name));
        f->chat = arena_str(&f->arena, e->chat);
    }
    program_tell_entry(p, f->account.bare, e);
}

static int search(struct finding *f, struct str chat, uint64_t limit)
{
    struct account *a = &f->account;
    int status = account_open(a);
    enum err e;

    if (status != STATUS_DONE || (status = account_tidy(a)) != STATUS_DONE)
        return status;
    e = store_search(a->store, chat, str_from(a->program->arguments[0]), (size_t)limit, print, f);
    if (e == ERR_MISSING || e == ERR_MALFORMED || e == ERR_TOO_BIG)
        return program_fail(a->program, STATUS_USAGE, "usage",
                            STR("search wants words, sixteen at most, such as 'ferry pier'"));
    if (e != ERR_NONE)
        return program_fail(a->program, STATUS_FAILED, "store",
                            STR("the store cannot be read: it is damaged, or was tampered with"));
    return STATUS_DONE;
}

int command_search(struct program *p)
{
    struct finding f = { .chat = STR_NONE };
    struct str chat = STR_NONE;
    struct jid jid;
    uint64_t limit = LIMIT;
    int status;

    if (p->chat != NULL
        && (jid_parse(&p->arena, str_from(p->chat), &jid) != ERR_NONE || !jid_is_bare(&jid)))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("--chat wants an address such as alice@example.org"));
    if (p->chat != NULL)
        chat = jid_text(&p->arena, &jid);
    if (p->limit != NULL
        && (str_to_u64(str_from(p->limit), LIMIT_MAX, &limit) != ERR_NONE || limit == 0))
        return program_fail(p, STATUS_USAGE, "usage", STR("--limit wants a number of messages"));
    account_init(&f.account, p);
    status = search(&f, chat, limit);
    account_deinit(&f.account);
    arena_deinit(&f.arena);
    return status;
}
