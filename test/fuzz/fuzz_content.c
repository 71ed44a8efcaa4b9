/* fuzz_content.c: what somebody who has a session with us puts behind a valid MAC: envelopes, messages and what is said about them,
 * trust messages, fingerprints of calls. The input is pieces, each ended by octet 0; the first octet of a piece says who sealed it (bit 0:
 * another device of ours instead of Alice's, both compared), whether its envelope is a good one around the rest (bit 1), and whether it
 * stands for a fingerprint in a call with Alice (bit 2).
 *
 * Whatever is in it: what is kept is from who sealed it; only ours decide about keys of others; nothing of Bob's leaves in clear; a
 * fingerprint counts for nothing but the call that it was bound to; and the store is one that an engine can begin with again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "client/call_inside.h"
#include "client/chat.h"
#include "client/history.h"
#include "client/trust_book.h"
#include "crypto/curve.h"
#include "omemo/sce.h"
#include "test/fuzz/talk.h"
#include "xml/parser.h"
#include "xmpp/ns.h"

#define CAROL "carol@sotto.test"
#define WORDS "the meeting is at nine"

enum { OURS = 1, ENVELOPED = 2, OF_A_CALL = 4, PIECES_MAX = 8, STEP_MS = 1000 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct book store; /* what Bob's engine begins with */
static struct talker talkers[2] = { { .jid = ALICE, .device = 31 }, { .jid = BOB, .device = 32 } };
static const uint64_t map_seed[2];
static const uint8_t history[HISTORY_KEY] = { 5 }; /* of what the other device is to give */

/* ---- What must hold -------------------------------------------------------------------------------- */

static void check_entries(const struct book_changes *changes, const struct talker *by)
{
    for (const struct book_change *i = changes->first; i != NULL; i = i->next) {
        struct entry e;

        if (i->table != BOOK_TIMELINE || i->deleted)
            continue;
        talk_check(entry_read(i->value, &e) == ERR_NONE);
        if (str_is(e.text, WORDS) || e.device == 0 || e.kind == ENTRY_SENT
            || e.kind == ENTRY_DEVICE)
            continue; /* Bob's own, what became of it, and whose keys he has met */
        talk_check(str_is(e.author, by->jid) && e.outgoing == str_is(e.author, BOB));
        talk_check(e.encryption == ENCRYPTION_OMEMO_2);
    }
}

static void check_output(struct engine *c)
{
    struct str out = engine_output(c);

    talk_check(out.n == 0 || memmem(out.p, out.n, WORDS, strlen(WORDS)) == NULL);
    engine_sent(c, out.n);
}

static void pause_for(struct engine *c, struct book *durable, const struct talker *by)
{
    const struct book_changes *changes;
    struct engine_event e;
    uint64_t wake;

    while ((changes = engine_commit(c)) != NULL) {
        check_entries(changes, by);
        talk_apply(durable, changes);
        engine_committed(c, true);
    }
    while (engine_event(c, &e)) {
    }
    check_output(c);
    (void)engine_wants(c, &wake);
    engine_now(c, c->now_ms + STEP_MS);
}

static enum trust trust_in(const struct engine *c, const char *account)
{
    struct engine_key_info k;

    for (size_t at = 0; engine_next_key(c, &at, &k);)
        if (str_is(k.account, account))
            return k.trust;
    abort();
}

/* ---- Beginning ------------------------------------------------------------------------------------- */

static struct bytes envelope(struct arena *a, const struct engine *bob, const struct talker *t,
                             struct str content)
{
    static const struct xml_limits limits = { 65536, 16, 32, 4096 };
    struct sce s = { .content = sce_content(a),
                     .from = str_from(t->jid),
                     .to = STR(BOB),
                     .has_time = true,
                     .time_ms = bob->now_ms };
    struct str whole =
        arena_printf(a, "<content xmlns='" NS_SCE "'>%.*s</content>", STR_ARG(content));
    struct xml_node *node;

    if (xml_parse_document(a, whole, &limits, &node) == ERR_NONE)
        s.content = node;
    return sce_write(a, &bob->random, &s);
}

static void say(struct engine *c, struct talker *t, struct bytes plain)
{
    struct buf message;

    buf_init(&message, TALK_XML_MAX);
    talk_write(t, c->identity->device_id, plain, &c->random, &message);
    engine_received(c, buf_str(&message));
    buf_deinit(&message);
}

static void compare(struct engine *c, const char *account)
{
    struct engine_key_info k;
    struct arena a = { 0 };

    for (size_t at = 0; engine_next_key(c, &at, &k);)
        if (str_is(k.account, account)) {
            struct str digits = hex_text(&a, bytes_of(k.curve, OMEMO_KEY));

            talk_check(engine_decide(c, str_from(account), digits, TRUST_VERIFY) == ERR_NONE);
            break;
        }
    arena_deinit(&a);
}

