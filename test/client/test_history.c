/* test_history.c: the history for a device that was linked, as far as engines go: what is due when, what is taken from whom, and what
 * interruptions leave. The parts themselves are made and put away in test/unit/cli; both are used in test/interop/test_link.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/engine_inside.h"
#include "client/files.h"
#include "client/history.h"
#include "client/outbox.h"
#include "client/trust_book.h"
#include "test/client/trio.h"
#include "xmpp/ns.h"

static const uint8_t secret[HISTORY_KEY] = { 1, 2, 3 };

static uint32_t device_of(const struct handset *h)
{
    return h->engine->identity->device_id;
}

/* As linking does. */
static void link_to(struct trio *t)
{
    struct engine_key_info k = { .account = STR("alice@sotto.test"),
                                 .device = device_of(&t->alice2),
                                 .trust = TRUST_TRUSTED,
                                 .linked = true };

    memcpy(k.curve, t->alice2.engine->identity->curve, sizeof k.curve);
    trust_adopt(t->alice.engine, &k);
    engine_end_round(t->alice.engine);
}

static void give(struct trio *t, uint32_t to)
{
    history_promise(t->alice.engine, to, secret);
    engine_end_round(t->alice.engine);
    trio_run(t);
}

static void expect_from(struct trio *t, uint32_t device)
{
    history_expect(t->alice2.engine, device, secret);
    engine_end_round(t->alice2.engine);
    trio_run(t);
}

static void start_all(struct trio *t)
{
    handset_start(&t->alice);
    trio_run(t); /* has told who it is before others ask */
    handset_start(&t->alice2);
    handset_start(&t->bob);
    trio_run(t);
    link_to(t);
}

static bool is_due(struct trio *t, struct history_gift *out)
{
    engine_now(t->alice.engine, t->alice.now_ms);
    return history_due(t->alice.engine, out);
}

static void make(struct trio *t, struct history_gift *g, bool last)
{
    struct attachment f = {
        .has_size = true, .size = 100 + g->part, .key_n = 32, .iv_n = 12, .key = { 7 }
    };

    g->part++;
    g->below = 1000 - g->part;
    g->done = 10 * g->part;
    g->total = 30;
    assert_int_equal(
        history_given(t->alice.engine, g, last, &f, arena_printf(&t->arena, "part-%u", g->part)),
        ERR_NONE);
    trio_run(t);
}

static void upload(struct trio *t, enum upload_result result)
{
    struct upload u;

    engine_now(t->alice.engine, t->alice.now_ms);
    assert_true(engine_next_upload(t->alice.engine, &u));
    engine_uploaded(t->alice.engine, arena_str(&t->arena, u.id), result, STR("no room"));
    trio_run(t);
}

static void take(struct trio *t, unsigned part, bool last)
{
    struct history_about about = { .part = part, .last = last, .entries = 10, .total = 30 };
    struct history_part p;

    assert_true(history_next(t->alice2.engine, &p));
    assert_memory_equal(p.key, secret, sizeof secret);
    assert_int_equal(p.file.size, 100 + part);
    history_taken(t->alice2.engine, arena_str(&t->arena, p.id), &about);
    trio_run(t);
}

static bool is_taken(struct trio *t, struct history_state *out)
{
    engine_now(t->alice2.engine, t->alice2.now_ms);
    return history_is_taken(t->alice2.engine, out);
}

/* ---- On its way ----------------------------------------------------------------------------------- */

