/* outbox.c: see outbox.h. */
#include "client/outbox.h"

#include "base/random.h"
#include "client/expiry.h"
#include "client/record.h"
#include "omemo/sce.h"
#include "xml/chars.h"
#include "xml/parser.h"
#include "xml/writer.h"
#include "xmpp/ns.h"

enum {
    TEXT_MAX = 64 * 1024,
    CONTENT_MAX =
        160
        * 1024, /* a text of the greatest length, each character of it escaped, is cut off before */
    RECORD_MAX = 1 << 20,
    ID_OCTETS = 15,
    NUMBER_OCTETS = 8,
    SENT_MAX = 1000, /* what came back before that many others had left is told of */
    JOB_FORMAT = 4,  /* first, a record began with the time, whose first octet is 0 */
    JOB_WITHOUT_TRUST = 3,
    JOB_FOR_ALL = 2, /* as 3, without `only` */
};

/* ---- Rows ------------------------------------------------------------------------------------------ */

static struct bytes number_key(struct arena *a, uint64_t number)
{
    uint8_t octets[NUMBER_OCTETS];

    record_put_u64(octets, number);
    return arena_bytes(a, bytes_of(octets, sizeof octets));
}

static void record_node(struct buf *record, const struct xml_node *node)
{
    struct buf text;

    buf_init(&text, RECORD_MAX);
    if (node != NULL)
        xml_write(&text, node, STR_NONE);
    record_text(record, buf_str(&text));
    secure_zero(text.p, text.n);
    buf_deinit(&text);
}

/* What is sealed is kept as such only: nothing of it is to be read again. */
static void keep(struct engine *c, const struct job *j)
{
    struct arena a = { 0 };
    struct buf record;

    buf_init(&record, RECORD_MAX);
    record_u8(&record, JOB_FORMAT);
    record_u32(&record, j->only);
    record_u8(&record, (uint8_t)j->kind);
    record_u64(&record, j->time_ms);
    record_text(&record, jid_text(&a, &j->to));
    record_text(&record, j->id);
    record_u8(&record, j->sealed);
    record_u8(&record, (uint8_t)j->trust);
    record_text(&record, j->sealed ? STR_NONE : j->text);
    record_node(&record, j->sealed ? NULL : j->content);
    record_node(&record, j->sealed ? NULL : j->beside);
    for (int i = 0; i < JOB_STANZAS; i++)
        record_node(&record, j->stanzas[i]);
    book_put(&c->book, BOOK_OUTBOX, number_key(&a, j->number), buf_bytes(&record));
    secure_zero(record.p, record.n);
    buf_deinit(&record);
    arena_deinit(&a);
}

/* False: it is no XML. Nothing is NULL. */
static bool read_node(struct reader *r, struct arena *a, struct xml_node **out)
{
    static const struct xml_limits limits = { RECORD_MAX, 64, 64, 20000 };
    struct str text = read_text(r);

    *out = NULL;
    return text.n == 0 || xml_parse_document(a, arena_str(a, text), &limits, out) == ERR_NONE;
}

static struct xml_node *text_content(struct arena *a, struct str text)
{
    struct xml_node *content = sce_content(a);

    xml_add_text_child(a, content, STR(NS_CLIENT), STR("body"), text);
    return content;
}

static bool read_stanzas(struct reader *r, struct job *j)
{
    for (int i = 0; i < JOB_STANZAS; i++) {
        if (!read_node(r, &j->arena, &j->stanzas[i]))
            return false;
        j->acked[i] = j->stanzas[i] == NULL;
    }
    return reader_done(r);
}

/* time, address, id, text, whether sealed, stanzas: there was nothing but text. */
static bool read_first_format(struct job *j, struct reader *r)
{
    j->kind = ENTRY_MESSAGE;
    j->time_ms = read_u64(r);
    if (jid_parse(&j->arena, arena_str(&j->arena, read_text(r)), &j->to) != ERR_NONE)
        return false;
    j->id = arena_str(&j->arena, read_text(r));
    j->text = arena_str(&j->arena, read_text(r));
    j->sealed = read_u8(r) != 0;
    j->content = text_content(&j->arena, j->text);
    return read_stanzas(r, j);
}

