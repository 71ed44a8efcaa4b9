/* test_pb.c: fields in any order, unknown ones, and everything that is no message. */
#include "../check.h"

#include <string.h>

#include "base/encode.h"
#include "omemo/pb.h"

/* Fields 1 (uint32, required), 2 (bytes, required), 3 (uint32). */
static const struct {
    const char *what, *hex;
    enum err err;
    uint32_t one, three;
    const char *two;
} cases[] = {
    { "in order", "0801 1203 616263 1807", ERR_NONE, 1, 7, "abc" },
    { "backwards", "1807 1203 616263 0801", ERR_NONE, 1, 7, "abc" },
    { "optional left out", "0801 1200", ERR_NONE, 1, 0, "" },
    { "zero", "0800 1200 1800", ERR_NONE, 0, 0, "" },
    { "greatest number", "08ffffffff0f 1200", ERR_NONE, UINT32_MAX, 0, "" },
    { "number in more octets than needed", "08818000 1200", ERR_NONE, 1, 0, "" },
    { "unknown fields of each type", "2005 2901020304 05060708 2a01ff 3501020304 0801 1200",
      ERR_NONE, 1, 0, "" },
    { "unknown field of a high number", "f8ffffff0f01 0801 1200", ERR_NONE, 1, 0, "" },
    { "empty", "", ERR_MALFORMED, 0, 0, NULL },
    { "required number missing", "1200", ERR_MALFORMED, 0, 0, NULL },
    { "required octets missing", "0801", ERR_MALFORMED, 0, 0, NULL },
    { "number beyond 32 bits", "088080808010 1200", ERR_MALFORMED, 0, 0, NULL },
    { "varint without end", "08ffffffffffffffffffff", ERR_MALFORMED, 0, 0, NULL },
    { "varint of eleven octets", "0880808080808080808080 00 1200", ERR_MALFORMED, 0, 0, NULL },
    { "varint beyond 64 bits", "08ffffffffffffffffff02 1200", ERR_MALFORMED, 0, 0, NULL },
    { "cut in a varint", "0801 12", ERR_MALFORMED, 0, 0, NULL },
    { "length beyond the end", "0801 1204 616263", ERR_MALFORMED, 0, 0, NULL },
    { "length that would wrap", "0801 12ffffffffffffffffff01", ERR_MALFORMED, 0, 0, NULL },
    { "a field twice", "0801 0802 1200", ERR_MALFORMED, 0, 0, NULL },
    { "number where octets belong", "0801 1005", ERR_MALFORMED, 0, 0, NULL },
    { "octets where a number belongs", "0a0101 1200", ERR_MALFORMED, 0, 0, NULL },
    { "field zero", "0001 0801 1200", ERR_MALFORMED, 0, 0, NULL },
    { "group", "2b2c 0801 1200", ERR_MALFORMED, 0, 0, NULL },
    { "type that there is not", "2f 0801 1200", ERR_MALFORMED, 0, 0, NULL },
    { "fixed field cut", "0801 1200 29010203", ERR_MALFORMED, 0, 0, NULL },
};

static struct bytes octets_of(struct arena *a, const char *hex)
{
    char *digits = arena_raw(a, strlen(hex));
    size_t n = 0;
    struct bytes out;

    for (; *hex != '\0'; hex++)
        if (*hex != ' ')
            digits[n++] = *hex;
    assert_int_equal(hex_read(a, (struct str){ digits, n }, &out), ERR_NONE);
    return out;
}

static void fields_init(struct pb_field f[3])
{
    memset(f, 0, 3 * sizeof f[0]);
    f[0] = (struct pb_field){ .number = 1, .type = PB_UINT32, .required = true };
    f[1] = (struct pb_field){ .number = 2, .type = PB_BYTES, .required = true };
    f[2] = (struct pb_field){ .number = 3, .type = PB_UINT32 };
}

static void reading(void **state)
{
    struct arena a = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pb_field f[3];

        fields_init(f);
        check_err(cases[i].what, pb_read(octets_of(&a, cases[i].hex), f, 3), cases[i].err);
        if (cases[i].err != ERR_NONE)
            continue;
        assert_int_equal(f[0].value, cases[i].one);
        check_str(cases[i].what, str_of_bytes(f[1].octets), cases[i].two);
        assert_int_equal(f[2].value, cases[i].three);
    }
    arena_deinit(&a);
}

/* No message of the table is one when it is cut: each ends with a field that counts or that is cut
 * itself. */
static void cut_anywhere(void **state)
{
    struct arena a = { 0 };
    struct bytes whole = octets_of(&a, "0801 1807 1203 616263");

    (void)state;
    for (size_t n = 0; n < whole.n; n++) {
        struct pb_field f[3];

        fields_init(f);
        check_err("cut", pb_read(bytes_of(whole.p, n), f, 3), ERR_MALFORMED);
    }
    arena_deinit(&a);
}

static void writing(void **state)
{
    static const struct {
        uint32_t number, value;
        const char *hex;
    } numbers[] = {
        { 1, 0, "0800" },
        { 2, 127, "107f" },
        { 3, 128, "188001" },
        { 4, 300, "20ac02" },
        { 5, UINT32_MAX, "28ffffffff0f" },
    };
    struct arena a = { 0 };
    uint8_t room[16];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct pb_writer w = { room, 0, sizeof room };
        struct bytes want = octets_of(&a, numbers[i].hex);

        pb_put_uint32(&w, numbers[i].number, numbers[i].value);
        assert_int_equal(w.n, want.n);
        assert_memory_equal(room, want.p, want.n);
    }
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