static void meet_carol(struct engine *c)
{
    struct identity_key key = { .has_ed = false };

    memset(key.curve, 9, sizeof key.curve);
    trust_met(c, STR(CAROL), 33, &key);
    engine_end_round(c);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    uint64_t dice = 1;
    struct random random = talk_random(&dice);
    struct book nothing;
    struct engine *c;

    (void)argc, (void)argv;
    book_init(&store, map_seed);
    book_init(&nothing, map_seed);
    c = talk_engine(&random, &nothing);
    talk_log_in(c);
    pause_for(c, &store, &talkers[0]);
    for (size_t i = 0; i < COUNT_OF(talkers); i++) {
        struct arena a = { 0 };

        talk_begin(&talkers[i], c, &random);
        say(c, &talkers[i],
            envelope(&a, c, &talkers[i], STR("<body xmlns='jabber:client'>a</body>")));
        pause_for(c, &store, &talkers[i]);
        compare(c, talkers[i].jid);
        arena_deinit(&a);
    }
    meet_carol(c);
    history_expect(c, talkers[1].device, history);
    engine_end_round(c);
    pause_for(c, &store, &talkers[0]);
    talk_check(book_count(&store, BOOK_REMOTE) == COUNT_OF(talkers));
    talk_check(trust_in(c, ALICE) == TRUST_VERIFIED && trust_in(c, BOB) == TRUST_VERIFIED);
    engine_free(c);
    book_deinit(&nothing);
    return 0;
}

/* ---- One input ------------------------------------------------------------------------------------- */

/* A fingerprint that was made for nothing in particular does not come out of it: its binding has the call's id in a hash. */
static void fingerprint(struct engine *c, struct talker *t, struct bytes plain)
{
    struct call call = { .id = STR("call"), .side = CALL_CALLER, .version = OMEMO_2 };
    struct jingle j = { .content_count = 1 };
    struct jingle_fingerprint *f = &j.contents[0].transport.fingerprint;
    struct encrypted sealed;
    struct arena a = { 0 };
    struct str why = STR_NONE;

    call.peer = str_from(t->jid);
    talk_check(jid_parse(&a, call.peer, &call.bare) == ERR_NONE);
    talk_check(jid_parse(&a, arena_printf(&a, "%s/x", t->jid), &call.far) == ERR_NONE);
    *f = (struct jingle_fingerprint){ .hash = STR("sha-256"), .is_sealed = true };
    talk_seal(t, &a, c->identity->device_id, plain, &c->random, &sealed);
    talk_check(encrypted_read(&a, encrypted_write(&a, &sealed), &f->sealed) == ERR_NONE);
    talk_check(call_open_all(c, &call, &j, &why) == CALL_SEAL_FAILS && why.n > 0);
    engine_end_round(c);
    arena_deinit(&call.arena);
    arena_deinit(&a);
}

static void piece(struct engine *c, struct book *durable, struct talker by[2], struct bytes in)
{
    uint8_t how = in.p[0];
    struct talker *t = &by[how & OURS];
    struct arena a = { 0 };
    struct bytes plain = bytes_of(in.p + 1, in.n - 1);
    enum trust carol = trust_in(c, CAROL), ours = trust_in(c, BOB);

    if ((how & ENVELOPED) != 0)
        plain = envelope(&a, c, t, str_of_bytes(plain));
    if ((how & OF_A_CALL) != 0)
        fingerprint(c, t, plain);
    else
        say(c, t, plain);
    pause_for(c, durable, t);
    talk_check((how & OURS) != 0 || (trust_in(c, CAROL) == carol && trust_in(c, BOB) == ours));
    arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    uint64_t dice = 2;
    struct random random = talk_random(&dice);
    struct engine *c = talk_engine(&random, &store);
    struct talker by[2] = { talkers[0], talkers[1] };
    struct arena a = { 0 };
    struct book durable;
    struct jid alice;
    struct str id;
    size_t pieces = 0;

    calls_enable(c);
    talk_log_in(c);
    talk_copy(&store, &durable);
    talk_check(jid_parse(&a, STR(ALICE), &alice) == ERR_NONE);
    talk_check(engine_send_text(c, &a, &alice, STR(WORDS), &id) == ERR_NONE);
    pause_for(c, &durable, &by[0]);
    for (size_t from = 0, to; from < n && pieces < PIECES_MAX; from = to + 1, pieces++) {
        for (to = from; to < n && data[to] != 0;)
            to++;
        if (to > from)
            piece(c, &durable, by, bytes_of(data + from, to - from));
    }
    engine_free(c);
    engine_free(talk_engine(&random, &durable));
    book_deinit(&durable);
    arena_deinit(&a);
    return 0;
}
