/* test_store_history.c: what a device that was linked gets of another one's store, and how it puts that into its own. */
#include "test/unit/cli/kept.h"

#include <stdio.h>
#include <string.h>

#include "client/history.h"

#define BOB "bob@b.example"
#define EVE "eve@e.example"

enum { RECORDS_MAX = 256, PLACE = 16 };

struct records {
    struct arena arena;
    struct backup_record all[RECORDS_MAX];
    size_t n, read;
};

struct pair {
    struct place *old_place, *new_place;
    struct store *old, *new;
    struct book book;
    struct records records;
};

static int pair_setup(void **state)
{
    struct pair *p = mem_alloc(sizeof *p);
    void *place;

    place_setup(&place);
    p->old_place = place;
    place_setup(&place);
    p->new_place = place;
    p->old = open_store(p->old_place, "");
    p->new = open_store(p->new_place, "");
    book_init(&p->book, NULL);
    assert_int_equal(store_make_room(p->new), ERR_NONE);
    *state = p;
    return 0;
}

static int pair_teardown(void **state)
{
    struct pair *p = *state;
    void *places[] = { p->old_place, p->new_place };

    store_close(p->old);
    store_close(p->new);
    book_deinit(&p->book);
    arena_deinit(&p->records.arena);
    for (size_t i = 0; i < COUNT_OF(places); i++)
        place_teardown(&places[i]);
    mem_free(p);
    return 0;
}

#define PAIR_TEST(function) cmocka_unit_test_setup_teardown(function, pair_setup, pair_teardown)

/* ---- Between the two ----------------------------------------------------------------------------- */

static enum err put(void *ctx, const struct backup_record *r)
{
    struct records *to = ctx;
    struct backup_record *copy = &to->all[to->n++];

    assert_true(to->n < RECORDS_MAX);
    *copy = *r;
    copy->key = arena_bytes(&to->arena, r->key);
    copy->value = arena_bytes(&to->arena, r->value);
    return ERR_NONE;
}

static enum err get(void *ctx, struct backup_record *out)
{
    struct records *from = ctx;

    if (from->read == from->n)
        return ERR_MISSING;
    *out = from->all[from->read++];
    return ERR_NONE;
}

static void cut_part(struct pair *p, struct store_cut *cut)
{
    p->records.n = 0;
    assert_int_equal(store_history(p->old, cut, put, &p->records), ERR_NONE);
}

static enum err take_part(struct pair *p)
{
    p->records.read = 0;
    return store_take_history(p->new, get, &p->records);
}

static void say(struct pair *p, struct store *s, uint64_t time_ms, const char *id, const char *text,
                enum entry_kind kind)
{
    add(&p->book, &(struct entry){ .kind = kind,
                                   .time_ms = time_ms,
                                   .chat = STR(BOB),
                                   .author = STR(BOB),
                                   .id = str_from(id),
                                   .text = str_from(text) });
    commit(s, &p->book);
}

static const struct backup_record *record_of(const struct records *r, enum backup_kind kind)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->all[i].kind == kind)
            return &r->all[i];
    return NULL;
}

/* ---- Scenes -------------------------------------------------------------------------------------- */

static void once_and_in_order(void **state)
{
    struct pair *p = *state;
    struct store_cut cut = { .below = UINT64_MAX };
    struct heard later = { .number = 0 };

    say(p, p->old, 1000, "a", "one", ENTRY_MESSAGE);
    say(p, p->old, 2000, "b", "two", ENTRY_MESSAGE);
    write_entry(&p->book, 2500, EVE, ENTRY_MESSAGE, "elsewhere");
    commit(p->old, &p->book);
    assert_int_equal(store_set_read(p->old, STR(BOB), 2), ERR_NONE);
    assert_int_equal(store_set_draft(p->old, STR(EVE), STR("dear")), ERR_NONE);
    say(p, p->old, 3000, "c", "three", ENTRY_MESSAGE); /* while the other was being linked */
    say(p, p->old, 4000, "d", "four", ENTRY_MESSAGE);
    say(p, p->new, 3100, "c", "not for this device", ENTRY_SEALED);
    say(p, p->new, 4100, "d", "four", ENTRY_MESSAGE);
    say(p, p->new, 5000, "e", "five", ENTRY_MESSAGE);
    cut_part(p, &cut);
    assert_true(cut.last && cut.entries == 5 && cut.total == 5);
    for (int again = 0; again < 2; again++) { /* a crash after the first time */
        assert_int_equal(take_part(p), ERR_NONE);
        check_page(p->new, BOB, 0, STORE_BEFORE, 10, "one two three four five ");
        check_page(p->new, EVE, 0, STORE_BEFORE, 10, "elsewhere ");
        check_chats(p->new, BOB " 'five' 3 ''; " EVE " 'elsewhere' 1 'dear'; ");
    }
    store_close(p->new);
    p->new = open_store(p->new_place, "");
    say(p, p->new, 6000, "f", "six", ENTRY_MESSAGE); /* comes after all that */
    assert_int_equal(store_later(p->new, (uint64_t)1 << 40, 10, hear, &later), ERR_NONE);
    assert_string_equal(later.text, "four five six "); /* and only this is news */
}

