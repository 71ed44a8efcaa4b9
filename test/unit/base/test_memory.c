/* test_memory.c: arena, buf, blob and list: who owns what, and where the caps are. */
#include "test/unit/check.h"

#include <stdalign.h>
#include <string.h>

#include "base/arena.h"
#include "base/blob.h"
#include "base/buf.h"
#include "base/list.h"

static bool is_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

/* Odd sizes around the chunk sizes, text and objects mixed: each piece keeps what fills it. */
static void pieces_do_not_overlap(struct arena a)
{
    enum { PIECES = 600 };
    struct {
        char *p;
        size_t n;
    } pieces[PIECES];
    size_t total = 0;

    for (size_t i = 0; i < PIECES; i++) {
        size_t n = i * i % 4099;

        pieces[i].n = n;
        if (i % 2 == 0) {
            pieces[i].p = arena_alloc(&a, n);
            assert_int_equal((uintptr_t)pieces[i].p % alignof(max_align_t), 0);
            assert_true(is_zero(pieces[i].p, n));
        } else {
            pieces[i].p = arena_raw(&a, n);
        }
        assert_non_null(pieces[i].p);
        memset(pieces[i].p, (int)(i % 251) + 1, n);
        total += n;
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k < pieces[i].n; k++)
            assert_int_equal((uint8_t)pieces[i].p[k], i % 251 + 1);
    assert_true(a.used >= total && a.used < total + PIECES * alignof(max_align_t));
    arena_deinit(&a);
    assert_int_equal(a.used, 0);
    arena_deinit(&a); /* twice is harmless */
}

static void arena_pieces_do_not_overlap(void **state)
{
    (void)state;
    pieces_do_not_overlap((struct arena){ 0 });
    pieces_do_not_overlap(ARENA_SECRET);
}

/* Emptied, moved from or moved to: what comes into it is a secret, too. */
static void arena_of_secrets_stays_one(void **state)
{
    struct arena a = ARENA_SECRET, moved;

    (void)state;
    (void)arena_str(&a, STR("correct horse"));
    moved = arena_move(&a);
    assert_true(a.secret && moved.secret && a.used == 0);
    arena_deinit(&moved);
    assert_true(moved.secret && moved.used == 0);
    (void)arena_alloc(&moved, 1 << 20);
    arena_deinit(&moved);
}

static void arena_takes_what_no_chunk_holds(void **state)
{
    struct arena a = { 0 };
    char *small = arena_raw(&a, 3);
    char *large = arena_alloc(&a, 1 << 20);

    (void)state;
    memset(small, 'x', 3);
    assert_true(is_zero(large, 1 << 20));
    assert_memory_equal(small, "xxx", 3);
    arena_deinit(&a);
}

static void arena_moves(void **state)
{
    struct arena a = { 0 }, b;
    struct str text = arena_cstr(&a, "kept");

    (void)state;
    b = arena_move(&a);
    assert_null(a.chunk);
    check_str("moved", text, "kept");
    assert_int_equal(arena_cstr(&a, "new").n, 3); /* the old one is usable, and apart */
    arena_deinit(&a);
    check_str("moved", text, "kept");
    arena_deinit(&b);
}

static void arena_texts(void **state)
{
    struct arena a = { 0 };

    (void)state;
    check_str("concat", arena_concat(&a, STR("ab"), STR("cd")), "abcd");
    check_str("concat", arena_concat(&a, STR_NONE, STR("cd")), "cd");
    check_str("concat", arena_concat(&a, STR("ab"), STR_NONE), "ab");
    check_str("copy", arena_str(&a, STR_NONE), "");
    assert_non_null(arena_str(&a, STR_NONE).p); /* a copy is present, though empty */
    check_str("bytes", str_of_bytes(arena_bytes(&a, bytes_of("\x01\x02", 2))), "\x01\x02");
    check_str("printf", arena_printf(&a, "%s-%d", "x", 42), "x-42");
    check_str("printf", arena_printf(&a, "%s", ""), "");
    arena_deinit(&a);
}

static void buf_grows_up_to_its_cap(void **state)
{
    enum { LIMIT = 1000 };
    struct buf b;

    (void)state;
    buf_init(&b, LIMIT);
    for (int i = 0; i < LIMIT; i++)
        buf_add_char(&b, (char)('a' + i % 26));
    assert_false(b.failed);
    assert_int_equal(b.n, LIMIT);
    assert_true(b.room <= LIMIT);
    buf_add_char(&b, '!');
    assert_true(b.failed);
    assert_int_equal(b.n, LIMIT); /* what did not fit is dropped */
    for (size_t i = 0; i < LIMIT; i++)
        assert_int_equal(b.p[i], 'a' + (char)(i % 26));
    buf_reset(&b);
    assert_false(b.failed);
    assert_int_equal(b.n, 0);
    buf_deinit(&b);
    assert_null(b.p);
    assert_int_equal(b.limit, LIMIT);
}

