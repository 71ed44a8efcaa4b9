/* test_scan.c: the stanza scanner, fed whole, cut at every byte, and byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/mem.h"
#include "bench/load/scan.h"

/* What a stream holds: H header, S stanza, E end, B broken; stanzas follow in `items`. */
static const struct {
    const char *input, *found, *items[4];
} cases[] = {
    { "", "", { 0 } },
    { "<?xml version='1.0'?><stream:stream to=\"x\">", "H", { "<stream:stream to=\"x\">" } },
    { "<s>\n <a/> \n<b>text</b>\n</s>", "HSSE", { "<s>", "<a/>", "<b>text</b>", "</s>" } },
    { "<s><m><b>1 &lt; 2</b><c/></m><r/>", "HSS", { "<s>", "<m><b>1 &lt; 2</b><c/></m>", "<r/>" } },
    /* '>' and '/' are allowed in values, the other quote too. */
    { "<s><m a='x>y/' b=\"it's/>\"/><n/>", "HSS", { "<s>", "<m a='x>y/' b=\"it's/>\"/>", "<n/>" } },
    { "<s><m a='/'>t</m>", "HS", { "<s>", "<m a='/'>t</m>" } },
    { "<s><m><m><m/></m></m>", "HS", { "<s>", "<m><m><m/></m></m>" } },
    { "<s><m><![CDATA[</m>]] >]]]></m>", "HS", { "<s>", "<m><![CDATA[</m>]] >]]]></m>" } },
    { "<s><m><![CDATA[>]]></m>", "HS", { "<s>", "<m><![CDATA[>]]></m>" } },
    { "<s><m>not yet", "H", { "<s>" } },
    { "<s></s >", "HE", { "<s>", "</s >" } },
    { "<s><!-- c --><m/>", "HB", { "<s>" } },
    { "<!DOCTYPE s><s>", "B", { 0 } },
    { "</s>", "B", { 0 } },
    { "<s/>", "B", { 0 } },
};

struct tally {
    const char *found;
    const char *const *items;
    size_t n;
};

/* Takes out what is there and holds it against what should come next. */
static void check_found(struct scan *s, struct tally *t)
{
    static const char letters[] = {
        [SCAN_HEADER] = 'H', [SCAN_STANZA] = 'S', [SCAN_END] = 'E', [SCAN_BROKEN] = 'B'
    };
    struct str item = STR_NONE;

    for (enum scan_found f; (f = scan_next(s, &item)) != SCAN_MORE;) {
        if (t->n > 0 && t->found[t->n - 1] == 'B') {
            assert_int_equal(f, SCAN_BROKEN); /* final */
            return;
        }
        assert_int_equal(letters[f], t->found[t->n]);
        if (f != SCAN_BROKEN) {
            assert_int_equal(item.n, str_from(t->items[t->n]).n);
            assert_memory_equal(item.p, t->items[t->n], item.n);
        }
        t->n++;
        if (f == SCAN_BROKEN)
            return;
    }
}

/* Feeds a copy that is gone afterwards, so that a kept view would be noticed by the sanitizers. */
static void feed(struct scan *s, struct str piece, struct tally *t)
{
    char *copy = mem_alloc(piece.n + 1);

    for (size_t i = 0; i < piece.n; i++)
        copy[i] = piece.p[i];
    scan_feed(s, (struct str){ copy, piece.n });
    check_found(s, t);
    mem_free(copy);
}

static void run_case(size_t nth, size_t cut, size_t step)
{
    struct str rest = str_from(cases[nth].input);
    struct tally t = { cases[nth].found, cases[nth].items, 0 };
    struct scan s;

    scan_init(&s);
    feed(&s, str_slice(rest, 0, cut), &t);
    for (rest = str_skip(rest, cut); rest.n > 0; rest = str_skip(rest, step))
        feed(&s, str_slice(rest, 0, step), &t);
    assert_int_equal(t.n, str_from(t.found).n);
    scan_deinit(&s);
}

static void finds_stanzas_at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = str_from(cases[i].input).n;

        for (size_t cut = 0; cut <= n; cut++)
            run_case(i, cut, n + 1);
        run_case(i, 0, 1);
        run_case(i, 0, 2);
        run_case(i, 1, 3);
    }
}

static void restarts_for_a_new_stream(void **state)
{
    struct str item;
    struct scan s;

    (void)state;
    scan_init(&s);
    scan_feed(&s, STR("<s><a/><half"));
    assert_int_equal(scan_next(&s, &item), SCAN_HEADER);
    assert_int_equal(scan_next(&s, &item), SCAN_STANZA);
    assert_int_equal(scan_next(&s, &item), SCAN_MORE);
    scan_restart(&s);
    scan_feed(&s, STR("<?xml version='1.0'?><s>"));
    assert_int_equal(scan_next(&s, &item), SCAN_HEADER);
    assert_true(str_is(item, "<s>"));
    scan_deinit(&s);
}

static void refuses_a_stanza_without_end(void **state)
{
    enum { PIECE = 1 << 16 };
    char *text = mem_alloc(PIECE);
    enum scan_found found = SCAN_MORE;
    struct str item;
    struct scan s;
    size_t fed = 0;

    (void)state;
    for (size_t i = 0; i < PIECE; i++)
        text[i] = 'x';
    scan_init(&s);
    scan_feed(&s, STR("<s><m>"));
    assert_int_equal(scan_next(&s, &item), SCAN_HEADER);
    assert_int_equal(scan_next(&s, &item), SCAN_MORE);
    for (; found == SCAN_MORE && fed < 4 * (size_t)SCAN_STANZA_MAX; fed += PIECE) {
        scan_feed(&s, (struct str){ text, PIECE });
        found = scan_next(&s, &item);
    }
    assert_int_equal(found, SCAN_BROKEN);
    assert_true(fed >= SCAN_STANZA_MAX && fed <= SCAN_STANZA_MAX + 2 * PIECE);
    scan_deinit(&s);
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_stanzas_at_every_cut),
        cmocka_unit_test(restarts_for_a_new_stream),
        cmocka_unit_test(refuses_a_stanza_without_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
