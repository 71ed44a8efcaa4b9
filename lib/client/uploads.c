/* uploads.c: files that wait, each a row of BOOK_UPLOAD under its message's id:
 *
 *     WAITS -> [service known] -> ASKED -> READY -> MOVES -> outbox
 *       ^_________ the connection ended, or it went wrong ____|
 */
#include "client/uploads.h"

#include <string.h>

#include "client/history.h"
#include "client/outbox.h"
#include "client/record.h"
#include "crypto/cipher.h"
#include "xmpp/ns.h"

enum {
    RECORD_MAX = 16 * 1024, /* more than a record of a file, a name and an address */
    ID_OCTETS = 15,
    FIRST_WAIT_MS = 5 * 1000,
    LAST_WAIT_MS = 5 * 60 * 1000,
};

/* ---- Rows ------------------------------------------------------------------------------------------ */

static void keep(struct engine *c, const struct waiting_file *w)
{
    struct arena a = { 0 };
    struct buf record, file;

    buf_init(&file, RECORD_MAX);
    attachment_write(&file, &w->file);
    buf_init(&record, RECORD_MAX);
    record_text(&record, jid_text(&a, &w->to));
    record_text(&record, w->source);
    record_bytes(&record, buf_bytes(&file));
    if (w->only != 0)
        record_u32(&record, w->only);
    book_put(&c->book, BOOK_UPLOAD, bytes_of_str(w->id), buf_bytes(&record));
    secure_zero(file.p, file.n);
    secure_zero(record.p, record.n);
    buf_deinit(&file);
    buf_deinit(&record);
    arena_deinit(&a);
}

static struct waiting_file *file_new(struct engine *c, struct str id)
{
    struct waiting_file *w = mem_alloc(sizeof *w);

    w->id = arena_str(&w->arena, id);
    list_add(&c->uploads.files, &w->link);
    return w;
}

static void file_free(struct waiting_file *w)
{
    list_remove(&w->link);
    secure_zero(&w->file, sizeof w->file);
    arena_deinit(&w->slot);
    arena_deinit(&w->arena);
    mem_free(w);
}

static void take_attachment(struct waiting_file *w, const struct attachment *f)
{
    w->file = *f;
    w->file.name = arena_str(&w->arena, f->name);
    w->file.media_type = arena_str(&w->arena, f->media_type);
    w->file.url = STR_NONE;
}

void uploads_load(struct engine *c)
{
    struct bytes key, value;

    for (size_t cursor = 0; book_next(&c->book, BOOK_UPLOAD, &cursor, &key, &value);) {
        struct waiting_file *w = file_new(c, str_of_bytes(key));
        struct reader r = reader_of(value);
        struct str to = arena_str(&w->arena, read_text(&r));
        struct attachment f;

        w->source = arena_str(&w->arena, read_text(&r));
        if (jid_parse(&w->arena, to, &w->to) == ERR_NONE
            && attachment_read(read_field(&r), &f) == ERR_NONE) {
            take_attachment(w, &f);
            w->only = r.left.n > 0 ? read_u32(&r) : 0;
        } else {
            r.failed = true;
        }
        if (!reader_done(&r))
            file_free(w);
    }
}

void uploads_forget(struct engine *c)
{
    for (struct link *l; (l = list_first(&c->uploads.files)) != NULL;)
        file_free(LIST_ENTRY(l, struct waiting_file, link));
    arena_deinit(&c->uploads.arena);
}

struct waiting_file *uploads_find(struct engine *c, struct str id)
{
    LIST_EACH (&c->uploads.files, l) {
        struct waiting_file *w = LIST_ENTRY(l, struct waiting_file, link);

        if (str_eq(w->id, id))
            return w;
    }
    return NULL;
}

/* ---- Ways out -------------------------------------------------------------------------------------- */

