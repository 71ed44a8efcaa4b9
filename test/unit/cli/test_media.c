/* test_media.c: each way in which a media process can fail is told in a word and in a sentence. What stands in for it is a script that
 * ends as it is told, or this program, which asks for sockets; test/interop/test_media.py has the real one. */
#include "../check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/media.h"
#include "io/passing.h"

enum { LINE_TOO_LONG = 70000, LONG_LINE = 60000, SOCKET = 3, PLACES = 3, FIRST_PORT = 4000 };

static char folder[] = "/tmp/sotto-media-XXXXXX";

struct end {
    struct loop *loop;
    struct arena arena;
    struct media_fault fault;
    bool came;
};

static void on_text(void *ctx, struct str text)
{
    (void)ctx;
    (void)text;
}

static void on_connected(void *ctx)
{
    (void)ctx;
}

static void on_quality(void *ctx, const struct media_quality *q)
{
    (void)ctx;
    (void)q;
}

static void on_over(void *ctx, const struct media_fault *fault)
{
    struct end *end = ctx;

    assert_false(end->came);
    end->came = true;
    end->fault = *fault;
    end->fault.code = arena_str(&end->arena, fault->code);
    end->fault.words = arena_str(&end->arena, fault->words);
    loop_stop(end->loop);
}

static const struct media_handlers handlers = { on_text,    on_connected, on_connected,
                                                on_quality, on_text,      on_over };

static void write_script(const char *body)
{
    char path[sizeof folder + sizeof "/sotto-media"];
    FILE *f;

    snprintf(path, sizeof path, "%s/sotto-media", folder);
    f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "#!/bin/sh\n%s\n", body);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0700), 0);
}

static struct media *start_what_is_there(struct end *end, const char *name)
{
    struct media_options options = { .offers = false };
    struct str why = STR_NONE;
    struct media *m = NULL;

    *end = (struct end){ .loop = loop_new() };
    check_err(name, media_new(end->loop, &options, &handlers, end, &end->arena, &m, &why),
              ERR_NONE);
    return m;
}

static struct media *start(struct end *end, const char *body)
{
    write_script(body);
    return start_what_is_there(end, body);
}

static void finish(struct end *end, struct media *m)
{
    media_free(m);
    loop_free(end->loop);
    arena_deinit(&end->arena);
}

static const struct {
    const char *script, *code, *words; /* words: what has to be in the sentence */
    bool impostor;
} cases[] = {
    { "exit 0", "exit:0", "ended by itself", false },
    { "exit 1", "exit:1", "status 1", false },
    { "exit 2", "exit:2", "same version", false },
    { "echo first >&2; echo 'no \033[1mroom\033[m' >&2; exit 3", "exit:3", "words: no \xef\xbf\xbd",
      false },
    { "kill -SYS $$", "signal:SIGSYS", "sandbox (SIGSYS)", false },
    { "kill -SEGV $$", "signal:SIGSEGV", "crashed (SIGSEGV)", false },
    { "echo 'assertion' >&2; kill -ABRT $$", "signal:SIGABRT", "words: assertion", false },
    { "kill -KILL $$", "signal:SIGKILL", "was killed", false },
    { "kill -TERM $$", "signal:SIGTERM", "(SIGTERM)", false },
    { "exec 3>&-; exec sleep 60", "closed", "stopped talking", false },
    { "echo '{\"is\":\"error\",\"why\":\"sdp\",\"rule\":\"rtcp-mux\"}' >&3; exit 1", "sdp:rtcp-mux",
      "\"rtcp-mux\"", false },
    { "echo '{\"is\":\"error\",\"why\":\"sdp\"}' >&3; exit 1", "sdp:unknown", "cannot be used",
      false },
    { "echo '{\"is\":\"error\",\"why\":\"parent\"}' >&3; exit 1", "parent", "same version", false },
    { "echo '{\"is\":\"error\",\"why\":\"internal\"}' >&3; exit 1", "internal", "key of the call",
      false },
    { "echo '{\"is\":\"error\",\"why\":\"no-route\"}' >&3; exit 1", "no-route", "anchor", false },
    { "echo '{\"is\":\"error\",\"why\":\"fingerprint\"}' >&3; exit 1", "fingerprint",
      "Somebody else", true },
    { "echo '{\"is\":\"error\",\"why\":\"new\\u001bword\"}' >&3; exit 1",
      "said:new\xef\xbf\xbdword", "it says", false },
    { "echo '{\"is\":\"state\",\"state\":\"ended\"}' >&3; exit 0", "", "", false },
};

static bool has(struct str text, const char *part)
{
    return part[0] == '\0' || memmem(text.p, text.n, part, strlen(part)) != NULL;
}

static void test_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct end end;
        struct media *m = start(&end, cases[i].script);

        loop_run(end.loop);
        check_str(cases[i].script, end.fault.code, cases[i].code);
        if (!has(end.fault.words, cases[i].words))
            fail_msg("%s: \"%.*s\"", cases[i].script, STR_ARG(end.fault.words));
        assert_int_equal(end.fault.words.n == 0, cases[i].words[0] == '\0');
        assert_int_equal(end.fault.impostor, cases[i].impostor);
        finish(&end, m);
    }
}

