/* test_engine.c: people with our engine on the server's engine, end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "client/record.h"
#include "test/client/trio.h"
#include "xmpp/ns.h"
#include "xmpp/sasl.h"

static void start(struct trio *s, struct handset *h)
{
    handset_start(h);
    trio_run(s);
    assert_int_equal(h->seen[ENGINE_ONLINE], 1);
    assert_int_equal(h->seen[ENGINE_CAUGHT_UP], 1);
    h->seen[ENGINE_ONLINE] = h->seen[ENGINE_CAUGHT_UP] = 0;
}

static void talk(void **state)
{
    struct trio *s = *state;
    const struct entry *e;

    start(s, &s->alice);
    start(s, &s->bob);
    handset_write(&s->alice, "bob@sotto.test", "hello");
    trio_run(s);
    assert_int_equal(handset_count(&s->bob, "hello", false), 1);
    e = handset_last(&s->bob, ENTRY_MESSAGE);
    assert_int_equal(e->encryption, ENCRYPTION_OMEMO_2);
    assert_true(str_is(e->author, "alice@sotto.test") && str_is(e->chat, "alice@sotto.test"));
    assert_non_null(handset_last(&s->alice, ENTRY_SENT));
    assert_non_null(handset_last(&s->alice, ENTRY_DELIVERED));
    handset_write(&s->bob, "alice@sotto.test", "hello yourself");
    trio_run(s);
    assert_int_equal(handset_count(&s->alice, "hello yourself", false), 1);
}

static void reads_what_came_meanwhile(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    handset_write(&s->alice, "bob@sotto.test", "one");
    trio_run(s);
    handset_crash(&s->bob);
    for (int i = 0; i < 250; i++) { /* more than two pages */
        handset_write(&s->alice, "bob@sotto.test", "more");
        trio_run(s);
    }
    start(s, &s->bob);
    assert_int_equal(handset_count(&s->bob, "one", false), 1);
    assert_int_equal(handset_count(&s->bob, "more", false), 250);
    assert_null(handset_last(&s->bob, ENTRY_SEALED));
}

/* Many at once pass through buffers that are smaller; servers end sessions that acknowledge nothing for long. */
static void writes_and_reads_very_much(void **state)
{
    enum { BURSTS = 10, BURST = 150, A_WHILE_MS = 20 * 1000 };
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    handset_write(&s->alice, "bob@sotto.test", "one");
    trio_run(s);
    handset_crash(&s->bob);
    s->alice.seen[ENGINE_OFFLINE] = s->bob.seen[ENGINE_OFFLINE] = 0;
    for (int i = 0; i < BURSTS; i++) {
        for (int n = 0; n < BURST; n++)
            handset_write(&s->alice, "bob@sotto.test", "more");
        trio_run(s);
        world_advance(s->world, A_WHILE_MS); /* the server allows 600 in a minute */
        s->alice.now_ms = s->bob.now_ms += A_WHILE_MS;
    }
    start(s, &s->bob); /* at once: its answers to all of this are few */
    assert_int_equal(handset_count(&s->bob, "more", false), BURSTS * BURST);
    assert_int_equal(s->alice.seen[ENGINE_OFFLINE], 0);
    assert_int_equal(s->bob.seen[ENGINE_OFFLINE], 0);
    assert_null(handset_last(&s->bob, ENTRY_SEALED));
}

/* A store that is slow gets all that came meanwhile in one piece, each row once. */
static void stores_much_at_once(void **state)
{
    struct trio *s = *state;
    unsigned before;

    start(s, &s->alice);
    start(s, &s->bob);
    handset_write(&s->alice, "bob@sotto.test", "one");
    trio_run(s);
    s->bob.hold_commits = true;
    for (int i = 0; i < 20; i++) {
        handset_write(&s->alice, "bob@sotto.test", "more");
        trio_run(s);
    }
    assert_int_equal(handset_count(&s->bob, "more", false), 0);
    before = s->bob.commits;
    s->bob.hold_commits = false;
    trio_run(s);
    assert_int_equal(handset_count(&s->bob, "more", false), 20);
    assert_in_range(s->bob.commits - before, 1, 3);
}

