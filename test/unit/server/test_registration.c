/* test_registration.c: names of new accounts, tokens of invitations, slots of uploads, templates of pages. */
#include "test/unit/check.h"

#include "server/invite_token.h"
#include "server/registration.h"
#include "server/upload_slot.h"
#include "server/web/html.h"
#include "xml/tree.h"

static const struct settings ours = { .secret = "a secret of thirty-two octets...",
                                      .scram_iterations = 1 };
static const struct settings theirs = { .secret = "another secret of 32 octets....." };

static const struct {
    const char *text;
    enum err err;
    const char *local;
} names[] = {
    { "alice", ERR_NONE, "alice" },
    { "Alice", ERR_NONE, "alice" },
    { "\xC3\x84nne", ERR_NONE, "\xC3\xA4nne" },
    { "a.b-c_1", ERR_NONE, "a.b-c_1" },
    { "", ERR_MALFORMED, NULL },
    { "a b", ERR_MALFORMED, NULL },
    { "a@b", ERR_MALFORMED, NULL },
    { "a/b", ERR_MALFORMED, NULL },
    { "\xff", ERR_MALFORMED, NULL },
    { "admin", ERR_DENIED, NULL },
    { "POSTMASTER", ERR_DENIED, NULL },
    { "\xEF\xBD\x81\xEF\xBD\x84\xEF\xBD\x8D\xEF\xBD\x89\xEF\xBD\x8E", ERR_DENIED,
      NULL }, /* fullwidth admin */
    { "1234567890123456789012345678901234567890123456789012345678901234", ERR_NONE,
      "1234567890123456789012345678901234567890123456789012345678901234" },
    { "12345678901234567890123456789012345678901234567890123456789012345", ERR_TOO_BIG, NULL },
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct arena a = { 0 };
        struct str local;

        check_err(names[i].text, registration_name(&a, str_from(names[i].text), &local),
                  names[i].err);
        if (names[i].local != NULL)
            check_str(names[i].text, local, names[i].local);
        arena_deinit(&a);
    }
}

static void test_good_invitations(void **state)
{
    const struct invite_record good = { .domain = STR("a.test"),
                                        .account = true,
                                        .expires_ms = 100 };
    struct invite_record used = good, contact = good;

    (void)state;
    used.used = true;
    contact.account = false;
    assert_true(invite_is_good(&good, STR("a.test"), 99));
    assert_true(invite_is_good(&good, STR_NONE, 99));
    assert_false(invite_is_good(&good, STR("a.test"), 100));
    assert_false(invite_is_good(&good, STR("b.test"), 99));
    assert_false(invite_is_good(&used, STR("a.test"), 99));
    assert_false(invite_is_good(&contact, STR("a.test"), 99));
}

/* One transaction: the invitation goes with the account and its keys, which open with the password given. */
static void test_rows(void **state)
{
    static const enum row_kind kinds[] = { ROW_INVITE_USED, ROW_ACCOUNT_NEW, ROW_CREDENTIAL,
                                           ROW_CREDENTIAL,  ROW_CREDENTIAL,  ROW_ROSTER };
    const uint8_t hash[INVITE_HASH_OCTETS] = { 7 };
    const struct ticket ticket = { bytes_of(hash, sizeof hash), STR("abc"), STR("bob@a.test") };
    struct registration r;
    struct scram_keys again;
    size_t n = 0;
    const struct random zeroes = { .fill = NULL };

    (void)state, (void)zeroes;
    r = (struct registration){ .iterations = 1, .password = STR_NONE };
    registration_derive(&r);
    scram_derive(HASH_SHA256, STR_NONE, bytes_of(r.salts[1], SCRAM_SALT_OCTETS), 1, &again);
    assert_memory_equal(r.keys[1].stored_key, again.stored_key, hash_size(HASH_SHA256));
    registration_fill(&r, STR("alice"), STR("a.test"), &ticket, 5);
    for (const struct row *row = r.set.first; row != NULL; row = row->next)
        assert_int_equal(row->kind, kinds[n++]);
    assert_int_equal(n, COUNT_OF(kinds));
    assert_true(str_is(xml_get(r.introduction, STR("from")), "alice@a.test"));
    assert_true(str_is(xml_get(r.introduction, STR("to")), "bob@a.test"));
    registration_deinit(&r);
}

