/* historian.c: see historian.h.
 *
 *   giving:  due -> [job: store -> backup -> sealed file in outgoing/] -> given; the courier carries it
 *   taking:  next -> [GET into memory] -> [job: sealed -> backup -> store] -> rows to the engine -> taken
 */
#include "cli/historian.h"

#include <string.h>

#include "cli/new_file.h"
#include "cli/sealed_file.h"
#include "client/file_cipher.h"
#include "client/files.h"
#include "client/history.h"
#include "io/transfer.h"

enum { AGAIN_MS = 10 * 1000, ROWS_MAX = 2 * HISTORY_PART };

struct historian {
    struct loop *loop;
    struct session *session;
    struct engine *engine;
    const struct session_config *config;
    struct session_job job;
    struct timer *again;
    struct arena arena;       /* of the part under way, like what follows */
    bool busy, waits;         /* waits: for better times */
    enum err result;          /* of the job */
    struct history_gift gift; /* giving */
    struct store_cut cut;
    struct attachment file;
    struct str source;
    struct backup_writer writer;
    struct new_file to;
    struct file_cipher cipher;
    uint8_t *chunk;
    struct str id; /* taking */
    struct transfer *transfer;
    struct buf sealed,
        rows; /* the file, then what is in it; rows for the engine, as records of a backup */
    struct backup_reader reader;
    size_t read; /* of what is in it */
    uint8_t key[HISTORY_KEY];
    struct history_about about;
    bool has_about;
};

static void rest(struct historian *h)
{
    secure_zero(&h->gift, sizeof h->gift);
    secure_zero(&h->file, sizeof h->file);
    secure_zero(h->key, sizeof h->key);
    arena_deinit(&h->arena);
    h->busy = false;
}

static void try_later(struct historian *h)
{
    h->waits = true;
    timer_start(h->again, AGAIN_MS);
}

static void on_again(void *ctx)
{
    ((struct historian *)ctx)->waits = false; /* the round that follows does it */
}

static void work_with(struct historian *h, void (*work)(void *ctx, struct store *store),
                      void (*done)(void *ctx))
{
    h->job = (struct session_job){ .work = work, .done = done, .ctx = h };
    session_do(h->session, &h->job);
}

/* ---- Giving -------------------------------------------------------------------------------------- */

static enum err seal(struct historian *h, struct bytes plain)
{
    enum err e = file_seal_piece(&h->cipher, plain, h->chunk);

    return e == ERR_NONE ? new_file_write(&h->to, bytes_of(h->chunk, plain.n)) : e;
}

static enum err seal_chunks(struct historian *h)
{
    uint8_t *chunk = mem_alloc(BACKUP_SEALED_CHUNK);
    enum err e = ERR_NONE;

    while (e == ERR_NONE && backup_chunk(&h->writer, chunk))
        e = seal(h, bytes_of(chunk, BACKUP_SEALED_CHUNK));
    mem_free(chunk);
    return e;
}

static enum err put(void *ctx, const struct backup_record *r)
{
    struct historian *h = ctx;
    enum err e = backup_put(&h->writer, r);

    return e == ERR_NONE ? seal_chunks(h) : e;
}

static enum err put_about(struct historian *h)
{
    struct history_about about = {
        .part = h->gift.part, .last = h->cut.last, .entries = h->cut.entries, .total = h->gift.total
    };
    struct backup_record r;
    struct buf scratch;
    enum err e;

    buf_init(&scratch, BACKUP_CHUNK);
    r = history_about_write(&scratch, &about);
    e = put(h, &r);
    buf_deinit(&scratch);
    return e;
}

static enum err write_part(struct historian *h, struct store *store)
{
    uint8_t tag[GCM_TAG_SIZE];
    enum err e = seal(h, bytes_of(h->writer.header, BACKUP_HEADER));

    h->cut.below = h->gift.below;
    if (e == ERR_NONE)
        e = store_history(store, &h->cut, put, h);
    if (e != ERR_NONE)
        return e;
    if (h->gift.part == 0)
        h->gift.total = h->cut.total;
    h->cut.last |= h->gift.part + 1 == HISTORY_PARTS_MAX;
    if ((e = put_about(h)) != ERR_NONE)
        return e;
    backup_end(&h->writer);
    if ((e = seal_chunks(h)) != ERR_NONE)
        return e;
    file_seal_end(&h->cipher, &h->file, tag);
    if ((e = new_file_write(&h->to, bytes_of(tag, sizeof tag))) != ERR_NONE)
        return e;
    return new_file_place(&h->to, arena_printf(&h->arena, "%.*s", STR_ARG(h->source)).p);
}

