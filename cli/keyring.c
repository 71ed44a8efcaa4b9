/* keyring.c: `sotto keyring`: whether the desktop's keyring unlocks the store, beside the passphrase. */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "cli/account.h"
#include "cli/commands.h"
#include "cli/keyring_helper.h"

static int tell(const struct program *p, bool on)
{
    if (p->json)
        program_tell(p, json_pack("{s:s,s:b}", "event", "keyring", "on", on));
    else
        printf("%s\n", on ? "The keyring of this desktop unlocks the store while you are logged in."
                          : "The keyring does not unlock the store.");
    return STATUS_DONE;
}

/* What the keyring took is read again before the store relies on it. */
static enum err entrust(struct account *a, struct str name, struct bytes key, struct str *why)
{
    struct str label = arena_printf(&a->arena, "Sotto: messages in %s", a->program->folder);
    struct bytes again = { NULL, 0 };
    enum err e = keyring_put(&a->arena, name, label, key, why);

    if (e == ERR_NONE)
        e = keyring_get(&a->arena, name, &again, why);
    if (e == ERR_NONE && !str_eq(str_of_bytes(again), str_of_bytes(key))) {
        *why = STR("the keyring gives out another key than it was given");
        e = ERR_CONFLICT;
    }
    secure_zero((void *)again.p, again.n);
    return e;
}

static int switch_on(struct account *a)
{
    struct program *p = a->program;
    uint8_t key[KEYRING_KEY], octets[KEYRING_NAME];
    struct str name, why = STR_NONE;
    int status = STATUS_DONE;

    if (a->locks.state != STORE_NEEDS_PASSPHRASE)
        return program_fail(p, STATUS_FAILED, "no-passphrase",
                            STR("a key file beside the store opens it, so that the keyring would "
                                "protect nothing: `sotto passphrase` comes first"));
    random_fill(&p->random, key, sizeof key);
    random_fill(&p->random, octets, sizeof octets);
    name = hex_text(&a->arena, bytes_of(octets, sizeof octets));
    if (entrust(a, name, bytes_of(key, sizeof key), &why) != ERR_NONE)
        status = program_fail(p, STATUS_FAILED, "keyring", why);
    else if (store_set_keyring(a->store, name, bytes_of(key, sizeof key)) != ERR_NONE)
        status = program_store_failed(p);
    else if (a->locks.keyring.n > 0)
        keyring_clear(&a->arena, a->locks.keyring);
    secure_zero(key, sizeof key);
    return status == STATUS_DONE ? tell(p, true) : status;
}

static int switch_off(struct account *a)
{
    if (a->locks.keyring.n > 0
        && store_set_keyring(a->store, STR_NONE, (struct bytes){ NULL, 0 }) != ERR_NONE)
        return program_store_failed(a->program);
    if (a->locks.keyring.n > 0)
        keyring_clear(&a->arena, a->locks.keyring);
    return tell(a->program, false);
}

static int run(struct account *a, const char *wanted)
{
    int status = account_look(a);

    if (status != STATUS_DONE)
        return status;
    if (wanted == NULL)
        return tell(a->program, a->locks.keyring.n > 0);
    if ((status = account_open(a)) != STATUS_DONE)
        return status;
    return strcmp(wanted, "on") == 0 ? switch_on(a) : switch_off(a);
}

int command_keyring(struct program *p)
{
    const char *wanted = p->arguments[0];
    struct account a;
    int status;

    if (wanted != NULL && strcmp(wanted, "on") != 0 && strcmp(wanted, "off") != 0)
        return program_fail(p, STATUS_USAGE, "usage", STR("usage: sotto keyring [on | off]"));
    account_init(&a, p);
    status = run(&a, wanted);
    account_deinit(&a);
    return status;
}