/* However it ends after it was told to, nothing went wrong with the call. */
static void test_stopped(void **state)
{
    struct end end;
    struct media *m = start(&end, "read start <&3; kill -TERM $$");

    (void)state;
    media_stop(m);
    loop_run(end.loop);
    assert_int_equal(end.fault.code.n, 0);
    assert_int_equal(end.fault.words.n, 0);
    finish(&end, m);
}

static void test_too_long(void **state)
{
    struct end end;
    struct media *m = start(&end, "exec sleep 60");
    struct buf sdp;

    (void)state;
    buf_init(&sdp, LINE_TOO_LONG);
    memset(buf_extend(&sdp, LINE_TOO_LONG), 'x', LINE_TOO_LONG);
    media_remote(m, buf_str(&sdp));
    assert_true(end.came);
    check_str("code", end.fault.code, "too-long");
    media_remote(m, STR("v=0"));
    finish(&end, m);
    buf_deinit(&sdp);
}

/* ---- Sockets, which the process asks for ---- */

static bool leads_to(int fd, unsigned port)
{
    struct sockaddr_in there = { 0 };
    socklen_t n = sizeof there;

    return getpeername(fd, (struct sockaddr *)&there, &n) == 0 && ntohs(there.sin_port) == port;
}

static const char wants[] =
    "{\"is\":\"want\",\"candidate\":1}\n{\"is\":\"want\",\"candidate\":1}\n"
    "{\"is\":\"want\",\"candidate\":-1}\n{\"is\":\"want\",\"candidate\":3}\n"
    "{\"is\":\"want\",\"candidate\":18446744073709551615}\n{\"is\":\"want\"}\n"
    "{\"is\":\"want\",\"candidate\":\"2\"}\n{\"is\":\"want\",\"candidate\":0}\n"
    "{\"is\":\"want\",\"candidate\":2}\n";
static const unsigned wanted[PLACES] = { 1, 0, 2 };

/* The next octet of the parent, and a socket if one came with it or before. False: the parent is gone. */
static bool next_octet(char *out, int fds[PLACES], size_t *came)
{
    for (;;) {
        int fd;
        ssize_t n = passing_receive(SOCKET, out, 1, NULL, &fd);

        if (n == 1 && fd >= 0 && *came < PLACES)
            fds[(*came)++] = fd;
        if (n == 1 || n == 0 || errno != EAGAIN)
            return n == 1;
        usleep(1000);
    }
}

/* Exit status 0: each line about a socket came with the one that it is about, in the order in which they were asked for. */
static int ask_for_sockets(void)
{
    static char line[LINE_TOO_LONG];
    int fds[PLACES];
    size_t n = 0, came = 0, said = 0, lines = 0;

    while (said < PLACES && n < sizeof line && next_octet(line + n, fds, &came)) {
        unsigned number = 0;

        if (line[n++] != '\n')
            continue;
        line[n - 1] = '\0';
        n = 0;
        if (++lines
            == 2) { /* start, and the first remote; others are on their way, more than fit */
            (void)!write(SOCKET, wants, sizeof wants - 1);
            usleep(20000);
        }
        if (sscanf(line, "{\"do\":\"socket\",\"candidate\":%u,\"made\":true}", &number) != 1)
            continue;
        if (said >= came || number != wanted[said] || !leads_to(fds[said], FIRST_PORT + number))
            return 11;
        said++;
    }
    return said == PLACES && came == PLACES ? 0 : 12;
}

/* More is said than the socket takes at once. */
static void test_sockets(void **state)
{
    char path[sizeof folder + sizeof "/sotto-media"], self[4096] = "";
    struct end end;
    struct media *m;
    struct buf sdp;

    (void)state;
    snprintf(path, sizeof path, "%s/sotto-media", folder);
    unlink(path);
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    assert_int_equal(symlink(self, path), 0);
    buf_init(&sdp, LONG_LINE);
    for (unsigned i = 0; i < PLACES; i++) {
        buf_add(&sdp, STR("a=candidate:1 1 udp 9 127.0.0.1 "));
        buf_add_u64(&sdp, FIRST_PORT + i);
        buf_add(&sdp, STR(" typ host generation 0\r\n"));
    }
    memset(buf_extend(&sdp, LONG_LINE - 1000), 'x', LONG_LINE - 1000);
    m = start_what_is_there(&end, "sockets");
    for (int i = 0; i < 5; i++)
        media_remote(m, buf_str(&sdp));
    loop_run(end.loop);
    check_str("sockets", end.fault.code, "exit:0");
    finish(&end, m);
    buf_deinit(&sdp);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_sockets),
    };
    char path[sizeof folder + sizeof ":/usr/bin:/bin"], script[sizeof folder + 16];
    int failed;

    if (str_is(str_from(program_invocation_short_name), "sotto-media"))
        return ask_for_sockets();
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s:/usr/bin:/bin", folder);
    setenv("PATH", path, 1);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(script, sizeof script, "%s/sotto-media", folder);
    unlink(script);
    rmdir(folder);
    return failed;
}
