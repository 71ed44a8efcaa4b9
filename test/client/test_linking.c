/* test_linking.c: passwords for apps, and a new device that gets the account of an old one, end to end on the server's engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encode.h"
#include "client/access.h"
#include "client/history.h"
#include "client/link_new.h"
#include "client/link_old.h"
#include "test/client/trio.h"

enum { INPUT_MAX = 1 << 20, LOGIN_MS = 25 * 1000 };

struct scene {
    struct trio *trio;
    struct link_new link; /* what the laptop, Alice's second device, is before it has an account */
    void *wire;
    struct buf in;
    bool shown, done, failed; /* what it told */
    bool with_history;
};

static int set_up(void **state)
{
    struct scene *s = mem_alloc(sizeof *s);
    void *trio;

    trio_set_up_contacts(&trio);
    s->trio = trio;
    buf_init(&s->in, INPUT_MAX);
    link_new_init(&s->link, STR("sotto.test"), STR("Laptop"), true, &s->trio->alice2.random);
    *state = s;
    return 0;
}

static void hang_up(struct scene *s)
{
    if (s->wire != NULL)
        s->trio->alice.transport.ops->cut(s->wire);
    s->wire = NULL;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    void *trio = s->trio;

    hang_up(s);
    link_new_deinit(&s->link);
    buf_deinit(&s->in);
    mem_free(s);
    return trio_tear_down(&trio);
}

static void run(struct scene *s)
{
    trio_run(s->trio);
}

static void start(struct scene *s, struct handset *h)
{
    handset_start(h);
    run(s);
    assert_true(h->seen[ENGINE_ONLINE] > 0);
}

/* ---- The new device's connection ------------------------------------------------------------------- */

static void say(struct scene *s)
{
    struct str out = stream_output(&s->link.stream);

    s->trio->alice.transport.ops->write(s->wire, out);
    stream_sent(&s->link.stream, out.n);
}

static void hear(struct scene *s)
{
    enum link_new_step step;

    buf_reset(&s->in);
    s->trio->alice.transport.ops->read(s->wire, &s->in);
    if (s->in.n == 0)
        return;
    step = link_new_feed(&s->link, buf_str(&s->in));
    s->shown |= step == LINK_NEW_DIGITS;
    s->done |= step == LINK_NEW_DONE;
    s->failed |= step == LINK_NEW_FAILED;
    if (step == LINK_NEW_START_TLS) {
        s->trio->alice.transport.ops->secure(s->wire);
        link_new_secured(&s->link);
    }
}

static void converse(struct scene *s)
{
    for (int i = 0; i < 8; i++) {
        say(s);
        run(s);
        world_run(s->trio->world);
        hear(s);
    }
}

static void call(struct scene *s)
{
    hang_up(s);
    s->wire = s->trio->alice.transport.ops->open(s->trio->alice.transport.ctx, STR("127.0.0.1"));
    link_new_open(&s->link, false);
    converse(s);
}

static void ask(struct scene *s)
{
    link_new_ask(&s->link);
    converse(s);
}

static struct str code_of(struct scene *s)
{
    return link_code_text(&s->trio->alice.arena, &s->link.code);
}

/* The laptop's store and account are what it was given. */
static void adopt(struct scene *s)
{
    const struct book_changes *changes;
    struct engine *c;

    s->trio->alice2.config.password = arena_str(&s->trio->alice2.arena, s->link.gift.password);
    c = engine_new(&s->trio->alice2.config);
    engine_now(c, s->trio->alice2.now_ms);
    link_new_adopt(&s->link, c);
    while ((changes = engine_commit(c)) != NULL) {
        for (const struct book_change *x = changes->first; x != NULL; x = x->next)
            book_load(&s->trio->alice2.store, x->table, x->key, x->value);
        engine_committed(c, true);
    }
    engine_free(c);
}

/* ---- Linking --------------------------------------------------------------------------------------- */

static enum trust trust_in(const struct handset *h, const char *account, uint32_t device)
{
    struct engine_key_info k;

    for (size_t cursor = 0; engine_next_key(h->engine, &cursor, &k);)
        if (str_is(k.account, account) && k.device == device)
            return k.trust;
    return TRUST_UNDECIDED;
}

