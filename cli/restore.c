/* restore.c: `sotto restore`: a new device out of a backup: history, contacts, whom one trusts; keys of its own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/secret.h"
#include "cli/vault.h"
#include "client/recovery_code.h"
#include "io/secret_line.h"

struct taking {
    struct account account;
    FILE *file;
    const char *path;
    uint64_t size;
    struct backup_reader reader;
    bool reading; /* `reader` is to be dropped */
    struct progress progress;
    uint64_t entries;
    uint8_t *chunk;
};

static int fail(struct taking *t, const char *code, const char *why)
{
    struct program *p = t->account.program;

    return program_fail(p, STATUS_FAILED, code, arena_printf(&p->arena, "%s %s", t->path, why));
}

/* ---- What opens it ------------------------------------------------------------------------------- */

static int key_of_code(struct taking *t, uint8_t out[VAULT_KEY], size_t *out_n)
{
    struct program *p = t->account.program;
    struct str text = STR_NONE;

    *out_n = RECOVERY_CODE_OCTETS;
    if (secret_line(&p->arena, "Recovery code: ", &text) != ERR_NONE)
        return program_fail(p, STATUS_USAGE, "locked",
                            STR("a recovery code opens this backup: the first line of standard "
                                "input is to be it"));
    if (recovery_code_read(text, out) != ERR_NONE)
        return program_fail(p, STATUS_FAILED, "wrong-code",
                            STR("this is no recovery code: more than one character is wrong or "
                                "missing; it has six groups of five"));
    return STATUS_DONE;
}

static int key_of_passphrase(struct taking *t, const struct backup_header *h,
                             uint8_t out[VAULT_KEY], size_t *out_n)
{
    struct program *p = t->account.program;
    struct arena secrets = ARENA_SECRET;
    struct str passphrase, why;
    int status = STATUS_DONE;

    *out_n = VAULT_KEY;
    if (secret_passphrase(&secrets, p->passphrase_file, false, &passphrase, &why) != ERR_NONE)
        status = program_fail(p, STATUS_USAGE, "locked",
                              STR("a passphrase opens this backup: name the file that holds it "
                                  "with --passphrase-file"));
    else if (argon2id(bytes_of_str(passphrase), h->salt, h->cost, out, VAULT_KEY) != ERR_NONE)
        status =
            program_fail(p, STATUS_FAILED, "memory",
                         arena_printf(&p->arena,
                                      "opening takes %u MiB of memory for a moment, which is not "
                                      "there",
                                      h->cost.memory_kib / 1024));
    arena_deinit(&secrets);
    return status;
}

static int unlock(struct taking *t)
{
    uint8_t octets[BACKUP_HEADER], key[VAULT_KEY] = { 0 };
    struct bytes header = bytes_of(octets, fread(octets, 1, sizeof octets, t->file));
    struct backup_header h;
    size_t n;
    int status;
    enum err e = backup_header_read(header, &h);

    if (e == ERR_UNSUPPORTED)
        return fail(t, "backup", "was written by a newer version of this program");
    if (e != ERR_NONE)
        return fail(t, "backup", "is not a backup of this program, or its beginning is damaged");
    if (h.lock == BACKUP_LINK)
        return fail(t, "backup", "is a part of a history for a device that was linked");
    status = h.lock == BACKUP_CODE ? key_of_code(t, key, &n) : key_of_passphrase(t, &h, key, &n);
    if (status != STATUS_DONE)
        return status;
    t->reading = true;
    e = backup_open(&t->reader, header, bytes_of(key, n));
    secure_zero(key, sizeof key);
    if (e != ERR_NONE)
        return fail(t, h.lock == BACKUP_CODE ? "wrong-code" : "wrong-passphrase",
                    h.lock == BACKUP_CODE ? "is not opened by this recovery code"
                                          : "is not opened by this passphrase");
    return STATUS_DONE;
}

/* ---- Its content --------------------------------------------------------------------------------- */

static enum err take_records(struct taking *t)
{
    struct backup_record r;
    enum err e;

