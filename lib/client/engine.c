/* engine.c: rounds, and the batch on its way to the store. */
#include "client/engine_inside.h"

#include "client/devices.h"
#include "client/expiry.h"
#include "client/files.h"
#include "client/keys.h"
#include "client/mend.h"
#include "client/outbox.h"
#include "client/reading.h"
#include "client/people_inside.h"
#include "client/record.h"
#include "client/wishes.h"

enum { RECORD_MAX = 1 << 20 };

struct bytes engine_key(const char *text)
{
    return bytes_of_str(str_from(text));
}

/* ---- Life ------------------------------------------------------------------------------------------ */

struct engine *engine_new(const struct engine_config *config)
{
    struct engine *c = mem_alloc(sizeof *c);
    uint64_t seed[2];

    random_fill(config->random, seed, sizeof seed);
    c->random = *config->random;
    c->config = *config;
    c->config.jid = jid_copy(&c->arena, &config->jid);
    c->secrets = ARENA_SECRET;
    c->account_arena = ARENA_SECRET;
    c->config.password = arena_str(&c->secrets, config->password);
    c->identity = ARENA_NEW(&c->secrets, struct identity);
    c->config.software = arena_str(&c->arena, config->software);
    c->config.device = arena_str(&c->arena, config->device);
    c->bare = jid_bare_text(&c->arena, &config->jid);
    book_init(&c->book, seed);
    list_init(&c->events);
    list_init(&c->requests);
    list_init(&c->archive.waiting);
    list_init(&c->mend.devices);
    list_init(&c->mend.receipts);
    list_init(&c->outbox);
    list_init(&c->uploads.files);
    c->erase_at_ms = UINT64_MAX;
    c->next_job = 1; /* no tag of a job is 0, which the line does not report */
    map_init(&c->useless.map, seed);
    map_init(&c->unreachable.map, seed);
    map_init(&c->fresh.map, seed);
    map_init(&c->sent.map, seed);
    map_init(&c->archive.seen.map, seed);
    map_init(&c->people.sent.map, seed);
    map_init(&c->people.present, seed);
    line_init(&c->line);
    return c;
}

static void event_free(struct pending_event *e)
{
    if (e == NULL)
        return;
    arena_deinit(&e->arena);
    mem_free(e);
}

static void events_free(struct list *events)
{
    for (struct link *l; (l = list_pop(events)) != NULL;)
        event_free(LIST_ENTRY(l, struct pending_event, link));
}

static void batch_free(struct batch *b)
{
    if (b == NULL)
        return;
    book_changes_deinit(&b->changes);
    events_free(&b->events);
    arena_deinit(&b->arena);
    mem_free(b);
}

void engine_free(struct engine *c)
{
    if (c == NULL)
        return;
    requests_lost(c);
    archive_forget(c);
    mend_forget(c);
    outbox_forget(c);
    batch_free(c->committing);
    uploads_forget(c);
    batch_free(c->round);
    events_free(&c->events);
    event_free(c->shown);
    typing_forget(c);
    arena_deinit(&c->access.arena);
    link_old_free(c->linking);
    if (c->call_hooks != NULL)
        c->call_hooks->forget(c);
    line_deinit(&c->line);
    book_deinit(&c->book);
    map_deinit(&c->useless.map);
    arena_deinit(&c->useless.arena);
    map_deinit(&c->unreachable.map);
    arena_deinit(&c->unreachable.arena);
    map_deinit(&c->fresh.map);
    arena_deinit(&c->fresh.arena);
    map_deinit(&c->sent.map);
    arena_deinit(&c->sent.arena);
    map_deinit(&c->archive.seen.map);
    arena_deinit(&c->archive.seen.arena);
    there_forget(c);
    map_deinit(&c->people.present);
    map_deinit(&c->people.sent.map);
    arena_deinit(&c->people.sent.arena);
    arena_deinit(&c->account_arena);
    arena_deinit(&c->secrets);
    arena_deinit(&c->arena);
    mem_free(c);
}

enum err engine_load(struct engine *c, enum book_table table, struct bytes key, struct bytes value)
{
    if (c->started || table <= 0 || table >= BOOK_TABLES || table == BOOK_TIMELINE || key.n == 0)
        return ERR_MALFORMED;
    book_load(&c->book, table, key, value);
    return ERR_NONE;
}

/* ---- Rounds ---------------------------------------------------------------------------------------- */

static struct batch *round_of(struct engine *c)
{
    if (c->round == NULL) {
        c->round = mem_alloc(sizeof *c->round);
        list_init(&c->round->events);
    }
    return c->round;
}