static void part_by_part(void **state)
{
    struct trio *t = *state;
    struct history_state told;
    struct history_part p;
    struct history_gift g;
    uint64_t done, total;

    start_all(t);
    expect_from(t, device_of(&t->alice));
    give(t, device_of(&t->alice2));
    for (unsigned i = 0; i < 3; i++) {
        assert_true(is_due(t, &g));
        assert_int_equal(g.part, i);
        assert_int_equal(g.below, i == 0 ? UINT64_MAX : 1000 - i);
        assert_memory_equal(g.key, secret, sizeof secret);
        make(t, &g, i == 2);
        assert_false(is_due(t, &g)); /* one at a time */
        assert_false(history_is_given(t->alice.engine, &done, &total));
        assert_false(history_next(t->alice2.engine, &p)); /* the server does not have it yet */
        upload(t, UPLOAD_STORED);
        assert_false(is_taken(t, &told));
        take(t, i, i == 2);
    }
    assert_true(history_is_given(t->alice.engine, &done, &total));
    assert_false(is_due(t, &g));
    assert_true(is_taken(t, &told));
    assert_true(told.done == 30 && told.total == 30 && !told.incomplete);
    assert_true(is_taken(t, &told) && told.total == 0); /* told once */
    /* Nobody saw anything of it in a chat, and the third device got nothing to open. */
    assert_null(handset_last(&t->alice, ENTRY_MESSAGE));
    assert_null(handset_last(&t->alice2, ENTRY_MESSAGE));
    assert_null(handset_last(&t->alice2, ENTRY_SEALED));
    assert_null(handset_last(&t->alice, ENTRY_SENT));
}

/* Either side begins again where it was. */
static void crashes(void **state)
{
    struct trio *t = *state;
    struct history_state told;
    struct history_gift g;
    uint64_t done, total;

    start_all(t);
    expect_from(t, device_of(&t->alice));
    give(t, device_of(&t->alice2));
    handset_crash(&t->alice);
    handset_start(&t->alice);
    trio_run(t);
    assert_true(is_due(t, &g));
    make(t, &g, false);
    handset_crash(&t->alice); /* while it is carried */
    handset_start(&t->alice);
    assert_true(engine_has_source(t->alice.engine, STR("part-1")));
    trio_run(t);
    assert_false(is_due(t, &g));
    handset_crash(&t->alice2);
    upload(t, UPLOAD_STORED);
    assert_true(is_due(t, &g));
    assert_int_equal(g.part, 1);
    handset_start(&t->alice2);
    trio_run(t); /* out of the archive */
    handset_crash(&t->alice2);
    handset_start(&t->alice2);
    trio_run(t);
    take(t, 0, false);
    assert_false(is_taken(t, &told));
    make(t, &g, true);
    upload(t, UPLOAD_STORED);
    take(t, 1, true);
    assert_true(is_taken(t, &told) && told.done == 20);
    assert_true(history_is_given(t->alice.engine, &done, &total));
}

/* Nothing is made for a device that is not there; and not for ever. */
static void waits_for_the_device(void **state)
{
    struct trio *t = *state;
    struct history_gift g;

    handset_start(&t->alice);
    trio_run(t);
    give(t, 4711);
    assert_false(is_due(t, &g));
    assert_int_equal(t->alice.seen[ENGINE_HISTORY], 0);
    t->alice.now_ms += (uint64_t)8 * 24 * 3600 * 1000;
    assert_false(is_due(t, &g));
    trio_run(t);
    assert_int_equal(t->alice.seen[ENGINE_HISTORY], 1);
    assert_int_equal(book_count(&t->alice.store, BOOK_HISTORY), 0);
}

static void refused_by_the_server(void **state)
{
    struct trio *t = *state;
    struct history_gift g;
    uint64_t done, total;

    start_all(t);
    give(t, device_of(&t->alice2));
    assert_true(is_due(t, &g));
    make(t, &g, false);
    upload(t, UPLOAD_REFUSED);
    assert_int_equal(t->alice.seen[ENGINE_HISTORY], 1);
    assert_true(str_is(t->alice.told[ENGINE_HISTORY], "no room"));
    assert_true(str_is(t->alice.told[ENGINE_FILE_DONE], "part-1"));
    assert_true(history_is_given(t->alice.engine, &done, &total));
    assert_false(is_due(t, &g));
    assert_null(handset_last(&t->alice, ENTRY_FAILED)); /* it is in no chat */
}

