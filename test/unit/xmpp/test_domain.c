/* test_domain.c: Punycode by the samples of RFC 3492 §7.1, and names for DNS. */
#include "test/unit/check.h"

#include "base/utf8.h"
#include "xmpp/domain.h"
#include "xmpp/punycode.h"

static const struct {
    const char *name, *text, *puny;
} samples[] = {
    { "A Arabic", "ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn" },
    { "B Chinese", "他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye" },
    { "C Chinese", "他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb" },
    { "D Czech", "Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a" },
    { "E Hebrew", "למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b" },
    { "F Hindi", "यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd" },
    { "G Japanese", "なぜみんな日本語を話してくれないのか",
      "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa" },
    { "I Russian", "почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l" },
    { "J Spanish", "PorquénopuedensimplementehablarenEspañol",
      "PorqunopuedensimplementehablarenEspaol-fmd56a" },
    { "K Vietnamese", "TạisaohọkhôngthểchỉnóitiếngViệt",
      "TisaohkhngthchnitingVit-kjcr8268qyxafd2f1b9g" },
    { "L", "3年B組金八先生", "3B-ww4c5e180e575a65lsy2b" },
    { "M", "安室奈美恵-with-SUPER-MONKEYS", "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n" },
    { "N", "Hello-Another-Way-それぞれの場所", "Hello-Another-Way--fc4qua05auwb3674vfr0b" },
    { "O", "ひとつ屋根の下2", "2-u9tlzr9756bt3uc0v" },
    { "P", "MajiでKoiする5秒前", "MajiKoi5-783gue6qz075azm5e" },
    { "Q", "パフィーdeルンバ", "de-jg4avhby1noc0d" },
    { "R", "そのスピードで", "d9juau41awczczp" },
    { "S", "-> $1.00 <-", "-> $1.00 <--" },
    { "highest", "\U0010ffff", "dn32g" },
};

static size_t points_of(const char *text, uint32_t out[PUNYCODE_MAX])
{
    struct str rest = str_from(text);
    size_t n = 0;

    while (rest.n > 0)
        out[n++] = (uint32_t)utf8_next(&rest);
    return n;
}

static void samples_encode_and_decode(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        uint32_t points[PUNYCODE_MAX], decoded[PUNYCODE_MAX];
        size_t n = points_of(samples[i].text, points), decoded_n, puny_n;
        char puny[PUNYCODE_MAX];

        check_err(samples[i].name, punycode_encode(points, n, puny, &puny_n), ERR_NONE);
        check_str(samples[i].name, (struct str){ puny, puny_n }, samples[i].puny);
        check_err(samples[i].name, punycode_decode(str_from(samples[i].puny), decoded, &decoded_n),
                  ERR_NONE);
        assert_int_equal(decoded_n, n);
        assert_memory_equal(decoded, points, n * sizeof *points);
    }
}

static const struct {
    const char *in;
    enum err err;
} broken[] = {
    { "\xc3\xbc-abc", ERR_MALFORMED },
    { "a-b\xc3\xbc", ERR_MALFORMED },
    { "abc-!", ERR_MALFORMED },
    { "abc-z", ERR_MALFORMED },       /* a delta breaks off */
    { "dn33g", ERR_MALFORMED },       /* beyond U+10FFFF */
    { "99999999999", ERR_MALFORMED }, /* overflow */
    { "zzzzzzzzzzzzzzzzzzzzzzz", ERR_MALFORMED },
    { "a234567890123456789012345678901234567890123456789012345678901", ERR_TOO_BIG },
};

static void broken_punycode_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        uint32_t points[PUNYCODE_MAX];
        size_t n;

        check_err(broken[i].in, punycode_decode(str_from(broken[i].in), points, &n), broken[i].err);
    }
}

static void too_long_labels_do_not_encode(void **state)
{
    uint32_t points[PUNYCODE_MAX];
    char puny[PUNYCODE_MAX];
    size_t n;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(points); i++)
        points[i] = 'a';
    points[0] = 0x10ffff;
    assert_int_equal(punycode_encode(points, PUNYCODE_MAX, puny, &n), ERR_TOO_BIG);
    assert_int_equal(punycode_encode(points, PUNYCODE_MAX - 1, puny, &n), ERR_TOO_BIG);
    assert_int_equal(punycode_encode(points, 50, puny, &n), ERR_NONE);
}

static const struct {
    const char *in, *out;
} names[] = {
    { "example.com", "example.com" },
    { "m\u00fcnchen.example", "xn--mnchen-3ya.example" },
    { "\u4f8b\u3048.\u30c6\u30b9\u30c8", "xn--r8jz45g.xn--zckzah" },
    { "192.0.2.1", "192.0.2.1" },
    { "[2001:db8::1]", "[2001:db8::1]" },
};

static void names_for_dns(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct arena a = { 0 };
        struct str out = STR_NONE, back = STR_NONE;

        check_err(names[i].in, domain_to_ascii(&a, str_from(names[i].in), &out), ERR_NONE);
        check_str(names[i].in, out, names[i].out);
        check_err(names[i].in, domain_prepare(&a, out, &back), ERR_NONE);
        check_str(names[i].in, back, names[i].in);
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_encode_and_decode),
        cmocka_unit_test(broken_punycode_is_refused),
        cmocka_unit_test(too_long_labels_do_not_encode),
        cmocka_unit_test(names_for_dns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
