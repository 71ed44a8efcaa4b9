/* test_calls.c: calls between Bob's device and Alice's two, as a server with a gate carries them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/engine_inside.h"
#include "client/timeline.h"
#include "jingle/sdp.h"
#include "test/client/exchange.h"
#include "test/client/telephone.h"
#include "xmpp/ns.h"

/* ---- What happens ----------------------------------------------------------------------------------- */

/* Both talk, and each media process has got the other's fingerprint and the anchor's address, nothing else. */
static void talked(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    struct str id = telephone_ring(x, JINGLE_AUDIO);
    struct call_info info;

    assert_int_equal(exchange_count(bob, CALL_RINGS_THERE), 1);
    assert_int_equal(exchange_count(&x->trio->alice2, CALL_COMES), 1);
    assert_int_equal(exchange_count(alice, CALL_IS_ANSWERED), 0);
    telephone_answer(x, alice, id);
    assert_int_equal(exchange_count(bob, CALL_IS_ANSWERED), 1);
    assert_int_equal(exchange_count(&x->trio->alice2, CALL_IS_OVER), 1);
    telephone_describe(x, bob, id, OFFER(DIGEST_OF_CALLER, ""));
    assert_true(telephone_heard(alice, DIGEST_OF_CALLER));
    assert_true(telephone_heard(alice, ANCHOR_IP));
    telephone_describe(x, alice, id, ANSWER(DIGEST_OF_CALLEE, ""));
    assert_true(telephone_heard(bob, DIGEST_OF_CALLEE));
    assert_true(telephone_heard(bob, "a=setup:active"));

    assert_int_equal(call_connected(bob->engine, id), ERR_NONE);
    assert_int_equal(call_connected(alice->engine, id), ERR_NONE);
    assert_true(call_find(bob->engine, id, &info) && info.phase == CALL_ACTIVE
                && info.trust == ENTRY_TRUST_TRUSTED && info.side == CALL_CALLER);
    assert_true(call_find(alice->engine, id, &info) && info.trust == ENTRY_TRUST_TRUSTED);
    exchange_advance(x, 63 * 1000);
    telephone_end(x, alice, id);
    assert_false(call_find(bob->engine, id, &info));
    assert_int_equal(x->refused, 0);
    for (size_t i = 0; i < bob->entry_count; i++) /* that it rang is no message */
        assert_false(str_starts(bob->entries[i].target, STR("jm-")));
    assert_string_equal(telephone_record(alice), "talked audio 63");
    assert_string_equal(telephone_record(bob), "talked audio 63");
    assert_null(telephone_record(&x->trio->alice2));
}

/* Who compared keys is told so. */
static void verified(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    struct call_info info;
    struct str id;

    telephone_verify(x, alice, bob);
    telephone_verify(x, bob, alice);
    id = telephone_talk(x, JINGLE_AUDIO | JINGLE_VIDEO);
    assert_true(call_find(bob->engine, id, &info) && info.trust == ENTRY_TRUST_VERIFIED);
    assert_true(call_find(alice->engine, id, &info) && info.trust == ENTRY_TRUST_VERIFIED);
    assert_int_equal(info.media, JINGLE_AUDIO | JINGLE_VIDEO);
}

/* For devices of other programs: their version, in which nothing but the fingerprint can be sealed. */
static void older_version(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    struct call_info info;
    struct call *call;
    struct str id;

    telephone_forget_version(x, bob, "alice@sotto.test", OMEMO_2);
    telephone_forget_version(x, alice, "bob@sotto.test", OMEMO_2);
    id = telephone_talk(x, JINGLE_AUDIO);
    assert_true(call_find(alice->engine, id, &info) && info.trust == ENTRY_TRUST_TRUSTED);
    call = telephone_call(alice, id);
    assert_int_equal(call->version, OMEMO_03);
    assert_true(telephone_heard(alice, DIGEST_OF_CALLER));
}

