/* test_control.c: lines of the parent: what is one, what is none, and a stream of them cut at every octet. */
#include "test/unit/check.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/passing.h"
#include "media/control.h"

static const struct {
    const char *line;
    enum err err;
    enum command_kind kind;
} lines[] = {
    { "{\"do\":\"start\",\"role\":\"offer\",\"video\":false}", ERR_NONE, COMMAND_START },
    { "{\"do\":\"start\",\"role\":\"answer\",\"video\":true,\"bitrate\":6000,\"packet_ms\":20,"
      "\"dtx\":true,\"stats_ms\":200}",
      ERR_NONE, COMMAND_START },
    { "{\"do\":\"remote\",\"type\":\"answer\",\"sdp\":\"v=0\"}", ERR_NONE, COMMAND_REMOTE },
    { "{\"do\":\"mute\",\"audio\":true}", ERR_NONE, COMMAND_MUTE },
    { "{\"do\":\"socket\",\"candidate\":0,\"made\":false}", ERR_NONE, COMMAND_SOCKET },
    { "{\"do\":\"socket\",\"candidate\":999,\"made\":true}", ERR_NONE, COMMAND_SOCKET },
    { "{\"do\":\"socket\",\"candidate\":1000,\"made\":true}", ERR_MALFORMED, 0 },
    { "{\"do\":\"socket\",\"candidate\":-1,\"made\":true}", ERR_MALFORMED, 0 },
    { "{\"do\":\"socket\",\"candidate\":0}", ERR_MALFORMED, 0 },
    { "{\"do\":\"socket\",\"candidate\":0,\"made\":1}", ERR_MALFORMED, 0 },
    { " { \"do\" : \"stop\" } ", ERR_NONE, COMMAND_STOP },
    { "{\"do\":\"keyframe\"}", ERR_NONE, COMMAND_KEYFRAME },
    { "{\"do\":\"stats\"}", ERR_NONE, COMMAND_STATS },
    { "", ERR_MALFORMED, 0 },
    { "stop", ERR_MALFORMED, 0 },
    { "\"stop\"", ERR_MALFORMED, 0 },
    { "[\"do\",\"stop\"]", ERR_MALFORMED, 0 },
    { "{\"do\":\"stop\"", ERR_MALFORMED, 0 },
    { "{\"do\":\"stop\"}{\"do\":\"stop\"}", ERR_MALFORMED, 0 },
    { "{\"do\":\"stop\",\"do\":\"stop\"}", ERR_MALFORMED, 0 },
    { "{\"do\":\"stop\",\"now\":true}", ERR_MALFORMED, 0 },
    { "{\"do\":\"exec\"}", ERR_MALFORMED, 0 },
    { "{\"do\":1}", ERR_MALFORMED, 0 },
    { "{\"do\":\"start\",\"video\":false}", ERR_MALFORMED, 0 },
    { "{\"do\":\"start\",\"role\":\"offer\"}", ERR_MALFORMED, 0 },
    { "{\"do\":\"start\",\"role\":\"both\",\"video\":false}", ERR_MALFORMED, 0 },
    { "{\"do\":\"start\",\"role\":\"offer\",\"video\":0}", ERR_MALFORMED, 0 },
    { "{\"do\":\"start\",\"role\":\"offer\",\"video\":false,\"bitrate\":5999}", ERR_MALFORMED, 0 },
    { "{\"do\":\"start\",\"role\":\"offer\",\"video\":false,\"bitrate\":1e4}", ERR_MALFORMED, 0 },
    { "{\"do\":\"start\",\"role\":\"offer\",\"video\":false,\"packet_ms\":30}", ERR_MALFORMED, 0 },
    { "{\"do\":\"start\",\"role\":\"offer\",\"video\":false,\"stats_ms\":60001}", ERR_MALFORMED,
      0 },
    { "{\"do\":\"remote\",\"type\":\"offer\"}", ERR_MALFORMED, 0 },
    { "{\"do\":\"remote\",\"type\":\"offer\",\"sdp\":7}", ERR_MALFORMED, 0 },
    { "{\"do\":\"remote\",\"type\":\"offer\",\"sdp\":\"a\\u0000b\"}", ERR_MALFORMED, 0 },
    { "{\"do\":\"mute\",\"audio\":\"yes\"}", ERR_MALFORMED, 0 },
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct command c;
        enum err e = command_read(str_from(lines[i].line), &c);

        check_err(lines[i].line, e, lines[i].err);
        if (e != ERR_NONE)
            continue;
        assert_int_equal(c.kind, lines[i].kind);
        command_deinit(&c);
    }
}