static void make_part(void *ctx, struct store *store)
{
    struct historian *h = ctx;
    const struct random *random = h->config->random;
    struct backup_header header;

    h->to = (struct new_file){ .folder = -1, .fd = -1 };
    h->source = random_token(random, &h->arena, 16);
    if ((h->result = sealed_file_place(h->config->folder, random, &h->to)) != ERR_NONE)
        return;
    h->chunk = mem_alloc(BACKUP_SEALED_CHUNK);
    backup_header_make(&header, BACKUP_LINK, random);
    backup_begin(&h->writer, &header, bytes_of(h->gift.key, HISTORY_KEY));
    file_seal_begin(&h->cipher, &h->file, random);
    h->result = write_part(h, store);
    if (h->result != ERR_NONE)
        file_cipher_drop(&h->cipher);
    backup_writer_deinit(&h->writer);
    new_file_drop(&h->to);
    mem_free(h->chunk);
}

static void part_made(void *ctx)
{
    struct historian *h = ctx;

    h->gift.part++;
    h->gift.below = h->cut.below;
    h->gift.done += h->cut.entries;
    engine_now(h->engine, clock_wall_ms());
    if (h->result != ERR_NONE)
        try_later(h); /* the disk is full, perhaps */
    else if (history_given(h->engine, &h->gift, h->cut.last, &h->file, h->source) != ERR_NONE)
        sealed_file_remove(h->config->folder, h->source);
    rest(h);
}

/* ---- Taking: from the server --------------------------------------------------------------------- */

static void finish(struct historian *h, const struct history_about *about)
{
    engine_now(h->engine, clock_wall_ms());
    history_taken(h->engine, h->id, about);
    secure_zero(h->sealed.p, h->sealed.n);
    secure_zero(h->rows.p, h->rows.n);
    buf_deinit(&h->sealed);
    buf_deinit(&h->rows);
    rest(h);
}

static void give_up_for_now(struct historian *h)
{
    buf_deinit(&h->sealed);
    buf_deinit(&h->rows);
    try_later(h);
    rest(h);
}

static bool on_piece(void *ctx, struct bytes piece)
{
    struct historian *h = ctx;

    buf_add_bytes(&h->sealed, piece);
    return !h->sealed.failed;
}

static void put_away(void *ctx, struct store *store);
static void part_taken(void *ctx);

/* What the server does not have any more it will not have again. */
static void on_ended(void *ctx, enum transfer_result result, unsigned status, struct str why)
{
    struct historian *h = ctx;

    (void)why;
    transfer_free(h->transfer);
    h->transfer = NULL;
    if (result == TRANSFER_DONE)
        work_with(h, put_away, part_taken);
    else if (result == TRANSFER_STOPPED
             || (result == TRANSFER_REFUSED && (status == 404 || status == 410)))
        finish(h, NULL);
    else
        give_up_for_now(h);
}

static const struct transfer_handlers transfer_events = { on_piece, on_ended };

/* From our own server and from nowhere else: other places are not to learn where this device is. */
static void begin_taking(struct historian *h, const struct history_part *part)
{
    struct transfer_request request = { .ca = h->config->ca, .source = -1 };

    h->id = arena_str(&h->arena, part->id);
    h->file = part->file;
    h->file.url = arena_str(&h->arena, part->file.url);
    memcpy(h->key, part->key, HISTORY_KEY);
    buf_init(&h->sealed, HISTORY_SEALED_MAX);
    buf_init(&h->rows, ROWS_MAX);
    request.url = h->file.url;
    if (!engine_is_own_place(h->engine, &h->file))
        finish(h, NULL);
    else if ((h->transfer = transfer_new(h->loop, &request, &transfer_events, h)) == NULL)
        give_up_for_now(h);
}

/* ---- Taking: into the store ---------------------------------------------------------------------- */

/* In its place: what comes out is never longer. */
static enum err unseal(struct historian *h)
{
    struct file_cipher cipher;
    uint8_t *plain = mem_alloc(h->sealed.n + GCM_TAG_SIZE);
    size_t n = 0;
    enum err e;

