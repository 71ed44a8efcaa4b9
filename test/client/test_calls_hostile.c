/* test_calls_hostile.c: what a server that lies, or somebody else, makes of calls: nobody talks to whoever put himself in between, and
 * nothing rings, answers or ends that Alice and Bob did not want.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "jingle/sdp.h"
#include "omemo/trust.h"
#include "test/client/telephone.h"
#include "xmpp/ns.h"

/* ---- Fingerprints ----------------------------------------------------------------------------------- */

/* `by` has sealed this description for `call`. */
typedef void change(struct exchange *x, struct handset *by, const struct call *call,
                    struct jingle *j);

static struct jingle_fingerprint *first(struct jingle *j)
{
    return &j->contents[0].transport.fingerprint;
}

static void in_clear(struct jingle_fingerprint *f)
{
    f->is_sealed = false;
    f->hash = STR("sha-256");
    f->value = STR(DIGEST_OF_MIDDLE);
}

static void strip_all(struct exchange *x, struct handset *by, const struct call *call,
                      struct jingle *j)
{
    (void)x, (void)by, (void)call;
    for (size_t i = 0; i < j->content_count; i++)
        in_clear(&j->contents[i].transport.fingerprint);
}

static void strip_last(struct exchange *x, struct handset *by, const struct call *call,
                       struct jingle *j)
{
    (void)x, (void)by, (void)call;
    in_clear(&j->contents[j->content_count - 1].transport.fingerprint);
}

static void change_setup(struct exchange *x, struct handset *by, const struct call *call,
                         struct jingle *j)
{
    (void)x, (void)by, (void)call;
    first(j)->setup = JINGLE_PASSIVE;
}

static void change_hash(struct exchange *x, struct handset *by, const struct call *call,
                        struct jingle *j)
{
    (void)x, (void)by, (void)call;
    first(j)->hash = STR("sha-512");
}

static void alter(struct exchange *x, struct handset *by, const struct call *call, struct jingle *j)
{
    (void)x, (void)by, (void)call;
    ((uint8_t *)(uintptr_t)first(j)->sealed.payload.p)[20] ^= 1;
}

static void name_another_device(struct exchange *x, struct handset *by, const struct call *call,
                                struct jingle *j)
{
    (void)x, (void)by, (void)call;
    first(j)->sealed.sid++;
}

/* What the same device would seal for something else. */
static void seal_again(struct exchange *x, struct handset *by, struct call *other, struct jingle *j)
{
    struct jingle plain = other->local, sealed;

    assert_true(call_seal_all(by->engine, &x->arena, other, &plain, &sealed));
    for (size_t i = 0; i < j->content_count; i++)
        j->contents[i].transport.fingerprint = sealed.contents[i].transport.fingerprint;
    engine_end_round(by->engine);
}

static void of_another_call(struct exchange *x, struct handset *by, const struct call *call,
                            struct jingle *j)
{
    struct call other = *call;

    other.id = STR("another-call-of-theirs");
    seal_again(x, by, &other, j);
}

static void for_another_address(struct exchange *x, struct handset *by, const struct call *call,
                                struct jingle *j)
{
    struct call other = *call;

    other.far.resource = STR("elsewhere");
    seal_again(x, by, &other, j);
}

static void by_the_other_role(struct exchange *x, struct handset *by, const struct call *call,
                              struct jingle *j)
{
    struct call other = *call;

    other.side = call->side == CALL_CALLER ? CALL_CALLEE : CALL_CALLER;
    seal_again(x, by, &other, j);
}

/* One that Bob knows and trusts as well; it even names the right call. */
static void by_her_other_device(struct exchange *x, struct handset *by, const struct call *call,
                                struct jingle *j)
{
    struct engine *c = x->trio->alice2.engine;
    struct jid self = c->calls->self;
    struct call other = *call;

    c->calls->self = by->engine->calls->self;
    seal_again(x, &x->trio->alice2, &other, j);
    c->calls->self = self;
}

static void of_the_first_call(struct exchange *x, struct handset *by, const struct call *call,
                              struct jingle *j)
{
    static struct arena *kept_in;
    static struct jingle_fingerprint kept;

