/* test_handover.c: what the supervisor writes, the server reads; anything else is refused. */
#include "test/unit/check.h"

#include "server/handover.h"

static void written_is_read(void **state)
{
    const int first[] = { 11, 12 }, second[] = { 13, 14 };
    const struct boot_listener listeners[] = { { LISTEN_C2S, STR("127.0.0.1:5222"), first },
                                               { LISTEN_HTTPS, STR("[::1]:5443"), second } };
    const struct handover before = { 1234, 5, 6, 7, 8, 9, 10, 15, true, listeners, 2, 2 };
    struct handover after;
    struct arena a = { 0 };
    struct buf text;

    (void)state;
    buf_init(&text, HANDOVER_MAX);
    handover_write(&before, &text);
    check_err("read", handover_read(buf_str(&text), &a, &after), ERR_NONE);
    assert_int_equal(after.supervisor_pid, 1234);
    assert_int_equal(after.config_fd, 5);
    assert_int_equal(after.certificate_fd, 6);
    assert_int_equal(after.key_fd, 7);
    assert_int_equal(after.data_dir_fd, 8);
    assert_int_equal(after.server_lock_fd, 9);
    assert_int_equal(after.control_fd, 10);
    assert_int_equal(after.supervisor_fd, 15);
    assert_true(after.self_signed);
    assert_int_equal(after.listener_count, 2);
    assert_int_equal(after.listeners[1].kind, LISTEN_HTTPS);
    check_str("address", after.listeners[1].address, "[::1]:5443");
    assert_int_equal(after.listeners[0].fds[1], 12);
    assert_int_equal(after.listeners[1].fds[0], 13);
    buf_deinit(&text);
    arena_deinit(&a);
}

static const char *const bad[] = {
    "banana 1\n",
    "config\n",
    "config -1\n",
    "config 99999999999\n",
    "workers 2\nlisten 0 127.0.0.1:1 5\n",   /* a descriptor is missing */
    "workers 1\nlisten 0 127.0.0.1:1 5 6\n", /* one too many */
    "workers 1\nlisten 99 127.0.0.1:1 5\n",  /* no such kind */
};

static void others_are_refused(void **state)
{
    struct arena a = { 0 };
    struct handover h;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        check_err(bad[i], handover_read(str_from(bad[i]), &a, &h), ERR_MALFORMED);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(written_is_read),
                                        cmocka_unit_test(others_are_refused) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
