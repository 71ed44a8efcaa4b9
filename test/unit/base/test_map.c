/* test_map.c: the hash by published vectors, the map against a plain array that does the same. */
#include "test/unit/check.h"

#include "base/map.h"

/* SipHash-1-3 of octets 0, 1, 2 … under the key 00 01 … 0f, as little-endian numbers. */
static const uint64_t seed[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };

static const uint64_t hashes[] = {
    0xabac0158050fc4dcu, 0xc9f49bf37d57ca93u, 0x82cb9b024dc7d44du, 0x8bf80ab8e7ddf7fbu,
    0xcf75576088d38328u, 0xdef9d52f49533b67u, 0xc50d2b50c59f22a7u, 0xd3927d989bb11140u,
    0x369095118d299a8eu, 0x25a48eb36c063de4u, 0x79de85ee92ff097fu, 0x70c118c1f94dc352u,
    0x78a384b157b4d9a2u, 0x306f760c1229ffa7u, 0x605aa111c0f95d34u, 0xd320d86d2a519956u,
    0xcc4fdd1a7d908b66u, 0x9cf2689063dbd80cu, 0x8ffc389cb473e63eu, 0xf21f9de58d297d1cu,
    0xc0dc2f46a6cce040u, 0xb992abfe2b45f844u, 0x7ffe7b9ba320872eu, 0x525a0e7fdae6c123u,
};

static void the_hash_is_siphash_1_3(void **state)
{
    char octets[COUNT_OF(hashes)];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(hashes); i++) {
        octets[i] = (char)i;
        assert_true(map_hash(seed, (struct str){ octets, i }) == hashes[i]);
    }
}

/* Few keys and many steps, so that all of put, replace, remove and miss happen often. */
enum { KEYS = 200, STEPS = 60000 };

struct shadow {
    char keys[KEYS][4];
    void *values[KEYS]; /* NULL: absent */
    size_t n;
};

static struct str key_of(struct shadow *s, size_t i)
{
    s->keys[i][0] = (char)('a' + i % 26);
    s->keys[i][1] = (char)('a' + i / 26);
    return (struct str){ s->keys[i], 2 };
}

static uint32_t next_random(uint32_t *x) /* xorshift32 (Marsaglia 2003) */
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

static void check_against_shadow(const struct map *m, struct shadow *s)
{
    size_t cursor = 0, n = 0;
    struct map_slot slot;

    for (size_t i = 0; i < KEYS; i++)
        assert_ptr_equal(map_get(m, key_of(s, i)), s->values[i]);
    while (map_next(m, &cursor, &slot)) {
        size_t i = (size_t)(slot.key.p[0] - 'a') + 26 * (size_t)(slot.key.p[1] - 'a');

        assert_ptr_equal(slot.value, s->values[i]);
        n++;
    }
    assert_int_equal(n, s->n);
    assert_int_equal(m->n, s->n);
}

static void map_does_what_an_array_does(void **state)
{
    static char objects[STEPS];
    struct shadow s = { .n = 0 };
    uint32_t x = 2463534242u;
    struct map m;

    (void)state;
    map_init(&m, seed);
    for (size_t step = 0; step < STEPS; step++) {
        uint32_t r = next_random(&x);
        bool emptying = step / (STEPS / 4) % 2 == 1; /* fills, empties, fills, empties */
        size_t i = r % KEYS;
        struct str key = key_of(&s, i);

        if ((r >> 16 & 3) == 0 ? !emptying : emptying) {
            assert_ptr_equal(map_remove(&m, key), s.values[i]);
            s.n -= s.values[i] != NULL;
            s.values[i] = NULL;
        } else {
            assert_ptr_equal(map_put(&m, key, &objects[step]), s.values[i]);
            s.n += s.values[i] == NULL;
            s.values[i] = &objects[step];
        }
        if (step % 97 == 0)
            check_against_shadow(&m, &s);
    }
    check_against_shadow(&m, &s);
    map_deinit(&m);
}

static void an_empty_map_answers(void **state)
{
    struct map_slot slot;
    struct map m;
    size_t cursor = 0;

    (void)state;
    map_init(&m, NULL);
    assert_null(map_get(&m, STR("a")));
    assert_null(map_remove(&m, STR("a")));
    assert_false(map_next(&m, &cursor, &slot));
    map_deinit(&m);
    assert_null(map_get(&m, STR("a")));
}

static void the_key_of_a_replaced_value_is_let_go(void **state)
{
    char old_key[] = "k", new_key[] = "k";
    struct map m;
    int x, y;

    (void)state;
    map_init(&m, NULL);
    assert_null(map_put(&m, str_from(old_key), &x));
    assert_ptr_equal(map_put(&m, str_from(new_key), &y), &x);
    old_key[0] = '?';
    assert_ptr_equal(map_get(&m, STR("k")), &y);
    assert_ptr_equal(map_remove(&m, STR("k")), &y);
    map_deinit(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_siphash_1_3),
        cmocka_unit_test(map_does_what_an_array_does),
        cmocka_unit_test(an_empty_map_answers),
        cmocka_unit_test(the_key_of_a_replaced_value_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