    (void)by, (void)call;
    if (kept_in != &x->arena) {
        kept_in = &x->arena;
        kept = *first(j);
    } else {
        *first(j) = kept;
    }
}

static const struct lie {
    const char *name;
    enum jingle_action action;
    change *change;
    unsigned media, calls; /* the last of so many calls fails */
} lies[] = {
    { "offer in clear", JINGLE_SESSION_INITIATE, strip_all, 1, 1 },
    { "answer in clear", JINGLE_SESSION_ACCEPT, strip_all, 1, 1 },
    { "offer in clear, with a picture", JINGLE_SESSION_INITIATE, strip_all, 3, 1 },
    { "offered picture in clear", JINGLE_SESSION_INITIATE, strip_last, 3, 1 },
    { "answered picture in clear", JINGLE_SESSION_ACCEPT, strip_last, 3, 1 },
    { "offer altered", JINGLE_SESSION_INITIATE, alter, 1, 1 },
    { "answer altered", JINGLE_SESSION_ACCEPT, alter, 1, 1 },
    { "offer of another device", JINGLE_SESSION_INITIATE, name_another_device, 1, 1 },
    { "answer of another device", JINGLE_SESSION_ACCEPT, name_another_device, 1, 1 },
    { "another role of DTLS", JINGLE_SESSION_INITIATE, change_setup, 1, 1 },
    { "another hash", JINGLE_SESSION_ACCEPT, change_hash, 1, 1 },
    { "offer of another call", JINGLE_SESSION_INITIATE, of_another_call, 1, 1 },
    { "answer of another call", JINGLE_SESSION_ACCEPT, of_another_call, 1, 1 },
    { "offer to another address", JINGLE_SESSION_INITIATE, for_another_address, 1, 1 },
    { "answer to another address", JINGLE_SESSION_ACCEPT, for_another_address, 1, 1 },
    { "offer as an answer", JINGLE_SESSION_INITIATE, by_the_other_role, 1, 1 },
    { "answer as an offer", JINGLE_SESSION_ACCEPT, by_the_other_role, 1, 1 },
    { "answer of her other device", JINGLE_SESSION_ACCEPT, by_her_other_device, 1, 1 },
    { "offer repeated", JINGLE_SESSION_INITIATE, of_the_first_call, 1, 2 },
};

static void tell_lie(struct exchange *x, struct arena *a, struct xml_node *stanza)
{
    const struct lie *lie = x->ctx;
    struct xml_node *n = xml_child(stanza, STR(NS_JINGLE), STR("jingle"));
    struct handset *by = lie->action == JINGLE_SESSION_INITIATE ? &x->trio->bob : &x->trio->alice;
    struct jingle j;
    const char *why;

    if (n == NULL || jingle_read(a, n, &j, &why) != ERR_NONE || j.action != lie->action)
        return;
    jingle_candidates(a, n, &j);
    lie->change(x, by, telephone_call(by, j.sid), &j);
    xml_detach(stanza, n);
    xml_append(stanza, jingle_write(a, &j));
}

static void check_failed(struct exchange *x, const char *name, struct handset *victim)
{
    const struct str *why = exchange_told(victim, CALL_IS_OVER);
    struct call_info any;
    size_t cursor = 0;

    if (why == NULL || why->n == 0 || telephone_heard(victim, DIGEST_OF_MIDDLE)
        || call_next(x->trio->alice.engine, &cursor, &any)
        || call_next(x->trio->bob.engine, &cursor, &any)
        || strcmp(telephone_record(victim), "failed audio 0") != 0)
        if (strcmp(telephone_record(victim), "failed audio,video 0") != 0)
            fail_msg("%s: the call goes on", name);
}

static void try_to_talk(struct exchange *x, unsigned media)
{
    bool video = (media & JINGLE_VIDEO) != 0;
    struct str id = telephone_ring(x, media);
    struct call_info info;

    telephone_answer(x, &x->trio->alice, id);
    telephone_describe(x, &x->trio->bob, id,
                       video ? OFFER(DIGEST_OF_CALLER, VIDEO_OF(DIGEST_OF_CALLER))
                             : OFFER(DIGEST_OF_CALLER, ""));
    if (call_find(x->trio->alice.engine, id, &info))
        telephone_describe(x, &x->trio->alice, id,
                           video ? ANSWER(DIGEST_OF_CALLEE, VIDEO_OF(DIGEST_OF_CALLEE))
                                 : ANSWER(DIGEST_OF_CALLEE, ""));
}

