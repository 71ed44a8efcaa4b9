/* test_answer.c: answers, whole and cut at every byte: cuts change nothing; what two readers could understand in two ways is
 * refused, and so is a body of which nobody can tell whether it is whole.
 */
#include "test/unit/check.h"

#include <string.h>

#include "http/answer.h"

/* What came out, as text: status and form, the body, then "." for its end, "!" for a refusal. */
static void describe(struct buf *out, const struct answer_parser *p, const struct answer_event *e)
{
    switch (e->kind) {
    case ANSWER_HEAD:
        buf_add_u64(out, p->answer.status);
        buf_add_char(out, ' ');
        if (p->answer.chunked)
            buf_add(out, STR("chunked"));
        else
            buf_add_u64(out, p->answer.length);
        buf_add_char(out, ':');
        break;
    case ANSWER_BODY: buf_add(out, e->body); break;
    case ANSWER_DONE: buf_add_char(out, '.'); break;
    case ANSWER_REFUSED: buf_add_char(out, '!'); break;
    case ANSWER_MORE: break;
    }
}

/* True while the parser may go on. */
static bool feed(struct answer_parser *p, struct str in, struct buf *out)
{
    struct answer_event e;

    do {
        answer_parse(p, &in, &e);
        describe(out, p, &e);
    } while (e.kind == ANSWER_HEAD || e.kind == ANSWER_BODY);
    return e.kind == ANSWER_MORE;
}

/* Cut before `cut`; a cut past the end: each octet by itself. */
static void check_cut(struct str in, size_t cut, const char *want)
{
    struct answer_parser p;
    struct buf out;
    bool going = true;

    answer_parser_init(&p);
    buf_init(&out, 64 * 1024);
    if (cut <= in.n)
        going = feed(&p, str_slice(in, 0, cut), &out) && feed(&p, str_skip(in, cut), &out);
    for (size_t i = 0; cut > in.n && i < in.n && going; i++)
        going = feed(&p, str_slice(in, i, 1), &out);
    (void)going;
    if (!str_is(buf_str(&out), want))
        fail_msg("cut at %zu: %.*s\nhave '%.*s', want '%s'", cut, STR_ARG(in),
                 STR_ARG(buf_str(&out)), want);
    buf_deinit(&out);
    answer_parser_deinit(&p);
}

#define OK   "HTTP/1.1 200 OK\r\n"
#define CHNK OK "Transfer-Encoding: chunked\r\n\r\n"

