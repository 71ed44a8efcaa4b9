/* outbox.c: see outbox.h. */
#include "client/outbox.h"

#include "base/random.h"
#include "client/record.h"
#include "xml/chars.h"
#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

enum { TEXT_MAX = 64 * 1024, RECORD_MAX = 1 << 20, ID_OCTETS = 15, NUMBER_OCTETS = 8 };

/* ---- Rows ------------------------------------------------------------------------------------------ */

static struct bytes number_key(struct arena *a, uint64_t number)
{
    uint8_t octets[NUMBER_OCTETS];

    record_put_u64(octets, number);
    return arena_bytes(a, bytes_of(octets, sizeof octets));
}

static void keep(struct engine *c, const struct job *j)
{
    struct arena a = { 0 };
    struct buf record, text;

    buf_init(&record, RECORD_MAX);
    record_u64(&record, j->time_ms);
    record_text(&record, jid_text(&a, &j->to));
    record_text(&record, j->id);
    record_text(&record, j->sealed ? STR_NONE : j->text);
    record_u8(&record, j->sealed);
    for (int i = 0; i < JOB_STANZAS; i++) {
        buf_init(&text, RECORD_MAX);
        if (j->stanzas[i] != NULL)
            xml_write(&text, j->stanzas[i], STR_NONE);
        record_text(&record, buf_str(&text));
        buf_deinit(&text);
    }
    book_put(&c->book, BOOK_OUTBOX, number_key(&a, j->number), buf_bytes(&record));
    secure_zero(record.p, record.n);
    buf_deinit(&record);
    arena_deinit(&a);
}

static bool read_job(struct job *j, struct bytes key, struct bytes value)
{
    static const struct xml_limits limits = { RECORD_MAX, 64, 64, 20000 };
    struct reader k = reader_of(key), r = reader_of(value);

    j->number = read_u64(&k);
    j->time_ms = read_u64(&r);
    if (jid_parse(&j->arena, arena_str(&j->arena, read_text(&r)), &j->to) != ERR_NONE)
        return false;
    j->id = arena_str(&j->arena, read_text(&r));
    j->text = arena_str(&j->arena, read_text(&r));
    j->sealed = read_u8(&r) != 0;
    for (int i = 0; i < JOB_STANZAS; i++) {
        struct str text = read_text(&r);

        if (text.n > 0
            && xml_parse_document(&j->arena, arena_str(&j->arena, text), &limits, &j->stanzas[i])
                   != ERR_NONE)
            return false;
        j->acked[i] = j->stanzas[i] == NULL;
    }
    return reader_done(&k) && reader_done(&r);
}

static void job_free(struct engine *c, struct job *j)
{
    (void)c;
    list_remove(&j->link);
    arena_deinit(&j->arena);
    mem_free(j);
}

/* In the order of their numbers: rows come in none. */
static void insert(struct engine *c, struct job *j)
{
    struct link *before = c->outbox.head.prev;

    while (before != &c->outbox.head && LIST_ENTRY(before, struct job, link)->number > j->number)
        before = before->prev;
    j->link = (struct link){ before, before->next };
    before->next->prev = &j->link;
    before->next = &j->link;
    if (j->number >= c->next_job)
        c->next_job = j->number + 1;
}

void outbox_load(struct engine *c)
{
    struct bytes key, value;

    for (size_t cursor = 0; book_next(&c->book, BOOK_OUTBOX, &cursor, &key, &value);) {
        struct job *j = mem_alloc(sizeof *j);

        if (read_job(j, key, value)) {
            insert(c, j);
        } else {
            arena_deinit(&j->arena);
            mem_free(j);
        }
    }
}

void outbox_forget(struct engine *c)
{
    LIST_EACH (&c->outbox, l)
        job_free(c, LIST_ENTRY(l, struct job, link));
}

/* ---- Ways out -------------------------------------------------------------------------------------- */

static void done(struct engine *c, struct job *j, enum entry_kind how, struct str why)
{
    struct arena a = { 0 };
    struct entry e = {
        .kind = how,
        .outgoing = true,
        .time_ms = c->now_ms,
        .chat = jid_text(&a, &j->to),
        .author = c->bare,
        .id = arena_concat(&a, j->id, how == ENTRY_SENT ? STR(" sent") : STR(" failed")),
        .target = j->id,
        .text = why,
    };

    if (how == ENTRY_SENT)
        e.encryption = j->stanzas[OMEMO_2] != NULL ? ENCRYPTION_OMEMO_2 : ENCRYPTION_OMEMO_03;

    book_delete(&c->book, BOOK_OUTBOX, number_key(&a, j->number));
    engine_add_entry(c, &e);
    arena_deinit(&a);
    job_free(c, j);
}

