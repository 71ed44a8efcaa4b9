/* test_trouble.c: what servers cannot tell now, and what comes back although it seemed to have left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/devices.h"
#include "test/client/stage.h"
#include "test/client/trio.h"
#include "xmpp/ns.h"

enum { MINUTE_MS = 60 * 1000 };

static void wait_for(struct scene *s, uint64_t ms)
{
    s->bob.now_ms += ms;
    stage_inject(s, STR("<message" CLIENT "type='headline' from='" ALICE
                        "'/>")); /* so that time is looked at */
}

/* Everything that Bob's device has asked, or the request with this id, gets this answer, before its server gives another. */
static void answer(struct scene *s, struct str id, const char *error)
{
    const struct list *asked = &s->bob.engine->requests;
    struct arena a = { 0 };
    struct buf out;

    buf_init(&out, XML_MAX);
    for (const struct link *l = list_first(asked); l != NULL; l = list_next(asked, l)) {
        const struct request *r = LIST_ENTRY(l, const struct request, link);

        if (id.n > 0 && !str_eq(r->id, id))
            continue;
        buf_add(&out, arena_printf(&a, "<iq" CLIENT "type='error' id='%.*s' from='%.*s'>%s</iq>",
                                   STR_ARG(r->id), STR_ARG(jid_text(&a, &r->to)), error));
    }
    assert_true(out.n > 0);
    stage_inject(s, buf_str(&out));
    buf_deinit(&out);
    arena_deinit(&a);
}

#define OVERLOADED "<error type='wait'><resource-constraint xmlns='" NS_STANZA_ERRORS "'/></error>"

/* ---- Lists of devices ------------------------------------------------------------------------------ */

/* A list that names nobody but this device would take the others out of what everybody writes to them. */
static void does_not_replace_what_it_could_not_read(void **state)
{
    struct scene *s = *state;
    struct engine *c = s->bob.engine;
    struct arena a = { 0 };

    stage_inject(s, arena_printf(&a, LIST(BOB, "<device id='%u'/><device id='4711'/>"),
                                 (unsigned)stage_device(&s->bob)));
    assert_true(devices_lists(c, OMEMO_2, STR(BOB), GHOST));
    engine_forget_notes(&c->fresh);
    devices_online(c);
    answer(s, STR_NONE, OVERLOADED);
    assert_true(devices_lists(c, OMEMO_2, STR(BOB), GHOST));
    handset_write(&s->bob, ALICE, "written meanwhile");
    stage_run(s);
    assert_int_equal(handset_count(&s->alice, "written meanwhile", false), 1);
    wait_for(s, MINUTE_MS + 1);
    assert_false(devices_lists(c, OMEMO_2, STR(BOB), GHOST)); /* the server never had it */
    arena_deinit(&a);
}

/* XEP-0384 §6: nobody tells of a new device of somebody who is no contact, but what it writes. */
static void answers_a_device_that_nobody_told_of(void **state)
{
    struct trio *t = *state;

    handset_start(&t->alice);
    handset_start(&t->bob);
    trio_run(t);
    handset_write(&t->alice, BOB, "hello");
    trio_run(t);
    handset_write(&t->bob, ALICE, "hello yourself");
    trio_run(t);
    handset_start(&t->alice2);
    trio_run(t);
    handset_write(&t->alice2, BOB, "from a new device");
    trio_run(t);
    handset_write(&t->bob, ALICE, "for both");
    trio_run(t);
    assert_int_equal(handset_count(&t->alice, "for both", false), 1);
    assert_int_equal(handset_count(&t->alice2, "for both", false), 1);
}

/* ---- Nodes ----------------------------------------------------------------------------------------- */

/* A server is believed to keep things to ourselves when it has said so, in each session. */
static void believes_in_private_nodes_when_told(void **state)
{
    struct scene *s = *state;

    assert_true(s->bob.engine->private_nodes);
    handset_crash(&s->bob);
    handset_start(&s->bob);
    while (list_empty(&s->bob.engine->requests))
        assert_true(handset_turn(&s->bob));
    answer(s, STR_NONE,
           "<error type='cancel'><feature-not-implemented xmlns='" NS_STANZA_ERRORS "'/></error>");
    assert_false(s->bob.engine->private_nodes);
}