static const struct {
    size_t limit, have, add;
    bool fits;
} fits[] = {
    { 0, 0, 0, true },       { 0, 0, 1, false },       { 1, 0, 1, true },
    { 1, 1, 1, false },      { 256, 255, 1, true },    { 256, 256, 1, false },
    { 10, 3, 7, true },      { 10, 3, 8, false },      { 10, 3, SIZE_MAX, false },
    { 5000, 1, 4999, true }, { 5000, 4999, 2, false },
};

static void buf_takes_exactly_what_fits(void **state)
{
    static char filler[5000];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(fits); i++) {
        struct buf b;

        buf_init(&b, fits[i].limit);
        buf_add(&b, (struct str){ filler, fits[i].have });
        assert_false(b.failed);
        if (fits[i].add == SIZE_MAX)
            assert_null(buf_extend(&b, SIZE_MAX));
        else
            buf_add(&b, (struct str){ filler, fits[i].add });
        assert_int_equal(b.failed, !fits[i].fits);
        assert_int_equal(b.n, fits[i].have + (fits[i].fits ? fits[i].add : 0));
        buf_deinit(&b);
    }
}

static void buf_drops_from_both_ends(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    buf_consume(&b, 0);
    buf_add(&b, STR("hello "));
    buf_add_u64(&b, 0);
    buf_add_char(&b, ' ');
    buf_add_u64(&b, UINT64_MAX);
    buf_add_bytes(&b, bytes_of("!", 1));
    check_str("all", buf_str(&b), "hello 0 18446744073709551615!");
    buf_consume(&b, 6);
    check_str("consumed", buf_str(&b), "0 18446744073709551615!");
    buf_cut(&b, 3);
    check_str("cut", buf_str(&b), "0 1");
    buf_cut(&b, 9);
    check_str("cut", buf_str(&b), "0 1");
    buf_consume(&b, 9);
    assert_int_equal(buf_bytes(&b).n, 0);
    buf_deinit(&b);
}

static void blobs_are_counted(void **state)
{
    struct blob *b = blob_new(STR("shared"));

    (void)state;
    assert_ptr_equal(blob_ref(b), b);
    blob_unref(b);
    check_str("still there", blob_str(b), "shared");
    blob_unref(b);
    blob_unref(NULL);
    b = blob_new(STR_NONE);
    assert_int_equal(blob_str(b).n, 0);
    blob_unref(b);
}

struct item {
    char name;
    struct link link;
};

static void check_list(const struct list *l, const char *want)
{
    char have[8] = { 0 };
    size_t n = 0;

    LIST_EACH (l, at)
        have[n++] = LIST_ENTRY(at, struct item, link)->name;
    assert_string_equal(have, want);
    assert_int_equal(list_empty(l), n == 0);
    n = strlen(want);
    for (const struct link *at = l->head.prev; at != &l->head; at = at->prev) /* and backwards */
        assert_int_equal(LIST_ENTRY(at, const struct item, link)->name, want[--n]);
    assert_int_equal(n, 0);
}

static void lists_link_and_unlink(void **state)
{
    struct item a = { .name = 'a' }, b = { .name = 'b' }, c = { .name = 'c' };
    struct list l, other;

    (void)state;
    list_init(&l);
    list_init(&other);
    check_list(&l, "");
    assert_null(list_first(&l));
    assert_null(list_pop(&l));
    list_remove(&a.link); /* never linked */
    list_add(&l, &b.link);
    list_add(&l, &c.link);
    list_add_first(&l, &a.link);
    check_list(&l, "abc");
    assert_ptr_equal(list_next(&l, &a.link), &b.link);
    assert_null(list_next(&l, &c.link));
    list_remove(&b.link);
    list_remove(&b.link);
    check_list(&l, "ac");
    list_add(&other, &b.link);
    list_splice(&other, &l);
    check_list(&other, "bac");
    check_list(&l, "");
    list_splice(&other, &l);
    check_list(&other, "bac");
    assert_ptr_equal(list_pop(&other), &b.link);
    check_list(&other, "ac");
    LIST_EACH (&other, at)
        list_remove(at); /* from inside the loop */
    check_list(&other, "");
}

static void secrets_are_overwritten(void **state)
{
    char secret[] = "correct horse";

    (void)state;
    secure_zero(secret, sizeof secret);
    assert_true(is_zero(secret, sizeof secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_pieces_do_not_overlap),
        cmocka_unit_test(arena_of_secrets_stays_one),
        cmocka_unit_test(arena_takes_what_no_chunk_holds),
        cmocka_unit_test(arena_moves),
        cmocka_unit_test(arena_texts),
        cmocka_unit_test(buf_grows_up_to_its_cap),
        cmocka_unit_test(buf_takes_exactly_what_fits),
        cmocka_unit_test(buf_drops_from_both_ends),
        cmocka_unit_test(blobs_are_counted),
        cmocka_unit_test(lists_link_and_unlink),
        cmocka_unit_test(secrets_are_overwritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