/* Nobody needs what is sealed once this is durable. */
static void end(struct engine *c, struct waiting_file *w)
{
    book_delete(&c->book, BOOK_UPLOAD, bytes_of_str(w->id));
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_FILE_DONE, .text = w->source });
    file_free(w);
}

static void tell_end(struct engine *c, const struct waiting_file *w, enum entry_kind how,
                     struct str entry_id, struct str why)
{
    struct arena a = { 0 };
    struct entry e = {
        .kind = how,
        .outgoing = true,
        .time_ms = c->now_ms,
        .chat = jid_text(&a, &w->to),
        .author = c->bare,
        .id = entry_id,
        .target = w->id,
        .text = why,
    };

    engine_add_entry(c, &e);
    arena_deinit(&a);
}

void uploads_fail(struct engine *c, struct waiting_file *w, struct str why)
{
    struct arena a = { 0 };

    if (w->only != 0)
        history_refused(c, w->only, why);
    else
        tell_end(c, w, ENTRY_FAILED, arena_concat(&a, w->id, STR(" failed")), why);
    end(c, w);
    arena_deinit(&a);
}

bool uploads_take_back(struct engine *c, struct arena *a, struct str id, struct str *out_id)
{
    struct waiting_file *w = uploads_find(c, id);

    if (w == NULL)
        return false;
    *out_id = random_token(&c->random, a, ID_OCTETS);
    tell_end(c, w, ENTRY_RETRACTION, *out_id, STR_NONE);
    end(c, w);
    return true;
}

static void send_message(struct engine *c, struct waiting_file *w)
{
    struct arena a = { 0 };
    struct xml_node *content = xml_new(&a, STR(NS_CLIENT), STR("content"));
    struct outgoing o = {
        .to = w->to,
        .id = w->id,
        .content = content,
        .entry = { .kind = ENTRY_MESSAGE },
        .is_shown = true,
    };
    struct str id;

    w->file.url = w->get;
    if (w->only != 0) {
        o.only = w->only;
        o.entry.kind = 0;
        attachment_to_xml(&a, xml_add(&a, content, STR(NS_HISTORY), STR("history")), &w->file);
    } else {
        attachment_to_content(&a, content, &w->file);
        o.text = attachment_to_aesgcm(&a, &w->file);
    }
    if (outbox_add(c, &a, &o, &id) == ERR_NONE)
        end(c, w);
    else
        uploads_fail(c, w, STR("The address that the server gave to the file cannot be sent."));
    arena_deinit(&a);
}

static void again_later(struct engine *c, struct waiting_file *w)
{
    uint64_t wait = FIRST_WAIT_MS;

    for (unsigned i = 0; i < w->failures && wait < LAST_WAIT_MS; i++)
        wait *= 2;
    w->failures++;
    w->not_before_ms = c->now_ms + (wait < LAST_WAIT_MS ? wait : LAST_WAIT_MS);
    w->state = FILE_WAITS;
}

void engine_uploaded(struct engine *c, struct str id, enum upload_result result, struct str why)
{
    struct waiting_file *w = uploads_find(c, id);

    if (w == NULL || w->state != FILE_MOVES)
        return;
    switch (result) {
    case UPLOAD_STORED: send_message(c, w); break;
    case UPLOAD_AGAIN: again_later(c, w); break;
    case UPLOAD_REFUSED: uploads_fail(c, w, why); break;
    }
    engine_end_round(c);
}

/* ---- In -------------------------------------------------------------------------------------------- */

static void add_entry(struct engine *c, const struct waiting_file *w)
{
    struct arena a = { 0 };
    struct buf record;
    struct entry e = {
        .kind = ENTRY_MESSAGE,
        .outgoing = true,
        .time_ms = c->now_ms,
        .device = c->identity->device_id,
        .chat = jid_text(&a, &w->to),
        .author = c->bare,
        .id = w->id,
    };

    buf_init(&record, RECORD_MAX);
    attachment_write(&record, &w->file);
    e.attachment = buf_str(&record);
    engine_add_entry(c, &e);
    secure_zero(record.p, record.n);
    buf_deinit(&record);
    arena_deinit(&a);
}