void engine_send(struct engine *c, const struct xml_node *stanza, uint64_t tag)
{
    struct batch *b = round_of(c);
    struct pending_stanza *p = ARENA_NEW(&b->arena, struct pending_stanza);

    p->node = xml_copy(&b->arena, stanza);
    p->tag = tag;
    *(b->last != NULL ? &b->last->next : &b->first) = p;
    b->last = p;
}

void engine_handled(struct engine *c)
{
    round_of(c)->handled++;
}

void engine_tell(struct engine *c, const struct engine_event *e)
{
    struct pending_event *p;
    struct entry *entry;

    if (strangers_hush(c, e))
        return;
    p = mem_alloc(sizeof *p);
    entry = &p->event.entry;
    p->event = *e;
    p->event.text = arena_str(&p->arena, e->text);
    entry->chat = arena_str(&p->arena, entry->chat);
    entry->author = arena_str(&p->arena, entry->author);
    entry->id = arena_str(&p->arena, entry->id);
    entry->archive_id = arena_str(&p->arena, entry->archive_id);
    entry->target = arena_str(&p->arena, entry->target);
    entry->text = arena_str(&p->arena, entry->text);
    entry->attachment = arena_str(&p->arena, entry->attachment);
    entry->quote = arena_str(&p->arena, entry->quote);
    list_add(&round_of(c)->events, &p->link);
}

/* ---- Notes ----------------------------------------------------------------------------------------- */

void engine_note(struct notes *n, struct str key)
{
    if (map_get(&n->map, key) == NULL)
        map_put(&n->map, arena_str(&n->arena, key), n);
}

bool engine_noted(const struct notes *n, struct str key)
{
    return map_get(&n->map, key) != NULL;
}

void engine_forget_notes(struct notes *n)
{
    uint64_t seed[2] = { n->map.seed[0], n->map.seed[1] };

    map_deinit(&n->map);
    map_init(&n->map, seed);
    arena_deinit(&n->arena);
}

/* ---- Entries --------------------------------------------------------------------------------------- */

/* Entries have a place of their own: time, then a number, so that a store can keep them in order without reading them. */
void engine_add_entry(struct engine *c, const struct entry *e)
{
    struct buf key, value;

    if (strangers_take(c, e))
        return;
    buf_init(&key, 64);
    buf_init(&value, RECORD_MAX);
    record_u64(&key, e->time_ms);
    record_u64(&key, c->next_entry++);
    entry_write(&value, e);
    book_append(&c->book, BOOK_TIMELINE, buf_bytes(&key), buf_bytes(&value));
    expiry_added(c, e, buf_bytes(&key));
    buf_deinit(&key);
    secure_zero(value.p, value.n);
    buf_deinit(&value);
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_ENTRY, .entry = *e });
}

static void unsent(struct engine *c, uint64_t tag)
{
    if ((tag & WISH_TAG) != 0)
        wishes_unsent(c, tag);
    else
        outbox_unsent(c, tag);
}

static void happen(struct engine *c, struct batch *b)
{
    line_handled(&c->line, b->handled);
    for (struct pending_stanza *p = b->first; p != NULL; p = p->next)
        if (!line_send(&c->line, p->node, p->tag))
            unsent(c, p->tag);
    for (struct link *l; (l = list_pop(&b->events)) != NULL;)
        list_add(&c->events, l);
    batch_free(b);
}

/* While something is to be stored the rounds that follow join it: a store that is slow gets much at once, and in order. */
void engine_end_round(struct engine *c)
{
    struct batch *b = c->round;

    if (b != NULL && c->committing == NULL && c->book.changes.first == NULL) {
        c->round = NULL;
        happen(c, b);
    }
    line_flush(&c->line);
}

const struct book_changes *engine_commit(struct engine *c)
{
    if (c->committing != NULL || c->broken || c->book.changes.first == NULL)
        return NULL;
    c->committing = round_of(c);
    c->committing->changes = book_take(&c->book);
    c->round = NULL;
    return &c->committing->changes;
}

static void store_failed(struct engine *c)
{
    c->broken = c->wants_close = true;
    engine_tell(c, &(struct engine_event){ .kind = ENGINE_BROKEN });
    for (struct link *l; (l = list_pop(&c->round->events)) != NULL;)
        list_add(&c->events, l);
}

void engine_committed(struct engine *c, bool durable)
{
    struct batch *b = c->committing;

    if (!durable) {
        store_failed(c);
        return;
    }
    c->committing = NULL;
    happen(c, b);
    archive_work(c);
    engine_end_round(c);
}