static struct job *find(struct engine *c, uint64_t tag)
{
    LIST_EACH (&c->outbox, l) {
        struct job *j = LIST_ENTRY(l, struct job, link);

        if (j->number == tag / JOB_STANZAS)
            return j;
    }
    return NULL;
}

void outbox_acked(struct engine *c, uint64_t tag)
{
    struct job *j = find(c, tag);

    if (j == NULL)
        return;
    j->acked[tag % JOB_STANZAS] = true;
    for (int i = 0; i < JOB_STANZAS; i++)
        if (!j->acked[i])
            return;
    done(c, j, ENTRY_SENT, STR_NONE);
}

void outbox_unsent(struct engine *c, uint64_t tag)
{
    struct job *j = find(c, tag);

    if (j != NULL)
        j->in_line[tag % JOB_STANZAS] = false;
}

void outbox_refused(struct engine *c, struct str id, struct str why)
{
    LIST_EACH (&c->outbox, l) {
        struct job *j = LIST_ENTRY(l, struct job, link);

        if (!str_eq(j->id, id))
            continue;
        done(c, j, ENTRY_FAILED, why);
        return;
    }
}

/* ---- On its way ------------------------------------------------------------------------------------ */

static bool is_behind_another(struct engine *c, const struct job *j)
{
    for (const struct link *l = list_first(&c->outbox); l != &j->link;
         l = list_next(&c->outbox, l)) {
        const struct job *earlier = LIST_ENTRY(l, const struct job, link);

        if (!earlier->sealed && jid_eq(&earlier->to, &j->to))
            return true;
    }
    return false;
}

static void hand_to_line(struct engine *c, struct job *j)
{
    for (int i = 0; i < JOB_STANZAS; i++) {
        if (j->stanzas[i] == NULL || j->acked[i] || j->in_line[i])
            continue;
        j->in_line[i] = true;
        engine_send(c, j->stanzas[i], j->number * JOB_STANZAS + (unsigned)i);
    }
}

static void advance(struct engine *c, struct job *j)
{
    struct str why;

    if (!j->sealed && is_behind_another(c, j))
        return;
    if (!j->sealed) {
        switch (seal_job(c, j, &why)) {
        case SEAL_WAITS: return;
        case SEAL_IMPOSSIBLE: done(c, j, ENTRY_FAILED, why); return;
        case SEALED: break;
        }
        j->sealed = true;
        for (int i = 0; i < JOB_STANZAS; i++)
            j->acked[i] = j->stanzas[i] == NULL;
        keep(c, j); /* with the ratchets, before anything leaves */
    }
    hand_to_line(c, j);
}

void outbox_work(struct engine *c)
{
    if (c->line.state != LINE_ONLINE || c->broken)
        return;
    LIST_EACH (&c->outbox, l)
        advance(c, LIST_ENTRY(l, struct job, link));
}

enum err engine_send_text(struct engine *c, struct arena *a, const struct jid *to, struct str text,
                          struct str *out_id)
{
    struct job *j;
    struct entry e;

    if (text.n == 0 || !xml_chars_valid(text) || !jid_is_bare(to) || to->local.n == 0)
        return ERR_MALFORMED;
    if (text.n > TEXT_MAX)
        return ERR_TOO_BIG;
    j = mem_alloc(sizeof *j);
    j->number = c->next_job;
    j->to = jid_copy(&j->arena, to);
    j->id = random_token(&c->random, &j->arena, ID_OCTETS);
    j->text = arena_str(&j->arena, text);
    j->time_ms = c->now_ms;
    insert(c, j);
    keep(c, j);
    e = (struct entry){ .kind = ENTRY_MESSAGE,
                        .outgoing = true,
                        .time_ms = c->now_ms,
                        .device = c->identity.device_id,
                        .chat = jid_text(a, to),
                        .author = c->bare,
                        .id = j->id,
                        .text = text };
    engine_add_entry(c, &e);
    *out_id = arena_str(a, j->id);
    outbox_work(c);
    engine_end_round(c);
    return ERR_NONE;
}