static bool is_sealed(const struct attachment *f, struct str source)
{
    return source.n > 0 && f->key_n > 0 && f->has_size && f->size > 0 && f->url.n == 0;
}

static struct waiting_file *add(struct engine *c, const struct jid *to, uint32_t only,
                                const struct attachment *f, struct str source)
{
    struct arena a = { 0 };
    struct waiting_file *w = file_new(c, random_token(&c->random, &a, ID_OCTETS));

    w->to = jid_copy(&w->arena, to);
    w->only = only;
    w->source = arena_str(&w->arena, source);
    take_attachment(w, f);
    keep(c, w);
    arena_deinit(&a);
    return w;
}

enum err uploads_add(struct engine *c, uint32_t only, const struct attachment *f, struct str source)
{
    if (!is_sealed(f, source))
        return ERR_MALFORMED;
    add(c, &c->config.jid, only, f, source);
    uploads_work(c);
    return ERR_NONE;
}

enum err engine_send_file(struct engine *c, struct arena *a, const struct jid *to,
                          const struct attachment *f, struct str source, struct str *out_id)
{
    struct waiting_file *w;

    if (!jid_is_bare(to) || to->local.n == 0 || !is_sealed(f, source))
        return ERR_MALFORMED;
    w = add(c, to, 0, f, source);
    *out_id = arena_str(a, w->id);
    add_entry(c, w);
    uploads_work(c);
    engine_end_round(c);
    return ERR_NONE;
}

bool engine_has_source(const struct engine *c, struct str source)
{
    LIST_EACH (&c->uploads.files, l)
        if (str_eq(LIST_ENTRY(l, const struct waiting_file, link)->source, source))
            return true;
    return false;
}

/* ---- On its way ------------------------------------------------------------------------------------ */

void uploads_online(struct engine *c)
{
    arena_deinit(&c->uploads.arena);
    c->uploads.service = SERVICE_UNKNOWN;
    uploads_work(c);
}

/* One after the other: each has the whole line, and no slot grows old. */
void uploads_work(struct engine *c)
{
    struct waiting_file *next = NULL;

    if (c->line.state != LINE_ONLINE || c->broken)
        return;
    LIST_EACH (&c->uploads.files, l) {
        struct waiting_file *w = LIST_ENTRY(l, struct waiting_file, link);

        if (w->state != FILE_WAITS)
            return;
        if (next == NULL && w->not_before_ms <= c->now_ms)
            next = w;
    }
    if (next != NULL)
        slot_work(c, next);
}

uint64_t uploads_wake_ms(const struct engine *c)
{
    uint64_t wake = UINT64_MAX;

    if (c->line.state != LINE_ONLINE)
        return UINT64_MAX;
    LIST_EACH (&c->uploads.files, l) {
        const struct waiting_file *w = LIST_ENTRY(l, const struct waiting_file, link);

        if (w->state == FILE_WAITS && w->not_before_ms > c->now_ms && w->not_before_ms < wake)
            wake = w->not_before_ms;
    }
    return wake;
}

bool engine_next_upload(struct engine *c, struct upload *out)
{
    uploads_work(c);
    engine_end_round(c);
    LIST_EACH (&c->uploads.files, l) {
        struct waiting_file *w = LIST_ENTRY(l, struct waiting_file, link);

        if (w->state != FILE_READY)
            continue;
        w->state = FILE_MOVES;
        *out = (struct upload){ .id = w->id,
                                .source = w->source,
                                .url = w->put,
                                .header_count = w->header_count,
                                .size = w->file.size + GCM_TAG_SIZE };
        memcpy(out->headers, w->headers, sizeof w->headers);
        return true;
    }
    return false;
}