bool engine_event(struct engine *c, struct engine_event *out)
{
    struct link *first = list_pop(&c->events);

    event_free(c->shown);
    c->shown = first != NULL ? LIST_ENTRY(first, struct pending_event, link) : NULL;
    if (c->shown != NULL)
        *out = c->shown->event;
    return c->shown != NULL;
}

/* ---- The world ------------------------------------------------------------------------------------- */

void engine_now(struct engine *c, uint64_t now_ms)
{
    bool erases, calls, asks;

    c->now_ms = now_ms;
    if (!c->started || c->broken)
        return;
    erases = now_ms >= c->erase_at_ms;
    calls = c->call_hooks != NULL && now_ms >= c->call_hooks->wake_ms(c);
    asks = now_ms >= archive_wake_ms(c);
    if (erases)
        expiry_work(c);
    if (calls)
        c->call_hooks->work(c);
    if (asks)
        archive_ask_again(c);
    if (erases || calls || asks)
        engine_end_round(c);
}

void engine_start(struct engine *c, uint64_t now_ms)
{
    c->now_ms = now_ms;
    /* Entries of one moment keep their order over restarts: nothing makes a thousand of them in a millisecond. */
    c->next_entry = now_ms * 1000;
    c->started = true;
    (void)keys_tend(c);
    online_load(c);
    people_load(c);
    outbox_load(c);
    uploads_load(c);
    expiry_work(c);
    engine_end_round(c);
}

void engine_stop(struct engine *c)
{
    c->stopping = true;
    if (c->connected)
        line_shut(&c->line);
    c->wants_close = c->connected;
}

void engine_connected(struct engine *c, bool secured, struct binding_data binding)
{
    c->connected = true;
    c->wants_tls = c->wants_close = false;
    line_open(&c->line, c->config.websocket ? STREAM_WEBSOCKET : STREAM_TCP, &c->account,
              &c->random, secured, binding);
}

void engine_secured(struct engine *c, struct binding_data binding)
{
    c->wants_tls = false;
    line_secured(&c->line, binding);
}

void engine_received(struct engine *c, struct str bytes)
{
    struct line_event e;

    if (c->broken)
        return;
    line_feed(&c->line, bytes);
    while (line_next(&c->line, &e)) {
        online_event(c, &e);
        arena_deinit(&e.arena);
    }
    archive_work(c);
    mend_work(c);
    devices_work(c);
    wishes_work(c);
    outbox_work(c);
    uploads_work(c);
    if (c->call_hooks != NULL)
        c->call_hooks->work(c);
    engine_end_round(c);
}

/* What the server sends again when the session is resumed counts then, not now. */
static void count_none(struct engine *c)
{
    if (c->committing != NULL)
        c->committing->handled = 0;
    if (c->round != NULL)
        c->round->handled = 0;
}

void engine_disconnected(struct engine *c)
{
    if (c->connected) {
        count_none(c);
        line_closed(&c->line);
    }
    c->connected = c->wants_tls = c->wants_close = false;
    online_lost(c);
    engine_end_round(c);
}

enum engine_want engine_wants(struct engine *c, uint64_t *out_wake_ms)
{
    *out_wake_ms = c->erase_at_ms;
    if (c->call_hooks != NULL && c->call_hooks->wake_ms(c) < *out_wake_ms)
        *out_wake_ms = c->call_hooks->wake_ms(c);
    if (c->connected) {
        if (uploads_wake_ms(c) < *out_wake_ms)
            *out_wake_ms = uploads_wake_ms(c);
        if (archive_wake_ms(c) < *out_wake_ms)
            *out_wake_ms = archive_wake_ms(c);
        return c->wants_close ? WANT_CLOSE : c->wants_tls ? WANT_TLS : WANT_NOTHING;
    }
    if (!c->started || c->stopping || c->broken)
        return WANT_NOTHING;
    if (c->now_ms >= c->connect_at_ms)
        return WANT_CONNECTION;
    if (c->connect_at_ms < *out_wake_ms)
        *out_wake_ms = c->connect_at_ms;
    return WANT_NOTHING;
}

bool engine_is_settled(const struct engine *c)
{
    return c->line.state == LINE_ONLINE && c->archive.caught_up && c->line.unacked_count == 0
           && list_empty(&c->requests) && c->committing == NULL && c->round == NULL
           && list_empty(&c->events);
}

struct str engine_output(const struct engine *c)
{
    return stream_output(&c->line.stream);
}

void engine_sent(struct engine *c, size_t n)
{
    stream_sent(&c->line.stream, n);
    line_flush(&c->line);
}
