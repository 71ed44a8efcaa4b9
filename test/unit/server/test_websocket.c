/* test_websocket.c: frames of RFC 6455, whole and cut at every byte; what a client must not send; what we send. */
#include "test/unit/check.h"

#include <string.h>

#include "base/buf.h"
#include "server/web/websocket.h"

enum { LIMIT = 300 };

/* A client's frame, masked with the key of RFC 6455 §5.7. */
static void add_frame(struct buf *out, uint8_t first, bool masked, const char *text, size_t n)
{
    static const uint8_t key[4] = { 0x37, 0xfa, 0x21, 0x3d };

    buf_add_char(out, (char)first);
    if (n > 125) {
        buf_add_char(out, (char)(masked ? 0xfe : 126));
        buf_add_char(out, (char)(n >> 8));
        buf_add_char(out, (char)n);
    } else {
        buf_add_char(out, (char)((masked ? 0x80 : 0) | n));
    }
    if (masked)
        buf_add_bytes(out, bytes_of(key, sizeof key));
    for (size_t i = 0; i < n; i++)
        buf_add_char(out, masked ? (char)(text[i] ^ key[i % 4]) : text[i]);
}

enum {
    FIN = 0x80,
    CONTINUATION = 0,
    TEXT = 1,
    BINARY = 2,
    CLOSE = 8,
    PING = 9,
    PONG = 10,
    CLEAR = 0x100, /* not masked */
    COMPRESSED = 0x40,
};

#define TEN  "0123456789"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345"

struct frame {
    unsigned first;
    const char *text;
    size_t n;
};

#define FRAME(first, text)                                                                         \
    {                                                                                              \
        (first), (text), sizeof(text) - 1                                                          \
    }

/* In: frames. Out: messages in brackets, "closed", and then what we answered, in hexadecimal. */
static const struct {
    struct frame frames[4];
    const char *want;
} cases[] = {
    { { FRAME(FIN | TEXT, "Hello") }, "[Hello]" },
    { { FRAME(FIN | TEXT, "") }, "[]" },
    { { FRAME(FIN | TEXT, "a"), FRAME(FIN | TEXT, "b") }, "[a][b]" },
    { { FRAME(TEXT, "Hel"), FRAME(FIN | PING, "p"), FRAME(FIN, "lo") }, "[Hello] 8a0170" },
    { { FRAME(TEXT, "\xc3"), FRAME(FIN, "\xa4") }, "[\xc3\xa4]" },
    { { FRAME(FIN | PING, "Hello"), FRAME(FIN | PONG, "x") }, " 8a0548656c6c6f" },
    { { FRAME(FIN | TEXT, "a"), FRAME(FIN | CLOSE, "\x03\xe8"), FRAME(FIN | TEXT, "b") },
      "[a]closed 880203e8" },
    { { FRAME(FIN | CLOSE, "") }, "closed 8800" },
    /* refused: 1002 protocol error, 1003 not text, 1007 not UTF-8, 1009 too big */
    { { FRAME(FIN | TEXT | CLEAR, "Hello") }, "closed 880203ea" },
    { { FRAME(FIN | TEXT | COMPRESSED, "Hello") }, "closed 880203ea" },
    { { FRAME(FIN | TEXT | 0x20, "Hello") }, "closed 880203ea" }, /* the other reserved bits */
    { { FRAME(FIN | TEXT | 0x10, "Hello") }, "closed 880203ea" },
    { { FRAME(TEXT, "a"), FRAME(FIN | COMPRESSED, "b") }, "closed 880203ea" },
    { { FRAME(FIN | PING, LONG) }, "closed 8800" }, /* 126 octets in a control frame: §5.5 */
    { { FRAME(FIN | CLOSE, LONG) }, "closed 8800" },
    { { FRAME(FIN | PING | CLEAR, "p") }, "closed 880203ea" },
    { { FRAME(FIN | CLOSE | CLEAR, "\x03\xe8") }, "closed 880203ea" },
    { { FRAME(FIN | 0xb, "") }, "closed 880203ea" },
    { { FRAME(FIN | BINARY, "Hello") }, "closed 880203eb" },
    { { FRAME(FIN | 3, "Hello") }, "closed 880203ea" },
    { { FRAME(FIN, "Hello") }, "closed 880203ea" },
    { { FRAME(TEXT, "a"), FRAME(FIN | TEXT, "b") }, "closed 880203ea" },
    { { FRAME(PING, "a") }, "closed 8800" }, /* an unfinished control frame */
    { { FRAME(FIN | TEXT, "\xff") }, "closed 880203ef" },
    { { FRAME(FIN | TEXT, "\xed\xa0\x80") }, "closed 880203ef" },
    { { FRAME(FIN | CLOSE, "\x03") }, "closed 8800" },
    { { FRAME(FIN | CLOSE, "\x03\xec") }, "closed 880203ea" }, /* 1004 means nothing */
};

