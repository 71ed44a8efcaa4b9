/* handset.c: see handset.h. */
#include "test/client/handset.h"

#include <assert.h>

#include "base/map.h"
#include "client/call.h"

static void fill(void *ctx, uint8_t *out, size_t n)
{
    uint64_t *dice = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)world_next_random(dice);
}

void handset_init(struct handset *h, struct world *w, const char *jid, unsigned number)
{
    static const uint64_t seed[2] = { 0 };
    enum err e;

    *h = (struct handset){ .world = w, .transport = world_transport(w), .now_ms = 1700000000000 };
    e = jid_parse(&h->arena, str_from(jid), &h->config.jid);
    assert(e == ERR_NONE);
    (void)e;
    h->dice = map_hash((const uint64_t[2]){ number, 0 }, h->config.jid.local);
    h->random = (struct random){ fill, &h->dice };
    h->config.password = STR("secret");
    h->config.software = STR("Sotto");
    h->config.device = arena_printf(&h->arena, "device %u", number);
    h->config.random = &h->random;
    h->entries = mem_alloc(ENTRIES_MAX * sizeof *h->entries);
    h->places = mem_alloc(ENTRIES_MAX * sizeof *h->places);
    h->shown = mem_alloc(ENTRIES_MAX * sizeof *h->shown);
    book_init(&h->store, seed);
}

void handset_deinit(struct handset *h)
{
    handset_crash(h);
    book_deinit(&h->store);
    mem_free(h->entries);
    mem_free(h->places);
    mem_free(h->shown);
    arena_deinit(&h->arena);
}

void handset_start(struct handset *h)
{
    struct bytes key, value;

    h->engine = engine_new(&h->config);
    if (h->takes_calls)
        calls_enable(h->engine);
    for (int t = 1; t < BOOK_TABLES; t++)
        for (size_t cursor = 0; book_next(&h->store, (enum book_table)t, &cursor, &key, &value);) {
            enum err e = engine_load(h->engine, (enum book_table)t, key, value);

            assert(e == ERR_NONE);
            (void)e;
        }
    engine_start(h->engine, h->now_ms);
}

void handset_cut(struct handset *h)
{
    if (h->wire == NULL)
        return;
    h->transport.ops->cut(h->wire);
    h->wire = NULL;
    if (h->engine != NULL)
        engine_disconnected(h->engine);
}

void handset_crash(struct handset *h)
{
    struct engine *gone = h->engine;

    h->engine = NULL;
    handset_cut(h);
    engine_free(gone);
    h->shown_count = h->change_count = h->request_count = h->call_count = 0;
}

/* ---- Accidents ------------------------------------------------------------------------------------- */

static void lose_table(struct book *b, enum book_table table)
{
    struct bytes key, value;

    for (size_t cursor = 0; book_next(b, table, &cursor, &key, &value); cursor = 0)
        book_delete(b, table, key);
}

void handset_lose_sessions(struct handset *h)
{
    assert(h->engine == NULL);
    lose_table(&h->store, BOOK_REMOTE);
    lose_table(&h->store, BOOK_KEPT);
}

static void copy_book(const struct book *from, struct book *to)
{
    struct bytes key, value;

    for (int t = 1; t < BOOK_TABLES; t++)
        for (size_t cursor = 0; book_next(from, (enum book_table)t, &cursor, &key, &value);)
            book_load(to, (enum book_table)t, key, value);
}

void handset_save(const struct handset *h, struct book *out)
{
    static const uint64_t seed[2] = { 0 };

    book_init(out, seed);
    copy_book(&h->store, out);
}

void handset_restore(struct handset *h, const struct book *copy)
{
    static const uint64_t seed[2] = { 0 };

    assert(h->engine == NULL);
    book_deinit(&h->store);
    book_init(&h->store, seed);
    copy_book(copy, &h->store);
}

/* ---- What the engine wants ------------------------------------------------------------------------- */

static void keep_entry(struct handset *h, struct bytes key, struct bytes value)
{
    struct entry e;
    enum err err = entry_read(arena_bytes(&h->arena, value), &e);

    assert(err == ERR_NONE && h->entry_count < ENTRIES_MAX);
    (void)err;
    h->places[h->entry_count] = arena_bytes(&h->arena, key);
    h->entries[h->entry_count++] = e;
}

static void erase_entry(struct handset *h, struct bytes key)
{
    size_t kept = 0;

    for (size_t i = 0; i < h->entry_count; i++) {
        if (str_eq(str_of_bytes(h->places[i]), str_of_bytes(key)))
            continue;
        h->places[kept] = h->places[i];
        h->entries[kept++] = h->entries[i];
    }
    h->entry_count = kept;
}

static bool store(struct handset *h)
{
    const struct book_changes *changes = h->hold_commits ? NULL : engine_commit(h->engine);

    if (changes == NULL)
        return false;
    for (const struct book_change *c = changes->first; c != NULL; c = c->next) {
        if (c->table == BOOK_TIMELINE)
            c->deleted ? erase_entry(h, c->key) : keep_entry(h, c->key, c->value);
        else if (c->deleted)
            book_delete(&h->store, c->table, c->key);
        else
            book_load(&h->store, c->table, c->key, c->value);
    }
    h->commits++;
    engine_committed(h->engine, true);
    return true;
}