static void fingerprints(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lies); i++) {
        struct exchange *x;
        void *scene;
        struct str id;

        exchange_set_up(&scene);
        x = scene;
        x->ctx = (void *)(uintptr_t)&lies[i];
        x->tamper = tell_lie;
        for (unsigned n = 1; n < lies[i].calls; n++) {
            id = telephone_talk(x, lies[i].media);
            telephone_end(x, &x->trio->bob, id);
        }
        try_to_talk(x, lies[i].media);
        check_failed(x, lies[i].name,
                     lies[i].action == JINGLE_SESSION_INITIATE ? &x->trio->alice : &x->trio->bob);
        exchange_tear_down(&scene);
    }
}

/* ---- Devices ---------------------------------------------------------------------------------------- */

static void name_device(struct exchange *x, struct arena *a, struct xml_node *stanza)
{
    struct xml_node *word = xml_child_ns(stanza, STR(NS_JINGLE_MESSAGE)), *device;
    uint32_t *number = x->ctx;

    if (word == NULL || !str_is(word->name, "proceed"))
        return;
    device = xml_child(word, STR(NS_JINGLE_OMEMO_FINGERPRINT), STR("device"));
    if (*number == 0)
        xml_detach(word, device);
    else
        xml_set(a, device, STR("id"), arena_printf(a, "%u", *number));
}

/* None, one that she does not have, another one of hers. */
static void devices(void **state)
{
    struct exchange *x = *state;
    uint32_t numbers[] = { 0, 4711, x->trio->alice2.engine->identity->device_id };

    x->tamper = name_device;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        x->ctx = &numbers[i];
        try_to_talk(x, JINGLE_AUDIO);
        check_failed(x, "device", &x->trio->bob);
        assert_false(telephone_heard(&x->trio->alice, DIGEST_OF_CALLER));
    }
}

/* A key that the person does not trust answers, or calls. */
static void distrusted(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice, *bob = &x->trio->bob;
    uint32_t device;

    assert_int_equal(engine_decide(bob->engine, STR("alice@sotto.test"),
                                   engine_fingerprint(alice->engine, &x->arena, &device),
                                   TRUST_DISTRUST),
                     ERR_NONE);
    try_to_talk(x, JINGLE_AUDIO);
    check_failed(x, "who answers", bob);
    assert_int_equal(engine_decide(bob->engine, STR("alice@sotto.test"),
                                   engine_fingerprint(alice->engine, &x->arena, &device),
                                   TRUST_APPROVE),
                     ERR_NONE);
    assert_int_equal(engine_decide(alice->engine, STR("bob@sotto.test"),
                                   engine_fingerprint(bob->engine, &x->arena, &device),
                                   TRUST_DISTRUST),
                     ERR_NONE);
    try_to_talk(x, JINGLE_AUDIO);
    check_failed(x, "who calls", alice);
}

/* ---- What nobody said ------------------------------------------------------------------------------- */

#define SOME_ID "a-call-of-somebody"

static void say(struct exchange *x, struct handset *to, const char *from, enum call_word word,
                struct str id)
{
    struct call_message m = { .word = word, .id = id };
    struct xml_node *n = stanza_new(&x->arena, STANZA_MESSAGE, "chat", str_from(from),
                                    exchange_full(x, to), STR("forged"));

    m.media = word == CALL_PROPOSE ? JINGLE_AUDIO : 0;
    call_message_write(&x->arena, n, &m);
    exchange_inject(x, to, n);
    exchange_run(x);
}

static void act(struct exchange *x, struct handset *to, struct str from, struct str id)
{
    struct xml_node *iq =
        stanza_new(&x->arena, STANZA_IQ, "set", from, exchange_full(x, to), STR("forged"));
    struct jingle j;
    const char *why;

    assert_int_equal(sdp_read(&x->arena, STR(OFFER(DIGEST_OF_MIDDLE, "")), JINGLE_SESSION_INITIATE,
                              id, &j, &why),
                     ERR_NONE);
    xml_append(iq, jingle_write(&x->arena, &j));
    exchange_inject(x, to, iq);
    exchange_run(x);
}