static void pull(struct websocket *w, struct buf *out)
{
    enum websocket_event e;
    struct str text;

    while ((e = websocket_next(w, &text)) != WEBSOCKET_MORE) {
        buf_add(out, e == WEBSOCKET_TEXT ? STR("[") : STR("closed"));
        if (e == WEBSOCKET_TEXT) {
            buf_add(out, text);
            buf_add_char(out, ']');
        }
    }
    assert_false(websocket_waits(w));
}

static void add_answer(struct websocket *w, struct buf *out)
{
    static const char digits[] = "0123456789abcdef";
    struct str answer = websocket_output(w);

    if (answer.n > 0)
        buf_add_char(out, ' ');
    for (size_t i = 0; i < answer.n; i++) {
        buf_add_char(out, digits[(uint8_t)answer.p[i] >> 4]);
        buf_add_char(out, digits[answer.p[i] & 15]);
    }
}

static void check_cut(const char *what, struct str in, size_t cut, const char *want)
{
    struct websocket *w = websocket_new(LIMIT);
    struct buf out;

    buf_init(&out, 4096);
    websocket_feed(w, str_slice(in, 0, cut));
    pull(w, &out);
    websocket_feed(w, str_skip(in, cut));
    pull(w, &out);
    add_answer(w, &out);
    check_str(what, buf_str(&out), want);
    buf_deinit(&out);
    websocket_free(w);
}

static void test_frames(void **state)
{
    struct buf in;

    (void)state;
    buf_init(&in, 4096);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        buf_reset(&in);
        for (size_t k = 0; k < 4 && cases[i].frames[k].text != NULL; k++) {
            const struct frame *f = &cases[i].frames[k];

            add_frame(&in, (uint8_t)f->first, (f->first & CLEAR) == 0, f->text, f->n);
        }
        for (size_t cut = 0; cut <= in.n; cut++)
            check_cut(cases[i].frames[0].text, buf_str(&in), cut, cases[i].want);
    }
    buf_deinit(&in);
}

/* The cap counts the whole message, however it is cut into frames, and their number. */
static void test_limits(void **state)
{
    static const char filler[LIMIT + 1] = { 0 };
    struct buf in;

    (void)state;
    buf_init(&in, 64 * 1024);
    add_frame(&in, FIN | TEXT, true, filler, LIMIT + 1);
    check_cut("limits", buf_str(&in), in.n, "closed 880203f1");
    buf_reset(&in);
    add_frame(&in, TEXT, true, filler, LIMIT - 1);
    add_frame(&in, FIN, true, filler, 2);
    check_cut("limits", buf_str(&in), in.n, "closed 880203f1");
    buf_reset(&in);
    add_frame(&in, TEXT, true, "", 0);
    for (int i = 0; i < 257; i++)
        add_frame(&in, CONTINUATION, true, i % 2 ? "x" : "", i % 2);
    check_cut("limits", buf_str(&in), in.n, "closed 880203f0");
    buf_deinit(&in);
}

/* Lengths that no frame may have (§5.2): more than needed to write it, more than there can be. */
static void test_lengths(void **state)
{
    static const struct {
        const char *octets;
        size_t n;
    } heads[] = {
        { "\x81\xfe\x00\x05", 4 },
        { "\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05", 10 },
        { "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00", 10 },
        { "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10 },
    };
    struct buf in;

    (void)state;
    buf_init(&in, 64);
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        buf_reset(&in);
        buf_add(&in, (struct str){ heads[i].octets, heads[i].n });
        buf_add(&in, STR("\1\2\3\4Hello"));
        for (size_t cut = 0; cut <= in.n; cut++)
            check_cut("lengths", buf_str(&in), cut, "closed 8800");
    }
    buf_deinit(&in);
}

static void test_sending(void **state)
{
    struct websocket *w = websocket_new(LIMIT);
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    websocket_send(w, STR("Hello")); /* RFC 6455 §5.7 */
    websocket_close(w);
    websocket_send(w, STR("nobody listens"));
    websocket_close(w);
    add_answer(w, &out);
    check_str("sent", buf_str(&out), " 810548656c6c6f880203e8");
    websocket_sent(w);
    assert_int_equal(websocket_output(w).n, 0);
    buf_deinit(&out);
    websocket_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_sending),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