/* A part that is missing does not keep the others waiting. */
static void goes_on_without_a_part(void **state)
{
    struct trio *t = *state;
    struct history_state told;
    struct history_part p;
    struct history_gift g;

    start_all(t);
    expect_from(t, device_of(&t->alice));
    give(t, device_of(&t->alice2));
    for (unsigned i = 0; i < 2; i++) {
        assert_true(is_due(t, &g));
        make(t, &g, i == 1);
        upload(t, UPLOAD_STORED);
        if (i == 0) {
            assert_true(history_next(t->alice2.engine, &p));
            history_taken(t->alice2.engine, arena_str(&t->arena, p.id), NULL);
            trio_run(t);
        } else {
            take(t, 1, true);
        }
    }
    assert_true(is_taken(t, &told));
    assert_true(told.incomplete && told.done == 10);
}

/* ---- From others ---------------------------------------------------------------------------------- */

static void send_part(struct trio *t, struct handset *from, const char *to, uint32_t only)
{
    struct attachment f = {
        .url = STR("https://sotto.test/x"), .has_size = true, .size = 100, .key_n = 32, .iv_n = 12
    };
    struct xml_node *content = xml_new(&t->arena, STR(NS_CLIENT), STR("content"));
    struct outgoing o = { .to = trio_jid(t, to), .content = content, .only = only };
    struct str id;

    attachment_to_xml(&t->arena, xml_add(&t->arena, content, STR(NS_HISTORY), STR("history")), &f);
    assert_int_equal(outbox_add(from->engine, &t->arena, &o, &id), ERR_NONE);
    engine_end_round(from->engine);
    trio_run(t);
}

static void taken_from_nobody_else(void **state)
{
    struct trio *t = *state;
    struct history_part p;

    start_all(t);
    send_part(t, &t->alice, "alice@sotto.test", device_of(&t->alice2)); /* nothing is expected */
    assert_false(history_next(t->alice2.engine, &p));
    expect_from(t, 4711);
    send_part(t, &t->alice, "alice@sotto.test", device_of(&t->alice2)); /* another device is */
    assert_false(history_next(t->alice2.engine, &p));
    expect_from(t, device_of(&t->bob));
    send_part(t, &t->bob, "alice@sotto.test",
              0); /* another account, whatever its device is called */
    assert_false(history_next(t->alice2.engine, &p));
    assert_null(handset_last(&t->alice2, ENTRY_MESSAGE));
    expect_from(t, device_of(&t->alice));
    send_part(t, &t->alice, "alice@sotto.test", device_of(&t->alice2));
    assert_true(history_next(t->alice2.engine, &p));
}

static void not_more_than_there_can_be(void **state)
{
    struct trio *t = *state;

    start_all(t);
    expect_from(t, device_of(&t->alice));
    for (unsigned i = 0; i < HISTORY_PARTS_MAX + 10; i++)
        send_part(t, &t->alice, "alice@sotto.test", device_of(&t->alice2));
    assert_int_equal(book_count(&t->alice2.store, BOOK_HISTORY), HISTORY_PARTS_MAX + 1);
}