static bool read_job(struct job *j, struct bytes key, struct bytes value)
{
    struct reader k = reader_of(key), r = reader_of(value), first = r;
    uint8_t format;

    j->number = read_u64(&k);
    if (!reader_done(&k))
        return false;
    format = read_u8(&r);
    if (format < JOB_FOR_ALL || format > JOB_FORMAT)
        return read_first_format(j, &first);
    j->only = format != JOB_FOR_ALL ? read_u32(&r) : 0;
    j->kind = read_u8(&r);
    j->time_ms = read_u64(&r);
    if (jid_parse(&j->arena, arena_str(&j->arena, read_text(&r)), &j->to) != ERR_NONE)
        return false;
    j->id = arena_str(&j->arena, read_text(&r));
    j->sealed = read_u8(&r) != 0;
    j->trust = format == JOB_FORMAT ? read_u8(&r) : ENTRY_TRUST_NONE;
    if (j->trust > ENTRY_TRUST_VERIFIED)
        return false;
    j->text = arena_str(&j->arena, read_text(&r));
    return read_node(&r, &j->arena, &j->content) && read_node(&r, &j->arena, &j->beside)
           && (j->content != NULL || j->sealed) && read_stanzas(&r, j);
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

static struct entry report(struct engine *c, struct arena *a, enum entry_kind how, struct str chat,
                           struct str id)
{
    return (struct entry){
        .kind = how,
        .outgoing = true,
        .time_ms = c->now_ms,
        .chat = chat,
        .author = c->bare,
        .id = arena_concat(a, id, how == ENTRY_SENT ? STR(" sent") : STR(" failed")),
        .target = id,
    };
}

static struct str sent_key(struct arena *a, struct str chat, struct str id)
{
    return arena_concat(a, arena_concat(a, chat, STR(" ")), id);
}

static void note_sent(struct engine *c, struct str chat, struct str id)
{
    struct arena a = { 0 };

    if (c->sent_count++ >= SENT_MAX) {
        engine_forget_notes(&c->sent);
        c->sent_count = 1;
    }
    engine_note(&c->sent, sent_key(&a, chat, id));
    arena_deinit(&a);
}

static void done(struct engine *c, struct job *j, enum entry_kind how, struct str why)
{
    struct arena a = { 0 };
    struct entry e = report(c, &a, how, jid_text(&a, &j->to), j->id);

    e.text = why;

    if (how == ENTRY_SENT) {
        e.encryption = j->stanzas[OMEMO_2] != NULL ? ENCRYPTION_OMEMO_2 : ENCRYPTION_OMEMO_03;
        e.trust = j->trust;
    }

    book_delete(&c->book, BOOK_OUTBOX, number_key(&a, j->number));
    if (j->kind != 0)
        engine_add_entry(c, &e);
    if (j->kind != 0 && how == ENTRY_SENT)
        note_sent(c, e.chat, j->id);
    expiry_sent(c, e.chat, j->id);
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

/* Our server had it, and no more than that (XEP-0198 §4): whoever was to get it has not (RFC 6120 §8.3). */
static void came_back(struct engine *c, const struct jid *from, struct str id, struct str why)
{
    struct arena a = { 0 };
    struct str chat = jid_bare_text(&a, from), key = sent_key(&a, chat, id);
    struct entry e = report(c, &a, ENTRY_FAILED, chat, id);

    if (engine_noted(&c->sent, key)) {
        (void)map_remove(&c->sent.map, key);
        e.text = why;
        engine_add_entry(c, &e);
    }
    arena_deinit(&a);
}

void outbox_refused(struct engine *c, const struct jid *from, struct str id, struct str why)
{
    LIST_EACH (&c->outbox, l) {
        struct job *j = LIST_ENTRY(l, struct job, link);

        if (!str_eq(j->id, id))
            continue;
        done(c, j, ENTRY_FAILED, why);
        return;
    }
    came_back(c, from, id, why);
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

/* ---- In ---------------------------------------------------------------------------------------------- */

static size_t size_of(const struct xml_node *node)
{
    struct buf text;
    size_t n;

    buf_init(&text, CONTENT_MAX);
    xml_write(&text, node, STR_NONE);
    n = text.failed ? CONTENT_MAX + 1 : text.n;
    secure_zero(text.p, text.n);
    buf_deinit(&text);
    return n;
}

static enum err check(const struct outgoing *o)
{
    if (!jid_is_bare(&o->to) || o->to.local.n == 0 || !xml_chars_valid(o->text)
        || (o->text.n == 0 && o->content == NULL))
        return ERR_MALFORMED;
    if (o->text.n > TEXT_MAX || (o->content != NULL && size_of(o->content) > CONTENT_MAX)
        || (o->beside != NULL && size_of(o->beside) > CONTENT_MAX))
        return ERR_TOO_BIG;
    return ERR_NONE;
}

static struct job *job_new(struct engine *c, const struct outgoing *o, uint32_t timer)
{
    struct job *j = mem_alloc(sizeof *j);

    j->number = c->next_job;
    j->to = jid_copy(&j->arena, &o->to);
    j->id =
        o->id.n > 0 ? arena_str(&j->arena, o->id) : random_token(&c->random, &j->arena, ID_OCTETS);
    j->text = arena_str(&j->arena, o->text);
    j->content =
        o->content != NULL ? xml_copy(&j->arena, o->content) : text_content(&j->arena, j->text);
    j->beside = o->beside != NULL ? xml_copy(&j->arena, o->beside) : NULL;
    j->only = o->only;
    j->kind = o->entry.kind;
    j->time_ms = c->now_ms;
    if (timer > 0) {
        if (j->beside == NULL)
            j->beside = sce_content(&j->arena);
        xml_append(j->content, expiry_mark(&j->arena, timer));
        xml_append(j->beside, expiry_mark(&j->arena, timer));
    }
    return j;
}

enum err outbox_add(struct engine *c, struct arena *a, const struct outgoing *o, struct str *out_id)
{
    struct entry e = o->entry;
    enum err err = check(o);
    struct job *j;

    if (err != ERR_NONE)
        return err;
    e.chat = jid_text(a, &o->to);
    if (e.kind == ENTRY_MESSAGE || e.kind == ENTRY_CORRECTION)
        e.expires_s = expiry_timer(c, e.chat);
    j = job_new(c, o, e.kind == ENTRY_TIMER ? 0 : e.expires_s);
    if (size_of(j->content) > CONTENT_MAX) { /* a text that needs much escaping */
        arena_deinit(&j->arena);
        mem_free(j);
        return ERR_TOO_BIG;
    }
    insert(c, j);
    keep(c, j);
    e.outgoing = true;
    e.time_ms = c->now_ms;
    e.device = c->identity->device_id;
    e.author = c->bare;
    e.id = j->id;
    if (e.kind != 0 && !o->is_shown)
        engine_add_entry(c, &e);
    *out_id = arena_str(a, j->id); /* now: the job may end at once */
    outbox_work(c);
    return ERR_NONE;
}
