/* test_link.c: what two devices show and tell each other while one is linked, and somebody in between. */
#include "test/unit/check.h"

#include <string.h>

#include "client/link.h"

static void fill(void *ctx, uint8_t *out, size_t n)
{
    uint8_t *next = ctx;

    for (size_t i = 0; i < n; i++)
        out[i] = (*next)++;
}

/* One run of the messages, each side with what it has. */
struct pair {
    struct arena arena;
    struct random random;
    struct identity identity;
    struct link_secret new_secret, old_secret;
    struct link_code code;
    struct bytes hello, answer;
    struct link_shared at_new, at_old;
};

static void make_answer(struct pair *p)
{
    struct link_answer answer = { .device = 7, .name = STR("Laptop") };

    memcpy(answer.key, p->new_secret.public_key, sizeof answer.key);
    memset(answer.nonce, 9, sizeof answer.nonce);
    memcpy(answer.ed, p->identity.ed, sizeof answer.ed);
    p->answer = link_answer_write(&p->arena, &answer);
}

static void begin(struct pair *p, uint8_t *seed)
{
    *p = (struct pair){ .random = { fill, seed } };
    identity_make(&p->identity, &p->random);
    link_secret_make(&p->new_secret, &p->random);
    link_secret_make(&p->old_secret, &p->random);
    make_answer(p);
    p->code.domain = STR("example.org");
    link_commit(p->answer, p->code.commitment);
    p->hello = link_hello_write(&p->arena, &p->old_secret);
}

static void agree(struct pair *p)
{
    uint8_t old_key[32];

    check_err("hello", link_hello_read(p->hello, old_key), ERR_NONE);
    check_err("new", link_agree(&p->code, p->hello, p->answer, &p->new_secret, old_key, &p->at_new),
              ERR_NONE);
    check_err("old",
              link_agree(&p->code, p->hello, p->answer, &p->old_secret, p->new_secret.public_key,
                         &p->at_old),
              ERR_NONE);
}

/* ---- The code ------------------------------------------------------------------------------------ */

static void test_code(void **state)
{
    struct arena a = { 0 };
    struct link_code code = { .domain = STR("example.org") }, got;
    struct str text;

    (void)state;
    memset(code.commitment, 0x5a, sizeof code.commitment);
    text = link_code_text(&a, &code);
    check_err("as written", link_code_read(&a, text, &got), ERR_NONE);
    check_str("domain", got.domain, "example.org");
    assert_memory_equal(got.commitment, code.commitment, sizeof code.commitment);
    check_err("in blanks", link_code_read(&a, arena_printf(&a, " %.*s\n", STR_ARG(text)), &got),
              ERR_NONE);
    for (size_t cut = 0; cut < text.n; cut++)
        check_err("cut", link_code_read(&a, str_slice(text, 0, cut), &got), ERR_MALFORMED);
    for (size_t at = 0; at < text.n; at++) {
        char *typo = arena_raw(&a, text.n);

        memcpy(typo, text.p, text.n);
        typo[at] = typo[at] == 'x' ? 'y' : 'x';
        if (text.p[at] != '-')
            check_err("typo", link_code_read(&a, (struct str){ typo, text.n }, &got),
                      ERR_MALFORMED);
    }
    arena_deinit(&a);
}

static void test_channels_differ(void **state)
{
    struct arena a = { 0 };
    struct link_code one = { .domain = STR("example.org") }, other = one;

    (void)state;
    assert_int_equal(link_channel(&a, &one).n, 26);
    other.commitment[31] = 1;
    assert_false(str_eq(link_channel(&a, &one), link_channel(&a, &other)));
    other = one;
    other.domain = STR("example.com");
    assert_false(str_eq(link_channel(&a, &one), link_channel(&a, &other)));
    arena_deinit(&a);
}

/* ---- The messages -------------------------------------------------------------------------------- */

static void test_agreement(void **state)
{
    uint8_t seed = 1;
    struct link_answer answer;
    struct pair p;

    (void)state;
    begin(&p, &seed);
    agree(&p);
    assert_memory_equal(p.at_new.key, p.at_old.key, sizeof p.at_new.key);
    assert_string_equal(p.at_new.digits, p.at_old.digits);
    assert_int_equal(strspn(p.at_new.digits, "0123456789"), LINK_DIGITS);
    check_err("answer", link_answer_read(p.answer, &answer), ERR_NONE);
    check_str("name", answer.name, "Laptop");
    assert_int_equal(answer.device, 7);
    for (size_t cut = 0; cut < p.answer.n; cut++)
        check_err("cut", link_answer_read(bytes_of(p.answer.p, cut), &answer), ERR_MALFORMED);
    for (size_t cut = 0; cut < p.hello.n; cut++) {
        uint8_t key[32];

        check_err("cut", link_hello_read(bytes_of(p.hello.p, cut), key), ERR_MALFORMED);
    }
    arena_deinit(&p.arena);
}