/* Parts arrive in any order. */
static void in_parts(void **state)
{
    enum { ENTRIES = 100, TEXT = 60000 };
    struct pair *p = *state;
    struct store_cut cut = { .below = UINT64_MAX };
    char *text = mem_alloc(TEXT + 1);
    struct records first = { .n = 0 };
    uint64_t entries = 0;
    unsigned parts = 0;

    memset(text, 'x', TEXT);
    for (int i = 0; i < ENTRIES; i++)
        say(p, p->old, 1000 + i, "", text, ENTRY_MESSAGE);
    while (!cut.last) {
        cut_part(p, &cut);
        entries += cut.entries;
        assert_int_equal(cut.total, ENTRIES - entries + cut.entries);
        if (parts++ == 0) {
            first = p->records;
            p->records = (struct records){ .n = 0 };
        } else {
            assert_int_equal(take_part(p), ERR_NONE);
        }
    }
    assert_true(parts == 2 && entries == ENTRIES);
    assert_int_equal(store_count(p->new), ENTRIES - first.n + 1); /* a chat is beside them */
    arena_deinit(&p->records.arena);
    p->records = first;
    assert_int_equal(take_part(p), ERR_NONE);
    assert_int_equal(store_count(p->new), ENTRIES);
    mem_free(text);
}

/* ---- From whoever has taken over the other device -------------------------------------------------- */

static void what_is_no_history(void **state)
{
    static const struct {
        enum backup_kind kind;
        const char *key, *value; /* NULL: as it should be */
        uint64_t number;
        enum err e;
    } cases[] = {
        { BACKUP_ENTRY, NULL, NULL, 1, ERR_NONE },
        { BACKUP_ENTRY, NULL, NULL, 0, ERR_MALFORMED },
        { BACKUP_ENTRY, NULL, NULL, ((uint64_t)1 << 40) + 1, ERR_MALFORMED },
        { BACKUP_ENTRY, NULL, NULL, UINT64_MAX, ERR_MALFORMED },
        { BACKUP_ENTRY, "short", NULL, 1, ERR_MALFORMED },
        { BACKUP_ENTRY, "", NULL, 1, ERR_MALFORMED },
        { BACKUP_ENTRY, NULL, "no entry", 1, ERR_MALFORMED },
        { BACKUP_ENTRY, NULL, "", 1, ERR_MALFORMED },
        { BACKUP_CHAT, "", "", 1, ERR_MALFORMED },
        { BACKUP_CHAT, BOB, "", UINT64_MAX, ERR_MALFORMED },
        { BACKUP_SETTING, "password", "stolen", 0, ERR_NONE }, /* none of its business */
        { BACKUP_SETTING, "jid", "eve@e.example", 0, ERR_NONE },
        { (enum backup_kind)200, "x", "x", 0, ERR_NONE },
    };
    struct pair *p = *state;
    struct store_cut cut = { .below = UINT64_MAX };
    struct backup_record good;
    struct arena a = { 0 };
    struct str text;

    say(p, p->old, 1000, "a", "one", ENTRY_MESSAGE);
    say(p, p->new, 2000, "b", "two", ENTRY_MESSAGE);
    cut_part(p, &cut);
    good = *record_of(&p->records, BACKUP_ENTRY);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct backup_record r = good;

        r.kind = cases[i].kind;
        r.number = cases[i].number;
        if (cases[i].key != NULL)
            r.key = octets(cases[i].key);
        if (cases[i].value != NULL)
            r.value = octets(cases[i].value);
        p->records.all[0] = good; /* it goes with the other, or not at all */
        p->records.all[0].number = 10 + i;
        p->records.all[1] = r;
        p->records.n = 2;
        assert_int_equal(take_part(p), cases[i].e);
    }
    assert_int_equal(store_count(p->new), 1 + 1 + 4);
    assert_int_equal(store_setting(p->new, "password", &a, &text), ERR_MISSING);
    assert_int_equal(store_setting(p->new, "jid", &a, &text), ERR_MISSING);
    arena_deinit(&a);
}

/* A device that was not linked with room for it has none. */
static void without_room(void **state)
{
    struct pair *p = *state;
    struct store_cut cut = { .below = UINT64_MAX };

    say(p, p->old, 1000, "a", "one", ENTRY_MESSAGE);
    cut_part(p, &cut);
    p->records.read = 0;
    assert_int_equal(store_take_history(p->old, get, &p->records), ERR_MALFORMED);
    assert_int_equal(store_count(p->old), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(once_and_in_order),
        PAIR_TEST(in_parts),
        PAIR_TEST(what_is_no_history),
        PAIR_TEST(without_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
