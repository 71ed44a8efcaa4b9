/* test_errand.c: what a run asks of another arrives as it was meant, or is refused; answers are told apart wherever they are cut. */
#include "test/unit/check.h"

#include "cli/errand.h"

/* ---- There and back -------------------------------------------------------------------------------- */

static void check_text(const char *got, const char *wanted)
{
    if (wanted == NULL)
        assert_null(got);
    else
        assert_string_equal(got, wanted);
}

static void carry(const char *name, const struct program *in, struct program *out)
{
    const struct command *c = command_find(name), *found;
    struct bytes fields;
    struct buf b;

    buf_init(&b, ERRAND_LENGTH + ERRAND_REQUEST_MAX);
    errand_write(in, c, "/here", &b);
    assert_false(b.failed);
    fields = (struct bytes){ (const uint8_t *)b.p + ERRAND_LENGTH, b.n - ERRAND_LENGTH };
    assert_int_equal(errand_read(fields, out, &found), ERR_NONE);
    assert_ptr_equal(found, c);
    for (size_t i = 0; i < ARGUMENTS_MAX; i++)
        check_text(out->arguments[i], in->arguments[i]);
    buf_deinit(&b);
}

static void test_send(void **state)
{
    struct program in = { .json = true,
                          .wait = "delivered",
                          .timeout = "5",
                          .arguments = { "alice@example.org", "--two=1\nlines \xf0\x9f\x98\x80" } };
    struct program out = { .folder = "its own" };

    (void)state;
    carry("send", &in, &out);
    assert_true(out.json);
    assert_false(out.out_is_screen);
    check_text(out.wait, "delivered");
    check_text(out.timeout, "5");
    check_text(out.reply, NULL);
    check_text(out.folder, "its own");
    arena_deinit(&out.arena);
}

static void test_paths(void **state)
{
    struct program in = { .call = { .given = true, .play = "/abs.wav", .record = "r.wav" },
                          .arguments = { "id" } };
    struct program out = { 0 };

    (void)state;
    carry("answer", &in, &out);
    check_text(out.call.play, "/abs.wav");
    check_text(out.call.record, "/here/r.wav");
    assert_true(out.call.given);
    arena_deinit(&out.arena);
}

static void test_many_arguments(void **state)
{
    struct program in = { .err_is_screen = true }, out = { 0 };

    (void)state;
    for (size_t i = 0; i < ARGUMENTS_MAX; i++)
        in.arguments[i] = i % 2 == 0 ? "=" : "";
    carry("react", &in, &out);
    assert_true(out.err_is_screen);
    arena_deinit(&out.arena);
}

/* ---- What is refused ------------------------------------------------------------------------------- */

#define TEXT(s) s, sizeof(s) - 1

static const struct {
    const char *what, *in;
    size_t n;
    enum err err;
} refused[] = {
    { "nothing", TEXT(""), ERR_MALFORMED },
    { "no end", TEXT("command=history"), ERR_MALFORMED },
    { "no command", TEXT("argument=a@b\0"), ERR_MALFORMED },
    { "no value", TEXT("command\0"), ERR_MALFORMED },
    { "an unknown command", TEXT("command=later\0"), ERR_UNSUPPORTED },
    { "one that is no guest", TEXT("command=listen\0"), ERR_MALFORMED },
    { "one that opens stores", TEXT("command=passphrase\0"), ERR_MALFORMED },
    { "an unknown option", TEXT("command=contacts\0later=1\0"), ERR_UNSUPPORTED },
    { "an option of others", TEXT("command=contacts\0limit=1\0"), ERR_MALFORMED },
    { "a flag with a value", TEXT("command=contacts\0json=no\0"), ERR_MALFORMED },
    { "too few arguments", TEXT("command=history\0"), ERR_MALFORMED },
    { "too many arguments", TEXT("command=history\0argument=a@b\0argument=c@d\0"), ERR_MALFORMED },
    { "more than there is room for",
      TEXT("command=react\0"
           "argument=1\0argument=2\0argument=3\0argument=4\0argument=5\0argument=6\0"
           "argument=7\0argument=8\0argument=9\0argument=a\0argument=b\0argument=c\0"
           "argument=d\0argument=e\0argument=f\0argument=g\0argument=h\0argument=i\0"
           "argument=j\0argument=k\0argument=l\0argument=m\0argument=n\0"),
      ERR_MALFORMED },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct program out = { 0 };
        const struct command *c;
        enum err e =
            errand_read((struct bytes){ (const uint8_t *)refused[i].in, refused[i].n }, &out, &c);

        if (e != refused[i].err)
            fail_msg("%s: %s", refused[i].what, err_text(e));
        arena_deinit(&out.arena);
    }
}

/* ---- Answers --------------------------------------------------------------------------------------- */

static void test_answers_cut_anywhere(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 1024);
    errand_answer(&b, ERRAND_GOES_ON, STR_NONE);
    errand_answer(&b, ERRAND_OUT, STR("some words\n"));
    for (size_t cut = 0; cut <= b.n; cut++) {
        struct bytes in = { (const uint8_t *)b.p, cut };
        enum errand_answer kind;
        struct str octets;
        size_t seen = 0;
        bool whole = true;

        for (;; seen++) {
            assert_int_equal(errand_next(&in, &whole, &kind, &octets), ERR_NONE);
            if (!whole)
                break;
            assert_int_equal(kind, seen == 0 ? ERRAND_GOES_ON : ERRAND_OUT);
            assert_true(str_is(octets, seen == 0 ? "" : "some words\n"));
        }
        assert_int_equal(seen, cut == b.n ? 2 : cut >= ERRAND_HEAD ? 1 : 0);
    }
    buf_deinit(&b);
}

static void test_bad_answers(void **state)
{
    static const uint8_t long_one[] = { ERRAND_OUT, 0, 1, 0, 0 },
                         two[] = { ERRAND_DONE, 0, 0, 0, 2 }, none[] = { ERRAND_DONE, 0, 0, 0, 0 };
    const struct bytes bad[] = { { long_one, sizeof long_one },
                                 { two, sizeof two },
                                 { none, sizeof none } };
    enum errand_answer kind;
    struct str octets;
    bool whole;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct bytes in = bad[i];

        assert_int_equal(errand_next(&in, &whole, &kind, &octets), ERR_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_send),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_many_arguments),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_answers_cut_anywhere),
        cmocka_unit_test(test_bad_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