static void test_values(void **state)
{
    struct command c;

    (void)state;
    assert_int_equal(command_read(str_from(lines[0].line), &c), ERR_NONE);
    assert_true(c.offers && !c.video && !c.dtx);
    assert_int_equal(c.bitrate, 32000);
    assert_int_equal(c.packet_ms, 60);
    command_deinit(&c);
    assert_int_equal(command_read(str_from(lines[1].line), &c), ERR_NONE);
    assert_true(!c.offers && c.video && c.dtx);
    assert_int_equal(c.bitrate, 6000);
    assert_int_equal(c.stats_ms, 200);
    command_deinit(&c);
    assert_int_equal(command_read(str_from(lines[3].line), &c), ERR_NONE);
    assert_true(c.says_audio && c.mute_audio && !c.says_video);
    command_deinit(&c);
}

static void test_cut_everywhere(void **state)
{
    static const char text[] = "{\"do\":\"stats\"}\n{\"do\":\"keyframe\"}\n{\"do\":\"stop\"}\n";
    static const enum command_kind want[] = { COMMAND_STATS, COMMAND_KEYFRAME, COMMAND_STOP };

    (void)state;
    for (size_t cut = 0; cut < sizeof text; cut++) {
        struct channel channel;
        struct command c;
        size_t seen = 0;
        int ends[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        channel_init(&channel, ends[0]);
        for (int part = 0; part < 2; part++) {
            size_t from = part == 0 ? 0 : cut, n = part == 0 ? cut : sizeof text - 1 - cut;

            if (cut == sizeof text - 1 && part == 1)
                break;
            assert_int_equal(write(ends[1], text + from, n), n);
            assert_int_equal(channel_receive(&channel), ERR_NONE);
            while (channel_next(&channel, &c) == ERR_NONE) {
                assert_int_equal(c.kind, want[seen++]);
                command_deinit(&c);
            }
        }
        assert_int_equal(seen, COUNT_OF(want));
        close(ends[1]);
        assert_int_equal(channel_receive(&channel), ERR_IO);
        channel_deinit(&channel);
        close(ends[0]);
    }
}

/* ---- Sockets of the parent ---- */

/* An end of a pipe, known by the octet that waits in it. */
static int marked(char mark)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], &mark, 1), 1);
    close(ends[1]);
    return ends[0];
}

static char mark_of(int fd)
{
    char mark = '-';

    return fd >= 0 && read(fd, &mark, 1) == 1 ? mark : '-';
}

