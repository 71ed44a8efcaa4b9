/* test_files.c: files on their way between two people, as far as engines go: slots, messages, what a crash leaves. The octets
 * themselves are moved by nobody here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/chat.h"
#include "client/files.h"
#include "test/client/trio.h"

static void start_all(struct trio *s)
{
    handset_start(&s->alice);
    handset_start(&s->alice2);
    handset_start(&s->bob);
    trio_run(s);
}

static struct attachment sealed_file(uint64_t size)
{
    struct attachment f = {
        .name = STR("plan.PDF"),
        .media_type = STR("application/pdf"),
        .has_size = true,
        .size = size,
        .has_hash = true,
        .key_n = 32,
        .iv_n = 12,
    };

    memset(f.key, 7, sizeof f.key);
    memset(f.hash, 9, sizeof f.hash);
    return f;
}

static struct str send_file(struct trio *s, uint64_t size)
{
    struct attachment f = sealed_file(size);
    struct jid bob;
    struct str id;

    assert_int_equal(jid_parse(&s->arena, STR("bob@sotto.test"), &bob), ERR_NONE);
    engine_now(s->alice.engine, s->alice.now_ms);
    assert_int_equal(engine_send_file(s->alice.engine, &s->arena, &bob, &f, STR("sealed-1"), &id),
                     ERR_NONE);
    trio_run(s);
    return id;
}

static struct upload next_upload(struct trio *s)
{
    struct upload u;

    assert_true(engine_next_upload(s->alice.engine, &u));
    u.id = arena_str(&s->arena, u.id);
    u.url = arena_str(&s->arena, u.url);
    assert_false(engine_next_upload(s->alice.engine, &u));
    return u;
}

static bool none_to_move(struct trio *s)
{
    struct upload u;

    engine_now(s->alice.engine, s->alice.now_ms);
    if (engine_next_upload(s->alice.engine, &u))
        return false;
    trio_run(s);
    return !engine_next_upload(s->alice.engine, &u);
}

static struct attachment attachment_in(const struct entry *e)
{
    struct attachment f;

    assert_non_null(e);
    assert_int_equal(attachment_read(bytes_of_str(e->attachment), &f), ERR_NONE);
    return f;
}

/* ---- */

static void sent(void **state)
{
    struct trio *s = *state;
    struct attachment f;
    const struct entry *e;
    struct upload u;
    struct str id;

    start_all(s);
    id = send_file(s, 100);
    e = handset_last(&s->alice, ENTRY_MESSAGE);
    assert_true(e->outgoing && str_eq(e->id, id) && e->text.n == 0 && e->attachment.n > 0);
    u = next_upload(s);
    assert_true(str_eq(u.id, id));
    assert_int_equal(u.size, 116);
    assert_true(str_starts(u.url, STR("https://sotto.test/upload/")));
    assert_true(str_ends(u.url, STR(".pdf")));
    assert_int_equal(u.header_count, 1);
    assert_true(str_is(u.headers[0].name, "Authorization"));
    assert_null(
        handset_last(&s->bob, ENTRY_MESSAGE)); /* nobody hears of a file that is not there */
    engine_uploaded(s->alice.engine, id, UPLOAD_STORED, STR_NONE);
    trio_run(s);
    e = handset_last(&s->bob, ENTRY_MESSAGE);
    f = attachment_in(e);
    assert_true(str_eq(e->id, id) && e->text.n == 0 && e->encryption == ENCRYPTION_OMEMO_2);
    assert_true(str_eq(f.url, u.url) && str_is(f.name, "plan.PDF"));
    assert_true(f.size == 100 && f.has_hash && f.hash[31] == 9 && f.key[31] == 7);
    assert_non_null(handset_last(&s->alice, ENTRY_SENT));
    assert_int_equal(s->alice.seen[ENGINE_FILE_DONE], 1);
    assert_true(str_is(s->alice.told[ENGINE_FILE_DONE], "sealed-1"));
    assert_true(str_eq(attachment_in(handset_last(&s->alice2, ENTRY_MESSAGE)).url, u.url));
    assert_true(none_to_move(s));
}

/* The row survives; what was under way is asked for anew. */
static void crash(void **state)
{
    struct trio *s = *state;
    struct str id, url;

    start_all(s);
    id = send_file(s, 100);
    url = next_upload(s).url;
    handset_crash(&s->alice);
    handset_start(&s->alice);
    assert_true(engine_has_source(s->alice.engine, STR("sealed-1")));
    trio_run(s);
    assert_false(str_eq(next_upload(s).url, url));
    handset_cut(&s->alice); /* the file moves on another connection */
    engine_uploaded(s->alice.engine, id, UPLOAD_STORED, STR_NONE);
    s->alice.now_ms += 120 * 1000;
    trio_run(s);
    assert_true(str_eq(handset_last(&s->bob, ENTRY_MESSAGE)->id, id));
    assert_int_equal(s->bob.entry_count, 2); /* the file, and Alice's device */
    assert_non_null(handset_last(&s->bob, ENTRY_DEVICE));
    assert_false(engine_has_source(s->alice.engine, STR("sealed-1")));
    handset_crash(&s->alice);
    handset_start(&s->alice);
    assert_false(engine_has_source(s->alice.engine, STR("sealed-1")));
}

