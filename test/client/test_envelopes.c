/* test_envelopes.c: what others put into an envelope (XEP-0420) that we keep beside it, or do not have at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "omemo/sce.h"
#include "test/client/stage.h"
#include "xmpp/ns.h"

/* A message of Alice's with these children, said at this time; returns its id. */
static struct str seal(struct scene *s, struct arena *a, struct xml_node *content, uint64_t said_ms)
{
    struct sce e = {
        .content = content, .from = STR(ALICE), .to = STR(BOB), .has_time = true, .time_ms = said_ms
    };
    struct xml_node *m = forge_sealed(s, a, OMEMO_2, sce_write(a, &s->alice.random, &e));
    struct buf out;

    buf_init(&out, XML_MAX);
    forge_put(&out, m);
    stage_inject(s, buf_str(&out));
    buf_deinit(&out);
    return xml_get(m, STR("id"));
}

static void add(struct arena *a, struct xml_node *content, const char *ns, const char *name,
                const char *id)
{
    struct xml_node *n = xml_add(a, content, str_from(ns), str_from(name));

    if (id != NULL)
        xml_set(a, n, STR("id"), str_from(id));
}

/* §9: what no server has to read is sealed: reports, and that somebody wants them (QXmpp). */
static void hears_sealed_reports(void **state)
{
    struct scene *s = *state;
    struct arena a = { 0 };
    struct xml_node *reports = sce_content(&a), *asking = sce_content(&a);
    struct str id;

    add(&a, reports, NS_RECEIPTS, "received", "one");
    add(&a, reports, NS_MARKERS, "displayed", "two");
    (void)seal(s, &a, reports, s->bob.now_ms);
    assert_true(str_is(handset_last(&s->bob, ENTRY_DELIVERED)->target, "one"));
    assert_true(str_is(handset_last(&s->bob, ENTRY_READ)->target, "two"));

    xml_add_text_child(&a, asking, STR(NS_CLIENT), STR("body"), STR("tell me"));
    add(&a, asking, NS_RECEIPTS, "request", NULL);
    add(&a, asking, NS_MARKERS, "markable", NULL);
    id = seal(s, &a, asking, s->bob.now_ms);
    assert_int_equal(handset_count(&s->bob, "tell me", false), 1);
    assert_true(str_eq(handset_last(&s->alice, ENTRY_DELIVERED)->target, id));
    arena_deinit(&a);
}

static const struct entry *written(struct scene *s, uint64_t before_ms)
{
    struct arena a = { 0 };
    struct xml_node *content = sce_content(&a);

    xml_add_text_child(&a, content, STR(NS_CLIENT), STR("body"), STR("yes"));
    (void)seal(s, &a, content, s->bob.now_ms - before_ms);
    arena_deinit(&a);
    return handset_last(&s->bob, ENTRY_MESSAGE);
}

/* §4: what a server has held back is shown as what it is, and not refused: clocks are wrong, and people offline. */
static void shows_what_is_from_another_time(void **state)
{
    struct scene *s = *state;
    uint64_t late = s->bob.now_ms - 2 * (uint64_t)SCE_LATE_MS;

    assert_int_equal(written(s, 0)->said_ms, 0);
    assert_int_equal(written(s, SCE_LATE_MS - 1)->said_ms, 0);
    assert_int_equal(written(s, 2 * (uint64_t)SCE_LATE_MS)->said_ms, late);
    assert_int_equal(handset_count(&s->bob, "yes", false), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hears_sealed_reports, stage_set_up, stage_tear_down),
        cmocka_unit_test_setup_teardown(shows_what_is_from_another_time, stage_set_up,
                                        stage_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
