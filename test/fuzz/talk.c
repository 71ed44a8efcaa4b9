/* talk.c: see talk.h. */
#include "test/fuzz/talk.h"

#include <stdlib.h>

#include "client/keys.h"
#include "client/seal.h"
#include "omemo/payload.h"
#include "xml/writer.h"

void talk_check(bool holds)
{
    if (!holds)
        abort();
}

static void fill(void *ctx, uint8_t *out, size_t n)
{
    uint64_t *dice = ctx;

    for (size_t i = 0; i < n; i++) {
        *dice = *dice * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(*dice >> 56);
    }
}

struct random talk_random(uint64_t *dice)
{
    return (struct random){ fill, dice };
}

/* ---- Bob ------------------------------------------------------------------------------------------- */

static void load_rows(const struct book *from, struct engine *to)
{
    struct bytes key, value;

    for (int t = 1; t < BOOK_TABLES; t++)
        for (size_t at = 0;
             t != BOOK_TIMELINE && book_next(from, (enum book_table)t, &at, &key, &value);)
            talk_check(engine_load(to, (enum book_table)t, key, value) == ERR_NONE);
}

struct engine *talk_engine(const struct random *random, const struct book *rows)
{
    struct engine_config config = { .password = STR(TALK_PASSWORD),
                                    .software = STR("Sotto"),
                                    .random = random };
    struct arena a = { 0 };
    struct engine *c;

    talk_check(jid_parse(&a, STR(BOB), &config.jid) == ERR_NONE);
    c = engine_new(&config);
    arena_deinit(&a);
    load_rows(rows, c);
    engine_start(c, TALK_BEGIN_MS);
    return c;
}

void talk_log_in(struct engine *c)
{
    static const char header[] = "<stream:stream xmlns='jabber:client' id='1' version='1.0' "
                                 "xmlns:stream='http://etherx.jabber.org/streams'>";
    struct stream_event e;

    engine_connected(c, true, (struct binding_data){ 0 });
    line_feed(&c->line, str_from(header));
    talk_check(stream_next(&c->line.stream, &e) && e.kind == STREAM_OPENED);
    arena_deinit(&e.arena);
    c->line.state = LINE_ONLINE;
    c->line.sm = true;
    online_event(c, &(struct line_event){ .kind = LINE_UP });
    engine_end_round(c);
}

void talk_copy(const struct book *from, struct book *to)
{
    static const uint64_t seed[2];
    struct bytes key, value;

    book_init(to, seed);
    for (int t = 1; t < BOOK_TABLES; t++)
        for (size_t at = 0; book_next(from, (enum book_table)t, &at, &key, &value);)
            book_load(to, (enum book_table)t, key, value);
}

void talk_apply(struct book *durable, const struct book_changes *changes)
{
    for (const struct book_change *i = changes->first; i != NULL; i = i->next)
        if (i->deleted)
            book_delete(durable, i->table, i->key);
        else if (i->table != BOOK_TIMELINE)
            book_load(durable, i->table, i->key, i->value);
}

void talk_store(struct book *out)
{
    static const uint64_t seed[2];
    const struct book_changes *changes;
    uint64_t dice = 1;
    struct random random = talk_random(&dice);
    struct engine *c;

    book_init(out, seed);
    c = talk_engine(&random, out);
    while ((changes = engine_commit(c)) != NULL) {
        talk_apply(out, changes);
        engine_committed(c, true);
    }
    engine_free(c);
}

/* ---- Others ---------------------------------------------------------------------------------------- */

void talk_begin(struct talker *t, struct engine *bob, const struct random *random)
{
    struct arena a = { 0 };
    struct bundle b = keys_bundle(bob, &a, OMEMO_2);
    struct session_end end;

    identity_make(&t->self, random);
    remote_init(&t->bob, OMEMO_2);
    talk_check(remote_start(&t->bob, &t->self, &b, random, &end) == ERR_NONE);
    arena_deinit(&a);
}

void talk_seal(struct talker *t, struct arena *a, uint32_t to, struct bytes plain,
               const struct random *random, struct encrypted *out)
{
    struct encrypted_key *key = ARENA_NEW(a, struct encrypted_key);
    struct codec_out octets;
    struct payload p;

    payload_seal(OMEMO_2, a, random, plain, &p);
    talk_check(remote_encrypt(&t->bob, 0, &t->self, bytes_of(p.key, p.key_n), &octets) == ERR_NONE);
    *key = (struct encrypted_key){ .jid = STR(BOB),
                                   .rid = to,
                                   .is_exchange = octets.is_exchange,
                                   .octets = arena_bytes(a, bytes_of(octets.octets, octets.n)) };
    *out = (struct encrypted){ .version = OMEMO_2, .sid = t->device, .keys = key, .count = 1 };
    out->has_payload = true;
    out->payload = p.sealed;
}

void talk_write(struct talker *t, uint32_t to, struct bytes plain, const struct random *random,
                struct buf *out)
{
    struct arena a = { 0 };
    struct encrypted e;
    struct xml_node *m;
    struct jid bob;

    talk_seal(t, &a, to, plain, random, &e);
    talk_check(jid_parse(&a, STR(BOB), &bob) == ERR_NONE);
    m = seal_wrap(&a, &bob, STR("m"), OMEMO_2, encrypted_write(&a, &e));
    xml_set(&a, m, STR("from"), arena_printf(&a, "%s/x", t->jid));
    xml_write(out, m, STR_NONE);
    arena_deinit(&a);
}