/* The operator is nobody's contact. */
static void test_operators_invitation(void **state)
{
    struct registration r = { 0 };

    (void)state;
    registration_fill(&r, STR("alice"), STR("a.test"), &(struct ticket){ 0 }, 5);
    for (const struct row *row = r.set.first; row != NULL; row = row->next)
        assert_true(row->kind == ROW_ACCOUNT_NEW || row->kind == ROW_CREDENTIAL);
    assert_null(r.introduction);
    registration_deinit(&r);
}

static void test_tokens(void **state)
{
    enum { MINUTE = 60 * 1000 };
    struct arena a = { 0 };
    struct str bob = STR("bob@a.test"), token = invite_token(&ours, &a, bob, 10 * MINUTE, STR("1"));
    struct str changed = arena_str(&a, token);

    (void)state;
    assert_int_equal(token.n, 39);
    assert_true(invite_token_is_of(&ours, token, bob, 0));
    assert_true(invite_token_is_of(&ours, token, bob, 10 * MINUTE - 1));
    assert_false(invite_token_is_of(&ours, token, bob, 10 * MINUTE));
    assert_false(invite_token_is_of(&ours, token, STR("eve@a.test"), 0));
    assert_false(invite_token_is_of(&theirs, token, bob, 0));
    assert_false(invite_token_is_of(&ours, STR(""), bob, 0));
    assert_false(invite_token_is_of(&ours, str_slice(token, 0, 38), bob, 0));
    assert_false(str_eq(token, invite_token(&ours, &a, bob, 10 * MINUTE, STR("2"))));
    for (size_t i = 0; i < changed.n; i++) { /* its end and its nonce are sealed like the rest */
        char *c = (char *)changed.p + i, was = *c;

        *c = was == 'a' ? 'b' : 'a';
        assert_false(invite_token_is_of(&ours, changed, bob, 0));
        *c = was;
    }
    arena_deinit(&a);
}

static void test_slots(void **state)
{
    struct arena a = { 0 };
    struct str slot = upload_slot(&ours, &a, STR("1")), other = upload_slot(&ours, &a, STR("2"));
    struct str bearer = upload_authorization(&ours, &a, slot);

    (void)state;
    assert_true(upload_slot_is_one(slot));
    assert_false(str_eq(slot, other));
    assert_false(upload_slot_is_one(str_slice(slot, 0, 25)));
    assert_false(upload_slot_is_one(STR("..a2a2a2a2a2a2a2a2a2a2a2a2")));
    assert_false(upload_slot_is_one(STR("A2a2a2a2a2a2a2a2a2a2a2a2a2")));
    assert_true(upload_is_authorized(&ours, slot, bearer));
    assert_false(upload_is_authorized(&ours, other, bearer));
    assert_false(upload_is_authorized(&theirs, slot, bearer));
    assert_false(upload_is_authorized(&ours, slot, STR_NONE));
    assert_false(upload_is_authorized(&ours, slot, slot));
    assert_true(upload_type_is_shown(STR("image/png")));
    assert_false(upload_type_is_shown(STR("image/svg+xml")));
    assert_false(upload_type_is_shown(STR("image/png; charset=x")));
    arena_deinit(&a);
}

static void test_templates(void **state)
{
    const struct html_value values[] = { { "a", STR("<b>&\"'") }, { "c", STR("<i>{a}</i>") } };
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    html_fill(&out, STR("x {a} <p title=\"{a}\">{!c}{c}"), values, COUNT_OF(values));
    check_str("template", buf_str(&out),
              "x &lt;b&gt;&amp;&quot;&#39; <p "
              "title=\"&lt;b&gt;&amp;&quot;&#39;\"><i>{a}</i>&lt;i&gt;{a}&lt;/i&gt;");
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_good_invitations),
        cmocka_unit_test(test_rows),      cmocka_unit_test(test_operators_invitation),
        cmocka_unit_test(test_tokens),    cmocka_unit_test(test_slots),
        cmocka_unit_test(test_templates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