/* Whoever has taken over the other device: rows of any octets are refused or lie there, and what was decided here stays. */
static void rows_of_any_octets(void **state)
{
    static const struct {
        uint8_t table;
        const char *key, *value;
        enum err e;
    } rows[] = {
        { BOOK_TRUST, "bob@sotto.test zz", "x", ERR_NONE },
        { BOOK_TRUST, "", "x", ERR_MALFORMED },
        { BOOK_PEOPLE, "bob@sotto.test", "\xff\xff\xff\xff", ERR_NONE },
        { BOOK_HELD, "bob@sotto.test", "\x7f\xff\xff\xff", ERR_NONE },
        { BOOK_EXPIRY, "Tbob@sotto.test", "\x01", ERR_NONE },
        { BOOK_EXPIRY, "E123456789012345", "\x01", ERR_NONE },
        { BOOK_EXPIRY, "E1234567890123456", "12345678\xff\xff\xff\xff", ERR_NONE },
        { BOOK_IDENTITY, "identity", "x", ERR_MALFORMED },
        { BOOK_PREKEY, "1", "x", ERR_MALFORMED },
        { BOOK_REMOTE, "1", "x", ERR_MALFORMED },
        { BOOK_SELF, "archive", "x", ERR_MALFORMED },
        { BOOK_DEVICES, "x", "x", ERR_MALFORMED },
        { BOOK_OUTBOX, "12345678", "x", ERR_MALFORMED },
        { BOOK_UPLOAD, "x", "x", ERR_MALFORMED },
        { BOOK_HISTORY, "T", "x", ERR_MALFORMED },
        { BOOK_TIMELINE, "x", "x", ERR_MALFORMED },
        { 0, "x", "x", ERR_MALFORMED },
        { 255, "x", "x", ERR_MALFORMED },
    };
    struct trio *t = *state;

    start_all(t);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct backup_record r = { .kind = BACKUP_ROW,
                                   .table = rows[i].table,
                                   .key = bytes_of_str(str_from(rows[i].key)),
                                   .value = bytes_of_str(str_from(rows[i].value)) };

        assert_int_equal(history_adopt(t->alice2.engine, &r), rows[i].e);
    }
    history_taken(t->alice2.engine, STR("none"), NULL);
    trio_run(t);
    handset_crash(&t->alice2);
    handset_start(&t->alice2); /* with all of it */
    t->alice2.now_ms += 3600 * 1000;
    handset_write(&t->bob, "alice@sotto.test", "still there");
    trio_run(t);
    assert_int_equal(handset_count(&t->alice2, "still there", false), 1);
}

static void what_parts_say(void **state)
{
    static const struct {
        struct history_about about;
        enum err e;
    } cases[] = {
        { { .part = 63, .last = true, .entries = 1, .total = 1 }, ERR_NONE },
        { { .part = 64, .last = true, .entries = 1, .total = 1 }, ERR_MALFORMED },
        { { .part = 0, .entries = 2, .total = 1 }, ERR_MALFORMED },
        { { .part = 0, .entries = 1, .total = HISTORY_ENTRIES_MAX + 1 }, ERR_MALFORMED },
    };
    struct history_about out;
    struct backup_record r;
    struct buf scratch;

    (void)state;
    buf_init(&scratch, 64);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        r = history_about_write(&scratch, &cases[i].about);
        assert_int_equal(history_about_read(&r, &out), cases[i].e);
        r.value.n--;
        assert_int_equal(history_about_read(&r, &out), ERR_MALFORMED);
    }
    buf_deinit(&scratch);
}

/* Before the last commit nothing is lost, after it nothing comes twice. */
static void what_was_decided_here_stays(void **state)
{
    struct trio *t = *state;
    struct engine_key_info k = { .device = 0 };
    struct backup_record r = { .kind = BACKUP_ROW, .table = BOOK_TRUST };
    struct bytes value;
    uint8_t verified[13] = { TRUST_VERIFIED };

    start_all(t);
    handset_write(&t->bob, "alice@sotto.test", "hello");
    trio_run(t);
    for (size_t cursor = 0; engine_next_key(t->alice2.engine, &cursor, &k);)
        if (str_is(k.account, "bob@sotto.test"))
            break;
    for (size_t cursor = 0; book_next(&t->alice2.store, BOOK_TRUST, &cursor, &r.key, &value);)
        if (str_starts(str_of_bytes(r.key), STR("bob@sotto.test")))
            break;
    r.value = bytes_of(verified, sizeof verified);
    assert_int_equal(history_adopt(t->alice2.engine, &r), ERR_NONE);
    trio_run(t);
    for (size_t cursor = 0; engine_next_key(t->alice2.engine, &cursor, &k);)
        assert_int_equal(k.trust, TRUST_TRUSTED);
}

#define SCENE(f) cmocka_unit_test_setup_teardown(f, trio_set_up_contacts, trio_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(part_by_part),
        SCENE(crashes),
        SCENE(waits_for_the_device),
        SCENE(refused_by_the_server),
        SCENE(goes_on_without_a_part),
        SCENE(taken_from_nobody_else),
        SCENE(not_more_than_there_can_be),
        SCENE(rows_of_any_octets),
        cmocka_unit_test(what_parts_say),
        SCENE(what_was_decided_here_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
