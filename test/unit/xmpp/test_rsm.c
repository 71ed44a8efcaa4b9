/* test_rsm.c: requests and answers of XEP-0059. */
#include "test/unit/xmpp/check_xml.h"

#include "xmpp/rsm.h"

#define QUERY(content) "<query xmlns='urn:example'>" content "</query>"
#define SET(content)   QUERY("<set xmlns='http://jabber.org/protocol/rsm'>" content "</set>")

static const struct {
    const char *xml;
    enum err err;
    struct rsm want;
} requests[] = {
    { QUERY(""), ERR_NONE, { 0 } },
    { QUERY("<set xmlns='urn:example'><max>x</max></set>"), ERR_NONE, { 0 } },
    { SET(""), ERR_NONE, { .present = true } },
    { SET("<max>10</max>"), ERR_NONE, { .present = true, .has_max = true, .max = 10 } },
    { SET("<max> 10\n</max>"), ERR_NONE, { .present = true, .has_max = true, .max = 10 } },
    { SET("<max>0</max>"),
      ERR_NONE,
      { .present = true, .has_max = true } }, /* §2.7: only the count */
    { SET("<max>10</max><after>peterpan@neverland.lit</after>"),
      ERR_NONE,
      { .present = true,
        .has_max = true,
        .max = 10,
        .after = STR_INIT("peterpan@neverland.lit") } },
    { SET("<max>10</max><before>peter@pixyland.org</before>"),
      ERR_NONE,
      { .present = true,
        .has_max = true,
        .max = 10,
        .has_before = true,
        .before = STR_INIT("peter@pixyland.org") } },
    { SET("<max>10</max><before/>"),
      ERR_NONE,
      { .present = true, .has_max = true, .max = 10, .has_before = true } },
    { SET("<after/>"), ERR_NONE, { .present = true } },
    { SET("<max>10</max><index>371</index>"),
      ERR_NONE,
      { .present = true, .has_max = true, .max = 10, .has_index = true, .index = 371 } },
    { SET("<max/>"), ERR_MALFORMED, { 0 } },
    { SET("<max>-1</max>"), ERR_MALFORMED, { 0 } },
    { SET("<max>ten</max>"), ERR_MALFORMED, { 0 } },
    { SET("<max>18446744073709551616</max>"), ERR_MALFORMED, { 0 } },
    { SET("<index>1.5</index>"), ERR_MALFORMED, { 0 } },
};

static void requests_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        const struct rsm *want = &requests[i].want;
        struct arena a = { 0 };
        struct rsm have = { 0 };

        check_err(requests[i].xml, rsm_read(&a, xml_of(&a, requests[i].xml), &have),
                  requests[i].err);
        if (have.present != want->present || have.has_max != want->has_max || have.max != want->max
            || have.has_index != want->has_index || have.index != want->index
            || have.has_before != want->has_before || !str_eq(have.before, want->before)
            || !str_eq(have.after, want->after))
            fail_msg("%s", requests[i].xml);
        arena_deinit(&a);
    }
}

static const struct {
    struct rsm_answer answer;
    const char *xml;
} answers[] = {
    { { .first = STR_INIT("stpeter@jabber.org"),
        .last = STR_INIT("peterpan@neverland.lit"),
        .has_index = true,
        .has_count = true,
        .count = 800 },
      SET("<first "
          "index='0'>stpeter@jabber.org</first><last>peterpan@neverland.lit</last><count>800</"
          "count>") },
    { { .first = STR_INIT("a"), .last = STR_INIT("b") }, SET("<first>a</first><last>b</last>") },
    { { .has_count = true, .count = 790 },
      SET("<count>790</count>") }, /* a page past the end, or max 0 */
    { { .has_index = true, .index = 5 }, QUERY("<set xmlns='http://jabber.org/protocol/rsm'/>") },
};

static void answers_are_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct arena a = { 0 };
        struct xml_node *query = xml_new(&a, STR("urn:example"), STR("query"));

        rsm_write(&a, query, &answers[i].answer);
        check_xml("answer", query, answers[i].xml);
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read),
        cmocka_unit_test(answers_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
