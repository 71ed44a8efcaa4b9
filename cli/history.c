/* history.c: `sotto history`: what this device knows of a chat, without a connection. */
#include "cli/account.h"
#include "cli/commands.h"

enum { LIMIT = 50, LIMIT_MAX = 1000 * 1000 };

static void print(void *ctx, const struct entry *e)
{
    const struct account *a = ctx;
    bool is_report = e->kind == ENTRY_SENT || e->kind == ENTRY_DELIVERED || e->kind == ENTRY_READ;

    if (a->program->json || !is_report)
        program_tell_entry(a->program, a->bare, e);
}

int command_history(struct program *p)
{
    struct account a;
    struct jid jid;
    uint64_t limit = LIMIT;
    int status;

    if (jid_parse(&p->arena, str_from(p->arguments[0]), &jid) != ERR_NONE || !jid_is_bare(&jid))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("history wants an address such as alice@example.org"));
    if (p->limit != NULL
        && (str_to_u64(str_from(p->limit), LIMIT_MAX, &limit) != ERR_NONE || limit == 0))
        return program_fail(p, STATUS_USAGE, "usage", STR("--limit wants a number of messages"));
    account_init(&a, p);
    status = account_open(&a);
    if (status == STATUS_DONE
        && store_history(a.store, jid_text(&a.arena, &jid), (size_t)limit, print, &a) != ERR_NONE)
        status = program_fail(p, STATUS_FAILED, "store",
                              STR("the store cannot be read: it is damaged, or was tampered with"));
    account_deinit(&a);
    return status;
}