/* The server gives the old device an answer of its own: the code does not fit it. */
static void test_other_answer(void **state)
{
    uint8_t seed = 1;
    struct link_shared shared;
    struct pair p;

    (void)state;
    begin(&p, &seed);
    for (size_t at = 0; at < p.answer.n; at++) {
        uint8_t *changed = (uint8_t *)arena_raw(&p.arena, p.answer.n);

        memcpy(changed, p.answer.p, p.answer.n);
        changed[at] ^= 1;
        check_err("changed",
                  link_agree(&p.code, p.hello, bytes_of(changed, p.answer.n), &p.old_secret,
                             p.new_secret.public_key, &shared),
                  ERR_DENIED);
    }
    arena_deinit(&p.arena);
}

/* It gives the new device a hello of its own: digits and keys differ, so what one seals the other does not open. */
static void test_other_hello(void **state)
{
    struct link_gift gift = { .jid = STR("a@b"), .password = STR("p") }, got;
    uint8_t seed = 1, key[32];
    struct link_secret between;
    struct pair p;
    struct bytes hello, sealed;

    (void)state;
    begin(&p, &seed);
    agree(&p);
    memcpy(gift.ed, p.identity.ed, sizeof gift.ed);
    link_secret_make(&between, &p.random);
    hello = link_hello_write(&p.arena, &between);
    check_err("hello", link_hello_read(hello, key), ERR_NONE);
    check_err("new", link_agree(&p.code, hello, p.answer, &p.new_secret, key, &p.at_new), ERR_NONE);
    assert_string_not_equal(p.at_new.digits, p.at_old.digits);
    sealed = link_gift_seal(&p.arena, &p.at_old, &gift);
    check_err("gift", link_gift_open(&p.arena, &p.at_new, sealed, &got), ERR_DENIED);
    check_err("gift", link_gift_open(&p.arena, &p.at_old, sealed, &got), ERR_NONE);
    arena_deinit(&p.arena);
}

static void test_no_point(void **state)
{
    static const uint8_t zero[32];
    struct link_shared shared;
    uint8_t seed = 1;
    struct pair p;

    (void)state;
    begin(&p, &seed);
    check_err("zero", link_agree(&p.code, p.hello, p.answer, &p.new_secret, zero, &shared),
              ERR_MALFORMED);
    arena_deinit(&p.arena);
}

/* ---- The gift ------------------------------------------------------------------------------------ */

static void test_gift(void **state)
{
    struct link_key keys[LINK_KEYS_MAX + 10];
    struct link_gift gift = { .jid = STR("al@example.org"), .password = STR("pass"), .device = 3 };
    struct link_gift got;
    struct bytes sealed;
    uint8_t seed = 1;
    struct pair p;

    (void)state;
    begin(&p, &seed);
    agree(&p);
    memcpy(gift.ed, p.identity.ed, sizeof gift.ed);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        keys[i] = (struct link_key){
            .account = STR("bob@example.org"), .device = (uint32_t)i, .trust = 2, .met_ms = i
        };
    gift.keys = keys;
    gift.key_count = COUNT_OF(keys);
    sealed = link_gift_seal(&p.arena, &p.at_old, &gift);
    assert_true(sealed.n <= LINK_GIFT_MAX);
    check_err("open", link_gift_open(&p.arena, &p.at_new, sealed, &got), ERR_NONE);
    check_str("jid", got.jid, "al@example.org");
    check_str("password", got.password, "pass");
    assert_int_equal(got.device, 3);
    assert_true(got.key_count > 200 && got.key_count <= LINK_KEYS_MAX);
    check_str("account", got.keys[9].account, "bob@example.org");
    assert_true(got.keys[9].device == 9 && got.keys[9].trust == 2 && got.keys[9].met_ms == 9);
    for (size_t cut = 0; cut < sealed.n; cut += 7)
        assert_int_not_equal(link_gift_open(&p.arena, &p.at_new, bytes_of(sealed.p, cut), &got),
                             ERR_NONE);
    arena_deinit(&p.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code),        cmocka_unit_test(test_channels_differ),
        cmocka_unit_test(test_agreement),   cmocka_unit_test(test_other_answer),
        cmocka_unit_test(test_other_hello), cmocka_unit_test(test_no_point),
        cmocka_unit_test(test_gift),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