static void say_no_device(struct exchange *x, struct arena *a, struct xml_node *stanza)
{
    struct xml_node *word = xml_child_ns(stanza, STR(NS_JINGLE_MESSAGE));

    (void)x, (void)a;
    if (word != NULL && str_is(word->name, "proceed"))
        xml_detach(word, xml_child(word, STR(NS_JINGLE_OMEMO_FINGERPRINT), STR("device")));
}

/* Of somebody without any device of OMEMO nothing can be asked: the call is not verified, and that is what it says. */
static void unverified(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    struct call_info info;
    struct str id;

    x->tamper = say_no_device;
    for (int v = 0; v < OMEMO_VERSIONS; v++) {
        telephone_forget_version(x, bob, "alice@sotto.test", (enum omemo)v);
        telephone_forget_version(x, alice, "bob@sotto.test", (enum omemo)v);
    }
    id = telephone_talk(x, JINGLE_AUDIO);
    assert_true(call_find(alice->engine, id, &info) && info.trust == ENTRY_TRUST_NONE);
    assert_true(call_find(bob->engine, id, &info) && info.trust == ENTRY_TRUST_NONE);
}

static const struct {
    const char *name;
    bool by_caller;
    int when; /* 0: it rings, 1: answered, 2: talked */
    const char *caller, *callee;
} ends[] = {
    { "taken back", true, 0, "retracted audio 0", "missed audio 0" },
    { "declined", false, 0, "declined audio 0", "declined audio 0" },
    { "hung up before it began", true, 1, "retracted audio 0", "missed audio 0" },
    { "declined after all", false, 1, "declined audio 0", "retracted audio 0" },
    { "hung up by who called", true, 2, "talked audio 9", "talked audio 9" },
    { "hung up by who answered", false, 2, "talked audio 9", "talked audio 9" },
};

static void ended(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;

    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct str id =
            ends[i].when == 2 ? telephone_talk(x, JINGLE_AUDIO) : telephone_ring(x, JINGLE_AUDIO);
        size_t cursor = 0;
        struct call_info any;

        if (ends[i].when == 1)
            telephone_answer(x, alice, id);
        exchange_advance(x, 9 * 1000);
        telephone_end(x, ends[i].by_caller ? bob : alice, id);
        if (strcmp(telephone_record(bob), ends[i].caller) != 0
            || strcmp(telephone_record(alice), ends[i].callee) != 0)
            fail_msg("%s: %s, %s", ends[i].name, telephone_record(bob), telephone_record(alice));
        assert_false(call_next(alice->engine, &cursor, &any));
        assert_false(call_next(bob->engine, &cursor, &any));
        assert_false(call_next(x->trio->alice2.engine, &cursor, &any));
        assert_int_equal(x->refused, 0);
    }
}

/* Nobody has to do anything for a call to end. */
static void timed_out(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    struct str id = telephone_ring(x, JINGLE_AUDIO);
    uint64_t wake;

    (void)engine_wants(bob->engine, &wake);
    assert_int_equal(wake, bob->now_ms + CALL_RING_MS);
    exchange_advance(x, CALL_RING_MS + CALL_LATE_MS);
    assert_string_equal(telephone_record(bob), "missed audio 0");
    assert_string_equal(telephone_record(alice), "missed audio 0");

    id = telephone_ring(x, JINGLE_AUDIO); /* answered, and their media process says nothing */
    telephone_answer(x, alice, id);
    exchange_advance(x, LEDGER_INITIATE_MS + CALL_LATE_MS);
    assert_string_equal(telephone_record(bob), "failed audio 0");
    assert_string_equal(telephone_record(alice), "failed audio 0");

    id = telephone_ring(x, JINGLE_AUDIO); /* ours does not */
    telephone_answer(x, alice, id);
    telephone_describe(x, bob, id, OFFER(DIGEST_OF_CALLER, ""));
    exchange_advance(x, LEDGER_ANSWER_MS + CALL_LATE_MS);
    assert_string_equal(telephone_record(bob), "failed audio 0");
    assert_string_equal(telephone_record(alice), "failed audio 0");
}

