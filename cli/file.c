/* file.c: `sotto file`: which of its parts is meant, and the list of a chat's files. */
#include "cli/file.h"

#include <stdio.h>
#include <string.h>

#include "cli/attached.h"
#include "cli/commands.h"
#include "cli/saves.h"
#include "cli/sealings.h"

enum { LIMIT = 50, LIMIT_MAX = 1000 * 1000 };

/* ---- Looking ------------------------------------------------------------------------------------- */

struct finding {
    struct arena *arena;
    struct str id;
    struct attachment *out;
    bool found;
};

static void look(void *ctx, uint64_t number, const struct entry *e)
{
    struct finding *f = ctx;
    struct entry kept = *e;

    (void)number;
    if (!str_eq(e->id, f->id) || e->attachment.n == 0)
        return;
    kept.attachment = arena_str(f->arena, e->attachment);
    f->found |= attached_of(&kept, f->out);
}

enum err file_find(struct account *a, const struct jid *chat, struct str id, struct attachment *out)
{
    struct finding f = { &a->arena, id, out, false };
    enum err e =
        store_page(a->store, jid_text(&a->arena, chat), 0, STORE_BEFORE, LIMIT_MAX, look, &f);

    return e != ERR_NONE ? e : f.found ? ERR_NONE : ERR_MISSING;
}

/* ---- Listing ------------------------------------------------------------------------------------- */

struct listing {
    struct account account;
    uint64_t skip; /* older ones than were asked for */
    bool counting;
    struct sealings sealings;
};

static void list_one(void *ctx, uint64_t number, const struct entry *e)
{
    struct listing *l = ctx;
    struct entry as_sent = *e;
    struct attachment f;

    (void)number;
    if (l->counting)
        sealings_note(&l->sealings, e);
    if (!attached_of(e, &f))
        return;
    sealings_apply(&l->sealings, &as_sent);
    if (l->counting)
        l->skip++;
    else if (l->skip > 0)
        l->skip--;
    else
        (void)program_tell_entry(l->account.program, l->account.bare, &as_sent);
}

static enum err list_all(struct listing *l, struct str chat, uint64_t limit)
{
    struct store *s = l->account.store;
    enum err e;

    l->counting = true;
    e = store_page(s, chat, 0, STORE_BEFORE, LIMIT_MAX, list_one, l);
    l->counting = false;
    l->skip = l->skip > limit ? l->skip - limit : 0;
    return e != ERR_NONE ? e : store_page(s, chat, 0, STORE_BEFORE, LIMIT_MAX, list_one, l);
}

static int file_list(struct program *p, const struct jid *chat)
{
    struct listing l = { .skip = 0 };
    uint64_t limit = LIMIT;
    int status;

    if (p->limit != NULL
        && (str_to_u64(str_from(p->limit), LIMIT_MAX, &limit) != ERR_NONE || limit == 0))
        return program_fail(p, STATUS_USAGE, "usage", STR("--limit wants a number of files"));
    account_init(&l.account, p);
    sealings_init(&l.sealings, &p->random);
    status = account_open(&l.account);
    if (status == STATUS_DONE && list_all(&l, jid_text(&l.account.arena, chat), limit) != ERR_NONE)
        status = program_fail(p, STATUS_FAILED, "store",
                              STR("the store cannot be read: it is damaged, or was tampered with"));
    sealings_deinit(&l.sealings);
    account_deinit(&l.account);
    return status;
}

/* ---- Saving unasked, in the messenger ------------------------------------------------------------ */

static int saves(struct account *a, const char *wanted)
{
    const struct program *p = a->program;
    bool all;
    int status = account_open(a);

    if (status != STATUS_DONE)
        return status;
    if (wanted != NULL && saves_set(a->store, strcmp(wanted, "always") == 0) != ERR_NONE)
        return program_store_failed(p);
    all = saves_all(a->store);
    if (p->json)
        program_tell(p, json_pack("{s:s,s:s}", "event", "save", "when", all ? "always" : "ask"));
    else
        fprintf(p->out, "%s.\n", saves_words(all));
    return STATUS_DONE;
}

static int file_save(struct program *p, const char *wanted)
{
    struct account a;
    int status;

    account_init(&a, p);
    status = saves(&a, wanted);
    account_deinit(&a);
    return status;
}

/* ---- Which --------------------------------------------------------------------------------------- */

static int usage(const struct program *p)
{
    return program_fail(
        p, STATUS_USAGE, "usage",
        STR("usage: sotto file send JID PATH [--voice] [--keep-metadata], file send "
            "JID --record [S], file get JID ID [-o PATH] [--direct], file list JID "
            "[--limit N], file save [always | ask]"));
}

int command_file(struct program *p)
{
    const struct file_options *f = &p->file;
    const char *what = p->arguments[0], *last = p->arguments[2];
    struct jid jid;

    if (strcmp(what, "save") == 0) {
        const char *when = p->arguments[1];
        bool known = when == NULL || strcmp(when, "always") == 0 || strcmp(when, "ask") == 0;

        return known && last == NULL && !f->given && p->limit == NULL && p->timeout == NULL
                   ? file_save(p, when)
                   : usage(p);
    }
    if (p->arguments[1] == NULL)
        return usage(p);
    if (jid_parse(&p->arena, str_from(p->arguments[1]), &jid) != ERR_NONE || !jid_is_bare(&jid)
        || jid.local.n == 0)
        return program_fail(p, STATUS_USAGE, "usage",
                            STR("file wants an address such as alice@example.org"));
    if (strcmp(what, "send") == 0) {
        if ((last == NULL) != f->record || f->output != NULL || f->direct || p->limit != NULL)
            return usage(p);
        return file_send(p, &jid, last);
    }
    if (f->voice || f->record || f->keep_metadata)
        return usage(p);
    if (strcmp(what, "get") == 0 && last != NULL && p->limit == NULL)
        return file_get(p, &jid, str_from(last));
    if (strcmp(what, "list") == 0 && last == NULL && !f->given && p->timeout == NULL)
        return file_list(p, &jid);
    return usage(p);
}