/* Each with its line, wherever the lines are cut. */
static void test_sockets(void **state)
{
    static const char *const words[] = {
        "{\"do\":\"stats\"}\n{\"do\":\"socket\",\"candidate\":0,\"made\":false}\n",
        "{\"do\":\"socket\",\"candidate\":1,\"made\":true}\n",
        "{\"do\":\"socket\",\"candidate\":2,\"made\":true}\n{\"do\":\"stats\"}\n",
    };
    static const char marks[] = "-ab", want[] = "--ab-";

    (void)state;
    for (size_t cut = 1; cut < strlen(words[0]); cut++) {
        struct channel channel;
        char seen[sizeof want] = "";
        size_t count = 0;
        struct command c;
        int ends[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        channel_init(&channel, ends[0]);
        for (size_t i = 0; i < COUNT_OF(words); i++) {
            size_t n = strlen(words[i]), first = cut < n ? cut : n;
            int fd = marks[i] != '-' ? marked(marks[i]) : -1;

            assert_int_equal(passing_send(ends[1], words[i], first, fd), first);
            if (fd >= 0)
                close(fd);
            if (first < n)
                assert_int_equal(passing_send(ends[1], words[i] + first, n - first, -1), n - first);
        }
        while (count < COUNT_OF(want) - 1) {
            assert_int_equal(channel_receive(&channel), ERR_NONE);
            while (channel_next(&channel, &c) == ERR_NONE) {
                seen[count++] = mark_of(c.socket);
                command_deinit(&c);
            }
        }
        assert_string_equal(seen, want);
        channel_deinit(&channel);
        close(ends[0]);
        close(ends[1]);
    }
}

/* None waits for ever: what has no line, what is one too many, and what comes when none is taken any more. */
static void test_sockets_that_nobody_wants(void **state)
{
    static const char line[] = "{\"do\":\"socket\",\"candidate\":0,\"made\":true}\n";
    struct channel channel;
    struct command c;
    int ends[2], probe;
    char word;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    channel_init(&channel, ends[0]);
    for (int i = 0; i < CONTROL_SOCKETS + 3; i++) {
        int pair[2];

        assert_int_equal(pipe(pair), 0);
        assert_int_equal(passing_send(ends[1], " ", 1, pair[1]), 1);
        close(pair[1]);
        assert_int_equal(channel_receive(&channel), ERR_NONE);
        probe = pair[0];
        if (i < CONTROL_SOCKETS + 2)
            close(probe);
    }
    assert_int_equal(channel.socket_count, CONTROL_SOCKETS);
    assert_int_equal(read(probe, &word, 1), 0); /* the last one is closed */
    close(probe);
    channel.takes_sockets = false;
    assert_int_equal(passing_send(ends[1], line, sizeof line - 1, ends[1]), sizeof line - 1);
    assert_int_equal(channel_receive(&channel), ERR_NONE);
    assert_int_equal(channel.socket_count, CONTROL_SOCKETS);
    assert_int_equal(channel_next(&channel, &c), ERR_NONE);
    command_deinit(&c);
    channel_deinit(&channel);
    close(ends[0]);
    close(ends[1]);
}

static void test_endless_line(void **state)
{
    char piece[4096];
    struct channel channel;
    struct command c;
    enum err e = ERR_NONE;
    size_t given = 0;
    int ends[2];

    (void)state;
    memset(piece, 'x', sizeof piece);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    channel_init(&channel, ends[0]);
    while (e == ERR_NONE || e == ERR_MISSING) {
        assert_int_equal(write(ends[1], piece, sizeof piece), sizeof piece);
        given += sizeof piece;
        assert_in_range(given, 0, CONTROL_LINE_MAX);
        assert_int_equal(channel_receive(&channel), ERR_NONE);
        e = channel_next(&channel, &c);
    }
    assert_int_equal(e, ERR_TOO_BIG);
    channel_deinit(&channel);
    close(ends[0]);
    close(ends[1]);
}

/* A parent that does not read loses whole lines, never parts of one. */
static void test_deaf_parent(void **state)
{
    struct channel channel;
    int ends[2], lines_seen = 0;
    char piece[8192];
    ssize_t n;
    char last = '\n';

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    channel_init(&channel, ends[0]);
    for (int i = 0; i < 40000; i++) {
        channel_say(&channel, json_pack("{sssi}", "is", "stats", "ms", i));
        assert_int_equal(channel_flush(&channel), ERR_NONE);
    }
    assert_true(channel_waits(&channel));
    while ((n = recv(ends[1], piece, sizeof piece, MSG_DONTWAIT)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (last == '\n')
                assert_int_equal(piece[i], '{');
            lines_seen += piece[i] == '\n';
            last = piece[i];
        }
        assert_int_equal(channel_flush(&channel), ERR_NONE);
    }
    assert_int_equal(last, '\n');
    assert_in_range(lines_seen, 1000, 39999);
    channel_deinit(&channel);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_cut_everywhere),
        cmocka_unit_test(test_endless_line),
        cmocka_unit_test(test_deaf_parent),
        cmocka_unit_test(test_sockets),
        cmocka_unit_test(test_sockets_that_nobody_wants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