    file_open_begin(&cipher, &h->file, HISTORY_SEALED_MAX);
    e = file_open_piece(&cipher, buf_bytes(&h->sealed), plain, &n);
    if (e == ERR_NONE)
        e = file_open_end(&cipher);
    else
        file_cipher_drop(&cipher);
    if (e == ERR_NONE) {
        memcpy(h->sealed.p, plain, n);
        h->sealed.n = n;
    }
    secure_zero(plain, n);
    mem_free(plain);
    return e;
}

static enum err open_chunk(struct historian *h)
{
    enum err e = ERR_MALFORMED; /* it is cut off */

    if (h->sealed.n - h->read >= BACKUP_SEALED_CHUNK)
        e = backup_feed(&h->reader, (const uint8_t *)h->sealed.p + h->read);
    h->read += BACKUP_SEALED_CHUNK;
    return e;
}

/* Rows go to the engine afterwards, in the same form. */
static enum err keep_row(struct historian *h, const struct backup_record *r)
{
    struct backup_writer w = { .chunks_end = 0 };
    enum err e;

    buf_init(&w.plain, BACKUP_RECORD_MAX);
    if ((e = backup_put(&w, r)) == ERR_NONE)
        buf_add_bytes(&h->rows, buf_bytes(&w.plain));
    buf_deinit(&w.plain);
    return e == ERR_NONE && h->rows.failed ? ERR_TOO_BIG : e;
}

static enum err next_record(void *ctx, struct backup_record *out)
{
    struct historian *h = ctx;
    enum err e;

    while ((e = backup_next(&h->reader, out)) == ERR_MISSING && !h->reader.final)
        if ((e = open_chunk(h)) != ERR_NONE)
            return e == ERR_MISSING ? ERR_MALFORMED : e;
    if (e == ERR_MISSING && (!backup_complete(&h->reader) || !h->has_about))
        return ERR_MALFORMED;
    if (e == ERR_NONE && out->kind == BACKUP_PART)
        h->has_about = (e = history_about_read(out, &h->about)) == ERR_NONE;
    if (e == ERR_NONE && out->kind == BACKUP_ROW)
        e = keep_row(h, out);
    return e;
}

static void put_away(void *ctx, struct store *store)
{
    struct historian *h = ctx;

    h->has_about = false;
    if ((h->result = unseal(h)) != ERR_NONE)
        return;
    h->read = h->sealed.n < BACKUP_HEADER ? h->sealed.n : BACKUP_HEADER;
    h->result =
        backup_open(&h->reader, bytes_of(h->sealed.p, h->read), bytes_of(h->key, HISTORY_KEY));
    if (h->result == ERR_NONE)
        h->result = store_take_history(store, next_record, h);
    backup_reader_deinit(&h->reader);
}

static void adopt_rows(struct historian *h)
{
    struct backup_reader rows = { .final = true, .plain = h->rows };
    struct backup_record r;

    while (backup_next(&rows, &r) == ERR_NONE)
        (void)!history_adopt(h->engine, &r); /* what is not for others is not for us */
}

/* A disk that is full may have room later; what is not what it should be never will. */
static void part_taken(void *ctx)
{
    struct historian *h = ctx;

    if (h->result == ERR_IO || h->result == ERR_FULL) {
        give_up_for_now(h);
        return;
    }
    if (h->result == ERR_NONE)
        adopt_rows(h);
    finish(h, h->result == ERR_NONE ? &h->about : NULL);
}

/* ---- Life ---------------------------------------------------------------------------------------- */

bool historian_turn(struct historian *h)
{
    struct history_part part;

    if (h->busy || h->waits || !session_is_online(h->session))
        return false;
    if (history_due(h->engine, &h->gift)) {
        h->busy = true;
        h->cut = (struct store_cut){ .below = 0 };
        work_with(h, make_part, part_made);
    } else if (history_next(h->engine, &part)) {
        h->busy = true;
        begin_taking(h, &part);
    }
    secure_zero(&part, sizeof part);
    return h->busy;
}

struct historian *historian_new(struct loop *l, struct session *session,
                                const struct session_config *config)
{
    struct historian *h = mem_alloc(sizeof *h);

    h->loop = l;
    h->session = session;
    h->engine = session_engine(session);
    h->config = config;
    h->again = timer_new(l, on_again, h);
    return h;
}

void historian_free(struct historian *h)
{
    if (h == NULL)
        return;
    if (h->transfer != NULL) {
        transfer_free(h->transfer);
        buf_deinit(&h->sealed);
        buf_deinit(&h->rows);
    }
    timer_free(h->again);
    rest(h);
    mem_free(h);
}
