/* strangers.c: what people send whom the person has not chosen (decisions.md: who is asked about).
 *
 * Of a stranger, some messages wait here, opened but answered by nothing, until the person accepts, refuses or writes back; what is
 * more, reports and typing are dropped. Somebody new of our own server is shown at once, and asked about once. Whoever was refused
 * is not heard any more.
 *
 * engine_add_entry() and engine_tell() are the doors: whatever a message means passes them.
 */
#include "client/people_inside.h"
#include "client/record.h"

enum {
    HELD_EACH_MAX = 5, /* as many as our server keeps */
    STRANGERS_MAX = 200,
    HELD_TEXT_MAX = 8 * 1024,
    HELD_RECORD_MAX = 64 * 1024,
};

/* ---- Rows: by bare JID and a digit ------------------------------------------------------------------ */

static struct bytes held_key(struct arena *a, struct str bare, int place)
{
    return bytes_of_str(arena_printf(a, "%.*s %d", STR_ARG(bare), place));
}

static bool held_at(const struct engine *c, struct str bare, int place, struct entry *out)
{
    struct arena a = { 0 };
    struct bytes row = book_get(&c->book, BOOK_HELD, held_key(&a, bare, place));

    arena_deinit(&a);
    return row.p != NULL && entry_read(row, out) == ERR_NONE;
}

static int count_held(const struct engine *c, struct str bare)
{
    struct entry e;
    int n = 0;

    while (n < HELD_EACH_MAX && held_at(c, bare, n, &e))
        n++;
    return n;
}

static void keep(struct engine *c, struct str bare, int place, const struct entry *e)
{
    struct arena a = { 0 };
    struct buf record;

    buf_init(&record, HELD_RECORD_MAX);
    entry_write(&record, e);
    book_put(&c->book, BOOK_HELD, held_key(&a, bare, place), buf_bytes(&record));
    secure_zero(record.p, record.n);
    buf_deinit(&record);
    arena_deinit(&a);
}

/* ---- The doors ------------------------------------------------------------------------------------- */

static void tell(struct engine *c, const struct entry *e, bool held)
{
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_REQUEST, .entry = *e, .on = held });
}

static size_t count_asking(const struct engine *c)
{
    struct str bare;
    uint32_t flags;
    size_t n = 0;

    for (size_t cursor = 0; person_next(c, &cursor, &bare, &flags);)
        n += (flags & (PERSON_HELD | PERSON_NEW)) != 0;
    return n;
}

static void hold(struct engine *c, const struct entry *e)
{
    struct arena a = { 0 };
    bool is_message = e->kind == ENTRY_MESSAGE || e->kind == ENTRY_CORRECTION
                      || e->kind == ENTRY_RETRACTION || e->kind == ENTRY_SEALED;
    size_t size = e->text.n + e->attachment.n + e->quote.n + e->id.n + e->target.n;
    int n = count_held(c, e->author);

    if (!is_message || size > HELD_TEXT_MAX || n >= HELD_EACH_MAX
        || (n == 0 && count_asking(c) >= STRANGERS_MAX))
        return;
    keep(c, e->author, n, e);
    person_change(c, e->author, PERSON_HELD, 0);
    tell(c, e, true);
    arena_deinit(&a);
}

/* Somebody of our server, for the first time. */
static void notice(struct engine *c, const struct entry *e)
{
    if (e->kind != ENTRY_MESSAGE || count_asking(c) >= STRANGERS_MAX)
        return;
    person_change(c, e->author, PERSON_NEW, 0);
    tell(c, e, false);
}

/* By a person, on whichever device; of some we can read no more than that. */
static bool is_written(enum entry_kind kind)
{
    return kind == ENTRY_MESSAGE || kind == ENTRY_CORRECTION || kind == ENTRY_REACTIONS
           || kind == ENTRY_SEALED;
}

bool strangers_take(struct engine *c, const struct entry *e)
{
    uint32_t flags;

    if (e->outgoing && is_written(e->kind))
        people_wrote(c, e->chat);
    if (e->outgoing || str_eq(e->author, c->bare) || people_is_chosen(c, e->author))
        return false;
    flags = person_flags(c, e->author);
    if ((flags & PERSON_REFUSED) != 0)
        return true;
    if (people_is_stranger(c, e->author)) {
        hold(c, e);
        return true;
    }
    if ((flags & (PERSON_WROTE | PERSON_NEW)) == 0)
        notice(c, e);
    return false;
}

/* That somebody types, or has a new device, is for those who talk to him. */
bool strangers_hush(const struct engine *c, const struct engine_event *e)
{
    return (e->kind == ENGINE_TYPING || e->kind == ENGINE_DEVICE)
           && (people_is_stranger(c, e->entry.author)
               || (person_flags(c, e->entry.author) & PERSON_REFUSED) != 0);
}

/* ---- What the person decides ------------------------------------------------------------------------ */

void strangers_drop(struct engine *c, struct str bare)
{
    struct arena a = { 0 };

    for (int i = 0; i < HELD_EACH_MAX; i++)
        book_delete(&c->book, BOOK_HELD, held_key(&a, bare, i));
    arena_deinit(&a);
    person_change(c, bare, 0, PERSON_HELD | PERSON_NEW);
}

/* What was held joins the chat, at the time when it came. */
void strangers_release(struct engine *c, struct str bare)
{
    struct arena a = { 0 };
    struct entry held[HELD_EACH_MAX];
    int n = 0;

    if ((person_flags(c, bare) & (PERSON_HELD | PERSON_NEW | PERSON_REFUSED)) == 0)
        return;
    for (; n < HELD_EACH_MAX; n++) {
        struct bytes row = book_get(&c->book, BOOK_HELD, held_key(&a, bare, n));

        if (row.p == NULL || entry_read(arena_bytes(&a, row), &held[n]) != ERR_NONE)
            break;
    }
    person_change(c, bare, 0, PERSON_HELD | PERSON_NEW | PERSON_REFUSED);
    strangers_drop(c, bare);
    for (int i = 0; i < n; i++)
        engine_add_entry(c, &held[i]);
    arena_deinit(&a);
}

void strangers_refuse(struct engine *c, struct str bare)
{
    strangers_drop(c, bare);
    person_change(c, bare, PERSON_REFUSED, 0);
}

bool strangers_archive_id(const struct engine *c, struct str bare, int place, struct str *out)
{
    struct entry e;

    if (place >= HELD_EACH_MAX || !held_at(c, bare, place, &e))
        return false;
    *out = e.archive_id;
    return true;
}

bool engine_next_request(const struct engine *c, size_t *cursor, struct message_request *out)
{
    struct str bare;
    uint32_t flags;
    struct entry first;

    while (person_next(c, cursor, &bare, &flags)) {
        if ((flags & (PERSON_HELD | PERSON_NEW)) == 0)
            continue;
        *out = (struct message_request){ .jid = bare, .held = (flags & PERSON_HELD) != 0 };
        out->count = (size_t)count_held(c, bare);
        if (held_at(c, bare, 0, &first)) {
            out->time_ms = first.time_ms;
            out->trust = first.trust;
            out->text = first.kind == ENTRY_MESSAGE || first.kind == ENTRY_CORRECTION ? first.text
                                                                                      : STR_NONE;
        }
        return true;
    }
    return false;
}