/* ---- Whose turn it is ------------------------------------------------------------------------------- */

static void only_in_order(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    struct arena *a = &x->arena;
    struct jid whom = trio_jid(x->trio, "alice@sotto.test"),
               self = trio_jid(x->trio, "bob@sotto.test"),
               full = trio_jid(x->trio, "alice@sotto.test/phone");
    struct str id, other;

    assert_int_equal(call_begin(bob->engine, a, &self, JINGLE_AUDIO, &id), ERR_MALFORMED);
    assert_int_equal(call_begin(bob->engine, a, &full, JINGLE_AUDIO, &id), ERR_MALFORMED);
    assert_int_equal(call_begin(bob->engine, a, &whom, JINGLE_VIDEO, &id), ERR_MALFORMED);
    assert_int_equal(call_answer(bob->engine, STR("0123456789abcdef")), ERR_MISSING);
    id = telephone_ring(x, JINGLE_AUDIO);
    assert_int_equal(call_begin(bob->engine, a, &whom, JINGLE_AUDIO, &other), ERR_CONFLICT);
    assert_int_equal(call_answer(bob->engine, id), ERR_DENIED);
    assert_int_equal(call_describe(bob->engine, id, STR(OFFER(DIGEST_OF_CALLER, "")), NULL),
                     ERR_DENIED);
    assert_int_equal(call_connected(bob->engine, id), ERR_DENIED);
    telephone_answer(x, alice, id);
    assert_int_equal(call_answer(alice->engine, id), ERR_DENIED);
    assert_int_equal(call_describe(alice->engine, id, STR(ANSWER(DIGEST_OF_CALLEE, "")), NULL),
                     ERR_DENIED);
    assert_int_equal(call_describe(bob->engine, id, STR("v=0\r\n"), NULL), ERR_MALFORMED);
    assert_int_equal(call_describe(bob->engine, id,
                                   STR(OFFER(DIGEST_OF_CALLER, VIDEO_OF(DIGEST_OF_CALLER))), NULL),
                     ERR_MALFORMED); /* nobody agreed to a picture */
    telephone_describe(x, bob, id, OFFER(DIGEST_OF_CALLER, ""));
    assert_int_equal(call_describe(bob->engine, id, STR(OFFER(DIGEST_OF_CALLER, "")), NULL),
                     ERR_DENIED);
}

/* Whoever talks hears that somebody calls, and says nothing of it to anybody by himself. */
static void busy(void **state)
{
    struct exchange *x = *state;
    struct handset *bob = &x->trio->bob;
    struct str id = telephone_talk(x, JINGLE_AUDIO);
    struct arena *a = &x->arena;
    struct xml_node *n = stanza_new(a, STANZA_MESSAGE, "chat", exchange_full(x, &x->trio->alice2),
                                    exchange_full(x, bob), STR("jm-propose"));
    struct call_message m = { .word = CALL_PROPOSE, .id = STR("0123456789abcdef"), .media = 1 };
    struct call_info info;

    call_message_write(a, n, &m);
    exchange_inject(x, bob, n);
    exchange_run(x);
    assert_int_equal(exchange_count(bob, CALL_COMES), 1);
    assert_int_equal(call_answer(bob->engine, m.id), ERR_CONFLICT);
    assert_true(call_find(bob->engine, id, &info) && info.phase == CALL_ACTIVE);
}

/* Both call at once: both ring, and who answers takes his own call back. */
static void at_once(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice;
    struct str id = telephone_ring(x, JINGLE_AUDIO), other;
    struct jid whom = trio_jid(x->trio, "bob@sotto.test");
    struct call_info info;

    assert_int_equal(call_begin(alice->engine, &x->arena, &whom, JINGLE_AUDIO, &other), ERR_NONE);
    assert_int_equal(call_answer(alice->engine, id), ERR_NONE);
    assert_false(call_find(alice->engine, other, &info));
    assert_true(call_find(alice->engine, id, &info) && info.phase == CALL_ACCEPTED);
}

