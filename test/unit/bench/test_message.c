/* test_message.c: messages have the exact size asked for and ids that read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/encode.h"
#include "bench/load/message.h"
#include "bench/load/peek.h"
#include "bench/load/scan.h"

/* One stanza: well-formed at its borders, with base64 that a strict server accepts. */
static void check_stanza(struct str stanza, const char *to, const struct message_id *id)
{
    static const char *const encoded[] = { "key", "iv", "payload" };
    struct arena scratch = { 0 };
    struct message_id back;
    struct bytes octets;
    struct str item;
    struct scan s;

    scan_init(&s);
    scan_feed(&s, STR("<s>"));
    assert_int_equal(scan_next(&s, &item), SCAN_HEADER);
    assert_int_equal(scan_next(&s, &item), SCAN_MORE);
    scan_feed(&s, stanza);
    assert_int_equal(scan_next(&s, &item), SCAN_STANZA);
    assert_int_equal(item.n, stanza.n);
    scan_deinit(&s);
    assert_true(str_is(peek_attr(stanza, "to"), to));
    assert_true(str_is(peek_attr(stanza, "type"), "chat"));
    assert_true(message_id_read(peek_attr(stanza, "id"), &back));
    assert_int_equal(back.run, id->run);
    assert_int_equal(back.sender, id->sender);
    assert_int_equal(back.number, id->number);
    assert_int_equal(back.time_ns, id->time_ns);
    for (size_t i = 0; i < COUNT_OF(encoded); i++) {
        struct str text = peek_text(peek_child(stanza, encoded[i]));

        assert_int_equal(base64_read(&scratch, text, &octets), ERR_NONE);
        assert_true(octets.n > 0);
    }
    arena_deinit(&scratch);
}

static void has_the_exact_size(void **state)
{
    static const char *const addresses[] = { "a@b", "a1@b", "bench77@localhost",
                                             "bench77@localhost/load0", "bench12345@xmpp.example" };
    struct message_id id = { 0, 0xbeef, 0xffffffff, 0xfedcba987654 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(addresses); i++)
        for (size_t size = 880; size < 890; size++) {
            struct message_maker m;
            struct buf out;

            message_maker_init(&m, size);
            buf_init(&out, 2 * MESSAGE_SIZE_MAX);
            id.run = m.run;
            message_add(&m, str_from(addresses[i]), &id, &out);
            assert_int_equal(out.n, size);
            check_stanza(buf_str(&out), addresses[i], &id);
            buf_deinit(&out);
            message_maker_deinit(&m);
        }
}

static void knows_when_it_cannot_be_that_small(void **state)
{
    struct message_maker m;

    (void)state;
    message_maker_init(&m, 885);
    assert_true(message_fits(&m, STR("bench77@localhost")));
    m.size = 600;
    assert_false(message_fits(&m, STR("b@c")));
    message_maker_deinit(&m);
}

static void refuses_foreign_ids(void **state)
{
    static const char *const foreign[] = {
        "",
        "1",
        "0123abcd-0000-00000001-00000000000",
        "0123abcd-0000-00000001-00000000000g",
        "0123abcd_0000-00000001-000000000000",
        "0123abcd-0000-00000001-0000000000000",
        "0123ABCD-0000-00000001-000000000000",
    };
    struct message_id id;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        assert_false(message_id_read(str_from(foreign[i]), &id));
    assert_true(message_id_read(STR("0123abcd-0000-00000001-00000000000a"), &id));
    assert_int_equal(id.time_ns, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_exact_size),
        cmocka_unit_test(knows_when_it_cannot_be_that_small),
        cmocka_unit_test(refuses_foreign_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
