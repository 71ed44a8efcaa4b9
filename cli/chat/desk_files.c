/* desk_files.c: files that are sent and saved; those that are saved without being asked for.
 *
 * Nobody else decides what is fetched, and when: unless the person has said `/save always`, nothing is. Then files come that contacts sent
 * sealed from devices that are trusted, that lie on our own server, which knows our address anyway, and are of a size that was told.
 */
#include "cli/chat/desk_inside.h"
#include "cli/chat/fetching.h"
#include "cli/chat/outgoing_file.h"
#include "cli/saves.h"
#include "client/files.h"

enum { UNASKED_WAITING = 32, UNASKED_OF_A_RUN = 200, UNASKED_OCTETS = 16 << 20 };

/* ---- Out ----------------------------------------------------------------------------------------- */

static void file_sealed(void *ctx, struct outgoing_file *f)
{
    struct desk *d = ctx;
    struct arena a = { 0 };
    enum err e = ERR_MALFORMED;
    struct str id;
    struct jid to;

    if (f->said.n > 0)
        model_notice(&d->model, f->source.p == NULL, buf_str(&f->said));
    if (f->source.p == NULL || d->account.ended)
        goto done; /* what was sealed for nothing is swept away by the next session */
    engine_now(desk_engine(d), clock_wall_ms());
    if (jid_parse(&a, f->chat, &to) == ERR_NONE)
        e = engine_send_file(desk_engine(d), &a, &to, &f->file, f->source, &id);
    if (e != ERR_NONE)
        model_notice(&d->model, true, STR("The file cannot be sent"));
done:
    if (!d->account.ended)
        desk_changed(d);
    arena_deinit(&a);
}

void desk_send_file(struct desk *d, const struct wish *w)
{
    model_notice(&d->model, false, STR("The file is being sealed"));
    outgoing_file_begin(d->account.loop, d->account.program, w->chat, w->text, w->on, file_sealed,
                        d);
}

/* ---- In ------------------------------------------------------------------------------------------ */

struct waiting {
    struct link link;
    struct arena arena;
    struct str record; /* of attachment.h */
};

static void fetch(struct desk *d, struct str record);

static void waiting_free(struct waiting *w)
{
    secure_zero((void *)w->record.p, w->record.n);
    arena_deinit(&w->arena);
    mem_free(w);
}

static void fetched(void *ctx, bool ok, struct str words)
{
    struct desk *d = ctx;
    struct link *next = list_pop(&d->unasked);
    struct waiting *w = next != NULL ? LIST_ENTRY(next, struct waiting, link) : NULL;

    model_notice(&d->model, !ok, words);
    fetching_free(d->fetching);
    d->fetching = NULL;
    if (w != NULL) {
        fetch(d, w->record);
        waiting_free(w);
    }
    desk_changed(d);
}

static void fetch(struct desk *d, struct str record)
{
    d->fetching =
        fetching_new(d->account.loop, desk_engine(d), d->account.program, record, fetched, d);
    fetching_begin(d->fetching);
}

void desk_save_file(struct desk *d, const struct wish *w)
{
    const struct chat *c = model_find(&d->model, w->chat);
    const struct message *m = c != NULL ? timeline_find(c->timeline, w->id) : NULL;

    if (d->fetching != NULL) {
        model_notice(&d->model, true, STR("One file after the other: another one is on its way"));
    } else if (m != NULL) {
        model_notice(&d->model, false, STR("The file is on its way"));
        fetch(d, m->entry.attachment);
    }
}

/* ---- Unasked ------------------------------------------------------------------------------------- */

static bool may_come_unasked(const struct desk *d, const struct entry *e)
{
    const struct chat *c = model_find(&d->model, e->chat);
    struct attachment f;

    return e->kind == ENTRY_MESSAGE && !e->outgoing && e->attachment.n > 0
           && e->encryption != ENCRYPTION_NONE && e->trust >= ENTRY_TRUST_TRUSTED && c != NULL
           && c->is_contact && str_eq(e->author, c->jid)
           && attachment_read(bytes_of_str(e->attachment), &f) == ERR_NONE && f.has_size
           && f.size <= UNASKED_OCTETS
           && engine_is_own_place(session_engine(d->account.session), &f);
}

static void keep_waiting(struct desk *d, struct str record)
{
    struct waiting *w = mem_alloc(sizeof *w);

    w->record = arena_str(&w->arena, record);
    list_add(&d->unasked, &w->link);
}

void desk_file_came(struct desk *d, const struct entry *e)
{
    size_t waiting = 0;

    for (struct link *l = list_first(&d->unasked); l != NULL; l = list_next(&d->unasked, l))
        waiting++;
    if (!d->saves_all || waiting >= UNASKED_WAITING || d->unasked_count >= UNASKED_OF_A_RUN
        || !may_come_unasked(d, e))
        return;
    d->unasked_count++;
    if (d->fetching != NULL)
        keep_waiting(d, e->attachment);
    else
        fetch(d, e->attachment);
}

void desk_files_begin(struct desk *d)
{
    d->saves_all = saves_all(d->account.store);
}

void desk_files_end(struct desk *d)
{
    for (struct link *l; (l = list_pop(&d->unasked)) != NULL;)
        waiting_free(LIST_ENTRY(l, struct waiting, link));
    fetching_free(d->fetching);
}

void desk_set_saves(struct desk *d, bool on)
{
    d->saves_all = on;
    model_notice(&d->model, false, str_from(saves_words(on)));
}