static void rings_for_nobody(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice;

    say(x, alice, "mallory@evil.example/x", CALL_PROPOSE, STR(SOME_ID));
    say(x, alice, "mallory@sotto.test/x", CALL_PROPOSE, STR(SOME_ID));
    say(x, alice, "bob@sotto.test", CALL_PROPOSE, STR(SOME_ID));
    say(x, alice, "alice@sotto.test/other", CALL_PROPOSE, STR(SOME_ID));
    act(x, alice, exchange_full(x, &x->trio->bob), STR(SOME_ID));
    say(x, alice, "bob@sotto.test/x", CALL_PROCEED, STR(SOME_ID));
    assert_int_equal(alice->call_count, 0);
}

/* So many that nobody could answer them; and one that comes again after its end. */
static void rings_only_so_often(void **state)
{
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice;

    for (int i = 0; i < 3 * CALLS_MAX; i++)
        say(x, alice, "bob@sotto.test/x", CALL_PROPOSE,
            arena_printf(&x->arena, "%s-%02d", SOME_ID, i / 2));
    assert_int_equal(exchange_count(alice, CALL_COMES), CALLS_MAX);
    say(x, alice, "bob@sotto.test/x", CALL_RETRACT, STR(SOME_ID "-00"));
    say(x, alice, "bob@sotto.test/x", CALL_PROPOSE, STR(SOME_ID "-00"));
    assert_int_equal(exchange_count(alice, CALL_COMES), CALLS_MAX);
}

/* Who is not in the call does not change it. */
static void is_not_theirs(void **state)
{
    static const char *const others[] = { "mallory@evil.example/x", "bob@sotto.test/another",
                                          "bob@sotto.test" };
    static const enum call_word words[] = { CALL_RINGING, CALL_PROCEED, CALL_REJECT,
                                            CALL_RETRACT, CALL_FINISH,  CALL_ACCEPT };
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice;
    struct str id = telephone_talk(x, JINGLE_AUDIO);
    struct call_info info;
    size_t told = alice->call_count;

    for (size_t i = 0; i < COUNT_OF(others); i++) {
        for (size_t k = 0; k < COUNT_OF(words); k++)
            say(x, alice, others[i], words[k], id);
        act(x, alice, str_from(others[i]), id);
    }
    act(x, alice, exchange_full(x, &x->trio->bob), id); /* a second one, of the right one */
    act(x, alice, exchange_full(x, &x->trio->bob), STR(SOME_ID));
    say(x, alice, "alice@sotto.test/other", CALL_ACCEPT, id); /* too late */
    assert_int_equal(alice->call_count, told);
    assert_true(call_find(alice->engine, id, &info) && info.phase == CALL_ACTIVE);
    telephone_end(x, &x->trio->bob, id);
}

/* What the caller's side says, or a server in its name, while it rings: she has answered nothing, so her media process is told nothing. */
static void nobody_picked_up(void **state)
{
    static const enum call_word words[] = { CALL_RINGING, CALL_PROCEED, CALL_ACCEPT };
    struct exchange *x = *state;
    struct handset *alice = &x->trio->alice;
    struct str id = telephone_ring(x, JINGLE_AUDIO);
    const char *bob = arena_printf(&x->arena, "%.*s", STR_ARG(exchange_full(x, &x->trio->bob))).p;
    struct call_info info;
    size_t told = alice->call_count;

    for (size_t k = 0; k < COUNT_OF(words); k++)
        say(x, alice, bob, words[k], id);
    act(x, alice, str_from(bob), id);
    assert_true(call_find(alice->engine, id, &info) && info.phase <= CALL_RINGS);
    assert_int_equal(alice->call_count, told);
    assert_false(telephone_heard(alice, DIGEST_OF_MIDDLE));
}

int main(void)
{
#define CALL_TEST(f) cmocka_unit_test_setup_teardown(f, exchange_set_up, exchange_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprints), CALL_TEST(devices),
        CALL_TEST(distrusted),          CALL_TEST(rings_for_nobody),
        CALL_TEST(rings_only_so_often), CALL_TEST(is_not_theirs),
        CALL_TEST(nobody_picked_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
