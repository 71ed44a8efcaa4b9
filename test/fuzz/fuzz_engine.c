/* fuzz_engine.c: bytes of a hostile server into a logged-in engine that has a session with Alice and a message for her in its outbox.
 * Octet 0 stands for a pause: what is to be stored is durable, output leaves, time passes.
 *
 * Whatever comes: the words of the message never leave in clear, nothing but the store is ever asked for, and what was stored is a store
 * that an engine can begin with again. With FUZZ_ENGINE_SEED=FILE the session's next message is written there, for the corpus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/chat.h"
#include "omemo/sce.h"
#include "test/fuzz/talk.h"

#define WORDS "the meeting is at nine"

enum { STEP_MS = 1000, ALICE_DEVICE = 31 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct book store; /* what Bob's engine begins with */
static const uint64_t map_seed[2];

/* One round of everything but input. */
static void pause_for(struct engine *c, struct book *durable)
{
    const struct book_changes *changes;
    struct engine_event e;
    struct str out;
    uint64_t wake;

    while ((changes = engine_commit(c)) != NULL) {
        talk_apply(durable, changes);
        engine_committed(c, true);
    }
    while (engine_event(c, &e)) {
    }
    out = engine_output(c);
    talk_check(out.n == 0 || memmem(out.p, out.n, WORDS, strlen(WORDS)) == NULL);
    engine_sent(c, out.n);
    (void)engine_wants(c, &wake);
    engine_now(c, c->now_ms + STEP_MS);
}

/* Alice's next message. */
static void write_message(struct talker *from, const struct engine *to, struct buf *out)
{
    struct arena a = { 0 };
    struct sce s = { .content = sce_content(&a), .from = STR(ALICE), .to = STR(BOB) };

    xml_add_text_child(&a, s.content, STR("jabber:client"), STR("body"), STR("hello"));
    buf_cut(out, 0);
    talk_write(from, to->identity->device_id, sce_write(&a, &to->random, &s), &to->random, out);
    arena_deinit(&a);
}

static void keep_seed(struct str message)
{
    const char *path = getenv("FUZZ_ENGINE_SEED");
    FILE *f = path != NULL ? fopen(path, "wb") : NULL;

    if (f == NULL)
        return;
    fwrite(message.p, 1, message.n, f);
    fclose(f);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char published[] = "<iq xmlns='jabber:client' type='result' id='q3'/>"
                                    "<iq xmlns='jabber:client' type='result' id='q4'/>";
    uint64_t dice = 1;
    struct random random = talk_random(&dice);
    struct talker alice = { .jid = ALICE, .device = ALICE_DEVICE };
    struct book nothing;
    struct engine *c;
    struct buf message;

    (void)argc, (void)argv;
    book_init(&store, map_seed);
    book_init(&nothing, map_seed);
    c = talk_engine(&random, &nothing);
    talk_log_in(c);
    pause_for(c, &store);
    engine_received(c, str_from(published));
    talk_begin(&alice, c, &random);
    buf_init(&message, TALK_XML_MAX);
    write_message(&alice, c, &message);
    engine_received(c, buf_str(&message));
    pause_for(c, &store);
    talk_check(book_count(&store, BOOK_REMOTE) == 1);
    write_message(&alice, c, &message);
    keep_seed(buf_str(&message));
    buf_deinit(&message);
    engine_free(c);
    book_deinit(&nothing);
    return 0;
}

/* ---- One input ------------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint64_t dice = 2;
    struct random random = talk_random(&dice);
    struct engine *c = talk_engine(&random, &store);
    struct arena a = { 0 };
    struct book durable;
    struct jid alice;
    struct str id;

    talk_log_in(c);
    talk_copy(&store, &durable);
    talk_check(jid_parse(&a, STR(ALICE), &alice) == ERR_NONE);
    talk_check(engine_send_text(c, &a, &alice, STR(WORDS), &id) == ERR_NONE);
    for (size_t from = 0, to; from < n; from = to + 1) {
        for (to = from; to < n && data[to] != 0;)
            to++;
        engine_received(c, str_of_bytes(bytes_of(data + from, to - from)));
        pause_for(c, &durable);
    }
    pause_for(c, &durable);
    engine_free(c);
    engine_free(talk_engine(&random, &durable));
    book_deinit(&durable);
    arena_deinit(&a);
    return 0;
}