static void other_devices_see_it(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    start(s, &s->alice2);
    handset_write(&s->alice, "bob@sotto.test", "from the first");
    trio_run(s);
    assert_int_equal(handset_count(&s->alice2, "from the first", true), 1);
    handset_write(&s->bob, "alice@sotto.test", "for both");
    trio_run(s);
    assert_int_equal(handset_count(&s->alice, "for both", false), 1);
    assert_int_equal(handset_count(&s->alice2, "for both", false), 1);
    handset_write(&s->alice2, "bob@sotto.test", "from the second");
    trio_run(s);
    assert_int_equal(handset_count(&s->alice, "from the second", true), 1);
    assert_int_equal(handset_count(&s->bob, "from the second", false), 1);
}

/* What Alice's first device says, once it is stored. */
static struct str said(struct trio *s)
{
    struct engine *c = s->alice.engine;
    struct str out;

    while (engine_commit(c) != NULL)
        engine_committed(c, true);
    out = arena_str(&s->arena, engine_output(c));
    engine_sent(c, out.n);
    return out;
}

static struct str heard(struct trio *s, const char *text)
{
    engine_received(s->alice.engine, str_from(text));
    return said(s);
}

static const char *ht_success(struct trio *s)
{
    uint8_t proof[HT_PROOF_OCTETS];
    struct str b64;

    sasl_ht_proof(STR("a token"), HT_RESPONDER, (struct bytes){ 0 }, proof);
    b64 = base64_text(&s->arena, bytes_of(proof, sizeof proof));
    return arena_printf(&s->arena,
                        "<success xmlns='urn:xmpp:sasl:2'><additional-data>%.*s</additional-data>"
                        "<authorization-identifier>alice@sotto.test</authorization-identifier>"
                        "</success>%c",
                        STR_ARG(b64), '\0')
        .p;
}

/* Behind the end if it is not there. */
static size_t place_of(struct str text, const char *part)
{
    struct str wanted = str_from(part);
    size_t at = 0;

    while (at < text.n && !str_eq(str_slice(text, at, wanted.n), wanted))
        at++;
    return at;
}