static void link_laptop(struct scene *s)
{
    call(s); /* before there is anything */
    assert_int_equal(engine_link_begin(s->trio->alice.engine, code_of(s)), ERR_NONE);
    run(s);
    assert_int_equal(s->trio->alice.link, LINK_OPENED);
    engine_link_ask(s->trio->alice.engine);
    run(s);
    assert_int_equal(s->trio->alice.link, LINK_WAITS);
    ask(s);
    assert_true(s->shown && !s->failed);
    engine_link_ask(s->trio->alice.engine);
    run(s);
    assert_int_equal(s->trio->alice.link, LINK_ANSWERED);
    assert_true(str_is(s->trio->alice.told[ENGINE_LINK], s->link.shared.digits));
    engine_link_give(s->trio->alice.engine, s->with_history);
    run(s);
    assert_int_equal(s->trio->alice.link, LINK_GIVEN);
    ask(s);
    assert_true(s->done && !s->failed);
    assert_true(str_is(s->link.gift.jid, "alice@sotto.test"));
    assert_int_equal(s->link.gift.has_history, s->with_history);
    hang_up(s);
}

static void gets_the_account(void **state)
{
    struct scene *s = *state;
    uint32_t own;

    start(s, &s->trio->alice);
    start(s, &s->trio->bob);
    handset_write(&s->trio->alice, "bob@sotto.test", "before");
    run(s);
    link_laptop(s);
    adopt(s);
    start(s, &s->trio->alice2);
    (void)engine_fingerprint(s->trio->alice2.engine, &s->trio->alice2.arena, &own);
    assert_int_equal(own, s->link.identity.device_id); /* the one that was shown */
    assert_int_equal(trust_in(&s->trio->alice, "alice@sotto.test", own), TRUST_TRUSTED);
    assert_int_equal(trust_in(&s->trio->alice2, "alice@sotto.test", s->link.gift.device),
                     TRUST_TRUSTED);
    handset_write(&s->trio->bob, "alice@sotto.test", "to both");
    run(s);
    assert_int_equal(handset_count(&s->trio->alice, "to both", false), 1);
    assert_int_equal(handset_count(&s->trio->alice2, "to both", false), 1);
    handset_write(&s->trio->alice2, "bob@sotto.test", "from the new one");
    run(s);
    assert_int_equal(handset_count(&s->trio->bob, "from the new one", false), 1);
    assert_int_equal(handset_count(&s->trio->alice, "from the new one", true), 1);
}

/* The two know who gives it to whom, and what opens it. */
static void gets_the_history(void **state)
{
    struct scene *s = *state;
    struct history_gift gift;
    struct history_state told;

    s->with_history = true;
    start(s, &s->trio->alice);
    link_laptop(s);
    assert_true(s->link.gift.has_history);
    assert_false(history_due(s->trio->alice.engine, &gift)); /* it is not there yet */
    adopt(s);
    start(s, &s->trio->alice2);
    assert_false(history_is_taken(s->trio->alice2.engine, &told));
    assert_true(history_due(s->trio->alice.engine, &gift));
    assert_int_equal(gift.device, s->link.identity.device_id);
    assert_memory_equal(gift.key, s->link.shared.history, sizeof gift.key);
    assert_memory_not_equal(gift.key, s->link.shared.key, sizeof gift.key);
}

/* What the person decided about keys comes along. */
static void gets_the_trust(void **state)
{
    struct scene *s = *state;
    struct str bobs;
    uint32_t device;

    start(s, &s->trio->alice);
    start(s, &s->trio->bob);
    handset_write(&s->trio->alice, "bob@sotto.test", "hello");
    run(s);
    bobs = engine_fingerprint(s->trio->bob.engine, &s->trio->alice.arena, &device);
    assert_int_equal(
        engine_decide(s->trio->alice.engine, STR("bob@sotto.test"), bobs, TRUST_VERIFY), ERR_NONE);
    run(s);
    link_laptop(s);
    adopt(s);
    start(s, &s->trio->alice2);
    assert_int_equal(trust_in(&s->trio->alice2, "bob@sotto.test", device), TRUST_VERIFIED);
}

