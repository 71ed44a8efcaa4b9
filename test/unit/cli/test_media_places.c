/* test_media_places.c: which sockets the media process can get, and that there are no others. */
#include "../check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/media_places.h"

enum { TEXT_MAX = 2000 };

/* Where somebody listens, over UDP or TCP. */
struct host {
    int fd;
    unsigned port;
};

static struct host open_host(int kind)
{
    struct sockaddr_in here = { .sin_family = AF_INET };
    socklen_t n = sizeof here;
    struct host h = { .fd = socket(AF_INET, kind, 0) };

    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(h.fd, (struct sockaddr *)&here, n), 0);
    if (kind == SOCK_STREAM)
        assert_int_equal(listen(h.fd, 1), 0);
    assert_int_equal(getsockname(h.fd, (struct sockaddr *)&here, &n), 0);
    h.port = ntohs(here.sin_port);
    return h;
}

static int kind_of(int fd)
{
    int kind = -1;
    socklen_t n = sizeof kind;

    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &n), 0);
    return kind;
}

static unsigned port_of_peer(int fd)
{
    struct sockaddr_in there = { 0 };
    socklen_t n = sizeof there;

    assert_int_equal(getpeername(fd, (struct sockaddr *)&there, &n), 0);
    return ntohs(there.sin_port);
}

static void test_once_each(void **state)
{
    struct host udp = open_host(SOCK_DGRAM), tcp = open_host(SOCK_STREAM);
    struct media_places p;
    char sdp[TEXT_MAX];
    int fd = -1, n = snprintf(sdp, sizeof sdp,
                              "v=0\r\na=candidate:1 1 udp 9 127.0.0.1 %u typ host generation 0\r\n"
                              "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=x:candidate:\r\n"
                              "a=candidate:2 1 tcp 8 127.0.0.1 %u typ host tcptype passive\n",
                              udp.port, tcp.port);

    (void)state;
    media_places_read(&p, (struct str){ sdp, (size_t)n });
    assert_int_equal(p.count, 2);
    assert_true(media_places_ask(&p, 0, &fd));
    assert_int_equal(kind_of(fd), SOCK_DGRAM);
    assert_int_equal(port_of_peer(fd), udp.port);
    close(fd);
    assert_true(media_places_ask(&p, 1, &fd));
    assert_int_equal(kind_of(fd), SOCK_STREAM);
    close(fd);
    fd = accept(tcp.fd, NULL, NULL);
    assert_true(fd >= 0);
    close(fd);
    for (uint64_t i = 0; i < 2; i++)
        assert_false(media_places_ask(&p, i, &fd));
    for (uint64_t i = 2; i != 0; i *= 2)
        assert_false(media_places_ask(&p, i, &fd));
    assert_false(media_places_ask(&p, UINT64_MAX, &fd));
    close(udp.fd);
    close(tcp.fd);
}

/* Places, in their order, to which there is no way; the process is told so. */
static const char *const ways[] = {
    "1 1 udp 9 evil.example 4000 typ host", "1 1 udp 9 127.0.0.1 0 typ host",
    "1 1 udp 9 127.0.0.1 65536 typ host",   "1 1 udp 9 127.0.0.1 -1 typ host",
    "1 1 sctp 9 127.0.0.1 4000 typ host",   "1 1 udp 9 0x7f.1 4000 typ host",
    "1 1 udp 9 [::1] 4000 typ host",        "",
};

static void test_no_way(void **state)
{
    struct media_places p;
    struct buf sdp;

    (void)state;
    buf_init(&sdp, TEXT_MAX);
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        buf_add(&sdp, STR("a=candidate:"));
        buf_add(&sdp, str_from(ways[i]));
        buf_add(&sdp, STR("\r\n"));
    }
    media_places_read(&p, buf_str(&sdp));
    assert_int_equal(p.count, COUNT_OF(ways));
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        int fd = 0;

        if (!media_places_ask(&p, i, &fd) || fd != -1)
            fail_msg("%s: %d", ways[i], fd);
    }
    buf_deinit(&sdp);
}

static void test_no_more_than_the_cap(void **state)
{
    struct media_places p;
    struct buf sdp;
    int fd;

    (void)state;
    buf_init(&sdp, TEXT_MAX);
    for (int i = 0; i < MEDIA_PLACES + 3; i++)
        buf_add(&sdp, STR("a=candidate:1 1 udp 9 127.0.0.1 4000 typ host\r\n"));
    media_places_read(&p, buf_str(&sdp));
    assert_int_equal(p.count, MEDIA_PLACES);
    assert_false(media_places_ask(&p, MEDIA_PLACES, &fd));
    buf_deinit(&sdp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_each),
        cmocka_unit_test(test_no_way),
        cmocka_unit_test(test_no_more_than_the_cap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