static void hear_tie(struct exchange *x, struct arena *a, struct xml_node *stanza)
{
    struct xml_node *word = xml_child_ns(stanza, STR(NS_JINGLE_MESSAGE));

    (void)x;
    if (word != NULL && str_is(word->name, "reject"))
        xml_add(a, word, STR(NS_JINGLE_MESSAGE), STR("tie-break"));
}

/* A tie that the server has decided is no refusal by anybody. */
static void tie(void **state)
{
    struct exchange *x = *state;
    struct str id = telephone_ring(x, JINGLE_AUDIO);

    x->tamper = hear_tie;
    telephone_end(x, &x->trio->alice, id);
    assert_int_equal(exchange_count(&x->trio->bob, CALL_IS_OVER), 1);
    assert_null(telephone_record(&x->trio->bob));
}

/* Keeps what is carried to add or to remove media. */
static void hear_contents(struct exchange *x, struct arena *a, struct xml_node *stanza)
{
    struct xml_node *n = xml_child(stanza, STR(NS_JINGLE), STR("jingle"));

    (void)a;
    if (n != NULL && str_starts(xml_get(n, STR("action")), STR("content-")))
        x->ctx = xml_copy(&x->arena, n);
}

/* Whoever adds a picture later is told that none comes, by the names that he gave it, and the call goes on. */
static void addition(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    struct str id = telephone_talk(x, JINGLE_AUDIO);
    struct xml_node *iq = stanza_new(&x->arena, STANZA_IQ, "set", exchange_full(x, alice),
                                     exchange_full(x, bob), STR("picture"));
    struct call_info info;
    struct jingle j;
    const char *why;

    assert_int_equal(sdp_read(&x->arena, STR(OFFER(DIGEST_OF_CALLEE, VIDEO_OF(DIGEST_OF_CALLEE))),
                              JINGLE_SESSION_INITIATE, id, &j, &why),
                     ERR_NONE);
    j.action = JINGLE_CONTENT_ADD;
    j.contents[0] = j.contents[1];
    j.contents[0].by_responder = true;
    j.content_count = 1;
    j.has_group = false;
    xml_append(iq, jingle_write(&x->arena, &j));
    x->tamper = hear_contents;
    exchange_inject(x, bob, iq);
    exchange_run(x);

    assert_non_null(x->ctx);
    assert_int_equal(jingle_read(&x->arena, x->ctx, &j, &why), ERR_NONE);
    assert_int_equal(j.action, JINGLE_CONTENT_REJECT);
    assert_true(str_eq(j.sid, id));
    assert_int_equal(j.content_count, 1);
    assert_true(str_is(j.contents[0].name, "video") && j.contents[0].by_responder);
    assert_true(j.contents[0].has_description && j.contents[0].has_transport);
    assert_int_equal(j.contents[0].description.media, JINGLE_VIDEO);
    assert_true(call_find(bob->engine, id, &info) && info.phase == CALL_ACTIVE);
    assert_true(call_find(alice->engine, id, &info) && info.phase == CALL_ACTIVE);
    assert_int_equal(x->refused, 0);
}

/* ---- Connections ------------------------------------------------------------------------------------ */

static void connection_lost(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    struct str id = telephone_talk(x, JINGLE_AUDIO);
    struct call_info info;

    assert_int_equal(call_connected(bob->engine, id), ERR_NONE);
    handset_cut(bob);
    exchange_advance(x, 5000);
    assert_true(call_find(bob->engine, id, &info) && info.phase == CALL_ACTIVE);
    handset_crash(alice); /* her program is gone, and with it the call */
    handset_start(alice);
    exchange_run(x);
    assert_false(call_find(alice->engine, id, &info));
}