/* The server ends streams on which nobody logs in: the next connection goes on. */
static void takes_its_time(void **state)
{
    struct scene *s = *state;

    start(s, &s->trio->alice);
    call(s);
    world_advance(s->trio->world, LOGIN_MS);
    converse(s);
    assert_int_equal(engine_link_begin(s->trio->alice.engine, code_of(s)), ERR_NONE);
    run(s);
    call(s);
    assert_true(s->shown);
    world_advance(s->trio->world, LOGIN_MS);
    call(s);
    engine_link_ask(s->trio->alice.engine);
    run(s);
    engine_link_give(s->trio->alice.engine, false);
    run(s);
    assert_int_equal(s->trio->alice.link, LINK_GIVEN);
    call(s);
    assert_true(s->done && !s->failed);
}

/* Somebody else's answer in the channel: the code tells. */
static void notices_another_answer(void **state)
{
    struct scene *s = *state;
    struct arena *a = &s->trio->alice.arena;
    struct link_new other;

    start(s, &s->trio->alice);
    call(s);
    link_new_init(&other, STR("sotto.test"), STR("Laptop"), false, &s->trio->alice2.random);
    assert_int_equal(engine_link_begin(s->trio->alice.engine, code_of(s)), ERR_NONE);
    run(s);
    s->trio->alice.transport.ops->write(
        s->wire, arena_printf(a,
                              "<iq type='set' id='x'><put xmlns='urn:sotto:link:0' "
                              "channel='%.*s' step='answer'>%.*s</put></iq>",
                              STR_ARG(s->link.channel), STR_ARG(base64_text(a, other.answer))));
    world_run(s->trio->world);
    engine_link_ask(s->trio->alice.engine);
    run(s);
    assert_int_equal(s->trio->alice.link, LINK_FAILED);
    engine_link_give(s->trio->alice.engine, false); /* there is nobody to give it to */
    run(s);
    assert_int_equal(s->trio->alice.seen[ENGINE_LINK], 2);
    link_new_deinit(&other);
}

static void refuses_codes(void **state)
{
    struct scene *s = *state;
    struct link_code elsewhere = s->link.code;

    start(s, &s->trio->alice);
    elsewhere.domain = STR("example.org");
    assert_int_equal(engine_link_begin(s->trio->alice.engine, STR("nonsense")), ERR_MALFORMED);
    assert_int_equal(
        engine_link_begin(s->trio->alice.engine, link_code_text(&s->trio->alice.arena, &elsewhere)),
        ERR_DENIED);
}

/* ---- Passwords ------------------------------------------------------------------------------------- */

static void makes_passwords(void **state)
{
    struct scene *s = *state;
    struct access_info x;
    size_t passwords = 0;
    struct str id;

    start(s, &s->trio->alice);
    engine_make_password(s->trio->alice.engine, STR("App"), true);
    run(s);
    assert_int_equal(s->trio->alice.access, ACCESS_MADE);
    id = s->trio->alice.access_id;
    s->trio->alice2.config.password = s->trio->alice.told[ENGINE_ACCESS];
    start(s, &s->trio->alice2);
    engine_ask_access(s->trio->alice2.engine);
    run(s);
    assert_int_equal(s->trio->alice2.access, ACCESS_FAILED); /* not an app's business */
    engine_ask_access(s->trio->alice.engine);
    run(s);
    assert_int_equal(s->trio->alice.access, ACCESS_LISTED);
    for (size_t cursor = 0; engine_next_access(s->trio->alice.engine, &cursor, &x);)
        if (x.is_password) {
            passwords++;
            assert_true(str_eq(x.id, id) && str_is(x.name, "App") && x.limited && x.connected);
        }
    assert_int_equal(passwords, 1);
    s->trio->alice2.seen[ENGINE_OFFLINE] = 0;
    engine_revoke_access(s->trio->alice.engine, id);
    run(s);
    assert_int_equal(s->trio->alice.access, ACCESS_REVOKED);
    assert_true(s->trio->alice2.seen[ENGINE_OFFLINE] > 0);
    engine_revoke_access(s->trio->alice.engine, id);
    run(s);
    assert_int_equal(s->trio->alice.access, ACCESS_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gets_the_account, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gets_the_history, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gets_the_trust, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_its_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(notices_another_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_codes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(makes_passwords, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
