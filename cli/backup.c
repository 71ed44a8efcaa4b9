/* backup.c: `sotto backup`: all that another device would need, in one file that is sealed with a passphrase or a recovery code. */
#include <libgen.h>
#include <stdio.h>
#include <string.h>

#include "cli/account.h"
#include "cli/commands.h"
#include "cli/new_file.h"
#include "cli/progress.h"
#include "cli/secret.h"
#include "cli/vault.h"
#include "client/recovery_code.h"
#include "io/loop.h"

struct saving {
    struct account account;
    struct backup_header header;
    struct backup_writer writer;
    struct new_file file;
    struct progress progress;
    struct str code; /* that was made for it; empty: a passphrase seals it */
    uint64_t entries, done;
    enum err written; /* by the file, told from the store's */
    uint8_t *chunk;
};

/* ---- What seals it ------------------------------------------------------------------------------- */

static void make_code(struct saving *s, uint8_t out[VAULT_KEY], size_t *out_n)
{
    struct program *p = s->account.program;

    *out_n = RECOVERY_CODE_OCTETS;
    random_fill(&p->random, out, *out_n);
    s->code = recovery_code_text(&s->account.arena, out);
    backup_header_make(&s->header, BACKUP_CODE, &p->random);
}

static int derive_key(struct saving *s, struct str passphrase, uint8_t out[VAULT_KEY],
                      size_t *out_n)
{
    struct program *p = s->account.program;

    *out_n = VAULT_KEY;
    backup_header_make(&s->header, BACKUP_PASSPHRASE, &p->random);
    if (argon2id(bytes_of_str(passphrase), s->header.salt, s->header.cost, out, VAULT_KEY)
        != ERR_NONE)
        return program_fail(
            p, STATUS_FAILED, "memory",
            STR("sealing takes 256 MiB of memory for a moment, which is not there"));
    return STATUS_DONE;
}

static int make_key(struct saving *s, uint8_t out[VAULT_KEY], size_t *out_n)
{
    struct program *p = s->account.program;
    struct arena secrets = ARENA_SECRET;
    struct str passphrase = STR_NONE, why;
    int status = STATUS_DONE;

    if (!p->recovery_code
        && secret_of_backup(&secrets, p->passphrase_file, &passphrase, &why) != ERR_NONE)
        status = program_fail(p, STATUS_USAGE, "passphrase", why);
    else if (passphrase.n == 0)
        make_code(s, out, out_n);
    else
        status = derive_key(s, passphrase, out, out_n);
    arena_deinit(&secrets);
    return status;
}

/* ---- The file ------------------------------------------------------------------------------------ */

static enum err write_chunks(struct saving *s)
{
    while (s->written == ERR_NONE && backup_chunk(&s->writer, s->chunk))
        s->written = new_file_write(&s->file, bytes_of(s->chunk, BACKUP_SEALED_CHUNK));
    return s->written;
}

static enum err save(void *ctx, const struct backup_record *r)
{
    struct saving *s = ctx;
    enum err e = backup_put(&s->writer, r);

    if (r->kind == BACKUP_ENTRY && ++s->done % 1000 == 0)
        progress_show(&s->progress, s->done, s->entries);
    return e == ERR_NONE ? write_chunks(s) : e;
}

static enum err save_all(struct saving *s)
{
    struct backup_record about = { .kind = BACKUP_ABOUT,
                                   .number = clock_wall_ms(),
                                   .key = bytes_of_str(s->account.bare),
                                   .value = bytes_of_str(STR("sotto " SOTTO_VERSION)) };
    enum err e;

    s->entries = store_count(s->account.store);
    s->written = new_file_write(&s->file, bytes_of(s->writer.header, BACKUP_HEADER));
    if (s->written != ERR_NONE)
        return s->written;
    if ((e = save(s, &about)) != ERR_NONE)
        return e;
    if ((e = store_copy(s->account.store, save, s)) != ERR_NONE)
        return e;
    backup_end(&s->writer);
    return write_chunks(s);
}

static int refuse(struct saving *s, const char *path, enum err e)
{
    struct program *p = s->account.program;
    struct str why = new_file_why(e);

    return program_fail(p, STATUS_FAILED, "file",
                        arena_printf(&p->arena, "%s cannot be written: %.*s", path, STR_ARG(why)));
}

static int write_file(struct saving *s, const char *path)
{
    struct program *p = s->account.program;
    /* Both change what they are given. */
    const char *folder = dirname((char *)arena_printf(&p->arena, "%s", path).p);
    const char *name = basename((char *)arena_printf(&p->arena, "%s", path).p);
    enum err e;

    if ((e = new_file_open(&s->file, folder, NEW_FILE_NAMELESS, &p->random)) != ERR_NONE)
        return refuse(s, path, e);
    s->chunk = mem_alloc(BACKUP_SEALED_CHUNK);
    e = save_all(s);
    if (e == ERR_NONE)
        e = s->written = new_file_place(&s->file, name);
    progress_end(&s->progress);
    mem_free(s->chunk);
    new_file_drop(&s->file);
    if (s->written != ERR_NONE)
        return refuse(s, path, s->written);
    return e == ERR_NONE ? STATUS_DONE
                         : program_fail(p, STATUS_FAILED, "store",
                                        STR("the store cannot be read: it is damaged"));
}

/* ---- The command --------------------------------------------------------------------------------- */

static void tell(const struct saving *s, const char *path)
{
    const struct program *p = s->account.program;
    json_t *event;

    if (p->json) {
        event = json_pack("{s:s,s:o,s:I}", "event", "backup", "file", json_of(str_from(path)),
                          "entries", (json_int_t)s->done);
        if (s->code.n > 0)
            json_object_set_new(event, "code", json_of(s->code));
        program_tell(p, event);
        return;
    }
    printf("%s: %llu entries\n", path, (unsigned long long)s->done);
    if (s->code.n > 0)
        printf("\n    %.*s\n\nThis recovery code opens it, and nothing else does. Write it down; "
               "it is not shown again.\n",
               STR_ARG(s->code));
}

static int back_up(struct saving *s, const char *path)
{
    uint8_t key[VAULT_KEY] = { 0 };
    size_t n = 0;
    int status = account_open(&s->account);

    if (status != STATUS_DONE)
        return status;
    if ((status = make_key(s, key, &n)) != STATUS_DONE)
        return status;
    backup_begin(&s->writer, &s->header, bytes_of(key, n));
    secure_zero(key, sizeof key);
    status = write_file(s, path);
    backup_writer_deinit(&s->writer);
    if (status == STATUS_DONE)
        tell(s, path);
    return status;
}

int command_backup(struct program *p)
{
    struct saving s = { .progress = { p, .doing = "saving" } };
    int status;

    account_init(&s.account, p);
    status = back_up(&s, p->arguments[0]);
    secure_zero((void *)s.code.p, s.code.n);
    account_deinit(&s.account);
    return status;
}