/* XEP-0280 §4: a server without Bind 2 is asked for copies as before, and first of all. */
static void asks_for_copies(void **state)
{
    struct trio *s = *state;
    struct str out;

    book_load(&s->alice.store, BOOK_SELF, bytes_of_str(STR("token")), bytes_of_str(STR("a token")));
    book_load(&s->alice.store, BOOK_SELF, bytes_of_str(STR("token-name")),
              bytes_of_str(STR("HT-SHA-256-NONE")));
    handset_start(&s->alice);
    engine_connected(s->alice.engine, true, (struct binding_data){ 0 });
    (void)heard(s, "<stream:stream xmlns='jabber:client' from='sotto.test' id='1' version='1.0' "
                   "xmlns:stream='http://etherx.jabber.org/streams'><stream:features>"
                   "<authentication xmlns='urn:xmpp:sasl:2'><inline><fast xmlns='urn:xmpp:fast:0'>"
                   "<mechanism>HT-SHA-256-NONE</mechanism></fast></inline></authentication>"
                   "</stream:features>");
    (void)heard(s, ht_success(s));
    (void)heard(s, "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
                   "</stream:features>");
    out = heard(s, "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                   "<jid>alice@sotto.test/x</jid></bind></iq>");
    assert_true(place_of(out, NS_CARBONS) < place_of(out, NS_ROSTER));
}

/* The server does not know the last message any more: its backup was restored, or it was too old to be kept. What came since is read, and
 * what is known does not come twice. */
static void finds_its_place_again(void **state)
{
    const struct bytes cursor = bytes_of_str(STR("archive"));
    const struct bytes time = bytes_of_str(STR("archive time"));
    struct trio *s = *state;

    for (int knows_time = 0; knows_time < 2; knows_time++) {
        start(s, &s->alice);
        start(s, &s->bob);
        for (int i = 0; i < 70; i++) { /* so that the cursor moves on */
            handset_write(&s->alice, "bob@sotto.test", "before");
            trio_run(s);
        }
        handset_crash(&s->bob);
        handset_write(&s->alice, "bob@sotto.test", "meanwhile");
        trio_run(s);
        assert_true(book_get(&s->bob.store, BOOK_SELF, cursor).n > 0);
        book_load(&s->bob.store, BOOK_SELF, cursor, bytes_of_str(STR("aaaaaaaaaaaaaaaaaaaa")));
        if (!knows_time)
            book_load(&s->bob.store, BOOK_SELF, time, bytes_of_str(STR("?")));
        start(s, &s->bob);
        assert_int_equal(handset_count(&s->bob, "before", false), 70 * (knows_time + 1));
        assert_int_equal(handset_count(&s->bob, "meanwhile", false), knows_time + 1);
        assert_null(handset_last(&s->bob, ENTRY_SEALED));
        handset_crash(&s->alice);
        handset_crash(&s->bob);
    }
}

/* What was written is sent after the program comes back, once. */
static void outbox_survives(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    handset_cut(&s->alice);
    handset_write(&s->alice, "bob@sotto.test", "written on a train");
    while (handset_turn(&s->alice)) {
    }
    handset_crash(&s->alice);
    assert_int_equal(handset_count(&s->bob, "written on a train", false), 0);
    start(s, &s->alice);
    assert_int_equal(handset_count(&s->bob, "written on a train", false), 1);
    assert_int_equal(handset_count(&s->alice, "written on a train", true), 1);
}

/* A job as stores had it when messages were nothing but text. */
static void old_jobs_leave(void **state)
{
    struct trio *s = *state;
    struct buf record;
    uint8_t number[8];

    start(s, &s->bob);
    buf_init(&record, 4096);
    record_u64(&record, 1700000000000);
    record_text(&record, STR("bob@sotto.test"));
    record_text(&record, STR("an-old-id"));
    record_text(&record, STR("written long ago"));
    record_u8(&record, 0);
    record_text(&record, STR_NONE);
    record_text(&record, STR_NONE);
    record_put_u64(number, 7);
    book_load(&s->alice.store, BOOK_OUTBOX, bytes_of(number, sizeof number), buf_bytes(&record));
    buf_deinit(&record);
    start(s, &s->alice);
    assert_int_equal(handset_count(&s->bob, "written long ago", false), 1);
    assert_true(str_is(handset_last(&s->bob, ENTRY_MESSAGE)->id, "an-old-id"));
    assert_true(str_is(handset_last(&s->alice, ENTRY_SENT)->target, "an-old-id"));
    assert_int_equal(book_count(&s->alice.store, BOOK_OUTBOX), 0);
}

/* What is written in many signs that XML escapes could not be sealed: it is refused before it is stored. */
static void refuses_what_is_too_big(void **state)
{
    struct trio *s = *state;
    struct arena a = { 0 };
    char *text = arena_alloc(&a, 64 * 1024 + 1);
    struct jid bob;
    struct str id;

    start(s, &s->alice);
    assert_int_equal(jid_parse(&a, STR("bob@sotto.test"), &bob), ERR_NONE);
    memset(text, '&', 64 * 1024 + 1);
    assert_int_equal(
        engine_send_text(s->alice.engine, &a, &bob, (struct str){ text, 64 * 1024 }, &id),
        ERR_TOO_BIG);
    memset(text, 'a', 64 * 1024 + 1);
    assert_int_equal(
        engine_send_text(s->alice.engine, &a, &bob, (struct str){ text, 64 * 1024 + 1 }, &id),
        ERR_TOO_BIG);
    assert_int_equal(book_count(&s->alice.store, BOOK_OUTBOX), 0);
    assert_int_equal(
        engine_send_text(s->alice.engine, &a, &bob, (struct str){ text, 64 * 1024 }, &id),
        ERR_NONE);
    arena_deinit(&a);
}

/* Nothing leaves, and nothing is shown, before what it rests on is durable. */
static void waits_for_the_store(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->bob);
    s->alice.hold_commits = true;
    handset_write(&s->alice, "bob@sotto.test", "not stored yet");
    trio_run(s);
    assert_int_equal(handset_count(&s->bob, "not stored yet", false), 0);
    assert_int_equal(s->alice.shown_count, 0);
    s->alice.hold_commits = false;
    trio_run(s);
    assert_int_equal(handset_count(&s->bob, "not stored yet", false), 1);

    s->bob.hold_commits = true;
    handset_write(&s->alice, "bob@sotto.test", "not received yet");
    trio_run(s);
    handset_crash(&s->bob); /* it knows nothing of the message, so the server must not think so */
    s->bob.hold_commits = false;
    start(s, &s->bob);
    assert_int_equal(handset_count(&s->bob, "not received yet", false), 1);
}

static struct str fingerprint_of(struct trio *s, struct handset *h, struct arena *a)
{
    uint32_t device;

    (void)s;
    return engine_fingerprint(h->engine, a, &device);
}

