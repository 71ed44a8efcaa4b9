/* test_listen.c: addresses, ports that are taken, many sockets on one port, running out of descriptors. */
#include "net.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKETS = 4 };

static const struct {
    const char *address;
    enum err err;
} cases[] = {
    { "127.0.0.1:0", ERR_NONE },
    { "[::1]:0", ERR_NONE },
    { "0.0.0.0:0", ERR_NONE },
    { "[::]:0", ERR_NONE },
    { "127.0.0.1", ERR_MALFORMED },
    { "127.0.0.1:", ERR_MALFORMED },
    { "127.0.0.1:65536", ERR_MALFORMED },
    { "127.0.0.1:+1", ERR_MALFORMED },
    { ":5222", ERR_MALFORMED },
    { "::1:5222", ERR_MALFORMED },
    { "[::1]", ERR_MALFORMED },
    { "[::1:5222", ERR_MALFORMED },
    { "[127.0.0.1]:5222", ERR_MALFORMED },
    { "[]:5222", ERR_MALFORMED },
    { "localhost:5222", ERR_MALFORMED },
    { "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:1", ERR_MALFORMED },
    { "", ERR_MALFORMED },
    { "192.0.2.1:0", ERR_MISSING }, /* TEST-NET-1, RFC 5737 */
};

static enum err bind_some(const char *address, unsigned count, int *fds, uint16_t *port,
                          struct arena *a, struct str *why)
{
    *why = STR_NONE;
    return listen_bind(str_from(address), count, fds, port, why, a);
}

static void close_all(int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
}

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena a = { 0 };
        struct str why;
        uint16_t port = 0;
        int fd;
        enum err e = bind_some(cases[i].address, 1, &fd, &port, &a, &why);

        if (e != cases[i].err)
            fail_msg("%s: %s, not %s", cases[i].address, err_text(e), err_text(cases[i].err));
        if (e == ERR_NONE) {
            assert_true(port > 0);
            assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
            close(fd);
        } else {
            assert_true(why.n > 20);
        }
        arena_deinit(&a);
    }
}

static void test_many_sockets_one_port(void **state)
{
    int fds[SOCKETS], again[SOCKETS];
    struct arena a = { 0 };
    struct str why;
    uint16_t port, second;

    (void)state;
    assert_int_equal(bind_some("127.0.0.1:0", SOCKETS, fds, &port, &a, &why), ERR_NONE);
    for (int i = 0; i < SOCKETS; i++) {
        struct sockaddr_in at;
        socklen_t n = sizeof at;

        assert_int_equal(getsockname(fds[i], (struct sockaddr *)&at, &n), 0);
        assert_int_equal(ntohs(at.sin_port), port);
    }
    close_all(fds, SOCKETS);
    /* Free again at once, and with its number this time. */
    assert_int_equal(
        bind_some(arena_printf(&a, "127.0.0.1:%u", port).p, SOCKETS, again, &second, &a, &why),
        ERR_NONE);
    assert_int_equal(second, port);
    close_all(again, SOCKETS);
    arena_deinit(&a);
}

/* Also a socket with SO_REUSEPORT keeps a second server out; the same port of the other family stays free. */
static void test_busy_port(void **state)
{
    int fds[SOCKETS], other[1];
    struct arena a = { 0 };
    struct str why, address;
    uint16_t port, second;

    (void)state;
    assert_int_equal(bind_some("127.0.0.1:0", SOCKETS, fds, &port, &a, &why), ERR_NONE);
    address = arena_printf(&a, "127.0.0.1:%u", port);
    assert_int_equal(listen_bind(address, 1, other, &second, &why, &a), ERR_EXISTS);
    assert_non_null(strstr(arena_printf(&a, "%.*s", STR_ARG(why)).p, address.p));
    assert_int_equal(bind_some(arena_printf(&a, "[::]:%u", port).p, 1, other, &second, &a, &why),
                     ERR_NONE);
    close_all(other, 1);
    close_all(fds, SOCKETS);
    arena_deinit(&a);
}

/* ---- Accepting ---------------------------------------------------------------------------------- */

struct door {
    struct worker worker;
    struct listener *listener;
    uint16_t port;
    unsigned accepted, last; /* after the last one the listener is freed from inside its call */
};

static void on_accepted(void *ctx, int fd)
{
    struct door *d = ctx;
    int no_delay = 0;
    socklen_t n = sizeof no_delay;

    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &n), 0);
    assert_true(no_delay);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    if (++d->accepted == d->last) {
        listener_free(d->listener);
        d->listener = NULL;
    }
}

static void open_door(void *ctx)
{
    struct door *d = ctx;
    struct arena a = { 0 };
    struct str why;
    int fd;

    assert_int_equal(listen_bind(STR("127.0.0.1:0"), 1, &fd, &d->port, &why, &a), ERR_NONE);
    d->listener = listener_new(d->worker.loop, fd, on_accepted, d);
    arena_deinit(&a);
}

static void shut_door(void *ctx)
{
    listener_free(((struct door *)ctx)->listener);
}

static void test_accepts(void **state)
{
    struct door d = { .last = 100 };
    struct peer p;
    char c;

    (void)state;
    worker_start(&d.worker);
    worker_call(&d.worker, open_door, &d);
    for (int i = 0; i < 100; i++) {
        peer_connect(&p, d.port);
        peer_read(&p, &c, 1);
        peer_close(&p);
    }
    worker_call(&d.worker, shut_door, &d); /* NULL by now */
    worker_stop(&d.worker);
    assert_int_equal(d.accepted, 100);
}

/* All descriptors taken: the caller is refused instead of waiting for ever, and is served once there are some. */
static void test_out_of_descriptors(void **state)
{
    struct door d = { 0 };
    struct peer p;
    struct rlimit was, tight;
    char c;
    int first_free;

    (void)state;
    worker_start(&d.worker);
    worker_call(&d.worker, open_door, &d);
    p.fd = socket(AF_INET, SOCK_STREAM, 0);
    first_free = dup(p.fd);
    close(first_free);
    close(p.fd);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
    peer_connect(&p, d.port); /* takes the last one that the limit will allow */
    peer_read(&p, &c, 1);
    peer_close(&p);

    tight = was;
    tight.rlim_cur = (rlim_t)first_free;
    p.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(d.port) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(p.fd, (struct sockaddr *)&to, sizeof to), 0);
    struct pollfd wait = { .fd = p.fd, .events = POLLIN };
    assert_int_equal(poll(&wait, 1, PATIENCE_S * 1000), 1);
    assert_int_equal(recv(p.fd, &c, 1, 0) > 0, 0); /* hung up */
    close(p.fd);

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
    peer_connect(&p, d.port);
    peer_read(&p, &c, 1);
    peer_close(&p);
    worker_call(&d.worker, shut_door, &d);
    worker_stop(&d.worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),          cmocka_unit_test(test_many_sockets_one_port),
        cmocka_unit_test(test_busy_port),          cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_out_of_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
