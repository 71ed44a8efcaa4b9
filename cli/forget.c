/* forget.c: `sotto forget`: what this device keeps of a chat is erased. */
#include <stdio.h>

#include "cli/account.h"
#include "cli/commands.h"

int command_forget(struct program *p)
{
    struct account a;
    struct jid jid;
    int status;

    if (jid_parse(&p->arena, str_from(p->arguments[0]), &jid) != ERR_NONE || !jid_is_bare(&jid))
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("forget wants an address such as alice@example.org"));
    account_init(&a, p);
    status = account_open(&a);
    if (status == STATUS_DONE && store_erase_chat(a.store, jid_text(&a.arena, &jid)) != ERR_NONE)
        status = program_store_failed(p);
    account_deinit(&a);
    return status;
}