/* `h` is told by the server, in the other's name. */
static void new_place(struct exchange *x, struct handset *from, struct handset *h, struct str id,
                      const char *ufrag)
{
    struct arena *a = &x->arena;
    struct xml_node *iq =
        stanza_new(a, STANZA_IQ, "set", exchange_full(x, from), exchange_full(x, h),
                   arena_concat(a, STR("move-"), str_from(ufrag)));
    struct jingle j = { .action = JINGLE_TRANSPORT_INFO, .sid = id, .content_count = 1 };

    j.contents[0] = (struct jingle_content){ .name = STR("audio"), .has_transport = true };
    j.contents[0].transport.ufrag = str_from(ufrag);
    j.contents[0].transport.pwd = STR("anotherpassword123456789");
    j.contents[0].transport.candidates[0] = (struct jingle_candidate){
        .component = 1, .priority = 1, .port = 3478, .ip = STR("192.0.2.100")
    };
    j.contents[0].transport.candidate_count = 1;
    xml_append(iq, jingle_write(a, &j));
    exchange_inject(x, h, iq);
    exchange_run(x);
}

/* The anchor was started anew: its new credentials reach the media process, the fingerprint stays who it was. */
static void moved(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    struct str id = telephone_talk(x, JINGLE_AUDIO);

    new_place(x, alice, bob, id, "newufrag");
    assert_int_equal(exchange_count(bob, CALL_IS_DESCRIBED), 2);
    assert_true(telephone_heard(bob, "a=ice-ufrag:newufrag"));
    assert_true(telephone_heard(bob, "192.0.2.100"));
    assert_true(telephone_heard(bob, DIGEST_OF_CALLEE));
    for (int i = 0; i < 50; i++)
        new_place(x, alice, bob, id, "more");
    assert_in_range(exchange_count(bob, CALL_IS_DESCRIBED), 2, 14);
}

/* The same while her media process is at its answer: it hears of it afterwards. */
static void moved_meanwhile(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    struct str id = telephone_ring(x, JINGLE_AUDIO);

    telephone_answer(x, alice, id);
    telephone_describe(x, bob, id, OFFER(DIGEST_OF_CALLER, ""));
    assert_int_equal(exchange_count(alice, CALL_IS_DESCRIBED), 1);
    new_place(x, bob, alice, id, "newufrag");
    assert_int_equal(exchange_count(alice, CALL_IS_DESCRIBED), 1);
    telephone_describe(x, alice, id, ANSWER(DIGEST_OF_CALLEE, ""));
    assert_int_equal(exchange_count(alice, CALL_IS_DESCRIBED), 2);
    assert_true(telephone_heard(alice, "a=ice-ufrag:newufrag"));
    assert_true(telephone_heard(alice, DIGEST_OF_CALLER));
}

/* ---- In the chat ------------------------------------------------------------------------------------ */

static void records(void **state)
{
    static const struct {
        const char *text;
        bool outgoing;
        const char *words;
    } rows[] = {
        { "talked audio 63", true, "Call, 1:03" },
        { "talked audio,video 3600", false, "Video call, 60:00" },
        { "missed audio 0", false, "Call, missed" },
        { "missed audio,video 0", true, "Video call, nobody answered" },
        { "declined audio 0", true, "Call, declined" },
        { "retracted audio 0", true, "Call, hung up before anybody answered" },
        { "failed audio 0", false, "Call, failed" },
        { "nonsense", false, "Call" },
        { "talked audio", false, "Call" },
        { " audio 0", false, "Call" },
        { "talked smell 1", false, "Call" },
        { "talked audio 1x", false, "Call" },
    };
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct entry e = { .kind = ENTRY_CALL, .outgoing = rows[i].outgoing };
        struct call_record r;
        struct str words;

        e.text = str_from(rows[i].text);
        words = call_record_words(&a, &e);
        if (!str_is(words, rows[i].words))
            fail_msg("%s: %.*s", rows[i].text, STR_ARG(words));
        if (call_record_read(e.text, &r) == ERR_NONE)
            assert_true(str_eq(call_record_text(&a, &r), e.text));
    }
    arena_deinit(&a);
}