    while ((e = backup_next(&t->reader, &r)) == ERR_NONE) {
        t->entries += r.kind == BACKUP_ENTRY;
        if ((e = store_fill(t->account.store, &r)) != ERR_NONE)
            return e;
    }
    return e == ERR_MISSING ? ERR_NONE : e;
}

static int take_chunks(struct taking *t)
{
    uint64_t done = 0;
    size_t n;
    enum err e;

    while ((n = fread(t->chunk, 1, BACKUP_SEALED_CHUNK, t->file)) == BACKUP_SEALED_CHUNK) {
        progress_show(&t->progress, done += n, t->size);
        if ((e = backup_feed(&t->reader, t->chunk)) != ERR_NONE)
            return fail(t, "altered", "was altered or damaged after it was written");
        if ((e = take_records(t)) == ERR_MALFORMED)
            return fail(t, "backup", "holds what this version cannot read");
        if (e != ERR_NONE)
            return fail(t, "store", "cannot be restored: is the disk full?");
    }
    if (!t->reader.final)
        return fail(t, "cut", "is cut off: its end is missing");
    if (n > 0 || !backup_complete(&t->reader))
        return fail(t, "altered", "was altered or damaged after it was written");
    return STATUS_DONE;
}

static int fill(struct taking *t)
{
    struct store *store = t->account.store;
    struct str had;
    int status;

    if (store_setting(store, "jid", &t->account.arena, &had) == ERR_NONE)
        return program_fail(t->account.program, STATUS_FAILED, "other-account",
                            STR("there is an account in this folder: restore into another one, "
                                "with --data"));
    if (store_fill_begin(store) != ERR_NONE)
        return fail(t, "store", "cannot be restored: the store cannot be written");
    t->chunk = mem_alloc(BACKUP_SEALED_CHUNK);
    status = take_chunks(t);
    progress_end(&t->progress);
    mem_free(t->chunk);
    if (status == STATUS_DONE && store_fill_end(store) != ERR_NONE)
        return fail(t, "store", "cannot be restored: is the disk full?");
    return status;
}

/* ---- The command --------------------------------------------------------------------------------- */

static void greet(const struct taking *t)
{
    const struct account *a = &t->account;

    if (a->program->json)
        program_tell(a->program, json_pack("{s:s,s:o,s:I}", "event", "restored", "jid",
                                           json_of(a->bare), "entries", (json_int_t)t->entries));
    else
        printf("%.*s: %llu entries restored; this is a new device of the account\n",
               STR_ARG(a->bare), (unsigned long long)t->entries);
}

/* What is kept stays, whatever the server says: the password may have been changed since. */
static int announce(struct taking *t)
{
    int status;

    if ((status = account_recall(&t->account)) != STATUS_DONE)
        return status;
    if (account_keep_device_name(&t->account) != ERR_NONE)
        return program_store_failed(t->account.program);
    greet(t);
    status = login_announce(&t->account);
    if (status != STATUS_DONE)
        fprintf(stderr, "sotto: the history is here; the next command that connects announces this "
                        "device, after `sotto login` if the password was changed\n");
    return status;
}

static int restore(struct taking *t)
{
    struct stat about;
    int status;

    if ((t->file = fopen(t->path, "rbe")) == NULL || fstat(fileno(t->file), &about) != 0)
        return program_fail(
            t->account.program, STATUS_FAILED, "file",
            arena_printf(&t->account.program->arena, "%s: %s", t->path, strerror(errno)));
    t->size = (uint64_t)about.st_size;
    if ((status = unlock(t)) != STATUS_DONE)
        return status;
    if ((status = account_make(&t->account)) != STATUS_DONE)
        return status;
    if ((status = fill(t)) == STATUS_DONE)
        return announce(t);
    if (t->account.is_new)
        account_forget(&t->account);
    return status;
}

int command_restore(struct program *p)
{
    struct taking t = { .path = p->arguments[0], .progress = { p, .doing = "restoring" } };
    int status;

    account_init(&t.account, p);
    status = restore(&t);
    if (t.reading)
        backup_reader_deinit(&t.reader);
    if (t.file != NULL)
        fclose(t.file);
    account_deinit(&t.account);
    return status;
}