static const struct {
    const char *in, *want;
} answers[] = {
    { OK "Content-Length: 3\r\n\r\nabc", "200 3:abc." },
    { OK "content-length:3\r\nX-Y: \xc3\xbc\r\n\r\nabc", "200 3:abc." },
    { OK "Content-Length: 0\r\n\r\n", "200 0:." },
    { "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\na", "200 1:a." },
    { "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "200 1:a." },
    { "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "404 2:no." },
    { "HTTP/1.1 204 x\r\n\r\n", "204 0:." },
    { "HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n", "304 0:." },
    { OK "Content-Encoding: Identity\r\nContent-Length: 1\r\n\r\na", "200 1:a." },
    { OK "Content-Length: 3\r\n\r\nab", "200 3:ab" },  /* cut: never done */
    { OK "Content-Length: 1\r\n\r\nabc", "200 1:a." }, /* what follows is nobody's */
    { OK "Content-Length: 1\r\n\r\naHTTP/1.1 200", "200 1:a." },
    /* interim answers */
    { "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\na", "200 1:a." },
    { "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" OK "Content-Length: 1\r\n\r\na", "200 1:a." },
    { "HTTP/1.1 100 a\r\n\r\nHTTP/1.1 100 b\r\n\r\nHTTP/1.1 100 c\r\n\r\nHTTP/1.1 100 d\r\n\r\n"
      "HTTP/1.1 100 e\r\n\r\n",
      "!" },
    { "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "!" },
    /* chunks */
    { CHNK "3\r\nabc\r\n0\r\n\r\n", "200 chunked:abc." },
    { CHNK "3\r\nabc\r\n02\r\nde\r\n0\r\nX: y\r\n\r\n", "200 chunked:abcde." },
    { CHNK "A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n",
      "200 chunked:01234567890123456789." },
    { CHNK "0\r\n\r\n", "200 chunked:." },
    { CHNK "3\r\nabc\r\n", "200 chunked:abc" },
    { CHNK "3\r\nabcd\r\n0\r\n\r\n", "200 chunked:abc!" },  /* longer than it says */
    { CHNK "4\r\nabc\r\n0\r\n\r\n", "200 chunked:abc\r!" }, /* shorter */
    { CHNK "3;x=y\r\nabc\r\n0\r\n\r\n", "200 chunked:!" },
    { CHNK "3 \r\nabc\r\n0\r\n\r\n", "200 chunked:!" },
    { CHNK " 3\r\nabc\r\n0\r\n\r\n", "200 chunked:!" },
    { CHNK "+3\r\nabc\r\n0\r\n\r\n", "200 chunked:!" },
    { CHNK "0x3\r\nabc\r\n0\r\n\r\n", "200 chunked:!" },
    { CHNK "-1\r\nabc\r\n0\r\n\r\n", "200 chunked:!" },
    { CHNK "\r\nabc\r\n0\r\n\r\n", "200 chunked:!" },
    { CHNK "3\nabc\n0\n\n", "200 chunked:!" },
    { CHNK "3\r\nabc\n0\r\n\r\n", "200 chunked:abc!" },
    { CHNK "20000000000000\r\n", "200 chunked:!" },           /* 2^53 */
    { CHNK "10000000000000003\r\nabc\r\n", "200 chunked:!" }, /* 2^64 + 3 */
    { CHNK "00000000000000003\r\nabc\r\n", "200 chunked:!" },
    { CHNK "0\r\nHTTP/1.1 200 OK\r\n\r\n", "200 chunked:!" }, /* a trailer that is none */
    { CHNK "0\r\n X: folded\r\n\r\n", "200 chunked:!" },
    /* lengths in two ways, or none */
    { OK "\r\nabc", "!" },
    { OK "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "!" },
    { OK "Content-Length: 3, 3\r\n\r\nabc", "!" },
    { OK "Content-Length: +3\r\n\r\nabc", "!" },
    { OK "Content-Length: 3x\r\n\r\nabc", "!" },
    { OK "Content-Length: -1\r\n\r\nabc", "!" },
    { OK "Content-Length: \r\n\r\nabc", "!" },
    { OK "Content-Length: 99999999999999999999\r\n\r\nabc", "!" },
    { OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "!" },
    { OK "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "!" },
    { OK "Transfer-Encoding: gzip, chunked\r\n\r\n", "!" },
    { OK "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", "!" },
    { OK "Transfer-Encoding : chunked\r\nContent-Length: 3\r\n\r\nabc", "!" },
    { OK "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", "!" },
    /* heads that are none */
    { "", "" },
    { "H", "" },
    { "\r\n" OK "Content-Length: 1\r\n\r\na", "!" },
    { "<html>", "!" },
    { "ICY 200 OK\r\n\r\n", "!" },
    { "HTTP/2 200\r\n\r\n", "!" },
    { "HTTP/1.1  200 OK\r\n\r\n", "!" },
    { "HTTP/1.1 20 OK\r\n\r\n", "!" },
    { "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n", "!" },
    { "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", "!" },
    { "HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n", "!" },
    { OK "Content-Length: 1\n\na", "!" },
    { OK "X: a\r\n folded\r\nContent-Length: 1\r\n\r\na", "!" },
    { OK "no colon\r\n\r\n", "!" },
    { OK "X: a\rb\r\n\r\n", "!" },
};

static void each_cut_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct str in = str_from(answers[i].in);

        for (size_t cut = 0; cut <= in.n + 1; cut++)
            check_cut(in, cut, answers[i].want);
    }
}

/* An endless head, endless fields, an endless trailer: each ends at its cap. */
static void caps(void **state)
{
    static const struct {
        const char *begin, *more, *want;
    } cases[] = {
        { OK "X: ", "aaaaaaaaaaaaaaaa", "!" },
        { OK, "X: y\r\n", "!" },
        { CHNK "0\r\n", "X: y\r\n", "200 chunked:!" },
        { CHNK "0\r\nX: ", "aaaaaaaaaaaaaaaa", "200 chunked:!" },
        { CHNK, "0000000", "200 chunked:!" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct answer_parser p;
        struct buf out;
        unsigned rounds = 0;
        bool going;

        answer_parser_init(&p);
        buf_init(&out, 64 * 1024);
        going = feed(&p, str_from(cases[i].begin), &out);
        while (going && ++rounds < ANSWER_HEAD_MAX)
            going = feed(&p, str_from(cases[i].more), &out);
        if (going) /* its head may end: too many fields are known then only */
            feed(&p, STR("\r\n"), &out);
        check_str(cases[i].begin, buf_str(&out), cases[i].want);
        assert_true(p.head.room <= 2 * ANSWER_HEAD_MAX);
        buf_deinit(&out);
        answer_parser_deinit(&p);
    }
}

static void too_many_fields(void **state)
{
    struct answer_parser p;
    struct buf in, out;

    (void)state;
    answer_parser_init(&p);
    buf_init(&in, 64 * 1024);
    buf_init(&out, 64 * 1024);
    buf_add(&in, STR(OK "Content-Length: 0\r\n"));
    for (int i = 0; i < HTTP_FIELDS_MAX; i++)
        buf_add(&in, STR("X: y\r\n"));
    buf_add(&in, STR("\r\n"));
    feed(&p, buf_str(&in), &out);
    check_str("one too many", buf_str(&out), "!");
    buf_deinit(&in);
    buf_deinit(&out);
    answer_parser_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cut_the_same),
        cmocka_unit_test(caps),
        cmocka_unit_test(too_many_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