/* The server's word for a call and this device's are one line in the chat. */
static void once_in_the_chat(void **state)
{
    struct exchange *x = *state;
    struct timeline *t = timeline_new(&x->trio->bob.random);
    struct str id = telephone_talk(x, JINGLE_AUDIO);
    const struct entry *own;
    struct entry e;

    telephone_end(x, &x->trio->bob, id);
    own = handset_last(&x->trio->bob, ENTRY_CALL);
    assert_non_null(own);
    e = *own;
    timeline_add(t, own);
    e.time_ms += 700;
    e.text = STR("talked audio 1");
    timeline_add(t, &e);
    assert_int_equal(timeline_count(t), 1);
    assert_true(str_eq(timeline_at(t, 0)->entry.text, own->text));
    timeline_free(t);
}

#define RECORD(id, direction, outcome)                                                             \
    "<message xmlns='jabber:client' type='chat' from='bob@sotto.test' to='alice@sotto.test' "      \
    "id='call-" id "'><retract xmlns='urn:xmpp:jingle-message:0' id='" id "'/>"                    \
    "<call xmlns='urn:sotto:call:0' id='" id "' direction='" direction                             \
    "' media='audio video' outcome='" outcome "' start='2023-11-14T22:13:19.000Z'/></message>"

/* A call that another device had, or none. */
static void from_the_server(void **state)
{
    static const struct {
        const char *text, *record;
        bool outgoing;
    } rows[] = {
        { RECORD("0123456789abcdea", "in", "missed"), "missed audio,video 0", false },
        { RECORD("0123456789abcdeb", "out", "rejected"), "declined audio,video 0", true },
        { RECORD("0123456789abcdec", "in", "talked' seconds='63"), "talked audio,video 63", false },
        { RECORD("0123456789abcded", "in", "talked"), "talked audio,video 63", false }, /* none */
        { RECORD("short", "in", "missed"), "talked audio,video 63", false },
        { RECORD("0123456789abcdee", "in", "won"), "talked audio,video 63", false },
    };
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice;
    const struct entry *e;
    struct str id;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        telephone_inject(x, alice, rows[i].text);
        assert_string_equal(telephone_record(alice), rows[i].record);
        e = handset_last(alice, ENTRY_CALL);
        assert_true(e->outgoing == rows[i].outgoing && str_is(e->chat, "bob@sotto.test")
                    && e->time_ms == 1699999999000);
        assert_true(str_is(e->author, e->outgoing ? "alice@sotto.test" : "bob@sotto.test"));
    }
    id = telephone_talk(x, JINGLE_AUDIO); /* one that it had itself is there already */
    telephone_end(x, alice, id);
    telephone_inject(x, alice,
                     arena_printf(&x->arena,
                                  "<message xmlns='jabber:client' type='chat' "
                                  "from='bob@sotto.test'><call xmlns='urn:sotto:call:0' id='%.*s' "
                                  "direction='in' media='audio' outcome='missed'/></message>",
                                  STR_ARG(id))
                         .p);
    assert_string_equal(telephone_record(alice), "talked audio 0");
}

int main(void)
{
#define CALL_TEST(f) cmocka_unit_test_setup_teardown(f, exchange_set_up, exchange_tear_down)
    const struct CMUnitTest tests[] = {
        CALL_TEST(talked),
        CALL_TEST(verified),
        CALL_TEST(older_version),
        CALL_TEST(ended),
        CALL_TEST(timed_out),
        CALL_TEST(only_in_order),
        CALL_TEST(busy),
        CALL_TEST(at_once),
        CALL_TEST(tie),
        CALL_TEST(addition),
        CALL_TEST(connection_lost),
        CALL_TEST(moved),
        CALL_TEST(moved_meanwhile),
        cmocka_unit_test(records),
        CALL_TEST(once_in_the_chat),
        CALL_TEST(from_the_server),
        cmocka_unit_test_setup_teardown(unverified, exchange_set_up_unmet, exchange_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