static void keep_change(struct handset *h, const struct engine_event *e)
{
    assert(h->change_count < CHANGES_MAX);
    h->changes[h->change_count].change = e->change;
    h->changes[h->change_count].jid = arena_str(&h->arena, e->entry.author);
    h->changes[h->change_count++].text = arena_str(&h->arena, e->text);
}

static void keep_request(struct handset *h, const struct engine_event *e)
{
    assert(h->request_count < CHANGES_MAX);
    h->requests[h->request_count].jid = arena_str(&h->arena, e->entry.author);
    h->requests[h->request_count].text = arena_str(&h->arena, e->entry.text);
    h->requests[h->request_count++].held = e->on;
}

static void keep_call(struct handset *h, const struct engine_event *e)
{
    assert(h->call_count < CHANGES_MAX);
    h->calls[h->call_count].news = e->call;
    h->calls[h->call_count].id = arena_str(&h->arena, e->entry.id);
    h->calls[h->call_count].text = arena_str(&h->arena, e->text);
    h->calls[h->call_count].media = e->call_media;
    h->calls[h->call_count++].trust = e->entry.trust;
}

static bool show(struct handset *h)
{
    struct engine_event e;
    bool any = false;

    while (engine_event(h->engine, &e)) {
        any = true;
        h->seen[e.kind]++;
        h->told[e.kind] = arena_str(&h->arena, e.text);
        h->failure = e.failure;
        if (e.kind == ENGINE_ACCESS) {
            h->access = e.access;
            h->access_id = arena_str(&h->arena, e.entry.id);
        }
        if (e.kind == ENGINE_LINK)
            h->link = e.link;
        if (e.kind == ENGINE_TYPING)
            h->typing = e.on;
        if (e.kind == ENGINE_CONTACT)
            keep_change(h, &e);
        if (e.kind == ENGINE_REQUEST)
            keep_request(h, &e);
        if (e.kind == ENGINE_CALL)
            keep_call(h, &e);
        if (e.kind != ENGINE_ENTRY)
            continue;
        assert(h->shown_count < ENTRIES_MAX);
        h->shown[h->shown_count++] = (struct entry){
            .kind = e.entry.kind,
            .outgoing = e.entry.outgoing,
            .text = arena_str(&h->arena, e.entry.text),
            .id = arena_str(&h->arena, e.entry.id),
        };
    }
    return any;
}

static bool serve(struct handset *h)
{
    uint64_t wake;

    switch (engine_wants(h->engine, &wake)) {
    case WANT_CONNECTION:
        h->wire = h->transport.ops->open(h->transport.ctx, STR("127.0.0.1"));
        engine_connected(h->engine, false, (struct binding_data){ 0 });
        return true;
    case WANT_TLS:
        h->transport.ops->secure(h->wire);
        engine_secured(h->engine, (struct binding_data){ 0 });
        return true;
    case WANT_CLOSE: handset_cut(h); return true;
    case WANT_NOTHING: break;
    }
    return false;
}

static bool send_output(struct handset *h)
{
    struct str out = engine_output(h->engine);
    struct arena a = { 0 };

    if (h->wire == NULL || out.n == 0)
        return false;
    h->transport.ops->write(h->wire,
                            h->leaving != NULL ? h->leaving(h->leaving_ctx, h, &a, out) : out);
    engine_sent(h->engine, out.n);
    arena_deinit(&a);
    return true;
}

static bool receive(struct handset *h)
{
    struct buf in;
    bool alive, moved;

    if (h->wire == NULL)
        return false;
    buf_init(&in, 1 << 24);
    h->transport.ops->settle(h->transport.ctx, h->wire);
    alive = h->transport.ops->read(h->wire, &in);
    moved = in.n > 0;
    engine_received(h->engine, buf_str(&in));
    buf_deinit(&in);
    if (!alive)
        handset_cut(h);
    return moved || !alive;
}

bool handset_turn(struct handset *h)
{
    bool moved = false;

    if (h->engine == NULL)
        return false;
    engine_now(h->engine, h->now_ms);
    moved |= serve(h);
    moved |= store(h);
    moved |= send_output(h);
    moved |= receive(h);
    moved |= show(h);
    return moved;
}

void handsets_run(struct handset *const *list, size_t n)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < n; i++)
            moved |= handset_turn(list[i]);
    }
}

/* ---- People ---------------------------------------------------------------------------------------- */

void handset_write(struct handset *h, const char *to, const char *text)
{
    struct arena a = { 0 };
    struct jid jid;
    struct str id;
    enum err e = jid_parse(&a, str_from(to), &jid);

    assert(e == ERR_NONE);
    engine_now(h->engine, h->now_ms);
    e = engine_send_text(h->engine, &a, &jid, str_from(text), &id);
    assert(e == ERR_NONE);
    (void)e;
    arena_deinit(&a);
}

size_t handset_count(const struct handset *h, const char *text, bool outgoing)
{
    size_t n = 0;

    for (size_t i = 0; i < h->entry_count; i++)
        n += h->entries[i].kind == ENTRY_MESSAGE && h->entries[i].outgoing == outgoing
             && str_is(h->entries[i].text, text);
    return n;
}

const struct entry *handset_last(const struct handset *h, enum entry_kind kind)
{
    for (size_t i = h->entry_count; i-- > 0;)
        if (h->entries[i].kind == kind)
            return &h->entries[i];
    return NULL;
}
