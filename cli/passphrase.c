/* passphrase.c: `sotto passphrase`: another passphrase, or none, opens the store from now on. */
#include <stdio.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/keyring_helper.h"
#include "cli/secret.h"

static int tell(const struct account *a, enum store_state before, bool removed)
{
    const char *state = removed ? "removed" : before == STORE_NEEDS_PASSPHRASE ? "changed" : "set";

    program_tell(a->program, json_pack("{s:s,s:s}", "event", "passphrase", "state", state));
    if (!a->program->json)
        printf("The passphrase is %s.\n", state);
    if (removed)
        account_warn_key_file(a);
    return STATUS_DONE;
}

/* An empty one: the key file. */
static int set_new(struct account *a)
{
    struct program *p = a->program;
    struct arena secrets = ARENA_SECRET;
    struct str passphrase = STR_NONE, why = STR_NONE;
    int status = STATUS_DONE;

    if (!p->remove && secret_new(&secrets, p->new_passphrase_file, &passphrase, &why) != ERR_NONE)
        status = program_fail(p, STATUS_USAGE, "passphrase", why);
    else if (store_set_passphrase(a->store, passphrase, &why, &a->arena) != ERR_NONE)
        status = program_fail(p, STATUS_FAILED, "store", why);
    arena_deinit(&secrets);
    return status;
}

static int change(struct account *a)
{
    struct program *p = a->program;
    enum store_state before;
    int status = account_look(a);

    if (status != STATUS_DONE)
        return status;
    before = a->locks.state;
    if (p->remove && before != STORE_NEEDS_PASSPHRASE)
        return program_fail(p, STATUS_FAILED, "no-passphrase",
                            STR("there is no passphrase: a key file opens the store"));
    if ((status = account_open(a)) != STATUS_DONE)
        return status;
    if ((status = set_new(a)) != STATUS_DONE)
        return status;
    if (p->remove && a->locks.keyring.n > 0)
        keyring_clear(&a->arena, a->locks.keyring);
    return tell(a, before, p->remove);
}

int command_passphrase(struct program *p)
{
    struct account a;
    int status;

    if (p->remove && p->new_passphrase_file != NULL)
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("a new passphrase, or none: --new-passphrase-file or --remove"));
    p->by_passphrase = true; /* whoever finds an unlocked desktop does not lock its owner out */
    account_init(&a, p);
    status = change(&a);
    account_deinit(&a);
    return status;
}