/* ---- The archive ----------------------------------------------------------------------------------- */

/* Bob's device is away, and comes back to a server that cannot read its archive. */
static void come_back_too_early(struct scene *s)
{
    handset_crash(&s->bob);
    handset_write(&s->alice, BOB, "meanwhile");
    stage_run(s);
    handset_start(&s->bob);
    while (s->bob.engine->archive.query.n == 0)
        assert_true(handset_turn(&s->bob));
    answer(s, s->bob.engine->archive.query,
           "<error type='cancel'><internal-server-error xmlns='" NS_STANZA_ERRORS "'/></error>");
    assert_int_equal(handset_count(&s->bob, "meanwhile", false), 0);
    for (int i = 0; i < 70; i++) { /* more than the cursor stays behind */
        handset_write(&s->alice, BOB, "live");
        stage_run(s);
    }
    assert_int_equal(handset_count(&s->bob, "live", false), 70);
}

static void has_all_of_it(struct scene *s)
{
    assert_int_equal(handset_count(&s->bob, "meanwhile", false), 1);
    assert_int_equal(handset_count(&s->bob, "live", false), 70);
    assert_null(handset_last(&s->bob, ENTRY_SEALED));
}

static void reads_what_it_missed_a_minute_later(void **state)
{
    struct scene *s = *state;

    come_back_too_early(s);
    s->bob.now_ms += MINUTE_MS;
    stage_run(s);
    has_all_of_it(s);
}

static void reads_what_it_missed_in_the_next_session(void **state)
{
    struct scene *s = *state;

    come_back_too_early(s);
    handset_crash(&s->bob);
    handset_start(&s->bob);
    stage_run(s);
    has_all_of_it(s);
}

/* ---- What comes back ------------------------------------------------------------------------------- */

static void refuse(struct scene *s, const char *from, struct str id)
{
    struct arena a = { 0 };

    stage_inject(s, arena_printf(&a,
                                 "<message" CLIENT "type='error' from='%s' id='%.*s'><error "
                                 "type='cancel'><remote-server-timeout xmlns='" NS_STANZA_ERRORS
                                 "'/></error></message>",
                                 from, STR_ARG(id)));
    arena_deinit(&a);
}

/* Our server has taken it (XEP-0198), and theirs has not: the person hears of it, once, and from nobody else. */
static void tells_what_came_back(void **state)
{
    struct scene *s = *state;
    const struct entry *e;
    struct str id;
    size_t before;

    handset_write(&s->bob, ALICE, "into the blue");
    stage_run(s);
    id = handset_last(&s->bob, ENTRY_SENT)->target;
    refuse(s, MALLORY, id);
    refuse(s, ALICE, STR("something-else"));
    assert_null(handset_last(&s->bob, ENTRY_FAILED));
    refuse(s, ALICE, id);
    e = handset_last(&s->bob, ENTRY_FAILED);
    assert_true(e != NULL && e->outgoing && str_eq(e->target, id) && str_is(e->chat, ALICE));
    assert_true(str_is(e->text, "The server refused it: remote-server-timeout."));
    before = s->bob.entry_count;
    refuse(s, ALICE, id);
    assert_int_equal(s->bob.entry_count, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(does_not_replace_what_it_could_not_read, stage_set_up,
                                        stage_tear_down),
        cmocka_unit_test_setup_teardown(answers_a_device_that_nobody_told_of, trio_set_up,
                                        trio_tear_down),
        cmocka_unit_test_setup_teardown(believes_in_private_nodes_when_told, stage_set_up,
                                        stage_tear_down),
        cmocka_unit_test_setup_teardown(reads_what_it_missed_a_minute_later, stage_set_up,
                                        stage_tear_down),
        cmocka_unit_test_setup_teardown(reads_what_it_missed_in_the_next_session, stage_set_up,
                                        stage_tear_down),
        cmocka_unit_test_setup_teardown(tells_what_came_back, stage_set_up, stage_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