/* Nothing is lost while the store takes its time: what is sealed is needed until the message is durable. */
static void crash_before_commit(void **state)
{
    struct trio *s = *state;
    struct str id;

    start_all(s);
    id = send_file(s, 100);
    (void)next_upload(s);
    s->alice.hold_commits = true;
    engine_uploaded(s->alice.engine, id, UPLOAD_STORED, STR_NONE);
    trio_run(s);
    assert_int_equal(s->alice.seen[ENGINE_FILE_DONE], 0);
    handset_crash(&s->alice);
    s->alice.hold_commits = false;
    handset_start(&s->alice);
    trio_run(s);
    assert_true(str_eq(next_upload(s).id, id));
}

/* Taken back before it was there: the other side hears of neither, and what comes of the transfer does not matter any more. */
static void taken_back(void **state)
{
    struct trio *s = *state;
    struct str id, retraction;
    struct jid bob;

    start_all(s);
    id = send_file(s, 100);
    (void)next_upload(s);
    assert_int_equal(jid_parse(&s->arena, STR("bob@sotto.test"), &bob), ERR_NONE);
    assert_int_equal(engine_retract(s->alice.engine, &s->arena, &bob, id, &retraction), ERR_NONE);
    trio_run(s);
    assert_true(str_eq(handset_last(&s->alice, ENTRY_RETRACTION)->target, id));
    assert_int_equal(s->alice.seen[ENGINE_FILE_DONE], 1);
    engine_uploaded(s->alice.engine, id, UPLOAD_STORED, STR_NONE);
    trio_run(s);
    assert_true(none_to_move(s));
    assert_int_equal(s->bob.entry_count, 0);
}

static void tried_again(void **state)
{
    struct trio *s = *state;
    struct str id;
    uint64_t wake;

    start_all(s);
    id = send_file(s, 100);
    (void)next_upload(s);
    engine_uploaded(s->alice.engine, id, UPLOAD_AGAIN, STR_NONE);
    assert_true(none_to_move(s));
    engine_wants(s->alice.engine, &wake);
    assert_int_equal(wake, s->alice.now_ms + 5000);
    s->alice.now_ms += 5000;
    assert_false(none_to_move(s));
    engine_uploaded(s->alice.engine, id, UPLOAD_AGAIN, STR_NONE);
    engine_wants(s->alice.engine, &wake);
    assert_int_equal(wake, s->alice.now_ms + 10000);
    assert_null(handset_last(&s->alice, ENTRY_FAILED));
}

static void given_up(void **state)
{
    struct trio *s = *state;
    struct str id;

    start_all(s);
    id = send_file(s, 100);
    (void)next_upload(s);
    engine_uploaded(s->alice.engine, id, UPLOAD_REFUSED, STR("It is gone."));
    trio_run(s);
    assert_true(str_eq(handset_last(&s->alice, ENTRY_FAILED)->target, id));
    assert_true(str_is(handset_last(&s->alice, ENTRY_FAILED)->text, "It is gone."));
    assert_int_equal(s->alice.seen[ENGINE_FILE_DONE], 1);
    assert_null(handset_last(&s->bob, ENTRY_MESSAGE));
}

/* 1024 octets are the limit here; what is sealed has 16 more. */
static void too_big(void **state)
{
    struct trio *s = *state;

    start_all(s);
    (void)send_file(s, 1009);
    assert_true(none_to_move(s));
    assert_non_null(handset_last(&s->alice, ENTRY_FAILED));
    (void)send_file(s, 1008);
    (void)next_upload(s);
}

static void no_place(void **state)
{
    struct trio *s = *state;

    assert_true(world_config(s->world, STR("listen.https"), STR("")));
    start_all(s);
    (void)send_file(s, 100);
    assert_true(none_to_move(s));
    assert_true(str_is(handset_last(&s->alice, ENTRY_FAILED)->text, "This server keeps no files."));
}

static void offline(void **state)
{
    struct trio *s = *state;
    struct str id;

    handset_start(&s->bob);
    trio_run(s);
    handset_start(&s->alice);
    id = send_file(s, 100);
    trio_run(s);
    assert_true(str_eq(next_upload(s).id, id));
}

static void own_place(void **state)
{
    struct trio *s = *state;
    struct attachment here = { .url = STR("https://sotto.test:5443/upload/x/y") };
    struct attachment elsewhere = { .url = STR("https://sotto.test.example/x") };

    start_all(s);
    assert_true(engine_is_own_place(s->alice.engine, &here));
    assert_false(engine_is_own_place(s->alice.engine, &elsewhere));
}

static void refused_input(void **state)
{
    struct trio *s = *state;
    struct attachment f = sealed_file(0);
    struct jid bob, server;
    struct str id;

    start_all(s);
    assert_int_equal(jid_parse(&s->arena, STR("bob@sotto.test"), &bob), ERR_NONE);
    assert_int_equal(jid_parse(&s->arena, STR("sotto.test"), &server), ERR_NONE);
    assert_int_equal(engine_send_file(s->alice.engine, &s->arena, &bob, &f, STR("x"), &id),
                     ERR_MALFORMED);
    f.size = 1;
    assert_int_equal(engine_send_file(s->alice.engine, &s->arena, &server, &f, STR("x"), &id),
                     ERR_MALFORMED);
    f.key_n = 0;
    assert_int_equal(engine_send_file(s->alice.engine, &s->arena, &bob, &f, STR("x"), &id),
                     ERR_MALFORMED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, trio_set_up, trio_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sent),        TEST(crash),         TEST(crash_before_commit),
        TEST(tried_again), TEST(given_up),      TEST(too_big),
        TEST(no_place),    TEST(offline),       TEST(taken_back),
        TEST(own_place),   TEST(refused_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