/* Who compared a key once wants to know of new ones before he writes to them. */
static void asks_after_verification(void **state)
{
    struct trio *s = *state;
    struct arena a = { 0 };

    start(s, &s->alice);
    start(s, &s->bob);
    handset_write(&s->bob, "alice@sotto.test", "hello");
    trio_run(s);
    assert_int_equal(s->bob.seen[ENGINE_DEVICE], 1);
    assert_int_equal(engine_decide(s->bob.engine, STR("alice@sotto.test"),
                                   fingerprint_of(s, &s->alice, &a), TRUST_VERIFY),
                     ERR_NONE);
    start(s, &s->alice2);
    handset_write(&s->bob, "alice@sotto.test", "is that you?");
    trio_run(s);
    assert_int_equal(s->bob.seen[ENGINE_DEVICE], 2);
    assert_true(handset_last(&s->bob, ENTRY_DEVICE)->trust == ENTRY_TRUST_UNDECIDED);
    assert_true(
        str_eq(handset_last(&s->bob, ENTRY_DEVICE)->text, fingerprint_of(s, &s->alice2, &a)));
    assert_int_equal(handset_count(&s->alice, "is that you?", false), 0);
    assert_int_equal(
        engine_decide(s->bob.engine, STR("alice@sotto.test"), STR("no fingerprint"), TRUST_APPROVE),
        ERR_MALFORMED);
    assert_int_equal(engine_decide(s->bob.engine, STR("alice@sotto.test"),
                                   fingerprint_of(s, &s->alice2, &a), TRUST_APPROVE),
                     ERR_NONE);
    trio_run(s);
    assert_int_equal(handset_count(&s->alice, "is that you?", false), 1);
    assert_int_equal(handset_count(&s->alice2, "is that you?", false), 1);
    arena_deinit(&a);
}

static void leaves_out_distrusted_devices(void **state)
{
    struct trio *s = *state;
    struct arena a = { 0 };

    start(s, &s->alice);
    start(s, &s->alice2);
    start(s, &s->bob);
    handset_write(&s->bob, "alice@sotto.test", "for both");
    trio_run(s);
    assert_int_equal(engine_decide(s->bob.engine, STR("alice@sotto.test"),
                                   fingerprint_of(s, &s->alice2, &a), TRUST_DISTRUST),
                     ERR_NONE);
    handset_write(&s->bob, "alice@sotto.test", "for one");
    trio_run(s);
    assert_int_equal(handset_count(&s->alice, "for one", false), 1);
    assert_int_equal(handset_count(&s->alice2, "for both", false), 1);
    assert_int_equal(handset_count(&s->alice2, "for one", false), 0);
    arena_deinit(&a);
}

/* A new device of ours asks the others of our own account in the same way, and is told to them. */
static void tells_of_new_devices(void **state)
{
    struct trio *s = *state;

    start(s, &s->alice);
    start(s, &s->alice2);
    start(s, &s->bob);
    handset_write(&s->alice, "bob@sotto.test", "hello");
    trio_run(s);
    assert_int_equal(s->alice.seen[ENGINE_DEVICE], 2);
    assert_non_null(handset_last(&s->bob, ENTRY_DEVICE));
    assert_true(handset_last(&s->bob, ENTRY_DEVICE)->trust == ENTRY_TRUST_TRUSTED);
    assert_true(handset_last(&s->bob, ENTRY_MESSAGE)->trust == ENTRY_TRUST_TRUSTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(talk, trio_set_up_contacts, trio_tear_down),
        cmocka_unit_test_setup_teardown(reads_what_came_meanwhile, trio_set_up_contacts,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(writes_and_reads_very_much, trio_set_up_contacts,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(stores_much_at_once, trio_set_up_contacts, trio_tear_down),
        cmocka_unit_test_setup_teardown(other_devices_see_it, trio_set_up_contacts, trio_tear_down),
        cmocka_unit_test_setup_teardown(asks_for_copies, trio_set_up_contacts, trio_tear_down),
        cmocka_unit_test_setup_teardown(finds_its_place_again, trio_set_up_contacts,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(outbox_survives, trio_set_up_contacts, trio_tear_down),
        cmocka_unit_test_setup_teardown(old_jobs_leave, trio_set_up_contacts, trio_tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_too_big, trio_set_up_contacts,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(waits_for_the_store, trio_set_up_contacts, trio_tear_down),
        cmocka_unit_test_setup_teardown(asks_after_verification, trio_set_up_contacts,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(leaves_out_distrusted_devices, trio_set_up_contacts,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(tells_of_new_devices, trio_set_up_contacts, trio_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
